"""Printing: lines, JSON and errors. Text from data or a program file never moves the cursor."""

from __future__ import annotations

import io
import json
import math
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from gatera.cli.language import for_command, keywords_of
from gatera.cli.terminal.style import paint, width
from gatera.cli.terminal.text import UNSAFE, escaped, filled
from gatera.core.errors import DataError, GateraError
from gatera.core.terminal_bar import clear_bar

if TYPE_CHECKING:
    from gatera.program.tables.notes import Note

#: Exit statuses, as shells and scripts expect them.
FAILED, MISUSED, HUNG_UP, INTERRUPTED, TERMINATED = 1, 2, 129, 130, 143


def stopped_status(stop: KeyboardInterrupt) -> int:
    """Return the exit status after a signal, as shells have it: 130 after Ctrl-C, 143 after SIGTERM."""
    return 128 + int(getattr(stop, "number", INTERRUPTED - 128))


def write(text: str) -> None:
    """Write text to stdout, in the place of the progress bar if there is one; "" writes what is still buffered.

    Raises:
        DataError: if the disk that stdout goes to is full.
        BrokenPipeError: if nobody reads any more.
    """
    if sys.stdout.isatty():
        clear_bar()
    try:
        sys.stdout.write(text)
        if not text:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as err:
        drop_output(sys.stdout)
        raise DataError(f"cannot write to standard output ({err.strerror})") from err


def drop_output(stream: TextIO) -> None:
    """Let what a stream has buffered go nowhere, so that it does not fail once more when Python shuts down."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_line(*fields: str) -> None:
    """Print fields two spaces apart. What comes from data must be escaped before."""
    write("  ".join(fields) + "\n")


def print_text(text: str, indent: str = "") -> None:
    """Print sentences on stdout: on a terminal broken between words, elsewhere in one line. What could move the cursor is escaped.

    Args:
        text: one line or several.
        indent: what each line begins with.
    """
    for line in escaped(text, keep="\n").split("\n"):
        for part in filled(line, width(), indent, f"{indent}  ") if sys.stdout.isatty() else [indent + line]:
            print_line(part)


def print_json(value: Any, indent: int | None = None) -> None:
    """Print a value as JSON, null for numbers that are not finite. No string in it can change how a terminal shows the rest."""
    text = json.dumps(_finite(value), ensure_ascii=False, indent=indent, allow_nan=False)
    # json escapes what its standard asks for, which some controls are not; the line breaks between entries stay
    write(UNSAFE.sub(lambda found: found[0] if found[0] == "\n" else json.dumps(found[0])[1:-1], text) + "\n")


def print_either(value: Any, line: str, json: bool) -> None:
    """Print a value as JSON where that was asked for, else a line that says it; what comes from data in that is escaped before."""
    if json:
        print_json(value)
    else:
        print_line(line)


def _finite(value: Any) -> Any:
    """Return a value with None for numbers that JSON does not have: NaN and infinities."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    return [_finite(entry) for entry in value] if isinstance(value, list | tuple) else value


def show_error(error: Exception | str, command: str | None = None) -> None:
    """Print an error on stderr: on a terminal each part on a line of its own, elsewhere all in one line.

    Args:
        error: what went wrong.
        command: the command in whose words to say it.
    """
    parts = error.parts if isinstance(error, GateraError) else (str(error),)
    said = [for_command(part, command) for part in parts]
    clear_bar()
    if sys.stderr.isatty():
        lines = [line for number, part in enumerate(said) for line in _laid_out(part, first=number == 0)]
        print("\n".join(lines), file=sys.stderr)
    else:
        print("Error:", *map(_in_one_line, said), file=sys.stderr)


def _laid_out(part: str, first: bool) -> list[str]:
    """Return the lines of one part; lists in it, which have a line for each entry, stand further in."""
    head, *entries = (escaped(line.strip()) for line in part.splitlines() or [""])
    lines = (
        filled(f"{paint('Error:', 'error', sys.stderr)} {head}", width(), "", "  ")
        if first
        else filled(head, width(), "  ", "    ")
    )
    return lines + [line for entry in entries for line in filled(entry, width(), "    ", "      ")]


def _in_one_line(part: str) -> str:
    """Return a part without line breaks: entries of a list are separated by semicolons."""
    return escaped(re.sub(r"\s*\n\s*", "; ", re.sub(r":\s*\n\s*", ": ", part.strip())))


def show_line(text: str) -> None:
    """Print a line on stderr, wrapped on a terminal."""
    clear_bar()
    print("\n".join(wrapped(escaped(text), sys.stderr)), file=sys.stderr)


def show_note(text: str) -> None:
    """Print a note on stderr."""
    clear_bar()
    first, *rest = wrapped(f"Note: {escaped(text)}", sys.stderr)
    painted = paint("Note:", "warning", sys.stderr) + first.removeprefix("Note:")
    print("\n".join([painted, *rest]), file=sys.stderr)


def wrapped(text: str, stream: TextIO) -> list[str]:
    """Return a line in parts that fit a terminal, broken between words; as it is elsewhere."""
    return filled(text, width(), "", "  ") if stream.isatty() else [text]


def escape_unencodable_output() -> None:
    """Make stdout and stderr escape what they cannot encode, and all three streams exist: no file name and no `>&-` may stop a run."""
    sys.stdin = sys.stdin or Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8", newline="\n")  # for as long as the process lives


def show_decision(note: Note, command: str) -> None:
    """Print what was decided about the data on stderr, with the option that changes it where the command has that."""
    show_note(note.for_shell() if note.option in keywords_of(command) else f"{note.text}.")


@contextmanager
def notes(command: str | None = None) -> Iterator[None]:
    """Show our warnings (a column with an unseen category, say) as notes; those of Pillow do not name a file, and are skipped.

    Args:
        command: the command in whose words to say them.
    """

    def note(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if not (category.__module__.startswith("PIL.") or "PIL" in Path(filename).parts):
            show_note(for_command(str(message), command))

    with warnings.catch_warnings():
        warnings.filterwarnings("default", category=UserWarning, module="gatera")
        warnings.showwarning = note
        yield
