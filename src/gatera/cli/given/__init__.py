"""Inputs of `gatera predict` that are no files on this disk: standard input, and addresses on the web."""
