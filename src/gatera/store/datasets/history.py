"""Which commit changed what: the log, and the history of one item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gatera.core.progress import track
from gatera.store.datasets.committing import remember
from gatera.store.datasets.labelling import unknown_item
from gatera.store.datasets.labels.changes import Change, summarise
from gatera.store.datasets.labels.moves import moves_of
from gatera.store.datasets.labels.rows import Row, header_of, line_of, name_of_line, row_of
from gatera.store.datasets.labels.three_way import Ends
from gatera.store.datasets.work.cache import BULK
from gatera.store.datasets.work.git import Commit
from gatera.store.datasets.work.workspace import Version, Workspace, changes

#: What is known of a commit whose parents were not fetched.
_CUT_OFF = "what came before was not fetched (git fetch --unshallow)"

#: How labels begin that we wrote.
_HEAD = header_of(()).encode()

#: What the sentence of a commit says that moves items; earlier programs said "1 added, 1 removed", and with another label it is relabelled.
_MOVED = (" moved", " removed", " -> ", " relabelled")

#: What a commit does that only brings two branches together.
_NOTHING = "no changes of its own"


class Entry(NamedTuple):
    """A commit in the log.

    Attributes:
        commit: the commit.
        sentence: what it changed in the labels.
    """

    commit: Commit
    sentence: str


class Step(NamedTuple):
    """A commit in the history of an item.

    Attributes:
        commit: the commit.
        change: the item before and after it.
    """

    commit: Commit
    change: Change


def log(work: Workspace, commit: str | None = None, most: int | None = None) -> list[Entry]:
    """Return the commits that lead to one, newest first, with what each changed."""
    last = work.git.head() if commit is None else work.git.commit_of(commit)
    if last is None:
        return []
    commits = work.git.history(last, most=most)
    known = look_into(work, commits)
    return [Entry(each, known[each.id][1]) for each in commits]


def look_into(work: Workspace, commits: Sequence[Commit]) -> dict[str, tuple[bool, str]]:
    """Find what commits changed, as far as that is not known; return whether each changed many items, and its sentence."""
    known = work.cache.sentences()
    ends = work.git.cut_off()
    known |= dict.fromkeys(
        ends & {each.id for each in commits}, (True, _CUT_OFF)
    )  # not remembered: it may be fetched
    new = [each for each in commits if each.id not in known]
    versions: dict[str, Version] = {}
    for each in track(reversed(new), "Reading the history", total=len(new)):
        found = _changes_of(work, each, versions)
        sentence = summarise(found).sentence() if found or len(each.parents) < 2 else _NOTHING
        remember(work, each.id, found, sentence)
        known[each.id] = (len(found) > BULK, sentence)
    return known


def _changes_of(work: Workspace, commit: Commit, versions: dict[str, Version]) -> list[Change]:
    """Return what a commit changed; for a merge, what is as in none of its parents."""
    after = _at(work, commit.id, versions)
    found: list[Change] | None = None
    for parent in commit.parents:
        now = list(changes(_at(work, parent, versions), after))
        names = {change.file for change in now}
        found = now if found is None else [change for change in found if change.file in names]
    return list(changes(work.at(None), after)) if found is None else found


def _at(work: Workspace, commit: str, versions: dict[str, Version]) -> Version:
    if commit not in versions:
        if len(versions) > 4:
            del versions[next(iter(versions))]
        versions[commit] = work.at(commit)
    return versions[commit]


def blame(work: Workspace, name: str, commit: str | None = None) -> list[Step]:
    """Return the commits that changed an item, newest first; also under the name that it had before it was moved.

    Args:
        work: the repository.
        name: the item.
        commit: the last commit to look at; None for the current one.

    Raises:
        ArgumentError: if the item is in none of the commits.
    """
    last = work.git.head() if commit is None else work.git.commit_of(commit)
    commits = [] if last is None or not name else work.git.history(last)
    look_into(work, commits)
    rows = _rows_of(work, commits, name)
    steps = _steps(commits, rows)
    if not steps:
        raise unknown_item(work, work.now(), name)
    at = 0
    while at < len(
        steps
    ):  # where it was moved, its earlier history is that of the name before, among older commits
        done, change = steps[at]
        if (moved := _moved_in(work, steps[at])) is not None:
            commits = work.git.history(done.parents[0])
            look_into(work, commits)
            earlier = _steps(commits, _rows_of(work, commits, moved.file))
            steps[at:] = [Step(done, Change(moved, change.after, change.extra)), *earlier]
        at += 1
    return steps


def _moved_in(work: Workspace, step: Step) -> Row | None:
    """Return the row that an item had under another name before a commit that moved it; None where it did not."""
    commit, change = step
    if change.before is not None or change.after is None or not commit.parents:
        return None
    said = work.cache.sentences().get(commit.id, (True, " moved"))[1]
    if len(commit.parents) == 1 and not any(word in said for word in _MOVED):
        return None
    ends = Ends()
    for each in changes(work.at(commit.parents[0]), work.at(commit.id)):
        if each.extra == change.extra:
            ends.note(each)
    old = next((old for old, new in moves_of(ends).items() if new == change.file), None)
    return None if old is None else ends.gone[old]


#: An item after a commit, None where it is not there, and the columns beyond ours.
_State = tuple[Row | None, tuple[str, ...]]


def _rows_of(work: Workspace, commits: Sequence[Commit], name: str) -> dict[str, _State]:
    """Return an item after each commit; `commits` are newest first, none before those it comes from."""
    known, lines = work.cache.sentences(), work.cache.lines_of(name)
    rows: dict[str, _State] = {}
    for each in reversed(commits):
        came = {rows[parent] for parent in each.parents if parent in rows}
        if each.id in lines:
            line, extra = lines[each.id]
            rows[each.id] = (None if line is None else row_of(line, len(extra)), extra)
        elif known.get(each.id, (True, ""))[0] or len(came) > 1:
            # it changed too much to be listed, nothing can be kept, or it is as on one of the branches that it joins
            rows[each.id] = _row_at(work, each.id, name)
        else:
            rows[each.id] = next(iter(came), (None, ()))
    return rows


def _steps(commits: Sequence[Commit], rows: dict[str, _State]) -> list[Step]:
    """Return the changes that led to the item as it is: where branches join, only those of the branch that it is as in."""
    steps: list[Step] = []
    wanted = {each.id for each in commits[:1]}
    for each in commits:
        if each.id not in wanted:
            continue
        after, extra = rows[each.id]
        same = [parent for parent in each.parents if rows.get(parent, (None, ()))[0] == after]
        wanted.update(same[:1] or each.parents)
        before = rows[each.parents[0]][0] if each.parents and each.parents[0] in rows else None
        if not same and after != before:
            steps.append(Step(each, Change(before, after, extra)))
    return steps


def _row_at(work: Workspace, commit: str, name: str) -> tuple[Row | None, tuple[str, ...]]:
    """Return the row of an item at a commit, found in the bytes of its part: parsing all of it takes longer."""
    version = work.at(commit)
    part = version.part_of(name)
    if part not in version.names:
        return None, ()
    data = next(work.git.read([version.names[part]]))
    if (
        b"\r" in data or b"<<<<<<< " in data or not data.startswith(_HEAD)
    ):  # git committed what another program wrote
        sheet = version.sheet(part)
        return sheet.row(name), sheet.extra
    cell = line_of(Row(name)).removesuffix(",,,,,,,,")
    at = data.find(f"\n{cell},".encode("utf-8", "surrogatepass"))
    head = data[: data.find(b"\n")].decode()
    extra = tuple(head.split(",")[9:])
    if at < 0:
        return None, extra
    line = data[at + 1 : data.find(b"\n", at + 1)].decode("utf-8")
    assert name_of_line(line) == name
    return row_of(line, len(extra)), extra
