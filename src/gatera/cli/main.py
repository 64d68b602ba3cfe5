"""The command `gatera`: find the command that is asked for, parse its options, and only then import what it runs."""

from __future__ import annotations

import argparse
import atexit
import errno
import gc
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from typing import Any

import gatera
from gatera.cli.commands import GROUPS, commands_of_first
from gatera.cli.options import GLOBAL, Command, nearest_flag
from gatera.cli.output import (
    FAILED,
    INTERRUPTED,
    MISUSED,
    drop_output,
    escape_unencodable_output,
    show_error,
    stopped_status,
    write,
)
from gatera.cli.parser import UsageError, parse
from gatera.cli.terminal.unread import errors_unread, outlived
from gatera.core.errors import GateraError, MissingExtraError, lacks_memory
from gatera.core.progress import status as status_line

#: Errors of a disk rather than of what was asked for: no space, over quota, read-only.
DISK_ERRORS = frozenset(getattr(errno, name, -1) for name in ("ENOSPC", "EDQUOT", "EROFS"))

#: Errors of a name that somebody has given: it is too long, goes through a file, is a folder, or is not for this user.
PATH_ERRORS = frozenset(
    getattr(errno, name, -1)
    for name in (
        "ENAMETOOLONG",
        "ENOTDIR",
        "EISDIR",
        "EEXIST",
        "ELOOP",
        "EACCES",
        "EPERM",
        "ENOTEMPTY",
        "ENXIO",
    )
)


def main(argv: Sequence[str] | None = None) -> None:
    """Run `gatera`; this is the console script.

    Exit status: 0; 1 if something failed; 2 if the command was not understood; 130 after Ctrl-C, 143 after
    SIGTERM, 129 after SIGHUP. `--debug` or
    GATERA_DEBUG=1 shows the traceback of an error.
    """
    atexit.register(_leave_the_rest)
    arguments, debug = _take_debug(list(sys.argv[1:] if argv is None else argv))
    escape_unencodable_output()
    words = [word for word in arguments if not word.startswith("-")]
    name = " ".join(words[: 2 if words[0] in GROUPS else 1]) if words else None
    try:
        with errors_unread():
            status = _run(arguments)
        write("")  # a closed pipe or a full disk shows here rather than when Python shuts down
    except UsageError as err:
        _say(err)
        status = MISUSED
    except GateraError as err:
        if debug:
            raise
        _say(err, name)
        status = FAILED
    except KeyboardInterrupt as stop:
        status = stopped_status(stop)
        _say("interrupted." if status == INTERRUPTED else f"{stop}.")
    except BrokenPipeError:  # `gatera predict ... | head -1` has read enough
        drop_output(sys.stdout)
        status = FAILED
    except (OSError, RuntimeError, MemoryError) as err:
        problem = _unusable_file(err) if isinstance(err, OSError) else _lack_of_memory(err, name)
        if debug or not problem:
            raise
        _say(problem)
        status = FAILED
    _say_no_more()
    raise SystemExit(status)


def _unusable_file(err: OSError) -> str | None:
    """Return what to say of an error of the disk, or of a name that was given; None for others."""
    if err.errno == errno.EIO:
        return f"{err.filename or 'a file'} cannot be read or written ({err.strerror})."
    if err.errno in DISK_ERRORS:
        return f"{err.filename or 'the output'} cannot be written ({err.strerror})."
    if err.filename and err.errno in PATH_ERRORS:
        why = "it is not a folder" if err.errno == errno.EEXIST else err.strerror
        return f"{err.filename} cannot be used ({why})."
    return None


def _lack_of_memory(err: Exception, command: str | None) -> str | None:
    """Return what to say of an error that means too little memory, of the computer or its GPU; None for others."""
    if not lacks_memory(err):
        return None
    # PyTorch's advice to programmers follows
    start = " ".join(str(err).split()).partition(" Including ")[0].rstrip(".")
    remedy = (
        " A smaller --batch-size or --size needs less; --device cpu uses no GPU."
        if command == "train"
        else ""
    )
    return f"there is not enough memory{f' ({start})' if start else ''}.{remedy}"


def _leave_the_rest() -> None:
    """Keep Python from searching for circles before it ends, 15 ms: the system frees all at once.

    With PyTorch it does search: triton's bindings print a page about leaks where their objects are left (torch 2.15).
    """
    if "torch" not in sys.modules:
        gc.freeze()


def _say(error: Exception | str, command: str | None = None) -> None:
    """Print an error, if standard error takes it: its disk may be full, its reader or terminal gone."""
    with suppress(OSError):
        show_error(error, command)


def _say_no_more() -> None:
    """Write what is buffered for standard error; what it does not take would make Python end with status 120."""
    try:
        sys.stderr.flush()
    except OSError:
        drop_output(sys.stderr)


def _take_debug(arguments: list[str]) -> tuple[list[str], bool]:
    """Return the arguments without `--debug`, which may stand anywhere before `--`, and whether it is on."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [word for word in arguments[:end] if word != "--debug"]
    debug = len(kept) < end or os.environ.get("GATERA_DEBUG", "0") not in ("", "0")
    return kept + arguments[end:], debug


def _run(arguments: list[str]) -> int:
    if not arguments:
        print(_from_help("help_on", ()), file=sys.stderr)
        return MISUSED
    first, *rest = arguments
    if first in ("-h", "--help"):
        print(_from_help("help_on", rest))
        return 0
    if first in ("-V", "--version"):
        print(f"gatera {gatera.__version__}")
        return 0
    if first.startswith("-"):
        near = nearest_flag(first, GLOBAL)
        raise UsageError(
            f"unknown option {first!r}. " + (f"Did you mean {near!r}?" if near else 'See "gatera --help".')
        )
    if first in GROUPS:
        return _run_of_group(first, rest)
    return _run_command(_find(first), rest)


def _run_of_group(group: str, arguments: list[str]) -> int:
    if not arguments:
        print(_from_help("help_on", (group,)), file=sys.stderr)
        return MISUSED
    second, *rest = arguments
    if second in ("-h", "--help"):
        print(_from_help("help_on", (group, *rest)))
        return 0
    return _run_command(_find(f"{group} {second}"), rest)


def _find(name: str) -> Command:
    if command := commands_of_first(name.partition(" ")[0]).get(name):
        return command
    return load("gatera.cli.unknown_command:find_command_to_run")(name)


def _from_help(function: str, argument: Any) -> Any:
    """Call a function of the module of help, which imports every command: a prediction does without."""
    return load(f"gatera.cli.help:{function}")(argument)


def _run_command(command: Command, arguments: list[str]) -> int:
    if _asks_for_help(arguments):
        print(_from_help("command_help", command))
        return 0
    options = parse(command, arguments)
    if command.first is not None:
        load(command.first)(options)
    try:
        with nullcontext() if command.extra is None else status_line("Starting"):
            run = load(command.runs)
        with outlived(f"gatera {command.name}") if _goes_on(command, options) else nullcontext():
            return int(run(options) or 0)
    except ModuleNotFoundError as err:
        if command.extra is None or (err.name or "").partition(".")[0] in ("", "gatera"):
            raise
        raise MissingExtraError(
            f"gatera {command.name} needs {err.name}, which is not installed",
            remedy=f'Install it with: pip install "gatera[{command.extra}]"',
        ) from err


def _goes_on(command: Command, options: argparse.Namespace) -> bool:
    """Whether a command works on when nobody reads what it prints: it writes files, always or where it was asked for some."""
    return command.goes_on or any(getattr(options, name, None) is not None for name in ("save", "report"))


def load(place: str) -> Callable[..., Any]:
    """Import "module:function"."""
    module, _, function = place.partition(":")
    return getattr(importlib.import_module(module), function)


def _asks_for_help(arguments: list[str]) -> bool:
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return any(word in ("-h", "--help") for word in arguments[:end])


if __name__ == "__main__":
    main()
