"""Blocks: what kind of thing an input or a target is, and how to read, encode, decode and show it.

Read `base` first: an `InputBlock` is what a model takes, a `TargetBlock` what it predicts. `image` holds photos, `category`
and `regression` labels and numbers, `mask` and `points` the targets that lie on a photo (`spatial`).
A block learns from the training set only (`fit`), and describes itself as JSON for the program file (`config`).
"""
