"""Architectures by name, and backbones built with timm.

Read `architectures` first: one row per name, with its input size, statistics and weight sources. `timm_backbone` builds
the module. In: a name. Out: an `Architecture`, or an `nn.Module` that maps photos to feature maps.
"""
