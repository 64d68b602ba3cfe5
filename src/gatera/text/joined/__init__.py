"""Words beside a network: `fit` trains a linear model of words, `judge` compares it with a network that is being trained,
and `train` decides which of them answers. In: a text learner. Out: its model, whose program needs no scikit-learn.
"""
