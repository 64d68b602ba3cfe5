"""Whatever a client sends in whatever form, each input gets the program's own answer, or an error in its place, as /openapi.json says."""

from __future__ import annotations

import base64
import gzip
import io
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from starlette.testclient import TestClient

from gatera.core.errors import GateraError
from gatera.program.program import load_program
from gatera.serve.loaded import load
from gatera.serve.server import Made, Place
from gatera.serve.service import Options
from gatera.serve.watch import named_sources

KINDS = ("careful", "several", "masks", "texts", "rows", "numbers", "ratings")

NURSE = {"job": "nurse", "age": 41, "since": "2021-05-01"}

CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5),
    st.lists(st.integers(), max_size=1), st.just({}), st.just(10**310),
    st.sampled_from(["cook", "nurse ", "NaN", "-0.0", "1e400", "1,5", "2021-05-01", "2024-W09-4", "Alien", "7", "x" * 60, "\0", "\ud800"]),
)  # fmt: skip
ROW = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("job", "age", "since", "user", "film", "other"), CELLS)
)
FULL = st.fixed_dictionaries(dict.fromkeys(("job", "age", "since", "user", "film"), CELLS))
TEXT = st.one_of(
    st.text(max_size=20), st.sampled_from(["good", "bad &amp; poor", "", " ", "\ufeffgood", "\0"])
)


class Served:
    """A client of a server of all kinds, what the server says of itself, and the same programs beside it."""

    def __init__(self, client: TestClient, programs: dict[str, Any]) -> None:
        self.client, self.programs = client, programs
        self.described = client.get("/openapi.json").json()


@pytest.fixture(scope="module")
def server(tiny_programs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("programs")
    paths = {kind: tiny_programs.write(kind, folder / f"{kind}.gatera") for kind in KINDS}
    sources = named_sources([str(path) for path in paths.values()])
    loaded = [load(name, source.path()) for name, source in sources.items()]
    options = Options(batch_size=3, reload=False, max_wait=1e9)
    made = Made(loaded, sources, options, Place(), None, lambda line: None)
    with TestClient(made.app, base_url="http://127.0.0.1:8000") as client:
        yield Served(client, {kind: load_program(path) for kind, path in paths.items()})


def photo(colour: tuple[int, int, int], size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


CAT = photo((220, 20, 20), (20, 12))
PHOTO = st.sampled_from([CAT, photo((20, 20, 220), (7, 9)), CAT[:50], b"no photo", b"\0"])


def requests(kind: str) -> st.SearchStrategy[tuple[str, list[Any]]]:
    """A kind of program, and inputs for it, good ones and bad ones."""
    each = PHOTO if kind in KINDS[:3] else TEXT if kind == "texts" else st.one_of(FULL, FULL, ROW)
    return st.tuples(st.just(kind), st.lists(each, min_size=1, max_size=5))


def predicted(program: Any, raw: Any) -> dict[str, Any] | None:
    """What the program says of an input as JSON has it; None where it refuses."""
    reader = program.preprocess.reader
    try:
        if hasattr(reader, "check_json"):
            reader.check_json(raw)
        return json.loads(json.dumps(program.predict(raw).to_dict()))
    except GateraError:
        return None


def assert_same(found: Any, wanted: Any, where: Any) -> None:
    """Compare answers; numbers may differ in their last digit, as those of a batch do."""
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            assert_same(found[key], value, where)
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), where
        for one, other in zip(found, wanted, strict=True):
            assert_same(one, other, where)
    else:
        assert found == (pytest.approx(wanted, rel=1e-5) if isinstance(wanted, float) else wanted), where


def checked(described: dict[str, Any], path: str, answer: Any) -> list[Any]:
    """The parts of an answer, after its status, type and contents were compared with the description."""
    said = described["paths"][path]["post"]["responses"]
    kind = answer.headers["content-type"]
    schema = said.get(str(answer.status_code), said["default"])["content"][kind]["schema"]
    validator = jsonschema.Draft202012Validator({**schema, "components": described["components"]})
    values = [json.loads(line) for line in answer.text.splitlines()] if "ndjson" in kind else [answer.json()]
    for value in values:
        validator.validate(value)
    return values if "ndjson" in kind else values[0].get("predictions", values)


@pytest.mark.filterwarnings("ignore")  # of cells that training never saw
@example(("rows", [NURSE, {**NURSE, "since": []}, NURSE]), "lines", False)
@given(
    st.sampled_from(KINDS).flatmap(requests),
    st.sampled_from(["list", "inputs", "lines", "one by one"]),
    st.booleans(),
)
def test_each_input_gets_its_own_answer(server, request_of, form, compressed):
    kind, raws = request_of
    given = [base64.b64encode(raw).decode() if isinstance(raw, bytes) else raw for raw in raws]
    bodies = {"list": [json.dumps(given)], "inputs": [json.dumps({"inputs": given})], "lines": ["\r\n".join(map(json.dumps, given))]}  # fmt: skip
    headers = {"Content-Type": "application/x-ndjson" if form == "lines" else "application/json"}
    path, found = f"/programs/{kind}/predict", []
    for body in bodies.get(form, map(json.dumps, given)):
        content = gzip.compress(body.encode()) if compressed else body.encode()
        more = {"Content-Encoding": "gzip"} if compressed else {}
        found += checked(
            server.described, path, server.client.post(path, content=content, headers=headers | more)
        )
    assert len(found) == len(raws)
    for answer, raw in zip(found, raws, strict=True):
        wanted = predicted(server.programs[kind], raw)
        if wanted is None:
            assert answer["error"]["problem"]
        else:
            assert_same(answer, wanted, (kind, raw))
