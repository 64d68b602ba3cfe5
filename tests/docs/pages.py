"""Reading our own pages: code blocks, code spans, links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

FENCE = re.compile(r"^(?P<fence>```+)(?P<language>\w*)\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """A fenced block of code; `line` is that of its first line of text."""

    language: str
    text: str
    line: int


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(text: str, language: str | None = None) -> list[Block]:
    """Return the fenced blocks of a page, those of one language if it is given."""
    found = [
        Block(match["language"], match["text"], text.count("\n", 0, match.start("text")) + 1)
        for match in FENCE.finditer(text)
    ]
    return [block for block in found if language is None or block.language == language]


def prose(text: str) -> str:
    """Return a page without its fenced blocks."""
    return FENCE.sub("", text)


def spans(text: str) -> list[str]:
    """Return what stands in code spans outside fenced blocks."""
    return SPAN.findall(prose(text))


def section(text: str, heading: str) -> str:
    """Return the text between a heading and the next one of its level or above."""
    level = heading.split(" ", 1)[0]
    found = re.search(
        rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert found, f"no heading {heading!r}"
    return found[1]


def pages() -> list[str]:
    """Return every Markdown page of the repository, by its path from the root."""
    top = [path.name for path in ROOT.glob("*.md")]
    return sorted(top + [f"docs/{path.name}" for path in DOCS.glob("*.md")])


def anchor(heading: str) -> str:
    """Return the address that a heading gets on the usual hosts."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", ""))
    return kept.replace(" ", "-")


def anchors(text: str) -> set[str]:
    return {anchor(line.lstrip("#")) for line in prose(text).splitlines() if line.startswith("#")}
