"""The branches of a remote: numbered lists, of which the newest counts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

from gatera.core.errors import RemoteError
from gatera.store.datasets.work.workspace import Workspace
from gatera.store.remotes.remote import Remote

#: Where the lists are on a remote.
_REFS = "data/refs/"

_MEND = "Send it again from a machine where its branches are intact: gatera data push --again"


class _DamagedError(RemoteError):
    """A list of branches is not whole."""


class Refs(NamedTuple):
    """The branches of a remote.

    Attributes:
        number: of the list that names them; 0 where there is none.
        branches: name -> commit.
        bundles: the SHA-256 of each bundle of commits, in the order that they were sent.
    """

    number: int
    branches: dict[str, str]
    bundles: list[str]


def newest(remote: Remote, mended: Workspace | None = None) -> Refs:
    """Return the branches and bundles of a remote.

    Args:
        remote: the remote.
        mended: what is to be sent again: then an older list counts where the newest is damaged, and the next one takes its place.

    Raises:
        RemoteError: if the newest list is damaged, or of a later format.
    """
    keys = sorted(filter(_number, remote.list(_REFS)), reverse=True)
    last = _number(keys[0]) if keys else 0
    for key in keys:
        try:
            branches, bundles = _read_refs(remote, key)
        except _DamagedError as err:
            if mended is None:
                raise
            mended.say(
                f"{err.problem}: the list before it counts. What others sent since they have to send again: gatera data push --again"
            )
        else:
            return Refs(last, branches, bundles)
    return Refs(last, {}, [])


def _read_refs(remote: Remote, key: str) -> tuple[dict[str, str], list[str]]:
    try:
        content = json.loads(remote.read(key))
        if content["format"] != 1:
            raise RemoteError(
                f"{remote.address} is of format {content['format']}, and this version reads 1",
                remedy="Install a newer Gatera.",
            )
        branches = {str(name): str(commit) for name, commit in content["branches"].items()}
        bundles = [str(name) for name in content["bundles"]]
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise _DamagedError(f"{remote.address}: {key} is damaged ({err})", remedy=_MEND) from err
    if not all(re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", name) for name in (*branches.values(), *bundles)):
        raise _DamagedError(f"{remote.address}: {key} is damaged: it names what is not a hash", remedy=_MEND)
    return branches, bundles


def _number(key: str) -> int:
    """Return the number of a list of branches; other files there have none."""
    name = Path(key).stem
    return int(name) if name.isascii() and name.isdecimal() else 0


def default_branch(refs: Refs) -> str:
    """Return the branch that is meant where none is named: "main", "master", or the only one; "main" where none of these is there."""
    usual = [name for name in ("main", "master") if name in refs.branches]
    return usual[0] if usual else next(iter(refs.branches)) if len(refs.branches) == 1 else "main"


def check_name(refs: Refs, branch: str, where: str) -> None:
    """Raise RemoteError where git could not keep a branch beside those that are there: a folder is no file."""
    for other in refs.branches:
        if other.startswith(f"{branch}/") or branch.startswith(f"{other}/"):
            raise RemoteError(
                f"{where} has a branch {other!r}, beside which git cannot keep {branch!r}",
                remedy="Give it another name: git branch -m NAME",
            )


def next_key(refs: Refs) -> str:
    """Return the key of the list that follows."""
    return f"{_REFS}{refs.number + 1:06d}.json"
