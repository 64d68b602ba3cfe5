"""Make a remote of an address."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from gatera.core.errors import ArgumentError
from gatera.store.remotes.filesystem import FilesystemRemote
from gatera.store.remotes.folder import FolderRemote
from gatera.store.remotes.remote import Remote

#: The beginning of an address; a single letter is a drive of Windows.
PROTOCOL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def open_remote(address: str | Path, **options: Any) -> Remote:
    """Open a place that versions are sent to and fetched from.

    Args:
        address: a folder, or an address that fsspec knows: file://, memory://, s3://bucket/path (with the extra `s3`) and others.
        options: what fsspec passes on, e.g. `endpoint_url="http://127.0.0.1:9000"` for S3. Credentials are better left in the environment.

    Returns:
        The remote. A folder is made when something is written.

    Raises:
        ArgumentError: if the address is empty, or its protocol unknown.
        MissingExtraError: if the package for it is not installed.
        RemoteError: if it cannot be opened.
    """
    if not isinstance(address, str | Path) or not str(address).strip():
        raise ArgumentError(
            "the remote has no address",
            got=address,
            expected="a folder, or an address such as s3://bucket/path",
        )
    text = os.fspath(address)
    protocol = PROTOCOL.match(text)
    if protocol is None:
        return FolderRemote(text)
    if protocol[1].lower() in ("file", "local"):
        return FolderRemote(_path_of(text), text)
    return FilesystemRemote(text, **options)


def absolute(address: str | Path, base: Path) -> str:
    """Return an address that means the same wherever it is used: that of a folder from the root of the disk.

    Args:
        address: as for `open_remote`.
        base: the folder that the path of a folder begins in.

    Example:
        >>> absolute("../kept/", Path("/home/ann/photos")), absolute("s3://bucket/kept", Path("/"))
        ('/home/ann/kept', 's3://bucket/kept')
    """
    text = os.fspath(address)
    return (
        text if not text.strip() or PROTOCOL.match(text) else os.path.normpath(base / Path(text).expanduser())
    )


def folder_of(address: str) -> Path | None:
    """Return the folder of an address; None where it is not a folder of this machine."""
    protocol = PROTOCOL.match(address)
    if protocol is None:
        return Path(address)
    return Path(_path_of(address)) if protocol[1].lower() in ("file", "local") else None


def _path_of(address: str) -> str:
    """Return the path in a file:// address."""
    parts = urlsplit(address)
    path = unquote(parts.netloc + parts.path)
    return path[1:] if sys.platform == "win32" and re.match(r"/[A-Za-z]:", path) else path
