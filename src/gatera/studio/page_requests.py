"""What a page asks to be kept, checked before anything is done with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gatera.core.checks import check_choice, check_keywords, listed, whole_number
from gatera.core.errors import ArgumentError
from gatera.core.escape import UNSAFE
from gatera.studio.guesses import Guess

#: What can be asked, and what of it is about items. A test compares them with the desk's.
ABOUT_ITEMS = ("label", "skip", "flag", "note", "mask", "points")
KINDS = (*ABOUT_ITEMS, "class", "undo", "redo")

#: The most items at once, characters of a label and of a note, and seconds that count for a decision: nobody looks longer.
MOST_ITEMS, LONGEST_LABEL, LONGEST_NOTE, LONGEST_SECONDS = 1_000, 200, 2_000, 600.0

#: The most points of an item.
MOST_POINTS = 1_000


@dataclass(frozen=True)
class Asked:
    """A decision.

    Attributes:
        what: one of `KINDS`.
        items: what is said of each item, by position: a label, True or False (flag, skip), a note, points, a drawing.
        label: the name of a new class.
        seconds: how long it took.
        guessed: whether a guess was taken; or the guesses that the page showed, by position, where those of now may be newer.
        id: sent again with the same id, it is done once.
        saw: the labels, of a note the note, of points these (as JSON) that the page showed on each item, by position: what was kept
            since it was drawn is not among them. None for whoever sees the items as they are.
    """

    what: str
    items: Mapping[int, Any] = field(default_factory=dict)
    label: str = ""
    seconds: float = 0.0
    guessed: bool | Mapping[int, Guess] = False
    id: str = ""
    saw: Mapping[int, Sequence[str]] | None = None


def asked(body: Any, n: int) -> Asked:
    """Return what a request asks.

    Args:
        body: the JSON of the request: {"what", "items": {"POSITION": VALUE}, "label", "seconds", "guessed", "id", "saw"}.
        n: the number of items.

    Raises:
        ArgumentError: if it is not that.
    """
    if not isinstance(body, dict):
        raise ArgumentError("a decision is a JSON object", got=type(body).__name__)
    check_keywords("a decision", body, Asked.__dataclass_fields__)
    what: str = body.get("what", "")
    check_choice("what", what, KINDS)
    items = _items(what, body.get("items", {}), n) if what in ABOUT_ITEMS else {}
    label = check_label(body.get("label")) if what == "class" else ""
    seconds = body.get("seconds", 0.0)
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, int | float)
        or not math.isfinite(seconds)
        or seconds < 0
    ):
        raise ArgumentError("seconds must be a number from 0 on", got=seconds)
    name = body.get("id", "")
    if not isinstance(name, str) or len(name) > 64:
        raise ArgumentError("id must be a text of at most 64 characters", got=name)
    limit = LONGEST_SECONDS * max(1, len(items))
    saw = _saw(body["saw"], n) if "saw" in body else None
    return Asked(
        what, items, label, min(float(seconds), limit), _guessed(body.get("guessed", False), n), name, saw
    )


def check_label(label: Any, empty: bool = False) -> str:
    """Return a label without blanks around it.

    Args:
        label: the label.
        empty: whether it may be "", which takes a label away.

    Raises:
        ArgumentError: if it is not a text, or too long, or cannot be written on one line.
    """
    found = label.strip() if isinstance(label, str) else None
    if found is None or len(found) > LONGEST_LABEL or not (found or empty) or UNSAFE.search(found):
        raise ArgumentError(
            "this cannot be a label", got=label, expected=f"1 to {LONGEST_LABEL} printable characters"
        )
    return found


def _items(what: str, given: Any, n: int) -> dict[int, Any]:
    return {place: _value(what, value) for place, value in _by_place("items", given, n)}


def _by_place(name: str, given: Any, n: int, fewest: int = 1) -> list[tuple[int, Any]]:
    if not isinstance(given, dict) or not fewest <= len(given) <= MOST_ITEMS:
        raise ArgumentError(
            f"{name} must be an object of positions", expected=f"{fewest} to {MOST_ITEMS:,} items"
        )
    found = []
    for position, value in given.items():
        place = whole_number(position)
        if place is None or place >= n:
            raise ArgumentError("there is no such item", got=position, expected=f"0 to {n - 1}")
        found.append((place, value))
    return found


def _saw(given: Any, n: int) -> dict[int, list[str]]:
    found = dict(_by_place("saw", given, n, fewest=0))
    for labels in found.values():
        if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
            raise ArgumentError(
                "saw has the texts that were shown", got=listed([labels]), expected='{"0": ["cat"]}'
            )
    return found


def _guessed(given: Any, n: int) -> bool | dict[int, Guess]:
    if isinstance(given, bool):
        return given
    found = {}
    for place, said in _by_place("guessed", given, n, fewest=0):
        match said:
            case {"label": str(label), "p": float() | int() as p, "by": str(by), "source": str(source)} if (
                0 <= p <= 1 and not UNSAFE.search(by) and source in ("person", f"program:{by}")
            ):
                found[place] = Guess(label, p, by, source)
            case _:
                raise ArgumentError(
                    "guessed has the guesses that were shown", got=said,
                    expected='{"0": {"label": "cat", "p": 0.9, "by": "...", "source": "person"}}',
                )  # fmt: skip
    return found


def _value(what: str, value: Any) -> Any:
    if what == "label":
        return check_label(value, empty=True)
    if what in ("flag", "skip"):
        return value is not False
    if what == "note":
        if not isinstance(value, str):
            raise ArgumentError("a note is a text", got=type(value).__name__)
        if len(value) > LONGEST_NOTE:
            raise ArgumentError(
                "the note is too long",
                got=f"{len(value):,} characters",
                expected=f"at most {LONGEST_NOTE:,}",
            )
        return " ".join(value.split())
    if what == "mask":
        if value != "":
            raise ArgumentError(
                "a drawing does not come as JSON", expected='"" to give it up; pixels go to api/mask/POSITION'
            )
        return ""
    return check_points(value)


def check_points(value: Any) -> list[list[float]]:
    """Return points, [x, y] each, as shares of the photo's width and height, 0..1.

    Raises:
        ArgumentError: if they are not that.
    """
    right = isinstance(value, list) and len(value) <= MOST_POINTS
    for point in value if right else ():
        right = right and isinstance(point, list) and len(point) == 2 and all(
            isinstance(x, int | float) and not isinstance(x, bool) and 0 <= x <= 1 for x in point
        )  # fmt: skip
    if not right:
        raise ArgumentError(
            "points are pairs of numbers from 0 to 1", got=listed([value]), expected="[[x, y], ...]"
        )
    return [[round(float(x), 5) for x in point] for point in value]
