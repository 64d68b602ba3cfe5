"""How programs of a registry are called: "cats" is a model, "cats@v3" a version of it, "cats@production" what a tag stands for."""

from __future__ import annotations

import re
from typing import NamedTuple

from gatera.core.errors import ArgumentError

#: Names of models and tags: they are also names of files, on every file system and in every bucket.
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}")

#: "v3". Tags are not called so.
VERSION = re.compile(r"v([1-9][0-9]{0,8})")

#: The newest version.
LATEST = "latest"

#: Names that Windows keeps for devices.
DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


class Reference(NamedTuple):
    """What "cats@v3" says: the model, and a version's number, a tag, or "latest"."""

    model: str
    which: str

    @property
    def number(self) -> int | None:
        """The version's number; None for a tag."""
        found = VERSION.fullmatch(self.which)
        return int(found[1]) if found else None

    def __str__(self) -> str:
        return f"{self.model}@{self.which}"


def check_name(name: object, what: str = "model") -> str:
    """Return the name of a model or a tag.

    Raises:
        ArgumentError: if it cannot be one.

    Example:
        >>> check_name("cats-small")
        'cats-small'
    """
    if isinstance(name, str) and DEVICES.fullmatch(name):
        raise ArgumentError(
            f"{name!r} cannot name a {what}: Windows keeps this name for a device",
            remedy="Choose another name.",
        )
    if not isinstance(name, str) or not NAME.fullmatch(name) or name.endswith("."):
        raise ArgumentError(
            f"not a name for a {what}", got=name,
            expected="letters, digits, '.', '-' and '_', at most 80, beginning with a letter, a digit or '_'",
        )  # fmt: skip
    return name


def check_tag(tag: object) -> str:
    """Return the name of a tag, which is not "latest" nor that of a version.

    Raises:
        ArgumentError: if it cannot be one.
    """
    name = check_name(tag, "tag")
    if name == LATEST or VERSION.fullmatch(name):
        raise ArgumentError(
            f"{name!r} cannot be a tag: it already means {'the newest version' if name == LATEST else 'a version'}",
            remedy="Choose a word, such as production.",
        )
    return name


def parse_reference(text: object) -> Reference:
    """Return what "cats@v3", "cats@production" or "cats@latest" says; a model alone means its newest version.

    Raises:
        ArgumentError: if it is not such a name.

    Example:
        >>> parse_reference("cats@v3"), parse_reference("cats")
        (Reference(model='cats', which='v3'), Reference(model='cats', which='latest'))
    """
    model, at, which = text.partition("@") if isinstance(text, str) else ("", "", "")
    try:
        check_name(model)
        if at:
            check_name(which, "tag")
    except ArgumentError as err:
        raise ArgumentError(
            "not a version of a program",
            got=text,
            expected="a name such as cats@v3, cats@production or cats@latest",
        ) from err
    return Reference(model, which or LATEST)


def is_reference(text: object) -> bool:
    """Whether a text could mean a version: "cats@v3"."""
    model, at, which = text.partition("@") if isinstance(text, str) else ("", "", "")
    return bool(at and NAME.fullmatch(model) and NAME.fullmatch(which))
