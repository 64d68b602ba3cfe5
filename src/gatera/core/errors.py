"""Every exception Gatera raises, and the one sentence form that all of them share.

GateraError
├── ArgumentError (ValueError)          a caller passed a value that is not allowed
├── DataError (ValueError)              the user's files, labels or tables are not usable
│   ├── PhotoError                      one photo cannot be read
│   ├── SoundError                      one recording cannot be read
│   └── TextError                       one text cannot be read
├── ProgramFileError (ValueError)       a .gatera file is damaged, tampered with, or from another world
├── PretrainedError (RuntimeError)      no pretrained weights were found, or they do not fit
├── DownloadError (OSError)             something could not be fetched or unpacked
├── OutputExistsError (FileExistsError) a file of the user's would have been overwritten
├── MissingExtraError (ImportError)     an optional package is not installed
├── NonFiniteLossError (ArithmeticError) the loss became NaN or infinite
├── ExportError (ValueError)            a learner holds something that cannot become a program
└── ContractError (AssertionError)      a piece breaks a rule of its kind (lives in gatera.testing)
"""

from __future__ import annotations

import re


class GateraError(Exception):
    """Base of all errors raised on purpose by Gatera.

    The message has up to five parts, always in this order: the problem, the value that was given, what was expected, what
    is available, and what to do next. Each part is kept as an attribute, and `parts` has those that are shown as sentences,
    so that a user interface can lay them out itself.

    Args:
        problem: what was wrong, naming the argument, file or row. A clause without a full stop at its end.
        got: the offending value; shown with `repr`, shortened to 200 characters. Not shown where `problem` quotes it.
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
        parts = [problem.rstrip(".") + "."]
        if shown is not None and not _quotes(problem, shown):
            parts.append(f"Got: {shown}.")
        if expected is not None:
            parts.append(f"Expected: {expected.rstrip('.')}.")
        if available is not None:
            parts.append(f"Available: {available.rstrip('.')}.")
        if remedy is not None:
            parts.append(remedy)
        self.parts = tuple(parts)
        super().__init__(" ".join(parts))


class ArgumentError(GateraError, ValueError):
    """A caller passed a value that is not allowed."""


class DataError(GateraError, ValueError):
    """The user's files, labels or tables are not usable as they are."""


class PhotoError(DataError):
    """One photo cannot be read: missing, empty, truncated, not an image, or suspiciously large."""


class SoundError(DataError):
    """One recording cannot be read: missing, empty, truncated, silent, or in no known format."""


class TextError(DataError):
    """One text cannot be read: missing, empty, not in UTF-8, or no text at all."""


class ProgramFileError(GateraError, ValueError):
    """A program file (`.gatera`) is damaged, tampered with, or of a format this version cannot open."""


class PretrainedError(GateraError, RuntimeError):
    """No pretrained weights were found for an architecture, or those found do not fit it."""


class DownloadError(GateraError, OSError):
    """Something could not be fetched, verified or unpacked."""


class OutputExistsError(GateraError, FileExistsError):
    """A file that the user already has would have been overwritten."""


class MissingExtraError(GateraError, ImportError):
    """An optional package is needed and not installed."""


class NonFiniteLossError(GateraError, ArithmeticError):
    """The loss became NaN or infinite, so that going on would destroy the parameters."""


class ExportError(GateraError, ValueError):
    """A learner holds something that cannot be written into a program file."""


def shorten(text: str, limit: int = 200) -> str:
    """Return `text` cut to `limit` characters, with an ellipsis where something was left out."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _quotes(problem: str, shown: str) -> bool:
    """Whether the problem already shows the value, as a word of its own; a digit or two may stand for something else."""
    return len(shown) > 2 and bool(re.search(rf"(?<![\w.]){re.escape(shown)}(?![\w.]*\w)", problem))
