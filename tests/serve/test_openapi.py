"""What the description says of answers is what programs answer."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gatera.program.program import load_program
from gatera.serve.openapi import answer_schema

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
