"""Turn the bytes of a text file into text: which encoding, and chunks of UTF-8 with "\\n" at line ends."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from gatera.program.tables.packed import Contents, open_table_bytes

#: Bytes read at once.
CHUNK = 1 << 20

#: What a file begins with -> its encoding. UTF-32 comes first: its mark begins as that of UTF-16 does.
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip

#: Bytes that stand for nothing in Windows' Latin-1.
_NOT_WINDOWS = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


#: What DOS and CP/M write behind the last line of a text: Ctrl-Z.
_END = b"\x1a"

#: Runs of the letters that Latin-1 has beyond ASCII.
_ACCENTED = re.compile("[\u00c0-\u00ff]+")

#: A file that is text, packed or not.
_TEXT = Contents()


def find_encoding(path: Path, contents: Contents = _TEXT) -> str:
    """Return a text file's encoding: "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252" or "latin-1".

    The whole file is read, a chunk at a time: one letter near the end decides between UTF-8 and the others.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it holds NUL bytes and is therefore not text.
    """
    with open_table_bytes(path, contents) as file:
        head = file.read(CHUNK)
        for mark, encoding in _MARKS:
            if head.startswith(mark):
                return encoding
        if wide := utf16_without_mark(head):
            return wide
        decoder, is_utf8 = codecs.getincrementaldecoder("utf-8")(), True
        while is_utf8:
            if b"\0" in head:
                raise ValueError("it holds NUL bytes, so it is not text")
            try:
                if not head.isascii() or decoder.getstate()[0]:  # a character may go on from the last chunk
                    decoder.decode(head, final=not head)
            except UnicodeDecodeError:
                is_utf8 = False
            if not head:
                break
            head = file.read(CHUNK)
    return "utf-8" if is_utf8 else _eight_bit(path, contents)


def utf16_without_mark(head: bytes) -> str:
    r"""Return how bytes without a byte order mark are in UTF-16, as far as their beginning tells; "" where they are not.

    Example:
        >>> utf16_without_mark(b"a\0b\0"), utf16_without_mark(b"ab")
        ('utf-16-le', '')
    """
    zeros = [head[start:200:2].count(0) for start in (0, 1)]
    few = 8 * min(zeros) <= max(zeros)  # the other byte is 0 in some characters, as of U+4E00 and of emoji
    # a NUL behind a short text in UTF-8 only ends it, as in C
    if max(zeros) > 0.3 * len(head[:200:2]) and few and b"\0" in head.rstrip(b"\0"):
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    return ""


def _eight_bit(path: Path, contents: Contents) -> str:
    with open_table_bytes(path, contents) as file:
        while chunk := file.read(CHUNK):
            if b"\0" in chunk:
                raise ValueError("it holds NUL bytes, so it is not text")
            if _NOT_WINDOWS.search(chunk):
                return "latin-1"
    return "cp1252"


def looks_cyrillic(text: str) -> bool:
    """Whether text that was read as Western European is more likely in an alphabet of its own, such as Cyrillic.

    Letters with accents stand alone in Western words; here most stand in runs.

    Example:
        >>> looks_cyrillic("Москва, Тверь".encode("cp1251").decode("cp1252")), looks_cyrillic("Genève, créée")
        (True, False)
    """
    accented = _ACCENTED.findall(text)
    return sum(len(run) for run in accented if len(run) > 2) * 2 > sum(map(len, accented))


def utf8_chunks(path: Path, encoding: str, contents: Contents = _TEXT) -> Iterator[bytes]:
    r"""Yield a text file as UTF-8 without a byte order mark, with "\n" at line ends; chunks end anywhere.

    Signs of the end of a text (Ctrl-Z, as DOS programs write them) behind the last line are left out.

    Raises:
        OSError: if it cannot be read.
        UnicodeDecodeError: if it is not in this encoding.
        LookupError: if there is no such encoding.
    """
    plain = codecs.lookup(encoding).name == "utf-8"
    decoder = codecs.getincrementaldecoder("utf-8-sig" if plain else encoding)()
    held = b""  # a "\r" whose "\n" may be in the next chunk
    ends = b""  # signs of the end that may be behind the last line
    first = True
    with open_table_bytes(path, contents) as file:
        while chunk := file.read(CHUNK):
            if not plain:
                chunk = decoder.decode(chunk).encode("utf-8", "surrogatepass")
            elif first:
                chunk = chunk.removeprefix(codecs.BOM_UTF8)
            first = False
            chunk, held = held + ends + chunk, b""
            whole = chunk.rstrip(_END)
            chunk, ends = whole, chunk[len(whole) :]
            if chunk.endswith(b"\r"):
                chunk, held = chunk[:-1], b"\r"
            yield _unix_lines(chunk)
    rest = held + (b"" if plain else decoder.decode(b"", final=True).encode())
    if rest:
        yield _unix_lines(rest)


def _unix_lines(chunk: bytes) -> bytes:
    return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in chunk else chunk


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file in any encoding that `find_encoding` knows, without blanks around them and blank lines.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it is not text.
    """
    text = b"".join(utf8_chunks(path, find_encoding(path))).decode("utf-8")
    return [line.strip() for line in text.split("\n") if line.strip()]
