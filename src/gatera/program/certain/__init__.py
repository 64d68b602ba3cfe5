"""How sure an answer is: sets of labels, intervals of numbers, how odd an input looks, whether a batch has drifted.

`certainty` reads what training stored in program.json; `conformal` finds cutoffs, `novelty` compares an input's features with those
of the training set, `shift` compares a batch with the held-out items, `judged` is what a prediction says about itself.
"""
