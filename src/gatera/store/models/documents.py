"""The small JSON documents of a registry. They may come from anybody, so every value is checked when it is read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from gatera.core.errors import RegistryError, shorten
from gatera.store.remotes.keys import SHA256

#: The version of the documents that this code writes. It reads all versions from 1 on.
FORMAT = 1

#: Documents are no larger than this (bytes), nor have an object of more names.
LARGEST, MOST_NAMES = 1_000_000, 200

#: Texts are no longer than this (characters).
LONGEST_TEXT = 10_000

#: Where a registry keeps the address of the remote that it was used with last.
REMEMBERED = "remote.txt"

_MEND = "On a remote, send it again from a machine where it is intact: gatera models push MODEL --again"


def as_document(value: Mapping[str, Any]) -> bytes:
    """Return a document's bytes: the same for the same content, and lines that `diff` can show."""
    return (
        json.dumps({"format": FORMAT, **value}, indent=1, ensure_ascii=False, allow_nan=False).encode()
        + b"\n"
    )


def is_damaged(content: bytes) -> bool:
    """Whether bytes are not a document of any version."""
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):
        return True
    return not isinstance(values, dict) or type(values.get("format")) is not int


class Document:
    """A document that has been read; its methods return checked values.

    Args:
        content: its bytes.
        where: what messages call it.

    Raises:
        RegistryError: if it is not a document, or made by a newer version.
    """

    def __init__(self, content: bytes, where: str) -> None:
        self.where = where
        if len(content) > LARGEST:
            raise RegistryError(
                f"{where} is too large", got=len(content), expected=f"at most {LARGEST:,} bytes"
            )
        try:
            values = json.loads(content, parse_constant=_refused)
        except (ValueError, RecursionError) as err:
            said = "it is nested too deeply" if isinstance(err, RecursionError) else shorten(str(err), 100)
            raise RegistryError(f"{where} is damaged: it is not JSON ({said})", remedy=_MEND) from err
        if not isinstance(values, dict):
            raise RegistryError(f"{where} is damaged: it is not a JSON object")
        self._values: dict[str, Any] = values
        version = values.get("format")
        if type(version) is not int or version < 1:
            raise RegistryError(f"{where} does not name its format", got=version, expected=f"1 to {FORMAT}")
        if version > FORMAT:
            raise RegistryError(
                f"{where} was made by a newer Gatera", got=version, expected=f"format 1 to {FORMAT}",
                remedy="Update with: pip install -U gatera",
            )  # fmt: skip

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; the default where there is none."""
        value = self._values.get(name, default)
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            raise self._wrong(name, value, "text")
        return value

    def count(self, name: str, low: int = 0) -> int:
        """Return a whole number of at least `low`."""
        value = self._values.get(name)
        if type(value) is not int or not low <= value < 1 << 63:
            raise self._wrong(name, value, f"a whole number >= {low}")
        return value

    def optional_count(self, name: str, low: int = 0) -> int | None:
        """Return a whole number, or None where it is null."""
        return None if self._values.get(name) is None else self.count(name, low)

    def sha256(self, name: str) -> str:
        """Return a SHA-256."""
        value = self._values.get(name)
        if not isinstance(value, str) or not SHA256.fullmatch(value):
            raise self._wrong(name, value, "64 lower-case hexadecimal digits")
        return value

    def facts(self, name: str) -> dict[str, str]:
        """Return an object whose values are texts or numbers, as texts; empty where there is none."""
        return {
            key: value if isinstance(value, str) else f"{value}"
            for key, value in self._scalars(name, str | int | float).items()
        }

    def numbers(self, name: str) -> dict[str, float]:
        """Return an object whose values are finite numbers; empty where there is none."""
        return self._scalars(name, int | float)

    def part(self, name: str) -> Document:
        """Return an object inside as a document of its own; an empty one where there is none."""
        value = self._values.get(name, {})
        if not isinstance(value, dict) or len(value) > MOST_NAMES:
            raise self._wrong(name, value, "a JSON object")
        return _inner(value, f"{name} of {self.where}")

    def parts(self, name: str) -> list[Document]:
        """Return a list of objects as documents of their own."""
        value = self._values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self._wrong(name, value, "a list of JSON objects")
        return [_inner(each, f"{name} of {self.where}") for each in value]

    def _scalars(self, name: str, kinds: Any) -> dict[str, Any]:
        value = self.part(name)._values
        for key, each in value.items():
            sound = isinstance(each, kinds) and not isinstance(each, bool) and len(str(each)) <= LONGEST_TEXT
            if not sound or len(key) > 200 or (isinstance(each, float) and not math.isfinite(each)):
                raise self._wrong(f"{name}: {key}", each, "a text or a number")
        return value

    def _wrong(self, name: str, value: object, expected: str) -> RegistryError:
        return RegistryError(
            f"{self.where} is damaged: it has no valid {name!r}", got=value, expected=expected
        )


def _inner(values: dict[str, Any], where: str) -> Document:
    made = Document.__new__(Document)
    made.where, made._values = where, values
    return made


def _refused(word: str) -> float:
    raise ValueError(f"{word} is not a number of JSON")
