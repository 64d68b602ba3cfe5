"""Settle the conflicts that git itself found in labels: the rules and answers are those of `gatera data merge`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gatera.core.checks import listed
from gatera.core.errors import DataError
from gatera.store.datasets.committing import tracked_paths
from gatera.store.datasets.labels.alike import alike_in_case
from gatera.store.datasets.labels.changes import Summary, summarise
from gatera.store.datasets.labels.conflict_sides import holds_marks, sides_of
from gatera.store.datasets.labels.sheets import FOLDER, PARTS, TABLE, Sheet, split_up
from gatera.store.datasets.labels.three_way import Conflict, Rule, settle
from gatera.store.datasets.merging import MergeConflictError, merged_parts, stamp_of
from gatera.store.datasets.with_git.marks import Outside, outside_marks
from gatera.store.datasets.with_git.unfinished import Begun, begun
from gatera.store.datasets.work.conflict_table import CONFLICTS, Answers, AnyPath, answers_of, write_conflicts
from gatera.store.datasets.work.workspace import Version, Workspace, changes, part_at


class Resolved(NamedTuple):
    """What became of git's conflicts.

    Attributes:
        summary: what differs from the current commit now.
        settled: how many items were in conflict.
        begun: what git is in the middle of; None for a stash that was taken back.
        left: other files that are still in conflict.
    """

    summary: Summary
    settled: int
    begun: Begun | None
    left: list[str]


def resolve(work: Workspace, rule: Rule | None, answers: Mapping[str, str] | AnyPath | None) -> Resolved:
    """Settle the conflicts in the labels, write them whole, and tell git. The lock must be held.

    What was settled by hand in the files of labels counts first, then the answers, then the rule.

    Raises:
        DataError: if no labels are in conflict.
        MergeConflictError: if nothing settles some. Nothing is written then.
    """
    clashing, stages = _unmerged(work)
    if not any(stages):
        stages = _committed_marks(work)  # somebody committed what git could not merge
    if not any(stages):
        raise DataError(
            "no labels are in conflict",
            remedy="This is for conflicts that git itself found: after git merge, git rebase or git pull.",
        )
    what = begun(work.git)
    if what == "rebase":  # git puts my commits on theirs, one by one: its "ours" is the other side
        stages = [stages[0], stages[2], stages[1]]
        work.say('In a rebase, "mine" is the commit that is being moved, and "theirs" what it is put on.')
    mixed = len({"" in stage for stage in stages if stage}) > 1  # the labels went into parts on one side
    by_hand = {} if mixed else _by_hand(work, stages)
    sheets, settled = _settled(work, stages, by_hand, rule, answers_of(answers, work.say))
    if mixed and "" in sheets:
        sheets = split_up(sheets[""])
    work.write(sheets)
    if mixed:
        (work.root / TABLE).unlink(missing_ok=True)
    work.git.run(
        "add", "--all", "--force", "--", *(name for name in tracked_paths(work) if name in (TABLE, PARTS))
    )
    (work.hidden / CONFLICTS).unlink(missing_ok=True)
    base = work.head()
    left = [name for name in clashing if name not in _labels_of(stages)]
    return Resolved(summarise(changes(base, work.now(base))), settled, what, left)


def _unmerged(work: Workspace) -> tuple[list[str], list[dict[str, str]]]:
    """Return every file in conflict, and the labels of base, ours and theirs among them: part -> blob."""
    listing = work.git.run("ls-files", "--unmerged", "-z").decode("utf-8", "surrogateescape")
    stages: list[dict[str, str]] = [{}, {}, {}]
    names = []
    for entry in filter(None, listing.split("\0")):
        facts, _, path = entry.partition("\t")
        _, blob, stage = facts.split(" ")
        names.append(path)
        part = part_at(path)
        if part is not None:
            stages[int(stage) - 1][part] = blob
    if any("" in stage for stage in stages) and (parts := _staged_parts(work)):
        # one side has its labels in parts: these are in the index without a conflict, and its labels.csv is gone
        stages = [stage if "" in stage or not number else parts for number, stage in enumerate(stages)]
    return list(dict.fromkeys(names)), stages


def _committed_marks(work: Workspace) -> list[dict[str, str]]:
    """Return what both sides of files with marks have in common, and each side: part -> blob."""
    stages: list[dict[str, str]] = [{}, {}, {}]
    for part in work.now().names:
        data = work.path_of(part).read_bytes()
        if holds_marks(data):
            for stage, side in zip(stages, sides_of(data), strict=True):
                stage[part] = work.git.run("hash-object", "-w", "--stdin", given=side).decode().strip()
    return stages


def _staged_parts(work: Workspace) -> dict[str, str]:
    listing = work.git.run("ls-files", "--stage", "-z", "--", f"{FOLDER}/").decode("utf-8", "surrogateescape")
    found = {}
    for entry in filter(None, listing.split("\0")):
        facts, _, path = entry.partition("\t")
        part = part_at(path)
        if part:
            found[part] = facts.split(" ")[1]
    return found


def _labels_of(stages: list[dict[str, str]]) -> set[str]:
    return {f"{FOLDER}/{part}.csv" if part else TABLE for stage in stages for part in stage}


def _version(work: Workspace, blobs: dict[str, str]) -> Version:
    def load(part: str, like: Sheet | None) -> Sheet:
        return work.as_committed(next(work.git.read([blobs[part]])), part, None, like)

    return Version(blobs, load)


def _by_hand(work: Workspace, stages: list[dict[str, str]]) -> dict[str, Outside]:
    """Return what stands outside git's marks in the folder, by part: there somebody may have settled items."""
    found = {}
    for part in {part for stage in stages for part in stage}:
        path = work.path_of(part)
        if path.is_file() and (outside := outside_marks(path.read_bytes())) is not None:
            found[part] = outside
    return found


def _settled(
    work: Workspace,
    stages: list[dict[str, str]],
    by_hand: Mapping[str, Outside],
    rule: Rule | None,
    given: Answers,
) -> tuple[dict[str, Sheet], int]:
    """Return the labels of every part that was in conflict, and how many items were.

    Raises:
        MergeConflictError: if some are left.
    """
    base, mine, theirs = (_version(work, stage) for stage in stages)
    stamp, every, left = stamp_of(work), list[Conflict](), list[Conflict]()
    sheets: dict[str, Sheet] = {}
    known = set[str]()
    for part, (merged, sheet) in merged_parts((base, mine, theirs)).items():
        known.update(conflict.file for conflict in merged.conflicts)
        outside = by_hand.get(part)
        here = outside.rows if outside is not None and outside.extra == merged.extra else {}
        merged.conflicts = [conflict for conflict in merged.conflicts if conflict.file not in here]
        every += merged.conflicts
        left += settle(merged, rule, given.to(merged.conflicts), stamp)
        merged.put_into(sheet)
        sheet.put(row for name, row in here.items() if name in sheet)
        sheets[part] = sheet
    if strange := [name for name in given if name not in known]:
        raise DataError(
            f"{strange[0]} is not in conflict",
            available=listed(sorted(known)) or None,
            remedy="Remove it from the answers.",
        )
    if sentence := given.words(every):
        work.say(sentence)
    if left:
        raise MergeConflictError(
            "settling the conflicts", left, write_conflicts(work.hidden / CONFLICTS, every, given)
        )
    if sentence := alike_in_case(given.labels, sheets.values()):
        work.say(sentence)
    return sheets, len(known)
