"""Work on many files in several processes, where threads would only wait for each other.

A small file is opened, read, hashed and written in a dozen calls of the system, a tenth of a millisecond in all. After each of
them a thread waits for Python's lock, so that two threads are as slow as one. Copies of the process (`fork`) wait for nobody.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeVar

from gatera.core.errors import GateraError
from gatera.core.threads import MOST_THREADS, usable_processors

T = TypeVar("T")

#: Items that a process takes at a time. Chosen here: a few milliseconds of work.
_GROUP = 32

#: Below this number of items the copies of the process would cost more than they save. Chosen here.
ENOUGH = 500


class _Helper(NamedTuple):
    """A copy of this process.

    Attributes:
        pid: its number.
        results: the end of the pipe that its results are read from.
    """

    pid: int
    results: int


def can_fork() -> bool:
    """Whether this process may be copied: on Linux, and while it has one thread; locks that others hold would stay locked in a copy."""
    if not sys.platform.startswith("linux") or not hasattr(os, "memfd_create") or usable_processors() < 2:
        return False
    try:
        return sum(1 for _ in Path("/proc/self/task").iterdir()) == 1
    except OSError:
        return False


def side_by_side(do: Callable[[T], Any], items: Sequence[T]) -> Iterator[Any]:
    """Return `do(item)` for each item, in their order, computed by copies of this process, one per processor and at most 8.

    They start at once, and stop when the iterator that is returned is dropped.

    Args:
        do: is called in a copy: what it changes in memory is lost, and what it returns or raises is pickled.
        items: what it is called with.

    Raises:
        OSError: if no copy can be made; nothing was done then.
        GateraError: from the iterator, if a copy was killed.
        Exception: from the iterator, what `do` raises.
    """
    return _in_order(_started(do, items), len(range(0, len(items), _GROUP)))


def _in_order(helpers: Sequence[_Helper], groups: int) -> Iterator[Any]:
    waiting: dict[int, list[Any]] = {}
    turn = 0
    try:
        for number, results in _arriving(helpers):
            waiting[number] = results
            while turn in waiting:
                yield from waiting.pop(turn)
                turn += 1
    finally:
        codes = _ended(helpers)
    if turn < groups:
        raise GateraError(
            f"a process that worked on the files was ended from outside (code {next(filter(None, codes), 0)})",
            remedy="The system does so when memory runs out. Run the same command again.",
        )


def _started(do: Callable[[T], Any], items: Sequence[T]) -> list[_Helper]:
    """Make the copies; each takes the next group when it has done one."""
    groups = len(range(0, len(items), _GROUP))
    # a file in memory whose position all copies share: each reads the number of a group that nobody else gets
    turns = os.memfd_create("turns")
    helpers: list[_Helper] = []
    try:
        with open(turns, "wb", closefd=False) as file:
            file.write(b"".join(number.to_bytes(4, "little") for number in range(groups)))
        os.lseek(turns, 0, os.SEEK_SET)
        for _ in range(min(MOST_THREADS, usable_processors(), groups)):
            try:
                helpers.append(_helper(do, items, turns, helpers))
            except OSError:  # as many as there may be
                if not helpers:
                    raise
                break
    finally:
        os.close(turns)
    return helpers


def _helper(do: Callable[[T], Any], items: Sequence[T], turns: int, others: Sequence[_Helper]) -> _Helper:
    source, target = os.pipe()
    parent = os.getpid()
    try:
        pid = os.fork()
    except OSError:
        os.close(source)
        os.close(target)
        raise
    if not pid:
        for handle in (source, *(each.results for each in others)):
            os.close(handle)  # else a pipe whose reader was killed would never break
        _help(do, items, turns, target, parent)
    os.close(target)
    return _Helper(pid, source)


def _help(do: Callable[[T], Any], items: Sequence[T], turns: int, target: int, parent: int) -> NoReturn:
    """Do groups until there are none, or nobody reads what they give; in the copy, which ends here."""
    code = 1
    try:
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # Ctrl-C reaches the parent, too, which then stops this one
        signal.signal(signal.SIGTERM, _stop)
        with suppress(BrokenPipeError):
            while turn := os.read(turns, 4):
                number, results = int.from_bytes(turn, "little"), []
                for item in items[number * _GROUP : (number + 1) * _GROUP]:
                    if os.getppid() != parent:
                        raise SystemExit
                    results.append(do(item))
                _send(target, (number, results))
        code = 0
    except SystemExit:
        pass
    except BaseException as err:  # noqa: BLE001 - which the parent raises
        with suppress(Exception):
            _send(target, err)
    finally:
        os._exit(code)  # nothing of the parent's is to be written or closed twice


def _stop(*_: object) -> NoReturn:
    raise SystemExit


def _send(target: int, what: object) -> None:
    """Write something to a pipe, its length before it."""
    data = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    rest = memoryview(len(data).to_bytes(8, "little") + data)
    while rest:
        rest = rest[os.write(target, rest) :]


def _arriving(helpers: Sequence[_Helper]) -> Iterator[tuple[int, list[Any]]]:
    """Yield the number and the results of each group, as they come.

    Raises:
        Exception: what the work raised.
    """
    poller = select.poll()
    come = {each.results: bytearray() for each in helpers}
    for handle in come:
        poller.register(handle, select.POLLIN)
    while come:
        for handle, _ in poller.poll():
            data = os.read(handle, 1 << 16)
            if not data:
                poller.unregister(handle)
                del come[handle]
                continue
            buffer = come[handle]
            buffer += data
            while len(buffer) >= 8 and len(buffer) >= (end := 8 + int.from_bytes(buffer[:8], "little")):
                what = pickle.loads(bytes(buffer[8:end]))  # from a copy of ourselves
                del buffer[:end]
                if isinstance(what, BaseException):
                    raise what
                yield what


def _ended(helpers: Sequence[_Helper]) -> list[int]:
    """Stop the copies that are still at work, and return what each ended with."""
    codes = []
    for each in helpers:
        os.close(each.results)
        with suppress(ProcessLookupError):
            os.kill(each.pid, signal.SIGTERM)
    for each in helpers:
        _, status = os.waitpid(each.pid, 0)
        codes.append(os.waitstatus_to_exitcode(status))
    return codes
