"""Which parts of an item speak for an answer: words shaded in their text, columns as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatera.core.checks import number_text
from gatera.evaluate import html_page as html

#: Words of a text that are shown: those around the largest weights.
MOST_WORDS = 160

#: Columns that have a bar of their own.
MOST_COLUMNS = 10

#: Words below this share of the largest weight are not marked.
LEAST = 0.2

#: Words that the caption names on either side.
NAMED = 3

#: A column below this share of the largest weight has no figure.
ABOUT_NOTHING = 0.01


@dataclass(frozen=True)
class Explained:
    """How much each part of one item speaks for an answer.

    Attributes:
        title: the item's name.
        caption: its label and the answer.
        parts: words in their order, or columns with their cells; above 0 speaks for the answer.
        running: whether the parts are words of one text; else each has a bar.
    """

    title: str
    caption: str
    parts: Sequence[tuple[str, float]]
    running: bool = False

    def html(self) -> str:
        """Return it as HTML. The strongest parts are also named in words: colours are not all there is."""
        inner = _text(self.parts) if self.running else _bars(self.parts)
        said = f"{self.caption} {_strongest(self.parts)}" if self.running else self.caption
        caption = f"{html.element('b', self.title)} {html.plain(said)}"
        return f'<figure class="parts"><figcaption>{caption}</figcaption>{inner}</figure>'


def _text(parts: Sequence[tuple[str, float]]) -> str:
    """Return the words around the largest weights, marked by how much they weigh."""
    top = max((abs(weight) for _, weight in parts), default=0.0) or 1.0
    start = _window([abs(weight) for _, weight in parts], MOST_WORDS)
    shown, words = parts[start : start + MOST_WORDS], []
    for word, weight in shown:
        share = abs(weight) / top
        if share < LEAST:
            words.append(html.plain(word))
        else:
            side = "for" if weight > 0 else "against"
            words.append(f'<mark class="{side}" style="--w:{100 * share:.0f}%">{html.plain(word)}</mark>')
    before, after = "... " if start else "", " ..." if start + len(shown) < len(parts) else ""
    return f'<p class="excerpt">{before}{" ".join(words)}{after}</p>'


def _window(sizes: Sequence[float], width: int) -> int:
    """Return where the run of `width` numbers with the largest sum begins.

    Example:
        >>> _window([1, 0, 5, 4, 0], 2)
        2
    """
    best, total = (0, 0.0), 0.0
    for end, size in enumerate(sizes):
        total += size - (sizes[end - width] if end >= width else 0.0)
        if total > best[1] + 1e-12:
            best = max(0, end - width + 1), total
    return best[0]


def _strongest(parts: Sequence[tuple[str, float]]) -> str:
    """Return the words with the largest weights: "Most for it: lovely, superb. Most against it: dull.".

    A word that is there several times counts with all of its weights together.
    """
    said, together = [], dict.fromkeys((word for word, _ in parts), 0.0)
    for word, weight in parts:
        together[word] += weight
    for words, sign in (("Most for it", 1), ("Most against it", -1)):
        found = sorted(
            (-sign * weight, word)
            for word, weight in together.items()
            if sign * weight > 0 and any(map(str.isalnum, word))
        )
        if found:
            said.append(f"{words}: {', '.join(word for _, word in found[:NAMED])}.")
    return " ".join(said)


def _bars(parts: Sequence[tuple[str, float]]) -> str:
    """Return bars to the right for what speaks for the answer, to the left against it; the largest first."""
    ordered = sorted(parts, key=lambda part: -abs(part[1]))
    shown, rest = ordered[:MOST_COLUMNS], ordered[MOST_COLUMNS:]
    if rest:
        shown.append((f"{len(rest)} other columns together", sum(weight for _, weight in rest)))
    top = max((abs(weight) for _, weight in shown), default=0.0) or 1.0
    rows = []
    for name, weight in shown:
        end = 0.5 + 0.5 * weight / top
        colour = "var(--for)" if weight > 0 else "var(--against)"
        sign = "+" if weight > 0 else ""
        figure = (
            f"{sign}{number_text(weight, 3, grouped=True)}"
            if abs(weight) >= ABOUT_NOTHING * top
            else "about 0"
        )
        rows.append(html.bar(name, figure, min(0.5, end), max(0.5, end), colour, 0.5))
    return f'<div class="scale columns">{"".join(rows)}</div>'
