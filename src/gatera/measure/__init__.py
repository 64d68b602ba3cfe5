"""Numbers in, numbers out: losses, metrics and intervals. Knows nothing of files, loaders or learners."""
