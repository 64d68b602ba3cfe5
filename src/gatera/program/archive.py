"""Open the zip of a program file and check its structure before any entry is used."""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from gatera.core.checks import did_you_mean_file, listed
from gatera.core.errors import ProgramFileError
from gatera.core.files import check_regular, human_bytes, reason

SUFFIX = ".gatera"

PROGRAM, MODEL, CARD, WEIGHTS = "program.json", "model.onnx", "card.md", "weights.safetensors"
TOKENIZER = "tokenizer.json"
#: Every entry that a program file may have, and its largest size (bytes).
LARGEST = {
    PROGRAM: 16_000_000,
    MODEL: 4_000_000_000,
    TOKENIZER: 64_000_000,
    CARD: 4_000_000,
    WEIGHTS: 4_000_000_000,
}

#: The zip's comment: this word, then the SHA-256 of program.json in hexadecimal.
COMMENT = b"sha256:"
_COMMENT_BYTES = len(COMMENT) + 64

CHUNK_BYTES = 1 << 20
DAMAGED = "Copy or download it again; if that does not help, export it again."


def begins_as_program(path: Path) -> bool:
    """Whether a file begins as program files do, whatever its name is: objects of a registry have no suffix."""
    try:
        with path.open("rb") as file:
            head = file.read(30 + len(PROGRAM))
    except OSError:
        return False
    return head[:4] == b"PK\3\4" and head[30:] == PROGRAM.encode()


class Archive:
    """A program file as a zip archive. Its structure is checked when it is opened.

    Attributes:
        path: the file.
        size_bytes: size of the whole file.
        names: the entries, in the order of the file.
        program_sha256: hash of program.json according to the zip's comment.

    Raises:
        ProgramFileError: if it is missing, not a zip, truncated, or has entries that a program file must not have.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._opened() as file:
            self.size_bytes = file.seek(0, os.SEEK_END)
            self._check_ends(file)
            try:
                with zipfile.ZipFile(file) as archive:
                    infos, comment = archive.infolist(), archive.comment
            except Exception as err:  # zipfile raises what it happens to raise for damaged directories
                raise ProgramFileError(f"{path} is truncated or damaged ({err})", remedy=DAMAGED) from err
        names = [info.orig_filename for info in infos]
        for info in infos:
            self._check_entry(info, names)
        self._infos = dict(zip(names, infos))
        self.names = tuple(names)
        self.program_sha256 = comment.removeprefix(COMMENT).decode("latin-1")
        for name in (PROGRAM, MODEL):
            if name not in names:
                raise ProgramFileError(f"{path} is not a program file: {name} is missing")

    def size(self, name: str) -> int:
        """Return the size of an entry in bytes."""
        return self._infos[name].file_size

    def read(self, name: str) -> bytes:
        """Return an entry without checking its hash."""
        return b"".join(self._chunks(name, self.size(name)))

    def verified(self, name: str, size: int, sha256: str, keep: bool = True) -> bytes:
        """Return an entry after checking its size and hash. Without `keep` it is checked only, using little memory.

        Raises:
            ProgramFileError: if size or hash differ.
        """
        if self.size(name) != size:
            raise ProgramFileError(
                f"{self.path} was tampered with or damaged: {name} does not have the size in program.json",
                got=self.size(name), expected=f"{size} bytes", remedy=DAMAGED,
            )  # fmt: skip
        # An entry to keep is read in one piece and so copied once; others pass through a small buffer.
        digest, content = hashlib.sha256(), b""
        for content in self._chunks(name, size if keep else CHUNK_BYTES):
            digest.update(content)
        if digest.hexdigest() != sha256:
            raise ProgramFileError(
                f"{self.path} was tampered with or damaged: {name} does not match its hash", remedy=DAMAGED
            )
        return content if keep else b""

    @contextmanager
    def view(self, name: str) -> Iterator[memoryview]:
        """Give an entry as it lies in the file, without reading it into memory or checking its hash."""
        with self._opened() as file:
            start, size = self._start(name, file), self.size(name)
            try:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except OSError:  # shared folders of virtual machines and some network disks cannot
                file.seek(start)
                yield memoryview(file.read(size))
                return
            with mapped:
                whole = memoryview(mapped)
                part = whole[start : start + size]
                try:
                    yield part
                finally:
                    part.release()
                    whole.release()

    def _start(self, name: str, file: IO[bytes]) -> int:
        """Return where an entry begins in the file."""
        info = self._infos[name]
        file.seek(info.header_offset)
        header = file.read(30)
        if header[:4] != b"PK\3\4" or len(header) < 30:
            raise ProgramFileError(
                f"{self.path} is truncated or damaged: {name} is incomplete", remedy=DAMAGED
            )
        # the entry's name and extra field
        return info.header_offset + 30 + sum(struct.unpack("<2H", header[26:]))

    def _chunks(self, name: str, chunk_bytes: int) -> Iterator[bytes]:
        """Yield a stored entry directly from the file: `zipfile` would copy it and also compute a CRC."""
        info, cut = self._infos[name], f"{self.path} is truncated or damaged: {name} is incomplete"
        with self._opened() as file:
            file.seek(self._start(name, file))
            left = info.file_size
            while left:
                content = file.read(min(left, chunk_bytes))
                if not content:
                    raise ProgramFileError(cut, remedy=DAMAGED)
                left -= len(content)
                yield content

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        """Open the file for the block; a disk that fails in the middle is an error of this file, too."""
        try:
            check_regular(self.path)
            with self.path.open("rb") as file:
                yield file
        except FileNotFoundError as err:
            found = [other.name for other in self.path.parent.glob("*" + SUFFIX)]
            raise ProgramFileError(
                f"{self.path} does not exist", remedy=did_you_mean_file(self.path.name, found)
            ) from err
        except OSError as err:
            if self.path.is_dir():
                raise self._is_folder() from err
            raise ProgramFileError(f"{self.path} cannot be read ({reason(err)})") from err

    def _is_folder(self) -> ProgramFileError:
        inside = sorted(os.fspath(path) for path in self.path.glob("*" + SUFFIX))
        return ProgramFileError(
            f"{self.path} is a folder", expected=f"a program file (*{SUFFIX})",
            remedy=f"It holds {listed(inside, 3)}." if inside else None,
        )  # fmt: skip

    def _check_ends(self, file: IO[bytes]) -> None:
        """Check the first bytes and the end record, before `zipfile` trusts its number of entries."""
        file.seek(0)
        head = file.read(4)
        if head != b"PK\3\4":
            begins = f": it begins with {head!r}" if head else ": it is empty"
            raise ProgramFileError(
                f"{self.path} is not a program file{begins}", remedy="learn.export writes program files."
            )
        file.seek(max(0, self.size_bytes - 22 - _COMMENT_BYTES))
        end = file.read()
        if end[:4] != b"PK\5\6" or end[22 : 22 + len(COMMENT)] != COMMENT:
            raise ProgramFileError(f"{self.path} is truncated, or was not written by Gatera", remedy=DAMAGED)
        count = struct.unpack("<H", end[10:12])[0]
        if count > len(LARGEST):
            raise ProgramFileError(
                f"{self.path} has too many entries", got=count, expected=f"at most {len(LARGEST)}"
            )

    def _check_entry(self, info: zipfile.ZipInfo, names: list[str]) -> None:
        name = info.orig_filename
        if (
            name.startswith(("/", "\\"))
            or ":" in name
            or ".." in PurePosixPath(name.replace("\\", "/")).parts
        ):
            raise ProgramFileError(
                f"{self.path} is refused: an entry's name points outside the file", got=name
            )
        if name not in LARGEST:
            raise ProgramFileError(f"{self.path} has an unknown entry", got=name, expected=listed(LARGEST))
        if names.count(name) > 1:
            raise ProgramFileError(f"{self.path} is refused: it has {name} twice")
        if info.flag_bits & 1 or info.compress_type != zipfile.ZIP_STORED:
            raise ProgramFileError(
                f"{self.path} is refused: {name} is compressed or encrypted",
                expected="stored entries", remedy="Do not repack it with other tools.",
            )  # fmt: skip
        if info.file_size > LARGEST[name]:
            raise ProgramFileError(
                f"{self.path} is refused: {name} is too large",
                got=info.file_size, expected=f"at most {human_bytes(LARGEST[name])}",
            )  # fmt: skip
        # Before memory is allocated for the size that a header claims.
        fits = 0 <= info.header_offset <= self.size_bytes - info.file_size
        if info.compress_size != info.file_size or not fits:
            raise ProgramFileError(
                f"{self.path} is truncated or damaged: {name} is incomplete", remedy=DAMAGED
            )
