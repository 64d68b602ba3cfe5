"""Models for photos: a body, a head, and the whole they make.

Read `model` first, then `body` and `heads`. `linear_head` suits few photos, `point_head` finds keypoints, `unet` gives
a class for every pixel. In: float32 photos [N, C, H, W]. Out: logits.
"""
