"""The remote that a registry was used with last, and keys as they are given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gatera.cli.output import show_note
from gatera.core.errors import ArgumentError
from gatera.core.files import atomic_write
from gatera.store.models.documents import REMEMBERED
from gatera.store.models.registry import ModelRegistry
from gatera.store.signatures import check_public, public_key


def address_of(registry: ModelRegistry, given: str | None) -> str:
    """Return the address of the remote: the given one, which is remembered, or else the one used last.

    Raises:
        ArgumentError: if none is known.
    """
    path = registry.folder / REMEMBERED
    last = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    if given is None:
        if not last:
            raise ArgumentError(
                "no remote is known yet",
                remedy="Name it once: --remote FOLDER, or --remote s3://bucket/path; it is remembered.",
            )
        return last
    # a folder is found again from wherever the next command is run
    return given if "://" in given else str(Path(given).expanduser().absolute())


def remember(registry: ModelRegistry, address: str) -> None:
    """Remember the address of a remote that has just been used."""
    path = registry.folder / REMEMBERED
    last = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    if address != last and "@" not in address.partition("://")[2]:  # a password is not written down
        with atomic_write(path) as partial:
            partial.write_text(address + "\n", encoding="utf-8", newline="\n")
        show_note(f"{address} is this registry's remote from now on; --remote names another.")


def given_keys(keys: Sequence[str] | str | None) -> dict[str, str]:
    """Return public keys by name, given as NAME (a key on this machine) or NAME=ed25519:...

    Raises:
        GateraError: if there is no such key, or it is not one.
    """
    found = {}
    for text in [keys] if isinstance(keys, str) else keys or ():
        name, equals, public = text.partition("=")
        found[name] = public if equals else public_key(name)
        check_public(found[name], name)
    return found
