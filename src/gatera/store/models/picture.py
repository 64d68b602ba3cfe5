"""A lineage as a picture: an SVG, which every browser shows."""

from __future__ import annotations

from html import escape
from pathlib import Path

from gatera.core.escape import escaped
from gatera.core.files import atomic_write
from gatera.store.models.lineage import Ancestor

#: Pixels: of a box, of a line of text, and between boxes.
WIDTH, LINE, PADDING, ACROSS, DOWN = 250, 16, 10, 60, 14

#: Characters of a line; longer ones are cut, and shown whole when the pointer rests on them.
LONGEST, MOST_LINES = 34, 6

#: Fill and border by kind, readable beside each other without colour vision.
COLOURS = {
    "program": ("#e8f0fe", "#1a56b0"), "data": ("#e9f6ec", "#23743b"), "labels": ("#f4fbf0", "#5c8a3a"),
    "code": ("#f3f3f3", "#666666"), "weights": ("#fff4e0", "#a8660c"),
}  # fmt: skip


class _Placed:
    """A box with its place: parents stand to the right of what came from them."""

    def __init__(self, ancestor: Ancestor, depth: int, top: float) -> None:
        self.ancestor, self.depth = ancestor, depth
        self.lines = [ancestor.kind, ancestor.title, *ancestor.facts][:MOST_LINES]
        self.height = 2 * PADDING + LINE * len(self.lines)
        self.parents: list[_Placed] = []
        below = top
        for parent in ancestor.parents:
            self.parents.append(_Placed(parent, depth + 1, below))
            below = self.parents[-1].bottom + DOWN
        middle = (
            (self.parents[0].y + self.parents[-1].y + self.parents[-1].height) / 2
            if self.parents
            else top + self.height / 2
        )
        self.y: float = max(top, middle - self.height / 2)
        self.bottom: float = max([self.y + self.height, *(each.bottom for each in self.parents)])
        self.x = depth * (WIDTH + ACROSS)

    def all(self) -> list[_Placed]:
        return [self, *(each for parent in self.parents for each in parent.all())]


def lineage_svg(tree: Ancestor) -> str:
    """Return the picture of a lineage: the program on the left, what it came from to the right of it."""
    placed = _Placed(tree, 0, 0).all()
    width = max(each.x for each in placed) + WIDTH
    height = max(each.bottom for each in placed)
    margin = 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-margin} {-margin} {width + 2 * margin:.0f} {height + 2 * margin:.0f}" '
        f'width="{width + 2 * margin:.0f}" height="{height + 2 * margin:.0f}" font-family="system-ui, sans-serif" font-size="12" role="img">',
        f"<title>{_text(f'What {tree.title} came from')}</title>",
        f'<rect x="{-margin}" y="{-margin}" width="100%" height="100%" fill="white"/>',
    ]
    parts += [_line(each, parent) for each in placed for parent in each.parents]
    parts += [_box(each) for each in placed]
    return "\n".join([*parts, "</svg>"]) + "\n"


def save_lineage(tree: Ancestor, path: str | Path) -> Path:
    """Write the picture of a lineage as an SVG file."""
    with atomic_write(path) as partial:
        partial.write_text(lineage_svg(tree), encoding="utf-8", newline="\n")
    return Path(path)


def _box(each: _Placed) -> str:
    fill, border = COLOURS[each.ancestor.kind]
    whole = "\n".join(each.lines)
    rows = [_row(text, number) for number, text in enumerate(each.lines)]
    return (
        f'<g transform="translate({each.x} {each.y:.1f})"><title>{_text(whole)}</title>'
        f'<rect width="{WIDTH}" height="{each.height}" rx="6" fill="{fill}" stroke="{border}"/>'
        f"{''.join(rows)}</g>"
    )


def _row(text: str, number: int) -> str:
    style = ('fill="#555" font-size="10"', 'font-weight="bold"')[number] if number < 2 else 'fill="#333"'
    shown = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return f'<text x="{PADDING}" y="{PADDING + 12 + LINE * number}" {style}>{_text(shown)}</text>'


def _line(each: _Placed, parent: _Placed) -> str:
    start, end = each.x + WIDTH, parent.x
    y, there = each.y + each.height / 2, parent.y + parent.height / 2
    middle = (start + end) / 2
    return f'<path d="M{start} {y:.1f} C{middle} {y:.1f} {middle} {there:.1f} {end} {there:.1f}" fill="none" stroke="#999"/>'


def _text(text: str) -> str:
    return escape(escaped(text, keep="\n"))
