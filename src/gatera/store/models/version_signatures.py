"""Signatures of versions in a registry or a remote."""

from __future__ import annotations

from pathlib import Path

from gatera.core.checks import listed
from gatera.core.errors import RegistryError
from gatera.store.models.documents import Document, as_document
from gatera.store.models.version import ModelVersion
from gatera.store.remotes.remote import Remote
from gatera.store.signatures import KEY_NAME, sign, verify


def signature_key(version: ModelVersion, name: str) -> str:
    """Return the key under which somebody's signature of a version is kept."""
    return f"models/{version.model}/signatures/{version.number:06}/{name}.json"


def sign_version(files: Remote, version: ModelVersion, name: str) -> str:
    """Sign a version with the private key of that name; returns the public key.

    Raises:
        RegistryError: if there is no such key.
        MissingExtraError: without the extra `sign`.
    """
    public, signature = sign(version.document, name)
    files.replace(
        signature_key(version, name), as_document({"key": name, "public": public, "signature": signature})
    )
    return public


def signers(files: Remote, version: ModelVersion) -> list[str]:
    """Return the names of the keys that a version is signed with, in order. Nothing is checked."""
    start = f"models/{version.model}/signatures/{version.number:06}/"
    names = [key[len(start) :].removesuffix(".json") for key in files.list(start)]
    return [name for name in names if KEY_NAME.fullmatch(name)]


def forget_signatures(folder: Path, version: ModelVersion) -> list[str]:
    """Remove the signatures of a version from the folder of a registry; returns the names of their keys."""
    paths = sorted((folder / signature_key(version, "ann")).parent.glob("*.json"))
    for path in paths:
        path.unlink(missing_ok=True)
    return [path.stem for path in paths]


def check_signature(files: Remote, version: ModelVersion, name: str, public: str) -> None:
    """Check that a version was signed with a key that is trusted.

    Args:
        files: the registry or remote that has the signature.
        version: the version, as it was read from there.
        name: what the key is called.
        public: the public key that is trusted under that name; what the remote says of it does not count.

    Raises:
        RegistryError: if it is not signed with it; it names the key.
    """
    key = signature_key(version, name)
    if not files.exists(key):
        raise RegistryError(
            f"{version.name} is not signed with the key {name!r}",
            available=listed(signers(files, version)) or "no signatures",
        )
    found = Document(files.read(key), f"{files.address}/{key}")
    verify(version.document, found.text("signature"), public, name, version.name)
