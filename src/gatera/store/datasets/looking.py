"""How a repository is: what changed since the last commit, in the labels and among the files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gatera.core.checks import counted, listed
from gatera.core.errors import DataError
from gatera.store.datasets.labels.changes import Change, Summary, summarise
from gatera.store.datasets.labels.masks import MASK_OF, without_label
from gatera.store.datasets.labels.rows import in_order, row_of
from gatera.store.datasets.labels.sheets import TABLE
from gatera.store.datasets.making import repositories_in
from gatera.store.datasets.with_git.driver import is_set_up
from gatera.store.datasets.with_git.unfinished import Begun, begun
from gatera.store.datasets.work.cache import Seen
from gatera.store.datasets.work.tree import UNREADABLE, State, hash_now, hashed, walk
from gatera.store.datasets.work.workspace import Workspace, changes, part_at


@dataclass
class Status:
    """How a repository is.

    Attributes:
        branch: the current branch; None on a commit by itself.
        commit: the current commit; None before the first.
        items: how many items there are.
        unlabelled: how many have no label.
        summary: what changed in the labels since the commit.
        changed: items whose file has other bytes than the labels say.
        missing: items whose file is not there.
        unreadable: folders and files that cannot be looked at, and why; whether these differ is unknown.
        new: files that are not items, below folders that hold items.
        git_merges_items: whether git's own merge goes item by item here; it does not in a copy made by `git clone` alone.
        begun: what git is in the middle of, "merge" say; files are brought along once it is finished. None for nothing.
    """

    branch: str | None
    commit: str | None
    items: int = 0
    unlabelled: int = 0
    summary: Summary = field(default_factory=Summary)
    changed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    git_merges_items: bool = True
    begun: Begun | None = None

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs from the commit."""
        return not (self.summary.total or self.changed or self.missing or self.new or self.unreadable)


def status(work: Workspace) -> Status:
    """Compare the folder with its labels, and these with the last commit."""
    # not in a thread beside the reading: each file gives up Python's lock, and each row of the cache, so that both wait for each other
    marked: list[str] = []
    left_out: dict[str, str] = {}
    there = walk(os.fspath(work.root), "", left_out.__setitem__, marked)
    head = work.git.head()
    base = work.at(head)
    version = work.now(base)
    found = Status(work.git.branch(), head, summary=summarise(changes(base, version)))
    found.git_merges_items, found.begun = is_set_up(work.git), begun(work.git)
    found.unreadable = {name: why for name, why in left_out.items() if why.startswith(UNREADABLE)}
    unseen = tuple(f"{name}/" if name else "" for name in found.unreadable)
    sheets, seen = list(version.sheets()), work.cache.seen()
    doubtful: dict[str, str] = {}
    if any(MASK_OF in sheet.extra for sheet in sheets):
        found.unlabelled = without_label(version.whole())
    for sheet in sheets:
        found.items += len(sheet)
        counts = MASK_OF not in sheet.extra
        for name, sha256, label in _cells(sheet.lines):
            if counts and not label:
                found.unlabelled += 1
            state = there.pop(name, None)
            if state is None:
                if sha256 and not f"{name}/".startswith(unseen):
                    found.missing.append(name)
            elif sha256 and seen.get(name) != (*state, sha256):
                doubtful[name] = sha256
    _hash_doubtful(work, doubtful, found)
    own = [f"{folder}/" for folder in repositories_in(work.root, marked)]
    found.new = [name for name in _new(work, there) if not name.startswith(tuple(own))]
    return found


def _cells(lines: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield name, hash and label of each line; lines with quotes are parsed."""
    for name, line in lines.items():
        if '"' in line:
            from_quotes = _parsed(line)
            yield name, from_quotes[0], from_quotes[1]
        else:
            _, sha256, label, _ = line.split(",", 3)
            yield name, sha256, label


def _parsed(line: str) -> tuple[str, str]:
    row = row_of(line)
    return row.sha256, row.label


def _hash_doubtful(work: Workspace, doubtful: dict[str, str], found: Status) -> None:
    """Hash the files whose time, size or place on the disk changed since they were hashed."""
    kept: dict[str, Seen] = {}
    for name, result in hashed(work.root, doubtful, hash_now):
        if isinstance(result, Seen) and result.sha256 == doubtful[name]:
            kept[name] = result
        elif isinstance(result, OSError):
            found.unreadable[name] = f"it cannot be read ({result.strerror})"
        else:  # what was seen of it stays: as the labels had it
            found.changed.append(name)
    if kept:
        work.cache.see(kept)


def _new(work: Workspace, there: dict[str, State]) -> list[str]:
    """Return which of these files could be items: not those of git, nor the labels."""
    if not there:
        return []
    tracked = set((work.git.ask("ls-files", "-z") or "").split("\0"))
    return sorted(
        name
        for name in there
        if name not in tracked and name != TABLE and not (work.in_parts and part_at(name))
    )


def differences(work: Workspace, before: str | None, after: str | None) -> Iterator[Change]:
    """Yield what changed between two commits.

    Args:
        work: the repository.
        before: a commit; None for the last one.
        after: a commit; None for the folder as it is.
    """
    base = work.head() if before is None else work.at(work.git.commit_of(before))
    other = work.now() if after is None else work.at(work.git.commit_of(after))
    yield from changes(base, other)


def labels_apart(work: Workspace, branches: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return branch -> item -> label, of the labels that were given on each since all of them were one.

    Those of functions are left out of a branch where people labelled too: how far people agree is asked.

    Args:
        work: the repository.
        branches: branches or commits, at least two.

    Raises:
        ArgumentError: if there is no such branch.
        DataError: if they have no commit in common.
    """
    commits = [work.git.commit_of(name) for name in branches]
    common = (work.git.ask("merge-base", "--octopus", *commits) or "").strip()
    if not common:
        raise DataError(f"{listed(branches)} have no commit in common", expected="branches of one repository")
    for name, commit in zip(branches, commits, strict=True):
        if commit == common:
            raise DataError(
                f"{name} is a part of {listed(other for other in branches if other != name)}, so nothing was labelled separately",
                expected="branches that were not merged yet, or their commits from before",
            )  # fmt: skip
    base = work.at(common)
    given: dict[str, dict[str, str]] = {}
    for name, commit in zip(branches, commits, strict=True):
        rows = [
            change.after
            for change in changes(base, work.at(commit))
            if change.after is not None
            and change.after.label
            and (change.before is None or {"label", "by"} & set(change.columns))
        ]
        people = [row for row in rows if not row.of_function]
        if people and (left := len(rows) - len(people)):
            work.say(
                f"{counted(left, 'label')} of functions on {name} {'is' if left == 1 else 'are'} not compared: agreement is that of people."
            )
        given[name] = {row.file: in_order(row.label) for row in people or rows}
    return given
