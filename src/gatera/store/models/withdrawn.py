"""Versions that were withdrawn because something is wrong with them: "latest" passes them over, and whoever still names one is told.

That is kept as a tag, so it has a history, can be undone, and goes to remotes and back like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gatera.core.errors import RegistryError
from gatera.core.progress import note
from gatera.store.models import tag_history
from gatera.store.models.tag_history import WITHDRAWN, TagMove
from gatera.store.models.version import ModelVersion
from gatera.store.remotes.remote import Remote


def tag_of(version: ModelVersion) -> str:
    """Return the tag that says that a version is withdrawn."""
    return f"withdrawn-v{version.number}"


def withdrawn_in(files: Remote, model: str) -> dict[int, TagMove]:
    """Return which versions of a model are withdrawn in a registry or a remote: number -> who said so, when and why."""
    found: dict[int, TagMove] = {}
    for tag in filter(WITHDRAWN.fullmatch, tag_history.tag_names(files, model)):
        here: dict[int, TagMove] = {}  # several where a version got another number: it keeps its tag
        for move in tag_history.history(files, model, tag):
            if move.version is not None:
                here.pop(move.version, None)
                here[move.version] = move
            elif here:
                here.popitem()  # the last one
        found |= here
    return found


def newest(versions: Sequence[ModelVersion], withdrawn: Mapping[int, TagMove]) -> ModelVersion:
    """Return the newest version that is not withdrawn.

    Args:
        versions: the versions of a model, oldest first, at least one.
        withdrawn: those that are withdrawn.

    Raises:
        RegistryError: if all are.
    """
    left = [each for each in versions if each.number not in withdrawn]
    if not left:
        last = versions[-1]
        raise RegistryError(
            f"every version of {last.model} is withdrawn; {in_words(last, withdrawn[last.number])}",
            remedy=f"Add a better one, or name the version where you need it all the same: {last.name}",
        )
    return left[-1]


def in_words(version: ModelVersion, move: TagMove) -> str:
    """Say that a version is withdrawn: "cats@v3 was withdrawn by Ann on 2026-11-30 (wrong labels)"."""
    return f"{version.name} was withdrawn by {move.by} on {move.at[:10]}" + (
        f" ({move.note})" if move.note else ""
    )


def say_withdrawn(files: Remote, version: ModelVersion) -> None:
    """Say that a version is withdrawn where it is, to whoever names it."""
    bad = withdrawn_in(files, version.model).get(version.number)
    if bad is not None:
        note(f"{in_words(version, bad)}.")
