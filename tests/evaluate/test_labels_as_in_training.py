"""`gatera test` finds the same labels in a table as training: each class is the class it was, each number the number."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gatera
from gatera.core.errors import DataError, GateraError
from gatera.data.blocks.vocab import learn_vocab
from gatera.evaluate.find_rows import find_labelled_rows
from gatera.evaluate.items import Asked
from gatera.evaluate.measure_source import find_items, measure
from gatera.program.raw.cells import LARGEST, Codes
from gatera.program.tables.numbers import CLOCK, NumberFormat
from gatera.recipes.events import Events
from gatera.recipes.find_task import OtherTask
from gatera.recipes.settings import TrainSettings
from gatera.recipes.tables import read

WORDS = st.sampled_from(
    ["", "NA", "nan", "None", "null", "?", "-", "é", "e\u0301", "cat", "Cat", "cat ", "😀", "yes", "True", "False", "x" * 200, "\x1b[31m", "x,y", "12A"]
)  # fmt: skip
NUMBERS = st.sampled_from(
    ["0", "1", "1.0", "01", "1e0", "2", "inf", "", "NA", "1,200", "$5", "12 kg", "1.5", "1,5"]
)
AMOUNTS = st.one_of(
    st.decimals(0, 10**6, places=3).map(str),
    st.decimals(0, 10**6, places=2).map(lambda d: f"{d:,}".translate({44: ".", 46: ","})),
    NUMBERS,
)


@st.composite
def labels(draw: st.DrawFn) -> list[str]:
    pool = draw(
        st.one_of(*(st.lists(kind, min_size=2, max_size=25) for kind in (WORDS, NUMBERS, AMOUNTS, AMOUNTS)))
    )
    return draw(st.lists(st.sampled_from(pool), min_size=6, max_size=30))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("labels")


def written(path: Any, cells: list[str], delimiter: str = ";") -> None:
    rows = [f'{n % 7}{delimiter}{n * 37 % 11}.5{delimiter}"{cell}"' for n, cell in enumerate(cells)]
    path.write_text("\n".join([delimiter.join(["u", "x", "y"]), *rows]), "utf-8")


@given(labels(), st.sampled_from(",;"), st.sampled_from([None, ".", ","]))
def test_a_table_has_the_labels_that_training_found_in_it(folder, cells, delimiter, decimal):
    """Every row that was trained on is measured, no other one is, and its label is the one that was learned."""
    path = folder / "t.csv"
    written(path, cells, delimiter)
    try:
        table = read(TrainSettings(path, target="y", out=folder / "o.gatera", decimal=decimal), Events())
    except (GateraError, OtherTask):
        return  # refused: nothing is trained
    learned = table.frame["y"].tolist()
    vocab = list(learn_vocab(table.frame["y"])) if table.classes else []
    numbers = not table.classes or all(type(label) in (int, float) for label in vocab)
    given_format = table.frame.attrs["formats"].get("y")
    format_learned = None if given_format is None else NumberFormat(**{"unit": "", **given_format})
    found = find_labelled_rows(
        path, ["u", "x"], Asked(target="y"), {"decimal": decimal}, numbers, "", vocab, format_learned
    )
    assert [int(example.raw["u"]) for example in found.examples] == [int(row) % 7 for row in table.rows]
    for example, label in zip(found.examples, learned, strict=True):
        if table.classes:
            assert vocab[Codes(vocab)(example.truth) - 1] == label
        else:
            assert example.truth == label or abs(label) > LARGEST


def trained(path: Any, **settings: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return gatera.train(
            path, "y", out=path.with_suffix(".gatera"), model="linear", check_leaks=False, events=Events(), **settings
        )  # fmt: skip


@pytest.mark.slow
def test_a_class_called_none_is_measured(tmp_path):
    """A class whose name is a word for "missing" elsewhere is a class for `gatera test`, too."""
    path = tmp_path / "t.csv"
    written(path, ["None", "yes", "NA"] * 20)
    program = trained(path).program
    found = measure(program, find_items(program, path, Asked(on_note=None)))
    assert Counter(outcome.truth for outcome in found.outcomes) == {"None": 20, "yes": 20, "NA": 20}
    assert not found.unknown


@pytest.mark.slow
def test_numbers_to_predict_are_read_as_training_wrote_them(tmp_path):
    """A table of which only training knew the decimal sign has the same true numbers when it is measured."""
    path = tmp_path / "t.csv"
    written(path, [f"{1 + n % 7}.{n * 37 % 1000:03d}" for n in range(60)])
    program = trained(path, decimal=",").program
    found = find_items(program, path, Asked(on_note=None))
    assert [example.truth for example in found.examples] == [
        1000 * (1 + n % 7) + n * 37 % 1000 for n in range(60)
    ]


def truths(path: Any, cells: list[str], learned: NumberFormat | None, on_note: Any = None) -> list[Any]:
    written(path, cells)
    found = find_labelled_rows(
        path, ["u", "x"], Asked(target="y", on_note=on_note), {}, True, "", (), learned
    )
    return [example.truth for example in found.examples]


def test_a_table_that_writes_numbers_otherwise_than_training_is_read_as_a_whole(tmp_path):
    """No cell is read as training wrote numbers where another cell shows that this table does not write them so."""
    german, path = NumberFormat(",", "."), tmp_path / "t.csv"
    assert truths(path, ["994.123", "5678.123", ""], german) == [994.123, 5678.123]
    assert truths(path, ["994.123", "678.123", "12"], german) == [994123, 678123, 12]
    assert truths(path, ["1,5", "2,000"], NumberFormat(".", ",")) == [1.5, 2]
    assert truths(path, ["12 kg", "1.5", "NA"], NumberFormat(unit="kg")) == [12, 1.5]
    assert truths(path, ["1:30:00", "0:15:00"], NumberFormat(unit=CLOCK)) == [1.5, 0.25]
    with pytest.raises(DataError, match=r"a different unit in y than in training\. Got: 'g'\. Expected: kg"):
        truths(path, ["12000 g", "1500.5 g"], NumberFormat(unit="kg"))


PERCENT_SIGN = "Column 'y' is read without its percent signs, not divided by 100."


@pytest.mark.parametrize(
    ("learned", "cells", "said"),
    [
        (None, ["45%", "12.5%"], PERCENT_SIGN),
        (None, ["0.45", "12.5"], None),
        ("", ["45%", "12.5%"], "Column 'y': '45%' is read without its percent sign, not divided by 100. It affects 2 cells."),
        (",", ["45.5%", "12.5%"], PERCENT_SIGN),
        ("%", ["45%", "12.5%"], None),
        ("%", ["0.45", "0"], "Column 'y' was written in % in training; '0.45' is read as 0.45 %."),
        ("%", ["1,234.5", "0.45"], "Column 'y' was written in % in training; its numbers are read as %."),
        ("kg", ["12", "3 kg"], "Column 'y' was written in kg in training; '12' is read as 12 kg."),
    ],
)  # fmt: skip
def test_numbers_to_predict_in_another_unit_are_told(tmp_path, learned, cells, said):
    """45% beside predictions of 0.45 was an RMSE of 54, and "the model is clearly worse"."""
    notes: list[Any] = []
    format_ = {None: None, "": NumberFormat(), ",": NumberFormat(",")}.get(
        learned, NumberFormat(unit=learned or "")
    )
    truths(tmp_path / "t.csv", cells, format_, notes.append)
    assert list(map(str, notes[1:])) == ([] if said is None else [said])  # after that on the delimiter
