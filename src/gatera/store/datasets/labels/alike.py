"""What is alike: names that some systems take for one, files with the same bytes, and labels that differ in upper and lower case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from gatera.core.escape import composed, shell_quote
from gatera.store.datasets.labels.old_names import labels_of
from gatera.store.datasets.labels.sheets import Sheet


def clashes(sheet: Sheet, new: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of names that are one name where neither case nor the way to write an accent counts, a new one among them."""
    wanted = {_folded(name) for name in new}
    alike: dict[str, list[str]] = {}
    for name in sheet.lines:
        if (folded := _folded(name)) in wanted:
            alike.setdefault(folded, []).append(name)
    for names in alike.values():
        if len(names) > 1:
            yield names[0], names[1]


def _folded(name: str) -> str:
    return composed(name).casefold()


def copies(sheet: Sheet, new: Sequence[str], hashes: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return pairs of files with the same bytes, of which the second is new.

    Args:
        sheet: all items.
        new: the items that are new.
        hashes: new item -> hash of its file.
    """
    if not new:
        return []
    counts = Counter(hashes[name] for name in new)
    fresh = set(new)
    first = {row.sha256: row.file for row in sheet.rows() if row.sha256 in counts and row.file not in fresh}
    pairs = []
    for name in new:
        if hashes[name] in first:
            pairs.append((first[hashes[name]], name))
        first.setdefault(hashes[name], name)
    return pairs


def alike_in_case(given: Set[str], sheets: Iterable[Sheet]) -> str | None:
    """Return a sentence about a label that differs from a given one in upper and lower case alone; None where there is none.

    Args:
        given: the labels that were given; "" is none.
        sheets: where they are now; of labels in parts, those that changed.
    """
    named = {label.casefold(): label for label in sorted(given) if label}
    there = {other for sheet in sheets for other in labels_of(sheet)} if named else set()
    for other in sorted(there):
        label = named.get(other.casefold(), other)
        if label != other:
            return (
                f"There is also the label {other!r}, which differs from {label!r} only in upper and lower case. "
                f"If they are the same: gatera data label --rename {shell_quote(f'{label}={other}')}"
            )
    return None
