"""Items that are alike: names that some systems take for one, and files with the same bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from gatera.core.escape import composed
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
