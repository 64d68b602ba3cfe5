from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from gatera.core.errors import DataError, PhotoError
from gatera.data.item_errors import function_name, item_name, naming_item


def test_items_have_short_names():
    assert item_name(Path("a/b.jpg")) == "a/b.jpg"
    assert item_name(torch.zeros(2, 3)) == "Tensor [2, 3]"
    assert item_name(np.zeros(4)) == "ndarray [4]"
    assert item_name(("a.jpg", "cat")) == "('a.jpg', 'cat')"
    assert len(item_name("x" * 1000)) == 200


def test_functions_have_the_names_their_authors_gave_them():
    assert function_name(test_items_have_short_names) == "test_items_have_short_names"
    assert function_name(partial(print)) == "partial"


def test_any_error_names_the_item_and_what_was_done():
    with pytest.raises(DataError) as err, naming_item("run get_y (f) on", "item 3 (a.jpg)", "a.jpg"):
        _ = 1 / 0
    assert str(err.value) == "Could not run get_y (f) on item 3 (a.jpg): ZeroDivisionError: division by zero."
    assert isinstance(err.value.__cause__, ZeroDivisionError)


def test_a_traceback_grows_by_one_frame():
    with pytest.raises(DataError) as err, naming_item("read", lambda: "item 3"):
        _ = 1 / 0
    assert [entry.name for entry in err.traceback][1:] == ["__exit__"]
    assert err.value.__cause__.__traceback__.tb_next is None


def test_a_name_is_made_only_for_an_error():
    with naming_item("read", lambda: pytest.fail("no error, no name")):
        pass


def test_an_error_of_ours_keeps_its_parts():
    with pytest.raises(DataError) as err, naming_item("read", "item 3 (a.jpg)", "a.jpg"):
        raise DataError("No label", got=3, expected="cats", available="a cat", remedy="Look again.")
    assert (
        str(err.value) == "No label for item 3 (a.jpg). Got: 3. Expected: cats. Available: a cat. Look again."
    )


def test_an_error_that_names_the_file_is_left_alone():
    with pytest.raises(PhotoError) as err, naming_item("read", "item 3 (a.jpg)", Path("a.jpg")):
        raise PhotoError("a.jpg is empty")
    assert str(err.value) == "a.jpg is empty."


def test_an_interruption_passes():
    with pytest.raises(KeyboardInterrupt), naming_item("read", "item 3"):
        raise KeyboardInterrupt
