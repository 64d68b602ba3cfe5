"""What the description says of answers is what programs answer."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gatera.program.program import load_program
from gatera.serve.loaded import load
from gatera.serve.openapi import TENSORS, answer_schema, input_schema

GREY = np.full((8, 8, 3), 128, np.uint8)

#: What is said of every answer, whatever the program: it is filled in by the server.
OF_THE_SERVER = {"sure", "reason", "id", "file", "notes"}


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("photos", GREY), ("careful", GREY), ("several", GREY), ("masks", GREY), ("points", GREY),
        ("texts", "a good film"), ("numbers", {"job": "cook", "age": 40, "since": "2020-01-01"}), ("ratings", (7, "Alien")),
    ],
)  # fmt: skip
def test_every_field_of_an_answer_is_described(tiny_programs, tmp_path, kind, raw):
    program = load_program(tiny_programs.write(kind, tmp_path / "x.gatera"))
    answer = program.predict(raw).to_dict()
    said = set(answer_schema(SimpleNamespace(program=program))["properties"])
    assert set(answer) <= said and said - set(answer) <= OF_THE_SERVER


@pytest.mark.parametrize("kind", ["careful", "several", "points", "numbers"])
def test_lists_say_what_they_hold(tiny_programs, tmp_path, kind):
    """Those who generate a client from the description leave out answers with a list of nobody knows what."""

    def lists(part):
        if isinstance(part, dict):
            assert "array" not in part.get("type", ()) or "items" in part, part
        for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            lists(each)

    lists(
        answer_schema(SimpleNamespace(program=load_program(tiny_programs.write(kind, tmp_path / "x.gatera"))))
    )


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("kg", "Such as 40 kg; a bare number is in that unit."),
        ("h:mm", "Such as 40:00; a bare number is in hours."),
        ("", "Such as 40,5."),
    ],
)
def test_units_of_numbers_are_described(tiny_programs, tmp_path, unit, said):
    (step,) = tiny_programs.rows()[0]["preprocess"]
    step["numbers"][0] |= (
        {"unit": unit, "decimal": ".", "thousands": ""}
        if unit
        else {"fill": 40.5, "decimal": ",", "thousands": ""}
    )
    schema = input_schema(load("rows", tiny_programs.write("rows", tmp_path / "a.gatera", preprocess=[step])))
    assert schema["properties"]["age"]["description"] == said


def test_a_request_of_the_inference_protocol_is_described(client):
    """It was "an object": clients that are generated from it sent {}."""
    check = pytest.importorskip("jsonschema").Draft202012Validator(TENSORS).is_valid
    request = {"inputs": [{"name": "input", "shape": [1], "datatype": "BYTES", "data": ["a good film"]}]}
    assert check(request)
    assert client("texts").post("/v2/models/texts/infer", json=request).status_code == 200
    for wrong in (
        {},
        {"inputs": []},
        {"inputs": [{"name": "input"}]},
        {"inputs": [request["inputs"][0] | {"datatype": "TEXT"}]},
    ):
        assert not check(wrong)
        assert client("texts").post("/v2/models/texts/infer", json=wrong).status_code == 400
