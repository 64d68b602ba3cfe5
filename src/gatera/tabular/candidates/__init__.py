"""What may answer for a table, and which of it does: a network, gradient-boosted trees, a linear model, or trees with one of the others.

`network` and `linear` try theirs on held-out training rows, `choose` decides, `train` trains what was chosen. In: a learner that
is not trained. Out: the same learner with the model that answers best.
"""
