from __future__ import annotations

import copy
import io
import pickle
import warnings

import pytest

from gatera.core import figures
from gatera.core.figures import new_figure, wrapped_title


@pytest.fixture(autouse=True)
def fresh():
    caches = (figures.fonts_installed, figures.figure_class, figures._say_once)
    for each in caches:
        each.cache_clear()
    yield
    for each in caches:
        each.cache_clear()


def drawn(word: str):
    figure = new_figure((2, 2))
    text = figure.suptitle(word)
    figure.savefig(io.BytesIO(), format="png")
    return text


@pytest.mark.filterwarnings("ignore:Glyph")  # these two have none of the signs
def test_east_asian_words_are_drawn_by_a_font_that_is_installed(monkeypatch):
    monkeypatch.setattr(figures, "FONTS", ("No Such Font", "DejaVu Serif", "STIXGeneral"))
    usual = drawn("cat").get_fontfamily()
    assert drawn("猫").get_fontfamily() == [*usual, "DejaVu Serif", "STIXGeneral"]


def test_one_line_says_that_no_font_has_east_asian_words(monkeypatch):
    monkeypatch.setattr(figures, "FONTS", ("No Such Font",))
    with pytest.warns(UserWarning) as said:
        for word in ("고양이", "猫", "ねこ"):
            drawn(word)
    assert [str(each.message) for each in said] == [figures.MISSING]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn("café кот")


def test_a_title_keeps_numbers_and_units_on_one_line():
    assert "50.0\N{NO-BREAK SPACE}%" in wrapped_title("an error of 50.0 % of photos", 1.0)[0]


def test_a_figure_is_called_one():
    assert repr(new_figure((2, 1))) == "<Figure size 200x100 with 0 Axes>"


def test_a_figure_is_known_to_trackers_and_pickled():
    figure = new_figure((2, 2))
    figure.subplots().plot([1, 2])
    assert type(figure).__module__ == "matplotlib.figure"  # wandb.Image asks for it
    for copied in (pickle.loads(pickle.dumps(figure)), copy.deepcopy(figure)):
        assert type(copied) is type(figure) and len(copied.axes) == 1
        copied.savefig(io.BytesIO(), format="png")
