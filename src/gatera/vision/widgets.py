"""fastai's import path: `from gatera.vision.widgets import *` brings Jupyter's widgets and `ImageClassifierCleaner`."""

from gatera.compat.widgets import HBox, ImageClassifierCleaner, VBox, widgets

__all__ = ["HBox", "ImageClassifierCleaner", "VBox", "widgets"]
