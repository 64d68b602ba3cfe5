"""Labels that one side of a merge renamed, and the other still gives: after the merge there are both."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from gatera.core.checks import counted
from gatera.store.datasets.labels.sheets import Sheet

#: (label before, label now) -> items, of what a side relabelled.
Relabelled = Mapping[tuple[str, str], int]


def count(sheet: Sheet, label: str, most: int | None = None) -> int:
    """Return how many items have a label, among others perhaps; after `most` the counting ends.

    Lines are not parsed: a cell of another column that is exactly the label counts too, and a label with a comma is not found.
    """
    forms = [f"{before}{label}{after}" for before in ",;" for after in ",;"]
    found = 0
    for line in sheet.lines.values():
        if label in line and any(form in line for form in forms):
            found += 1
            if found == most:
                break
    return found


def left_of(sheet: Sheet, relabelled: Relabelled) -> set[str]:
    """Return which of the labels that a side changed it still has somewhere."""
    return {old for old in {old for old, _ in relabelled} if old and count(sheet, old, most=1)}


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
            renamed = {old: new for old, new in renamed.items() if not count(sheet, old, most=1)}
        for old, new in renamed.items():
            if again := sum(count(sheet, old) for sheet in result()):
                yield (
                    f"The label {old!r} became {new!r} on one side, and {counted(again, 'item')} of the other "
                    f"{'has' if again == 1 else 'have'} it still, so there are both now. "
                    f"If they are one: gatera data label --rename {shlex.quote(f'{old}={new}')}"
                )


def _renamed(relabelled: Relabelled, left: set[str]) -> dict[str, str]:
    """Return label before -> the label that most of its items have now, of labels that a side has no more."""
    per_old: dict[str, Counter[str]] = {}
    for (old, new), number in relabelled.items():
        if old and new and old not in left:
            per_old.setdefault(old, Counter())[new] += number
    return {old: most.most_common(1)[0][0] for old, most in per_old.items()}
