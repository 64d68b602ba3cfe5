"""Ratings are the same in any order of rows and columns, and a program knows every user and item as the file writes them."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatera.core.errors import GateraError
from gatera.data.loading.row_tables import learn_labels
from gatera.program.raw.row import PairReader
from gatera.program.tables.reader import open_table
from gatera.recipes.events import Events
from gatera.recipes.ratings import read
from gatera.recipes.settings import Task, TrainSettings

ODD = ["007", "7", "1e5", "None", "NA", "é", "e\u0301", "ann", " ann", "Ann", "1.0", "1", "12345678901234567890", "2024-01-01", "True", "x;y", "$5", "5%", "1,200", "2,000", "-"]  # fmt: skip
IDS = st.one_of(
    st.lists(st.integers(0, 30).map(str), min_size=2, max_size=6, unique=True),
    st.lists(st.sampled_from(ODD), min_size=1, max_size=7, unique=True),
    st.lists(st.integers(1000, 10**7).map(lambda n: f"{n:,}"), min_size=2, max_size=6, unique=True),
)
GRADES = st.sampled_from(
    [["1", "2", "3", "4", "5"], ["0.5", "4.5"], ["1", "0", "-1"], ["3", "4,5"], ["0", "1"]]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ratings")


def found_in(path: Path, names: tuple[str, ...], cells: list[list[str]]) -> tuple[object, list[str]] | str:
    rows = [";".join(f'"{cell}"' for cell in row) for row in [names, *zip(*cells, strict=True)]]
    path.write_text("\n".join(rows), "utf-8")
    try:
        return read(TrainSettings(path, task=Task.recommend, out=path.with_suffix(".gatera")), Events())[:2]
    except GateraError as err:
        return str(err).replace(str(path), "the file")


@given(
    IDS, IDS, GRADES, st.sampled_from([("user", "item", "rating"), ("userId", "movieId", "stars")]), st.data()
)
def test_order_changes_nothing_and_every_user_is_known(folder, users, items, grades, names, data):
    """The same users, items and ratings are read from rows and columns in another order, and none of them is unknown to the program."""
    row = st.tuples(st.sampled_from(users), st.sampled_from(items), st.sampled_from(grades))
    rows = data.draw(st.lists(row, min_size=4, max_size=12))
    order, places = data.draw(st.permutations(rows)), data.draw(st.permutations(range(3)))
    cells, moved = ([list(column) for column in zip(*some, strict=True)] for some in (rows, order))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = found_in(folder / "a.csv", names, cells)
        other = found_in(
            folder / "b.csv", tuple(names[place] for place in places), [moved[place] for place in places]
        )
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    (frame, columns), (again, columns_again) = one, other
    assert columns == columns_again
    kept = [name for name in columns if name in frame]
    assert sorted(map(repr, frame[kept].to_numpy(object).tolist())) == sorted(
        map(repr, again[kept].to_numpy(object).tolist())
    )
    reader = PairReader(columns[:2], *(learn_labels(frame[name]) for name in columns[:2]))
    texts = list(open_table(folder / "a.csv", known=columns[:2]).rows())
    for place, cells_of_row in frame[columns[:2]].iterrows():
        codes = reader({name: texts[place][name] for name in columns[:2]}).tolist()
        assert 0 not in codes
        assert codes == reader(cells_of_row.tolist()).tolist()
