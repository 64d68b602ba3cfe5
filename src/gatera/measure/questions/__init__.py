"""Questions that per-item results answer: which of two programs is better, which labels look wrong, where errors gather."""
