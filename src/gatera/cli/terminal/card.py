"""A program's card, which is Markdown, set for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatera.cli.terminal.style import paint, width
from gatera.cli.terminal.text import escaped, filled

#: Code and bold text, as cards have them.
INLINE = re.compile(r"(?P<fence>`+) ?(?P<code>.+?) ?(?P=fence)|\*\*(?P<bold>.+?)\*\*")


def card_lines(card: str) -> Iterator[str]:
    """Yield the lines of a card: headings in bold, lists indented, everything wrapped to the terminal's width."""
    for line in escaped(card, keep="\n").splitlines():
        level = len(line) - len(line.lstrip("#"))
        if level > 0 and line[level : level + 1] == " ":
            yield from filled(_inline(line[level + 1 :], "heading"), width())
        elif line.startswith("- "):
            yield from filled(_inline(line[2:]), width(), "  - ", "    ")
        else:
            yield from filled(_inline(line), width())


def _inline(text: str, style: str | None = None) -> str:
    """Return text with its marks turned into colours; each word carries its own, so that lines may break between them."""
    pieces, end = [], 0
    for found in INLINE.finditer(text):
        pieces.append(_words(text[end : found.start()], style))
        pieces.append(
            _words(found["code"], style or "name") if found["code"] else _words(found["bold"], "bold")
        )
        end = found.end()
    return "".join([*pieces, _words(text[end:], style)])


def _words(text: str, style: str | None) -> str:
    return text if style is None else re.sub(r"\S+", lambda word: paint(word[0], style), text)
