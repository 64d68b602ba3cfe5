"""Items that are in the training set and, as copies, in the validation or test set too.

`leaks(dls)` (in `find`) returns a `Leaks` record (in `found`); `sides` compares what is on them; `contents` is how photos, recordings,
texts and rows are compared; `by_features` finds more copies of photos where a network's features are at hand.
"""
