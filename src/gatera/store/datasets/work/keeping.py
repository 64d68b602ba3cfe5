"""Files put into the object store, side by side; one that changes meanwhile is read again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from gatera.core.errors import DataError
from gatera.core.files import sha256_file
from gatera.core.progress import track
from gatera.store.datasets.work.cache import Seen
from gatera.store.datasets.work.tree import State, changing, hashed, settled
from gatera.store.datasets.work.workspace import Workspace
from gatera.store.objects import How, ObjectStore

#: Errors of a disk rather than of a file: no space, over quota, read-only, input/output.
_FATAL = frozenset((28, 122, 30, 5))

#: How a pointer of git-lfs begins, which lies in place of a file that was not fetched, and between which sizes (bytes) all are.
_POINTER, _POINTER_SIZES = b"version https://git-lfs.github.com/spec/", range(100, 1024)


def keep(work: Workspace, files: Mapping[str, State], how: How, left_out: dict[str, str]) -> dict[str, Seen]:
    """Put files into the object store; return what is known of each.

    Args:
        work: the repository.
        files: their names and states.
        how: as for `ObjectStore.put`.
        left_out: gets the names of those that cannot be read, and why.

    Raises:
        DataError: if the store cannot be written.
    """
    do = partial(keep_one, work.objects, how)
    kept: dict[str, Seen] = {}
    for name, result in track(hashed(work.root, files, do), "Adding", total=len(files)):
        if isinstance(result, Seen):
            if result.size in _POINTER_SIZES and _is_pointer(work.root / name):
                left_out[name] = "it is only git-lfs's pointer to the file, which comes with: git lfs pull"
            else:
                kept[name] = result
        elif isinstance(result, OSError) and result.errno in _FATAL and _can_be_read(work.root / name):
            raise DataError(
                f"the object store {work.objects.folder} cannot be written ({result.strerror})",
                remedy="The labels are unchanged. Free some disk space, and run the same command again: what was stored stays.",
            ) from result
        else:
            left_out[name] = (
                f"it cannot be read ({result.strerror})"
                if isinstance(result, OSError)
                else str(result.problem)
            )
    return kept


def _can_be_read(path: Path) -> bool:
    """Whether an error was that of the store, not of the file that was to be kept there."""
    try:
        sha256_file(path)
    except OSError:
        return False
    return True


def _is_pointer(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_POINTER)) == _POINTER


def keep_one(objects: ObjectStore, how: How, path: str) -> Seen:
    """Put a file into the object store; return what is known of it.

    Raises:
        OSError: if it cannot be read, or the store cannot be written.
        DataError: if it keeps changing.
    """
    for _ in range(3):
        stored, state = objects.take(path, how)
        if state is not None:
            return Seen(settled(state[0]), state[1], state[2], stored.sha256)
    raise changing(path)
