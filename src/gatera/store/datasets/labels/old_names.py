"""Labels that one side of a merge renamed, and the other still gives: after the merge there are both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from gatera.core.checks import counted
from gatera.core.escape import shell_quote
from gatera.store.datasets.labels.rows import row_of
from gatera.store.datasets.labels.sheets import Sheet

#: (label before, label now) -> items, of what a side relabelled.
Relabelled = Mapping[tuple[str, str], int]


def labels_of(sheet: Sheet) -> Counter[str]:
    """Return label -> items that have it, among others perhaps; a line without quotes is not parsed."""
    cells = Counter(
        line.split(",", 3)[2] if '"' not in line else row_of(line).label for line in sheet.lines.values()
    )
    found = Counter[str]()
    for cell, number in cells.items():
        for label in cell.split(";"):
            found[label] += number
    return found


def left_of(sheet: Sheet, relabelled: Relabelled) -> set[str]:
    """Return which of the labels that a side changed it still has somewhere."""
    return {old for old, _ in relabelled} & labels_of(sheet).keys() if relabelled else set()


def sentences(
    sides: Sequence[tuple[Relabelled, set[str]]],
    whole: Callable[[int], Iterable[Sheet]],
    result: Callable[[], Iterable[Sheet]],
) -> Iterator[str]:
    """Yield what there is to say of each label that one side renamed throughout, and that is there again after the merge.

    Args:
        sides: of mine and theirs, what it relabelled, and which of these labels it still has, as far as the merge read it.
        whole: yields the parts of a side, 0 or 1, of which the merge may not have looked at all.
        result: yields the labels after the merge.
    """
    for side, (relabelled, left) in enumerate(sides):
        renamed = _renamed(relabelled, left)
        for sheet in whole(side) if renamed else ():
            renamed = _only(renamed, renamed.keys() - labels_of(sheet).keys())
        after = Counter[str]()
        for sheet in result() if renamed else ():
            after.update(labels_of(sheet))
        for old, new in _only(renamed, renamed.keys() & after.keys()).items():
            yield (
                f"The label {old!r} became {new!r} on one side, and {counted(after[old], 'item')} of the other "
                f"still {'has' if after[old] == 1 else 'have'} it, so both exist now. If they are the same: gatera data label --rename {shell_quote(f'{old}={new}')}"
            )


def _only(renamed: Mapping[str, str], keys: Collection[str]) -> dict[str, str]:
    return {old: new for old, new in renamed.items() if old in keys}


def _renamed(relabelled: Relabelled, left: set[str]) -> dict[str, str]:
    """Return label before -> the label that most of its items have now, of labels that a side has no more."""
    per_old: dict[str, Counter[str]] = {}
    for (old, new), number in relabelled.items():
        if old and new and old not in left:
            per_old.setdefault(old, Counter())[new] += number
    return {old: most.most_common(1)[0][0] for old, most in per_old.items()}
