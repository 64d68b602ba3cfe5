"""Pages with small pictures of the items that changed, or that two people labelled differently."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from gatera.cli.output import show_line
from gatera.core.checks import counted
from gatera.core.errors import GateraError
from gatera.core.files import atomic_write, check_free_to_write
from gatera.evaluate import html_page as html
from gatera.program.raw.photo import PHOTO_SUFFIXES, read_photo
from gatera.store.datasets.labels.changes import Change
from gatera.store.datasets.labels.three_way import Conflict
from gatera.store.datasets.repository import DataRepository

#: Longer side of a picture (pixels), and how many items are drawn.
SIDE, MOST = 176, 500


def write_changes(
    page: Path,
    data: DataRepository,
    changes: Sequence[Change],
    sentence: str,
    between: tuple[str, str],
    force: bool,
) -> None:
    """Write a page of changes, those of one kind together."""
    kinds: dict[str, list[Change]] = {}
    for change in changes[:MOST]:
        kinds.setdefault("moved" if change.moved else change.words, []).append(change)
    sections = [
        html.section(
            f"{words} ({len(some)})",
            [
                _gallery(
                    _card(data, _hash(change), change.file, change.cell("label")[1], change.giver)
                    for change in some
                )
            ],
        )
        for words, some in sorted(kinds.items(), key=lambda each: -len(each[1]))
    ]
    _write(
        page,
        data,
        f"Labels of {data.root.name}, from {between[0]} to {between[1]}",
        sentence,
        sections,
        len(changes),
        force,
    )


def write_conflict_page(
    page: Path, data: DataRepository, conflicts: Sequence[Conflict], what: str, force: bool
) -> None:
    """Write a page of the items that two sides changed differently."""
    cards = [
        _card(data, (row.sha256 if row else ""), conflict.file, conflict.words(), "")
        for conflict in conflicts[:MOST]
        for row in [conflict.mine or conflict.theirs]
    ]
    sentence = f"{counted(len(conflicts), 'item was', 'items were')} changed differently on both sides."
    _write(
        page,
        data,
        what[0].upper() + what[1:],
        sentence,
        [html.section("Items", [_gallery(cards)])],
        len(conflicts),
        force,
    )


def _write(
    page: Path,
    data: DataRepository,
    title: str,
    sentence: str,
    sections: Sequence[str],
    count: int,
    force: bool,
) -> None:
    left = [html.element("p", f"The first {MOST} of {count:,} are shown.", "soft")] if count > MOST else []
    text = html.document(title, [html.element("h1", title), html.element("p", sentence), *left, *sections])
    check_free_to_write(page, force)
    with atomic_write(page) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
    if page.resolve().is_relative_to(data.root.resolve()):
        show_line(
            f"{page} is inside the repository, and gatera data status counts it as new. Write it elsewhere to keep it out."
        )


def _hash(change: Change) -> str:
    before, after = change.cell("sha256")
    return after or before


def _gallery(cards: Iterable[str]) -> str:
    return '<div class="items">\n' + "\n".join(cards) + "\n</div>"


def _card(data: DataRepository, sha256: str, name: str, words: str, by: str) -> str:
    picture = _picture(data, sha256, name)
    image = f'<img alt="{html.plain(name)}" src="data:image/jpeg;base64,{picture}">' if picture else ""
    given = html.element("span", f"by {by}", "soft") if by else ""
    return f'<figure class="item">{image}<figcaption>{html.element("span", name, "name")} {html.element("b", words or "(none)")} {given}</figcaption></figure>'


def _picture(data: DataRepository, sha256: str, name: str) -> str:
    """Return a small JPEG of a photo, in base64; "" for what is not a photo, or cannot be read."""
    if Path(name).suffix.lower() not in PHOTO_SUFFIXES or not sha256:
        return ""
    try:
        photo = read_photo(io.BytesIO(data.read(sha256)))
    except (GateraError, OSError, ValueError):
        return ""
    photo.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    photo.convert("RGB").save(out, "JPEG", quality=72)
    return base64.b64encode(out.getvalue()).decode("ascii")
