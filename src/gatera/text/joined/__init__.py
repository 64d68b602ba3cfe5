"""Words beside a network: `fit` trains a linear model of words, `offsets` adds what it says while a network is trained, and
`train` decides which of them answers. In: a text learner. Out: its model, whose program needs no scikit-learn.
"""
