"""Fast CPU arithmetic for training and inference of convolutional networks.

Two doors: `fast_training.fast_training(model)` swaps layers for faster ones during a fit, and `folded_conv.folded_copy(model)` folds
fixed batch norms into the convolutions before them. Results agree with plain PyTorch. Nothing else in the library may
import from the other modules of this package.
"""
