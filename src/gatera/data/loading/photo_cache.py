"""Cache decoded and resized photos on disk as 8-bit pixels, so that each is decoded once.

A cache is a folder of segments for one way of preparing photos. A photo is found by its path, size and modification time, so
a changed file is decoded again. Processes never write into each other's segments and need no locks.

`GATERA_CACHE=off` turns caching off, `GATERA_CACHE_GB` limits the size of all caches (default 10): those not used for the
longest time are removed. If a cache cannot be used, training continues without it and warns once. A damaged file of the cache
is removed, with a warning, and its photos are decoded again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from gatera import __version__
from gatera.core.errors import ArgumentError
from gatera.core.files import code_sha256, free_bytes, home, human_bytes
from gatera.data.loading.cache_file import MAGIC, SUFFIX, Segment

#: The packages that make pixels of a photo, or of a mask and find its place.
READERS = ("program", "data")

#: Disk space that is left to others.
SPARE_BYTES = 500 * 10**6

#: Size of all caches together, where `GATERA_CACHE_GB` does not say otherwise.
DEFAULT_LIMIT_GB = 10.0


class PhotoCache:
    """Prepared photos, by file.

    Args:
        config: how they are prepared, as operations of `program.preprocess` that end in one fixed size.
        files: the photos that will be asked for.

    Attributes:
        folder: where the segments are.
        off: whether caching has stopped after an error.
    """

    def __init__(self, config: Sequence[Mapping[str, Any]], files: Iterable[str | Path]) -> None:
        # Pixels depend on who decodes and resizes: other versions get another folder, as do other layouts of the file.
        made_by = [__version__, code_sha256(*READERS), PIL.__version__, MAGIC.decode(), config]
        digest = hashlib.sha256(json.dumps(made_by, sort_keys=True).encode()).hexdigest()[:24]
        self.root = home() / "cache"
        self.folder = self.root / digest
        self.off = False
        self._files, self._limit = files, limit_bytes()
        self._begin()

    def _begin(self) -> None:
        """Have no segment open yet."""
        self._found: dict[bytes, tuple[Segment, int, int | None]] = {}
        self._damaged: set[Path] = set()
        self._opened = False
        self._segment: Segment | None = None
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Return what copies begin with, also in other processes: open files and locks are not copied, the folder is found again."""
        return {name: vars(self)[name] for name in ("root", "folder", "off", "_files", "_limit")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()

    def get(self, file: str | Path) -> np.ndarray | None:
        """Return a file's prepared photo, uint8 [H,W,C], read-only; None if it is not here (or has changed)."""
        if not self._opened:
            self._open()
        key = file_key(file)
        found = None if key is None else self._found.get(key)
        if found is None or key is None:
            return None
        segment, slot, checksum = found
        try:
            photo = segment.read(slot)
        except OSError:
            photo = None
        # the checksum of what an earlier process wrote is compared when it is first read
        if photo is None or (checksum is not None and not segment.fits(photo, key, checksum)):
            self._drop(key, segment)
            return None
        self._found[key] = (segment, slot, None)
        return photo

    def put(self, file: str | Path, photo: np.ndarray) -> None:
        """Keep a file's prepared photo, uint8 [H,W,C]; does nothing where that is not possible."""
        key = file_key(file)
        if self.off or key is None or key in self._found:
            return
        try:
            segment = self._writable(photo.shape)
            slot = None if segment is None else segment.append(key, photo)
        except OSError as err:
            self._give_up(err.strerror or str(err))
            return
        if segment is not None and slot is not None:
            self._found[key] = (segment, slot, None)

    def _open(self) -> None:
        """Read the indexes of all segments."""
        with self._lock:
            if self._opened:
                return
            for path in sorted(self.folder.glob(f"*{SUFFIX}")):
                try:
                    segment = Segment(path)
                except OSError:  # it is being removed, or cannot be read
                    continue
                except ValueError:
                    self._discard(path)
                    continue
                self._found |= {key: (segment, slot, checksum) for key, slot, checksum in segment.entries()}
                with contextlib.suppress(OSError):
                    os.utime(path)  # "used now", for the removal of those not used for long
            self._opened = True

    def _drop(self, key: bytes, segment: Segment) -> None:
        """Forget a photo whose segment is damaged. What is left of that serves this run, but no later one."""
        with self._lock:
            self._found.pop(key, None)
            known = segment.path in self._damaged
            self._damaged.add(segment.path)
            if self._segment is segment:
                self._segment = None
        if not known:
            self._discard(segment.path)

    def _discard(self, path: Path) -> None:
        """Remove a damaged file, and say so."""
        with contextlib.suppress(OSError):  # Windows keeps files that are in use
            path.unlink()
        warnings.warn(
            f"The file {path} of the photo cache is damaged and was removed; its photos are decoded again.",
            stacklevel=2,
        )

    def _writable(self, shape: tuple[int, ...]) -> Segment | None:
        """Return this process's own segment; made, with a slot for every file still missing, when first needed."""
        with self._lock:
            if self._segment is None and not self.off:
                missing = len({file_key(file) for file in self._files} - self._found.keys())
                needed = max(1, missing) * int(np.prod(shape))
                reason = self._no_room(needed)
                if reason is not None:
                    self._give_up(reason)
                    return None
                self._segment = Segment.create(self.folder, max(1, missing), shape)
            return self._segment

    def _no_room(self, needed: int) -> str | None:
        """Return why `needed` more bytes cannot be cached; None if they can. Removes old segments for it."""
        if needed > self._limit:
            return f"{human_bytes(needed)} exceed the limit of {human_bytes(self._limit)}, GATERA_CACHE_GB"
        remove_oldest(self.root, self._limit - needed)
        free = free_bytes(self.root)
        if free < needed + SPARE_BYTES:
            return f"{human_bytes(needed)} are needed and {human_bytes(free)} are free on that disk"
        return None

    def _give_up(self, reason: str) -> None:
        if not self.off:
            self.off = True
            warnings.warn(
                f"The photo cache in {self.root} cannot be used, so photos are decoded again in every epoch: {reason}.",
                stacklevel=2,
            )


def enabled() -> bool:
    """Whether the user lets us cache: `GATERA_CACHE` is not off."""
    return os.environ.get("GATERA_CACHE", "").strip().lower() not in ("off", "0", "no", "false")


def limit_bytes() -> float:
    """Return the size limit of all caches together.

    Raises:
        ArgumentError: if `GATERA_CACHE_GB` is not a positive number.
    """
    text = os.environ.get("GATERA_CACHE_GB") or str(DEFAULT_LIMIT_GB)
    try:
        limit = float(text)
    except ValueError:
        limit = -1.0
    if not limit > 0:
        raise ArgumentError(
            "The environment variable GATERA_CACHE_GB is not a size", got=text,
            expected="a positive number", remedy="GATERA_CACHE=off turns caching off.",
        )  # fmt: skip
    return limit * 10**9


def file_key(file: str | Path) -> bytes | None:
    """Return 16 bytes that identify a file's current version: its path, size and modification time. None if it is missing."""
    try:
        status = os.stat(file)  # noqa: PTH116 - for strings too, and several times as fast
    except (OSError, ValueError):  # reading it will say why
        return None
    path = os.path.abspath(file)  # noqa: PTH100 - asks the disk nothing
    text = f"{path}\0{status.st_size}\0{status.st_mtime_ns}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def remove_oldest(root: Path, limit: float) -> None:
    """Remove the segments not used for the longest time, until those left take at most `limit` bytes."""
    sizes: dict[Path, tuple[float, int]] = {}
    for path in root.glob(f"*/*{SUFFIX}"):
        with contextlib.suppress(OSError):  # another process removes too
            status = path.stat()
            sizes[path] = (status.st_mtime, status.st_size)
    total = sum(size for _, size in sizes.values())
    for path, (_, size) in sorted(sizes.items(), key=lambda entry: entry[1]):
        if total <= limit:
            return
        with contextlib.suppress(OSError):  # Windows keeps files that are in use
            path.unlink()
            total -= size
