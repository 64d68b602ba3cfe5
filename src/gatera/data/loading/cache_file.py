"""One file of cached photos: a header, an index with a key and a checksum per slot, then the pixels.

A segment is written by one process and read by any. A slot counts only once its entry in the index is there, which is
written after the pixels, and its checksum fits: neither a crash nor a lost power supply makes half a photo of it.

Nothing in a segment is trusted: the sizes in its header must give exactly the file's size before anything is read, and the
checksum of a photo covers the header and its key as well as its pixels. Pixels are read and not mapped: mapped pages count as
memory of the process, and a file that is cut while it is mapped kills its reader.
"""

from __future__ import annotations

import errno
import math
import os
import struct
import tempfile
import threading
import weakref
import zlib
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import numpy as np

from gatera.core.files import disk_full

#: Begins every segment; the number changes with the layout.
MAGIC = b"gatera photos 2\n"

#: Header of a segment: magic, slots, height, width, channels.
HEADER = struct.Struct("<16s4Q")

#: One entry of the index: key of a file, checksum of key and pixels.
ENTRY = struct.Struct("<16sI")

#: Pixels begin at a multiple of this, the size of a memory page.
PAGE = 4096

#: Ending of a segment's name.
SUFFIX = ".photos"


class Segment:
    """A segment on disk.

    Args:
        path: the file, complete with header and full size.
        ours: whether this process made it, and so may fill it.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is not a segment.
    """

    def __init__(self, path: Path, ours: bool = False) -> None:
        # Without a buffer: it would keep what was there before other handles wrote (8 KiB, or 128, or what a network disk says).
        self._file = path.open("rb", buffering=0)
        weakref.finalize(self, self._file.close)
        try:
            self._head = self._file.read(HEADER.size)
            if len(self._head) < HEADER.size:
                raise ValueError(f"{path} is too short")
            magic, self.n, *shape = HEADER.unpack(self._head)
            if magic != MAGIC:
                raise ValueError(f"{path} is not a segment")
            # math.prod, not numpy's: the numbers may be as large as 2**64
            size = os.fstat(self._file.fileno()).st_size
            if size != _start(self.n) + self.n * math.prod(shape):
                raise ValueError(f"{path} does not have the size that its header states")
            self._index = bytearray(self.n * ENTRY.size)
            _read_into(self._file, memoryview(self._index))
        except BaseException:
            self._file.close()
            raise
        self.path, self.shape, self._ours, self._used = path, tuple(shape), ours, 0
        self._lock = threading.Lock()

    @classmethod
    def create(cls, folder: Path, n: int, shape: tuple[int, ...]) -> Segment:
        """Make an empty segment for n photos of uint8 [H,W,C] under a name of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(suffix=SUFFIX, dir=folder)
        with os.fdopen(handle, "r+b", buffering=0) as file:
            # The disk gives space only to what is written; the rest of the file is a hole that reads as zeros.
            file.truncate(_start(n) + n * math.prod(shape))
            _write(file, 0, HEADER.pack(MAGIC, n, *shape))
        return cls(Path(name), ours=True)

    def entries(self) -> Iterator[tuple[bytes, int, int]]:
        """Yield (key, slot, checksum) of the slots that were filled when the segment was opened."""
        for slot, (key, checksum) in enumerate(ENTRY.iter_unpack(self._index)):
            if any(key):
                yield key, slot, checksum

    def read(self, slot: int) -> np.ndarray:
        """Return a photo, uint8 [H,W,C], read-only.

        Raises:
            OSError: if it cannot be read; the file may have been cut since.
        """
        photo = np.empty(self.shape, np.uint8)
        with self._lock:
            self._file.seek(_start(self.n) + slot * photo.nbytes)
            _read_into(self._file, photo.data.cast("B"))
        photo.flags.writeable = False
        return photo

    def fits(self, photo: np.ndarray, key: bytes, checksum: int) -> bool:
        """Whether a photo that was read is the one that the checksum was taken of."""
        return self._checksum(key, photo) == checksum

    def append(self, key: bytes, photo: np.ndarray) -> int | None:
        """Write a photo into the next slot and return its number; None if the segment is full.

        Raises:
            OSError: if the disk is full or fails.
        """
        photo = np.ascontiguousarray(photo)
        with self._lock:
            if not self._ours or self._used == self.n:
                return None
            slot, self._used = self._used, self._used + 1
        with self.path.open("r+b", buffering=0) as file:
            _write(file, _start(self.n) + slot * photo.nbytes, photo.data)
            _write(file, HEADER.size + slot * ENTRY.size, ENTRY.pack(key, self._checksum(key, photo)))
        return slot

    def _checksum(self, key: bytes, photo: np.ndarray) -> int:
        return zlib.crc32(photo.data, zlib.crc32(key, zlib.crc32(self._head)))


def _start(n: int) -> int:
    """Return where the pixels of a segment with n slots begin."""
    return -(-(HEADER.size + n * ENTRY.size) // PAGE) * PAGE


def _read_into(file: FileIO, data: memoryview) -> None:
    """Fill `data` from a file; one call of the system may give less than is asked for."""
    while data:
        n = file.readinto(data)
        if not n:
            raise OSError(errno.EIO, "the file ends too early")
        data = data[n:]


def _write(file: FileIO, place: int, data: bytes | memoryview) -> None:
    """Write all of `data` at a place. (A full disk ends in an error here; writing through the map would kill us.)"""
    file.seek(place)
    size = len(data) if isinstance(data, bytes) else data.nbytes
    if file.write(data) != size:
        raise disk_full()
