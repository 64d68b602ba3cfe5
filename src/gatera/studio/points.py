"""Points on a photo: as a cell holds them, and whether somebody else placed them since a person did."""

from __future__ import annotations

import json
from typing import Any

from gatera.core.errors import ArgumentError
from gatera.studio.desk.desk import Decision
from gatera.studio.page_requests import check_points


def points_in(cell: str) -> tuple[list[list[float]], list[Any]]:
    """Return the points of a photo, [x, y] each, as shares of its width and height, and what is none.

    Args:
        cell: JSON, [[x, y], ...].

    Example:
        >>> points_in("[[0.5, 0.25], [2, 2]]")
        ([[0.5, 0.25]], [[2, 2]])
    """
    given = list_in(cell)
    right = [_is_point(point) for point in given]
    points = [check_points([point])[0] for point, is_one in zip(given, right, strict=True) if is_one]
    return points, [point for point, is_one in zip(given, right, strict=True) if not is_one]


def list_in(cell: str) -> list[Any]:
    """Return the list that a cell holds as JSON; another value, or what is not JSON, in a list."""
    try:
        given = json.loads(cell) if cell else []
    except ValueError:
        given = cell
    return given if isinstance(given, list) else [given]


def _is_point(point: Any) -> bool:
    try:
        return len(check_points([point])) == 1
    except ArgumentError:
        return False


def plain(cell: str) -> str:
    """Return the points of a cell, written one way.

    Example:
        >>> plain("[[1,0.5]]"), plain("")
        ('[[1.0, 0.5]]', '[]')
    """
    return json.dumps(points_in(cell)[0])


def placed_since(mine: Decision | None, kept: str) -> bool:
    """Whether the points that are kept are others than a person saw who placed some.

    Args:
        mine: what the person decided; what journals of earlier versions hold does not say what was seen, and differs from nothing.
        kept: the cell where points are kept.
    """
    return (
        mine is not None and bool(mine.saw) and plain(kept) not in (plain(json.dumps(mine.value)), *mine.saw)
    )
