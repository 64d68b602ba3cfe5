"""Callbacks: what happens around the steps of a fit.

Every learner has `batch_norm`, `recorder` (the history) and `display` (the printed table of epochs, formatted by
`epoch_table`). `stop_at_nan` stops a fit at a loss that is NaN; the recorder asks it. To add yourself: `tracking` (early
stopping, best epoch, reduced rates), `gradients`, `csv_logger`, `mixup`. `lr_finder` belongs to `lr_find`, `recurrent` to
AWD-LSTMs, `unseen_categories` to embeddings.
"""
