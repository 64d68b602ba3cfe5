from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import ProgramFileError
from gatera.program.operations import OPERATIONS
from gatera.program.placing import op_steps

#: Fields for each operation that takes a photo.
EXAMPLES = {
    "resize": {"size": (12, 20)},
    "resize_shorter": {"size": 24},
    "center_crop": {"size": (50, 20)},
}


def test_an_operation_that_takes_raw_input_names_what_people_give_it():
    for name, row in OPERATIONS.items():
        assert (row.accepts is not None) == (row.takes == "raw"), name
        if row.accepts is not None and row.accepts.given_as != "rows":
            assert row.accepts.things and row.accepts.suffixes, name


def test_an_operation_on_photos_says_where_it_puts_them():
    on_photos = {name for name, row in OPERATIONS.items() if row.takes == "photo"}
    assert on_photos == {name for name, row in OPERATIONS.items() if row.places is not None} == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_placement_has_the_size_of_the_result(name):
    photo = Image.new("RGB", (40, 30))
    done = OPERATIONS[name].function(photo, **EXAMPLES[name])
    assert op_steps([{"op": name, **EXAMPLES[name]}], (30, 40))[-1].size == (done.height, done.width)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if OPERATIONS[name].sized])
def test_a_sized_operation_gives_the_size_it_names(name):
    for size in ((30, 40), (9, 70)):
        photo = Image.fromarray(np.zeros((*size, 3), np.uint8))
        done = OPERATIONS[name].function(photo, **EXAMPLES[name])
        assert (done.height, done.width) == EXAMPLES[name]["size"]
    assert not OPERATIONS["resize_shorter"].sized


def test_message_for_an_operation_without_places():
    with pytest.raises(ProgramFileError) as err:
        op_steps([{"op": "read_text"}], (4, 4))
    assert str(err.value) == "the operation read_text does not say where it puts a photo."
