"""Inputs of `gatera predict` that are not files on this disk: standard input, and addresses on the web."""
