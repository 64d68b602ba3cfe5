"""Draw photos, masks and points as matplotlib figures.

`photos` draws a grid of items, `spatial` draws targets on their photo, `pil` has `PILImage` and `show_image`.
"""
