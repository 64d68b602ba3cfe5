"""Bodies that a client has compressed, as its header Content-Encoding says."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from gatera.web.errors import Refused

Receive = Callable[[], Awaitable[Any]]

#: What can be read.
READ = frozenset((b"gzip", b"x-gzip", b"deflate"))

#: Bytes that are given on at a time: a few compressed ones can stand for very many.
PIECE = 1_000_000

#: Tells zlib to see for itself whether it is gzip or deflate. Source: zlib's manual, inflateInit2.
_EITHER = 47


def decompressing(receive: Receive, encoding: bytes) -> Receive:
    """Return what gives the parts of a body as they were before the client compressed them.

    Args:
        receive: gives them as they came.
        encoding: the header Content-Encoding.

    Raises:
        Refused: 415, if it is compressed in another way; 400 while it is read, if it is damaged or ends too soon.
    """
    name = encoding.strip().lower()
    if name in (b"", b"identity"):
        return receive
    if name not in READ:
        raise Refused(
            415, "the body is compressed in a way that is not read", got=name.decode("latin-1"), expected="gzip, deflate, or a plain body",
            headers={"Accept-Encoding": "gzip, deflate"},
        )  # fmt: skip
    return _Plain(receive).next


class _Plain:
    def __init__(self, receive: Receive) -> None:
        self._receive, self._decoder = receive, zlib.decompressobj(_EITHER)
        self._rest, self._more = b"", True

    async def next(self) -> Any:
        if self._rest:
            data = self._rest
        else:
            message = await self._receive()
            if message["type"] != "http.request" or not self._more:
                return message
            data, self._more = message.get("body", b""), message.get("more_body", False)
        body = self._decompressed(data)
        return {"type": "http.request", "body": body, "more_body": bool(self._rest) or self._more}

    def _decompressed(self, data: bytes) -> bytes:
        try:
            body = self._decoder.decompress(data, PIECE)
        except zlib.error as err:
            raise Refused(400, "the body is not compressed as its header Content-Encoding says") from err
        self._rest = self._decoder.unconsumed_tail
        if self._decoder.eof and self._decoder.unused_data:  # several in a row are one, as gzip writes them
            self._rest, self._decoder = self._decoder.unused_data, zlib.decompressobj(_EITHER)
        if not self._rest and not self._more:
            body += self._decoder.flush()
            if not self._decoder.eof:
                raise Refused(400, "the compressed body is cut off", remedy="Send it again.")
        return body
