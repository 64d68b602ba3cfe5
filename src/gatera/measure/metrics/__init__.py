"""Metrics under fastai's names, exact over a whole epoch.

Read `base` first: a metric keeps either exact sums or all predictions. `standard` lists all metrics by name; the other
modules define them, by kind. In: predictions and targets, batch by batch. Out: one number per epoch.
"""
