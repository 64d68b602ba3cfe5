"""Callbacks: what happens around the steps of a fit.

`recorder` keeps the history, `display` prints the table of epochs, `tracking` stops early and saves the best epoch,
`lr_finder`, `mixup`, `recurrent` and `unseen_categories` do one thing each.
"""
