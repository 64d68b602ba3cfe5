"""Errors as JSON, in the parts of `core.errors`: {"error": {"message", "problem", "got", "expected", "available", "next"}}."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from gatera.core.errors import ArgumentError, DataError, GateraError, OutputExistsError, parts_of

#: Status of errors by class, the first that fits; any other of ours is 500.
STATUSES: tuple[tuple[type[GateraError], int], ...] = (
    (DataError, 422),
    (ArgumentError, 400),
    (OutputExistsError, 409),
)

JSON_TYPE = "application/json"


class Refused(GateraError):
    """A request that is answered with an error. Other arguments: see `GateraError`.

    Args:
        status: the HTTP status, 400..599.
        problem: what is wrong.
        headers: further headers of the answer, such as Retry-After.
    """

    def __init__(
        self, status: int, problem: str, *, headers: Mapping[str, str] | None = None, **parts: Any
    ) -> None:
        super().__init__(problem, **parts)
        self.status, self.headers = status, dict(headers or {})


def status_of(error: GateraError) -> int:
    """Return the HTTP status of an error."""
    if isinstance(error, Refused):
        return error.status
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def as_json(value: Any) -> bytes:
    """Return a value as JSON in UTF-8; halves of surrogate pairs are escaped, so that it is always valid."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(
        "utf-8", "backslashreplace"
    )


def error_response(error: GateraError, as_text: bool = False) -> Response:
    """Return the answer that tells a client what is wrong: in parts, or as one text, which clients of the Open Inference Protocol want."""
    headers = error.headers if isinstance(error, Refused) else {}
    return Response(
        as_json({"error": str(error) if as_text else parts_of(error)}),
        status_of(error),
        headers=dict(headers),
        media_type=JSON_TYPE,
    )
