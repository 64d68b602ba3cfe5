"""What single units respond to: their strongest patches, and the deconvnet projection of each back to pixels.

Read `deconvnet` first: the rules of the way back. `strongest` keeps the top activations of a pass over a data set, `crops` cuts
patches, `units` joins them, `evolution` follows units during training.
"""
