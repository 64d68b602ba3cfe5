"""Cells longer than Python's csv module reads by itself: whole articles."""

from __future__ import annotations

import pytest

from gatera.program.tables.reader import open_table


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_table_of_articles_is_read_whatever_separates_its_columns(tmp_path, delimiter, quote):
    article = "word " * 40_000
    rows = [
        ["id", "text", "label"],
        ["1", "short", "a"],
        ["2", article + quote * 2, "b"],
        ["3", 'a "b" c', "a"],
    ]
    path = tmp_path / "articles.csv"
    path.write_text(
        "".join(
            delimiter.join([one, f"{quote}{text}{quote}" if text[:4] == "word" else text, label]) + "\n"
            for one, text, label in rows
        )
    )
    found = list(open_table(path).rows())
    assert [row["label"] for row in found] == ["a", "b", "a"]
    assert found[1]["text"].startswith("word word") and len(found[1]["text"]) >= 199_999
