"""Gatera: from a folder of examples to a program that other software can trust.

`train` makes a program from a folder or a table, `load_program` opens one and needs no PyTorch, `report` writes a page about it. To train step by step, start
at `gatera.vision.all`.
"""

from typing import TYPE_CHECKING

from gatera.core.lazy import lazy_exports

if TYPE_CHECKING:
    from gatera.program.program import Prediction, Program
    from gatera.recipes.events import Events
    from gatera.recipes.job import TrainedProgram
    from gatera.recipes.page.program import report
    from gatera.recipes.run import train
    from gatera.store.models.open import load_program

__version__ = "0.1.0"

__all__ = [
    "Events",
    "Prediction",
    "Program",
    "TrainedProgram",
    "__version__",
    "load_program",
    "report",
    "train",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        **dict.fromkeys(("Prediction", "Program"), "gatera.program.program"),
        "Events": "gatera.recipes.events",
        "TrainedProgram": "gatera.recipes.job",
        "load_program": "gatera.store.models.open",
        "report": "gatera.recipes.page.program",
        "train": "gatera.recipes.run",
    },
)
