"""Every address that fsspec knows as a remote: s3://, gs://, abfs://, sftp://, memory:// and others."""

from __future__ import annotations

import contextlib
import re
import uuid
from pathlib import Path
from typing import Any

from gatera.core.checks import did_you_mean, require
from gatera.core.errors import ArgumentError, RemoteError
from gatera.store.remotes.remote import Remote
from gatera.store.remotes.retry import in_words, patiently

#: Object stores: what is written appears under its key when all of it has arrived, and nothing can be renamed.
OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci", "oss", "hf", "memory"}

#: Where other file systems receive what is then renamed.
INCOMING = "incoming"

#: Passed to s3fs: the tries are counted by `patiently`, so its libraries do not multiply them.
S3_SETTINGS = {
    "config_kwargs": {
        "retries": {"total_max_attempts": 1, "mode": "standard"},
        "connect_timeout": 10,
        "read_timeout": 60,
    }
}
S3_TRIES = 2


class FilesystemRemote(Remote):
    """A place behind an address that fsspec opens.

    Args:
        address: e.g. "s3://bucket/path".
        options: what fsspec passes to the file system, e.g. `endpoint_url` for S3. Credentials are better left to the environment.

    Raises:
        ArgumentError: if fsspec does not know the protocol.
        MissingExtraError: if the package for it is not installed.
        RemoteError: if it cannot be opened.
    """

    _asks_again = True

    def __init__(self, address: str, **options: Any) -> None:
        super().__init__(without_password(address))
        fsspec = require("fsspec", "s3", f"for the address {self.address}")
        protocol = address.partition("://")[0]
        if protocol not in fsspec.available_protocols():
            raise ArgumentError(
                f"no file system supports the address {self.address}", got=protocol,
                remedy=did_you_mean(protocol, fsspec.available_protocols(), "Pass a folder, or an address such as s3://bucket/path."),
            )  # fmt: skip
        settings: dict[str, Any] = {"use_listings_cache": False, **options}
        if protocol in ("http", "https"):
            settings = {"client_kwargs": {"timeout": _http_timeout()}, **settings}
        if protocol in ("s3", "s3a"):
            settings = {**S3_SETTINGS, "skip_instance_cache": True, **settings}
        self._fs, self._root = patiently(
            lambda: fsspec.url_to_fs(address, **settings), self.address, "opening it"
        )
        self._root = self._root.rstrip("/")
        if (
            protocol in OBJECT_STORES
        ):  # s3://bucket/$TEAM/photos, where $TEAM is empty: s3fs writes there, and lists nothing
            self._root = re.sub("/{2,}", "/", self._root)
        if protocol in ("s3", "s3a"):
            self._fs.retries = S3_TRIES
        self._renames = protocol not in OBJECT_STORES
        self._walks = {"on_error": _unless_absent} if _lists_by_walking(self._fs) else {}

    def _size(self, key: str) -> int | None:
        try:
            found = self._fs.info(self._path(key))
        except (FileNotFoundError, NotADirectoryError):
            return None
        return int(found["size"]) if found.get("type") != "directory" else None

    def _list(self, prefix: str) -> dict[str, int]:
        top = self._path(prefix.rstrip("/")) if prefix else self._root
        try:
            found = self._fs.find(top, detail=True, **self._walks)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        start = len(self._fs._strip_protocol(self._root).rstrip("/")) + 1
        if any("size" not in facts for facts in found.values()):
            raise RemoteError(
                f"{self.address} answers with a page where a list of files was expected: it may ask for a login",
                remedy="Open the address in a browser, or name the folder that holds data/ and objects/.",
            )
        keys = {path[start:]: int(facts["size"] or 0) for path, facts in found.items()}
        return {
            key: size for key, size in keys.items()
            if key.startswith(prefix) and not key.startswith(f"{INCOMING}/") and not any(p.startswith(".") for p in key.split("/"))
        }  # fmt: skip

    def _bytes(self, key: str, start: int, end: int) -> bytes:
        return bytes(self._fs.cat_file(self._path(key), start=start, end=end))

    def _put(self, source: Path, key: str) -> None:
        with self._arriving(key) as path:
            self._fs.put_file(str(source), path)

    def _create(self, key: str, content: bytes) -> bool:
        self._make_folder(self._path(key))
        try:
            self._fs.pipe_file(self._path(key), content, mode="create")
        except FileExistsError:
            return False
        except FileNotFoundError as err:
            raise self._no_bucket(err) from err
        except OSError as err:
            if "PreconditionFailed" in str(err) or "pre-condition" in str(err).lower():
                return False
            raise
        return True

    def _replace(self, key: str, content: bytes) -> None:
        with self._arriving(key) as path:
            self._fs.pipe_file(path, content)

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"

    @contextlib.contextmanager
    def _arriving(self, key: str) -> Any:
        """Give the path to write to: the key's own where it appears whole, else one that is renamed to it afterwards."""
        target = self._path(key)
        path = self._path(f"{INCOMING}/{uuid.uuid4().hex}") if self._renames else target
        try:
            if self._renames:
                self._make_folder(path)
                self._make_folder(target)
            yield path
            if self._renames:
                self._fs.mv(path, target)
        except FileNotFoundError as err:
            raise self._no_bucket(err) from err
        except BaseException:
            if self._renames:
                with contextlib.suppress(Exception):
                    self._fs.rm_file(path)
            raise

    def _no_bucket(self, err: OSError) -> RemoteError:
        return RemoteError(
            f"{self.address}: there is no such bucket or folder ({in_words(err)})",
            remedy="Make it first, or correct the address.",
        )

    def _make_folder(self, path: str) -> None:
        if self._renames:
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)


def _lists_by_walking(fs: Any) -> bool:
    """Whether a file system lists a tree folder by folder: such listings leave out without a word what the network broke."""
    several = require("fsspec.asyn", "s3", "for addresses").AsyncFileSystem
    if isinstance(fs, several):
        return bool(type(fs)._find is several._find)
    return bool(type(fs).find is require("fsspec.spec", "s3", "for addresses").AbstractFileSystem.find)


def _unless_absent(err: OSError) -> None:
    """Raise an error of a listing; a folder that is not there holds nothing."""
    if not isinstance(err, FileNotFoundError):
        raise err


def _http_timeout() -> Any:
    """Return how long a web server may be silent, as for S3; by itself the library waits for five minutes, five times."""
    return require("aiohttp", "s3", "for http addresses").ClientTimeout(
        total=None, sock_connect=10, sock_read=60
    )


def without_password(address: str) -> str:
    """Return an address as it may be shown.

    Example:
        >>> without_password("sftp://ann:secret@host/hub")
        'sftp://ann:***@host/hub'
    """
    return re.sub(r"(://[^/:@]*):[^/@]*@", r"\1:***@", address)
