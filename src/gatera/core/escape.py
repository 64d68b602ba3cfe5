"""Text from data, shown so that it cannot act: the one place where that is done. Everything that prints stands on it."""

from __future__ import annotations

import os
import re
import shlex
import unicodedata
from collections.abc import Iterable

#: Controls, line separators, the marks that reverse the direction of text, invisible characters, and halves of surrogate pairs:
#: a name with these could move the cursor, clear the screen, copy to the clipboard, or show an answer that was never given.
UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
    r"\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)

#: The blank between a number and its unit.
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:%|px|[kMG]?B|[kM]?Hz|m?s|min|h)(?![^\W_]))")

#: What this system's shell has around a word with blanks: cmd knows no single quotes, PowerShell both.
SHELL_QUOTE = '"' if os.name == "nt" else "'"

_HALVES = re.compile("[\ud800-\udfff]")


def escaped(text: object, keep: str = "") -> str:
    r"""Return text with control characters shown as escapes such as \x1b.

    Args:
        text: anything; taken as `str(text)`.
        keep: control characters that stay, e.g. "\n" in a text of several lines.

    Example:
        >>> escaped("cat\x1b[2J"), escaped("a\nb", keep="\n")
        ('cat\\x1b[2J', 'a\nb')
    """
    return UNSAFE.sub(lambda found: found[0] if found[0] in keep else _escape(found[0]), str(text))


def is_utf8(text: str) -> bool:
    r"""Whether a text can be written as UTF-8: names of files may hold halves of surrogate pairs.

    Example:
        >>> is_utf8("caf\u00e9"), is_utf8("caf\udce9")
        (True, False)
    """
    return text.isascii() or _HALVES.search(text) is None


def as_utf8(text: str) -> str:
    r"""Return a text as a file can hold it: halves of surrogate pairs, as names of files may have them, are written as escapes.

    Example:
        >>> as_utf8("caf\u00e9"), as_utf8("caf\udce9")
        ('café', 'caf\\udce9')
    """
    return text if is_utf8(text) else text.encode("utf-8", "backslashreplace").decode()


def plain_name(text: str) -> str:
    r"""Return a name without what readers do not see or may write in two ways: case, blanks, invisible characters, notations of accents.

    Example:
        >>> plain_name("Cafe\u0301 "), plain_name("caf\u00e9\u200b")
        ('café', 'café')
    """
    return "".join(UNSAFE.sub(" ", unicodedata.normalize("NFKC", text)).casefold().split())


def told_apart(name: str) -> str:
    """Return a name in quotes; in ASCII where letters and their accents are characters of their own, as on a Mac."""
    return repr(name) if unicodedata.is_normalized("NFC", name) else ascii(name)


def shell_quote(word: str) -> str:
    """Return a word of a command as the shell of this system takes it."""
    if SHELL_QUOTE == "'":
        return shlex.quote(word)
    if re.fullmatch(r"[\w+=:./\\-]+", word, re.ASCII):
        return word
    # a backslash counts as one, but before a quotation mark
    return '"' + re.sub(r"(\\+)$", r"\1\1", re.sub(r'(\\*)"', r'\1\1\\"', word)) + '"'


def shell_join(words: Iterable[str]) -> str:
    """Return the words of a command in one line, as the shell of this system takes it."""
    return " ".join(map(shell_quote, words))


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def beside_units(text: str) -> str:
    r"""Return text in which no line ends between a number and its unit.

    Example:
        >>> beside_units("5.0 % of 20 photos, 224 px")
        '5.0\xa0% of 20 photos, 224\xa0px'
    """
    return _BEFORE_UNIT.sub("\N{NO-BREAK SPACE}", text)


def composed(text: str) -> str:
    """Return a text in which accents are parts of their letters, as most systems write them, and a Mac's names of files do not.

    Example:
        >>> composed("e\u0301") == "\u00e9"
        True
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text)
