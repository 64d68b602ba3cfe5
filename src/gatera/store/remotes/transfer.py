"""Copy objects between a store on this machine and a remote: only those that are missing, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from gatera.core.checks import listed
from gatera.core.errors import RemoteError
from gatera.core.files import READ_ONLY, human_bytes, set_mode
from gatera.core.progress import track
from gatera.store.objects import ObjectStore
from gatera.store.remotes.keys import object_key
from gatera.store.remotes.remote import NotWholeError, Remote
from gatera.store.remotes.retry import AGAIN, in_words

#: Objects on their way at one time: the network's answers take longer than the work.
AT_ONCE = 8

#: Up to so many objects each is looked for; of more the remote lists all it has, which is one request for a thousand.
FEW = 200


@dataclass(frozen=True)
class Transfer:
    """What was copied.

    Attributes:
        objects: number of objects that were copied.
        size_bytes: their size.
        there: number of objects that were there already.
        lacking: the SHA-256 of objects that the remote lacks, or has damaged.
    """

    objects: int
    size_bytes: int
    there: int
    lacking: tuple[str, ...] = ()

    def in_words(self, verb: str) -> str:
        """Return it as "Sent 3 objects (1.2 MB); 5 were there already."."""
        what = "1 object" if self.objects == 1 else f"{self.objects:,} objects"
        done = f"{verb} {what} ({human_bytes(self.size_bytes)})" if self.objects else f"{verb} nothing"
        return done + (
            f"; {self.there:,} {'was' if self.there == 1 else 'were'} there already." if self.there else "."
        )


def send_objects(
    store: ObjectStore,
    remote: Remote,
    hashes: Iterable[str] | Mapping[str, str],
    quiet: bool = False,
    again: bool = False,
) -> Transfer:
    """Send the objects that a remote lacks. Each arrives whole or not at all; after an error, the same call goes on.

    Args:
        store: where they are.
        remote: where they go.
        hashes: their SHA-256; each is sent once. A mapping also says what each is called, for messages.
        quiet: show no progress.
        again: send also what the remote has: something there may be damaged.

    Raises:
        RemoteError: if the remote fails, or an object that it lacks is missing or damaged here; it says how many had arrived.
    """
    wanted = list(dict.fromkeys(hashes))
    sizes = {sha256: _size(store.path(sha256)) for sha256 in wanted}
    there = {} if again else sizes_there(remote, wanted)
    missing = [
        sha256 for sha256 in wanted if there.get(sha256) is None or sizes[sha256] not in (None, there[sha256])
    ]
    absent = [sha256 for sha256 in missing if sizes[sha256] is None]
    if absent:
        raise _not_here(absent, len(wanted), hashes if isinstance(hashes, Mapping) else {})

    def send(sha256: str) -> int:
        remote.put(store.path(sha256), object_key(sha256))
        return sizes[sha256] or 0

    return _each(missing, send, len(wanted) - len(missing), "Sending", quiet)


def _not_here(absent: list[str], wanted: int, names: Mapping[str, str]) -> RemoteError:
    """Return the error for objects to send that the store does not have."""
    called = (f"{names[each]} ({each[:12]})" if each in names else each[:12] for each in absent)
    one = len(absent) == 1
    return RemoteError(
        f"{len(absent):,} of {'the objects' if wanted == 1 else f'the {wanted:,} objects'} to send {'is' if one else 'are'} not in the store",
        got=listed(called, 3),
        remedy="Fetch it, or add its file again." if one else "Fetch them, or add their files again.",
    )


def fetch_objects(
    store: ObjectStore,
    remote: Remote,
    hashes: Iterable[str],
    sizes: Mapping[str, int] | None = None,
    quiet: bool = False,
    all_else: bool = False,
) -> Transfer:
    """Fetch the objects that a store lacks. Each is checked before it gets its name; after an error, the same call goes on.

    Args:
        store: where they go.
        remote: where they are.
        hashes: their SHA-256; each is fetched once.
        sizes: the sizes that they must have, as far as they are known: another one is refused before anything is fetched.
        quiet: show no progress.
        all_else: go on where the remote lacks an object or has a damaged one, and return their names.

    Raises:
        RemoteError: if the remote fails, lacks an object or has a damaged one; it says how many had arrived.
    """
    wanted, expected = list(dict.fromkeys(hashes)), sizes or {}
    missing = [sha256 for sha256 in wanted if _size(store.path(sha256)) is None]

    def fetch(sha256: str) -> int:
        key = object_key(sha256)
        if sha256 in expected and (size := remote.size(key)) not in (None, expected[sha256]):
            raise RemoteError(
                f"{remote.address}: {key} is damaged: its size does not match",
                got=size,
                expected=f"{expected[sha256]:,} bytes",
            )
        path = remote.get(key, store.path(sha256))
        set_mode(path, READ_ONLY)  # as all objects of a store
        return path.stat().st_size

    lacking: list[str] = []

    def fetch_if_whole(sha256: str) -> int | None:
        try:
            return fetch(sha256)
        except NotWholeError:
            lacking.append(sha256)  # appending is safe from threads
            return None

    done = _each(
        missing, fetch_if_whole if all_else else fetch, len(wanted) - len(missing), "Fetching", quiet
    )
    return replace(done, lacking=tuple(lacking))


def _each(
    hashes: list[str], copy: Callable[[str], int | None], there: int, doing: str, quiet: bool
) -> Transfer:
    """Copy objects in threads, and begin no other once one has failed. None of `copy` is nothing copied."""
    sizes: list[int] = []
    failed: list[OSError] = []

    def one(sha256: str) -> None:
        if failed:
            return
        try:
            size = copy(sha256)
            if size is not None:
                sizes.append(size)  # appending is safe from threads
        except OSError as err:  # RemoteError is one
            failed.append(err)

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        for _ in track(pool.map(one, hashes), doing, total=len(hashes), quiet=quiet or not hashes):
            pass
    if failed:
        raise _stopped(failed[0], len(sizes), len(hashes)) from failed[0]
    return Transfer(len(sizes), sum(sizes), there)


def _stopped(err: OSError, done: int, wanted: int) -> RemoteError:
    """Return the error that ended a transfer, with how much of it had been done."""
    count = "" if wanted == 1 else f"; {done:,} of {wanted:,} objects had arrived"
    if isinstance(err, RemoteError):
        return RemoteError(
            f"{err.problem.rstrip('.')}{count}",
            got=err.got,
            expected=err.expected,
            remedy=err.remedy or AGAIN,
        )
    where = f" ({err.filename})" if err.filename else ""
    return RemoteError(f"{in_words(err)}{where}{count}", remedy="Fix that and run the same again.")


def sizes_there(remote: Remote, wanted: list[str]) -> dict[str, int | None]:
    """Return the sizes of objects on a remote, for those that it has."""
    if len(wanted) > FEW:
        listing = remote.list("objects/")
        return {sha256: listing.get(object_key(sha256)) for sha256 in wanted}
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return dict(
            zip(wanted, pool.map(lambda sha256: remote.size(object_key(sha256)), wanted), strict=True)
        )


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None
