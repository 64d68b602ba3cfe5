"""Loss functions under fastai's names: each knows its activation and how to decode its predictions.

Read `base` first: what every loss offers. `standard` holds the losses themselves; `wrapped` adapts torch's losses and any
function of (predictions, targets). In: logits [N, K] and targets. Out: a scalar tensor, or one value per item.
"""
