"""Look at a model's predictions: largest losses, confusion matrix, classification report.

Read `predictions` first: `Interpretation` holds the predictions of a data set. `classification` adds the confusion matrix,
which `plots` draws.
"""
