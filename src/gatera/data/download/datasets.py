"""Download known data sets by name, single files, and lists of photos."""

from __future__ import annotations

import hashlib
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gatera.core.checks import check_count, nearest
from gatera.core.errors import ArgumentError, DownloadError, GateraError
from gatera.core.files import atomic_write, home, human_bytes
from gatera.core.progress import track
from gatera.core.threads import thread_pool
from gatera.data.download.http import check_address, chunks, fetch, locked, open_address
from gatera.data.download.unpack import BadArchive, unpack
from gatera.data.download.urls import BUNDLED, EXPECTED, URLs
from gatera.data.sources.items import IMAGE_EXTENSIONS
from gatera.program.tables.encoding import read_lines
from gatera.samples import sample_path

__all__ = ["FailedDownload", "URLs", "download_images", "download_url", "untar_data"]

#: Endings of archives that do not belong to the name of the unpacked folder.
_ARCHIVE_ENDINGS = (".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar", ".zip")

#: A "photo" on the web that is larger is something else (bytes).
MAX_PHOTO_BYTES = 100_000_000


@dataclass(frozen=True)
class FailedDownload:
    """A URL that could not be downloaded, and why."""

    url: str
    reason: str


def untar_data(url: str, *, force_download: bool = False, base: str | Path | None = None) -> Path:
    """Return the folder of a data set, downloading and unpacking it first if need be.

    The folder is `data/NAME` in the data home, where NAME is the archive's, as in `oxford-iiit-pet`. It
    appears only when everything is fetched, checked and unpacked; an interrupted call is gone on with by the
    next one. Two processes may ask at once. An archive found in `archive/` of the data home is used in place
    of the network and kept.

    Args:
        url: one of `URLs`, or the address of a tar or zip archive.
        force_download: download it again and replace the folder.
        base: folder to use as the data home; None for `$GATERA_HOME`, else the platform's cache folder.

    Raises:
        ArgumentError: if `url` is not an address.
        DownloadError: if the data is not there and cannot be fetched, checked or unpacked. The message says
            where they were looked for and where to put them by hand.

    Example:
        >>> (untar_data(URLs.PETS_SAMPLE) / "images").is_dir()
        True
    """
    if isinstance(url, str) and url.startswith(BUNDLED):
        return sample_path(url.removeprefix(BUNDLED))
    _check_is_address(url)
    root = home() if base is None else Path(base).expanduser()
    name = _file_name(url)
    archive, folder = root / "archive" / name, root / "data" / _without_ending(name)
    if _is_filled(folder) and not force_download:
        return folder
    try:
        with locked(root / "archive" / f".{name}.lock"):
            # Another process may have brought it while this one waited for the lock.
            if force_download or not _is_filled(folder):
                _bring(url, archive, folder, force_download)
    except GateraError:
        raise
    except OSError as err:
        raise DownloadError(
            f"{folder} cannot be created ({err.strerror})",
            remedy="Set GATERA_HOME to a folder that you may write to.",
        ) from err
    return folder


def _bring(url: str, placed_by_hand: Path, folder: Path, force_download: bool) -> None:
    """Unpack the archive, downloading it first if need be; a downloaded archive is removed afterwards."""
    if placed_by_hand.exists() and not force_download:
        unpack(placed_by_hand, folder)
        return
    fetched = placed_by_hand.with_name(f".{placed_by_hand.name}")
    if force_download:
        fetched.unlink(missing_ok=True)
    if not fetched.exists():  # it is there if an earlier run was ended while it unpacked
        try:
            fetch(url, fetched, EXPECTED.get(url))
        except DownloadError as err:
            by_hand = f"To work offline, unpack it as {folder}, or put the archive at {placed_by_hand}."
            raise DownloadError(
                err.problem, got=err.got, expected=err.expected,
                remedy=f"{err.remedy} {by_hand}" if err.remedy else by_hand,
            ) from err  # fmt: skip
    try:
        unpack(fetched, folder)
    except BadArchive:
        fetched.unlink()
        raise
    fetched.unlink()


def download_url(
    url: str, dest: str | Path | None = None, show_progress: bool = True, timeout_seconds: float = 30.0
) -> Path:
    """Download one file, replacing a file of the same name once the download is complete.

    Args:
        url: address, http or https.
        dest: file to write, or an existing folder; None for the current folder.
        show_progress: show a bar if it takes longer than a moment.
        timeout_seconds: longest silence of the server.

    Returns:
        The path of the file.

    Raises:
        ArgumentError: if `url` is not an address.
        DownloadError: if it cannot be fetched.
    """
    check_address(url)
    path = Path(dest) if dest is not None else Path.cwd()
    path = path / _file_name(url) if path.is_dir() else path
    _save(url, path, timeout_seconds, quiet=not show_progress)
    return path


def download_images(
    dest: str | Path,
    url_file: str | Path | None = None,
    urls: Iterable[str] | None = None,
    max_pics: int = 1000,
    n_workers: int = 8,
    timeout_seconds: float = 4.0,
) -> list[FailedDownload]:
    """Download photos from a list of URLs into a folder.

    Files are named after a hash of their address: a second call fetches only what is missing. Look through
    them with `verify_images` afterwards.

    Args:
        dest: folder; made if it is not there.
        url_file: text file with one address a line, used if `urls` is None.
        urls: the addresses.
        max_pics: download at most this many, the first of the list.
        n_workers: downloads at a time.
        timeout_seconds: longest silence of a server.

    Returns:
        The addresses that could not be fetched, each with the reason.

    Raises:
        ArgumentError: if neither `urls` nor `url_file` is given.
        DownloadError: if not a single one could be fetched.
    """
    check_count("n_workers", n_workers, 1)
    wanted = _first_addresses(url_file, urls, max_pics)
    folder = Path(dest)
    folder.mkdir(parents=True, exist_ok=True)

    def one(url: str) -> FailedDownload | None:
        path = folder / _photo_name(url)
        try:
            if not path.exists():
                check_address(url)
                _save(url, path, timeout_seconds, quiet=True, limit_bytes=MAX_PHOTO_BYTES)
        except (ArgumentError, DownloadError) as err:
            return FailedDownload(url, str(err))
        return None

    with thread_pool(n_workers) as pool:
        outcomes = track(pool.map(one, wanted), "Downloading photos", total=len(wanted))
        failed = [outcome for outcome in outcomes if outcome]
    if wanted and len(failed) == len(wanted):
        raise DownloadError(
            f"None of the {len(wanted)} photos could be downloaded; the first error: {failed[0].reason}",
            remedy="Check the network and the URLs.",
        )
    return failed


def _save(url: str, path: Path, timeout_seconds: float, quiet: bool, limit_bytes: int | None = None) -> None:
    size = 0
    with (
        open_address(url, timeout_seconds) as response,
        atomic_write(path) as partial,
        partial.open("wb") as file,
    ):
        for piece in chunks(response, url, quiet):
            size += len(piece)
            if limit_bytes is not None and size > limit_bytes:
                raise DownloadError(
                    f"{url} is too large to be a photo", expected=f"at most {human_bytes(limit_bytes)}"
                )
            file.write(piece)


def _first_addresses(url_file: str | Path | None, urls: Iterable[str] | None, max_pics: int) -> list[str]:
    if urls is None:
        if url_file is None:
            raise ArgumentError("download_images needs URLs", remedy="Pass urls= or url_file=.")
        if not Path(url_file).is_file():
            raise ArgumentError(
                f"url_file {url_file} does not exist", remedy="Pass a text file with one URL per line."
            )
        try:
            urls = [url for line in read_lines(Path(url_file)) for url in line.split()]
        except ValueError as err:
            raise ArgumentError(
                f"url_file {url_file} is not text", remedy="Pass a text file with one URL per line."
            ) from err
    return list(dict.fromkeys(urls))[:max_pics]  # each address once, in their order


def _photo_name(url: str) -> str:
    ending = PurePosixPath(urllib.parse.urlsplit(url).path).suffix.lower()
    return hashlib.sha256(url.encode()).hexdigest()[:16] + (ending if ending in IMAGE_EXTENSIONS else ".jpg")


def _check_is_address(url: str) -> None:
    try:
        check_address(url)
    except ArgumentError as err:
        known = [name for name, value in vars(URLs).items() if isinstance(value, str) and name.isupper()]
        found = nearest(url, known) if isinstance(url, str) else None
        raise ArgumentError(
            err.problem, got=url, expected=err.expected, remedy=f"Did you mean URLs.{found or 'PETS'}?"
        ) from err  # fmt: skip


def _file_name(url: str) -> str:
    name = urllib.parse.unquote(PurePosixPath(urllib.parse.urlsplit(url).path).name)
    if not name.strip(".") or "/" in name or "\\" in name:
        raise ArgumentError(
            "url does not name a file", got=url, expected="an address that ends in a file's name"
        )
    return name


def _without_ending(name: str) -> str:
    ending = next((ending for ending in _ARCHIVE_ENDINGS if name.lower().endswith(ending)), "")
    return name[: len(name) - len(ending)] or name


def _is_filled(folder: Path) -> bool:
    return folder.is_dir() and next(folder.iterdir(), None) is not None
