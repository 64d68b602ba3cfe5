"""The two sides of a file that holds git's marks."""

from __future__ import annotations

import re

#: A line that begins, divides or ends what is in conflict.
MARK = re.compile(r"(<{7}|\|{7}|={7}|>{7})(?: .*)?\r?$")


def holds_marks(data: bytes) -> bool:
    """Whether a file holds the marks of a merge that was not finished."""
    return data.startswith(b"<<<<<<< ") or b"\n<<<<<<< " in data


def sides_of(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return what both sides of a file with marks have in common, the upper one whole, and the lower one whole."""
    found: tuple[list[str], list[str], list[str]] = ([], [], [])
    where = " "
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        if mark := MARK.match(line):
            where = " " if mark[1][0] == ">" else mark[1][0]
            continue
        for place, marks in enumerate((" ", " <", " =")):
            if where in marks:
                found[place].append(line)
    common, upper, lower = ("\n".join(lines).encode("utf-8", "surrogateescape") for lines in found)
    return common, upper, lower
