"""Gradient-boosted trees for tables, by scikit-learn: `fit` trains them, `convert` makes a module of them.

In: encoded rows. Out: a module whose program needs no scikit-learn.
"""
