"""Classes whose names differ only in case or spaces are most often one: it is said before training."""

from __future__ import annotations

import pytest

from gatera.recipes.job import alike_classes


@pytest.mark.parametrize("labels", [None, [], ["cat", "dog"], [0, 1], ["a", "b", 1]])
def test_nothing_is_said_of_names_that_differ(labels):
    assert alike_classes(labels) is None


def test_names_that_differ_in_case_or_blanks_are_named_together():
    said = alike_classes(["YES", "Yes", "no", "yes ", "New York", "new  york"])
    assert said == (
        "The classes 'YES' and 'Yes' and 'yes ', 'New York' and 'new  york' differ only in case or spaces, and are treated as "
        "different classes. Rename them if they are the same."
    )


def test_so_are_words_that_say_the_same():
    assert alike_classes(["Y", "no", "yes", "TRUE"]) == (
        "The classes 'Y' and 'yes' and 'TRUE' say the same, and are treated as different classes. Rename them if they are the same."
    )
    assert alike_classes(["Y", "no", "yes", "maybe"]) is None


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["caf\u00e9", "cafe\u0301", "tea"], r"'caf\u00e9' and 'cafe\u0301'"),
        (["cat", "cat\u200b", "dog"], r"'cat' and 'cat\u200b'"),
        (["A1", "\uff21\uff11", "B"], "'A1' and '\uff21\uff11'"),
    ],
)
def test_names_that_only_look_the_same_are_shown_apart(labels, shown):
    shown = shown.replace(r"\u00e9", "\u00e9")  # only what has two notations is written as an escape
    assert alike_classes(labels) == (
        f"The classes {shown} look nearly the same, and are treated as different classes. Rename them if they are the same."
    )
