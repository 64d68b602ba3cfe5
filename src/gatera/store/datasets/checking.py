"""Check a repository: every file that its labels name is kept whole, and git is sound."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gatera.core.errors import DataError
from gatera.core.files import sha256_file
from gatera.core.progress import track
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
        repaired: objects that were made whole from the files.
        unused: objects that no commit names, left by adds that were stopped or undone.
    """

    objects: int = 0
    problems: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    unused: int = 0


def verify(work: Workspace, history: bool, repair: bool) -> Verified:
    """Check the labels, the objects that they name, and git.

    Args:
        work: the repository.
        history: look at every commit, not only at the current labels.
        repair: make a damaged or missing object again from its file, if that still has the same bytes.
    """
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
    _check_objects(work, named, repair, found)
    try:
        work.git.run("fsck", "--connectivity-only", "--no-dangling", "--no-progress")
    except GitError as err:
        found.problems.append(f"{err.problem}.")
    return found


def _commits(work: Workspace) -> list[str]:
    """Return a commit for every version of the labels in the history of any branch."""
    listing = work.git.ask("rev-list", "--all", "--", "labels.csv", "labels") or ""
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


def _check_objects(work: Workspace, named: dict[str, str], repair: bool, found: Verified) -> None:
    of_content = [sha256 for sha256 in named if len(sha256) == 64]
    there = dict.fromkeys(sha256 for sha256 in of_content if sha256 in work.objects)
    bad = {sha256: "is not in the object store" for sha256 in of_content if sha256 not in there}
    places = {f"{sha256[:2]}/{sha256[2:]}": sha256 for sha256 in there}
    results = hashed(work.objects.folder, places, sha256_file)
    for place, result in track(results, "Verifying", total=len(places)):
        if result != places[place]:
            bad[places[place]] = "is damaged in the object store"
    found.objects = len(there)
    for sha256, what in bad.items():
        if repair and _repair(work, sha256, named[sha256]):
            found.repaired.append(named[sha256])
        else:
            found.problems.append(f"{named[sha256]} ({sha256[:12]}) {what}.")


def _repair(work: Workspace, sha256: str, name: str) -> bool:
    path: Path = work.root / name
    if not is_safe(name) or not path.is_file() or sha256_file(path) != sha256:
        return False
    work.objects.remove(sha256)
    return work.objects.put(path, "copy").sha256 == sha256
