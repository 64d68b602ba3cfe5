"""Fetch a data repository into a new folder. A clone that was stopped goes on: what came is kept there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, RemoteError
from gatera.core.escape import shell_quote
from gatera.core.files import remove_folder
from gatera.store.datasets.making import check_git, check_is_no_project, is_repository, nothing_at
from gatera.store.datasets.moving import is_first, recover
from gatera.store.datasets.sending import pull
from gatera.store.datasets.with_git.branches import default_branch, newest
from gatera.store.datasets.with_git.driver import set_up
from gatera.store.datasets.work.workspace import HIDDEN, Workspace
from gatera.store.remotes.open import absolute, open_remote


def clone(work: Workspace, address: str, branch: str | None, options: Mapping[str, Any]) -> None:
    """Fetch a data repository into a new folder; without a branch "main", "master", or the only one that is there.

    Raises:
        ArgumentError: if the folder is there, and neither empty nor what a stopped clone left.
    """
    root = work.root
    if root.exists() and any(root.iterdir()) and not _is_begun(work):
        fetch = f"To fetch into it: gatera data pull -C {shell_quote(str(root))}"
        remedy = fetch if is_repository(root) else "Choose a new folder."
        raise ArgumentError(f"{root} is not empty", remedy=remedy)
    address = absolute(address, Path.cwd())
    remote = open_remote(address, **options)
    refs = newest(remote)
    if not refs.branches:
        by_git = f"Clone it with git, which brings the labels: git clone {address}"
        raise nothing_at(address, remote.address, by_git)
    named, branch = branch is not None, branch or default_branch(refs)
    others = [name for name in refs.branches if name != branch]
    if others and not named and branch in refs.branches:
        work.say(
            f"The branch is {branch}; there {'is' if len(others) == 1 else 'are'} also {listed(others, 5)} (to take another: branch=NAME)."
        )
    existed = root.exists()
    work.hidden.mkdir(parents=True, exist_ok=True)
    try:
        check_git(work.git)
        work.git.run("init", "--quiet", f"--initial-branch={branch}")
        set_up(work.git)
        with work.locked():
            recover(work)
            pull(work, address, branch, options)
        check_is_no_project(root, work.git, remote.address)
    except BaseException as err:
        came = any(work.objects.folder.glob("??/*"))
        if isinstance(err, (RemoteError, KeyboardInterrupt)) and came and _is_begun(work):
            work.say(f"What has come is kept in {root}: the same command goes on there.")
        elif not existed:
            work.cache.close()  # Windows removes no open file
            remove_folder(root)  # nothing half made stays
        raise


def _is_begun(work: Workspace) -> bool:
    """Whether a folder is what a stopped clone left: no labels and files yet, or not all of them."""
    there = {path.name for path in work.root.iterdir()}
    if not {HIDDEN, ".git"} <= there:
        return there == {HIDDEN}
    # not `head()`, which refuses the half repository that a git leaves which was killed in its `init`
    return is_first(work) or (
        len(there) == 2 and work.git.ask("rev-parse", "--verify", "--quiet", "HEAD") is None
    )
