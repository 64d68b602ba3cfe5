"""Find out on held-out items how sure a trained model may be, for its program.

Read `fit` first: it makes everything that `program/certain` reads. `collect` runs the model over validation and training set, `tap`
catches its features, `projection` makes them short.
"""
