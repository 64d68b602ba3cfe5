"""What git has begun in a repository and not finished: a merge, a rebase, a commit taken from elsewhere."""

from __future__ import annotations

from typing import Literal

from gatera.core.errors import DataError
from gatera.store.datasets.work.git import Git

#: What git can be in the middle of.
Begun = Literal["merge", "rebase", "cherry-pick", "revert"]

#: What tells each, in git's own folder. A rebase uses the others' files too, so it comes first.
_TOLD_BY: tuple[tuple[Begun, str], ...] = (
    ("rebase", "rebase-merge"),
    ("rebase", "rebase-apply"),
    ("merge", "MERGE_HEAD"),
    ("cherry-pick", "CHERRY_PICK_HEAD"),
    ("revert", "REVERT_HEAD"),
)


def begun(git: Git) -> Begun | None:
    """Return what git is in the middle of; None where it has finished everything."""
    folder = git.own_folder()
    if folder is None:
        return None
    return next((what for what, name in _TOLD_BY if (folder / name).exists()), None)


def how_to_finish(what: Begun) -> str:
    """Return the command that finishes it."""
    return "git commit" if what == "merge" else f"git {what} --continue"


def check_finished(git: Git) -> None:
    """Raise DataError where git is in the middle of something that another command of ours would mix up."""
    what = begun(git)
    if what is not None:
        raise DataError(
            f"git is in the middle of a {what}",
            remedy=f"Settle what is in conflict (gatera data resolve) and finish it ({how_to_finish(what)}), or give it up (git {what} --abort).",
        )
