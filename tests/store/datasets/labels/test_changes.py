"""Changes are told item by item, and in one line."""

from __future__ import annotations

from gatera.store.datasets.labels.changes import changes_between, summarise
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.labels.sheets import Sheet


def sheet(*rows, extra=()):
    made = Sheet({}, extra)
    made.put(rows)
    return made


def test_the_sentence_says_what_changed_and_by_whom():
    before = sheet(*(Row(f"{n}", "h", "cat", by="Ann") for n in range(5)), Row("old", "o", "cat"))
    after = sheet(
        *(Row(f"{n}", "h", "dog", by="Ben") for n in range(3)), Row("3", "h2", "cat", by="Ann"), Row("4", "h", "cat", "test", by="Ann"),
        *(Row(f"new{n}", "h", "cat", source="function:has_whiskers@a1b2c3d4", by="Ben") for n in range(2)),
    )  # fmt: skip
    found = list(changes_between(before, after))
    assert [change.words for change in found] == [
        "cat -> dog", "cat -> dog", "cat -> dog", "file changed", "split (none) -> test", "added", "added", "removed",
    ]  # fmt: skip
    assert summarise(found).sentence() == (
        "2 added, 3 cat -> dog, 1 file changed, 1 with another split, 1 removed; by Ben; 2 by has_whiskers@a1b2c3d4"
    )
    assert summarise([]).sentence() == "no changes of labels"


def test_cells_of_further_columns_are_compared_by_name():
    before, after = (
        sheet(Row("1", more=("3", "4")), extra=("a", "b")),
        sheet(Row("1", more=("5", "3")), extra=("b", "a")),
    )
    (change,) = changes_between(before, after)
    assert change.columns == ["b"] and change.cell("b") == ("4", "5") and change.cell("a") == ("3", "3")
    assert list(changes_between(before, sheet(Row("1", more=("4", "3")), extra=("b", "a")))) == []


def test_many_kinds_are_counted_together():
    before, after = (
        sheet(*(Row(f"{n}", label="x") for n in range(9))),
        sheet(*(Row(f"{n}", label=f"{n}") for n in range(9))),
    )
    assert summarise(changes_between(before, after)).sentence() == (
        "1 x -> 0, 1 x -> 1, 1 x -> 2, 1 x -> 3, 5 relabelled otherwise"
    )


def test_a_label_of_two_lines_stays_in_the_line():
    """In `status` and `log` it began a line of its own, which could say anything."""
    found = list(changes_between(sheet(Row("1", "h", "cat")), sheet(Row("1", "h", "two\nlines"))))
    assert summarise(found).sentence() == r"1 cat -> two\nlines"
