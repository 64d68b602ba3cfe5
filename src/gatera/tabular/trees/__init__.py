"""Gradient-boosted trees for tables, by scikit-learn: `fit` trains them, `convert` makes a module of them, `choose` decides
between trees and network. In: the loaders of a table. Out: a model whose program needs no scikit-learn.
"""
