from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from gatera.core.checks import listed
from gatera.core.errors import PhotoError, ProgramFileError
from gatera.program import operations
from gatera.program.operations import Operation
from gatera.program.preprocess import Preprocessing
from gatera.program.raw.photo import photo_array, read_photo
from gatera.program.raw.resize import resize_photo

READ = {"op": "read_photo", "mode": "RGB"}


def message(ops: object) -> str:
    with pytest.raises(ProgramFileError) as err:
        Preprocessing(ops)
    return str(err.value)


def test_it_does_what_the_functions_do(photo_folder):
    path = photo_folder / "cat" / "cat_0.jpg"
    ops = [
        {**READ, "at_least": [8, 8]},
        {"op": "resize", "size": [8, 12], "method": "pad", "resample": "bicubic"},
    ]
    by_hand = photo_array(resize_photo(read_photo(path, "RGB", (8, 8)), (8, 12), "pad", resample="bicubic"))
    assert np.array_equal(Preprocessing(ops)(path), by_hand)


def test_every_operation_works(photo_folder):
    ops = [
        {"op": "read_photo", "mode": "L"}, {"op": "resize_shorter", "size": 20},
        {"op": "center_crop", "size": [16, 16]}, {"op": "resize", "size": [8, 8]},
    ]  # fmt: skip
    array = Preprocessing(ops)(photo_folder / "dog" / "dog_0.jpg")
    assert (array.shape, array.dtype) == ((8, 8, 1), np.uint8)


def test_the_config_is_json_with_every_field_and_makes_the_same_again():
    first = Preprocessing([READ, {"op": "resize", "size": (8, 8)}])
    assert first.config == [
        {"op": "read_photo", "mode": "RGB", "at_least": None},
        {"op": "resize", "size": [8, 8], "method": "crop", "pad_mode": "reflection", "resample": "bilinear"},
    ]
    assert Preprocessing(json.loads(json.dumps(first.config))).config == first.config


def test_the_config_cannot_be_changed_from_outside():
    first = Preprocessing([READ, {"op": "resize", "size": [8, 8]}])
    first.config[1]["size"][0] = 99
    assert first.config[1]["size"] == [8, 8]


def test_the_words():
    ops = [
        READ, {"op": "resize", "size": [8, 9]}, {"op": "resize_shorter", "size": 7}, {"op": "center_crop", "size": [5, 6]},
    ]  # fmt: skip
    assert Preprocessing(ops).words == [
        "read the photo as RGB, upright",
        "resize it to 8 x 9 (crop, bilinear)",
        "resize its shorter side to 7 (bilinear)",
        "keep 5 x 6 of its middle",
    ]


def test_the_repr_is_the_config():
    assert (
        repr(Preprocessing([READ]))
        == "Preprocessing([{'op': 'read_photo', 'mode': 'RGB', 'at_least': None}])"
    )


def test_a_new_kind_of_input_is_a_row_of_the_table(monkeypatch):
    monkeypatch.setitem(
        operations.OPERATIONS, "count", Operation(lambda text: np.array([len(text)]), "raw", "array", "count")
    )
    assert Preprocessing([{"op": "count"}])("four").tolist() == [4]


def test_a_bad_photo_is_an_error_that_names_it(tmp_path):
    with pytest.raises(PhotoError) as err:
        Preprocessing([READ])(tmp_path / "a.jpg")
    assert str(err.value) == f"{tmp_path / 'a.jpg'} does not exist. Check its path."


def test_a_pillow_image_is_left_as_it_is():
    image = Image.new("RGB", (20, 20))
    Preprocessing([READ, {"op": "resize", "size": [8, 8]}])(image)
    assert image.size == (20, 20)


@pytest.mark.parametrize(
    ("ops", "text"),
    [
        ({}, "the preprocessing is not a list of steps. Got: {}."),
        ([], "the preprocessing is not a list of steps. Got: []."),
        (["resize"], "preprocessing step 1 is not an object with \"op\". Got: 'resize'."),
        ([{"size": 3}], "preprocessing step 1 is not an object with \"op\". Got: {'size': 3}."),
        ([READ, {"op": "resise"}],
         f"preprocessing step 2 is unknown. Got: 'resise'. Expected: {listed(operations.OPERATIONS)}. "
         "Did you mean 'resize'?"),
        ([{"op": "smell"}],
         f"preprocessing step 1 is unknown. Got: 'smell'. Expected: {listed(operations.OPERATIONS)}. "
         "A newer Gatera may know it: pip install -U gatera."),
        ([READ, {"op": "resize", "size": [8, 8], "methods": "crop"}],
         "preprocessing step 2 (resize) has an unknown field. Got: 'methods'. "
         "Expected: size, method, pad_mode, resample. Did you mean 'method'?"),
        ([{**READ, "x": 1}],
         "preprocessing step 1 (read_photo) has an unknown field. Got: 'x'. Expected: mode, at_least. "
         "A newer Gatera may know it: pip install -U gatera."),
        ([READ, {"op": "resize"}], "preprocessing step 2 (resize) needs the field 'size'."),
        ([READ, {"op": "resize", "size": [8, 8], "method": "cut"}],
         "'method' of preprocessing step 2 (resize) is not valid. Got: 'cut'. "
         "Expected: one of crop, pad, squish."),
        ([{"op": "resize", "size": [8, 8]}],
         "preprocessing step 1 (resize) takes a photo, not a raw. "
         "The first step reads the input, and each other step changes the result of the one before."),
        ([READ, READ],
         "preprocessing step 2 (read_photo) takes a raw, not a photo. "
         "The first step reads the input, and each other step changes the result of the one before."),
    ],
)  # fmt: skip
def test_messages(ops, text):
    assert message(ops) == text


@pytest.mark.parametrize("size", [8, [8], [8, 0], [8, 8.0], [8, True], [8, 8193], [8192, 8192], "88", None])
def test_sizes_that_are_not_allowed(size):
    assert message([READ, {"op": "resize", "size": size}]) == (
        "'size' of preprocessing step 2 (resize) is not valid."
        + (f" Got: {size!r}." if size is not None else "")
        + " Expected: [height, width], each a whole number from 1 to 8192, together at most 16,777,216 pixels."
    )


@pytest.mark.parametrize("size", [[8, 8], "8", 0])
def test_a_side_that_is_not_allowed(size):
    assert message([READ, {"op": "resize_shorter", "size": size}]) == (
        f"'size' of preprocessing step 2 (resize_shorter) is not valid. Got: {size!r}. "
        "Expected: a whole number from 1 to 8192."
    )


def test_at_least_may_be_null_or_a_size():
    assert Preprocessing([{**READ, "at_least": None}]).config[0]["at_least"] is None
    assert message([{**READ, "at_least": 8}]) == (
        "'at_least' of preprocessing step 1 (read_photo) is not valid. Got: 8. "
        "Expected: null, or [height, width], each a whole number from 1 to 8192, together at most 16,777,216 pixels."
    )
