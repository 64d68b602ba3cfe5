"""Whatever is asked, /metrics and the log have exactly what was answered: each request once by its status, each answer once with its id."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from gatera.serve.loaded import load
from gatera.serve.log.answers import read_answers
from gatera.serve.server import Made, Place
from gatera.serve.service import Options
from gatera.serve.watch import named_sources

KINDS = ("careful", "masks", "texts", "rows", "numbers")
NURSE = {"job": "nurse", "age": 41, "since": "2021-05-01"}
WAYS = st.sampled_from(
    ["one", "list", "lines", "as lines", "png", "v2", "gone", "broken", "busy", "starting", "nobody", "no level", "empty"]
)  # fmt: skip


def photo(colour: tuple[int, int, int], size: tuple[int, int] = (20, 12)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


#: Two inputs that are answered, and a bad one.
GIVEN: dict[str, list[Any]] = {
    "careful": [photo((220, 20, 20)), photo((120, 120, 120)), b"no photo"],
    "masks": [photo((220, 20, 20)), photo((9, 9, 220), (9, 7)), b"no photo"],
    "texts": ["good", "bad", 5],
    "rows": [NURSE, {"job": "cook", "age": 20, "since": "2019-05-01"}, {"job": []}],
    "numbers": [NURSE, NURSE, 7],
}
REQUESTS = st.tuples(
    WAYS, st.sampled_from(KINDS), st.lists(st.sampled_from([0, 0, 1, 1, 2]), min_size=1, max_size=3)
)


class Counted:
    """A server with a log, and how often it should have counted what."""

    def __init__(self, client: TestClient, made: Made, log: Path) -> None:
        self.client, self.made, self.log = client, made, log
        self.wanted, self.ids = Counter[tuple[str, ...]](), list[str]()

    def found(self) -> Counter[tuple[str, ...]]:
        """What /metrics has."""
        counts = Counter[tuple[str, ...]]()
        for family in text_string_to_metric_families(self.client.get("/metrics").text):
            for name, labels, value, *_ in family.samples:
                if name in ("gatera_requests_total", "gatera_inputs_total", "gatera_answers_total") and value:
                    counts[name.split("_")[1], labels.pop("program"), *labels.values()] = int(value)
                if name == "gatera_request_seconds_count" and value:
                    counts["in time", labels["program"]] = int(value)
        return counts

    def request(self, kind: str, status: int) -> None:
        self.wanted["requests", kind, str(status)] += 1
        self.wanted["in time", kind] += status < 400

    def answer(self, kind: str, label: str | None) -> None:
        self.wanted["inputs", kind] += 1
        if kind in ("careful", "texts", "rows"):
            self.wanted["answers", kind, "(not sure)" if label is None else label] += 1

    def answers(self, kind: str, found: list[dict[str, Any]]) -> None:
        for each in found:
            if "error" not in each:
                self.answer(kind, each.get("label"))
                self.ids.append(each["id"])


@pytest.fixture(scope="module")
def server(tiny_programs, tmp_path_factory) -> Iterator[Counted]:
    folder = tmp_path_factory.mktemp("counted")
    sources = named_sources([str(tiny_programs.write(kind, folder / f"{kind}.gatera")) for kind in KINDS])
    loaded = [load(name, source.path()) for name, source in sources.items()]
    options = Options(batch_size=2, reload=False, log=folder / "log", max_wait=1e6)
    made = Made(loaded, sources, options, Place(), None, lambda line: None)
    with TestClient(made.app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
        yield Counted(client, made, folder / "log")


def as_json(raws: list[Any]) -> list[Any]:
    return [base64.b64encode(raw).decode() if isinstance(raw, bytes) else raw for raw in raws]


def ask(server: Counted, way: str, kind: str, numbers: list[int]) -> None:
    """Send a request, and note what its answer says."""
    raws = [GIVEN[kind][number] for number in numbers]
    path, given, service = f"/programs/{kind}/predict", as_json(raws), server.made.service
    if way in ("gone", "broken", "v2"):
        {"gone": leave, "broken": broken, "v2": by_protocol}[way](server, kind, raws)
        return
    if way == "busy":
        service.queue.owed += 1e9
        answer = server.client.post(path, json=given)
        service.queue.owed -= 1e9
        assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (429, True)
    elif way == "starting":
        service.state = "starting"
        answer = server.client.post(path, json=given)
        service.state = "ready"
        assert answer.status_code == 503
    elif way == "nobody":
        answer = server.client.post("/programs/nobody/predict", json=given)
        kind = ""
        assert answer.status_code == 404
    elif way in ("no level", "empty"):
        answer = server.client.post(
            path + "?sure=2" * (way == "no level"), json=given if way == "no level" else []
        )
        assert answer.status_code == 400
    elif way == "png" and kind == "masks":
        answer = server.client.post(path, content=raws[0], headers={"Accept": "image/png"})
        if answer.status_code == 200:
            assert answer.content.startswith(b"\x89PNG")
            server.answer(kind, None)
            server.ids.append("")  # a picture has no room for it
    elif way in ("lines", "as lines"):
        body = "\n".join(map(json.dumps, given)) if way == "lines" else json.dumps(given)
        headers = {"Content-Type": "application/x-ndjson"} if way == "lines" else {"Content-Type": "application/json", "Accept": "application/x-ndjson"}  # fmt: skip
        answer = server.client.post(path, content=body, headers=headers)
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert len(lines) == len(raws)
        server.answers(kind, lines)
    else:
        answer = server.client.post(path, json=given[0] if way in ("one", "png") else given)
        server.answers(kind, answer.json().get("predictions", [answer.json()]))
    server.request(kind, answer.status_code)


def leave(server: Counted, kind: str, raws: list[Any]) -> None:
    body = json.dumps(as_json(raws)).encode()
    server.client.portal.call(gone, server, f"/programs/{kind}/predict", body)
    server.request(kind, 499)


def broken(server: Counted, kind: str, raws: list[Any]) -> None:
    """Lines of a program that fails: half an answer, unless no line got to it."""
    (loaded,) = (each for each in server.made.loaded if each.name == kind)
    body = "\n".join(map(json.dumps, as_json(raws)))
    with mock.patch.object(loaded, "answers", side_effect=SystemError("inside")) as asked:
        server.client.post(
            f"/programs/{kind}/predict", content=body, headers={"Content-Type": "application/x-ndjson"}
        )
    server.request(kind, 500 if asked.called else 200)


def by_protocol(server: Counted, kind: str, raws: list[Any]) -> None:
    """By the Open Inference Protocol: all of them are answered, or none."""
    if kind in ("rows", "numbers"):
        columns = {"job": "BYTES", "age": "FP64", "since": "BYTES"}
        rows = [raw if isinstance(raw, dict) else {} for raw in raws]
        tensors = [{"name": name, "datatype": kind_of, "shape": [len(rows)], "data": [row.get(name, "") for row in rows]} for name, kind_of in columns.items()]  # fmt: skip
    else:
        tensors = [{"name": "input", "datatype": "BYTES", "shape": [len(raws)], "data": as_json(raws)}]
    answer = server.client.post(f"/v2/models/{kind}/infer", json={"inputs": tensors})
    if answer.status_code == 200:
        outputs = {each["name"]: each["data"] for each in answer.json()["outputs"]}
        for place in range(len(raws)):
            server.answer(kind, outputs["label"][place] or None if "label" in outputs else None)
            server.ids.append("")
    server.request(kind, answer.status_code)


async def gone(server: Counted, path: str, body: bytes) -> None:
    """A client that goes before its body is there."""
    messages = iter(
        [{"type": "http.request", "body": body[:3], "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        await asyncio.sleep(0)

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers,
             "root_path": "", "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 8000), "client": None}  # fmt: skip
    await server.made.app(scope, receive, send)


@pytest.mark.filterwarnings("ignore")  # of cells that training never saw
@example([("png", "masks", [0]), ("v2", "masks", [0, 1]), ("broken", "texts", [0])])
@given(st.lists(REQUESTS, min_size=1, max_size=6))
def test_metrics_and_log_have_what_was_answered(server, asked):
    before, logged_before = server.found(), len(list(read_answers(server.log)))
    server.wanted.clear()
    server.ids.clear()
    for each in asked:
        ask(server, *each)
    assert server.found() - before == +server.wanted, asked
    assert server.made.service.queue.bytes == 0
    end, logged = time.monotonic() + 5, list[str]()
    while len(logged) < len(server.ids) and time.monotonic() < end:
        logged = [entry.id for entry in read_answers(server.log)][logged_before:]
    assert len(set(logged)) == len(logged) == len(server.ids)
    assert {each for each in server.ids if each} <= set(logged)
