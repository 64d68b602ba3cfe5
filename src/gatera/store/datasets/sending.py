"""Send a data repository to a remote and fetch it: objects first, then the commits, then the names of the branches.

On a remote, git's commits are bundles, kept as objects by their SHA-256; `data/refs/000007.json` names the branches and the bundles so far.
Each change of the branches is the next number, written only if nobody wrote it before: a push is whole or has not happened, and of two at
once one is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any, NamedTuple

from gatera.core.checks import counted, listed
from gatera.core.errors import ArgumentError, DataError, RemoteError
from gatera.store.datasets.labels.changes import Change, Summary, summarise
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.labels.sheets import PARTS, TABLE
from gatera.store.datasets.making import check_first_push, nothing_at
from gatera.store.datasets.merging import MergeResult, merge
from gatera.store.datasets.moving import check_clean, move
from gatera.store.datasets.with_git.branches import Refs, check_name, default_branch, newest, next_key
from gatera.store.datasets.with_git.bundles import fetch, has, send_all, send_new
from gatera.store.datasets.work.absent import SETTING, fetch_absent
from gatera.store.datasets.work.placing import is_safe, place_files, unsafe
from gatera.store.datasets.work.tree import is_gone
from gatera.store.datasets.work.workspace import Workspace, changes
from gatera.store.remotes.filesystem import without_password
from gatera.store.remotes.keys import object_key
from gatera.store.remotes.open import absolute, folder_of, open_remote
from gatera.store.remotes.remote import Remote
from gatera.store.remotes.transfer import fetch_objects, send_objects

#: The branches of a remote here.
_TRACKING = "refs/remotes/gatera/"

#: A line that was added, as we write it: the name, then the hash of the file.
_FILE_IN_LINE = re.compile(rb'(?m)^\+((?:"(?:[^"\n]|"")*")|[^",\n]*),([0-9a-f]{64}),')

#: What may be the hash of a file in any other line: another program wrote it and git committed it, or it is a cell of a table.
_PERHAPS = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")

#: Of so many files that were sent earlier each push looks whether they are still there: a remote lists a thousand at a time.
_LOOKED_FOR = 100_000

#: Files that a remote lacks, named in a message.
SHOWN = 20

#: How often the list of branches is written anew where somebody else was faster. Chosen here.
_TRIES = 10


class Sent(NamedTuple):
    """What a push did.

    Attributes:
        commit: the commit that the remote's branch is at now.
        commits: how many commits were new there.
        objects: how many files were sent.
        size_bytes: their size.
        moved: whether the remote's branch was not there, or at another commit.
    """

    commit: str
    commits: int
    objects: int
    size_bytes: int
    moved: bool = False


class Fetched(NamedTuple):
    """What a pull did.

    Attributes:
        result: what changed on the current branch.
        objects: how many files were fetched.
        size_bytes: their size.
        lacking: the files that the remote lacks, or has damaged; all else was fetched.
    """

    result: MergeResult
    objects: int
    size_bytes: int
    lacking: tuple[str, ...] = ()


def address_of(work: Workspace, address: str | None) -> str:
    """Return the address of the remote: the given one, from the current folder, or the first one used, which is remembered.

    Raises:
        ArgumentError: if there is none, or it is inside the repository.
    """
    if address:
        found = absolute(address, Path.cwd())
    else:
        kept = work.git.ask("config", SETTING)
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
    """Send the current branch; with `again` also files and commits that were sent before. The lock must be held.

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
    refs = newest(remote, work if again else None)
    if not refs.branches:
        check_first_push(where, work.root, work.git, work.say)
    if not again:
        _check_still_there(work, refs, where)
    check_name(refs, branch, remote.address)
    _check_forward(work, refs, branch, head, remote.address)
    known = [commit for commit in refs.branches.values() if has(work, commit)]
    new = _files(work, head, known)  # all of these must be here; of what was sent earlier, what is
    earlier = {sha256: name for sha256, name in _files(work, head).items() if sha256 not in new}
    fetch_absent(work, new, but=where)  # old files that this clone never needed
    if any(
        sha256 not in work.objects for sha256 in new
    ):  # others' that were merged, and that the remote lost
        theirs = {sha256 for commit in known for sha256 in _files(work, commit)}
        astray = [sha256 for sha256 in new if sha256 in theirs and sha256 not in work.objects]
        if named := [new.pop(sha256) for sha256 in astray]:
            work.say(
                f"{remote.address} lacks {counted(len(named), 'file')} of others ({listed(named, 3)}); here too."
            )
    lost, gone = ({}, False) if again else _lost(work, remote, refs.bundles, earlier)
    once_more = (
        _kept(work, earlier) if again else {each: lost[each] for each in lost if work.objects.has(each)}
    )
    sent = send_objects(work.objects, remote, {**once_more, **new}, again=again)
    is_there, all_commits = refs.branches.get(branch) == head, gone or (again and bool(refs.bundles))
    if is_there and not all_commits:
        return Sent(head, 0, sent.objects, sent.size_bytes)
    count = int(work.git.run("rev-list", "--count", head, *(f"^{commit}" for commit in known)))
    if all_commits:
        bundles = send_all(work, remote, refs.bundles, {**refs.branches, branch: head})
        _name_branches(work, remote, refs._replace(bundles=bundles), branch, head, [], most=1)
    else:
        new_bundle = [send_new(work, remote, branch, known)] if count else []
        _name_branches(work, remote, refs, branch, head, new_bundle, most=_TRIES)
    _remember(work, where, branch, head)
    return Sent(head, count, sent.objects, sent.size_bytes, not is_there)


def _name_branches(
    work: Workspace, remote: Remote, refs: Refs, branch: str, head: str, new: Sequence[str], most: int
) -> None:
    """Write the next list of branches. Where somebody else wrote one meanwhile, that one counts, if this branch is as it was.

    Args:
        work: the repository.
        remote: the remote.
        refs: its branches, as they were read.
        branch: the branch that is sent.
        head: its commit.
        new: the bundles that were sent for it.
        most: how often to try.

    Raises:
        RemoteError: if somebody else sent to this branch, or others keep sending.
    """
    for attempt in range(most):
        if attempt:
            refs = newest(remote)
            check_name(refs, branch, remote.address)
            _check_forward(work, refs, branch, head, remote.address)
        content = {
            "format": 1,
            "branches": {**refs.branches, branch: head},
            "bundles": [*refs.bundles, *(each for each in new if each not in refs.bundles)],
        }
        if remote.write_if_absent(next_key(refs), json.dumps(content, indent=1).encode()):
            return
    raise RemoteError(
        f"somebody else has sent to {remote.address} in the meantime",
        remedy="What was sent stays there. Run the same command again; if it says so again: gatera data pull",
    )


def _check_still_there(work: Workspace, refs: Refs, where: str) -> None:
    """Raise RemoteError where the remote of the last time is empty now: its disk may not be mounted, and another would be filled."""
    kept = work.git.ask("config", SETTING)
    if refs.number or kept is None or absolute(kept, work.root) != where:
        return
    if work.git.ask("for-each-ref", "--count=1", _TRACKING):
        raise RemoteError(
            f"{without_password(where)} holds nothing of this repository, which was sent to its remote before",
            remedy="Mount its disk, or name where it is now: gatera data push ADDRESS. To send everything there again: gatera data push --again",
        )


def _check_forward(work: Workspace, refs: Refs, branch: str, head: str, where: str) -> None:
    there = refs.branches.get(branch)
    if there is None or there == head:
        return
    if not has(work, there) or work.git.ask("merge-base", "--is-ancestor", there, head) is None:
        raise RemoteError(
            f"{where} has commits on {branch} that are not here",
            remedy="Fetch and merge them first: gatera data pull. If they are another data set's, send to another folder.",
        )


def _files(work: Workspace, head: str, known: Sequence[str] = ()) -> dict[str, str]:
    """Return hash -> name of every file that a commit or one before it names, and that is not known there."""
    shown = work.git.run(
        "log", "--format=", "-p", "-U0", "--no-color", "--no-ext-diff", "--diff-merges=first-parent", "--text", head, *(f"^{commit}" for commit in known),
        "--", TABLE, PARTS,
    )  # fmt: skip
    found: dict[str, str] = {}
    for name, sha256 in _FILE_IN_LINE.findall(shown):
        found.setdefault(sha256.decode(), name.decode(errors="replace").strip('"').replace('""', '"'))
    for line in _FILE_IN_LINE.sub(b"", shown).split(b"\n"):
        for sha256 in map(bytes.decode, _PERHAPS.findall(line) if line[:1] == b"+" else ()):
            if sha256 not in found and work.objects.has(sha256):
                found[sha256] = re.split(rb"[,;\t]", line[1:])[0].decode(errors="replace").strip('"')
    return found


def _lost(
    work: Workspace, remote: Remote, bundles: Sequence[str], earlier: Mapping[str, str]
) -> tuple[dict[str, str], bool]:
    """Return the files that were sent earlier and are no longer there, or damaged, and whether a bundle is gone."""
    if len(earlier) > _LOOKED_FOR:
        work.say(
            f"Did not check that the {len(earlier):,} files sent earlier are still there: they are too many to list. "
            "To send all of them again: gatera data push --again"
        )
        return {}, False
    if not bundles:
        return {}, False
    there = remote.list("objects/")
    lost = {
        sha256: name
        for sha256, name in earlier.items()
        if (size := there.get(object_key(sha256))) is None or size != _size_here(work, sha256, size)
    }
    if lost:
        kept = sum(work.objects.has(sha256) for sha256 in lost)
        work.say(
            f"{remote.address}: {counted(len(lost), 'file')} of commits that were sent earlier "
            f"{'is' if len(lost) == 1 else 'are'} not there, or damaged ({listed(lost.values(), 3)}); "
            + ("sent." if kept == len(lost) else f"{kept:,} of {len(lost):,} can be sent from here.")
        )
    gone = any(not there.get(object_key(sha256)) for sha256 in bundles)
    if gone:
        work.say(f"{remote.address}: commits that were sent earlier are no longer there; sent again.")
    return lost, gone


def _size_here(work: Workspace, sha256: str, otherwise: int) -> int:
    return work.objects.path(sha256).stat().st_size if work.objects.has(sha256) else otherwise


def _kept(work: Workspace, files: Mapping[str, str]) -> dict[str, str]:
    """Return those files that are here: old ones may never have been fetched."""
    kept = {sha256: name for sha256, name in files.items() if work.objects.has(sha256)}
    if len(kept) < len(files):
        without = len(files) - len(kept)
        work.say(
            f"{without:,} of {counted(len(files), 'file')} {'is' if without == 1 else 'are'} not in the object store, "
            f"and {'is' if without == 1 else 'are'} not sent again."
        )
    return kept


def _remember(work: Workspace, where: str, branch: str, commit: str) -> None:
    work.git.run("update-ref", f"{_TRACKING}{branch}", commit)
    if work.git.ask("config", SETTING) is not None:
        return
    if (shown := without_password(where)) != where:
        work.say(
            f"{shown} is not remembered as the remote, because passwords are not stored: name it each time."
        )
    else:
        work.git.run("config", SETTING, where)
        work.say(
            f"{where} is the remote of this repository from now on (to change: git config {SETTING} ADDRESS)."
        )


def pull(work: Workspace, address: str | None, branch: str | None, options: Mapping[str, Any]) -> Fetched:
    """Fetch a branch and bring the current one up to it, by a merge where both have commits of their own. The lock must be held.

    Raises:
        RemoteError: if the remote fails, or has no such branch.
        MergeConflictError: if both sides changed the same items differently; what was fetched stays, for `merge`.
    """
    where = address_of(work, address)
    remote = open_remote(where, **options)
    refs = newest(remote)
    name = branch or work.git.branch() or default_branch(refs)
    if not refs.branches:
        raise nothing_at(where, remote.address, "Fetch its labels with git: git pull")
    if name not in refs.branches:
        raise RemoteError(
            f"{remote.address} has no branch {name!r}", available=listed(refs.branches), remedy="Name it: --branch."
        )  # fmt: skip
    if work.git.head() is not None:
        check_clean(work, "what is fetched")
    commit = refs.branches[name]
    fetch(work, remote, refs.bundles, commit)
    wanted: dict[str, list[str]] = {}
    for row in _rows(work, commit):
        if row.sha256:
            if not is_safe(row.file):
                raise unsafe(row.file)
            wanted.setdefault(row.sha256, []).append(row.file)
    absent = {sha256 for sha256 in wanted if sha256 not in work.objects}
    fetched = fetch_objects(work.objects, remote, wanted, all_else=True)
    lacking = tuple(sorted(file for sha256 in fetched.lacking for file in wanted[sha256]))
    if lacking:
        work.say(
            f"{remote.address} lacks {counted(len(lacking), 'file')} of this commit, or has "
            f"{'it' if len(lacking) == 1 else 'them'} damaged: {listed(lacking, SHOWN)}. All else was fetched. Where "
            f"{'it is' if len(lacking) == 1 else 'they are'} whole: gatera data push --again; then here: gatera data pull. "
            "Until then, do not add other files in the place of these."
        )
    _remember(work, where, name, commit)
    late = {row.sha256 for row in _rows(work, work.git.head())} & absent if absent else absent
    work.lacking = {*fetched.lacking}
    try:
        result = _bring(work, name, commit)
        _write_late(work, late - work.lacking, {*lacking})
    finally:
        work.lacking = set()
    return Fetched(result, fetched.objects, fetched.size_bytes, lacking)


def _rows(work: Workspace, commit: str | None) -> Iterator[Row]:
    return (row for sheet in work.at(commit).sheets() for row in sheet.rows())


def _write_late(work: Workspace, late: set[str], lacking: Set[str]) -> None:
    """Write the files of objects that came just now, and that the labels named before: git itself cloned them, or the remote lacked
    those files, and what they were earlier is in their place. Name others that are gone.
    """
    root, gone, new = str(work.root), list[str](), list[Change]()
    for sheet in work.now().sheets():
        for row in sheet.rows():  # and no path of each file: there may be a million
            if row.sha256 and is_gone(f"{root}/{row.file}"):
                gone.append(row.file)
            if row.sha256 in late:
                new.append(Change(None, row, ()))
    if count := place_files(work, new).written if new else 0:
        work.say(
            f"{counted(count, 'file')} that {'was' if count == 1 else 'were'} missing {'is' if count == 1 else 'are'} written."
        )
    if names := [file for file in gone if file not in lacking and is_gone(work.root / file)]:
        work.say(
            f"{counted(len(names), 'file')} {'is' if len(names) == 1 else 'are'} missing in this folder: {listed(names, 3)} "
            "(to write them again: gatera data checkout --file .)."
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
