"""`gatera models add`, `tag`, `rollback`, `withdraw` and `key`."""

from __future__ import annotations

import argparse

from gatera.cli.models.words import figures, made_from
from gatera.cli.output import print_either, print_json, print_line
from gatera.cli.parser import UsageError
from gatera.cli.terminal.text import escaped
from gatera.core.escape import shell_quote
from gatera.core.files import human_bytes
from gatera.store.models.names import parse_reference
from gatera.store.models.registry import ModelRegistry
from gatera.store.models.tag_history import TagMove
from gatera.store.models.version import Parents
from gatera.store.models.version_signatures import sign_version
from gatera.store.models.withdrawn import in_words, say_withdrawn
from gatera.store.signatures import check_can_sign, key_names, make_key, public_key


def add(options: argparse.Namespace) -> int:
    """Take a program into the registry.

    Raises:
        GateraError: if it is not a sound program, or the name cannot be one.
    """
    registry = ModelRegistry(options.registry)
    if options.sign is not None:
        check_can_sign(options.sign)
    model = options.model
    before = [] if model is None or not registry.folder.exists() else registry.versions(model)
    given = Parents(
        {} if options.data is None else {"commit": options.data},
        {} if options.code is None else {"commit": options.code},
    )
    stood = None if options.tag is None or model is None else registry.tags(model).get(options.tag)
    version = registry.add(
        options.program, model, note=options.note or "", by=options.by, tag=options.tag, parents=given
    )
    if options.sign is not None:
        sign_version(registry.files, version, options.sign)
    say_withdrawn(registry.files, version)  # it may have been there before
    if options.json:
        print_json({**version.to_dict(), "registry": str(registry.folder)})
        return 0
    if any(each.sha256 == version.sha256 for each in before):
        said = any((options.note, options.by, options.data, options.code))
        print_line(
            f"{version.name} is already this program{', and its description is unchanged' if said else ''}."
        )
    else:
        print_line(f"Added {version.name} ({human_bytes(version.size)}) to {escaped(registry.folder)}.")
        for line in [figures(version), *made_from(version)]:
            print_line(f"  {escaped(line)}")
    if options.tag is not None:
        print_line(_moved(version.model, options.tag, stood, version.number))
    if options.sign is not None:
        print_line(f"Signed with the key {options.sign}.")
    return 0


def tag(options: argparse.Namespace) -> int:
    """Move, remove or show tags.

    Raises:
        GateraError: if there is no such version or tag.
    """
    registry = ModelRegistry(options.registry)
    model = parse_reference(options.version).model
    if options.tag is None:
        if options.delete or options.history:
            raise UsageError('missing argument: TAG. See "gatera models tag --help".')
        registry.known_versions(model)
        for name, number in registry.tags(model).items():
            print_either({"tag": name, "version": number}, f"{name}  v{number}", options.json)
        return 0
    if options.history and options.delete:
        raise UsageError("--delete and --history cannot be used together.")
    if options.history:
        registry.known_versions(model)
        for move in registry.history(model, options.tag):
            print_either(move.to_dict(), _history_line(move), options.json)
        return 0
    stood = registry.tags(model).get(options.tag)
    if options.delete:
        move = registry.untag(model, options.tag, options.note or "", options.by)
    else:
        move = registry.tag(options.version, options.tag, options.note or "", options.by)
        say_withdrawn(registry.files, registry.find(f"{model}@{options.tag}"))
    print_either(move.to_dict(), _moved(model, options.tag, stood, move.version), options.json)
    return 0


def rollback(options: argparse.Namespace) -> int:
    """Move a tag back.

    Raises:
        GateraError: if it has stood for nothing before.
    """
    model, _, tag = options.model.partition("@")  # as every other command writes it
    tag = tag or options.tag
    registry = ModelRegistry(options.registry)
    registry.known_versions(model)
    stood = registry.tags(model).get(tag)
    move = registry.rollback(model, tag, options.note or "", options.by)
    print_either(move.to_dict(), _moved(model, tag, stood, move.version), options.json)
    return 0


def withdraw(options: argparse.Namespace) -> int:
    """Say that something is wrong with a version, or that nothing is.

    Raises:
        GateraError: if there is no such version.
    """
    registry = ModelRegistry(options.registry)
    version = registry.find(options.version, withdrawn=True)
    model, number = version.model, version.number
    move = registry.withdraw(version.name, options.note or "", options.by, undo=options.undo)
    lines = [f"{version.name} is no longer withdrawn." if options.undo else f"{in_words(version, move)}."]
    stand = [name for name, stands in registry.tags(model).items() if stands == number and not options.undo]
    lines += [
        f"The tag {name} still points at it. To move it: gatera models tag {model}@VERSION {shell_quote(name)}"
        for name in stand
    ]
    print_either(
        {**move.to_dict(), "version": number, "withdrawn": not options.undo, "tags": stand},
        "\n".join(map(escaped, lines)),
        options.json,
    )
    return 0


def key(options: argparse.Namespace) -> int:
    """Make a pair of keys, or show public keys.

    Raises:
        GateraError: if the name cannot be one, or signatures need an extra that is missing.
    """
    names = key_names() if options.name is None else [options.name]
    made = options.name is not None and options.name not in key_names()
    for name in names:
        public = make_key(name) if made else public_key(name)
        print_either({"name": name, "public": public, "made": made}, f"{name}={public}", options.json)
    if not names and not options.json:
        print_line("No keys yet. Make one with: gatera models key NAME")
    return 0


def _moved(model: str, tag: str, before: int | None, after: int | None) -> str:
    if before == after:
        return f"{escaped(tag)} of {model} already points at v{after}."
    was = "" if before is None else f"v{before} -> "
    return f"{escaped(tag)} of {model}: {was}{'removed' if after is None else f'v{after}'}"


def _history_line(move: TagMove) -> str:
    said = f"  {move.note}" if move.note else ""
    return escaped(f"{move.at}  {'removed' if move.version is None else f'v{move.version}'}  {move.by}{said}")
