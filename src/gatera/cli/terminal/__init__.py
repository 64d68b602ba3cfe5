"""Laying out text for a terminal: `text` wraps, folds and escapes, `style` knows width and colours, `table`, `card`."""
