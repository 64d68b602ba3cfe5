"""What is kept and versioned: files by their content, the labels of data sets, trained programs.

In: files, labels, programs. Out: the same as they were at any version, and what each came from. Nothing here imports PyTorch.

Read first: `objects.py`, then `datasets/repository.py`.
"""

from typing import TYPE_CHECKING

from gatera.core.lazy import lazy_exports

if TYPE_CHECKING:
    from gatera.store.datasets.repository import DataRepository

__all__ = ["DataRepository"]

__getattr__, __dir__ = lazy_exports(__name__, {"DataRepository": "gatera.store.datasets.repository"})
