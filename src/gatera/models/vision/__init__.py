"""Vision models: bodies, heads, and the model that combines them.

Read `model` first, then `body` and `heads`. `linear_head` suits small data sets, `point_head` predicts keypoints, `unet`
predicts a class for every pixel. `classifier` rebuilds published ImageNet classifiers.

In: float32 photos [N, C, H, W]. Out: logits.
"""
