"""Files of older commits that were never fetched: they come from the remote once they are needed."""

from __future__ import annotations

from collections.abc import Iterable

from gatera.core.checks import counted
from gatera.core.errors import ArgumentError, MissingExtraError, RemoteError
from gatera.store.datasets.work.workspace import Workspace
from gatera.store.remotes.filesystem import without_password
from gatera.store.remotes.open import absolute, open_remote
from gatera.store.remotes.transfer import fetch_objects

#: The setting of git that holds the address of the remote.
SETTING = "gatera.remote"


def fetch_absent(work: Workspace, hashes: Iterable[str], but: str | None = None) -> str:
    """Fetch the files that are not in the object store from the remote of the last time. What it has not stays absent.

    Args:
        work: the repository; its lock must be held.
        hashes: the SHA-256 of each.
        but: an address that they are not fetched from.

    Returns:
        Why some are still absent, in words; empty if none is.
    """
    absent = [sha256 for sha256 in dict.fromkeys(hashes) if sha256 not in work.objects]
    if not absent:
        return ""
    kept = work.git.ask("config", SETTING)
    if kept is None:
        return "there is no remote to get them from (to name one: gatera data pull ADDRESS)"
    where = absolute(kept, work.root)
    if where == but:
        return f"they are not on {without_password(where)} either"
    try:
        fetched = fetch_objects(work.objects, open_remote(where), absent)
    except (RemoteError, ArgumentError, MissingExtraError) as err:
        return f"they cannot be fetched: {err.problem}"
    work.say(
        f"Fetched {counted(fetched.objects, 'file')} that {'was' if fetched.objects == 1 else 'were'} not here yet from {without_password(where)}."
    )
    return ""
