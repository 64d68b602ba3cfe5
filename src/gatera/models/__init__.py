"""Neural networks: backbones, heads, pretrained weights, parameter groups.

Read `vision/model.py` first: it puts a body and a head together. `backbones` lists architectures by name and builds them with
timm; `weights` finds, reads and loads pretrained weights; `vision`, `text`, `tabular` and `collab` are the models of each
application; `layers` has small shared layers. `groups` divides a model's parameters for discriminative learning rates and
freezing; `summary` lists its layers.

In: architecture names, sizes, weights files. Out: `nn.Module`s from batches to raw outputs (logits, values). Nothing here knows
data sets, losses or learners.
"""
