"""Gatera: from a folder of examples to a program that other software can trust.

`load_program` opens a trained program and needs no PyTorch; training starts at `gatera.vision.all`.
"""

from typing import TYPE_CHECKING

from gatera.core.lazy import lazy_exports

if TYPE_CHECKING:
    from gatera.program.program import Prediction, Program, load_program

__version__ = "0.1.0"

__all__ = ["Prediction", "Program", "__version__", "load_program"]

__getattr__, __dir__ = lazy_exports(
    __name__,
    dict.fromkeys(("Prediction", "Program", "load_program"), "gatera.program.program"),
)
