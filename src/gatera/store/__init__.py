"""What is kept and versioned: files by their content, the labels of data sets, trained programs.

In: files, labels, programs. Out: the same as they were at any version, and what each came from. Nothing here imports PyTorch.

Read first: `objects.py`.
"""

from typing import TYPE_CHECKING

from gatera.core.lazy import lazy_exports

if TYPE_CHECKING:
    from gatera.store.models.registry import ModelRegistry
    from gatera.store.remotes.open import open_remote

__all__ = ["ModelRegistry", "open_remote"]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {"ModelRegistry": "gatera.store.models.registry", "open_remote": "gatera.store.remotes.open"},
)
