"""Send versions and tags of a registry to a remote: objects first, then what names them, so that nobody sees a version without its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gatera.core.errors import RegistryError
from gatera.core.escape import shell_quote
from gatera.store.models import tag_history
from gatera.store.models.documents import is_damaged
from gatera.store.models.registry import MARK, ModelRegistry, check_mark, version_key, versions_in, write_mark
from gatera.store.models.tag_history import TagMove
from gatera.store.models.version import ModelVersion
from gatera.store.models.version_signatures import signature_key, signers
from gatera.store.remotes.remote import Remote
from gatera.store.remotes.transfer import Transfer, send_objects


@dataclass(frozen=True)
class Synced:
    """What was sent or fetched of a model.

    Attributes:
        model: its name.
        versions: the versions that the other side did not have.
        moves: moves of tags that it did not have: "production: v3".
        transfer: the objects.
        notes: what else happened, a sentence each.
    """

    model: str
    versions: Sequence[ModelVersion]
    moves: Sequence[str]
    transfer: Transfer
    notes: Sequence[str] = field(default_factory=list)


def push_model(
    registry: ModelRegistry, remote: Remote, model: str, quiet: bool = False, again: bool = False
) -> Synced:
    """Send all versions, signatures and tags of a model. What already exists is not sent again.

    Args:
        registry: where it is.
        remote: where it goes.
        model: its name.
        quiet: show no progress.
        again: send also the files that are there, and descriptions and tags that cannot be read there: one of them may be damaged.

    Raises:
        RegistryError: if the remote has another program under the same version, or tags were moved there: nothing is sent then.
        RemoteError: if the remote fails; the same call goes on.
    """
    mine = registry.versions(model) or [registry.find(model)]  # raises, with what there is
    files = registry.files
    notes = _mended(files, remote, model) if again else []
    check_mark(remote)
    theirs = {each.number: each for each in versions_in(remote, model)}
    for each in mine:
        check_same(each, theirs.get(each.number), remote)
    moves = _unsent_moves(registry, remote, model)
    transfer = send_objects(registry.objects, remote, {each.sha256: each.name for each in mine}, quiet, again)
    write_mark(remote)
    missing = [each for each in mine if each.number not in theirs]
    for each in missing:
        if not remote.write_if_absent(version_key(model, each.number), each.document):
            check_same(each, next(v for v in versions_in(remote, model) if v.number == each.number), remote)
    for each in mine:
        there = theirs.get(each.number, each)
        if there.document != each.document:
            notes.append(
                f"{each.name} already exists, as {there.by} added it at {there.at}. To take that description, which lock files "
                f"and signatures refer to: {_pull(model, remote)}"
            )
            continue
        for name in signers(files, each):
            key = signature_key(each, name)
            if again or not remote.exists(key):
                remote.replace(key, files.read(key))
                if each not in missing:
                    notes.append(f"The signature of {each.name} (key {name}) was sent.")
    for move in moves:
        tag_history.move(remote, model, [], move)
    return Synced(model, missing, [in_words(move) for move in moves], transfer, notes)


def _mended(files: Remote, remote: Remote, model: str) -> list[str]:
    """Write descriptions and moves of tags again that cannot be read on a remote, and are whole here; returns a sentence for each."""
    notes = []
    there = remote.list(f"models/{model}/")
    for key in [*files.list(f"models/{model}/"), MARK]:
        if key in there or (key == MARK and remote.exists(key)):
            mine = files.read(key)
            if is_damaged(remote.read(key)) and not is_damaged(mine):
                remote.replace(key, mine)
                notes.append(f"{remote.address}: {key} was damaged, and was sent again.")
    return notes


def check_same(mine: ModelVersion, theirs: ModelVersion | None, remote: Remote) -> None:
    """Raise RegistryError if a version is another program on a remote."""
    if theirs is not None and theirs.sha256 != mine.sha256:
        raise RegistryError(
            f"{mine.name} is a different program on {remote.address}: {theirs.by} added it there at {theirs.at}",
            got=theirs.sha256[:12], expected=mine.sha256[:12],
            remedy=f"Take theirs and give yours the next number with: {_pull(mine.model, remote)} --renumber",
        )  # fmt: skip


def _pull(model: str, remote: Remote) -> str:
    """Return the command that fetches a model from a remote, which may not be the one that is remembered."""
    return f"gatera models pull {model} --remote {shell_quote(remote.address)}"


def common(mine: Sequence[TagMove], theirs: Sequence[TagMove]) -> int:
    """Return how many moves at the beginning of two histories are the same."""
    same = 0
    for one, other in zip(mine, theirs, strict=False):
        if one != other:
            break
        same += 1
    return same


def in_words(move: TagMove) -> str:
    """Return a move as "production: v3"."""
    return f"{move.tag}: {'removed' if move.version is None else f'v{move.version}'}"


def _unsent_moves(registry: ModelRegistry, remote: Remote, model: str) -> list[TagMove]:
    """Return the moves of all tags that a remote does not have."""
    moves: list[TagMove] = []
    for tag in tag_history.tag_names(registry.files, model):
        mine, theirs = registry.history(model, tag), tag_history.history(remote, model, tag)
        same = common(mine, theirs)
        if same < min(len(mine), len(theirs)):
            other = theirs[same]
            raise RegistryError(
                f"the tag {tag!r} of {model} was also moved on {remote.address}, by {other.by} at {other.at}: {in_words(other)}",
                remedy=f"Fetch that first: {_pull(model, remote)}",
            )
        moves += mine[same:]
    return moves
