"""`gatera models list`, `show`, `verify` and `lineage`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gatera.cli.models.remotes import given_keys
from gatera.cli.models.words import figures, made_from
from gatera.cli.output import FAILED, print_json, print_line, print_text
from gatera.cli.terminal.card import card_lines
from gatera.cli.terminal.table import table_lines, text_columns
from gatera.cli.terminal.text import escaped
from gatera.core.checks import counted, listed
from gatera.core.errors import ArgumentError, RegistryError
from gatera.core.files import check_free_to_write, human_bytes
from gatera.program.archive import CARD
from gatera.program.package import read_package
from gatera.store.models import tag_history
from gatera.store.models.check import verify_registry
from gatera.store.models.lineage import lineage
from gatera.store.models.picture import save_lineage
from gatera.store.models.registry import ModelRegistry, versions_in
from gatera.store.models.sync.pull import remote_models
from gatera.store.models.version import ModelVersion
from gatera.store.models.version_signatures import signers
from gatera.store.models.withdrawn import in_words, withdrawn_in
from gatera.store.remotes.huggingface import SCHEME
from gatera.store.remotes.open import open_remote
from gatera.store.remotes.remote import Remote


def list_models(options: argparse.Namespace) -> int:
    """List models, or the versions of one.

    Raises:
        GateraError: if there is no such model, or the remote does not answer.
    """
    registry = ModelRegistry(options.registry)
    if options.remote is None:
        if options.model is not None:
            registry.known_versions(options.model)
        names, files = registry.models(), registry.files
    elif options.remote.startswith(SCHEME):
        raise ArgumentError(
            "the Hugging Face hub lists versions itself", got=options.remote, expected="a folder or a bucket",
            remedy="They are the tags on the page of the repository.",
        )  # fmt: skip
    else:
        files = open_remote(options.remote)
        names = remote_models(files)
        if options.model is not None and options.model not in names:
            raise RegistryError(
                f"{options.remote} has no model {options.model!r}", available=listed(names) or "none"
            )
    if not names and not options.json:
        print_line(f"No programs in {escaped(files.address)} yet.")
        return 0
    if options.model is None:
        _list_all(files, names, options.json)
    else:
        _list_versions(files, options.model, options.json)
    return 0


def show(options: argparse.Namespace) -> int:
    """Show a version.

    Raises:
        GateraError: if there is no such version.
    """
    registry = ModelRegistry(options.registry)
    version = registry.find(options.version)
    named = [tag for tag, number in registry.tags(version.model).items() if number == version.number]
    signed, bad = signers(registry.files, version), registry.withdrawn(version.model).get(version.number)
    if options.json:
        print_json(
            {**version.to_dict(), "tags": named, "signed_by": signed, "withdrawn": bad is not None}, indent=1
        )
        return 0
    print_line(f"{version.name}" + (f"  ({escaped(', '.join(named))})" if named else ""))
    lines = [
        *([] if bad is None else [in_words(version, bad)]), figures(version), f"added by {version.by} at {version.at}", *([f"note: {version.note}"] if version.note else []),
        *made_from(version), f"file: {registry.file_of(version)} ({human_bytes(version.size)})", f"sha256: {version.sha256}",
        f"signed with: {listed(signed)}" if signed else "not signed",
    ]  # fmt: skip
    for line in lines:
        print_text(line, "  ")
    package = read_package(registry.file_of(version))
    if CARD in package.names:
        card = package.read(CARD).decode("utf-8", errors="replace").strip()
        print_line("")
        for line in card_lines(card) if sys.stdout.isatty() else escaped(card, keep="\n").splitlines():
            print_line(line)
    return 0


def verify(options: argparse.Namespace) -> int:
    """Check a registry.

    Returns:
        The exit status: 0, or 1 if something is wrong.

    Raises:
        GateraError: if a key is not one, or there is no such model.
    """
    registry = ModelRegistry(options.registry)
    for model in options.models:
        registry.known_versions(model)
    count, faults = verify_registry(registry, options.models or None, given_keys(options.key))
    if options.json:
        print_json({"versions": count, "faults": faults})
    else:
        for fault in faults:
            print_text(fault)
        print_line(
            f"{counted(count, 'version')} checked: "
            + (f"{counted(len(faults), 'fault')}." if faults else "no problems found.")
        )
    return FAILED if faults else 0


def show_lineage(options: argparse.Namespace) -> int:
    """Draw what a version came from.

    Raises:
        GateraError: if there is no such version, or the picture exists.
    """
    if options.svg is not None:
        check_free_to_write(Path(options.svg), options.force)
    tree = lineage(ModelRegistry(options.registry), options.version)
    if options.json:
        print_json(tree.to_dict(), indent=1)
    else:
        for line in tree.lines():
            print_line(escaped(line))
    if options.svg is not None:
        path = save_lineage(tree, options.svg)
        if not options.json:
            print_line(f"Saved {escaped(path)}.")
    return 0


def _list_all(files: Remote, names: Sequence[str], json: bool) -> None:
    rows = []
    for name in names:
        versions = list(versions_in(files, name))
        named = tag_history.standing(files, name)
        bad = withdrawn_in(files, name)
        newest = next((each for each in reversed(versions) if each.number not in bad), versions[-1])
        if json:
            latest = None if newest.number in bad else newest.number  # as "latest" finds it
            print_json({"model": name, "versions": len(versions), "latest": latest, "tags": named})
            continue
        stands = listed(f"{tag} v{number}" for tag, number in named.items()) or "-"
        shown = f"v{newest.number}{' (withdrawn)' if newest.number in bad else ''}"
        rows.append([name, str(len(versions)), shown, stands, figures(newest)])
    _table(("model", "versions", "newest", "tags", "what"), rows)


def _list_versions(files: Remote, model: str, json: bool) -> None:
    named: dict[int, list[str]] = {}
    for tag, number in tag_history.standing(files, model).items():
        named.setdefault(number, []).append(tag)
    for number in withdrawn_in(files, model):
        named.setdefault(number, []).append("withdrawn")
    versions: list[ModelVersion] = list(versions_in(files, model))
    if json:
        for each in versions:
            print_json({**each.to_dict(), "tags": named.get(each.number, [])})
        return
    rows = [
        [
            f"v{each.number}", ", ".join(named.get(each.number, [])) or "-", each.at[:10], each.by, figures(each), each.note or "-",
        ]
        for each in reversed(versions)
    ]  # fmt: skip
    _table(("version", "tags", "added", "by", "what", "note"), rows)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: with headings on a terminal, else as plain lines."""
    if not sys.stdout.isatty():
        for row in rows:
            print_line(*map(escaped, row))
        return
    columns = text_columns(titles, rows)
    for line in table_lines(columns, ([[cell] for cell in row] for row in rows)):
        print_line(line)
