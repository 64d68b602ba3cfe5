"""Fetch versions and tags from a remote. Every file is checked by size and hash before anything in it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import RegistryError
from gatera.core.escape import shell_quote
from gatera.core.files import sha256_file
from gatera.store.models import tag_history
from gatera.store.models.names import LATEST, parse_reference
from gatera.store.models.registry import ModelRegistry, check_mark, version_key, versions_in, write_mark
from gatera.store.models.sync.lock import Lock, Locked
from gatera.store.models.sync.push import Synced, check_same, common, in_words
from gatera.store.models.tag_history import TagMove, move_key, written_move
from gatera.store.models.version import ModelVersion, described, models_in, read_version
from gatera.store.models.version_signatures import check_signature, forget_signatures, signature_key, signers
from gatera.store.models.withdrawn import in_words as in_words_withdrawn
from gatera.store.models.withdrawn import newest, withdrawn_in
from gatera.store.remotes.remote import Remote
from gatera.store.remotes.transfer import Transfer, fetch_objects


def pull_model(
    registry: ModelRegistry,
    remote: Remote,
    reference: str,
    *,
    keys: Mapping[str, str] | None = None,
    renumber: bool = False,
    quiet: bool = False,
) -> Synced:
    """Fetch a model with all its versions and tags, or one version of it with all tags.

    Args:
        registry: where it goes.
        remote: where it is.
        reference: "cats" for everything, "cats@v3" or "cats@production" for one version.
        keys: name -> public key: each version must be signed with one of them.
        renumber: where the remote has another program under the same version, take theirs and give mine the next number.
        quiet: show no progress.

    Raises:
        RegistryError: if the remote has no such version, a signature is missing or wrong, or versions clash.
        RemoteError: if the remote fails, or something there is damaged; the same call goes on.
    """
    asked = parse_reference(reference)
    check_mark(remote)
    theirs = list(versions_in(remote, asked.model))
    if not theirs:
        raise _no_model(remote, asked.model)
    chosen = theirs if "@" not in reference else [_chosen(remote, theirs, asked.model, asked.which)]
    mine = {each.number: each for each in registry.versions(asked.model)}
    clashing = [each for each in theirs if each.number in mine and mine[each.number].sha256 != each.sha256]
    if chosen is not theirs:  # their tags come too, and are not to stand for my programs
        named = tag_history.numbers_named(remote, asked.model) if clashing else set()
        clashing = [each for each in clashing if each in chosen or each.number in named]
        chosen = [*chosen, *(each for each in clashing if each not in chosen)]
    for each in chosen:
        check_keys(remote, each, keys or {})
    notes: list[str] = []
    if clashing and not renumber:
        check_same(mine[clashing[0].number], clashing[0], remote)
    transfer = _fetched(registry, remote, chosen, quiet)
    places = _new_places(mine, theirs, chosen, clashing)
    for number, place in places.items():
        if place not in mine and place not in [each.number for each in chosen]:
            registry.files.replace(
                version_key(asked.model, place), described(replace(mine[number], number=place))
            )
        notes.append(f"Your {asked.model}@v{number} is {asked.model}@v{place} now.")
    _repoint(
        registry, remote, asked.model, places
    )  # before theirs get their numbers: a stop in between moves no tag
    for each in chosen:
        notes += take_description(registry, mine.get(each.number), each)
        for name in signers(remote, each):
            key = signature_key(each, name)
            if each.number in mine and not registry.files.exists(key):
                notes.append(f"The signature of {each.name} (key {name}) was fetched.")
            registry.files.replace(key, remote.read(key))
    new = [each for each in chosen if each.number not in mine or each in clashing]
    moves, more = _pull_tags(registry, remote, asked.model)
    if chosen is not theirs:
        bad = withdrawn_in(remote, asked.model)
        more += [f"{in_words_withdrawn(each, bad[each.number])}." for each in chosen if each.number in bad]
    return Synced(asked.model, new, moves, transfer, [*notes, *more])


def pull_locked(registry: ModelRegistry, remote: Remote, lock: Lock, quiet: bool = False) -> list[Synced]:
    """Fetch exactly what a lock file says, or fail: no other version, description, file or key is taken.

    Raises:
        RegistryError: if the remote or the registry has something else under one of the names, or a signature is missing or wrong.
        RemoteError: if the remote fails, or something there is damaged.
    """
    found = []
    for locked in lock.models:
        mine = next((each for each in registry.versions(locked.model) if each.number == locked.number), None)
        if mine is not None:
            locked.check(mine, str(registry.folder))
        version = _locked(remote, locked)
        public = lock.public(locked)
        if public is not None and locked.key is not None:
            check_signature(remote, version, locked.key, public)
        found.append((locked, version, mine is None))
    done = []
    for locked, version, new in found:
        transfer = _fetched(registry, remote, [version], quiet)
        if new:
            registry.files.write_if_absent(version_key(version.model, version.number), version.document)
        if locked.key is not None:
            key = signature_key(version, locked.key)
            registry.files.replace(key, remote.read(key))
        bad = withdrawn_in(remote, version.model).get(version.number)
        notes = [] if bad is None else [f"{in_words_withdrawn(version, bad)}, and it is still locked."]
        done.append(Synced(version.model, [version] if new else [], [], transfer, notes))
    return done


def check_keys(files: Remote, version: ModelVersion, keys: Mapping[str, str]) -> None:
    """Check that a version is signed with one of some keys; without keys nothing is checked.

    Raises:
        RegistryError: if it is not; it names the key.
    """
    if not keys:
        return
    there = [name for name in signers(files, version) if name in keys] or list(keys)[:1]
    for name in there:
        check_signature(files, version, name, keys[name])


def _locked(remote: Remote, locked: Locked) -> ModelVersion:
    key = version_key(locked.model, locked.number)
    if not remote.exists(key):
        raise RegistryError(
            f"{remote.address} has no {locked.name}, which is locked",
            available=listed(each.name for each in versions_in(remote, locked.model)) or "no version of it",
        )  # fmt: skip
    version = read_version(remote.read(key), locked.model, locked.number, f"{remote.address}/{key}")
    locked.check(version, remote.address)
    return version


def _fetched(
    registry: ModelRegistry, remote: Remote, versions: Sequence[ModelVersion], quiet: bool
) -> Transfer:
    for each in versions:
        path = registry.objects.path(each.sha256)
        if path.is_file() and (path.stat().st_size != each.size or sha256_file(path) != each.sha256):
            registry.objects.remove(each.sha256)  # damaged: fetched again
    write_mark(registry.files)
    sizes = {each.sha256: each.size for each in versions}
    return fetch_objects(registry.objects, remote, sizes, sizes, quiet)


def _chosen(remote: Remote, theirs: list[ModelVersion], model: str, which: str) -> ModelVersion:
    by_name = {f"v{each.number}": each for each in theirs}
    if which == LATEST:
        return newest(theirs, withdrawn_in(remote, model))
    known = {**by_name, LATEST: theirs[-1]}
    for tag in tag_history.tag_names(remote, model):
        moves = tag_history.history(remote, model, tag)
        if moves and moves[-1].version is not None and f"v{moves[-1].version}" in by_name:
            known[tag] = by_name[f"v{moves[-1].version}"]
    if which not in known:
        raise RegistryError(
            f"{remote.address} has no {model}@{which}",
            available=listed(known),
            remedy=did_you_mean(which, known),
        )
    return known[which]


def _no_model(remote: Remote, model: str) -> RegistryError:
    models = remote_models(remote)
    return RegistryError(
        f"{remote.address} has no model {model!r}",
        available=listed(models) or "none",
        remedy=did_you_mean(model, models),
    )


def remote_models(remote: Remote) -> list[str]:
    """Return the names of the models on a remote, in order."""
    return models_in(remote)


def take_description(registry: ModelRegistry, mine: ModelVersion | None, theirs: ModelVersion) -> list[str]:
    """Write the description of a version as it is elsewhere, in place of mine; returns what is to be said of it.

    Lock files and signatures are of the description: signatures of mine do not hold for another one.
    """
    if mine is not None and mine.document == theirs.document:
        return []
    gone = forget_signatures(registry.folder, theirs) if mine is not None else []
    registry.files.replace(version_key(theirs.model, theirs.number), theirs.document)
    notes = []
    if mine is not None and mine.sha256 == theirs.sha256:
        notes.append(
            f"{theirs.name} is described as {theirs.by} added it at {theirs.at}, and not as {mine.by} did: the program is the same."
        )
    if mine is not None and gone:
        path = registry.objects.path(mine.sha256)
        notes.append(
            f"The signature of your {mine.name} (key {listed(gone)}) does not hold for another number or description, and was removed. "
            f"To sign it again: gatera models add {shell_quote(str(path))} {shell_quote(mine.model)} --sign {shell_quote(gone[0])}"
        )
    return notes


def _new_places(
    mine: Mapping[int, ModelVersion],
    theirs: Sequence[ModelVersion],
    chosen: Sequence[ModelVersion],
    clashing: Sequence[ModelVersion],
) -> dict[int, int]:
    """Return the new numbers of my versions whose numbers others have taken: that of the same program, or else a free one."""
    taken = [each.number for each in clashing]
    same = {each.sha256: each.number for each in (*(mine[n] for n in mine if n not in taken), *chosen)}
    free = max([*mine, *(each.number for each in theirs)]) + 1
    places: dict[int, int] = {}
    for number in taken:
        places[number] = same.get(mine[number].sha256, free)
        free += places[number] == free
    return places


def _repoint(registry: ModelRegistry, remote: Remote, model: str, places: Mapping[int, int]) -> None:
    """Let my own moves of tags name the new numbers of my versions."""
    for tag in tag_history.tag_names(registry.files, model) if places else ():
        mine = tag_history.history(registry.files, model, tag)
        for move in mine[common(mine, tag_history.history(remote, model, tag)) :]:
            if move.version is not None and move.version in places:
                _write_move(registry, model, replace(move, version=places[move.version]))


def _pull_tags(registry: ModelRegistry, remote: Remote, model: str) -> tuple[list[str], list[str]]:
    """Take the moves of a remote's tags; my own that it does not have stay on top of them."""
    came: list[str] = []
    notes: list[str] = []
    files = registry.files
    for tag in sorted({*tag_history.tag_names(remote, model), *tag_history.tag_names(files, model)}):
        mine, theirs = tag_history.history(files, model, tag), tag_history.history(remote, model, tag)
        same = common(mine, theirs)
        own = mine[same:]
        # own moves get their new places, the last one first, before others take the old ones, so that none is ever lost
        last = theirs[-1].number if theirs else 0
        moved = [replace(each, number=number) for number, each in enumerate(own, last + 1)]
        for before, after in reversed([*zip(own, moved, strict=True)]):
            if after != before:
                _write_move(registry, model, after)
        for each in theirs[same:]:
            _write_move(registry, model, each)
        came += [in_words(each) for each in theirs[same:]]
        if own and len(theirs) > same:
            notes.append(
                f"The tag {tag!r} was moved there too ({in_words(theirs[-1])}); your move ({in_words(own[-1])}) comes last and counts."
            )
    return came, notes


def _write_move(registry: ModelRegistry, model: str, move: TagMove) -> None:
    registry.files.replace(move_key(model, move.tag, move.number), written_move(move))
