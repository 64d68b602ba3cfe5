"""Merge another branch's labels, and undo a commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from gatera.core.checks import counted, listed
from gatera.core.errors import DataError
from gatera.store.datasets.committing import remember
from gatera.store.datasets.labels import old_names
from gatera.store.datasets.labels.alike import alike_in_case
from gatera.store.datasets.labels.changes import Change, Summary, changes_between, summarise
from gatera.store.datasets.labels.moves import follow_moves
from gatera.store.datasets.labels.renamed_labels import settle_renames
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.labels.sheets import Sheet, split_up
from gatera.store.datasets.labels.taken_names import come_twice
from gatera.store.datasets.labels.three_way import Conflict, Merged, Parts, Rule, merge_sheets, settle
from gatera.store.datasets.moving import check_clean, commit_of_sheets, move
from gatera.store.datasets.work.conflict_table import CONFLICTS, AnyPath, answers_of, write_conflicts
from gatera.store.datasets.work.git import GitError
from gatera.store.datasets.work.workspace import Version, Workspace, changes, part_at
from gatera.store.who import now

#: What git keeps besides labels: lists of lines, whose order means nothing.
_LISTS = (".gitignore", ".gitattributes")


class MergeConflictError(DataError):
    """Two people changed the same items differently. Nothing was merged.

    Args:
        what: what was to be done.
        conflicts: the items.
        table: where they are listed, to be filled in.
    """

    def __init__(self, what: str, conflicts: Sequence[Conflict], table: Path) -> None:
        self.conflicts, self.table = list(conflicts), table
        shown = [f"{conflict.file}: {conflict.words()}" for conflict in conflicts[:3]]
        super().__init__(
            f"{what} needs {len(conflicts):,} {'answer' if len(conflicts) == 1 else 'answers'}, and changed nothing: both sides changed {shown[0]}",
            remedy=f"Answer item by item in the column 'answer' of {table} (mine, theirs, or a label) and pass answers={str(table)!r}, or by a rule: rule='mine', "
            "'theirs', 'newest', or 'person'.",
        )  # fmt: skip


class MergeResult(NamedTuple):
    """What a merge or a revert did.

    Attributes:
        commit: the commit that it made or went to; None if there was nothing to do.
        summary: what changed on the current branch.
        settled: how many conflicts were settled.
        forward: whether the branch only moved forward.
    """

    commit: str | None
    summary: Summary
    settled: int = 0
    forward: bool = False


def merge(
    work: Workspace,
    branch: str,
    rule: Rule | None,
    answers: Mapping[str, str] | AnyPath | None,
    message: str | None,
) -> MergeResult:
    """Merge a branch or commit into the current branch. The lock must be held."""
    git = work.git
    theirs, mine = git.commit_of(branch), git.head()
    check_clean(work, "a merge")
    base = None if mine is None else git.ask("merge-base", mine, theirs)
    if mine is not None and base is None:
        _check_whole(work, f"what {branch} and the current branch have in common")
        work.say(
            f"{branch} and the current branch have no commit in common: two data sets become one (to go back after that: git reset --hard {mine[:8]})."
        )
    if base == theirs:
        return MergeResult(None, Summary())
    before = work.at(mine)
    if mine is None or base == mine:
        move(work, theirs, branch="HEAD", how=f"merge {branch}")
        return MergeResult(theirs, summarise(changes(before, work.at(theirs))), forward=True)
    versions = work.at(base), before, work.at(theirs)
    sheets, settled = _merged(work, versions, f"merging {branch}", rule, answers)
    start = _other_files(work, base, mine, theirs, branch)
    others = {
        name: data for name in _LISTS if (data := _merged_lines(work, name, (base, mine, theirs))) is not None
    }
    made = commit_of_sheets(work, sheets, start, [mine, theirs], message or f"Merge {branch}", others)
    return _went(work, made, before, settled, f"merge {branch}")


def revert(
    work: Workspace, commit: str, rule: Rule | None, answers: Mapping[str, str] | AnyPath | None
) -> MergeResult:
    """Undo the changes of a commit in a new one; what others changed since stays. The lock must be held."""
    git = work.git
    undone, head = git.commit_of(commit), git.head()
    check_clean(work, "a revert")
    assert head is not None
    found = git.history(undone, most=1)[0]
    if undone in git.cut_off():
        _check_whole(work, f"what came before {undone[:8]}")
    before = work.at(head)
    parent = work.at(found.parents[0] if found.parents else None)
    if not parent.names:
        parent = Version(dict.fromkeys(before.names, "none"), lambda part, like: Sheet())
    sheets, settled = _merged(
        work, (work.at(undone), before, parent), f"reverting {undone[:8]}", rule, answers
    )
    if not any(sheet.lines != before.sheet(part).lines for part, sheet in sheets.items()):
        return MergeResult(None, Summary())
    message = f'Revert "{found.subject}"\n\nThis reverts the labels of commit {undone}.'
    made = commit_of_sheets(work, sheets, head, [head], message)
    return _went(work, made, before, settled, f"revert {undone[:8]}")


def _check_whole(work: Workspace, what: str) -> None:
    if work.git.cut_off():
        raise DataError(
            f"{what} is not here, because this clone is shallow",
            remedy="Fetch all of it: git fetch --unshallow",
        )


def _went(work: Workspace, made: str, before: Version, settled: int, how: str) -> MergeResult:
    move(work, made, branch="HEAD", how=how)
    changed = list(changes(before, work.at(made)))
    summary = summarise(changed)
    if how.startswith("revert"):
        remember(work, made, changed, summary.sentence())
    (work.hidden / CONFLICTS).unlink(missing_ok=True)
    return MergeResult(made, summary, settled)


def _merged(
    work: Workspace,
    versions: tuple[Version, Version, Version],
    what: str,
    rule: Rule | None,
    answers: Mapping[str, str] | AnyPath | None,
) -> tuple[dict[str, Sheet], int]:
    """Return the parts of the current labels that the merge changes, and how many conflicts were settled.

    Raises:
        MergeConflictError: if some are left.
    """
    given = answers_of(answers, work.say)
    parts = merged_parts(versions)
    mine = versions[1]
    followed = follow_moves(
        Parts(parts, mine.part_of, mine.sheet),
        lambda: _rest(versions, parts),
        rule == "theirs",
        some_alike=_some_alike(versions),
    )
    found = [merged for merged, _ in parts.values()]
    renamed = settle_renames(found)
    known = {conflict.file for merged in found for conflict in merged.conflicts}
    if strange := [name for name in given if name not in known]:
        raise DataError(
            f"{strange[0]} is not in conflict",
            available=listed(sorted(known)) or None,
            remedy="Remove it from the answers.",
        )
    stamp = stamp_of(work)
    every, left = [conflict for merged in found for conflict in merged.conflicts], []
    for merged in found:
        left += settle(merged, rule, given.to(merged.conflicts), stamp)
    if sentence := given.words(every):
        work.say(sentence)
    if left:
        raise MergeConflictError(what, left, write_conflicts(work.hidden / CONFLICTS, every, given))
    for sentence in followed.sentences():
        work.say(sentence)
    for file, label in list(renamed.items())[:1]:
        work.say(
            f"{counted(len(renamed), 'item')} whose label one side only renamed: the other side's label counts, e.g. {file} is {label}."
        )
    relabelled = _relabelled(versions, parts)
    for merged, sheet in parts.values():
        merged.put_into(sheet)
    if sentence := alike_in_case(given.labels, (sheet for _, sheet in parts.values())):
        work.say(sentence)
    for sentence in (
        *_about_old_names(versions, parts, relabelled),
        *_about_twice(versions, parts, followed.left),
    ):
        work.say(sentence)
    return {part: sheet for part, (merged, sheet) in parts.items() if merged.rows}, len(known)


def merged_parts(versions: tuple[Version, Version, Version]) -> dict[str, tuple[Merged, Sheet]]:
    """Merge base, mine and theirs part by part; returns for each part that differs the merge, and mine, into which it is to be put."""
    return {
        part: (merge_sheets(base, mine, theirs), mine)
        for part, (base, mine, theirs) in _parts(versions).items()
    }


def _relabelled(
    versions: tuple[Version, Version, Version], parts: Mapping[str, tuple[Merged, Sheet]]
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """Return what each side, mine and theirs, relabelled; of mine all only where the other gives a label that is not in the parts here."""
    mine, theirs = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for merged, _ in parts.values():
        mine += merged.ends[0].relabelled
        theirs += merged.ends[1].relabelled
    given = {row.label for merged, _ in parts.values() for row in merged.rows.values() if row is not None}
    given.discard("")
    for _, sheet in parts.values() if given else ():
        given.difference_update(old_names.labels_of(sheet))
    if given:
        mine += Counter(
            change.cell("label") for change, _ in _rest(versions, parts) if change.kind == "relabelled"
        )
    return mine, theirs


def _about_old_names(
    versions: tuple[Version, Version, Version],
    parts: Mapping[str, tuple[Merged, Sheet]],
    relabelled: tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]],
) -> Iterator[str]:
    """Yield what there is to say of labels that one side renamed; `mine` in the parts is the result."""
    left = set[str](), set[str]()
    for merged, _ in parts.values():
        for side, ends in enumerate(merged.ends):
            left[side].update(ends.left)
    mine = versions[1]

    def whole(side: int) -> Iterator[Sheet]:  # labels in one file were looked at whole
        return (versions[side + 1].sheet(part) for part in versions[side + 1].names if part)

    def result() -> Iterator[Sheet]:
        yield from (sheet for _, sheet in parts.values())
        yield from (mine.sheet(part) for part in mine.names if part and part not in parts)

    yield from old_names.sentences(list(zip(relabelled, left, strict=True)), whole, result)


def _about_twice(
    versions: tuple[Version, Version, Version], parts: Mapping[str, tuple[Merged, Sheet]], left: set[str]
) -> Iterator[str]:
    """Yield what there is to say of items that come twice, where both sides gave names to other items; `mine` in the parts is the result."""
    placed = {row.sha256 for merged, _ in parts.values() for row in merged.rows.values() if row is not None}
    if not left & placed:
        return
    rest = (versions[1].sheet(part) for part in versions[1].names if part not in parts)
    result = chain((sheet for _, sheet in parts.values()), rest)
    twice = come_twice(left & placed, [version.sheets() for version in versions], result)
    for names in list(twice.values())[:1]:
        many, where = counted(len(twice), "item"), " and ".join(names)
        yield f"{many} twice now, because both sides gave these names to other items: {where} have the same bytes. Remove one: its file, then gatera data add --removed ."


def _rest(
    versions: tuple[Version, Version, Version], parts: Collection[str]
) -> Iterator[tuple[Change, bool]]:
    """Yield what the current branch changed in the parts that a merge does not look at, and whether the other side did the same."""
    base, mine, theirs = versions
    if base.in_parts != mine.in_parts:
        return  # then the merge looks at all
    for part in sorted(base.names.keys() | mine.names.keys()):
        if part not in parts and base.names.get(part) != mine.names.get(part):
            old, same = base.sheet(part), mine.names.get(part) == theirs.names.get(part)
            for change in changes_between(old, mine.sheet(part, like=old)):
                yield change, same


def _some_alike(versions: tuple[Version, Version, Version]) -> bool:
    """Whether both sides changed a part in the same way, so that a merge does not look at it."""
    base, mine, theirs = (version.names for version in versions)
    parts = base.keys() | mine.keys()
    return any(mine.get(part) == theirs.get(part) != base.get(part) for part in parts)


def stamp_of(work: Workspace) -> Callable[[Row], Row]:
    """Return what writes into a row that the user gave its label, now."""
    by, at = work.git.user(), now()
    return lambda row: row._replace(by=by, at=at)


def _parts(versions: tuple[Version, Version, Version]) -> dict[str, tuple[Sheet, Sheet, Sheet]]:
    """Return base, mine and theirs part by part, in the way that mine is in; parts that only one side changed are among them."""
    mine = versions[1]
    if all(version.in_parts == mine.in_parts or not version.names for version in versions):
        names = sorted({name for version in versions for name in version.names})
        changed = [
            name
            for name in names
            if versions[0].names.get(name) != versions[2].names.get(name)
            and mine.names.get(name) != versions[2].names.get(name)
        ]
        return {name: _three(versions, name) for name in changed}
    wholes = [version.whole() for version in versions]
    if not mine.in_parts:
        return {"": (wholes[0], wholes[1], wholes[2])}
    split = [split_up(whole) for whole in wholes]
    return {name: (split[0][name], split[1][name], split[2][name]) for name in split[0]}


def _three(versions: tuple[Version, Version, Version], part: str) -> tuple[Sheet, Sheet, Sheet]:
    base = versions[0].sheet(part)
    return base, versions[1].sheet(part, like=base), versions[2].sheet(part, like=base)


def _other_files(work: Workspace, base: str | None, mine: str, theirs: str, branch: str) -> str:
    """Return the commit or tree that has the merge of all other files that git keeps.

    Raises:
        DataError: if they do not merge.
    """
    changed = (work.git.ask("diff-tree", "-r", "-z", "--name-only", base or mine, theirs) or "").split("\0")
    prefix = work.git.ask("rev-parse", "--show-prefix") or ""
    others = [name for name in changed if name and not _is_ours(name.removeprefix(prefix))]
    if not others:
        return mine
    try:
        return work.git.run("merge-tree", "--write-tree", mine, theirs).decode().split("\n", 1)[0]
    except GitError:
        pass
    found = work.git._run(("merge-tree", "--write-tree", "--name-only", "-z", mine, theirs), None, None)
    tree, *names = found.stdout.decode("utf-8", "surrogateescape").split("\0\0", 1)[0].split("\0")
    clashing = [name for name in names if not _is_ours(name.removeprefix(prefix))]
    if clashing or found.returncode > 1:
        raise DataError(
            f"the labels of {branch} merge, but not the other files that git keeps: {listed(clashing, 5)}",
            remedy=f"Merge those first: git merge {branch}, which leaves the labels to do.",
        )
    return tree


def _merged_lines(work: Workspace, name: str, commits: tuple[str | None, str, str]) -> bytes | None:
    """Return a list that git keeps, with the lines that either side added and without those that either removed; None where theirs is as before."""
    blobs = [{} if commit is None else work.git.blobs(commit, name) for commit in commits]
    if blobs[0].get(name) == blobs[2].get(name):
        return None
    base, mine, theirs = (
        [] if name not in each else next(work.git.read([each[name]])).splitlines() for each in blobs
    )
    lines = [line for line in mine if line not in base or line in theirs]
    lines += [line for line in theirs if line not in base and line not in mine]
    return b"\n".join([*lines, b""])


def _is_ours(name: str) -> bool:
    return name in _LISTS or part_at(name) is not None
