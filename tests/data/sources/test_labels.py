from __future__ import annotations

import os
from collections import namedtuple
from pathlib import Path

import pandas as pd
import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.data.sources.labels import (
    AttrGetter,
    ColReader,
    ItemGetter,
    RegexLabeller,
    cell,
    is_missing,
    parent_label,
    using_attr,
)

Row = namedtuple("Row", ["fname", "labels"])


def test_the_folder_names_the_label() -> None:
    assert parent_label(Path("photos/siamese/1.jpg")) == "siamese"
    assert parent_label("photos/siamese/1.jpg") == "siamese"


def test_a_path_without_a_folder_has_no_parent_label() -> None:
    with pytest.raises(DataError) as err:
        parent_label("1.jpg")
    assert str(err.value) == (
        "parent_label found no folder in the path of 1.jpg. "
        "Pass paths with their class folder, as get_image_files gives them."
    )


def test_a_pattern_reads_the_label_anywhere_or_from_the_start() -> None:
    assert RegexLabeller(r"/([^/]+)_\d+.jpg$")(Path("photos/great_pyrenees_173.jpg")) == "great_pyrenees"
    assert RegexLabeller(r"(photos)", match=True)("photos/1.jpg") == "photos"
    assert repr(RegexLabeller("(a)", match=True)) == "RegexLabeller('(a)', match=True)"


def test_the_books_labeller_looks_at_the_name_alone() -> None:
    label = using_attr(RegexLabeller(r"(.+)_\d+.jpg$"), "name")
    assert label(Path("x_1.jpg/Abyssinian_12.jpg")) == "Abyssinian"
    assert label("x/Abyssinian_12.jpg") == "Abyssinian"


def test_folders_are_matched_with_slashes_on_every_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sep", "\\")
    assert RegexLabeller(r"photos/(\w+)/")(r"C:\photos\cat\1.jpg") == "cat"


def test_a_path_that_does_not_fit_is_named_with_the_pattern() -> None:
    with pytest.raises(DataError) as err:
        RegexLabeller(r"(.+)_\d+.jpg$")(Path("photos/cat.jpg"))
    assert str(err.value) == (
        r"RegexLabeller found no label in 'photos/cat.jpg'. Expected: text that matches '(.+)_\\d+.jpg$'. "
        r"Change the pattern, "
        "or remove this file. To match the file name alone, use using_attr(RegexLabeller(...), 'name')."
    )


def test_a_group_that_took_no_part_is_no_label() -> None:
    with pytest.raises(DataError) as err:
        RegexLabeller("(cat)?dog", match=True)("dog")
    assert str(err.value) == (
        "RegexLabeller found no label in 'dog'. Expected: text that matches '(cat)?dog' from its start on. "
        "Change the "
        "pattern, or remove this file. To match the file name alone, use using_attr(RegexLabeller(...), "
        "'name')."
    )


def test_a_pattern_without_a_group_is_refused_at_once() -> None:
    with pytest.raises(ArgumentError) as err:
        RegexLabeller("cat")
    assert str(err.value) == (
        "pat has no group to take the label from. Got: 'cat'. "
        r"Put parentheses around the label, as in r'(.+)_\d+.jpg$'."
    )


def test_a_broken_pattern_is_refused_at_once() -> None:
    with pytest.raises(ArgumentError) as err:
        RegexLabeller("(cat")
    assert str(err.value) == (
        "pat is not a regular expression (missing ), unterminated subpattern at position 0). Got: "
        "'(cat'. "
        r"Write a literal \ or ( as \\ or \(."
    )


SERIES = pd.Series({"fname": "1.jpg", "labels": "cat dog"}, name=7)
MAPPING = {"fname": "1.jpg", "labels": "cat dog"}
TUPLE = Row("1.jpg", "cat dog")


@pytest.mark.parametrize("row", [SERIES, MAPPING, TUPLE], ids=["series", "mapping", "namedtuple"])
def test_columns_are_read_by_name_or_position(row: object) -> None:
    assert ColReader("fname")(row) == "1.jpg"
    assert ColReader(0)(row) == "1.jpg"
    assert ColReader(-1)(row) == "cat dog"
    assert ColReader(["fname", 1])(row) == ["1.jpg", "cat dog"]


def test_a_plain_sequence_is_read_by_position() -> None:
    assert ColReader(1)(["1.jpg", "cat"]) == "cat"


def test_a_prefix_and_a_suffix_are_put_around_the_value() -> None:
    assert ColReader("n", pref="train/", suff=".jpg")({"n": 7}) == "train/7.jpg"
    assert ColReader("n", pref=Path("train"))({"n": "7.jpg"}) == f"train{os.sep}7.jpg"


def test_several_labels_come_apart_at_their_delimiter() -> None:
    read = ColReader("labels", label_delim=" ")
    assert read(SERIES) == ["cat", "dog"]
    assert read({"labels": "cat"}) == ["cat"]
    assert read({"labels": ""}) == []
    assert read({"labels": float("nan")}) == []  # what pandas makes of an empty cell
    assert ColReader("labels", label_delim=";")({"labels": 3}) == ["3"]


def test_an_empty_cell_is_not_a_label() -> None:
    with pytest.raises(DataError) as err:
        ColReader("labels")(pd.Series({"fname": "1.jpg", "labels": None}, name=7))
    assert str(err.value) == "Column 'labels' is empty in row 7. Fill it in, or remove the row."


@pytest.mark.parametrize("row", [SERIES, MAPPING, TUPLE], ids=["series", "mapping", "namedtuple"])
def test_a_column_that_is_not_there_is_named_and_the_nearest_offered(row: object) -> None:
    where = "row 7" if row is SERIES else "the row"
    with pytest.raises(DataError) as err:
        ColReader("label")(row)
    assert str(err.value) == (
        f"No column 'label' in {where}. Available: fname, labels. Did you mean 'labels'?"
    )


def test_a_position_beyond_the_row_is_named() -> None:
    with pytest.raises(DataError) as err:
        cell(["1.jpg"], 3)
    assert str(err.value) == "No column 3 in the row."


def test_missing_values_are_known_whatever_form_they_have() -> None:
    assert all(is_missing(value) for value in (None, "", float("nan"), pd.NA, pd.NaT))
    assert not any(is_missing(value) for value in (0, False, "0", 0.0, [], "nan"))


def test_item_getter_takes_an_element() -> None:
    assert ItemGetter(1)(("a", "b")) == "b"
    assert ItemGetter("x")({"x": 3}) == 3


def test_item_getter_names_what_is_not_there() -> None:
    with pytest.raises(DataError) as err:
        ItemGetter(2)(("a", "b"))
    assert str(err.value) == "ItemGetter(2) found nothing in ('a', 'b'). Change the index or key."


def test_attr_getter_takes_an_attribute_or_its_default() -> None:
    assert AttrGetter("suffix")(Path("1.jpg")) == ".jpg"
    assert AttrGetter("nothing", default=None)(Path("1.jpg")) is None


def test_attr_getter_names_what_is_not_there() -> None:
    with pytest.raises(DataError) as err:
        AttrGetter("fname")(3)
    assert str(err.value) == (
        "AttrGetter('fname') found no such attribute in an item of type int. Change the name, or pass "
        "default=."
    )
