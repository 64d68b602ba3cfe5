"""Masks: the class of each pixel of a photo, as a page paints it, and as its file holds it. Read first: `pixels.py`."""
