"""Lock files: exactly which programs another project uses, by name, version and hash, and whose keys it trusts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, RegistryError
from gatera.core.files import atomic_write
from gatera.store.models.documents import Document, as_document, is_damaged
from gatera.store.models.names import check_name
from gatera.store.models.version import ModelVersion
from gatera.store.signatures import check_public


@dataclass(frozen=True)
class Locked:
    """One program of a lock file.

    Attributes:
        model, number: which version.
        sha256, size: of its program file.
        document: the SHA-256 of its description.
        key: the name of the key that it must be signed with; None if it need not be signed.
    """

    model: str
    number: int
    sha256: str
    size: int
    document: str
    key: str | None = None

    @property
    def name(self) -> str:
        """Its name: "cats@v3"."""
        return f"{self.model}@v{self.number}"

    def check(self, version: ModelVersion, where: str) -> None:
        """Raise RegistryError if a version is not the one that was locked."""
        if (version.sha256, version.size, version.document_sha256) != (self.sha256, self.size, self.document):
            again = f"gatera models lock {self.name}"
            if (version.sha256, version.document_sha256) == (self.sha256, self.document):
                raise RegistryError(
                    f"the lock file gives {self.name} another size than the program at {where} has, which has the hash that was locked",
                    got=f"{self.size} bytes", expected=f"{version.size} bytes", remedy=f"Lock it again: {again}",
                )  # fmt: skip
            if version.sha256 == self.sha256:  # two people may have added one file
                raise RegistryError(
                    f"{self.name} at {where} is the program that was locked, but its description differs: {version.by} added it "
                    f"at {version.at}", got=version.document_sha256[:12], expected=self.document[:12],
                    remedy=f"To use the description of the remote, fetch it and lock it again: gatera models pull {self.name}; {again}",
                )  # fmt: skip
            raise RegistryError(
                f"{self.name} at {where} is not the one that was locked", got=version.sha256[:12], expected=self.sha256[:12],
                remedy=f"If it was replaced on purpose, lock it again: {again}. Otherwise ask the owner of that registry.",
            )  # fmt: skip


@dataclass(frozen=True)
class Lock:
    """The content of a lock file.

    Attributes:
        models: the programs, by name.
        keys: name -> public key of the keys that are trusted.
        remote: where they come from; empty if that is not said.
    """

    models: Sequence[Locked]
    keys: Mapping[str, str] = field(default_factory=dict)
    remote: str = ""

    def public(self, locked: Locked) -> str | None:
        """Return the public key that a program must be signed with; None if it need not be signed."""
        if locked.key is None:
            return None
        if locked.key not in self.keys:
            raise RegistryError(f"the lock file asks for the key {locked.key!r} of {locked.name}, but does not hold it",
                                available=listed(self.keys) or "no keys")  # fmt: skip
        return self.keys[locked.key]

    def with_models(self, models: Sequence[Locked], keys: Mapping[str, str], remote: str) -> Lock:
        """Return it with programs added, each in place of one of the same name."""
        both = {each.model: each for each in (*self.models, *models)}
        return Lock([both[name] for name in sorted(both)], {**self.keys, **keys}, remote or self.remote)


def locked_version(version: ModelVersion, key: str | None = None) -> Locked:
    """Return what a lock file says of a version."""
    return Locked(version.model, version.number, version.sha256, version.size, version.document_sha256, key)


def write_lock(lock: Lock, path: str | Path) -> Path:
    """Write a lock file, atomically; for the same programs it is the same to the byte."""
    models = [
        {"model": each.model, "version": each.number, "sha256": each.sha256, "size": each.size, "document": each.document,
         **({} if each.key is None else {"key": each.key})}
        for each in lock.models
    ]  # fmt: skip
    values = {"models": models, "keys": dict(sorted(lock.keys.items())), "remote": lock.remote}
    with atomic_write(path) as partial:
        partial.write_bytes(as_document(values))
    return Path(path)


def read_lock(path: str | Path) -> Lock:
    """Read a lock file.

    Raises:
        RegistryError: if there is none, or it is damaged.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as err:
        raise RegistryError(
            f"the lock file {path} cannot be read ({err.strerror})",
            remedy="Write one with: gatera models lock NAME@VERSION",
        ) from err
    if b"\n<<<<<<< " in b"\n" + content:
        raise RegistryError(
            f"{path} holds the conflict markers of a merge",
            remedy="Take one side of it (git checkout --ours), and lock what the other one had again: gatera models lock NAME@VERSION",
        )
    if is_damaged(content):
        raise RegistryError(
            f"{path} is not a lock file, or was cut off: it is not a JSON object with a format",
            remedy="Restore it from git, or write it again: gatera models lock NAME@VERSION",
        )
    found = Document(content, str(path))
    keys = found.facts("keys")
    try:
        for name, public in keys.items():
            check_public(public, name)
        models = [_read(each) for each in found.parts("models")]
    except ArgumentError as err:
        raise RegistryError(f"{path} is damaged: {err.problem}", got=err.got) from err
    return Lock(models, keys, found.text("remote", ""))


def _read(found: Document) -> Locked:
    key = found.text("key", "") or None
    return Locked(
        check_name(found.text("model")), found.count("version", 1), found.sha256("sha256"), found.count("size", 1),
        found.sha256("document"), key,
    )  # fmt: skip
