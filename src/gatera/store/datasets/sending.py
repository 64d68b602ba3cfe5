"""Send a data repository to a remote and fetch it: objects first, then the commits, then the names of the branches.

On a remote, git's commits are bundles, kept as objects by their SHA-256; `data/refs/000007.json` names the branches and the bundles so far.
Each change of the branches is the next number, written only if nobody wrote it before: a push is whole or has not happened, and of two at
once one is told.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError, RemoteError
from gatera.core.files import atomic_write, sha256_file
from gatera.store.datasets.labels.changes import Summary, summarise
from gatera.store.datasets.labels.sheets import FOLDER, TABLE
from gatera.store.datasets.making import check_git
from gatera.store.datasets.merging import MergeResult, merge
from gatera.store.datasets.moving import check_clean, move
from gatera.store.datasets.with_git.driver import set_up
from gatera.store.datasets.work.git import GitError
from gatera.store.datasets.work.workspace import HIDDEN, Workspace, changes
from gatera.store.remotes.keys import object_key
from gatera.store.remotes.open import absolute, folder_of, open_remote
from gatera.store.remotes.remote import Remote
from gatera.store.remotes.transfer import fetch_objects, send_objects

#: Where the branches are named on a remote, and the branches of a remote here.
_REFS, _TRACKING = "data/refs/", "refs/remotes/gatera/"

#: Which bundles were unpacked here.
_KNOWN = "bundles.json"

#: The setting of git that holds the address of the remote.
_SETTING = "gatera.remote"

_HASH_IN_LINE = re.compile(rb"(?m)^\+.*,([0-9a-f]{64}),")


class Sent(NamedTuple):
    """What a push did.

    Attributes:
        commit: the commit that the remote's branch is at now.
        commits: how many commits were new there.
        objects: how many files were sent.
        size_bytes: their size.
    """

    commit: str
    commits: int
    objects: int
    size_bytes: int


class Fetched(NamedTuple):
    """What a pull did.

    Attributes:
        result: what changed on the current branch.
        objects: how many files were fetched.
        size_bytes: their size.
    """

    result: MergeResult
    objects: int
    size_bytes: int


class _Refs(NamedTuple):
    number: int
    branches: dict[str, str]
    bundles: list[str]


def address_of(work: Workspace, address: str | None) -> str:
    """Return the address of the remote: the given one, from the current folder, or that of the last time.

    Raises:
        ArgumentError: if there is none, or it is inside the repository.
    """
    if address:
        found = absolute(address, Path.cwd())
    else:
        kept = work.git.ask("config", _SETTING)
        if not kept:
            raise ArgumentError(
                "there is no remote yet", expected="its address: a folder, or s3://bucket/path"
            )
        found = absolute(kept, work.root)  # one that was written by hand may begin in the repository
    folder = folder_of(found)
    if folder is not None and folder.resolve().is_relative_to(work.root.resolve()):
        raise ArgumentError(
            f"the remote {address or found} is inside the repository, whose files it would join",
            expected="a folder beside it, or an address such as s3://bucket/path",
        )
    return found


def push(work: Workspace, address: str | None, options: Mapping[str, Any], again: bool = False) -> Sent:
    """Send the current branch; with `again` also files that were sent before. The lock must be held.

    Raises:
        RemoteError: if the remote fails, or somebody else's commits are there that are not here.
    """
    where = address_of(work, address)
    remote, branch, head = open_remote(where, **options), work.git.branch(), work.git.head()
    if branch is None or head is None:
        raise ArgumentError("there is no branch to send", remedy="Make one: gatera data checkout -b NAME")
    if work.git.cut_off():
        raise DataError(
            "this clone is shallow, and its commits cannot be sent",
            remedy="Fetch all of them first: git fetch --unshallow",
        )
    refs = _newest(remote)
    _check_forward(work, refs, branch, head, where)
    if refs.branches.get(branch) == head and not again:
        return Sent(head, 0, 0, 0)
    known = [commit for commit in refs.branches.values() if _has(work, commit)]
    # what is new must be here; of what was sent before, what is
    wanted = dict.fromkeys([*(_kept(work, head) if again else ()), *_hashes(work, head, known)])
    sent = send_objects(work.objects, remote, wanted, again=again)
    if refs.branches.get(branch) == head:
        return Sent(head, 0, sent.objects, sent.size_bytes)
    count = int(work.git.run("rev-list", "--count", head, *(f"^{commit}" for commit in known)))
    bundles = [*refs.bundles, _send_bundle(work, remote, branch, known)] if count else refs.bundles
    content = {"format": 1, "branches": {**refs.branches, branch: head}, "bundles": bundles}
    key = f"{_REFS}{refs.number + 1:06d}.json"
    if not remote.write_if_absent(key, json.dumps(content, indent=1).encode()):
        raise RemoteError(
            f"somebody else sent to {where} meanwhile",
            remedy="What was sent stays there. Fetch first: gatera data pull",
        )
    _remember(work, where, branch, head)
    return Sent(head, count, sent.objects, sent.size_bytes)


def _newest(remote: Remote) -> _Refs:
    keys = remote.list(_REFS)
    if not keys:
        return _Refs(0, {}, [])
    last = max(keys)
    try:
        content = json.loads(remote.read(last))
        if content["format"] != 1:
            raise RemoteError(
                f"{remote.address} is of format {content['format']}, and this version reads 1",
                remedy="Install a newer Gatera.",
            )
        branches = {str(name): str(commit) for name, commit in content["branches"].items()}
        bundles = [str(name) for name in content["bundles"]]
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise RemoteError(f"{remote.address}: {last} is damaged ({err})") from err
    if not all(re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", name) for name in (*branches.values(), *bundles)):
        raise RemoteError(f"{remote.address}: {last} is damaged: it names what is not a hash")
    return _Refs(int(Path(last).stem), branches, bundles)


def _check_forward(work: Workspace, refs: _Refs, branch: str, head: str, where: str) -> None:
    there = refs.branches.get(branch)
    if there is None or there == head:
        return
    if not _has(work, there) or work.git.ask("merge-base", "--is-ancestor", there, head) is None:
        raise RemoteError(
            f"{where} has commits on {branch} that are not here",
            remedy="Fetch and merge them first: gatera data pull",
        )


def _has(work: Workspace, commit: str) -> bool:
    return work.git.ask("cat-file", "-e", f"{commit}^{{commit}}") is not None


def _hashes(work: Workspace, head: str, known: Sequence[str]) -> Iterator[str]:
    """Yield the hash of every file that a commit names which is not known there."""
    shown = work.git.run(
        "log", "--format=", "-p", "-U0", "--no-color", "--no-ext-diff", "--diff-merges=first-parent", "--text", head, *(f"^{commit}" for commit in known),
        "--", TABLE, FOLDER,
    )  # fmt: skip
    yield from dict.fromkeys(found.decode() for found in _HASH_IN_LINE.findall(shown))


def _kept(work: Workspace, head: str) -> list[str]:
    """Return the hash of every file of a commit and those before it, as far as they are here: old ones may never have been fetched."""
    found = list(_hashes(work, head, ()))
    kept = [sha256 for sha256 in found if work.objects.has(sha256)]
    if len(kept) < len(found):
        work.say(
            f"{len(found) - len(kept):,} of {len(found):,} files are not in the object store, and are not sent again."
        )
    return kept


def _send_bundle(work: Workspace, remote: Remote, branch: str, known: Sequence[str]) -> str:
    """Send the commits that are new as one file; returns its hash."""
    with tempfile.TemporaryDirectory(dir=work.hidden) as folder:
        path = Path(folder) / "bundle"
        work.git.run(
            "bundle",
            "create",
            "--quiet",
            str(path),
            f"refs/heads/{branch}",
            *(f"^{commit}" for commit in known),
        )
        sha256 = sha256_file(path)
        remote.put(path, object_key(sha256))
        return sha256


def _remember(work: Workspace, where: str, branch: str, commit: str) -> None:
    work.git.run("update-ref", f"{_TRACKING}{branch}", commit)
    if work.git.ask("config", _SETTING) is None:
        work.git.run("config", _SETTING, where)
        work.say(
            f"{where} is the remote of this repository from now on (to change: git config {_SETTING} ADDRESS)."
        )


def pull(work: Workspace, address: str | None, branch: str | None, options: Mapping[str, Any]) -> Fetched:
    """Fetch a branch and bring the current one up to it, by a merge where both have commits of their own. The lock must be held.

    Raises:
        RemoteError: if the remote fails, or has no such branch.
        MergeConflictError: if both sides changed the same items differently; what was fetched stays, for `merge`.
    """
    where = address_of(work, address)
    remote = open_remote(where, **options)
    refs = _newest(remote)
    name = branch or work.git.branch() or "main"
    if name not in refs.branches:
        raise RemoteError(
            f"{where} has no branch {name!r}" if refs.branches else f"{where} holds no data repository yet", available=listed(refs.branches) or None,
            remedy="Send one: gatera data push" if not refs.branches else "Name it: --branch.",
        )  # fmt: skip
    if work.git.head() is not None:
        check_clean(work, "what is fetched")
    commit = refs.branches[name]
    _fetch_commits(work, remote, refs, commit)
    wanted = [row.sha256 for sheet in work.at(commit).sheets() for row in sheet.rows() if row.sha256]
    fetched = fetch_objects(work.objects, remote, wanted)
    _remember(work, where, name, commit)
    result = _bring(work, name, commit)
    return Fetched(result, fetched.objects, fetched.size_bytes)


def _fetch_commits(work: Workspace, remote: Remote, refs: _Refs, commit: str) -> None:
    path = work.hidden / _KNOWN
    known = set(json.loads(path.read_text())) if path.exists() else set()
    for sha256 in refs.bundles:
        if sha256 in known:
            continue
        with tempfile.TemporaryDirectory(dir=work.hidden) as folder:
            bundle = remote.get(object_key(sha256), Path(folder) / "bundle")
            try:
                work.git.run(
                    "-c",
                    "fetch.fsckObjects=true",
                    "fetch",
                    "--quiet",
                    "--no-tags",
                    str(bundle),
                    "+refs/heads/*:refs/gatera-bundles/*",
                )
            except GitError as err:
                raise RemoteError(
                    f"{remote.address}: its commits cannot be read", remedy=err.problem
                ) from err
        known.add(sha256)
        with atomic_write(path) as partial:
            partial.write_text(json.dumps(sorted(known)), encoding="utf-8")
    if not _has(work, commit):
        path.unlink(missing_ok=True)
        raise RemoteError(
            f"{remote.address} lacks the commit {commit[:8]} that its branch is at",
            remedy="Send that branch again from where it is.",
        )


def _bring(work: Workspace, name: str, commit: str) -> MergeResult:
    if work.git.head() is not None:
        return merge(work, commit, None, None, f"Merge {name} of the remote")
    if next(iter(work.now().whole().lines), None) is not None:
        raise DataError(
            "there are labels here that are not committed, and what is fetched would replace them",
            remedy="Commit them: gatera data commit -m TEXT",
        )
    for each in (TABLE, ".gitignore", ".gitattributes"):  # as `init` made them; the commit has its own
        (work.root / each).unlink(missing_ok=True)
    work.git.run("symbolic-ref", "HEAD", f"refs/heads/{name}")
    move(work, commit, branch="HEAD", how="clone")
    return MergeResult(
        commit, summarise(changes(work.at(None), work.at(commit))) if commit else Summary(), forward=True
    )


def clone(work: Workspace, address: str, branch: str, options: Mapping[str, Any]) -> Fetched:
    """Fetch a data repository into a new folder.

    Raises:
        ArgumentError: if the folder is there and not empty.
    """
    root = work.root
    if root.exists() and any(root.iterdir()):
        raise ArgumentError(f"{root} is not empty", remedy="Choose a new folder.")
    address = absolute(address, Path.cwd())
    remote = open_remote(address, **options)
    if not _newest(remote).branches:
        is_git = any(Path(address, name).exists() for name in (".git", "HEAD"))
        raise RemoteError(
            f"{address} is a git repository, not what gatera data push makes"
            if is_git
            else f"{address} holds no data repository yet",
            remedy=f"Clone it with git, which brings the labels: git clone {address}; the files come with: gatera data pull REMOTE"
            if is_git
            else "Send one: gatera data push",
        )
    existed = root.exists()
    root.mkdir(parents=True, exist_ok=True)
    check_git(work.git)
    try:
        work.git.run("init", "--quiet", f"--initial-branch={branch}")
        (root / HIDDEN).mkdir()
        set_up(work.git)
        with work.locked():
            return pull(work, address, branch, options)
    except BaseException:
        if not existed:
            shutil.rmtree(root, ignore_errors=True)  # nothing half made stays
        raise
