"""Gatera's cache folder, atomic writes, hashes. A half-written file never has its final name."""

from __future__ import annotations

import errno
import functools
import glob
import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gatera.core.errors import ArgumentError, OutputExistsError

#: Suffix of files that are being written; after a crash, such files can be deleted.
PARTIAL = ".partial"

#: The permissions of a file that stays as it is. Windows would neither replace nor remove one that is read-only.
READ_ONLY = 0o644 if os.name == "nt" else 0o444

#: Longer names of files are cut where something is put behind them (bytes, of which a character takes up to four).
LONGEST_NAME = 200

#: How the path of an address begins, "https:/example.org", whose two slashes are one in a path; a drive of Windows has one letter.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:[/\\]")


def user_folder(variable: str, *below: str) -> Path:
    """Return the folder that a variable of the environment names, else one in the user's folder.

    Raises:
        ArgumentError: if the user has no folder, as in a container that runs under a number without a name.
    """
    if chosen := os.environ.get(variable):
        return Path(chosen)
    try:
        return Path.home().joinpath(*below)
    except RuntimeError as err:
        raise ArgumentError(
            "The user has no folder: HOME is not set, and the system does not know the user",
            remedy="Set GATERA_HOME to a folder that this user can write.",
        ) from err


def home() -> Path:
    """Return Gatera's data home: `$GATERA_HOME`, else the platform's cache folder. It may not exist yet."""
    if configured := os.environ.get("GATERA_HOME"):
        return Path(configured).expanduser()
    if sys.platform == "darwin":
        return user_folder("", "Library", "Caches", "gatera")
    return _windows_folder() or user_folder("XDG_CACHE_HOME", ".cache") / "gatera"


def data_folder() -> Path:
    """Return where the system keeps what a user must not lose: the cache may be deleted at any time. It may not exist yet."""
    if configured := os.environ.get("GATERA_HOME"):
        return Path(configured).expanduser()
    if sys.platform == "darwin":
        return user_folder("", "Library", "Application Support", "gatera")
    return _windows_folder() or user_folder("XDG_DATA_HOME", ".local", "share") / "gatera"


def _windows_folder() -> Path | None:
    """Windows has one folder for both."""
    return user_folder("LOCALAPPDATA", "AppData", "Local") / "gatera" if sys.platform == "win32" else None


def at_home(path: str | Path) -> Path:
    """Return a path that begins with "~/" in the user's folder, as shells write it, which leave it in quotes and behind "--out=".

    Example:
        >>> at_home("~/cats.gatera") == Path.home() / "cats.gatera", at_home("~$sales.xlsx") == Path("~$sales.xlsx")
        (True, True)
    """
    path = Path(path)
    return path.expanduser() if path.parts[:1] == ("~",) else path


def where_to_look(path: Path, otherwise: str) -> str:
    """Return what to do about a file or folder that does not exist: `otherwise`, or download what has an address elsewhere.

    Example:
        >>> where_to_look(Path("s3://bucket/cats"), "Check its name.")
        'It is an address, and only files and folders on this machine are read: download it first.'
    """
    if _ADDRESS.match(str(path)):
        return "It is an address, and only files and folders on this machine are read: download it first."
    return otherwise


def check_regular(path: str | Path) -> None:
    """Raise OSError, saying what it is, if `path` is a pipe, a socket or a device: reading those may wait or go on for ever.

    Folders and names that do not exist pass: opening them says what is wrong.
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - for strings too, once for every photo
    except (OSError, ValueError):
        return
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return
    kind = "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
    raise OSError(errno.EINVAL, f"it is {kind}, not a file")


def reason(err: OSError) -> str:
    """Return why a file cannot be read or written, in words: without the number of the error."""
    return "it is a folder" if err.errno == errno.EISDIR else err.strerror or str(err)


def check_free_to_write(path: Path, force: bool = False) -> None:
    """Raise OutputExistsError if `path` exists and `force` is not set."""
    if path.exists() and not force:
        raise OutputExistsError(
            f"{path} already exists and was not overwritten",
            remedy="Choose another name, or pass force=True.",
        )


def check_can_write(path: Path) -> None:
    """Raise ArgumentError unless a file could be written at `path`; missing parent folders do not count as an obstacle.

    It tries an unnamed temporary file in the nearest existing folder, and leaves nothing behind.
    """
    if path.is_dir():
        raise ArgumentError(f"Cannot write {path}: it is a folder", remedy="Name a file.")
    folder = path.absolute().parent
    while not os.path.lexists(folder):
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as err:
        raise ArgumentError(
            f"Cannot write {path}: cannot create files in {folder} ({err.strerror})",
            remedy="Choose another folder, or make that one writable.",
        ) from err


def check_not_an_input(path: Path, *inputs: str | Path | None) -> None:
    """Raise ArgumentError if `path` is one of the files that are read, or lies in one of the folders: force does not mean those.

    A program in such a folder may be written over: no training reads it.

    Args:
        path: the file to write.
        inputs: files and folders that are read; None for none.
    """
    if not path.is_file():
        return
    whole = path.resolve()
    for given in (Path(name) for name in inputs if name):
        inside = given.is_dir() and whole.is_relative_to(given.resolve()) and path.suffix != ".gatera"
        if inside or (given.is_file() and given.samefile(path)):
            raise ArgumentError(
                f"{path} is an input, and writing the output to it would destroy it",
                remedy="Choose another name.",
            )


#: Where Linux keeps the access control list of a file.
_LIST = "system.posix_acl_access"


def short_name(name: str) -> str:
    """Return a name of a file, cut where it is so long that file systems would refuse it with something behind it (255 bytes)."""
    return name if len(os.fsencode(name)) <= LONGEST_NAME else name[: LONGEST_NAME // 4]


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` to write to; it is renamed to `path` only if the block succeeds.

    On any error, including Ctrl-C and a full disk, the temporary file is removed and `path` is unchanged. An OSError names `path`.
    Who may read and write a file that was there stays: somebody may have made it private, or shared it with a group.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{short_name(path.name)}.", suffix=PARTIAL, dir=path.parent)
    except OSError as err:
        err.filename = str(path)
        raise
    os.close(handle)
    partial = Path(name)
    try:
        with naming(path, partial):
            yield partial
            _open_to_the_same(partial, path)
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _open_to_the_same(new: Path, path: Path) -> None:
    """Let who may read and write `path` do so with `new`, which is to replace it; a new file is as new files are, not private as mkstemp's."""
    try:
        facts = path.stat()
    except OSError:
        set_mode(new, 0o666 & ~umask())
        return
    mode = facts.st_mode & 0o777
    if not mode & stat.S_IWUSR:  # read-only: whoever may read it
        mode |= mode >> 1 & 0o222 & ~umask()
    if not _same_owners(new, facts):
        mode = mode & 0o707 | (mode & 0o007) << 3
    if hasattr(os, "setxattr"):
        _copy_list(path, new)
    set_mode(new, mode)


def _same_owners(new: Path, facts: os.stat_result) -> bool:
    """Give a file an owner, which only root can, and a group; whether it has the group."""
    own = new.stat()
    for user in (facts.st_uid, -1):
        if own.st_gid == facts.st_gid and user in (own.st_uid, -1):
            return True
        with suppress(OSError):
            os.chown(new, user, facts.st_gid)
            return True
    return False


def _copy_list(path: Path, new: Path) -> None:
    """Copy the access control list of a file, which names further people; or take that of the folder away where it has none."""
    with suppress(OSError):  # it has none, or the disk knows none
        os.setxattr(new, _LIST, os.getxattr(path, _LIST))
        return
    with suppress(OSError):
        os.removexattr(new, _LIST)


#: Errors of a disk, or a quota, that has no space left.
FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})

#: Errors of a disk that takes nothing: it is full, or read-only.
UNWRITABLE_DISK = FULL_DISK | {errno.EROFS}


def disk_full() -> OSError:
    """Return the error of a disk that took only a part of what was written."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def sweep_partials(path: Path) -> None:
    """Remove what killed writers of `path` left beside it; no other process may be writing it."""
    random = "?" * 8  # as `tempfile` makes names
    for left in path.parent.glob(f".{glob.escape(path.name)}.{random}{PARTIAL}"):
        with suppress(OSError):  # a folder, or a disk that is read-only
            left.unlink()


@contextmanager
def naming(path: Path, partial: Path | None = None) -> Iterator[None]:
    """Let an OSError of the block name `path` where it names no file, as that of a full disk, or `partial`, the same file before it is whole."""
    try:
        yield
    except OSError as err:
        if err.errno is not None and err.filename in (None, partial, str(partial)):
            err.filename, err.filename2 = os.fspath(path), None
        raise


def put_in_place(new: Path, folder: Path) -> None:
    """Give a finished folder its name. What has that name (a link itself, not its target) stays until then, and comes back if it fails.

    Args:
        new: the finished folder, on the same disk.
        folder: its name.
    """
    old = folder.with_name(f".{folder.name}.replaced")
    if os.path.lexists(old):  # of a run that was killed between two renames
        if os.path.lexists(folder):
            _remove(old)
        else:
            old.rename(folder)
    with suppress(FileNotFoundError):
        _set_aside(folder, old)
    try:
        new.rename(folder)
    except BaseException:
        if os.path.lexists(old):
            old.rename(folder)
        raise
    _remove(old)


def _set_aside(folder: Path, old: Path) -> None:
    """Give a folder another name, by a copy where it came with the image of a container, which cannot be renamed."""
    try:
        folder.rename(old)
    except OSError as err:
        if err.errno != errno.EXDEV:
            raise
        shutil.copytree(folder, old, symlinks=True)
        shutil.rmtree(folder)


def _remove(folder: Path) -> None:
    """Remove a folder, or a link to one; what cannot be removed stays."""
    if folder.is_symlink():
        folder.unlink()
    else:
        remove_folder(folder)


def set_mode(file: Path | int, mode: int) -> None:
    """Set the permissions of a file, or an open one, where its disk has any: many shared and foreign disks refuse, and have their own."""
    with suppress(OSError):
        os.chmod(file, mode)  # noqa: PTH101 - of descriptors, too


def let_go(path: Path) -> None:
    """Let a file be replaced or removed where it is read-only, which Windows refuses."""
    if os.name == "nt":
        set_mode(path, 0o666)


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it; what cannot be removed stays."""
    if os.name == "nt":  # where files stay that are read-only, as those of git are
        for path in folder.rglob("*"):
            let_go(path)
    shutil.rmtree(folder, ignore_errors=True)


def umask() -> int:
    """Return the bits that new files of this process do not get."""
    # The only portable way to read the umask is to set it and restore it.
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sha256_file(path: str | Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.cache
def code_sha256(*packages: str) -> str:
    """Return the SHA-256 of the modules of packages of Gatera, by their files: "program/raw".

    What is kept of what they computed holds for this code only; between two releases the version does not tell.
    """
    found, root = hashlib.sha256(), Path(__file__).parents[1]
    for package in packages:
        for file in sorted((root / package).rglob("*.py")):
            found.update(f"{file.relative_to(root).as_posix()}\0".encode())
            found.update(file.read_bytes())
    return found.hexdigest()


def free_bytes(folder: Path) -> int:
    """Return the free space in bytes on the disk of `folder`, or of its nearest existing parent."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def human_bytes(size: float) -> str:
    """Format a size in bytes, in powers of 1,000.

    Example:
        >>> human_bytes(18_600_000)
        '18.6 MB'
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if abs(size) < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
