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


class GateraError(Exception):
    """Base of all errors raised on purpose by Gatera.

    The message has up to four parts, always in this order: what was wrong, the value received, what is allowed,
    and what to do next. Each part is kept as an attribute so that a user interface can lay them out itself.

    Args:
        problem: what was wrong, naming the argument, file or row. A clause without a full stop at its end.
        received: the offending value; shown with `repr`, shortened to 200 characters.
        allowed: what would have been accepted, in words.
        remedy: what to do next; a full sentence.

    Example:
        >>> str(ArgumentError("bs must be at least 1", received=0, remedy="Pass bs=64."))
        'bs must be at least 1. Received: 0. Pass bs=64.'
    """

    def __init__(
        self, problem: str, *, received: object = None, allowed: str | None = None, remedy: str | None = None
    ) -> None:
        self.problem, self.received, self.allowed, self.remedy = problem, received, allowed, remedy
        parts = [problem.rstrip(".") + "."]
        if received is not None:
            parts.append(f"Received: {shorten(repr(received))}.")
        if allowed is not None:
            parts.append(f"Allowed: {allowed.rstrip('.')}.")
        if remedy is not None:
            parts.append(remedy)
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
