from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from gatera.core.errors import DataError, PhotoError
from gatera.data.item_errors import function_name, guarded, item_name


def test_items_have_short_names():
    assert item_name(Path("a/b.jpg")) == "a/b.jpg"
    assert item_name(torch.zeros(2, 3)) == "Tensor [2, 3]"
    assert item_name(np.zeros(4)) == "ndarray [4]"
    assert item_name(("a.jpg", "cat")) == "('a.jpg', 'cat')"
    assert len(item_name("x" * 1000)) == 200


def test_functions_have_the_names_their_authors_gave_them():
    assert function_name(test_items_have_short_names) == "test_items_have_short_names"
    assert function_name(partial(print)) == "partial"


def test_a_result_passes_through():
    assert guarded("f", "item 3", None, lambda a, b: a + b, 1, 2) == 3


def test_any_error_names_the_item():
    with pytest.raises(DataError) as err:
        guarded("get_y (f)", "item 3 (a.jpg)", "a.jpg", lambda x: 1 / x, 0)
    assert str(err.value) == "get_y (f) failed for item 3 (a.jpg): ZeroDivisionError: division by zero."
    assert isinstance(err.value.__cause__, ZeroDivisionError)


def test_an_error_of_ours_keeps_its_parts():
    def fails():
        raise DataError("No label", got=3, expected="cats", remedy="Look again.")

    with pytest.raises(DataError) as err:
        guarded("f", "item 3 (a.jpg)", "a.jpg", fails)
    assert str(err.value) == "No label for item 3 (a.jpg). Got: 3. Expected: cats. Look again."


def test_an_error_that_names_the_file_is_left_alone():
    def fails():
        raise PhotoError("a.jpg is empty")

    with pytest.raises(PhotoError) as err:
        guarded("f", "item 3 (a.jpg)", Path("a.jpg"), fails)
    assert str(err.value) == "a.jpg is empty."
