"""What a page shows, as plain values for JSON."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from gatera.core.errors import ArgumentError, DataError
from gatera.program.raw.text import LARGEST_BYTES
from gatera.studio.asked import check_points
from gatera.studio.desk.desk import Desk
from gatera.studio.masks.drawn import drawn_of
from gatera.studio.media.photos import stamp_of
from gatera.studio.places.place import LONGEST_TEXT
from gatera.studio.places.table import TablePlace
from gatera.studio.studio import Studio

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
        view["guess"] = {"label": guess.label, "p": round(guess.probability, 4), "by": guess.by}
    if name in desk.flags:
        view["flag"] = True
    for about in ("note", "points"):
        said = desk.said[about].get(name)
        if said is not None:
            view[about] = said.value
    if "points" not in view and studio.place.has_points:
        view["points"] = points_of(studio.known(name).points)
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
        text, problem = read_whole(studio, position)
        return {
            "text": text,
            "spans": spans_of(studio.known(place.names[position]).spans, len(text)),
            **problem,
        }
    if isinstance(place, TablePlace):
        row = {name: str(cell) for name, cell in place.row(position).items()}
        text = row.pop(place.text_column, "") if place.text_column else ""
        spans = row.pop("spans", "") if text else ""
        return {
            "row": row,
            **({"text": text[:LONGEST_TEXT], "spans": spans_of(spans, len(text))} if text else {}),
        }
    return {}


def read_whole(studio: Studio, position: int) -> tuple[str, dict[str, str]]:
    """Return a text as it is in its file, with its lines; and what is wrong, if it cannot be read."""
    try:
        path = studio.place.path(position)
        if path.stat().st_size > LARGEST_BYTES:
            raise DataError(f"{path.name} is too large for a text")
        text = path.read_bytes().decode("utf-8-sig", "replace")
    except (OSError, DataError) as err:
        return "", {"problem": getattr(err, "strerror", None) or str(err)}
    if len(text) > LONGEST_TEXT:
        return text[:LONGEST_TEXT], {"cut": f"{len(text):,}"}
    return text, {}


def spans_of(cell: str, length: int) -> list[list[Any]]:
    """Return the spans of a text, [start, end, label] each, sorted; those that do not fit are left out. Where spans overlap, each
    piece has the labels of all that cover it, "long, short": a page marks one after the other.

    Args:
        cell: JSON, [[start, end, label], ...].
        length: characters of the text.

    Example:
        >>> spans_of('[[4, 9, "name"], [50, 60, "far"]]', 20)
        [[4, 9, 'name']]
        >>> spans_of('[[0, 9, "long"], [0, 4, "short"], [12, 15, "far"]]', 20)
        [[0, 4, 'short, long'], [4, 9, 'long'], [12, 15, 'far']]
    """
    try:
        given = json.loads(cell) if cell else []
    except ValueError:
        return []
    found = []
    for span in given if isinstance(given, list) else ():
        if (
            isinstance(span, list)
            and len(span) == 3
            and all(type(end) is int for end in span[:2])
            and 0 <= span[0] < span[1] <= length
        ):
            found.append([span[0], span[1], str(span[2])])
    return _pieces(sorted(found))


def _pieces(spans: list[list[Any]]) -> list[list[Any]]:
    if all(one[1] <= other[0] for one, other in pairwise(spans)):
        return spans
    found = []
    for start, end in pairwise(sorted({end for span in spans for end in span[:2]})):
        labels = [label for first, last, label in spans if first <= start and end <= last]
        if labels:
            found.append([start, end, ", ".join(labels)])
    return found


def points_of(cell: str) -> list[list[float]]:
    """Return the points of a photo, [x, y] each, as shares of its width and height; those that are not are left out.

    Args:
        cell: JSON, [[x, y], ...].

    Example:
        >>> points_of("[[0.5, 0.25], [2, 2]]")
        [[0.5, 0.25]]
    """
    try:
        given = json.loads(cell) if cell else []
        return [check_points([point])[0] for point in given if _is_point(point)]
    except (ValueError, TypeError):
        return []


def _is_point(point: Any) -> bool:
    try:
        return len(check_points([point])) == 1
    except ArgumentError:
        return False


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
