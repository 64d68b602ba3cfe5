"""What is kept and versioned: files by their content, the labels of data sets, trained programs.

In: files, labels, programs. Out: the same as they were at any version, and what each came from. Nothing here imports PyTorch.

Read first: `objects.py`, then `datasets/repository.py`.
"""

from typing import TYPE_CHECKING

from gatera.core.lazy import lazy_exports

if TYPE_CHECKING:
    from gatera.store.datasets.repository import DataRepository
    from gatera.store.models.check import verify_registry
    from gatera.store.models.lineage import lineage
    from gatera.store.models.registry import ModelRegistry
    from gatera.store.models.sync.hub import from_hub, push_to_hub
    from gatera.store.models.sync.pull import pull_model
    from gatera.store.models.sync.push import push_model
    from gatera.store.remotes.open import open_remote

__all__ = [
    "DataRepository",
    "ModelRegistry",
    "from_hub",
    "lineage",
    "open_remote",
    "pull_model",
    "push_model",
    "push_to_hub",
    "verify_registry",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "DataRepository": "gatera.store.datasets.repository",
        "ModelRegistry": "gatera.store.models.registry",
        "from_hub": "gatera.store.models.sync.hub",
        "lineage": "gatera.store.models.lineage",
        "open_remote": "gatera.store.remotes.open",
        "pull_model": "gatera.store.models.sync.pull",
        "push_model": "gatera.store.models.sync.push",
        "push_to_hub": "gatera.store.models.sync.hub",
        "verify_registry": "gatera.store.models.check",
    },
)
