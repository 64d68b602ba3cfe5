"""A folder as a remote: a disk on the network, a USB stick, a folder that another tool synchronises."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gatera.core.errors import ArgumentError, RemoteError
from gatera.core.files import PARTIAL, set_mode
from gatera.store.remotes.remote import Remote


class FolderRemote(Remote):
    """A folder. It is made when the first thing is written, but its parent must exist: a disk that is not mounted is not made up.

    Args:
        folder: its path.
        address: as messages call it; its path by default.

    Raises:
        ArgumentError: if the path is a file.
        RemoteError: if neither the folder nor its parent exists.
    """

    def __init__(self, folder: str | Path, address: str | None = None) -> None:
        self.folder = Path(folder).expanduser().absolute()
        super().__init__(address or str(folder))
        if self.folder.exists() and not self.folder.is_dir():
            raise ArgumentError(
                f"the remote {self.address} is a file",
                expected="a folder, or an address such as s3://bucket/path",
            )
        if not self.folder.parent.is_dir():
            raise RemoteError(
                f"the remote {self.address} does not exist, nor does its parent folder",
                remedy=f"Mount the disk, or make the folder first: mkdir -p {self.folder.parent}",
            )

    def _size(self, key: str) -> int | None:
        try:
            found = self._path(key).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_size if self._path(key).is_file() else None

    def _list(self, prefix: str) -> dict[str, int]:
        found: dict[str, int] = {}
        top = self.folder / prefix
        for folder, _, names in os.walk(top):
            below = Path(folder).relative_to(self.folder).as_posix()
            start = "" if below == "." else f"{below}/"
            for name in names:
                if not name.startswith("."):  # being written
                    found[start + name] = os.stat(os.path.join(folder, name)).st_size  # noqa: PTH116, PTH118
        return found

    def _bytes(self, key: str, start: int, end: int) -> bytes:
        with self._path(key).open("rb") as file:
            file.seek(start)
            return file.read(end - start)

    def _put(self, source: Path, key: str) -> None:
        with self._being_written(key) as partial:
            with source.open("rb") as read, partial.open("wb") as written:
                shutil.copyfileobj(read, written, 1 << 20)
                _to_disk(written.fileno())
            partial.replace(self._path(key))

    def _create(self, key: str, content: bytes) -> bool:
        with self._being_written(key) as partial:
            _write(partial, content)
            try:
                os.link(partial, self._path(key))
            except FileExistsError:
                return False
            except OSError:  # a file system without hard links
                with self._path(key).open("xb") as file:
                    file.write(content)
                    _to_disk(file.fileno())
        return True

    def _replace(self, key: str, content: bytes) -> None:
        with self._being_written(key) as partial:
            _write(partial, content)
            partial.replace(self._path(key))

    def _path(self, key: str) -> Path:
        return self.folder / key

    @contextmanager
    def _being_written(self, key: str) -> Iterator[Path]:
        """Give a file beside the key's, which is removed if it has not been renamed."""
        self.folder.mkdir(exist_ok=True)
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=PARTIAL, dir=target.parent)
        os.close(handle)
        set_mode(Path(name), 0o644)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        _to_disk(file.fileno())


def _to_disk(handle: int) -> None:
    os.fsync(handle)
