"""The end of a session: everything that a person decided goes to where labels are kept, in one step."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Mapping
from typing import NamedTuple

from gatera.core.checks import counted
from gatera.core.errors import DataError
from gatera.store.who import now
from gatera.studio.desk.desk import Desk
from gatera.studio.masks.writing import Writing
from gatera.studio.places.masks import MaskPlace
from gatera.studio.places.place import Known, Written
from gatera.studio.points import placed_since
from gatera.studio.studio import Studio, labelled_since

#: What a note says where a guess was taken.
_TOOK = re.compile(r"(?:; )?took the guess of .*? \(p=\d\.\d\d\)")


class Left(NamedTuple):
    """What leaving did.

    Attributes:
        written: what was written; None where nothing waited.
        disputed: items that others labelled differently meanwhile; they stay with the person.
        sentence: all of it, for people.
    """

    written: Written | None
    disputed: list[str]
    sentence: str


def leave(studio: Studio, by: str, message: str = "") -> Left:
    """Write a person's decisions, in one commit where there are commits. What others labelled differently meanwhile is not overwritten.

    Args:
        studio: the studio.
        by: the person.
        message: of the commit; "" for one that says who, how many and how long.

    Raises:
        DataError: if the labels cannot be written; the decisions stay in the journal.
    """
    with studio.lock:
        studio.check_there()
        studio.refresh(always=True)
        desk = studio.people.desk(by)
        names = sorted(
            set().union(*(desk.said[about] for about in ("label", "flag", "note", "mask", "points")))
        )
        if not names:
            return Left(None, [], "Nothing has been decided since the last time.")
        disputed: list[str] = []
        gone, replaced = set(names), set(studio.replaced(desk))

        drawn = _writing(studio, by)

        def decide(name: str, known: Known) -> Mapping[str, str] | None:
            if drawn is not None and name not in studio.place.places:
                return None
            gone.discard(name)
            if name in replaced:
                return None
            cells = {} if drawn is None else drawn.cells(desk, name, disputed)
            cells = {**cells, **_cells(desk, by, name, known, disputed)}
            return (
                None if name in disputed[-1:] else cells or None
            )  # it stays whole: what is written again is said twice

        upto = desk.n
        written = studio.place.write(names, decide, message or _message(studio, desk, by, replaced))
        entry = {
            "n": upto + 1, "at": now(), "what": "commit", "upto": upto,
            "left": [*disputed, *sorted(gone | replaced)], "commit": written.commit,
        }  # fmt: skip
        # also where nothing is written: the label that looked wrong is right
        judged = {name: desk.labels[name] for name in desk.labels.keys() - {*disputed, *gone, *replaced}}
        try:
            studio.people.write(by, entry)
        except DataError as err:
            raise DataError(
                f"the labels are written, but {err.problem}",
                remedy="Nothing is lost. Free some disk space, then finish again.",
            ) from err
        studio.judge(judged)
        studio.people.begin_anew(by)
        studio.reread()
        if drawn is not None:
            drawn.tidy(desk)
        contested = sum(1 for name in judged if studio.differing(studio.people.desk(by), by, name))
    told = [
        drawn.sentence() if drawn is not None else "",
        written.sentence,
        _told(contested, "that others labelled differently, and have not finished. See the queue of disagreements."),
        _told(len(disputed), "that others have changed in the meantime: not overwritten. See the queue of disagreements."),
        f"Not written: {counted(len(replaced), 'item')} whose files were replaced since, {min(replaced)} for one. Look again, and decide again."
        if replaced else "",
        f"No longer there: {counted(len(gone), 'item')}; what was decided stays in the journal." if gone else "",
    ]  # fmt: skip
    return Left(written, disputed, " ".join(filter(None, told)))


def _told(items: int, what: str) -> str:
    return f"{counted(items, 'item')} {what}" if items else ""


def _writing(studio: Studio, by: str) -> Writing | None:
    place = studio.place
    if not isinstance(place, MaskPlace) or place.masks is None:
        return None
    return Writing(place.masks, studio.drawings, by, place.replaced(now()))


def _cells(desk: Desk, by: str, name: str, known: Known, disputed: list[str]) -> dict[str, str]:
    """Return the cells to write for an item; none where nothing changes. Items that others labelled differently are added to `disputed`."""
    cells: dict[str, str] = {}
    label = desk.labels.get(name)
    if label is not None:
        if labelled_since(label, by, known):
            disputed.append(name)
        elif label.value != known.label or (label.value and not known.by_person):
            cells = {
                "label": label.value,
                "source": "" if label.source == "person" else label.source,
                "by": by,
                "at": label.at,
            }
            again = label.source == known.source != "person"  # a program's answer is confirmed once more
            cells |= {
                "seconds": f"{label.seconds:.1f}",
                "note": known.note if again else _note(known, label.guess),
            }
    note = desk.said["note"].get(name)
    if note is not None:  # somebody else's note that was not seen stays in front
        unseen = (
            note.saw
            and known.note not in (note.value, *note.saw)
            and not known.note.endswith(f"; {note.value}")
        )
        cells["note"] = _joined(
            known.note if unseen else "", note.value, _took(label.guess if label and "label" in cells else "")
        )
    flag = desk.said["flag"].get(name)
    if flag is not None:
        cells["flag"] = "yes" if flag.value else ""
    points = desk.said["points"].get(name)
    if placed_since(points, known.points):
        disputed.extend({name} - {*disputed[-1:]})
    elif points is not None:
        cells["points"] = json.dumps(points.value) if points.value else ""
    return cells


def _note(known: Known, guess: str) -> str:
    """Return the note of a label: what was noted, and what guessed it. A function's note about its own label goes with that label."""
    kept = "" if known.source.startswith("function:") else _TOOK.sub("", known.note).removeprefix("; ")
    return _joined(kept, _took(guess))


def _took(guess: str) -> str:
    return f"took the guess of {guess}" if guess else ""


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))


def _message(studio: Studio, desk: Desk, by: str, replaced: set[str]) -> str:
    kept = studio.place.read_known()  # what is kept may be newer than what the page showed
    labels = [
        label for name, label in desk.labels.items()
        if name in studio.place.places and name not in replaced
        and not labelled_since(label, by, kept.get(name) or Known())
    ]  # fmt: skip
    seconds = [each.seconds for each in labels if each.seconds]
    parts = [counted(len(labels), "label")] if labels else []
    flags = len(desk.said["flag"])
    if flags:
        parts.append(counted(flags, "flag"))
    time = ""
    if seconds:
        total = sum(seconds)
        time = f" in {total / 60:.0f} min" if total >= 60 else f" in {total:.0f} s"
        time += f", {statistics.median(seconds):.1f} s each"
    return f"Studio: {' and '.join(parts) or 'notes'} by {by}{time}"
