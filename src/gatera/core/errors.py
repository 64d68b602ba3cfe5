"""Every exception that Gatera raises, and the message format that all of them share.

GateraError
├── ArgumentError (ValueError)          a caller passed a value that is not allowed
├── DataError (ValueError)              the user's files, labels or tables are not usable
│   ├── PhotoError                      one photo cannot be read
│   ├── SoundError                      one recording cannot be read
│   └── TextError                       one text cannot be read
├── ProgramFileError (ValueError)       a .gatera file is damaged, tampered with, or of an unsupported format
├── PretrainedError (RuntimeError)      pretrained weights were not found, or do not fit
├── DownloadError (OSError)             a file could not be downloaded or unpacked
├── RegistryError (ValueError)          a registry of programs lacks a version, or something in it is damaged or refused
├── RemoteError (OSError)               a remote did not answer, lacks something, or holds something damaged
├── OutputExistsError (FileExistsError) an existing file would have been overwritten
├── MissingExtraError (ImportError)     an optional package is not installed
├── NonFiniteLossError (ArithmeticError) the loss became NaN or infinite
├── ExportError (ValueError)            a learner holds something that cannot be exported
└── ContractError (AssertionError)      a component breaks its contract (defined in gatera.testing)
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

from gatera.core.escape import escaped

#: Longer sentences hold something that is not a name, and are cut (characters).
LONGEST_PART = 20_000


class GateraError(Exception):
    """Base class of all errors that Gatera raises on purpose.

    A message has up to five parts, always in this order: the problem, the value received, what was expected, what is
    available, and what to do next. Each part is an attribute, and `parts` lists the sentences shown, so that a user
    interface can lay them out itself.

    Args:
        problem: what is wrong, naming the argument, file or row. A clause without a full stop.
        got: the offending value; shown with `repr`, shortened to 200 characters. Omitted if `problem` already quotes it.
        expected: what would have been accepted, in words.
        available: what exists to choose from (columns, classes, files), in words.
        remedy: what to do next; a full sentence.

    Example:
        >>> str(ArgumentError("bs must be at least 1", got=0, remedy="Pass bs=64."))
        'bs must be at least 1. Got: 0. Pass bs=64.'
        >>> str(ArgumentError("there is no column 'salry'", got="salry", available="age, salary"))
        "there is no column 'salry'. Available: age, salary."
    """

    def __init__(
        self,
        problem: str,
        *,
        got: object = None,
        expected: str | None = None,
        available: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.problem, self.got, self.expected = problem, got, expected
        self.available, self.remedy = available, remedy
        shown = None if got is None else shorten(repr(got))
        parts = [problem if problem.endswith("?") else problem.rstrip(".") + "."]
        if shown is not None and not _quotes(problem, shown):
            parts.append(f"Got: {shown}.")
        if expected is not None:
            parts.append(f"Expected: {expected.rstrip('.')}.")
        if available is not None:
            parts.append(f"Available: {available.rstrip('.')}.")
        if remedy is not None:
            parts.append(remedy)
        # file names, labels and texts of libraries may hold control characters
        self.parts = tuple(shorten(escaped(part, keep="\n\t"), LONGEST_PART) for part in parts)
        super().__init__(" ".join(self.parts))


class ArgumentError(GateraError, ValueError):
    """A caller passed a value that is not allowed."""


class DataError(GateraError, ValueError):
    """The user's files, labels or tables cannot be used."""


class PhotoError(DataError):
    """One photo cannot be read: missing, empty, truncated, not an image, or suspiciously large."""


class SoundError(DataError):
    """One recording cannot be read: missing, empty, truncated, silent, or of an unknown format."""


class TextError(DataError):
    """One text cannot be read: missing, empty, not UTF-8, or not text."""


class ProgramFileError(GateraError, ValueError):
    """A program file (`.gatera`) is damaged, tampered with, or of a format that this version cannot open."""


class PretrainedError(GateraError, RuntimeError):
    """Pretrained weights were not found for an architecture, or do not fit it."""


class DownloadError(GateraError, OSError):
    """A file could not be downloaded, verified or unpacked."""


class RegistryError(GateraError, ValueError):
    """A registry of programs does not have a version or a tag, or something in it is damaged, refused or not signed as asked."""


class RemoteError(GateraError, OSError):
    """A place that versions are sent to and fetched from did not answer, lacks something, or holds something damaged."""


class OutputExistsError(GateraError, FileExistsError):
    """An existing file would have been overwritten."""


class MissingExtraError(GateraError, ImportError):
    """An optional package is needed but not installed."""


class NonFiniteLossError(GateraError, ArithmeticError):
    """The loss became NaN or infinite. Training stopped, because further updates would destroy the parameters."""


class ExportError(GateraError, ValueError):
    """A learner holds something that cannot be exported to a program file."""


Error = TypeVar("Error", bound=BaseException)


def data_error(error: GateraError, **changed: Any) -> DataError:
    """Return a DataError with the parts of an error, but for those that are given: `data_error(err, remedy="Omit it.")`."""
    names = ("problem", "got", "expected", "available", "remedy")
    return DataError(**{**{name: getattr(error, name) for name in names}, **changed})


def as_value(error: Error) -> Error:
    """Return an error that is to be kept rather than raised, without the frames that it and its causes went through.

    Those hold every variable of theirs, decoded photos too; and as one of them holds the error, all stay until Python looks for cycles.
    """
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            each.__traceback__ = None
            waiting += each.__cause__, each.__context__
    return error


def parts_of(error: GateraError) -> dict[str, Any]:
    """Return the parts of an error as JSON values; those that it does not have are left out.

    Example:
        >>> parts_of(ArgumentError("n must be at least 1", got=0, remedy="Pass n=1."))
        {'message': 'n must be at least 1. Got: 0. Pass n=1.', 'problem': 'n must be at least 1', 'got': '0', 'next': 'Pass n=1.'}
    """
    parts: dict[str, Any] = {
        "message": str(error),
        "problem": error.problem,
        "got": None if error.got is None else shorten(repr(error.got)),
        "expected": error.expected,
        "available": error.available,
        "next": error.remedy,
    }
    return {name: value for name, value in parts.items() if value is not None}


def shorten(text: str, limit: int = 200) -> str:
    """Truncate `text` to `limit` characters, ending in an ellipsis if anything was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


#: What errors of torch, ONNX Runtime and OpenVINO say where memory is lacking: of a processor or a GPU, on each system.
LACKS_MEMORY = (
    "out of memory", "can't allocate memory", "not enough memory", "bad_alloc", "failed to allocate memory", "bad allocation"
)  # fmt: skip


def lacks_memory(err: Exception) -> bool:
    """Whether an error, of whatever library, means too little memory."""
    return isinstance(err, MemoryError) or any(
        words in " ".join(str(err).lower().split()) for words in LACKS_MEMORY
    )


def is_library_error(err: BaseException) -> bool:
    """Whether an exception is the failure of a library: any but ours and those that stop the program.

    Libraries written in Rust raise "PanicException", which is not an Exception.
    """
    if isinstance(err, GateraError):
        return False
    return isinstance(err, Exception) or type(err).__name__ == "PanicException"


def _quotes(problem: str, shown: str) -> bool:
    """Whether the problem already quotes the value as a separate word; one or two characters may be a coincidence."""
    return len(shown) > 2 and bool(re.search(rf"(?<![\w.]){re.escape(shown)}(?![\w.]*\w)", problem))
