"""A part of a report page: sentences, a table, single items, pictures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from gatera.evaluate import html_items
from gatera.evaluate import html_page as html
from gatera.evaluate.html_parts import Explained
from gatera.evaluate.item_pictures import Shown
from gatera.measure.reports.certainty import in_plain_words

#: PNG files of more bytes than this go into the page as JPEG.
LARGE_PNG = 80_000

#: The quality of those.
QUALITY = 80

#: Longer tables show only their first rows, and the whole table in a fold.
LONG_TABLE = 8


@dataclass(frozen=True)
class Picture:
    """A picture of the report.

    Attributes:
        title: a few words.
        png: the picture as a PNG or JPEG file.
        caption: what it shows.
        wide: use the full width of the page, e.g. for a large confusion matrix.
    """

    title: str
    png: bytes
    caption: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Section:
    """A part of a report page; what is empty is not shown.

    Attributes:
        heading: a few words.
        lines: sentences.
        columns: the headings of a table.
        rows: its cells.
        numbers: positions of its right-aligned columns.
        items: single items with their answers.
        pictures: pictures.
        explained: items with the parts that speak for their answers.
        note: a sentence on what all this is worth, in a softer colour.
    """

    heading: str
    lines: Sequence[str] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()
    numbers: Sequence[int] = ()
    items: Sequence[Shown] = ()
    pictures: Sequence[Picture] = ()
    explained: Sequence[Explained] = ()
    note: str = ""

    def html(self) -> str:
        """Return the section as HTML."""
        return html.section(
            self.heading,
            [
                *(html.element("p", in_plain_words(line)) for line in self.lines),
                *folding(self.columns, self.rows, self.numbers, "all rows"),
                *([html_items.gallery(self.items)] if self.items else []),
                *side_by_side(self.pictures),
                *(one.html() for one in self.explained),
                *([html.element("p", self.note, "soft")] if self.note else []),
            ],
        )


def side_by_side(pictures: Sequence[Picture]) -> list[str]:
    """Return pictures side by side, below each other on a phone; [] without any."""
    if not pictures:
        return []
    inner = "\n".join(html.picture(_compact(one.png), one.title, one.caption, one.wide) for one in pictures)
    return [f'<div class="pictures">\n{inner}\n</div>']


def folding(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    numbers: Sequence[int],
    summary: str,
    limit: int = LONG_TABLE,
) -> list[str]:
    """Return a table of the first rows, and below it all rows in a fold if there are more than `limit`."""
    if not rows:
        return []
    short = html.table(columns, rows[:limit], numbers)
    if len(rows) <= limit:
        return [short]
    return [short, html.details(f"{summary} ({len(rows)})", html.table(columns, rows, numbers))]


def _compact(png: bytes) -> bytes:
    """Return a large PNG as a JPEG, which takes a fraction of the room where there are photos in it."""
    if len(png) < LARGE_PNG or png.startswith(html.JPEG):
        return png
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return min(png, buffer.getvalue(), key=len)
