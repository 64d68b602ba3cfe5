"""`gatera models push`, `pull` and `lock`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from gatera.cli.models.remotes import address_of, given_keys, remember
from gatera.cli.output import print_either, print_json, print_line, show_note
from gatera.cli.parser import UsageError
from gatera.cli.terminal.text import escaped
from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, RegistryError, RemoteError
from gatera.store.models.names import LATEST
from gatera.store.models.registry import MARK, ModelRegistry
from gatera.store.models.sync.hub import NEWEST, from_hub, push_to_hub
from gatera.store.models.sync.lock import Lock, locked_version, read_lock, write_lock
from gatera.store.models.sync.pull import check_keys, pull_locked, pull_model, remote_models
from gatera.store.models.sync.push import Synced, push_model
from gatera.store.models.withdrawn import say_withdrawn
from gatera.store.remotes.huggingface import SCHEME, repository_of
from gatera.store.remotes.open import open_remote


def push(options: argparse.Namespace) -> int:
    """Send models to a remote.

    Raises:
        GateraError: if there is nothing to send, the remote does not answer, or it has something else under the same names.
    """
    registry = ModelRegistry(options.registry)
    address = address_of(registry, options.remote)
    models = options.models or registry.models()
    if not models:
        raise RegistryError(
            f"the registry {registry.folder} is empty", remedy="Add a program with: gatera models add FILE"
        )
    if address.startswith(SCHEME):
        return _push_to_hub(registry, models, address, options.json)
    remote = open_remote(address)
    if options.remote is None and not options.again and not remote.exists(MARK):
        raise RemoteError(
            f"{address} no longer holds a registry, and was this registry's remote",
            remedy="Mount its disk, or name where it is now: --remote ADDRESS. To send everything there again: --again",
        )
    for model in models:
        if "@" in model:
            raise ArgumentError(
                "push takes models, with all their versions", got=model, expected=model.partition("@")[0]
            )
        registry.known_versions(model)  # before anything is sent
    for model in models:
        _show(push_model(registry, remote, model, again=options.again), "Sent", address, options.json)
    remember(registry, address)
    return 0


def pull(options: argparse.Namespace) -> int:
    """Fetch models from a remote.

    Raises:
        GateraError: if the remote does not answer, lacks something, or something is damaged or not signed.
    """
    registry = ModelRegistry(options.registry)
    if options.locked:
        return _pull_locked(registry, options)
    address = address_of(registry, options.remote)
    if address.startswith(SCHEME):
        return _pull_from_hub(registry, address, options)
    remote = open_remote(address)
    names = options.versions or remote_models(remote)
    if not names:
        raise RegistryError(
            f"{address} has no programs", remedy="Send some with: gatera models push --remote ADDRESS"
        )
    keys = given_keys(options.key)
    for name in names:
        done = pull_model(registry, remote, name, keys=keys, renumber=options.renumber)
        _show(done, "Fetched", address, options.json)
    remember(registry, address)
    return 0


def lock(options: argparse.Namespace) -> int:
    """Write a lock file.

    Raises:
        GateraError: if there is no such version, or it is not signed as asked.
    """
    registry, path = ModelRegistry(options.registry), Path(options.out)
    keys = given_keys(options.key)
    name = next(iter(keys), None)
    versions = [registry.find(each) for each in options.versions]
    of_model = {each.model: each for each in versions}
    if other := next((each for each in versions if each != of_model[each.model]), None):
        raise ArgumentError(
            "a lock file holds one version of a model", got=f"{other.name} and {of_model[other.model].name}",
            remedy="Write a lock file for each: --out FILE.",
        )  # fmt: skip
    before = read_lock(path) if path.exists() else Lock([])
    # a newer version must be signed with the key that the file asks for already
    trusted = {each.model: before.public(each) for each in before.models}
    names = {each.model: name or each.key for each in before.models}
    for version in versions:
        asked, public = names.setdefault(version.model, name), trusted.get(version.model)
        check_keys(registry.files, version, keys or ({asked: public} if asked and public else {}))
    try:
        remote = address_of(registry, options.remote)
    except ArgumentError:
        remote = ""
    after = before.with_models([locked_version(each, names[each.model]) for each in versions], keys, remote)
    write_lock(after, path)
    for version in versions:
        say_withdrawn(registry.files, version)
    if options.json:
        print_json({"lock": str(path), "locked": [each.name for each in after.models]})
        return 0
    for version in versions:
        key = names[version.model]
        signed = f", signed by {key}" if key else ""
        print_line(f"{escaped(path)}: {version.name}  sha256 {version.sha256[:12]}{signed}")
    return 0


def _pull_locked(registry: ModelRegistry, options: argparse.Namespace) -> int:
    if options.versions:
        raise UsageError(
            f"--locked fetches what the lock file says, and takes no versions, got {options.versions[0]!r}"
        )
    locked = read_lock(options.lock)
    address = options.remote or locked.remote or address_of(registry, None)
    if address.startswith(SCHEME):
        for each in locked.models:
            public, fetched = locked.public(each), each.sha256 not in registry.objects
            keys = {} if public is None or each.key is None else {each.key: public}
            from_hub(registry, repository_of(address), f"v{each.number}", keys=keys, locked=each)
            line = f"{each.name}  sha256 {each.sha256[:12]}  from {escaped(address)}"
            print_either({"locked": each.name, "fetched": fetched}, line, options.json)
        return 0
    done = pull_locked(registry, open_remote(address), locked)
    for each, synced in zip(locked.models, done, strict=True):
        how = "fetched" if synced.transfer.objects else "there already"
        value = {"locked": each.name, "fetched": synced.transfer.objects == 1}
        print_either(value, f"{each.name}  sha256 {each.sha256[:12]}  {how}", options.json)
    return 0


def _push_to_hub(registry: ModelRegistry, references: Sequence[str], address: str, json: bool) -> int:
    repository = repository_of(address)
    if len(references) != 1:
        raise ArgumentError(
            "a repository of the Hugging Face hub holds one model",
            got=listed(references),
            expected="a version, such as cats@v3",
        )
    version = registry.find(references[0])
    there = push_to_hub(registry, version.name, repository)
    print_either({"version": version.name, "remote": there}, f"{version.name} is at {escaped(there)}.", json)
    return 0


def _pull_from_hub(registry: ModelRegistry, address: str, options: argparse.Namespace) -> int:
    repository, keys = repository_of(address), given_keys(options.key)
    for name in options.versions or [""]:
        model, _, which = name.partition("@")
        version = from_hub(
            registry, repository, NEWEST if which in ("", LATEST) else which, model or None, keys
        )
        if model and version.model != model:
            show_note(f"The program of {address} is called {version.model} there, and here.")
        line = f"{version.name}  sha256 {version.sha256[:12]}  from {escaped(address)}"
        print_either(version.to_dict(), line, options.json)
    return 0


def _show(done: Synced, verb: str, address: str, json: bool) -> None:
    if json:
        print_json({
            "model": done.model, "versions": [each.name for each in done.versions], "tags": list(done.moves),
            "objects": done.transfer.objects, "bytes": done.transfer.size_bytes, "notes": list(done.notes), "remote": address,
        })  # fmt: skip
        return
    news = ", ".join([*(f"v{each.number}" for each in done.versions), *done.moves])
    print_line(f"{done.model}: {escaped(news) or 'nothing new'}. {done.transfer.in_words(verb)}")
    for note in done.notes:
        show_note(note)
