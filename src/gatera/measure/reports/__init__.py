"""Evaluation reports: the error with its confidence interval, a baseline to compare it with, and where the errors are.

One module per kind of prediction: `classes`, `labels` (several per item), `masks`, `numbers`. In: predictions and targets as
arrays. Out: frozen records that print themselves and convert to JSON.
"""
