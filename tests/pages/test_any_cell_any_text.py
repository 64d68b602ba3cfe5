"""Cells and texts of any kind become in JavaScript the numbers that they become in Python, or are refused in both."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from gatera.core.errors import GateraError
from gatera.program.preprocess import Preprocessing
from gatera.text.word_tokenizer import word_tokenizer

pytestmark = pytest.mark.slow

RUN = """async ([base, cases]) => {
  const { Preprocessing } = await import(`${base}js/operations.js`);
  const found = [];
  for (const { config, entries, raw } of cases) {
    try {
      const { array } = await new Preprocessing(config, entries).run(raw);
      found.push(Array.from(array.data, Number));
    } catch (err) {
      found.push(err.code ? null : String(err));
    }
  }
  return found;
}"""

ODD = st.sampled_from(
    ["", " ", "NaN", "NA", "?", "-", "inf", "-1e400", "3.4028235e38", "1e-400", "\ufeff5", "$\x1c5", "\u0665", "1_0", "(-5)", "--5", "14:30", "1103:48",
     "2:30 P.M.", "25:00:10.5", "1,234", "1,23,456", "1.234,5", "12,34", "1 234", "5 %", "True", "1.0", "01", "-0", "\u00e9", "e\u0301", "\u212a"]
)  # fmt: skip
WRITTEN = st.from_regex(
    r"[+\-\u2212(]?\s?[$\u20ac]?-?[0-9]{0,4}([.,' \u00a0][0-9]{0,4}){0,3}([eE][+-]?[0-9]{1,3})?\s?[%)]?(kg)?",
    fullmatch=True,
)
NUMBERS = st.one_of(
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([-0.0, 1e-7, 1e16]),
)
CELLS = st.one_of(st.none(), st.booleans(), ODD, WRITTEN, NUMBERS, NUMBERS.map(str), st.text(max_size=4))
DATES = st.one_of(
    st.from_regex(
        r"[0-9]{4}-?(W[0-9]{2}(-?[0-9])?|[01][0-9]-?[0-3][0-9])([T ][0-2][0-9](:?[0-6][0-9](:?[0-6][0-9]([.,][0-9]{1,8})?)?)?"
        r"(Z|[+-][0-2][0-9](:?[0-9]{2})?)?)?",
        fullmatch=True,
    ),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.sampled_from(["0001-W011", "9999-12-31T23:59:59-01:00", "1969-12-31T23:59:59.999999", "2021-W53"]),
    CELLS,
)
LABELS = st.one_of(
    st.lists(st.one_of(ODD, st.text(max_size=3)), min_size=1, max_size=4, unique=True),
    st.lists(NUMBERS, min_size=1, max_size=4, unique=True),
    st.just([False, True]),
)
FORMATS = st.sampled_from(
    [{}, {"decimal": ",", "thousands": "."}, {"decimal": ".", "thousands": ","}, {"decimal": ",", "thousands": " "},
     {"decimal": ".", "thousands": "", "unit": "kg"}, {"decimal": ".", "thousands": "", "unit": "h:mm"}]
)  # fmt: skip


@st.composite
def rows(draw: Any) -> dict[str, Any]:
    """A row, and what reads it: a category, a number, whether that is missing, and a part of a date."""
    labels = draw(LABELS)
    number = {"name": "n", "fill": 2.0, "had_empty": draw(st.booleans()), "mean": 1.0, "std": 2.0}
    part = draw(
        st.sampled_from(["Year", "Month", "Week", "Day", "Dayofweek", "Dayofyear", "Hour", "Elapsed"])
    )
    date = {"name": "d_x", "date": "d", "part": part, "fill": 3.0, "had_empty": True, "mean": 0.0, "std": 1.0}
    config = {
        "op": "read_row",
        "categories": [{"name": "c", "labels": labels, "had_empty": draw(st.booleans())}, {"name": "n_na", "missing_in": "n"}],
        "numbers": [{**number, **draw(FORMATS)}, date],
    }  # fmt: skip
    near = st.sampled_from(labels).flatmap(lambda label: st.sampled_from([label, f" {label}", str(label)]))
    return {
        "config": [config],
        "entries": {},
        "raw": {"c": draw(near | CELLS), "n": draw(CELLS), "d": draw(DATES)},
    }


PIECES = st.sampled_from(
    ["<br>", "<p class=x>", "<b", "<", "&#233;", "&#0;", "&#128;", "&#xFDD0;", "<!-- x -->", "GOOD", "Good", "good good good", "aaa", "!!!",
     "\u0130", "x\u03a3 ", "\u00df", "e\u0301", "\u200d", "\u2028", "\x85", "\x1c", "\ufeff", "\u00a0", "1111", "\u0661\u0661\u0661", "_", "don't",
     " ", "\n", "\ud800", "\U0001f600", "\u4e2d", "m\u00b2", "\u00bd", "\u2460", "x\u2460", "\u24b6", "\u2167", "\u0e34", "$1.50", "3,5."]
)  # fmt: skip
WORDS = [
    "xxunk",
    "xxpad",
    "xxbos",
    "good",
    "xxup",
    "xxmaj",
    "xxrep",
    "xxwrep",
    "m\u00b2",
    "\u2460",
    "x",
    "\u24b6",
    "do",
    "n't",
    "\u2167",
]
TOKENIZER = json.loads(word_tokenizer(WORDS))


@st.composite
def texts(draw: Any) -> dict[str, Any]:
    """A text, and how the learner's own words are made of it."""
    letters = st.text(st.characters(max_codepoint=0x7FF, exclude_characters="&"), max_size=20)
    config = [{"op": "read_text", "html": draw(st.booleans())}, {"op": "mark_words"}]
    config = [
        *config[: 1 + draw(st.booleans())],
        {"op": "tokenize", "first": draw(st.sampled_from([64, 4])), "last": 2, "pad": 1},
    ]
    raw = draw(st.one_of(letters, st.lists(PIECES, max_size=12).map("".join)))
    return {"config": config, "entries": {"tokenizer.json": TOKENIZER}, "raw": raw}


def in_python(case: dict[str, Any]) -> list[float] | None:
    """The numbers that the program makes of an input as JSON has it; None where it refuses."""
    entries = {name: json.dumps(each).encode() for name, each in case["entries"].items()}
    reader = Preprocessing(case["config"], entries)
    try:
        if isinstance(case["raw"], dict):
            reader.reader.check_json(case["raw"])
        return reader(case["raw"]).ravel().tolist()
    except GateraError:
        return None


def row_of(number: str = "", date: str = "") -> dict[str, Any]:
    """A row, and what reads it in the usual way."""
    about = {"fill": 2.0, "had_empty": True, "mean": 1.0, "std": 2.0}
    config = {"op": "read_row", "categories": [], "numbers": [{"name": "n", **about}, {"name": "d_x", "date": "d", "part": "Year", **about}]}  # fmt: skip
    return {"config": [config], "entries": {}, "raw": {"n": number, "d": date}}


@pytest.mark.whole
@settings(phases=[Phase.explicit, Phase.generate])  # to make thirty cases smaller takes minutes; one is named
@example([row_of(number) for number in ("3.4028235e38", "-3.4028235e38", "$\x1c5", "5\ufeff%")])
@example(
    [
        row_of(date=date)
        for date in (
            "0001-W011",
            "9999-12-31T23:59-01:00",
            "2024-01-01T0000:00",
            "1969-12-31T23:59:59.999999",
            "2024-01-01T00-24",
            "2024-01-01\U0001f60012:00",
        )
    ]
)
@given(st.lists(st.one_of(rows(), rows(), texts()), min_size=30, max_size=30))
def test_python_and_javascript_read_the_same(run_in_a_page, cases):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = [in_python(case) for case in cases]
    for case, found, numbers in zip(cases, run_in_a_page(RUN, cases), wanted, strict=True):
        if found is None or numbers is None:
            assert found == numbers, case
        else:
            assert not isinstance(found, str), (found, case)
            np.testing.assert_allclose(np.float32(found), np.float32(numbers), 1e-6, 1e-7, err_msg=str(case))
