"""Text for terminals: how wide it is, how it is wrapped, and which characters are not shown as they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from gatera.core.escape import UNSAFE, escaped

__all__ = ["UNSAFE", "cells", "escaped", "filled", "folded", "padded", "wrapped_command"]

#: Sequences that set colour and weight. They take no room.
STYLES = re.compile(r"\x1b\[[0-9;]*m")


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes, without its colours.

    Example:
        >>> cells("cat"), cells("猫"), cells("\x1b[1mcat\x1b[0m")
        (3, 2, 3)
    """
    plain = STYLES.sub("", text)
    return len(plain) if plain.isascii() else sum(map(_cell, plain))


def padded(text: str, width: int, right: bool = False) -> str:
    """Return text padded with spaces to a number of columns; `right` aligns it to the right."""
    space = " " * (width - cells(text))
    return space + text if right else text + space


def folded(text: str, width: int) -> list[str]:
    """Return text cut into lines of at most `width` columns, after a slash where that is far enough to the right.

    Example:
        >>> folded("photos/cat.jpg", 8)
        ['photos/', 'cat.jpg']
    """
    lines, line, used = [], "", 0
    for character in text:
        if used + _cell(character) > width and line:
            slash = line.rfind("/") + 1
            cut = slash if slash > len(line) // 2 else len(line)
            lines.append(line[:cut])
            line = line[cut:]
            used = cells(line)
        line, used = line + character, used + _cell(character)
    return [*lines, line]


def filled(text: str, width: int, first: str = "", rest: str = "", break_words: bool = False) -> list[str]:
    """Return text wrapped at spaces.

    Args:
        text: words; those in colour carry their own start and end.
        width: columns of a line, indent included.
        first: what the first line begins with.
        rest: what the other lines begin with.
        break_words: cut words (without colour) that are longer than a line; else they stick out, whole.

    Example:
        >>> filled("one two three", 9, "- ", "  ")
        ['- one two', '  three']
    """
    lines, line, begun = [], first, False
    for word in _words(text, width - cells(rest) if break_words else None):
        if begun and cells(line) + 1 + cells(word) > width:
            lines.append(line)
            line, begun = rest, False
        line += f" {word}" if begun else word
        begun = True
    return [*lines, line]


def wrapped_command(command: str, width: int) -> list[str]:
    r"""Return a command over as many lines as it needs, joined by backslashes so that it can be copied.

    Example:
        >>> print("\n".join(wrapped_command("gatera train adult.csv --target salary", 30)))
          gatera train adult.csv \
              --target salary
    """
    if len(command) + 2 <= width:
        return [f"  {command}"]
    # words in quotes stay together, and so do an option and its value
    words = re.findall(r"--?[\w-]+ (?!-)(?:\"[^\"]*\"|'[^']*'|\S)+|(?:\"[^\"]*\"|'[^']*'|\S)+", command)
    lines = ["  "]
    for word in words:
        if lines[-1].strip() and len(lines[-1]) + len(word) + 3 > width:
            lines.append("      ")
        lines[-1] += ("" if not lines[-1].strip() else " ") + word
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]


def _words(text: str, longest: int | None) -> Iterator[str]:
    for word in text.split():
        if longest is not None and cells(word) > longest and "\x1b" not in word:
            yield from folded(word, longest)
        else:
            yield word


def _cell(character: str) -> int:
    if unicodedata.combining(character) or character in "\u200b\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
