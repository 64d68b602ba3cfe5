"""Fast CPU arithmetic for training and inference of convolutional networks.

Two doors, and the rest of the library imports no other module of this package:

- `fast_training.fast_training(model)`: a block in which the model trains and predicts through faster kernels;
- `fast_prediction.folded_copy(model, x)`: a copy for prediction with batch norms folded into the convolutions before them.

Results agree with plain PyTorch up to rounding. GATERA_KERNELS=off turns everything off (`switch`); docs/kernels.md says
what each kernel does, why, and what it measured. Read `fast_training` first, then `stand_ins`, `folded_conv`, `depthwise`.
Whether numbers are float32 or bf16 is decided in `data/device.py`.
"""
