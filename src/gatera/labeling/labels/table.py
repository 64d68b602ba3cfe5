"""`labels.csv`: one line per item, and who said its label. What a person said is never changed."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from gatera.core.errors import DataError
from gatera.core.escape import composed, is_utf8
from gatera.core.files import atomic_write, reason
from gatera.data.folders.named_files import NamedFiles
from gatera.data.sources.who_labelled import ABOUT, about_labels
from gatera.store.datasets.labels.rows import COLUMNS, parsed, unescape, written, written_by_us

#: The file's name.
NAME = "labels.csv"

#: How the source of a label that functions gave begins.
FUNCTION = "function:"

#: What is kept of a label that was edited by hand, in place of how votes were combined.
EDITED = "edited"


def columns_of_copy(
    columns: Sequence[str], cells_of: Callable[[str], Sequence[str]]
) -> tuple[list[str], dict[str, str]]:
    """Return a table's own columns, and what "label" and each of `ABOUT` is called in its labelled copy: a table's own column "source" or
    "note" stays what it is.

    Args:
        columns: names of the table's columns.
        cells_of: returns the cells of a column.
    """
    ours = about_labels(columns, cells_of)
    own = [name for name in columns if name != "label" and name not in ours]
    prefix = ours[0].removesuffix("source") if ours else ""
    while any(prefix + name in own for name in ABOUT):
        prefix += "label_"
    return own, {"label": "label", **{name: prefix + name for name in ABOUT}}


@dataclass(frozen=True)
class LabelRow:
    """A line of labels.csv.

    Attributes:
        file: the item: a path below the folder, with slashes.
        sha256: hash of its contents; "" where not known.
        label: its label; "" where it has none.
        split, group: as a person set them.
        source: "" or "person", "function:NAME@HASH8", "program:NAME@HASH8".
        by: who.
        at: when, UTC, ISO 8601.
        note: anything.
        more: cells of further columns, which are kept.
    """

    file: str
    sha256: str = ""
    label: str = ""
    split: str = ""
    group: str = ""
    source: str = ""
    by: str = ""
    at: str = ""
    note: str = ""
    more: tuple[tuple[str, str], ...] = ()

    @property
    def of_function(self) -> bool:
        """Whether functions gave the label."""
        return self.source.startswith(FUNCTION)


@dataclass(frozen=True)
class Change:
    """What labelling did to a file of labels.

    Attributes:
        added, changed, removed, kept: numbers of labels of functions that are new, other than before, gone, and as they were.
        person: labels of people, which stay.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    kept: int = 0
    person: int = 0

    def __str__(self) -> str:
        return f"{self.added:,} added, {self.changed:,} changed, {self.removed:,} removed, {self.kept:,} unchanged; {self.person:,} by people left alone"


def read_labels_file(path: Path, items: Collection[str] = ()) -> dict[str, LabelRow]:
    """Return the lines of a labels.csv by file; none where there is no such file.

    Args:
        path: the file.
        items: what it may be about, paths below its folder. A line written by hand may name one as `gatera train` finds it too:
            without its folder or ending, in another case, with backslashes.

    Raises:
        DataError: if it is not such a file, or names an item twice.
    """
    if not path.exists():
        return {}
    try:
        text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError as err:
        raise DataError(f"{path} cannot be read ({reason(err)})", expected="a CSV file in UTF-8") from err
    names, lines = parsed(text, path)
    if "file" not in names or "label" not in names:
        raise DataError(
            f"{path} has no column 'file' or 'label'",
            available=", ".join(names) or None,
            remedy="Write them into its first line, with commas between them.",
        )
    found: dict[str, LabelRow] = {}
    plain, ours = is_utf8(text), written_by_us(names)
    meant = unescape if ours else str
    for line, cells in lines:
        row = LabelRow(
            **{name: meant(cells.get(name, "")) for name in COLUMNS},
            more=tuple((n, cells[n]) for n in names if n not in COLUMNS),
        )
        odd = [] if plain else [name for name, cell in cells.items() if not is_utf8(cell)]
        if odd and (odd != ["file"] or not (path.parent / row.file).exists()):
            raise DataError(
                f"{path} is not in UTF-8 (line {line})",
                remedy="Save it in UTF-8; spreadsheets call that CSV UTF-8.",
            )
        if row.file in found:
            raise DataError(
                f"{path} names {row.file} twice (line {line})", remedy="Delete one of the two lines."
            )
        found[row.file] = row
    return _by_item(path.parent, found, items, ours) if items else found


def _by_item(
    folder: Path, rows: dict[str, LabelRow], items: Collection[str], ours: bool
) -> dict[str, LabelRow]:
    """Return lines by the items that they mean. A person's line counts before one of functions; lines of other files stay.

    What our own tools wrote, with a source, names its file exactly: "1.jpg" may be gone, and "b/1.jpg" another photo.
    """
    known = set(items)
    others = [name for name, row in rows.items() if name not in known and not (ours and row.source)]
    files = NamedFiles(folder, [folder / name for name in items if others])
    for name in others:
        found = files.find(name)
        only = len(found) == 1 and found[0].is_relative_to(folder)
        item = found[0].relative_to(folder).as_posix() if only else name
        row, own = rows[name], rows.get(item)
        if item in known and _ends_alike(name, item) and (own is None or own.of_function > row.of_function):
            del rows[name]
            rows[item] = replace(row, file=item)
    return rows


def _ends_alike(name: str, item: str) -> bool:
    """Whether one of two paths is the end of the other, but for case and ending: "cat/1.jpg" is not "dog/1.jpg".

    Example:
        >>> _ends_alike("1", "dog/1.jpg"), _ends_alike("C:/dog/1.JPG", "dog/1.jpg"), _ends_alike("cat/1.jpg", "dog/1.jpg")
        (True, True, False)
    """
    one, other = (
        PurePosixPath(composed(each.strip().replace("\\", "/")).lower()).with_suffix("").parts[::-1]
        for each in (name, item)
    )
    return all(a == b for a, b in zip(one, other) if a != ".")


def write_labels_file(path: Path, rows: Iterable[LabelRow]) -> None:
    """Write labels.csv: sorted by file, LF, UTF-8, quoted only where needed. The file is replaced in one step."""
    ordered = sorted(rows, key=lambda row: row.file)
    more = list(dict.fromkeys(name for row in ordered for name, _ in row.more))
    with (
        atomic_write(path) as partial,
        partial.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*COLUMNS, *more])
        for row in ordered:
            extra = dict(row.more)
            writer.writerow(
                [*(written(getattr(row, name)) for name in COLUMNS), *(extra.get(name, "") for name in more)]
            )


def mark_of(votes: str, row: LabelRow | None, combining: int, earlier: str = "") -> str:
    """Return what is kept of a label: on which votes it stands, which label that is, and how votes were combined, or that it was edited.

    Args:
        votes: the votes of now.
        row: the label; None for none.
        combining: how votes are combined now.
        earlier: what was kept of the item before.
    """
    if row is None:
        return votes
    label, (_, *of) = _mark(row.label), earlier.split(" ")
    by_hand = len(of) > 2 and (of[1] != label or of[3:] == [EDITED])
    how = EDITED if by_hand and still_stands(earlier, votes, row, combining) else str(combining)
    return f"{votes} {_mark(row.source)} {label} {_mark(row.note)} {how}"


def still_stands(mark: str, votes: str, row: LabelRow | None, combining: int) -> bool:
    """Whether a label stands on these votes, combined in this way, and is the one that was given then: git may have brought another.

    A label that was edited by hand, with the note beside it left as it was, stays.
    """
    on, *of = mark.split(" ")
    if on != votes or row is None:
        return on == votes
    if len(of) < 3:  # the first versions kept the votes alone
        return False
    source, label, note, *how = of  # the next ones did not keep how they were combined
    if source != _mark(row.source):
        return False
    return how in ([str(combining)], [EDITED]) if label == _mark(row.label) else note == _mark(row.note)


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def merged(
    before: Mapping[str, LabelRow],
    new: Sequence[LabelRow],
    unchanged: Iterable[str],
    all_files: Iterable[str],
) -> tuple[list[LabelRow], Change]:
    """Return the lines after labelling, and what changed.

    Args:
        before: the lines there were.
        new: the labels that functions give now.
        unchanged: files on which the functions say what they said when their label was given: it stays as it is.
        all_files: every item that the functions were asked about.
    """
    rows, same = dict(before), set(unchanged)
    given = {row.file: row for row in new}
    counts = {"added": 0, "changed": 0, "removed": 0, "kept": 0, "person": 0}
    for name in all_files:
        old, row = before.get(name), given.get(name)
        if old is not None and old.label and not old.of_function:
            counts["person"] += 1
        elif row is None:
            if old is not None and old.label:
                rows[name] = replace(old, label="", source="", by="", at="", note="")
                counts["removed"] += 1
        elif (
            old is not None
            and old.label
            and (name in same or (old.label, old.source) == (row.label, row.source))
        ):
            counts["kept"] += 1
        else:
            counts["changed" if old is not None and old.label else "added"] += 1
            kept = old or LabelRow(name)
            rows[name] = replace(
                row, sha256=row.sha256 or kept.sha256, split=kept.split, group=kept.group, more=kept.more
            )  # fmt: skip
    return list(rows.values()), Change(**counts)
