"""What a page shows, as plain values for JSON."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from gatera.core.checks import listed
from gatera.core.errors import DataError
from gatera.core.files import reason
from gatera.program.raw.text import decoded
from gatera.studio.desk.desk import Desk
from gatera.studio.masks.drawn import drawn_of
from gatera.studio.media.photos import stamp_of
from gatera.studio.places.place import LONGEST_TEXT
from gatera.studio.places.table import TablePlace
from gatera.studio.points import list_in, placed_since, points_in
from gatera.studio.studio import Studio

#: What is said of a file that came in the place of another.
REPLACED = "This file was replaced since you decided: look again, and decide again."

#: How many of the last decisions are shown.
LAST = 12


def item_view(studio: Studio, desk: Desk, by: str, position: int, why: str = "") -> dict[str, Any]:
    """Return an item: label, guess, who says otherwise, and its contents if it is a text or a row."""
    name = studio.place.names[position]
    label, guess = studio.label(desk, by, name), studio.guess(position)
    view: dict[str, Any] = {
        "i": position, "name": name, "label": label.value, "by": label.by, "source": label.source, "mine": label.mine,
    }  # fmt: skip
    if guess is not None:
        view["guess"] = {
            "label": guess.label, "p": round(guess.probability, 4), "by": guess.by, "source": guess.source,
        }  # fmt: skip
    if name in desk.flags:
        view["flag"] = True
    for about in ("note", "points"):
        said = desk.said[about].get(name)
        if said is not None:
            view[about] = said.value
    if "points" not in view and studio.place.has_points:
        view["points"], outside = points_in(studio.known(name).points)
        if outside:
            view["said"] = f"Points outside the photo, lost if you move another: {_some(outside)}."
    if placed_since(desk.said["points"].get(name), studio.known(name).points):
        view["said"] = (
            f"Somebody else placed these points since you did; yours were {json.dumps(view['points'])}. Move one to decide."
        )
        view["points"] = points_in(studio.known(name).points)[0]
    if "note" not in view and studio.known(name).note:
        view["note"] = studio.known(name).note
    if name in desk.said["skip"] and not label.mine:
        view["skipped"] = True
    if studio.place.masks is not None:
        view["mask"] = _version(studio, desk, by, name)
        why = why or _proposed(studio, desk, name)
    differing = studio.differing(desk, by, name)
    if differing:
        view["others"] = [{"by": who, "label": value} for who, value in differing]
    if why:
        view["why"] = why
    view |= _contents(studio, position)
    if studio.marks.differs(desk, name):
        view["said"] = " ".join(filter(None, (REPLACED, view.get("said"))))
    return view


def _version(studio: Studio, desk: Desk, by: str, name: str) -> dict[str, Any]:
    """Return what changes when the mask that a person sees does, and whether they drew or looked at it."""
    said, masks = desk.said["mask"].get(name), studio.place.masks
    drawn = None if said is None else drawn_of(said.value)
    assert masks is not None
    file = stamp_of(masks.masks[name])
    return {
        "v": f"{drawn.file if drawn else ''} {file}",
        "mine": drawn is not None,
        "drawn": bool(drawn and drawn.file),
        "drawing": drawn.file if drawn else "",
    }


def _proposed(studio: Studio, desk: Desk, name: str) -> str:
    """Say which program proposed the mask that is seen; "" where it is a file, or begins with nothing."""
    said, masks = desk.said["mask"].get(name), studio.place.masks
    drawn = None if said is None else drawn_of(said.value)
    guess = "" if studio.proposals is None else studio.proposals.name
    if drawn is not None or masks is None or masks.stamp(name):
        guess = "" if drawn is None else drawn.guess
    return f"proposed by {guess}" if guess else ""


def _contents(studio: Studio, position: int) -> dict[str, Any]:
    place = studio.place
    if place.kind == "texts":
        return _text(*read_whole(studio, position), studio.known(place.names[position]).spans)
    if isinstance(place, TablePlace):
        row = {name: str(cell) for name, cell in place.row(position).items()}
        text = row.pop(place.text_column, "") if place.text_column else ""
        return {"row": row, **(_text(text, {}, row.pop("spans", "")) if text else {})}
    return {}


def _text(text: str, more: dict[str, str], cell: str) -> dict[str, Any]:
    """Return what is shown of a text: its beginning, the spans there, and what is not shown."""
    spans, unfit = spans_of(cell, len(text))
    said = [more["said"]] if "said" in more else []
    if len(text) > LONGEST_TEXT:
        said.append(f"Only the beginning of {len(text):,} characters.")
        spans = [span for span in spans if span[0] < LONGEST_TEXT]
    if unfit and "problem" not in more:
        said.append(f"Spans that do not fit the text: {_some(unfit)}.")
    return {"text": text[:LONGEST_TEXT], "spans": spans, **more, **({"said": " ".join(said)} if said else {})}


def _some(values: list[Any]) -> str:
    return listed([json.dumps(each, ensure_ascii=False)[:100] for each in values], 3)


def read_whole(studio: Studio, position: int) -> tuple[str, dict[str, str]]:
    """Return a text as it is in its file, with its lines; and what is wrong, if it cannot be read, or not all of it."""
    try:
        path = studio.place.path(position)
        return decoded(path), {}
    except DataError as err:
        if not isinstance(err.__cause__, UnicodeDecodeError):
            return "", {"problem": str(err)}
    try:
        text = path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as err:
        return "", {"problem": reason(err)}
    return text, {"said": "This text is not in UTF-8: what cannot be read is shown as \ufffd."}


def spans_of(cell: str, length: int) -> tuple[list[list[Any]], list[Any]]:
    """Return the spans of a text, [start, end, label] each, sorted, and what is none. Where spans overlap, each piece has the labels
    of all that cover it, "long, short": a page marks one after the other.

    Args:
        cell: JSON, [[start, end, label], ...].
        length: characters of the text.

    Example:
        >>> spans_of('[[4, 9, "name"], [50, 60, "far"]]', 20)
        ([[4, 9, 'name']], [[50, 60, 'far']])
        >>> spans_of('[[0, 9, "long"], [0, 4, "short"], [12, 15, "last"]]', 20)
        ([[0, 4, 'short, long'], [4, 9, 'long'], [12, 15, 'last']], [])
    """
    found, unfit = [], []
    for span in list_in(cell):
        if (
            isinstance(span, list)
            and len(span) == 3
            and all(type(end) is int for end in span[:2])
            and 0 <= span[0] < span[1] <= length
        ):
            found.append([span[0], span[1], str(span[2])])
        else:
            unfit.append(span)
    return _pieces(sorted(found)), unfit


def _pieces(spans: list[list[Any]]) -> list[list[Any]]:
    if all(one[1] <= other[0] for one, other in pairwise(spans)):
        return spans
    found = []
    for start, end in pairwise(sorted({end for span in spans for end in span[:2]})):
        labels = [label for first, last, label in spans if first <= start and end <= last]
        if labels:
            found.append([start, end, ", ".join(labels)])
    return found


def last_view(studio: Studio, desk: Desk, n: int = LAST) -> list[dict[str, Any]]:
    """Return the last decisions, the newest first: what, how many items, the first of them."""
    places, found = studio.place.places, []
    for entry in desk.last(n):
        items = entry.get("items") or {}
        first = next(iter(items), "")
        found.append(
            {
                "n": entry["n"], "what": entry["what"], "many": len(items), "i": places.get(first), "name": first,
                "value": items.get(first, entry.get("label", "")), "at": entry.get("at", ""),
            }
        )  # fmt: skip
    return found
