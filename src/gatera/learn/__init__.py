"""Train a model and use it: the loop, its callbacks, and the Learner.

Read `loop` first (100 lines), then `state` (what the loop works on, and callbacks), `fit` (one run of the loop), `trainer` and
`learner` (what a user holds). `callbacks/` has the callbacks, `inference/` runs a model over whole data sets, `export/` writes
programs. In come `DataLoaders`, a model and a loss; out go predictions, scores and `.gatera` files.
"""
