"""What code written for a loaded learner of fastai asks of a program and of its predictions.

`figures` has the arrays that answer to `.numpy()`, `.item()` and `.topk()`; `learner` the methods beside `predict`;
`pickled` what of a program goes to another process.
"""
