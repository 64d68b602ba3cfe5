"""The limits that the specification of program files names are those that are kept."""

from __future__ import annotations

import pytest
from pages import read

from gatera.measure.questions.label_errors import HALF
from gatera.program.certain.arrays import MOST_VALUES as MOST_KEPT
from gatera.program.description import LONGEST_LABEL
from gatera.program.network.operators import MOST_NODES
from gatera.program.network.sizes import MOST_BYTES, MOST_OPERATIONS, MOST_VALUES
from gatera.program.operations import LARGEST_SIDE, LONGEST_NAME, MOST_PIXELS, OPERATIONS
from gatera.program.package import MOST_LEVELS
from gatera.program.raw.sound import HIGHEST_RATE, LOWEST_RATE
from gatera.program.raw.spectrogram import LARGEST_PICTURE, LONGEST_SECONDS, LONGEST_WINDOW
from gatera.program.tables.known_texts import _LONGEST_WORD

PAGE = " ".join(read("docs/program-format.md").split())


@pytest.mark.parametrize(
    "words",
    [
        f"each 1 to {LARGEST_SIDE:,}, together at most {MOST_PIXELS:,} pixels",
        f"nested at most {MOST_LEVELS} levels deep",
        f"samples per second, an integer from {LOWEST_RATE:,} to {HIGHEST_RATE:,}",
        f"length that is looked at, above 0, at most {LONGEST_SECONDS:g}",
        f"at most {LARGEST_PICTURE[0]:,} and {LARGEST_PICTURE[1]:,}: frequency bands and steps in time",
        f"length of a frame, above 0, at most {LONGEST_WINDOW:g}",
        f"a name of at most {LONGEST_NAME:,} characters",
        f"a string of at most {_LONGEST_WORD} characters",
        f"at most {MOST_NODES:,} nodes",
        f"at most {MOST_VALUES:,} values in a tensor, {MOST_BYTES / 1e6:.0f} MB at one time, and 1e12 multiplications",
        f"It has at most {MOST_KEPT:,} values",
    ],
)
def test_a_limit_is_on_the_page(words):
    assert words in PAGE


def test_limits_that_the_page_writes_in_another_way():
    assert MOST_OPERATIONS == 1e12 and LONGEST_LABEL == LONGEST_NAME


@pytest.mark.parametrize(
    ("field", "least", "most"), [("first", 1, 100_000), ("last", 0, 100_000), ("pad", 0, 10_000_000)]
)
def test_tokens_are_counted_within_the_limits_of_the_page(field, least, most):
    checked = OPERATIONS["tokenize"].fields[field]
    assert f"| `{field}` | an integer from {least} to {most:,} |" in PAGE
    for value in (least, most):
        checked.convert(value)
    for value in (least - 1, most + 1, True, 1.0):
        with pytest.raises(ValueError):
            checked.convert(value)


def test_what_suspects_of_labels_are_worth_is_what_was_published():
    assert HALF.startswith(
        "About half of such suspects are real errors (51 % over ten public data sets, arXiv 2103.14749)"
    )
