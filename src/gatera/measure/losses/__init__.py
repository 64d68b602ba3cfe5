"""Loss functions under fastai's names. Each knows its activation and how to decode predictions.

Read `base` first: the interface of a loss. `standard` holds the losses; `wrapped` adapts torch's losses and any
function of (predictions, targets). In: logits [N, K] and targets. Out: a scalar tensor, or one value per item.
"""
