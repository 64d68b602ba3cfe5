"""Tags: words for versions ("production"), each with the history of what it stood for.

Every move is a document of its own, numbered, and written only if nobody else has written it: of two people who move a tag at the
same time one succeeds, and the other is told.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from gatera.core.errors import ArgumentError, RegistryError
from gatera.store.models.documents import Document, as_document
from gatera.store.models.names import check_tag
from gatera.store.remotes.remote import Remote

#: How the tag of a version that was withdrawn is called. Nobody can give it by hand.
WITHDRAWN = re.compile(r"withdrawn-v([1-9][0-9]{0,8})")


@dataclass(frozen=True)
class TagMove:
    """One move of a tag.

    Attributes:
        tag: its name.
        number: 1, 2, ...
        version: the version that it stands for from then on; None if it was removed.
        by, at, note: who moved it, when (UTC), and why.
    """

    tag: str
    number: int
    version: int | None
    by: str
    at: str
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "tag": self.tag,
            "version": self.version,
            "by": self.by,
            "at": self.at,
            "note": self.note,
        }


def move_key(model: str, tag: str, number: int) -> str:
    """Return the key of a move of a tag."""
    return f"models/{model}/tags/{tag}/{number:06}.json"


def read_move(content: bytes, tag: str, number: int, where: str) -> TagMove:
    """Read a move of a tag.

    Raises:
        RegistryError: if it is damaged.
    """
    found = Document(content, where)
    return TagMove(
        tag,
        number,
        found.optional_count("version", 1),
        found.text("by"),
        found.text("at"),
        found.text("note", ""),
    )


def written_move(move: TagMove) -> bytes:
    """Return a move as it is kept."""
    return as_document(move.to_dict())


def history(files: Remote, model: str, tag: str) -> list[TagMove]:
    """Return every move of a tag, oldest first; empty if there was none."""
    moves = []
    for key in files.list(f"models/{model}/tags/{tag}/"):
        number = _number(key)
        if number is not None:
            moves.append(read_move(files.read(key), tag, number, f"{files.address}/{key}"))
    return moves


def tag_names(files: Remote, model: str) -> list[str]:
    """Return the names of all tags that a model has or had, in order."""
    start = f"models/{model}/tags/"
    return sorted({key[len(start) :].split("/")[0] for key in files.list(start)})


def move(files: Remote, model: str, before: list[TagMove], after: TagMove) -> None:
    """Write the next move of a tag.

    Args:
        files: where the documents are.
        model: the model.
        before: the history that was looked at.
        after: the move; its number is one more than the last.

    Raises:
        RegistryError: if somebody moved it since.
    """
    if not files.write_if_absent(move_key(model, after.tag, after.number), written_move(after)):
        now = history(files, model, after.tag)[-1]
        stands = "was removed" if now.version is None else f"points at v{now.version}"
        raise RegistryError(
            f"the tag {after.tag!r} of {model} was moved by {now.by} at {now.at}, while it was being moved here: it {stands} now",
            remedy="Check whether that is what you want; otherwise run it again.",
        )


def standing(files: Remote, model: str) -> dict[str, int]:
    """Return the tags of a model that stand for a version, and its number; those that say that one is withdrawn are no such tags."""
    found = {
        tag: history(files, model, tag) for tag in tag_names(files, model) if not WITHDRAWN.fullmatch(tag)
    }
    return {tag: moves[-1].version for tag, moves in found.items() if moves and moves[-1].version is not None}


def numbers_named(files: Remote, model: str) -> set[int]:
    """Return the numbers of all versions that a tag of a model stands for or stood for: they may be elsewhere only."""
    moves = (move for tag in tag_names(files, model) for move in history(files, model, tag))
    return {move.version for move in moves if move.version is not None}


def before(moves: Sequence[TagMove], current: int, passed_over: Container[int] = ()) -> int | None:
    """Return the version that a tag goes back to; None if it never stood for another.

    Args:
        moves: its history.
        current: the version that it stands for.
        passed_over: versions that it does not go back to.
    """
    stack: list[int] = []  # going back takes off what coming here put on
    for each in moves:
        if each.version in stack:
            stack = stack[: stack.index(each.version) + 1]
        elif each.version is not None:
            stack.append(each.version)
    earlier = stack[: stack.index(current)] if current in stack else []
    return next((each for each in reversed(earlier) if each not in passed_over), None)


def new_tag(model: str, tag: str, had: Sequence[str]) -> str:
    """Return the name of a tag that is given to a version by hand; on some file systems Production and production are one folder.

    Args:
        model: the model.
        tag: the name.
        had: the tags that the model has or had.

    Raises:
        ArgumentError: if it cannot be one.
        RegistryError: if another has the same name but for the case of its letters.
    """
    check_tag(tag)
    if WITHDRAWN.fullmatch(tag):
        raise ArgumentError(
            f"{tag!r} cannot be a tag: it says that a version is withdrawn",
            remedy=f"Use: gatera models withdraw {model}@{tag.removeprefix('withdrawn-')}",
        )
    if tag in had:
        return tag
    check_tag(tag.lower())  # Latest and V3 would be taken for latest and v3
    if tag.isdigit():
        raise ArgumentError(
            f"{tag!r} cannot be a tag: it would be taken for v{tag}",
            remedy="Choose a word, such as production.",
        )
    other = next((each for each in had if each.lower() == tag.lower()), None)
    if other is not None:
        raise RegistryError(
            f"{model} has or had a tag {other!r} already, and not every file system keeps it apart from {tag!r}",
            remedy=f"Move {other}, or choose another name.",
        )
    return tag


def _number(key: str) -> int | None:
    name = key.rpartition("/")[2].removesuffix(".json")
    return int(name) if name.isascii() and name.isdecimal() else None
