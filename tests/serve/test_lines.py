"""Many inputs in one request, an input on each line, answered line by line."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import time
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest

from gatera.core.errors import ProgramFileError
from gatera.serve.loaded import Loaded
from gatera.serve.reading import lines_of
from gatera.serve.service import Options
from gatera.web.errors import Refused

NURSE = {"job": "nurse", "age": 41, "since": "2021-05-01"}
COOK = {"job": "cook", "age": "30", "since": "2019-01-01"}


def lines(answer: Any) -> list[dict[str, Any]]:
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_line_for_each_of_many(client):
    body = b"\n".join(
        [
            json.dumps(NURSE).encode(),
            b"",
            b"{",
            json.dumps({"job": "cook"}).encode(),
            json.dumps(COOK).encode(),
        ]
    )
    found = lines(
        client("rows").post("/predict", content=body, headers={"Content-Type": "application/x-ndjson"})
    )
    assert [each.get("label") for each in found] == ["rich", None, None, "poor"]
    assert (found[1]["error"]["line"], found[2]["error"]["problem"]) == (
        3,
        "No column 'age' in the row, nor since",
    )


def test_a_line_that_comes_in_pieces_may_be_as_long_as_is_allowed():
    async def read(*pieces):
        sent = iter(
            [
                *({"type": "http.request", "body": piece, "more_body": True} for piece in pieces),
                {"type": "http.request"},
            ]
        )

        async def receive():
            return next(sent)

        return [line async for came in lines_of(receive, 5) for _, line in came]

    assert asyncio.run(read(b"12", b"345", b"\n1")) == [b"12345", b"1"]
    with pytest.raises(Refused, match="line 2 is too long"):
        asyncio.run(read(b"1\n12", b"3456"))


def test_more_lines_than_a_body_may_have_bytes(client):
    asked = client("rows", options=Options(batch_size=4, reload=False, body_limit=5_000))
    line = json.dumps(NURSE).encode() + b"\n"
    found = lines(
        asked.post("/predict", content=iter([line] * 300), headers={"Content-Type": "application/x-ndjson"})
    )
    assert [each["label"] for each in found] == ["rich"] * 300
    found = lines(
        asked.post("/predict", content=b"[" * 6_000, headers={"Content-Type": "application/x-ndjson"})
    )
    assert [each["error"]["problem"] for each in found] == ["line 1 is too long"]


def test_lines_as_the_answer_to_a_form(client, cat, dog):
    files = [("file", (f"{number}.jpg", photo)) for number, photo in enumerate([cat, dog, b"none", cat])]
    found = lines(client("photos").post("/predict", files=files, headers={"Accept": "application/x-ndjson"}))
    assert [(each.get("file"), each.get("label")) for each in found] == [
        ("0.jpg", "cat"), ("1.jpg", "dog"), ("2.jpg", None), ("3.jpg", "cat"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["rows", "texts"])
def test_a_line_is_answered_before_the_next_one_is_sent(made, serving, kind):
    parts = urlsplit(serving(made(kind).app))
    line = json.dumps(NURSE if kind == "rows" else "good").encode() + b"\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as asks:
        head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Type: application/x-ndjson\r\n\r\n"
        asks.sendall(head.encode())
        for _ in range(3):
            asks.sendall(b"%x\r\n%s\r\n" % (len(line), line))
            answer = b""
            while b"}\n" not in answer:
                answer += asks.recv(65_536)
            assert b'"label"' in answer
        asks.sendall(b"0\r\n\r\n")
        assert asks.recv(100) == b"0\r\n\r\n"


def test_lines_before_one_that_ends_the_stream_are_answered(client):
    asked = client("rows", options=Options(batch_size=4, reload=False, body_limit=5_000))
    body = json.dumps(NURSE).encode() + b"\n" + b"[" * 6_000
    found = lines(asked.post("/predict", content=body, headers={"Content-Type": "application/x-ndjson"}))
    assert (found[0]["label"], found[1]["error"]["problem"]) == ("rich", "line 2 is too long")


def test_what_waits_for_a_client_that_has_gone_leaves_the_queue(made, serving, monkeypatch):
    server = made("texts")
    computed = []
    answers = Loaded.answers

    def slowly(self, inputs, sure):
        computed.append(len(inputs))
        time.sleep(0.003)
        return answers(self, inputs, sure)

    monkeypatch.setattr(Loaded, "answers", slowly)
    parts = urlsplit(serving(server.app))
    body = b'"good"\n' * 4_000  # all of it is read at once, and takes 1.5 s
    head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: {len(body) + 1}\r\n\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as asks:
        asks.sendall(head.encode() + body)
        assert asks.recv(100)
    time.sleep(0.2)
    before = sum(computed)
    time.sleep(0.3)
    assert (server.service.queue.waiting, sum(computed) - before) == (0, 0)
    assert before < 3_000


@pytest.mark.parametrize("way", ["lines in", "lines out"])
def test_a_level_that_a_program_cannot_keep_is_refused_before_the_first_line(client, cat, way):
    """It was refused behind a 200: as the only line, or by an answer that was cut off."""
    asked, inputs = client("photos", "careful"), [base64.b64encode(cat).decode()] * 2
    if way == "lines in":
        sent = {
            "content": "\n".join(map(json.dumps, inputs)),
            "headers": {"Content-Type": "application/x-ndjson"},
        }
    else:
        sent = {"json": inputs, "headers": {"Accept": "application/x-ndjson"}}
    for program, sure in (("photos", "0.5"), ("careful", "0.999999")):
        answer = asked.post(f"/predict?program={program}&sure={sure}", **sent)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["problem"]
    assert asked.post("/predict?program=careful&sure=0.9", **sent).text.count("label") >= 2


def test_what_fails_behind_the_first_lines_is_the_last_line(client, cat, monkeypatch):
    asked = client("photos")
    monkeypatch.setattr(Loaded, "answers", mock.Mock(side_effect=ProgramFileError("the program is broken")))
    answer = asked.post(
        "/predict", json=[base64.b64encode(cat).decode()] * 2, headers={"Accept": "application/x-ndjson"}
    )
    assert [json.loads(line)["error"]["problem"] for line in answer.text.splitlines()] == [
        "the program does not answer this input"
    ]
