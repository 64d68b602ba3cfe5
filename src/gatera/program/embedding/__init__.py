"""Embeddings: what a program's network makes of an input before its last layers, and search for similar items by it.

In: inputs as `predict` takes them. Out: float32 [D] each. Read first: `search.py`.
"""
