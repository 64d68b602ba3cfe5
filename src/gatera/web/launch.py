"""Start and stop a server: a free port, signals, and requests that are answered before it ends.

A stop has three steps. At SIGTERM, or SIGHUP, the server says that it is not ready any more, and goes on for `drain` seconds, while whoever sends
it requests learns that. Then it takes no more connections, and finishes what it has. Ctrl-C skips the first step; a second one ends
at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import uvicorn
from starlette.responses import RedirectResponse

from gatera.core.errors import ArgumentError
from gatera.core.memory import give_memory_back
from gatera.web.connection import Connection

#: How many connections may wait to be accepted.
BACKLOG = 2_048

#: Seconds that requests in work may take at the end, and that an idle connection stays open.
GRACE, KEEP_ALIVE = 30.0, 75

#: Seconds that a client has for its first request where the server ends just after it connected.
FIRST_SECONDS = 1.0

#: How many ports are tried where none was asked for.
TRIES = 20

#: File descriptors that the rest of the process needs.
RESERVED_FILES = 100


def listen(host: str, port: int | None, usual: int = 8000) -> socket.socket:
    """Return a socket that listens.

    Args:
        host: the address to listen on, e.g. "127.0.0.1".
        port: the port; 0 for any that is free; None for the usual one, or one of the next where that is in use.
        usual: the usual port.

    Raises:
        ArgumentError: if the port is in use or not allowed, or the address is not this machine's.
    """
    if port is not None and not 0 <= port <= 65_535:
        raise ArgumentError("there is no such port", got=port, expected="0 to 65535")
    tried = range(usual, usual + TRIES) if port is None else (port,)
    for number in tried:
        try:
            return _bound(host, number)
        except OSError as err:
            if err.errno == errno.EADDRINUSE and port is None and number != tried[-1]:
                continue
            raise _not_listening(host, number, err) from err
    raise AssertionError  # the last one was raised


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share a port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(BACKLOG)
        made.setblocking(False)
    except BaseException:
        made.close()
        raise
    return made


def _not_listening(host: str, port: int, err: OSError) -> ArgumentError:
    if isinstance(err, socket.gaierror):
        return ArgumentError(
            "there is no such address on this machine", got=host, expected="127.0.0.1, or 0.0.0.0 for all"
        )
    if err.errno == errno.EADDRINUSE:
        remedy = f"Stop what listens there, or choose another: --port {port + 1 if port < 65535 else 8000}, or --port 0 for any."
        return ArgumentError(f"port {port} of {host} is in use", remedy=remedy)
    if err.errno in (errno.EACCES, errno.EPERM):
        return ArgumentError(f"port {port} is not allowed to this user", expected="a port from 1024 on")
    return ArgumentError(f"cannot listen on {host} port {port} ({err.strerror})")


def address_of(listening: socket.socket) -> str:
    """Return the address of a page on this machine, e.g. "http://127.0.0.1:8000/"."""
    host, port = listening.getsockname()[:2]
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}/"


class Below:
    """An application below a part of the path, whether the proxy in front leaves that part in requests or takes it off.

    Args:
        app: the application.
        prefix: the part, e.g. "/cats".
    """

    def __init__(self, app: Any, prefix: str) -> None:
        self._app, self._prefix = app, prefix

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request. Source: ASGI, where "path" begins with "root_path"."""
        if scope["type"] == "http":
            path = scope["path"]
            if path == self._prefix:  # addresses in pages are relative to the folder
                await RedirectResponse(f"{path}/")(scope, receive, send)
                return
            left = path.startswith(f"{self._prefix}/")
            scope = {**scope, "root_path": self._prefix, "path": path if left else self._prefix + path}
        await self._app(scope, receive, send)


class WebServer(uvicorn.Server):
    """Runs an application on a socket until a signal or `stop`.

    Args:
        app: an ASGI application.
        drain: seconds that requests are still taken after SIGTERM.
        grace: seconds that requests in work may take at the end.
        on_stop: called at the first signal, before anything else: from then on the server is not ready.
        prefix: the part of the path that a proxy leaves in front, or takes off, e.g. "/cats".

    Attributes:
        draining: whether a signal came.
    """

    def __init__(
        self,
        app: Any,
        *,
        drain: float = 0.0,
        grace: float = GRACE,
        on_stop: Callable[[], None] | None = None,
        prefix: str = "",
    ) -> None:
        super().__init__(
            uvicorn.Config(
                Below(app, prefix) if prefix else app, http=Connection, ws="none", lifespan="on", log_config=None, access_log=False, server_header=False,
                timeout_keep_alive=KEEP_ALIVE, timeout_graceful_shutdown=None, backlog=BACKLOG,
                proxy_headers=True, forwarded_allow_ips="127.0.0.1",
            )
        )  # fmt: skip
        self.config.timeout_graceful_shutdown = grace  # type: ignore[assignment]
        self._drain, self._on_stop, self._sockets = drain, on_stop, list[socket.socket]()
        self.draining = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.ends_at: float | None = None

    def serve_on(self, listening: socket.socket) -> bool:
        """Serve until a signal; return whether everything in work was finished, and not cut off by a second signal."""
        _quiet()
        _more_files()
        give_memory_back()
        limit = _file_limit()
        Connection.most_connections = limit - min(RESERVED_FILES, limit // 2)
        self._sockets = [listening]
        self.run(sockets=[listening])
        return not self.force_exit

    def stop(self, drain: float | None = None) -> None:
        """Begin to stop; may be called from a signal handler or another thread.

        Args:
            drain: seconds that requests are still taken; None for those of the server.
        """
        if self.draining:
            return
        self.draining = True
        if self._on_stop is not None:
            self._on_stop()
        if self._loop is not None:
            seconds = self._drain if drain is None else drain
            self._loop.call_soon_threadsafe(self._end_in, seconds)

    def _end_in(self, seconds: float) -> None:
        self._close_after_answers()
        self.ends_at = asyncio.get_running_loop().time() + seconds

    def _close_after_answers(self) -> None:
        """Let answers close their connections from now on, so that clients open new ones: at another server, soon."""
        if (b"connection", b"close") not in self.server_state.default_headers:
            self.server_state.default_headers.append((b"connection", b"close"))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self.draining:  # the signal came while it started
            self._end_in(0.0)

    async def main_loop(self) -> None:
        """Go on until the end; look after slow clients once a second."""
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % 864_000
            now = asyncio.get_running_loop().time()
            if counter % 10 == 0:
                for connection in list(self.server_state.connections):
                    if isinstance(connection, Connection):
                        connection.sweep(now)
            await asyncio.sleep(0.1 if self.ends_at is None else min(0.1, max(0.0, self.ends_at - now)))

    async def on_tick(self, counter: int) -> bool:
        """Return whether it is time to end."""
        ending = await super().on_tick(counter)
        if self.draining:
            self._close_after_answers()  # uvicorn rebuilds the headers every second
        late = self.ends_at is not None and asyncio.get_running_loop().time() >= self.ends_at
        return ending or late

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take the connections that still wait to be accepted, and end."""
        self.should_exit = True
        await self._accept_waiting()
        await self._read_first_requests()
        await super().shutdown(sockets)

    async def _read_first_requests(self) -> None:
        """Wait for the requests of those who have just connected: they were taken, and would be cut off."""
        loop, connections = asyncio.get_running_loop(), self.server_state.connections
        while not self.force_exit and any(
            isinstance(each, Connection) and each.connected_since(loop.time() - FIRST_SECONDS)
            for each in connections
        ):
            await asyncio.sleep(0.02)

    async def _accept_waiting(self) -> None:
        """Accept what the system has queued: closing the socket would reset those connections, with a request in them perhaps."""
        loop = asyncio.get_running_loop()

        def connection() -> Connection:
            return Connection(self.config, self.server_state, self.lifespan.state, loop)

        accepted = []  # all at once: clients that are answered meanwhile come again, and it would have no end
        for listening in self._sockets:
            loop.remove_reader(listening.fileno())
            with contextlib.suppress(OSError):
                while True:
                    accepted.append(listening.accept()[0])
        for server in self.servers:  # before the sockets, which asyncio could not find any more
            server.close()
        for listening in self._sockets:
            listening.close()
        for each in accepted:
            each.setblocking(False)
            with contextlib.suppress(OSError):
                await loop.connect_accepted_socket(connection, each)
        # what these clients sent is there already: one turn of the loop reads it
        await asyncio.sleep(0.05)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGTERM, Ctrl-C, and when the terminal is closed, in order: the process then ends with 0, as a server does that was told to stop."""
        before = {}
        numbers = [signal.SIGINT, signal.SIGTERM]
        hung_up = getattr(signal, "SIGHUP", None)  # Windows has none
        if hung_up is not None and signal.getsignal(hung_up) is signal.SIG_DFL:  # nohup ignores it
            numbers.append(hung_up)
        with contextlib.suppress(ValueError):  # not in the main thread: whoever started the server stops it
            for number in numbers:
                before[number] = signal.signal(number, self.handle_exit)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop at the first signal; a Ctrl-C after that ends at once."""
        if self.draining and sig == signal.SIGINT:
            self.force_exit = self.should_exit = True
        elif self._loop is not None:  # not here: the signal may have come while something was being printed
            self._loop.call_soon_threadsafe(self.stop, 0.0 if sig == signal.SIGINT else None)
        else:
            self.stop(0.0 if sig == signal.SIGINT else None)


def _quiet() -> None:
    # what libraries tell is said by us, in a sentence, or is a client's fault, who could fill the disk with it
    for name in ("uvicorn.error", "uvicorn.access", "python_multipart", "PIL"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _file_limit() -> int:
    """Return how many files this process may open, at most 8,192."""
    try:
        import resource
    except ImportError:  # Windows
        return 1_000
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 8_192 if soft == resource.RLIM_INFINITY else min(soft, 8_192)


def _more_files() -> None:
    """Let this process open as many files as it may, up to 8,192: every connection is one."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 8_192 if hard == resource.RLIM_INFINITY else min(8_192, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
