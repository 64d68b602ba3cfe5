"""JSON that others send: what Python's reader takes in silence, a name twice and NaN, is said instead."""

from __future__ import annotations

import json
from typing import Any

from gatera.core.checks import unique_names
from gatera.web.errors import Refused


def read_json(body: bytes, what: str = "the body") -> Any:
    """Return what JSON says.

    Args:
        body: JSON in UTF-8, or UTF-16 or UTF-32 with or without a mark.
        what: what messages call it.

    Raises:
        Refused: 400, if it is not JSON, an object has a name twice, or a number is NaN or Infinity, which JSON does not have.

    Example:
        >>> read_json(b'{"age": 41}')
        {'age': 41}
    """
    try:
        return json.loads(body, object_pairs_hook=_object, parse_constant=_no_number)
    except Refused as err:
        raise Refused(400, f"{what} {err.problem}", remedy=err.remedy) from err
    except (ValueError, RecursionError) as err:
        said = getattr(err, "msg", None) or "it is nested too deeply or has too long a number"
        if isinstance(err, UnicodeDecodeError):
            said = "it is not in UTF-8"
        line = f" in line {err.lineno}, column {err.colno}" if isinstance(err, json.JSONDecodeError) else ""
        raise Refused(400, f"{what} is not JSON ({said}{line})") from err


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    try:
        return unique_names(pairs)
    except ValueError as err:
        raise Refused(400, str(err), remedy="Each value needs a name of its own.") from err


def _no_number(name: str) -> Any:
    raise Refused(400, f"holds {name}, which is not JSON", remedy="Write null where there is no value.")
