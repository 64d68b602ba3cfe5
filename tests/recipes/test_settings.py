from __future__ import annotations

from pathlib import Path

import pytest

from gatera.core.errors import ArgumentError
from gatera.recipes.settings import DEFAULTS, TrainArguments, TrainSettings, program_beside


def test_every_keyword_argument_is_a_setting_with_a_default():
    assert set(DEFAULTS) == {*TrainArguments.__annotations__, "task", "target"}


def test_a_program_is_named_after_its_source_and_goes_into_the_current_folder(tmp_path):
    (tmp_path / "my.photos").mkdir()
    assert program_beside(tmp_path / "my.photos") == Path("my.photos.gatera")
    assert program_beside(tmp_path / "adult.csv") == Path("adult.gatera")


@pytest.mark.parametrize(
    ("name", "value"),
    [("epochs", 0), ("freeze_epochs", -1), ("size", 7), ("bs", 0), ("seed", -1), ("lr", -0.1)],
)
def test_a_number_below_its_lowest_is_refused_by_name(name, value):
    with pytest.raises(ArgumentError, match=f"^{name} "):
        TrainSettings(Path("photos"), Path("a.gatera"), **{name: value})


@pytest.mark.parametrize(("name", "highest"), [("seed", 2**32 - 1), ("size", 4096)])
def test_a_number_above_its_highest_is_refused_by_name_before_anything_is_read(name, highest):
    TrainSettings(Path("photos"), Path("a.gatera"), **{name: highest})
    with pytest.raises(ArgumentError, match=f"^{name} must be at most {highest}"):
        TrainSettings(Path("photos"), Path("a.gatera"), **{name: highest + 1})


@pytest.mark.parametrize("value", [0, 1, -0.2])
def test_a_share_outside_of_0_to_1_is_refused(value):
    with pytest.raises(ArgumentError, match=r"^valid_pct must be a number in \(0, 1\)"):
        TrainSettings(Path("photos"), Path("a.gatera"), valid_pct=value)


@pytest.mark.parametrize("name", ["epochs", "bs", "size", "seed", "freeze_epochs", "class_level"])
def test_counts_are_whole_numbers(tmp_path, name):
    with pytest.raises(ArgumentError, match=f"{name} must be a whole number"):
        TrainSettings(tmp_path, tmp_path / "a.gatera", **{name: 8.5})
