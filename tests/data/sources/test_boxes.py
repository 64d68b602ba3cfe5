"""Data sets for object detection: boxes are named where the photos have no labels."""

from __future__ import annotations

import json

import pytest

from gatera.core.errors import DataError
from gatera.data.sources.boxes import file_of_boxes, telling_of_boxes

COCO = {"images": [{"id": 1, "file_name": "1.jpg"}], "annotations": [{"image_id": 1, "bbox": [1, 2, 3, 4]}]}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels/train/1.txt", "0 0.5 0.5 0.25 1\n1 0.1 .2 3e-2 0.4\n"),
        ("1.txt", "3 0.1 0.2 0.3 0.4 0.5 0.6"),  # an outline
        ("Annotations/1.xml", "<annotation>\n<object/></annotation>"),
        ("Annotations/1.xml", '<?xml version="1.0"?>\n<annotation verified="yes"></annotation>'),
        ("annotations/instances_train.json", json.dumps(COCO)),
        ("1.json", json.dumps({"shapes": [], "imagePath": "1.jpg"})),
    ],
)
def test_boxes_are_named_in_an_error_about_labels(tmp_path, name, text):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    with pytest.raises(DataError) as err, telling_of_boxes(tmp_path):
        raise DataError("no labels", got="x", expected="classes", remedy="Sort them.")
    assert str(err.value) == (
        f"no labels. Got: 'x'. Expected: classes. Sort them. {path} looks like boxes or outlines of things (object "
        "detection), which are not learned here."
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("1.txt", "a photo of a cat"), ("list.txt", "1.jpg 0\n2.jpg 1\n"), ("1.txt", "1 2 3\n"), ("a.xml", "<feed></feed>"),
        ("dataset.json", '{"images": 3}'), ("list.json", '[{"images": 1, "annotations": 2}]'), ("1.csv", "0 0.5 0.5 0.2 0.3"),
    ],
)  # fmt: skip
def test_other_files_hold_none(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert file_of_boxes(tmp_path) is None
    with pytest.raises(DataError) as err, telling_of_boxes(tmp_path):
        raise DataError("no labels")
    assert err.value.remedy is None
