"""The filter of a queue: words, and `label:cat`, `by:Ann`, `is:flagged`."""

from __future__ import annotations

import re
from collections.abc import Callable

from gatera.core.checks import check_choice
from gatera.core.errors import ArgumentError
from gatera.studio.desk.desk import Desk
from gatera.studio.page_requests import LONGEST_LABEL
from gatera.studio.studio import Studio

#: What can stand before a colon, and after "is:".
FIELDS, STATES = ("label", "guess", "by", "is"), ("flagged", "labelled", "unlabelled", "mine")

#: A word, or several in quotation marks: dog, label:dog, label:"hot dog", label:"6\\" nails".
_WORD = re.compile(r'((?:[a-z]+:)?)(?:"((?:[^"\\]|\\.)*)"|(\S+))')

#: Longest filter (characters): two labels and more.
LONGEST = 3 * LONGEST_LABEL


def matcher(studio: Studio, desk: Desk, by: str, text: str) -> Callable[[int], bool]:
    """Return whether an item, by its position, has all words of a filter: in its name or cells, or as `label:`, `guess:`, `by:`, `is:` say.

    Raises:
        ArgumentError: if a word before a colon is unknown, or the filter is too long.
    """
    if len(text) > LONGEST:
        raise ArgumentError("the filter is too long", expected=f"at most {LONGEST} characters")
    words = [found[1] + _bare(found) for found in _WORD.finditer(text.lower()) if found[0]]
    tests = [_test(studio, desk, by, word) for word in words]
    return lambda position: all(test(position) for test in tests)


def _bare(found: re.Match[str]) -> str:
    quoted: str | None = found[2]
    return str(found[3] or "") if quoted is None else re.sub(r"\\(.)", r"\1", quoted)


def _test(studio: Studio, desk: Desk, by: str, word: str) -> Callable[[int], bool]:
    field, colon, wanted = word.partition(":")
    names = studio.place.names
    if not colon or field not in FIELDS:
        if studio.place.kind == "rows":
            return lambda place: any(word in str(cell).lower() for cell in studio.place.row(place).values())
        return lambda place: word in names[place].lower()
    if field == "label":
        return lambda place: studio.label(desk, by, names[place]).value.lower() == wanted
    if field == "by":
        return lambda place: studio.label(desk, by, names[place]).by.lower() == wanted
    if field == "guess":
        return lambda place: (found := studio.guess(place)) is not None and found.label.lower() == wanted
    check_choice("is:", wanted, STATES)
    if wanted == "flagged":
        flags = desk.flags
        return lambda place: names[place] in flags
    if wanted == "mine":
        mine = studio.given(desk)
        return lambda place: names[place] in mine
    return lambda place: bool(studio.label(desk, by, names[place]).value) == (wanted == "labelled")
