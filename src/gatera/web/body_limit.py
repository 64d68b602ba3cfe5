"""The largest body of a request: by its length where that is given, else counted while it is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gatera.core.files import human_bytes
from gatera.web.errors import Refused

Receive = Callable[[], Awaitable[Any]]

#: The largest body by default (bytes).
BODY_LIMIT = 32_000_000


def limited(receive: Receive, headers: Mapping[bytes, bytes], limit: int, option: str = "") -> Receive:
    """Return what gives the parts of a body, up to a limit.

    Args:
        receive: gives them as they came, or as they were before they were compressed.
        headers: those of the request.
        limit: the largest body (bytes).
        option: the option of the command line that sets it; "" for none.

    Raises:
        Refused: 413, if it is larger: now, or while it is read.
    """
    length, compressed = headers.get(b"content-length"), b"content-encoding" in headers
    if length is not None:
        if not length.isdigit() or int(length[:20]) > limit:
            raise _too_large(limit, option)
        return _counting(receive, limit, option) if compressed else receive
    return _counting(receive, limit, option) if b"transfer-encoding" in headers else receive


def _too_large(limit: int, option: str) -> Refused:
    larger = f", or start the server with a larger {option}" if option else ""
    return Refused(
        413, "the body is too large", expected=f"at most {human_bytes(limit)}", remedy=f"Send less at once{larger}."
    )  # fmt: skip


def _counting(receive: Receive, limit: int, option: str) -> Receive:
    read = 0

    async def counted() -> Any:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            raise _too_large(limit, option)
        return message

    return counted
