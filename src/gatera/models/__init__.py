"""Architectures and what makes them: backbones, heads, pretrained weights, parameter groups. Knows nothing of data."""
