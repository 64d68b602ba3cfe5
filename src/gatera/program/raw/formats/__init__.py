"""Kinds of files that need more than Pillow and numpy's own reader.

`known` says which formats of Pillow are ever opened.
"""
