"""Copies among pictures, texts and rows: numbers in, pairs out.

Read `pairs` first: the record that all three return.
"""
