"""Summaries of a finished measurement: error with its interval, beside a baseline, and where the errors are.

One module per kind of answer: `classes`, `labels` (several per item), `masks`, `numbers`. In: predictions and targets as
arrays. Out: frozen records that print themselves and convert to JSON.
"""
