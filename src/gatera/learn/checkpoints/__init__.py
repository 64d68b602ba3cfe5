"""Checkpoints of a run: how they are written to a file, and when.

In: plain values and tensors. Out: a safetensors file, written now and then. Read `keeper` first.
"""
