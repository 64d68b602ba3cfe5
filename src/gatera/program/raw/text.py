"""Read one text from a str, a path or bytes, clean it, and mark its words where a model needs that."""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from gatera.core.checks import listed
from gatera.core.errors import TextError
from gatera.core.escape import is_utf8
from gatera.core.files import check_regular, reason
from gatera.core.lazy import LazyPattern
from gatera.program.tables.encoding import utf16_without_mark
from gatera.program.tables.packed import is_table_name

Form = Literal["NFC", "NFKC", "none"]
FORMS = ("NFC", "NFKC", "none")

#: Suffixes of the files that count as texts when a folder is searched.
TEXT_SUFFIXES = frozenset((".txt",))

#: A larger file is not a text that people wrote (bytes).
LARGEST_BYTES = 64_000_000

#: What a file begins with -> its encoding. UTF-32 comes first: its mark begins as that of UTF-16 does.
_BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}

#: What is said where a text holds half of a character.
HALF_READ = (
    "A text holds half of a surrogate pair, which is not a character: a blank is read instead. Decode bytes in their own "
    "encoding, and cut texts between characters."
)

_LINE_BREAK = LazyPattern(r"<\s*(?:br|/?p|/?div|/?li|/?tr)\b[^<>]{0,200}>", re.IGNORECASE)
_TAG = LazyPattern(r"</?[A-Za-z][^<>]{0,200}>|<!--.{0,10000}?-->", re.DOTALL)
_SPACES = LazyPattern(r"\s+")
#: Control characters, and halves of surrogate pairs, which no encoding can write.
_UNUSABLE = LazyPattern("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")

#: Words that keep what lower case and a fixed vocabulary would lose. Source: fastai's tokenizer, whose pretrained
#: language models know them by these names.
UNKNOWN, PADDING, BEGINNING, ENDING, FIELD = "xxunk", "xxpad", "xxbos", "xxeos", "xxfld"
REPEATED, REPEATED_WORD, CAPITALS, CAPITALISED = "xxrep", "xxwrep", "xxup", "xxmaj"
SPECIAL_WORDS = (
    UNKNOWN, PADDING, BEGINNING, ENDING, FIELD, REPEATED, REPEATED_WORD, CAPITALS, CAPITALISED,
)  # fmt: skip

_SAME_CHARACTER = LazyPattern(r"([^\s\d])(\1{2,})")
_SAME_WORD = LazyPattern(r"\b(\w+)((?:\s+\1\b){2,})")
_CAPITAL_WORD = LazyPattern(r"\b(?:[A-Z]{2,}|[A-Z][a-z]+)\b")


def read_text(source: Any, html: bool = True, form: Form = "NFC", column: str | None = None) -> str:
    """Read a text and clean it: line breaks and runs of blanks become single blanks, control characters go.

    Half of a surrogate pair becomes a blank, with a warning: it is what is left of a text that was cut inside a character, or
    decoded in the wrong encoding.

    Args:
        source: the text itself as a str; a Path of a file in UTF-8 or UTF-16, or in UTF-32 with a byte order mark; or
            the bytes of such a file; with `column` also a row of a table, a mapping.
        html: turn tags into blanks, and entities such as `&amp;` into what they stand for.
        form: the Unicode form that equal characters are brought into, "NFC" or "NFKC"; "none" leaves them.
        column: the column of a row that holds the text.

    Raises:
        TextError: if the file is missing, a folder, too large or in another encoding, if `source` is not a text, or if
            nothing is left of it. It names the file.

    Example:
        >>> read_text("A fine film.<br /><br />Really  fine &amp; short!")
        'A fine film. Really fine & short!'
    """
    if column is not None and isinstance(source, Mapping):
        source = _cell(source, column)
    text = decoded(source)
    if not is_utf8(text):
        warnings.warn(HALF_READ, stacklevel=2)
    text = _UNUSABLE.sub(" ", text)
    if html:
        import html as html_entities  # its table of names is large

        text = html_entities.unescape(_TAG.sub(" ", _LINE_BREAK.sub("\n", text)))
    if form != "none":
        text = unicodedata.normalize(form, text)
    text = _SPACES.sub(" ", text).strip()
    if not text:
        where = f"The file {source}" if isinstance(source, Path) else "A text"
        raise TextError(f"{where} is empty", remedy="Remove it, or write a text into it.")
    return text


def _cell(row: Mapping[Any, Any], column: str) -> str:
    if column not in row:
        raise TextError(
            f"The row has no column {column!r}, which holds the text", available=listed(map(str, row), 8)
        )
    cell = row[column]
    if not isinstance(cell, str):
        raise TextError(f"The row's column {column!r} holds no text", got=cell)
    return cell


def decoded(source: Any) -> str:
    """Return a text as it is, with its lines and blanks. For arguments and errors see `read_text`."""
    if isinstance(source, str):
        return source.removeprefix("\ufeff")  # a byte order mark, as the first line of a pipe may have
    name = f"The file {source}" if isinstance(source, Path) else "A text"
    if isinstance(source, Path):
        content = _file(source)
    elif isinstance(source, bytes | bytearray | memoryview):
        content = bytes(source)
    elif isinstance(source, io.IOBase):
        content = source.read()
        if isinstance(content, str):  # opened as text
            return content
    else:
        raise TextError(
            f"There is no text in a {type(source).__name__}", got=source,
            expected="a str that is the text, a Path of a file, an open file, or the file's bytes",
        )  # fmt: skip
    encoding = encoding_of(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as err:
        where = f"byte {content[err.start]:#04x} at place {err.start}" if encoding == "utf-8" else err.reason
        raise TextError(f"{name} is not in {encoding.upper()} ({where})", remedy="Save it as UTF-8.") from err


def encoding_of(content: bytes) -> str:
    """Return the encoding of a text's bytes, or of their beginning: UTF-8, unless a byte order mark or NUL bytes tell of another."""
    marked = next((name for mark, name in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), "")
    return marked or utf16_without_mark(content) or "utf-8"


def is_called_table(path: Path) -> bool:
    """Whether a file is called as a table is, and not as a text: one in .txt may be either."""
    return path.suffix.lower() not in TEXT_SUFFIXES and is_table_name(path)


def _file(path: Path) -> bytes:
    try:
        check_regular(path)
        size = path.stat().st_size
        if path.is_dir():
            raise TextError(f"{path} is a folder, not a text file")
        if size > LARGEST_BYTES:
            raise TextError(
                f"The file {path} is too large for one text", got=size, expected=f"at most {LARGEST_BYTES:,} bytes",
                remedy="Split it: each file is one text.",
            )  # fmt: skip
        if is_called_table(path):
            raise TextError(
                f"{path} is a table, not one text", remedy="Give the texts of its rows one by one."
            )
        return path.read_bytes()
    except FileNotFoundError as err:
        raise TextError(
            f"There is no file {path}", remedy="A Path is a file; pass the text itself as a str."
        ) from err
    except OSError as err:
        raise TextError(f"The file {path} cannot be read ({reason(err)})") from err


def mark_words(text: str) -> str:
    """Return a text in lower case, with words before what that would lose: repetitions and capitals.

    Example:
        >>> mark_words("Sooo GOOD, very very very good!")
        'xxmaj s xxrep 3 o xxup good, xxwrep 3 very good!'
    """
    text = _CAPITAL_WORD.sub(_marked_capitals, text)
    text = _SAME_CHARACTER.sub(lambda found: f" {REPEATED} {1 + len(found[2])} {found[1]} ", text)
    text = _SAME_WORD.sub(
        lambda found: f"{REPEATED_WORD} {1 + len(found[2].split())} {found[1]}", text.lower()
    )
    return _SPACES.sub(" ", text).strip()


def _marked_capitals(found: re.Match[str]) -> str:
    word = found[0]
    return f"{CAPITALS if word.isupper() else CAPITALISED} {word.lower()}"


_NO_SPACE_BEFORE = LazyPattern(r" (?=[.,!?;:)\]%]|n't\b|'(?:s|m|d|re|ve|ll)\b)")
_NO_SPACE_AFTER = LazyPattern(r"(?<=[(\[$]) ")


def unmark_words(words: list[str]) -> str:
    """Return the words of a marked text as people write them: the way back from `mark_words`, as far as there is one.

    Example:
        >>> unmark_words(["xxbos", "xxmaj", "do", "n't", "go", "xxrep", "3", "!"])
        "Don't go!!!"
    """
    shown: list[str] = []
    waiting = iter(word for word in words if word not in (BEGINNING, PADDING, ENDING, FIELD))
    for word in waiting:
        if word in (REPEATED, REPEATED_WORD):
            count, what = next(waiting, ""), next(waiting, "")
            times = min(int(count), 20) if count.isdecimal() and count.isascii() else 1
            shown.append(what * times if word == REPEATED else " ".join([what] * times))
        elif word == CAPITALISED:
            shown.append(next(waiting, "").capitalize())
        elif word == CAPITALS:
            shown.append(next(waiting, "").upper())
        else:
            shown.append("I" if word == "i" else word)
    return _NO_SPACE_AFTER.sub("", _NO_SPACE_BEFORE.sub("", " ".join(shown)))
