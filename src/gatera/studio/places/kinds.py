"""Which files of a folder are its items: those of one kind."""

from __future__ import annotations

from collections.abc import Iterable

from gatera.core.checks import check_choice, counted
from gatera.core.errors import DataError
from gatera.labeling.sources import KINDS


def of_one_kind(names: Iterable[str], kind: str | None, where: object) -> tuple[str, list[str], str | None]:
    """Return the kind of the items, their names in order, and what to say of the others.

    Args:
        names: the files.
        kind: "photos", "texts" or "recordings"; None for the kind that there is most of.
        where: the folder, for messages.

    Raises:
        DataError: if there are none.
    """
    if kind is not None:
        check_choice("kind", kind, KINDS)
    by_ending = {ending: name for name, endings in KINDS.items() for ending in endings}
    found: dict[str, list[str]] = {name: [] for name in KINDS}
    for name in names:
        ending = "." + name.rpartition(".")[2].lower()
        if ending in by_ending and name[name.rfind("/") + 1] != ".":
            found[by_ending[ending]].append(name)
    chosen = kind or max(found, key=lambda each: len(found[each]))
    if not found[chosen]:
        raise DataError(
            f"{where} holds no {chosen}" if kind else f"{where} holds nothing to label",
            expected="photos, texts (.txt), recordings, or a table whose rows are items",
            remedy="Check the path.",
        )
    others = {each: len(files) for each, files in found.items() if files and each != chosen}
    line = None
    if others and kind is None:
        rest = " and ".join(counted(count, each.rstrip("s"), each) for each, count in others.items())
        shown = counted(len(found[chosen]), chosen.rstrip("s"), chosen)
        line = f"Shown: {shown}. Not shown: {rest} (to see them: --kind {' or '.join(others)})."
    return chosen, found[chosen], line
