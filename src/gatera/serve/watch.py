"""Watch the files of programs, and take a new one into service when it has shown that it answers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from gatera.core.errors import ArgumentError, GateraError, ProgramFileError, is_library_error
from gatera.core.lazy import later
from gatera.program.archive import SUFFIX
from gatera.serve.loaded import Loaded, check_answers, load
from gatera.store.models.names import NAME
from gatera.web.memory import Pixels

#: Seconds between two looks.
EVERY = 0.5

#: What says that a file is another one: its place on the disk, size and time.
Stamp = tuple[int, int, int]


class Source:
    """Where a program comes from: a file, or a version in the registry whose tag may move.

    Args:
        given: as on the command line: "cats.gatera" or "cats@production".
    """

    def __init__(self, given: str) -> None:
        self.given = given
        self.missing = f"{given} is gone"  # why there was none at the last look
        self.is_reference = not given.endswith(SUFFIX) and not Path(given).exists()

    def path(self, quiet: bool = False) -> Path:
        """Return the file that it stands for now; unless quiet, a line says where that version is withdrawn.

        Raises:
            RegistryError: if the registry has no such version.
        """
        if not self.is_reference:
            return Path(self.given)
        # the registry is only imported where it is asked
        return Path(later("gatera.store.models.open", "program_file")(self.given, quiet=quiet))

    def stamp(self) -> tuple[Path, Stamp] | None:
        """Return the file and what says that it is another; None where there is none at the moment."""
        try:
            path = self.path(quiet=True)  # it is looked at again and again
            found = os.stat(path)  # noqa: PTH116 - of a path that is one
        except GateraError as err:
            self.missing = err.problem
            return None
        except OSError:
            self.missing = f"{self.given} is gone"
            return None
        return path, (found.st_ino, found.st_size, found.st_mtime_ns)


class Watcher:
    """Looks after the sources of programs.

    Args:
        sources: by the name of the program.
        current: returns the program in service.
        replace: takes a new one into service, in the thread of the event loop.
        say: is told in a line what happened.
        failed: is told the name of a program whose new file is not used.
        trusted: see `load_program`.
        sure: whether answers are only given where a program is sure: one that knew it is not followed by one that does not.
    """

    def __init__(
        self,
        sources: dict[str, Source],
        current: Callable[[str], Loaded],
        replace: Callable[[Loaded], None],
        say: Callable[[str], None],
        failed: Callable[[str], None],
        trusted: bool = False,
        sure: bool = False,
    ) -> None:
        self._sure = sure
        self._sources, self._current, self._replace = sources, current, replace
        self._say, self._failed, self._trusted = say, failed, trusted
        self._known = {name: source.stamp() for name, source in sources.items()}
        self._seen = dict(self._known)
        self._gone: set[str] = set()

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            for name in self._sources:
                await self.look(name)

    async def look(self, name: str) -> None:
        """Look at one source; a file that still changes is left until it does not."""
        stamp = await asyncio.to_thread(self._sources[name].stamp)
        steady, self._seen[name] = stamp == self._seen[name], stamp
        if stamp is None:
            if steady and name not in self._gone:
                self._gone.add(name)
                self._say(f"{self._sources[name].missing}. {name} continues with what was loaded.")
            return
        self._gone.discard(name)
        if not steady or stamp == self._known[name]:
            return
        self._known[name] = stamp
        await self._take(name, stamp[0])

    async def _take(self, name: str, path: Path) -> None:
        old = self._current(name)
        try:
            new = await asyncio.to_thread(successor, old, path, self._trusted)
            if self._sure and new is not None and old.can_be_unsure and not new.can_be_unsure:
                raise ProgramFileError("it does not know how sure it is, and --sure asks for that")
        except Exception as err:  # noqa: BLE001 - a bad file never replaces a good one, whatever is wrong with it
            why = str(err) if not is_library_error(err) else f"{type(err).__name__}: {err}"
            self._say(
                f"{self._sources[name].given} changed and is not used: {why} {name} continues with {old.version}."
            )
            self._failed(name)
            return
        if new is None:
            return
        self._replace(new)
        changes = "" if new.program.vocab == old.program.vocab else " Its labels have changed."
        if old.can_be_unsure and not new.can_be_unsure:
            changes += " It does not know how sure it is: requests with ?sure= are refused."
        self._say(f"{name} is {new.version} now, and was {old.version}.{changes}")


def load_all(sources: dict[str, Source], trusted: bool, pixel_limit: int) -> list[Loaded]:
    """Return the programs of sources.

    Raises:
        ProgramFileError: if one cannot be used.
        RegistryError: if the registry has no such version.
    """
    pixels = Pixels(pixel_limit)
    return [load(name, source.path(), trusted=trusted, pixels=pixels) for name, source in sources.items()]


def named_sources(programs: Sequence[str]) -> dict[str, Source]:
    """Return sources by the names of their programs: the file's name, or the model's, or the one given before "=".

    Raises:
        ArgumentError: if a name cannot be part of a URL, or two are the same.

    Example:
        >>> list(named_sources(["cats.gatera", "dogs@v3", "small=nets/a.gatera"]))
        ['cats', 'dogs', 'small']
    """
    found: dict[str, Source] = {}
    for given in programs:
        name, equals, path = given.partition("=")
        if not (equals and NAME.fullmatch(name) and path):
            if Path(path).is_file() and not Path(given).exists():
                raise ArgumentError(
                    f"the name before {equals}{path} cannot be part of a URL", got=name, expected="letters, digits, '.', '_' and '-'",
                )  # fmt: skip
            path = given
            name = (
                given.partition("@")[0]
                if "@" in Path(given).name and not given.endswith(".gatera")
                else Path(given).stem or Path(given).resolve().name
            )
            name = "".join(
                each if each.isascii() and (each.isalnum() or each in "._-") else "-" for each in name
            ).strip(".-")
        if not NAME.fullmatch(name):
            raise ArgumentError(
                f"{given} has no name that can be part of a URL", remedy=f"Give it one: NAME={path}"
            )
        if name in found:
            raise ArgumentError(
                f"two programs are called {name!r}", remedy=f"Give one of them another name: NAME={path}"
            )
        found[name] = Source(path)
    return found


def successor(old: Loaded, path: Path, trusted: bool) -> Loaded | None:
    """Return the program of a file that takes the place of another; None if it is the same program.

    Raises:
        ProgramFileError: if it cannot be used, takes something else, or does not answer the example that the other one answered.
    """
    new = load(old.name, path, trusted=trusted, pixels=old.pixels)
    if new.sha256 == old.sha256:
        return None
    if new.things != old.things or new.program.task != old.program.task:
        raise ProgramFileError(
            f"it is for {new.program.task} of {new.things}, and clients send {old.things} for {old.program.task}",
            remedy="Start the server again to change what it does.",
        )
    check_answers(new, old.example)
    new.batch, new.seconds_each = old.batch, old.seconds_each
    new.example, new.example_is_real = old.example, old.example_is_real
    return new
