"""Files that came in the place of others, under their names, since somebody decided about those."""

from __future__ import annotations

from gatera.core.errors import DataError
from gatera.studio.desk.desk import Desk
from gatera.studio.places.place import Place

#: The mark of a file that was not there when somebody decided about it: one that comes later is another.
GONE = "-"


class Marks:
    """What tells items from others that get their names; see `Place.mark`.

    Args:
        place: the items.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._found: dict[str, tuple[tuple[int, ...], str]] = {}

    def decided(self, name: str) -> str:
        """Return the mark to keep with a decision that is made now."""
        return self._place.mark(name) or GONE

    def differs(self, desk: Desk, name: str) -> bool:
        """Whether an item is another than the one that a person decided about, as a page shows it: a file is read again only where its
        facts changed.
        """
        marks = _marks(desk, name)
        return bool(marks) and bool((now := self._seen(name)) and marks - {now})

    def replaced(self, desk: Desk) -> list[str]:
        """Return the items that are others now than when a person decided about them, sorted; every file is read."""
        names = set().union(*desk.said.values()) & self._place.places.keys()
        marks = {name: found for name in names if (found := _marks(desk, name))}
        return sorted(name for name, of in marks.items() if (now := self._place.mark(name)) and of - {now})

    def _seen(self, name: str) -> str:
        """Return the mark of an item; "" where it is gone."""
        if self._place.kind == "rows":  # they are in memory
            return self._place.mark(name)
        try:
            facts = self._place.path(self._place.places[name]).stat()
        except (OSError, DataError):
            return ""
        stamp = (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        kept = self._found.get(name)
        if kept is None or kept[0] != stamp:
            kept = self._found[name] = stamp, self._place.mark(name)
        return kept[1]


def _marks(desk: Desk, name: str) -> set[str]:
    """Return what an item was told by when a person gave it what says what it is: a flag, or a note, for another file of its name does
    not make that right. Without any, when they last flagged or noted it. Journals of earlier versions have no marks.
    """
    said = [desk.said[about][name] for about in ("label", "mask", "points") if name in desk.said[about]]
    if not said:
        about = [desk.said[each][name] for each in ("flag", "note") if name in desk.said[each]]
        said = [max(about, key=lambda each: each.n)] if about else []
    return {each.mark for each in said} - {""}
