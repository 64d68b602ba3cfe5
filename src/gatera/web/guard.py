"""Stands before an application: checks host, origin, token and size of every request, and adds the headers of safety.

A page on another site can make a browser send requests to this machine, and a name server can make its name mean 127.0.0.1
(DNS rebinding): so the Host header must be one of ours, and a request from another site's page is refused unless that site is
allowed. The policy of our pages loads nothing from elsewhere and runs no script that stands in a page.
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect

from gatera.core.errors import GateraError, as_value, is_library_error, shorten
from gatera.core.escape import escaped
from gatera.core.files import UNWRITABLE_DISK
from gatera.web.access import Access
from gatera.web.body_limit import BODY_LIMIT, limited
from gatera.web.compressed import decompressing
from gatera.web.errors import Refused, error_response
from gatera.web.sign_in import SIGN_IN, SignIn, wants_page

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]

#: Names of this machine for itself.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

#: What our pages may do: nothing from elsewhere, no script or style inside a page.
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)

#: Headers of every answer.
SAFETY: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    # not "no-referrer": then browsers send the form of /sign-in with "Origin: null", and over plain http nothing else says whose it is
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), microphone=(self)"),
)

#: Methods that change nothing.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: Headers that the guard reads.
_READ = frozenset(
    (
        b"content-type",
        b"host",
        b"origin",
        b"sec-fetch-site",
        b"authorization",
        b"cookie",
        b"content-encoding",
        b"content-length",
        b"transfer-encoding",
    )
)


@dataclass(frozen=True)
class Rules:
    """What a guard lets pass.

    Attributes:
        access: knows the token; None where none is asked for.
        hosts: names that the Host header may have, without port; None for any.
        origins: other sites whose pages may ask, such as "https://example.org"; "*" for all.
        body_limit: the largest body, in bytes; compressed ones are counted as they are read.
        limit_option: the option of the command line that sets it; "" for none.
        more_by_options: whether --host-name and --allow-origin let more pass.
        streams: a type of bodies that are read in small pieces, and so may be of any size; None for none.
        streams_at: the end of the paths where they are read so. Elsewhere such a body has the limit of all.
        open_paths: paths that need no token; those that end with "/" stand for everything below them.
        plain_errors: the beginning of paths whose clients want an error as a text, not as an object; None for none.
    """

    access: Access | None = None
    hosts: frozenset[str] | None = LOOPBACK
    origins: frozenset[str] = frozenset()
    body_limit: int = BODY_LIMIT
    limit_option: str = ""
    more_by_options: bool = False
    streams: str | None = None
    streams_at: str = ""
    open_paths: Collection[str] = ("/health/", "/v2/health/", "/static/")
    plain_errors: str | None = None

    def is_open(self, path: str) -> bool:
        """Whether a path needs no token."""
        return any(path == each or (each.endswith("/") and path.startswith(each)) for each in self.open_paths)


class Guard:
    """An ASGI application that lets requests through to another. Errors of that one become JSON; none shows a traceback.

    Args:
        app: the application.
        rules: what passes.
        complain: is told in one line what failed inside, for the person who runs the server.
        on_refusal: is told the path and status of a request that the application never sees.
    """

    def __init__(
        self,
        app: Application,
        rules: Rules,
        complain: Callable[[str], None] | None = None,
        on_refusal: Callable[[str, int], None] = lambda path, status: None,
    ) -> None:
        self._app, self._rules, self._on_refusal = app, rules, on_refusal
        self._complain = complain or (lambda line: print(escaped(line), file=sys.stderr))
        self._sign_in = None if rules.access is None else SignIn(rules.access)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1003})
                return
            await self._app(scope, receive, send)
            return
        extra, started, passed = list(SAFETY), False, False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        try:
            receiving = await self._admitted(scope, receive, sending, extra)
            if receiving is not None:
                passed = True
                await self._app(scope, receiving, sending)
        except ClientDisconnect:
            return
        except Exception as err:  # noqa: BLE001 - whatever fails, the client gets an answer and no traceback
            answer = self._answer_for(
                as_value(err), scope
            )  # its frames hold the body, and some of them the error
            if started:
                raise _Broken from None  # half an answer: the connection is closed
            if not passed:
                self._on_refusal(scope["path"], answer.status_code)
            await answer(scope, receive, sending)

    async def _admitted(
        self, scope: Any, receive: Receive, send: Send, extra: list[tuple[bytes, bytes]]
    ) -> Receive | None:
        """Return what gives the application the body of a request; None where it is answered here."""
        # of a field that is given twice the first, as those who answer take it
        headers = {name: value for name, value in reversed(scope["headers"]) if name in _READ}
        rules = self._rules
        self._check_host(headers.get(b"host"), scope.get("http_version", ""))
        allowed = self._check_origin(scope["method"], headers, extra)
        if allowed and scope["method"] == "OPTIONS":
            await _preflight(send)
            return None
        if rules.access is not None:
            if self._sign_in is not None and scope["path"] == scope.get("root_path", "") + SIGN_IN:
                await self._sign_in(scope, self._limited(scope["path"], headers, receive), send)
                return None
            if not rules.access.allows(headers.get(b"authorization", b""), headers.get(b"cookie", b"")):
                path = scope["path"].removeprefix(scope.get("root_path", ""))
                if not rules.is_open(path):
                    await self._stranger(scope, receive, send)
                    return None
        return self._limited(scope["path"], headers, receive)

    async def _stranger(self, scope: Any, receive: Receive, send: Send) -> None:
        """Let a browser sign in; tell every other client that it needs the token."""
        if self._sign_in is not None and wants_page(scope):
            await self._sign_in(scope, receive, send)
            return
        raise Refused(
            401, "this server needs a token", expected="the header Authorization: Bearer TOKEN",
            headers={"WWW-Authenticate": 'Bearer realm="gatera"'},
        )  # fmt: skip

    def _check_host(self, given: bytes | None, version: str) -> None:
        hosts = self._rules.hosts
        if hosts is None or (
            given is None and version == "1.0"
        ):  # a probe, as of HAProxy; no browser sends that
            return
        name = "" if given is None else given.decode("latin-1")
        if host_name(name) not in hosts:
            raise Refused(
                421, "the Host header is not one of this server's names", got=name,
                expected=", ".join(sorted(hosts)), remedy=self._option("--host-name NAME to allow another"),
            )  # fmt: skip

    def _option(self, does: str) -> str | None:
        """Return the advice to start the server with an option, where it has it."""
        return f"Start the server with {does}." if self._rules.more_by_options else None

    def _check_origin(
        self, method: str, headers: dict[bytes, bytes], extra: list[tuple[bytes, bytes]]
    ) -> bool:
        """Refuse a request that another site's page sends; return whether it is one that is allowed."""
        site = headers.get(b"sec-fetch-site")
        # a proxy may take Origin off, as some recipes do; what a browser says itself is left then
        origin = headers.get(b"origin", b"null" if site in (b"cross-site", b"same-site") else None)
        if origin is None or _same_site(origin, headers):
            return False
        name = origin.decode("latin-1")
        if name in self._rules.origins or "*" in self._rules.origins:
            # "*" there: else its scripts could not read gatera-program or Retry-After
            extra += [
                (b"access-control-allow-origin", origin),
                (b"vary", b"Origin"),
                (b"access-control-expose-headers", b"*"),
            ]
            return True
        if method not in SAFE_METHODS:
            raise Refused(
                403, "a page of another site may not use this server", got=name,
                remedy=self._option("--allow-origin ORIGIN to allow that site"),
            )  # fmt: skip
        return False

    def _limited(self, path: str, headers: dict[bytes, bytes], receive: Receive) -> Receive:
        """Read a body that was compressed, and refuse one that is too large."""
        streams = self._rules.streams
        encoding = headers.get(b"content-encoding")
        plain = receive if encoding is None else decompressing(receive, encoding)
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if streams is not None and kind == streams.encode() and path.endswith(self._rules.streams_at):
            return plain
        return limited(plain, headers, self._rules.body_limit, self._rules.limit_option)

    def _answer_for(self, err: Exception, scope: Any) -> Any:
        beginning, path = self._rules.plain_errors, scope["path"].removeprefix(scope.get("root_path", ""))
        return error_response(
            self._said(err, scope), as_text=beginning is not None and path.startswith(beginning)
        )

    def _said(self, err: Exception, scope: Any) -> GateraError:
        """Return what a client is told of an error."""
        if isinstance(err, GateraError):
            return err
        if isinstance(err, MemoryError):
            return Refused(503, "there is not enough memory for this request")
        if isinstance(err, OSError) and err.errno in UNWRITABLE_DISK:
            where = f"{err.filename}: " if err.filename else ""
            self._complain(f"{scope['method']} {shorten(scope['path'])} failed ({where}{err.strerror})")
            problem = f"the server has no room on its disk ({err.strerror})"
            return Refused(507, problem, remedy="Send it again when there is room.")
        said = f"{type(err).__name__}: {shorten(' '.join(str(err).split()))}"
        self._complain(f"{scope['method']} {shorten(scope['path'])} failed ({said})")
        kind = "a library" if is_library_error(err) else "the server"
        return Refused(500, f"{kind} failed ({type(err).__name__})")


class _Broken(Exception):
    """Half an answer was sent."""


def host_name(header: str) -> str:
    """Return the name in a Host header, in lower case and without port.

    Example:
        >>> host_name("LocalHost:8000"), host_name("[::1]:8000"), host_name("127.0.0.1")
        ('localhost', '::1', '127.0.0.1')
    """
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    name, colon, port = header.rpartition(":")
    return (name if colon and port.isdigit() else header).lower()


def hosts_for(listening_on: str, names: Iterable[str] = ()) -> frozenset[str] | None:
    """Return the names that the Host header may have.

    Args:
        listening_on: the address that the server listens on. Beyond this machine any name is allowed unless some are given: the
            token protects the server there, and no page of another site has it.
        names: further names, e.g. of a proxy before it.

    Example:
        >>> sorted(hosts_for("127.0.0.1", ["cats.example.org"])), hosts_for("0.0.0.0")
        (['127.0.0.1', '::1', 'cats.example.org', 'localhost'], None)
    """
    names = frozenset(host_name(name) for name in names)
    return LOOPBACK | names | {listening_on} if names or is_loopback(listening_on) else None


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine only. Other names than "localhost" may mean any machine.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("127.0.1.1"), is_loopback("0.0.0.0"), is_loopback("127.example.org")
        (True, True, False, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _same_site(origin: bytes, headers: dict[bytes, bytes]) -> bool:
    """Whether a request comes from a page of this server, as the browser says; else as Origin and Host say."""
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site in (b"same-origin", b"none")
    netloc = (
        urlsplit(origin.decode("latin-1")).netloc
        if b"[" not in origin
        else origin.decode("latin-1").partition("//")[2]
    )
    return netloc != "" and netloc.lower() == headers.get(b"host", b"").decode("latin-1").lower()


async def _preflight(send: Send) -> None:
    headers = [
        (b"access-control-allow-methods", b"GET, POST"),
        (
            b"access-control-allow-headers",
            b"authorization, content-encoding, content-type, inference-header-content-length",
        ),
        (b"access-control-max-age", b"600"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
