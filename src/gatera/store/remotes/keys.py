"""Keys: the names of what a remote holds, such as "objects/ab/cdef..."."""

from __future__ import annotations

import re

from gatera.core.errors import ArgumentError

#: A part of a key: what every file system and every object store takes.
PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")

#: The key of an object is its SHA-256: the first two digits, then the others.
OBJECT = re.compile(r"objects/([0-9a-f]{2})/([0-9a-f]{62})")

SHA256 = re.compile(r"[0-9a-f]{64}")


def check_key(key: str) -> str:
    """Return a key; raise ArgumentError if it is not one: parts of letters, digits, dots, dashes and underscores, joined by slashes.

    Example:
        >>> check_key("objects/ab/cd")
        'objects/ab/cd'
    """
    if not isinstance(key, str) or not all(PART.fullmatch(part) for part in key.split("/")):
        raise ArgumentError(
            "the key is not a name that every remote takes", got=key,
            expected="letters, digits, '.', '-' and '_' between slashes, no part beginning with a dot or a dash",
        )  # fmt: skip
    return key


def object_key(sha256: str) -> str:
    """Return the key of the object with this SHA-256.

    Raises:
        ArgumentError: if it is not 64 lower-case hexadecimal digits.

    Example:
        >>> object_key("ab" + "c" * 62)[:14]
        'objects/ab/ccc'
    """
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
        raise ArgumentError("not a SHA-256", got=sha256, expected="64 lower-case hexadecimal digits")
    return f"objects/{sha256[:2]}/{sha256[2:]}"


def sha256_of_key(key: str) -> str | None:
    """Return the SHA-256 that an object's key stands for; None for other keys."""
    found = OBJECT.fullmatch(key)
    return found[1] + found[2] if found else None
