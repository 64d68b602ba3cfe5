from __future__ import annotations

import pytest

from gatera.core import errors
from gatera.core.errors import ArgumentError, DataError, GateraError, shorten


def test_the_four_parts_come_in_their_order():
    error = ArgumentError("bs is too small", got=0, expected="at least 1", remedy="Pass bs=64.")
    assert str(error) == "bs is too small. Got: 0. Expected: at least 1. Pass bs=64."


def test_parts_that_were_not_given_are_left_out():
    assert str(GateraError("something is wrong")) == "something is wrong."


def test_the_parts_stay_readable_one_by_one():
    error = GateraError("a", got=1, expected="b", remedy="c")
    assert (error.problem, error.got, error.expected, error.remedy) == ("a", 1, "b", "c")


def test_a_long_value_is_cut():
    assert len(str(ArgumentError("x", got="y" * 5000))) < 230


def test_text_is_cut_to_the_limit():
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("ArgumentError", ValueError), ("DataError", ValueError), ("PhotoError", ValueError),
        ("ProgramFileError", ValueError), ("PretrainedError", RuntimeError), ("DownloadError", OSError),
        ("OutputExistsError", FileExistsError), ("MissingExtraError", ImportError),
        ("NonFiniteLossError", ArithmeticError), ("ExportError", ValueError),
    ],
)  # fmt: skip
def test_every_error_is_ours_and_also_the_builtin_its_name_promises(name, builtin):
    kind = getattr(errors, name)
    assert issubclass(kind, GateraError)
    assert issubclass(kind, builtin)
    assert kind("what").problem == "what"


def test_a_text_is_cut_at_200_characters_only_if_it_is_longer():
    assert shorten("y" * 200) == "y" * 200
    assert shorten("y" * 201) == "y" * 199 + "…"


def test_a_problem_that_ends_with_a_question_has_no_full_stop_after_it():
    assert str(DataError("no column 'a'. Did you mean 'b'?")) == "no column 'a'. Did you mean 'b'?"
