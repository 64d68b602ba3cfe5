"""Git's commits on a remote: bundles, kept as objects by their SHA-256."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from gatera.core.errors import RemoteError
from gatera.core.files import atomic_write, sha256_file
from gatera.store.datasets.work.git import Git, GitError
from gatera.store.datasets.work.workspace import Workspace
from gatera.store.remotes.keys import object_key
from gatera.store.remotes.remote import Remote

#: Which bundles were unpacked here.
_KNOWN = "bundles.json"


def has(work: Workspace, commit: str) -> bool:
    """Whether a commit is here."""
    return work.git.ask("cat-file", "-e", f"{commit}^{{commit}}") is not None


def send_new(work: Workspace, remote: Remote, branch: str, known: Sequence[str]) -> str:
    """Send the commits of a branch that are not known there as one bundle; returns its hash."""
    with tempfile.TemporaryDirectory(dir=work.hidden) as folder:
        return _send(
            work.git, Path(folder), remote, f"refs/heads/{branch}", *(f"^{commit}" for commit in known)
        )


def send_all(
    work: Workspace, remote: Remote, bundles: Sequence[str], branches: Mapping[str, str]
) -> list[str]:
    """Send all commits of all branches as one bundle, in place of bundles of which one may be damaged or gone.

    Args:
        work: where the commits are; what is whole on the remote is fetched first.
        remote: where they go.
        bundles: those that the remote names now.
        branches: name -> commit, as the remote will have them.

    Returns:
        The bundles that the remote shall name: the new one, and the whole ones as long as a branch needs commits that are not here.
    """
    whole, _ = _unpack(work, remote, bundles)
    here = {name: commit for name, commit in branches.items() if has(work, commit)}
    lacking = sorted(set(branches) - set(here))
    if lacking:
        work.say(
            f"{remote.address}: the commits of {', '.join(lacking)} are damaged or gone, and are not here. "
            "Send them again from a machine that has them: gatera data push --again"
        )
    with tempfile.TemporaryDirectory(dir=work.hidden) as folder:
        lender = Git(Path(folder))  # its branches are the remote's, which may differ from those here
        lender.run("init", "--quiet", "--bare", f"--object-format={_format(work)}")
        objects = (
            work.git.folder / work.git.run("rev-parse", "--git-path", "objects").decode().rstrip("\n")
        ).resolve()
        Path(folder, "objects/info/alternates").write_text(f"{objects}\n", encoding="utf-8", newline="\n")
        for name, commit in here.items():
            lender.run("update-ref", f"refs/heads/{name}", commit)
        new = _send(lender, Path(folder), remote, "--all")
    return [new, *whole] if lacking else [new]


def fetch(work: Workspace, remote: Remote, bundles: Sequence[str], commit: str) -> None:
    """Unpack the bundles that are not here yet.

    Raises:
        RemoteError: if one is damaged or gone, or a commit is in none of them.
    """
    _, failed = _unpack(work, remote, bundles, skip_known=True)
    if failed is not None and not has(work, commit):
        raise failed
    if not has(work, commit):
        (work.hidden / _KNOWN).unlink(missing_ok=True)
        raise RemoteError(
            f"{remote.address} lacks the commit {commit[:8]} that its branch is at",
            remedy="Send that branch again from a machine that has it: gatera data push --again",
        )
    if failed is not None:
        work.say(
            f"{remote.address}: commits that this branch does not need cannot be read ({failed.problem})."
        )


def _unpack(
    work: Workspace, remote: Remote, bundles: Sequence[str], skip_known: bool = False
) -> tuple[list[str], RemoteError | None]:
    """Unpack what can be; returns the bundles that are whole, and the first fault."""
    path, whole, failed = work.hidden / _KNOWN, list[str](), None
    known = _known(path)
    for sha256 in bundles:
        if skip_known and sha256 in known:
            continue
        try:
            _unpack_one(work, remote, sha256)
        except RemoteError as err:
            failed = failed or err
            continue
        whole.append(sha256)
        known.add(sha256)
        with atomic_write(path) as partial:
            partial.write_text(json.dumps(sorted(known)), encoding="utf-8", newline="\n")
    return whole, failed


def _known(path: Path) -> set[str]:
    try:
        return set(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return set()  # lost or damaged: all are unpacked again


def _unpack_one(work: Workspace, remote: Remote, sha256: str) -> None:
    # each under names of its own: of two bundles one may have a branch exp, and the other exp/one
    with tempfile.TemporaryDirectory(dir=work.hidden) as folder:
        bundle = remote.get(object_key(sha256), Path(folder) / "bundle")
        try:
            work.git.run(
                "-c", "fetch.fsckObjects=true", "fetch", "--quiet", "--no-tags", str(bundle),
                f"+refs/heads/*:refs/gatera-bundles/{sha256[:16]}/*",
            )  # fmt: skip
        except GitError as err:
            raise RemoteError(f"{remote.address}: its commits cannot be read", remedy=err.problem) from err


def _send(git: Git, folder: Path, remote: Remote, *what: str) -> str:
    path = folder / "bundle"
    git.run("bundle", "create", "--quiet", str(path), *what)
    sha256 = sha256_file(path)
    remote.put(path, object_key(sha256))
    return sha256


def _format(work: Workspace) -> str:
    return work.git.ask("rev-parse", "--show-object-format") or "sha1"
