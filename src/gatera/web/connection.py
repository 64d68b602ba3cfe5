"""One connection: uvicorn's, with limits on how slowly and how much a client may send."""

from __future__ import annotations

from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gatera.core.errors import parts_of
from gatera.web.errors import JSON_TYPE, Refused, as_json

#: Seconds until the headers of a request must be there, and until its body must be, to which its bytes add.
HEADER_SECONDS, BODY_SECONDS = 10.0, 20.0

#: A body may come as slowly as this (bytes a second).
SLOWEST = 5_000

#: A client that takes nothing of its answer for so long (seconds) is gone.
STALLED_SECONDS = 120.0

#: The extension of ASGI by which an application asks whether the client has gone, where it does not read the body to its end: nothing says so then.
GONE = "gatera.gone"

#: Headers that say how long a body is.
FRAMING = (b"content-length", b"transfer-encoding")

#: The most bytes before the end of the headers, and of a body that was refused already.
MOST_HEADER_BYTES, MOST_REFUSED_BYTES = 65_536, 16_000_000

#: A refused client may go on sending for so long (seconds): closed at once, the system would throw away what it has not read yet of
#: our answer. Beyond so many connections too many, there is no time for that.
LINGER_SECONDS, MOST_LINGERING = 1.0, 50


class Gathered:
    """A transport that sends what is written in one turn of the event loop at once: headers and body are one call of the system.

    Args:
        transport: sends.
        loop: the event loop.
    """

    __slots__ = ("_loop", "_parts", "_transport")

    def __init__(self, transport: Any, loop: Any) -> None:
        self._transport, self._loop, self._parts = transport, loop, list[bytes]()

    def write(self, data: bytes) -> None:
        """Send soon."""
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)

    def flush(self) -> None:
        """Send now."""
        if self._parts:
            data, self._parts = b"".join(self._parts), []
            if not self._transport.is_closing():  # the client may have gone in the meantime
                self._transport.write(data)

    def write_eof(self) -> None:
        """End what is sent."""
        self.flush()
        if not self._transport.is_closing():
            self._transport.write_eof()

    def close(self) -> None:
        """Close, after what was written."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Resumed:
    """What a parser tells that goes on in the middle of a request: nothing until `heard` is set, then as any other.

    Args:
        connection: is told.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection, self.heard = connection, False

    def __getattr__(self, name: str) -> Any:
        told = getattr(self._connection, name)  # the parser asks once for each that there is
        return lambda *what: told(*what) if self.heard else None


class Connection(HttpToolsProtocol):
    """A connection whose client must send its requests in time. `sweep` is called about once a second.

    Attributes:
        since: when the client began to owe us something (seconds of the loop's clock); None while it owes nothing.
        received: bytes since then.
    """

    most_connections = 1_000

    since: float | None = None
    received = 0
    in_headers = True
    _swept = 0.0
    _stalled: tuple[int, float] | None = None
    refused = False

    def connection_made(self, transport: Any) -> None:
        """Begin; refuse where there are too many connections."""
        super().connection_made(Gathered(transport, self.loop))  # type: ignore[arg-type]
        self._owes(headers=True)
        if len(self.connections) > self.most_connections:
            self.refuse(Refused(503, "there are too many connections", headers={"Retry-After": "1"}))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what the client sent: its last request and this may refer to each other, and would stay until Python looks for cycles."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()  # also where the client broke the connection off
        self.pipeline.clear()
        self.cycle = self.scope = self.headers = None  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self.received += len(data)
        if self.refused:
            if self.received > MOST_REFUSED_BYTES:
                self.transport.close()
            return
        self._feed(data)
        if self.refused or self.transport.is_closing():
            return
        if self.since is not None and self.in_headers and self.received > MOST_HEADER_BYTES:
            self.refuse(
                Refused(431, "the headers are too long", expected=f"at most {MOST_HEADER_BYTES:,} bytes")
            )
        elif (
            self.cycle is not None and self.cycle.response_complete and self.received > MOST_REFUSED_BYTES
            and not self.in_headers
        ):  # fmt: skip
            self.transport.close()

    def _feed(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.send_400_response("")
        except httptools.HttpParserUpgrade as err:
            self._go_on(data[err.args[0] :])

    def _go_on(self, rest: bytes) -> None:
        """Go on after a request that offers another protocol: Java's clients offer h2c with each one, and the server may pass over it
        (RFC 9110, section 7.8), but the parser stops there, before the body. So another one goes on, which knows how long that is.
        """
        resumed = Resumed(self)
        self.parser = httptools.HttpRequestParser(resumed)
        if framing := self._framing():
            self.parser.feed_data(b"POST / HTTP/1.1\r\n" + framing + b"\r\n")
        resumed.heard = True
        if rest:
            self._feed(rest)

    def _framing(self) -> bytes:
        """Return the headers of the last request that say how long its body is; b"" where it has none."""
        known = [(name, value) for name, value in self.headers if name in FRAMING]
        empty = all(name == b"content-length" and not value.strip(b" 0") for name, value in known)
        return b"" if empty else b"".join(name + b": " + value + b"\r\n" for name, value in known)

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        super().on_message_begin()
        self.scope["extensions"] = {GONE: self.transport.is_closing}  # type: ignore[dict-item]
        if not self.in_headers:  # a further one on the same connection
            self._owes(headers=True)

    def on_headers_complete(self) -> None:
        """Note that its headers are there."""
        self._owes(headers=False)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that all of it is there."""
        if self.parser.should_upgrade() and self._framing():
            return  # the parser takes no body to follow; see `_go_on`
        self.since = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Tell the client that this was no HTTP."""
        self.refuse(Refused(400, "this is not a valid HTTP request"))

    def sweep(self, now: float) -> None:
        """Close the connection if the client is too slow."""
        self._stall(now)
        before, self._swept = self._swept, now
        if self.since is None or self.refused or self.transport.is_closing():
            return
        if self.flow.read_paused:  # it waits for us
            self.since += now - max(before, self.since)
            return
        allowed = HEADER_SECONDS if self.in_headers else BODY_SECONDS + self.received / SLOWEST
        if now - self.since > allowed:
            part = "headers" if self.in_headers else "body"
            self.refuse(Refused(408, f"the {part} of the request did not come in time"))

    def _stall(self, now: float) -> None:
        """Break the connection off if the client has read nothing for long: what it was sent, and asked, would stay in memory for good."""
        if not self.flow.write_paused:
            self._stalled = None
            return
        waiting = self.transport.get_write_buffer_size()
        if self._stalled is None or self._stalled[0] != waiting:
            self._stalled = waiting, now
        elif now - self._stalled[1] > STALLED_SECONDS:
            self.transport.abort()

    def connected_since(self, moment: float) -> bool:
        """Whether it was made after a moment of the loop's clock, and nothing was asked on it yet."""
        return self.cycle is None and self.in_headers and self.since is not None and self.since > moment

    def refuse(self, error: Refused) -> None:
        """Answer with an error, unless an answer has begun, and close."""
        if self.cycle is None or not self.cycle.response_started or self.cycle.response_complete:
            body = as_json({"error": parts_of(error)})
            lines = [
                STATUS_LINE[error.status],
                *(f"{name}: {value}\r\n".encode() for name, value in error.headers.items()),
                f"content-type: {JSON_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode(),
                body,
            ]
            self.transport.write(b"".join(lines))
        self.refused = True
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if (
            len(self.connections) > self.most_connections + MOST_LINGERING
            or not self.transport.can_write_eof()
        ):
            self.transport.close()
            return
        self.transport.write_eof()
        if not self.transport.is_closing():
            self.flow.resume_reading()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def shutdown(self) -> None:
        """Close if nothing is in work; else after the answer."""
        if self.refused:
            self.transport.close()
        else:
            super().shutdown()

    def _owes(self, headers: bool) -> None:
        self.since, self.received, self.in_headers = self.loop.time(), 0, headers
