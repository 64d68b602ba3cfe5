"""What a remote can do, whatever it is: a folder, a bucket, a server.

Every remote keeps four promises. A key is either absent or whole: nobody ever reads half of what another writes. What is fetched by
an object's key is checked by its SHA-256 before it gets its name. A request that the network breaks is sent again a bounded number
of times. A download that was cut goes on where it ended.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from gatera.core.errors import RemoteError
from gatera.core.files import human_bytes, sha256_file
from gatera.store.remotes.keys import check_key, sha256_of_key
from gatera.store.remotes.partly_fetched import Partial
from gatera.store.remotes.retry import patiently

#: What helps where an object of a remote is damaged or gone.
_SEND_AGAIN = "Send it again from a machine where it is intact: gatera data push --again, or gatera models push --again."

#: Bytes that are asked for at a time; each part is tried again on its own.
PART_BYTES = 8_000_000

#: `read` takes no more than this: small descriptions, not objects.
LARGEST_READ = 64_000_000

#: Told the number of bytes of every part that has come or gone.
Progress = Callable[[int], object]


class NotWholeError(RemoteError):
    """A remote lacks one key, or holds it damaged: that says nothing of others."""


class Remote(ABC):
    """A place that keeps bytes under keys. Subclasses implement the methods that begin with an underscore.

    It may be used from several threads.

    Attributes:
        address: as it was given; messages name it.
    """

    #: Whether its library may send a request twice.
    _asks_again = False

    def __init__(self, address: str) -> None:
        self.address = address

    def exists(self, key: str) -> bool:
        """Whether there is something under a key."""
        return self.size(key) is not None

    def size(self, key: str) -> int | None:
        """Return the size in bytes of what is under a key; None where there is nothing."""
        check_key(key)
        return patiently(lambda: self._size(key), self.address, f"looking for {key}")

    def list(self, prefix: str) -> dict[str, int]:
        """Return the keys below a prefix, which ends with a slash or is empty, in order, and their sizes."""
        if prefix:
            check_key(prefix.rstrip("/"))
        found = patiently(lambda: self._list(prefix), self.address, f"listing {prefix or 'it'}")
        return dict(sorted(found.items()))

    def read(self, key: str) -> bytes:
        """Return what is under a key; for small things.

        Raises:
            RemoteError: if there is nothing, or it is larger than 64 MB.
        """
        size = self._present(key)
        if size > LARGEST_READ:
            raise RemoteError(
                f"{self.address}: {key} is larger than it can be",
                got=human_bytes(size), expected=f"at most {human_bytes(LARGEST_READ)}",
            )  # fmt: skip
        return self._part(key, 0, size) if size else b""

    def get(self, key: str, target: str | Path, progress: Progress | None = None) -> Path:
        """Fetch what is under a key into a file. A download that was cut before goes on where it ended.

        Args:
            key: an object's key ("objects/ab/cdef..."), whose content must have that SHA-256, or any other.
            target: the file; replaced if it exists, and only by the whole.
            progress: told of each part that arrives.

        Raises:
            RemoteError: if there is nothing, it is damaged, or the remote does not answer.
        """
        target, size, wanted = Path(target), self._present(key), sha256_of_key(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        with Partial(target, resumes=wanted is not None) as partial:
            if partial.size > size:
                partial.restart()
            resumed = partial.size > 0
            self._fetch(key, partial, size, progress)
            if wanted is not None and partial.sha256() != wanted and resumed:
                partial.restart()  # the beginning was another file's, or damaged
                self._fetch(key, partial, size, progress)
            if wanted is not None and partial.sha256() != wanted:
                partial.restart()
                raise damaged(self.address, key)
            partial.finish()
        return target

    def put(self, source: str | Path, key: str, progress: Progress | None = None) -> None:
        """Send a file. Nobody sees it before all of it has arrived; under an object's key only content of that SHA-256 goes.

        Raises:
            RemoteError: if the file is not what its key says, or the remote does not take it.
        """
        check_key(key)
        source, wanted = Path(source), sha256_of_key(key)
        if wanted is not None and sha256_file(source) != wanted:
            raise RemoteError(
                f"{source} is not what its name says: its SHA-256 does not match",
                remedy="It was changed or damaged and was not sent. Fetch or make it again.",
            )
        size = source.stat().st_size
        patiently(lambda: self._put(source, key), self.address, f"sending {key}")
        arrived = self.size(key)
        if arrived != size:
            raise RemoteError(
                f"{self.address}: {key} did not arrive completely",
                got=None if arrived is None else human_bytes(arrived), expected=human_bytes(size),
                remedy="Run the same again.",
            )  # fmt: skip
        if progress is not None:
            progress(size)

    def write_if_absent(self, key: str, content: bytes) -> bool:
        """Write something small under a key where there is nothing yet; of two who do that at once, one succeeds.

        Returns:
            Whether it was written; False if there was something else already.
        """
        check_key(key)
        tries = 0

        def create() -> bool:
            nonlocal tries
            tries += 1
            return self._create(key, content)

        try:
            if patiently(create, self.address, f"writing {key}"):
                return True
        except FileExistsError:
            pass
        # a request whose answer was lost, and which was sent again here or by a library, may have written it
        return (tries > 1 or self._asks_again) and self.read(key) == content

    def replace(self, key: str, content: bytes) -> None:
        """Write something small under a key, in place of what is there; readers see the old or the new, whole."""
        check_key(key)
        patiently(lambda: self._replace(key, content), self.address, f"writing {key}")

    def _present(self, key: str) -> int:
        size = self.size(key)
        if size is None:
            raise NotWholeError(f"{self.address} has no {key}", remedy=_SEND_AGAIN)
        return size

    def _part(self, key: str, start: int, end: int) -> bytes:
        def ask() -> bytes:
            part = self._bytes(key, start, end)
            if len(part) != end - start:
                raise ConnectionError(f"{len(part):,} of {end - start:,} bytes came")
            return part

        try:
            return patiently(ask, self.address, f"reading {key}")
        except FileNotFoundError as err:
            raise NotWholeError(f"{self.address}: {key} has gone while it was read") from err

    def _fetch(self, key: str, partial: Partial, size: int, progress: Progress | None) -> None:
        for start in range(partial.size, size, PART_BYTES):
            part = self._part(key, start, min(start + PART_BYTES, size))
            partial.append(part)
            if progress is not None:
                progress(len(part))

    @abstractmethod
    def _size(self, key: str) -> int | None: ...

    @abstractmethod
    def _list(self, prefix: str) -> dict[str, int]: ...

    @abstractmethod
    def _bytes(self, key: str, start: int, end: int) -> bytes: ...

    @abstractmethod
    def _put(self, source: Path, key: str) -> None: ...

    @abstractmethod
    def _create(self, key: str, content: bytes) -> bool: ...

    @abstractmethod
    def _replace(self, key: str, content: bytes) -> None: ...

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address!r})"


def damaged(address: str, key: str) -> NotWholeError:
    """Return the error for an object whose content is not what its key says."""
    return NotWholeError(
        f"{address}: {key} is damaged: its SHA-256 is not the one in its name, so it was not taken",
        remedy=_SEND_AGAIN,
    )
