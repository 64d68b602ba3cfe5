"""What speaks for a split by groups or by time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Suggestion:
    """A way to split, and the reason for it.

    Attributes:
        kind: "groups" if items belong together, "time" if they are in an order.
        values: the group, or the time, of each item.
        seen: what was seen, a sentence without a full stop.
        strong: whether that suffices to split so without being asked.
        option: the argument that asks for it: "group_by" or "time_by".
        value: that argument's value: a regular expression, or a column.
    """

    kind: Literal["groups", "time"]
    values: Sequence[Any]
    seen: str
    strong: bool
    option: str = "group_by"
    value: str | None = None


def first_of_each_kind(suggestions: Sequence[Suggestion]) -> list[Suggestion]:
    """Return the first suggestion of groups, and the first of time, as far as there are any."""
    first = {each.kind: each for each in reversed(suggestions)}
    return [each for each in suggestions if each is first[each.kind]]
