"""What exists only for people who come from fastai, so that the rest of the library need not know of it.

The names reach users through the star imports (`gatera.vision.all` and the like). No other room imports from this one. What
stays different from fastai is on docs/from-fastai.md.
"""
