"""Items that are in the training set and, as copies, in the validation or test set too.

`leaks(dls)` (in `of_loaders`) returns a `Leaks` record (in `found`); `find` compares the sides of a split; `contents` is how photos, recordings,
texts and rows are compared; `by_features` finds more copies of photos where a network's features are at hand.
"""
