"""Measuring several programs at once, and sealed test sets."""
