"""JSON of others: what has no clear meaning is said."""

from __future__ import annotations

import pytest

from gatera.web.errors import Refused
from gatera.web.json_body import read_json


def test_json_is_read_in_the_ways_it_may_be_written():
    assert read_json('{"caf\u00e9": [1, 2.5, null, {"a": 1}]}'.encode()) == {
        "caf\u00e9": [1, 2.5, None, {"a": 1}]
    }
    assert read_json('"x"'.encode("utf-16")) == "x"


@pytest.mark.parametrize(
    "body, said",
    [
        (b'{"age": 41, "job": "cook", "age": 14}', "the body has the same name twice in one object: age. Each value needs a name of its own."),
        (b'[{"a": {"b": 1, "b": 1}}]', "the body has the same name twice in one object: b. Each value needs a name of its own."),
        (b'{"age": NaN}', "the body holds NaN, which is not JSON. Write null where there is no value."),
        (b"[-Infinity]", "the body holds -Infinity, which is not JSON. Write null where there is no value."),
        (b'{"age": }', "the body is not JSON (Expecting value in line 1, column 9)."),
        ('"\u00e9"'.encode("latin-1"), "the body is not JSON (it is not in UTF-8)."),
        (b"[" * 200_000, "the body is not JSON (it is nested too deeply or has too long a number)."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_it_is_said(body, said):
    with pytest.raises(Refused) as refused:
        read_json(body)
    assert (str(refused.value), refused.value.status) == (said, 400)
