"""Check a repository: every file that its labels name is kept whole, and git is sound."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from gatera.core.errors import DataError
from gatera.core.files import sha256_file
from gatera.core.progress import track
from gatera.store.datasets.work.absent import fetch_again
from gatera.store.datasets.work.git import GitError
from gatera.store.datasets.work.placing import is_safe
from gatera.store.datasets.work.tree import hashed
from gatera.store.datasets.work.workspace import Version, Workspace


@dataclass
class Verified:
    """What `verify` found.

    Attributes:
        objects: how many objects were read.
        problems: what is wrong, in sentences; none if all is well.
        repaired: the names of objects that were made whole from the files, or came from the remote.
        unused: objects that no commit names, left by adds that were stopped or undone.
        remedy: what to do about objects that are missing or damaged, a sentence; empty if none is.
    """

    objects: int = 0
    problems: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    unused: int = 0
    remedy: str = ""


def verify(work: Workspace, history: bool, repair: bool) -> Verified:
    """Check the labels, the objects that they name, and git.

    Args:
        work: the repository.
        history: look at every commit, not only at the current labels.
        repair: make a damaged or missing object again from its file, if that still has the same bytes, or else fetch it.
    """
    changing = repair or os.access(work.hidden, os.W_OK)  # in a copy that is read-only nobody is at work
    with work.locked() if changing else nullcontext():
        return _verified(work, history, repair)


def _verified(work: Workspace, history: bool, repair: bool) -> Verified:
    found = Verified()
    named: dict[str, str] = {}
    try:
        version = work.now()
        _collect(version, named, found)
    except DataError as err:
        found.problems.append(str(err))
    if history:
        for commit in track(_commits(work), "Reading the history"):
            _collect(work.at(commit), named, None)
        found.unused = sum(sha256 not in named for sha256 in work.objects)
    bad = _check_objects(work, named, found)
    if bad and repair:
        found.remedy = _repair_all(work, named, bad, found)
    elif bad:
        again = f"gatera data verify {'--all ' if history else ''}--repair"
        found.remedy = f"To restore them from the files here, or else from the remote: {again}"
    found.problems += [f"{named[sha256]} ({sha256[:12]}) {what}." for sha256, what in bad.items()]
    try:
        work.git.run("fsck", "--connectivity-only", "--no-dangling", "--no-progress")
    except GitError as err:
        found.problems.append(f"{err.problem}.")
    return found


def _commits(work: Workspace) -> list[str]:
    """Return a commit for every version of the labels in the history of any branch."""
    listing = work.git.ask("rev-list", "--all", "--full-history", "--", "labels.csv", "labels") or ""
    return listing.split()


def _collect(version: Version, named: dict[str, str], found: Verified | None) -> None:
    """Note the hashes that labels name, each with an item."""
    for sheet in version.sheets():
        for row in sheet.rows():
            if row.sha256:
                named.setdefault(row.sha256, row.file)
            if found is not None and len(row.sha256) not in (0, 64):
                found.problems.append(f"{row.file}: {row.sha256[:20]!r} is not a SHA-256.")
            if found is not None and row.sha256 and not is_safe(row.file):
                found.problems.append(f"{row.file!r} is not the name of a file inside the repository.")


def _check_objects(work: Workspace, named: dict[str, str], found: Verified) -> dict[str, str]:
    """Return the hash of each object that is not whole, with what is wrong."""
    of_content = [sha256 for sha256 in named if len(sha256) == 64]
    there = dict.fromkeys(sha256 for sha256 in of_content if sha256 in work.objects)
    bad = {sha256: "is not in the object store" for sha256 in of_content if sha256 not in there}
    places = {f"{sha256[:2]}/{sha256[2:]}": sha256 for sha256 in there}
    results = hashed(work.objects.folder, places, sha256_file)
    for place, result in track(results, "Verifying", total=len(places)):
        if isinstance(result, OSError):
            bad[places[place]] = f"cannot be read in the object store ({result.strerror})"
        elif result != places[place]:
            bad[places[place]] = "is damaged in the object store"
    found.objects = len(there)
    return bad


def _repair_all(work: Workspace, named: dict[str, str], bad: dict[str, str], found: Verified) -> str:
    """Make objects whole, and take them out of `bad`; returns what to do about those that are left."""
    done = [sha256 for sha256 in bad if _repair(work, sha256, named[sha256])]
    left = [sha256 for sha256 in bad if sha256 not in {*done}]
    came, why = fetch_again(work, left) if left else (set[str](), "")
    for sha256 in (*done, *came):
        del bad[sha256]
        found.repaired.append(named[sha256])
    if not bad:
        return ""
    they = "It" if len(bad) == 1 else "They"
    return f"{they} cannot be restored from the files here: {why}. Put a copy where the item is, and run: gatera data add ."


def _repair(work: Workspace, sha256: str, name: str) -> bool:
    path: Path = work.root / name
    try:
        if not is_safe(name) or not path.is_file() or sha256_file(path) != sha256:
            return False
    except OSError:  # it cannot be read either
        return False
    work.objects.remove(sha256)
    return work.objects.put(path, "copy").sha256 == sha256
