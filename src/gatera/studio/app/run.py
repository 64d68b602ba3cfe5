"""Run the studio on this machine until Ctrl-C."""

from __future__ import annotations

import secrets
import threading
import time
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gatera.core.checks import counted
from gatera.core.errors import ArgumentError
from gatera.core.escape import shell_join
from gatera.core.files import atomic_write, home, set_mode
from gatera.core.lazy import later
from gatera.store.who import user_name
from gatera.studio.app.api import StartTraining
from gatera.studio.app.app import studio_app
from gatera.studio.desk.journal import check_name
from gatera.studio.masks.proposed import Proposals
from gatera.studio.opening import check_fits, open_studio
from gatera.studio.studio import Studio
from gatera.studio.training.start import start_training
from gatera.web.access import Access, given_token
from gatera.web.guard import Rules, hosts_for, is_loopback
from gatera.web.launch import WebServer, address_of, listen

if TYPE_CHECKING:
    from gatera.program.program import Program

#: What loads a program, and lets it look at the items: imported only where there is one.
LOAD, LOOK = ("gatera.store.models.open", "load_program"), ("gatera.studio.looking", "look")

#: The usual port.
PORT = 8765


@dataclass(frozen=True)
class Settings:
    """What the command line says; see there."""

    by: str | None = None
    labels: Sequence[str] = ()
    kind: str | None = None
    text: str | None = None
    program: str | None = None
    log: str | None = None
    host: str = "127.0.0.1"
    port: int | None = None
    browser: bool = False
    token_file: str | None = None
    open: bool = False


def run_studio(source: str, settings: Settings, say: Callable[[str], None]) -> bool:
    """Open a data set in the browser, and go on until a signal.

    Args:
        source: a folder, a data repository or a table.
        settings: the options.
        say: takes lines for the person who runs it.

    Returns:
        Whether everything was answered; False after a second Ctrl-C.

    Raises:
        GateraError: if the data cannot be opened, or the address is not free.
    """
    started = time.perf_counter()
    by = check_name(user_name() if settings.by is None else settings.by)
    access = _access(settings)
    listening = listen(settings.host, settings.port, PORT)
    try:
        program = None if settings.program is None else later(*LOAD)(settings.program)
        studio = open_studio(source, settings.labels, settings.kind, settings.text, settings.log, say)
        studio.people.desk(by)
        if program is not None and studio.place.masks is not None:
            studio.proposals = Proposals(program, _name_of(program), studio.place.masks.classes)
            program = None  # nothing is to be looked at before it is seen
        if program is not None:
            check_fits(program, studio.place.kind)
        rules = Rules(access, hosts_for(settings.host))
        train = _training(studio, program)
        app = studio_app(studio, by, rules, train, say, at_once=program is not None)
    except BaseException:
        listening.close()
        raise
    link = address_of(listening) + (f"?key={access.key()}" if access is not None else "")
    say(
        f"Opened {counted(len(studio.place), 'item')} in {time.perf_counter() - started:.1f} s, for {by}: {link}"
    )
    if settings.browser:
        threading.Timer(0.3, webbrowser.open, (link,)).start()
    try:
        return WebServer(app).serve_on(listening)
    finally:
        waiting = studio.people.desk(by).waiting
        studio.close()
        if waiting:
            say(
                f"Not written yet: {counted(waiting, 'item')} decided by {by}; the journal keeps them for the next time. "
                f"To write them now: {_to_finish(source, settings)}"
            )


def _name_of(program: Program) -> str:
    """Return NAME@HASH8 of a program."""
    name = (program.version or "").partition("@")[0] or Path(str(program.info["path"])).stem
    return f"{name}@{program.info['sha256'][:8]}"


def _to_finish(source: str, settings: Settings) -> str:
    """Return the command that writes what waits: of the same person, on the same items."""
    words = ["gatera", "studio", source, "--finish"]
    for option, value in (("--by", settings.by), ("--kind", settings.kind), ("--text", settings.text)):
        words += [option, value] if value is not None else []
    return shell_join(words)


def _access(settings: Settings) -> Access | None:
    if settings.open:
        return None
    token = given_token(settings.token_file)
    if token is None and not is_loopback(settings.host):
        raise ArgumentError(
            f"{settings.host} is reached from other machines, and there is no token",
            remedy="Put one into the environment variable GATERA_TOKEN or a file (--token-file), or allow everyone: --open.",
        )
    return Access(token or own_token())


def own_token() -> str:
    """Return the token of this user, made once: a page that is open goes on when the studio is started again."""
    path = home() / "studio-token"
    with suppress(OSError, ValueError):
        if kept := path.read_text("ascii").strip():
            return kept
    token = secrets.token_urlsafe(32)
    with suppress(OSError):  # a home that is read-only: it is made again each time
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)  # what takes its place has its permissions: at no moment can others read it
        set_mode(path, 0o600)
        with atomic_write(path) as partial:
            partial.write_text(token, encoding="ascii", newline="\n")
    return token


def _training(studio: Studio, program: Program | None) -> StartTraining:
    """Return what "Train again" does: a head on frozen features, or the program looks at the items again."""
    if program is not None:
        return lambda by, job: job.start(partial(later(*LOOK), studio, program, _name_of(program)))

    return partial(start_training, studio)
