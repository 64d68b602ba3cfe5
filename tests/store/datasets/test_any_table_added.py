"""Tables whose rows are items: what adding them again changes, and what two people's cells give, against dictionaries."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gatera.store import DataRepository
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.labels.sheets import Sheet
from gatera.store.datasets.labels.three_way import merge_sheets

COLUMNS = ("age", "job", "a b", "né\u0301e")
CELLS = st.sampled_from(
    [
        "",
        "30",
        "-0.0",
        "1e400",
        "nan",
        "cook",
        "née",
        "e\u0301",
        'say "a, b"',
        "two\nlines",
        "C:\\new",
        "a \\\nb",
        "\u202eabc",
    ]
)
LABELS = st.sampled_from(["", "yes", "no"])


@st.composite
def tables(draw):
    """Return columns in any order, and key -> cells of some rows."""
    columns = draw(st.lists(st.sampled_from(COLUMNS), unique=True, max_size=4))
    keys = draw(st.lists(st.sampled_from(["a", "b", "007", "x y"]), unique=True, min_size=1))
    cells = st.fixed_dictionaries({"label": LABELS, **dict.fromkeys(columns, CELLS)})
    return columns, {key: draw(cells) for key in keys}


def filled(cells):
    return {name: cell for name, cell in cells.items() if cell}


@settings(max_examples=15)
@given(st.lists(tables(), min_size=2, max_size=3))
def test_each_table_changes_what_it_holds_and_nothing_else(given_tables):
    """Cells of rows and columns that a later table does not have stay; an empty label leaves the label."""
    known: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        data = DataRepository.init(Path(folder, "data"), on_note=lambda text: None)
        path = Path(folder, "table.csv")
        for columns, rows in given_tables:
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, ["label", *columns, "id"], quoting=csv.QUOTE_ALL)
                writer.writeheader()
                writer.writerows({"id": key, **cells} for key, cells in rows.items())
            data.add_rows(path, key="id")
            for key, cells in rows.items():
                had = known.setdefault(key, {})
                known[key] = {**had, **cells, "label": cells["label"] or had.get("label", "")}
            names = data.columns()
            found = {
                row.file: {"label": row.label, **dict(zip(names, row.more, strict=True))}
                for row in data.rows()
            }
            assert {key: filled(cells) for key, cells in found.items()} == {
                key: filled(cells) for key, cells in known.items()
            }
        data.close()


ROWS = st.dictionaries(
    st.sampled_from("abc"), st.fixed_dictionaries({"note": CELLS, "split": st.sampled_from(["", "train"]), "age": CELLS, "job": CELLS})
)  # fmt: skip


def sheet(rows, columns):
    made = Sheet({}, columns)
    made.put(
        Row(key, split=cells["split"], note=cells["note"], more=tuple(cells[name] for name in columns))
        for key, cells in sorted(rows.items())
    )
    return made


@given(ROWS, ROWS, ROWS, st.permutations(["age", "job"]), st.permutations(["age", "job"]))
def test_cells_are_merged_one_by_one(base, mine, theirs, my_columns, their_columns):
    """A cell is that of the side which changed it; what both changed otherwise is a conflict, and so is a removed row that the other changed."""
    result = sheet(mine, my_columns)
    found = merge_sheets(sheet(base, ["age", "job"]), result, sheet(theirs, their_columns))
    found.put_into(result)
    asked = {each.file: set(each.columns) for each in found.conflicts}
    for key in base.keys() | mine.keys() | theirs.keys():
        was, here, there = base.get(key), mine.get(key), theirs.get(key)
        if there in (was, here):
            expected = here
        elif here == was:
            expected = there
        elif here is None or there is None:
            assert asked.pop(key) == set()
            continue
        else:
            before = was or dict.fromkeys(here, "")
            clash = {name for name in here if before[name] != here[name] != there[name] != before[name]}
            assert asked.pop(key, set()) == clash
            expected = {name: there[name] if here[name] == before[name] else here[name] for name in here}
            if clash:
                continue
        row = result.row(key)
        more = {} if row is None else dict(zip(result.extra, row.more, strict=True))
        assert (row and {"note": row.note, "split": row.split, **more}) == expected
    assert not asked
