"""Put everything together: load programs, listen, answer, watch their files, and end in order."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import warnings
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError
from gatera.serve.batch_size import Measured, measure_batches, sentence
from gatera.serve.loaded import Loaded
from gatera.serve.reading import NDJSON
from gatera.serve.routes import routes_of
from gatera.serve.service import Options, Service
from gatera.serve.watch import Source, Watcher
from gatera.web.access import Access, given_token
from gatera.web.app import make_app
from gatera.web.guard import Guard, Rules, hosts_for, is_loopback
from gatera.web.launch import WebServer, address_of, listen

#: Seconds between two moments at which a thread may take the interpreter from another: requests should not wait for large tables.
SWITCH = 0.001

#: Warnings of one kind that are shown.
MOST_NOTES = 5

#: Seconds that requests are taken after SIGTERM.
DRAIN = 5.0


@dataclass
class Place:
    """Where a server listens, and who may ask.

    Attributes:
        host: the address.
        port: the port; None for 8000 or the next that is free, 0 for any.
        token_file: a file that holds the token; None to take it from GATERA_TOKEN, if that is set.
        open: whether it may listen beyond this machine without a token.
        host_names: further names that the Host header may have.
        origins: other sites whose pages may ask.
        prefix: the part of the path that a proxy leaves in front.
        drain: seconds that requests are taken after SIGTERM.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    token_file: str | Path | None = None
    open: bool = False
    host_names: Sequence[str] = ()
    origins: Sequence[str] = ()
    prefix: str = ""
    drain: float = DRAIN


def serve(
    sources: dict[str, Source],
    loading: Callable[[], Sequence[Loaded]],
    options: Options,
    place: Place,
    say: Callable[[str], None],
) -> bool:
    """Serve programs until a signal; return whether everything in work was finished.

    Args:
        sources: where the programs come from, by name.
        loading: returns them when they are loaded.
        options: how.
        place: where, and to whom.
        say: prints a line for the person who runs it.

    Raises:
        GateraError: if a program cannot be used, the port is taken, or strangers could ask.
    """
    token = given_token(place.token_file)
    check_not_open(place, token)
    listening = listen(place.host, place.port)
    try:
        access = None if token is None else Access(token)
        made = Made(loading(), sources, options, place, access, say)
        sys.setswitchinterval(SWITCH)
        with _warnings_said(say):
            server = WebServer(made.app, drain=place.drain, on_stop=made.stopping, prefix=place.prefix)
            made.listening = listening
            return server.serve_on(listening)
    finally:
        listening.close()


def check_not_open(place: Place, token: str | None) -> None:
    """Refuse to listen beyond this machine without a token.

    Raises:
        ArgumentError: then.
    """
    if token is None and not place.open and not is_loopback(place.host):
        raise ArgumentError(
            f"on {place.host} anyone who can reach this machine could use the server",
            remedy="Set a token in the environment variable GATERA_TOKEN or with --token-file, or pass --open.",
        )


def check_sure(loaded: Sequence[Loaded], sure: float | None, say: Callable[[str], None]) -> None:
    """Say of which programs a level for all requests does not hold, since they do not know how sure they are.

    Raises:
        ArgumentError: if that is all of them.
    """
    unable = [each.name for each in loaded if not each.can_be_unsure]
    if sure is None or not unable:
        return
    problem = f"{listed(unable)} cannot say how sure the predictions are"
    if len(unable) == len(loaded):
        raise ArgumentError(
            problem, got=f"sure {sure:g}", remedy="Train again with a validation set, or leave --sure out."
        )
    say(f"--sure {sure:g} is not for all: {problem}, and predict always.")


@dataclass
class Made:
    """A server's application with what runs beside it.

    Attributes:
        loaded: the programs.
        sources: where they come from, by name.
        options: how they are served.
        place: where.
        access: knows the token; None without one.
        say: prints a line.
        listening: the socket, for the line that names the address.
    """

    loaded: Sequence[Loaded]
    sources: dict[str, Source]
    options: Options
    place: Place
    access: Access | None
    say: Callable[[str], None]
    listening: socket.socket | None = None
    service: Service = field(init=False)
    app: Guard = field(init=False)

    def __post_init__(self) -> None:
        check_sure(self.loaded, self.options.sure, self.say)
        self.service = Service(self.loaded, self.options, self.say)
        rules = Rules(
            access=self.access,
            hosts=hosts_for(self.place.host, self.place.host_names),
            origins=frozenset(self.place.origins),
            body_limit=self.options.body_limit,
            limit_option="--body-limit",
            more_by_options=True,
            streams=NDJSON,
            streams_at="/predict",
            plain_errors="/v2/",
        )
        self.app = make_app(
            routes_of(self.service), rules, self._lifespan, self.say, on_refusal=self.service.metrics.refused
        )

    def stopping(self) -> None:
        """Say that the server is about to end; called when the signal comes."""
        self.service.draining()
        self.say("Stopping: open requests are finished first. Press Ctrl-C again to stop at once.")

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Any) -> AsyncIterator[None]:
        service = self.service
        if service.state == "starting":
            service.state = "ready"
        self._introduce()
        tasks = [asyncio.create_task(self._measure())]
        if self.options.reload:
            watcher = Watcher(
                self.sources,
                service.find,
                service.replace,
                self.say,
                service.refused_reload,
                self.options.trusted,
                self.options.sure is not None,
            )
            tasks.append(asyncio.create_task(watcher.watch()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            service.close()

    def _introduce(self) -> None:
        names = ", ".join(loaded.version for loaded in self.loaded)
        address = "" if self.listening is None else address_of(self.listening)
        self.say(f"Serving {names} at {address}  (press Ctrl-C to stop)")
        if self.access is not None:
            self.say(f"Open this once in a browser: {address}?key={self.access.key()}")
        if self.place.open and not is_loopback(self.place.host):
            self.say("Anyone who can reach this machine can use it (--open).")
        if self.options.log is not None:
            kept = (
                "with their inputs"
                if self.options.log_inputs
                else "without their inputs (--log-inputs keeps them)"
            )
            self.say(f"Predictions are logged in {self.options.log}, {kept}.")
            if len({tuple(loaded.program.vocab) for loaded in self.loaded}) > 1:
                self.say(
                    "The labels of all these programs go into one labels.csv: give each program its own server and --log."
                )

    async def _measure(self) -> None:
        """Find which batch size pays, one program after the other, while the first requests are answered."""
        workers = self.service.queue.workers
        for loaded in self.loaded:
            given = self.options.batch_size
            if given is not None:
                loaded.batch = given
                self.say(sentence(loaded, Measured(given, {}), workers, given=True))
                continue
            measured = await asyncio.to_thread(measure_batches, loaded)
            loaded.batch, loaded.seconds_each = measured.batch, measured.seconds[measured.batch]
            self.say(sentence(loaded, measured, workers))


@contextlib.contextmanager
def _warnings_said(say: Callable[[str], None]) -> Any:
    """Print warnings of programs as lines, an unseen category, say; only a few of each kind, for clients choose what is in them."""
    said: dict[tuple[str, int], set[str]] = {}

    def show(
        message: Warning | str, category: Any, filename: str, line: int, *rest: Any, **more: Any
    ) -> None:
        texts = said.setdefault((filename, line), set())
        if len(texts) < MOST_NOTES and (text := str(message)) not in texts:
            texts.add(text)
            last = " Further notes of this kind are not shown." if len(texts) == MOST_NOTES else ""
            say(f"Note: {text}{last}")

    with warnings.catch_warnings():
        warnings.simplefilter("always")  # else Python remembers each of them for good
        # what is odd about a photo is said to the client who sent it
        warnings.filterwarnings("ignore", module=r"PIL\.")
        warnings.simplefilter("ignore", ResourceWarning)  # they are for developers, as are these:
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.showwarning = show  # type: ignore[assignment]
        yield
