"""Files of older commits that were never fetched, and those that the store lost: they come from the remote once they are needed."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable

from gatera.core.checks import counted
from gatera.core.errors import ArgumentError, MissingExtraError, RemoteError
from gatera.store.datasets.work.workspace import Workspace
from gatera.store.objects import ObjectStore
from gatera.store.remotes.filesystem import without_password
from gatera.store.remotes.open import absolute, open_remote
from gatera.store.remotes.transfer import fetch_objects

#: The setting of git that holds the address of the remote.
SETTING = "gatera.remote"

_NO_REMOTE = "no remote is known to fetch from (to name one: gatera data pull ADDRESS)"


def fetch_absent(work: Workspace, hashes: Iterable[str], but: str | None = None) -> str:
    """Fetch the files that are not in the object store from the remote of the last time. What it has not stays absent.

    Args:
        work: the repository; its lock must be held.
        hashes: the SHA-256 of each.
        but: an address that they are not fetched from.

    Returns:
        Why some are still absent, in words; empty if none is.
    """
    absent = [
        sha256
        for sha256 in dict.fromkeys(hashes)
        if sha256 not in work.objects and sha256 not in work.lacking
    ]
    if not absent:
        return ""
    kept = work.git.ask("config", SETTING)
    if kept is None:
        return _NO_REMOTE
    where = absolute(kept, work.root)
    if where == but:
        return _not_there(where)
    try:
        fetched = fetch_objects(work.objects, open_remote(where), absent, all_else=True)
    except (RemoteError, ArgumentError, MissingExtraError) as err:
        return f"fetching failed: {err.problem}"
    if fetched.objects:
        work.say(
            f"Fetched {counted(fetched.objects, 'file')} that {'was' if fetched.objects == 1 else 'were'} not here yet from {without_password(where)}."
        )
    return _not_there(where) if fetched.lacking else ""


def _not_there(where: str) -> str:
    return f"missing or damaged on {without_password(where)} too"


def fetch_again(work: Workspace, hashes: Collection[str]) -> tuple[set[str], str]:
    """Fetch files that are missing or damaged in the object store from the remote of the last time.

    What is damaged here stays until a whole one has come.

    Args:
        work: the repository; its lock must be held.
        hashes: the SHA-256 of each.

    Returns:
        Those that came, and why others did not, in words; empty if all did.
    """
    kept = work.git.ask("config", SETTING)
    if kept is None:
        return set(), _NO_REMOTE
    where = absolute(kept, work.root)
    aside, why = ObjectStore(work.objects.folder.with_name("again")), ""
    try:
        if lacking := len(fetch_objects(aside, open_remote(where), hashes, all_else=True).lacking):
            why = f"{counted(lacking, 'file')} of them {'is' if lacking == 1 else 'are'} {_not_there(where)}"
    except (RemoteError, ArgumentError, MissingExtraError) as err:
        why = f"fetching failed: {err.problem}"
    came = {sha256 for sha256 in hashes if sha256 in aside}
    for sha256 in came:
        target = work.objects.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.path(sha256).replace(target)
    shutil.rmtree(aside.folder, ignore_errors=True)
    return came, why
