"""Sign and check bytes: ed25519, by the library `cryptography`.

A key pair is two files in the folder of keys: `ann.key` (private, readable by its owner alone) and `ann.pub`. A public key is written
"ed25519:" and 44 characters of base64.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import sys
from pathlib import Path
from typing import Any

from gatera.core.checks import did_you_mean, listed, require
from gatera.core.errors import ArgumentError, OutputExistsError, RegistryError
from gatera.core.escape import shell_quote
from gatera.core.files import atomic_write, user_folder

PREFIX = "ed25519:"

#: What stands before the signed bytes, so that a signature made for something else says nothing here.
PURPOSE = b"gatera model version 1\n"

#: Names of keys.
KEY_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}")


def keys_folder() -> Path:
    """Return the folder of keys: `keys` in `$GATERA_HOME`, else where the system keeps settings."""
    if home := os.environ.get("GATERA_HOME"):
        return Path(home).expanduser() / "keys"
    if sys.platform == "win32":
        return user_folder("APPDATA", "AppData", "Roaming") / "gatera" / "keys"
    return user_folder("XDG_CONFIG_HOME", ".config") / "gatera" / "keys"


def make_key(name: str) -> str:
    """Make a key pair and return the public key. The private key never leaves this machine by itself: keep a copy.

    Raises:
        ArgumentError: if the name cannot be one.
        OutputExistsError: if there is a key of that name.
        MissingExtraError: without the extra `sign`.
    """
    ed25519, serialization = _library()
    private_path, public_path = _paths(name)
    if private_path.exists() or public_path.exists():
        raise OutputExistsError(
            f"there is a key {name!r} already, and it was not overwritten: {private_path if private_path.exists() else public_path}",
            remedy="Choose another name.",
        )
    private_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = ed25519.Ed25519PrivateKey.generate()
    content = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle = os.open(private_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        os.fsync(file.fileno())
    public = _in_words(private.public_key(), serialization)
    with atomic_write(public_path) as partial:
        partial.write_text(public + "\n", encoding="ascii", newline="\n")
    return public


def public_key(name: str) -> str:
    """Return the public key of that name in the folder of keys.

    Raises:
        RegistryError: if there is none, or it is damaged.
    """
    _, path = _paths(name)
    if not path.is_file():
        raise _no_key(name, ".pub")
    text = path.read_text("utf-8", errors="replace").strip()
    check_public(text, name)
    return text


def key_names() -> list[str]:
    """Return the names of the keys in the folder of keys, in order."""
    return sorted(path.stem for path in keys_folder().glob("*.pub")) if keys_folder().is_dir() else []


def check_public(text: str, name: str = "") -> bytes:
    """Return the 32 bytes of a public key.

    Raises:
        ArgumentError: if it is not one.
    """
    try:
        raw = base64.b64decode(text.removeprefix(PREFIX), validate=True) if text.startswith(PREFIX) else b""
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise ArgumentError(
            f"not a public key{f' ({name})' if name else ''}",
            got=text,
            expected=f"{PREFIX} and 44 characters of base64",
        )
    return raw


def sign(content: bytes, name: str) -> tuple[str, str]:
    """Sign bytes with the private key of that name.

    Returns:
        The public key, and the signature in base64.

    Raises:
        RegistryError: if there is no such private key, or it is damaged.
        MissingExtraError: without the extra `sign`.
    """
    private, serialization = _private_key(name)
    return _in_words(private.public_key(), serialization), base64.b64encode(
        private.sign(PURPOSE + content)
    ).decode()


def check_can_sign(name: str) -> None:
    """Raise what `sign` would raise, before anything is done that is to be signed."""
    _private_key(name)


def _private_key(name: str) -> tuple[Any, Any]:
    """Return a private key, and the module that writes keys."""
    ed25519, serialization = _library()
    path, _ = _paths(name)
    if not path.is_file():
        raise _no_key(name, ".key")
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as err:
        raise RegistryError(f"the private key {name!r} is damaged: {path}") from err
    if not isinstance(private, ed25519.Ed25519PrivateKey):
        raise RegistryError(f"the private key {name!r} is not an ed25519 key: {path}")
    return private, serialization


def verify(content: bytes, signature: str, public: str, name: str, what: str) -> None:
    """Check that a signature of bytes was made with the private half of a public key.

    Args:
        content: the bytes.
        signature: in base64.
        public: the public key.
        name: what the key is called.
        what: what is signed, for the message.

    Raises:
        RegistryError: if it was not; it names the key.
        MissingExtraError: without the extra `sign`.
    """
    ed25519, _ = _library()
    from cryptography.exceptions import InvalidSignature

    key = ed25519.Ed25519PublicKey.from_public_bytes(check_public(public, name))
    try:
        key.verify(base64.b64decode(signature, validate=True), PURPOSE + content)
    except (InvalidSignature, binascii.Error, ValueError) as err:
        raise RegistryError(
            f"{what} is refused: its signature was not made with the key {name!r} ({public[:20]}…)",
            remedy="It was changed after it was signed, or signed by somebody else. Ask the owner of the key.",
        ) from err


def _library() -> Any:
    ed25519 = require("cryptography.hazmat.primitives.asymmetric.ed25519", "sign", "for signatures")
    return ed25519, require("cryptography.hazmat.primitives.serialization", "sign", "for signatures")


def _in_words(public: Any, serialization: Any) -> str:
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return PREFIX + base64.b64encode(raw).decode()


def _paths(name: str) -> tuple[Path, Path]:
    if not isinstance(name, str) or not KEY_NAME.fullmatch(name):
        raise ArgumentError(
            "not a name for a key", got=name, expected="letters, digits, '.', '-' and '_', at most 80"
        )
    return keys_folder() / f"{name}.key", keys_folder() / f"{name}.pub"


def _no_key(name: str, suffix: str) -> RegistryError:
    names = sorted(path.stem for path in keys_folder().glob(f"*{suffix}"))
    kind = "private" if suffix == ".key" else "public"
    return RegistryError(
        f"there is no {kind} key {name!r} in {keys_folder()}", available=listed(names) or "none",
        remedy=did_you_mean(name, names, f"Make one with: gatera models key {shell_quote(name)}"),
    )  # fmt: skip
