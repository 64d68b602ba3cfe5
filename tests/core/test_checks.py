from __future__ import annotations

import numpy as np
import pytest

from gatera.core.checks import (
    check_at_least,
    check_choice,
    check_fraction,
    check_keywords,
    did_you_mean,
    listed,
    missing_column,
    nearest,
    number_text,
    require,
)
from gatera.core.errors import ArgumentError, MissingExtraError


def test_the_nearest_name_is_found_whatever_its_case():
    assert nearest("ResNet43", ["resnet34", "vit_small"]) == "resnet34"
    assert nearest("zzz", ["resnet34"]) is None


def test_a_suggestion_or_the_other_sentence():
    assert did_you_mean("accurcy", ["accuracy"]) == "Did you mean 'accuracy'?"
    assert did_you_mean("zzz", ["accuracy"], "Look it up.") == "Look it up."
    assert did_you_mean(3, ["accuracy"]) is None


@pytest.mark.parametrize(
    ("value", "digits", "grouped", "text"),
    [
        (1816731.5, 6, False, "1816732"), (-2473000.0, 6, False, "-2473000"), (33970, 3, True, "34,000"),
        (1.1543e9, 4, True, "1,154,000,000"), (0.00001234, 3, True, "1.23e-05"), (1.5e20, 6, False, "1.5e+20"),
        (float("inf"), 6, False, "inf"), (4.035091, 6, False, "4.03509"),
    ],
)  # fmt: skip
def test_large_numbers_have_no_exponent(value, digits, grouped, text):
    assert number_text(value, digits, grouped) == text


def test_long_lists_say_how_much_is_missing():
    assert listed(range(5), limit=3) == "0, 1, 2 and 2 more"
    assert listed("ab") == "a, b"


def test_a_wrong_choice_offers_the_nearest():
    with pytest.raises(ArgumentError) as err:
        check_choice("method", "corp", ["crop", "pad"])
    assert str(err.value) == ("method must be one of crop, pad. Got: 'corp'. Did you mean 'crop'?")


@pytest.mark.parametrize("value", [0, True, "1", float("nan")])
def test_a_small_or_odd_number_is_refused(value):
    with pytest.raises(ArgumentError) as err:
        check_at_least("bs", value, 1)
    what = "a number of at least 1" if value in (True, "1") else "at least 1"
    assert str(err.value) == f"bs must be {what}. Got: {value!r}."


@pytest.mark.parametrize(
    ("value", "options", "interval"),
    [(1.5, {}, "[0, 1]"), (0, {"open_low": True}, "(0, 1]"), (1, {"open_high": True}, "[0, 1)")],
)
def test_a_fraction_outside_its_interval_is_refused(value, options, interval):
    with pytest.raises(ArgumentError) as err:
        check_fraction("valid_pct", value, **options)
    assert str(err.value) == f"valid_pct must be a number in {interval}. Got: {value}."


def test_an_unknown_keyword_is_refused_and_the_nearest_suggested():
    with pytest.raises(ArgumentError) as err:
        check_keywords("vision_learner", {"lr": 1, "metric": 2}, ["self", "dls", "lr", "metrics"])
    assert str(err.value) == (
        "vision_learner has no argument 'metric'. Available: dls, lr, metrics. Did you mean 'metrics'?"
    )


def test_good_values_pass():
    assert check_keywords("vision_learner", {"lr": 1}, ["lr"]) is None
    assert check_choice("method", "crop", ["crop"]) is None
    assert check_at_least("bs", 1, 1) is None
    assert check_fraction("valid_pct", 0.2) is None


def test_a_missing_package_names_its_extra():
    with pytest.raises(MissingExtraError) as err:
        require("no_such_package", "train", "to train")
    assert str(err.value) == (
        "no_such_package is needed to train and could not be imported (No module named 'no_such_package'). "
        'Install it with: pip install "gatera[train]"'
    )


def test_a_package_that_is_there_is_returned():
    assert require("json", "train", "to test").dumps([]) == "[]"


def test_numpys_numbers_are_numbers():
    assert check_at_least("bs", np.int64(3), 1) is None
    assert check_fraction("valid_pct", np.float32(0.5), open_low=True, open_high=True) is None


@pytest.mark.parametrize("value", ["0.2", None, True, [0.2]])
def test_what_is_no_number_is_no_fraction(value):
    with pytest.raises(ArgumentError) as err:
        check_fraction("valid_pct", value)
    received = "" if value is None else f" Got: {value!r}."
    assert str(err.value) == f"valid_pct must be a number in [0, 1].{received}"


def test_a_missing_column_has_one_wording():
    assert str(missing_column("salry", ["age", "salary"])) == (
        "No column 'salry' in the table. Available: age, salary. Did you mean 'salary'?"
    )
    assert (
        str(missing_column("x", ["age"], "a.csv", "y_names"))
        == "y_names: no column 'x' in a.csv. Available: age."
    )
    assert str(missing_column(5, ["age", "job"])) == (
        "No column 5 in the table. Available: age, job. Pass a column's name, or its position from 0 to 1."
    )
    assert str(missing_column(5, [], "the row")) == "No column 5 in the row."


def test_an_infinite_number_is_refused():
    with pytest.raises(ArgumentError, match=r"^lr must be a finite number\. Got: inf\.$"):
        check_at_least("lr", float("inf"), 0)


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("batch_size", ["batch_tfms", "bs"], "bs"), ("learning_rate", ["lr", "lr_max"], "lr_max"),
        ("learning_rate", ["lr"], "lr"), ("test_size", ["size", "valid_pct"], "valid_pct"),
    ],
)  # fmt: skip
def test_names_of_other_libraries_are_understood(name, known, meant):
    with pytest.raises(ArgumentError, match=rf"Did you mean '{meant}'\?$"):
        check_keywords("train", {name: 8}, known)


def test_names_with_commas_stand_in_quotes_where_columns_are_listed():
    error = missing_column("weight", ["size, cm", "weight, kg", "age"], role="classes=")
    assert error.available == '"size, cm", "weight, kg", age'
    assert error.remedy == "Did you mean 'weight, kg', which has a comma in it?"


def test_a_header_that_was_read_as_one_name_points_to_the_delimiter():
    error = missing_column("age", ["name,age,job"], "people.csv", "y_names")
    assert (
        error.remedy == "The whole header line is one name: say what separates the columns with delimiter=."
    )
    assert (
        missing_column("age", ["name,age"], "the row").remedy
        == "Did you mean 'name,age', which has a comma in it?"
    )
