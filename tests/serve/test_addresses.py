"""Every address but /predict."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from openapi_spec_validator import OpenAPIV31SpecValidator
from tritonclient.utils import InferenceServerException

from gatera.core.errors import ArgumentError
from gatera.program.program import load_program
from gatera.serve import metrics
from gatera.serve.loaded import fields_of
from gatera.serve.protocol.inference import _outputs
from gatera.serve.protocol.tensors import LENGTH
from gatera.serve.server import Place, check_not_open
from gatera.serve.service import Options
from gatera.serve.watch import named_sources

KINDS = ("photos", "careful", "masks", "texts", "rows", "ratings")
NURSE = {"job": "nurse", "age": 41, "since": "2021-05-01"}


def test_health_says_starting_ready_and_draining(made):
    from starlette.testclient import TestClient

    server = made("photos")
    before = TestClient(server.app, base_url="http://127.0.0.1")  # the lifespan has not begun
    assert before.get("/health/ready").status_code == 503
    assert before.get("/health/live").text == "live\n"
    answer = before.post("/predict", content=b"x")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    with before as client:
        assert client.get("/health/ready").text == "ready\n"
        server.stopping()
        assert client.get("/health/ready").status_code == 503
        assert client.get("/v2/health/ready").status_code == 503
        assert client.post("/predict", content=b"x").status_code == 422  # what is asked for is still answered


def test_metrics_count_requests_answers_and_refusals(client, cat):
    asked = client("photos")
    for content in (cat, cat, b"none"):
        asked.post("/predict", content=content)
    text = asked.get("/metrics").text
    for line in (
        'gatera_requests_total{program="photos",status="200"} 2.0', 'gatera_requests_total{program="photos",status="422"} 1.0',
        'gatera_answers_total{label="cat",program="photos"} 2.0', "gatera_waiting 0.0",
        'gatera_request_seconds_count{program="photos"} 2.0', 'gatera_program_info{program="photos",sha256="',
    ):  # fmt: skip
        assert line in text, line
    assert metrics.resident_bytes() > 1e6
    asked.post("/v2/models/photos/infer", json=about(data=[base64.b64encode(cat).decode()]))
    asked.post("/v2/models/photos/infer", json={})
    asked.post("/where", content=b"none")
    text = asked.get("/metrics").text
    for status, count in ((200, 3), (400, 1), (422, 2)):
        assert f'gatera_requests_total{{program="photos",status="{status}"}} {count}.0' in text


@pytest.mark.parametrize(
    "path", ["programs/no/predict", "programs/no/where", "v2/models/no/infer", "programs/no/recommend?user=1"]
)
def test_a_request_for_a_program_that_is_not_there_is_counted(client, path):
    asked = client("rows")
    answer = asked.get(f"/{path}") if "recommend" in path else asked.post(f"/{path}", json={})
    assert answer.status_code == 404
    assert 'gatera_requests_total{program="",status="404"} 1.0' in asked.get("/metrics").text


def test_metrics_count_what_the_guard_refuses(client):
    asked = client("photos", options=Options(body_limit=100, reload=False))
    asked.post("/predict", content=b"x" * 200)
    asked.post("/programs/photos/predict", content=b"x", headers={"host": "elsewhere"})
    asked.post("/v2/models/photos/infer", content=b"x", headers={"origin": "https://example.org"})
    asked.post("/answers/1", content=b"x" * 200)  # no prediction
    text = asked.get("/metrics").text
    for status in (413, 421, 403):
        assert f'gatera_requests_total{{program="",status="{status}"}} 1.0' in text


def test_the_card_and_what_a_program_takes(client):
    asked = client("rows", "texts")
    assert asked.get("/programs/rows/card").text.startswith("# rows")
    assert asked.get("/card?program=texts").headers["content-type"].startswith("text/markdown")
    assert asked.get("/card").status_code == 400
    rows, texts = asked.get("/programs").json()
    assert [(each["name"], each["type"]) for each in rows["fields"]] == [
        ("job", "choice"),
        ("age", "number"),
        ("since", "date"),
    ]
    assert (rows["fields"][0]["choices"], texts["takes"], texts["labels"]) == (
        ["cook", "nurse"],
        "texts",
        ["negative", "positive"],
    )


def test_a_form_asks_for_the_time_where_the_hour_counts(tiny_programs, tmp_path):
    (step,) = tiny_programs.rows()[0]["preprocess"]
    age, since = step["numbers"]
    step["numbers"] = [age, since, {**since, "name": "since_Hour", "part": "Hour"}]
    program = load_program(tiny_programs.write("rows", tmp_path / "a.gatera", preprocess=[step]))
    field = fields_of(program)[-1]
    assert (field["name"], field["type"], field["example"]) == ("since", "datetime", "2026-01-15T12:00")
    step["numbers"][1:] = [{**each, "zoned": True} for each in step["numbers"][1:]]
    program = load_program(tiny_programs.write("rows", tmp_path / "b.gatera", preprocess=[step]))
    field = fields_of(program)[-1]
    assert (field["type"], field["example"]) == ("datetime", "2026-01-15T12:00Z")
    assert program.preprocess.reader.notes([{"job": "nurse", "age": 40, "since": field["example"]}]) == [[]]


@pytest.mark.parametrize(
    ("fill", "written", "shown"),
    [
        (74.5, {"unit": "kg", "decimal": ",", "thousands": "."}, "74,5 kg"),
        (7.999999, {"unit": "h:mm", "decimal": ".", "thousands": ""}, "8:00"),
        (1.5125, {"unit": "h:mm:ss", "decimal": ".", "thousands": ""}, "1:30:45"),
        (5.187, {"decimal": ",", "thousands": "."}, "5,187"),
        (40.0, {}, None),
    ],
)
def test_a_form_asks_for_numbers_as_training_had_them(tiny_programs, tmp_path, fill, written, shown):
    (step,) = tiny_programs.rows()[0]["preprocess"]
    step["numbers"][0] |= {"fill": fill, **written}
    program = load_program(tiny_programs.write("rows", tmp_path / "a.gatera", preprocess=[step]))
    field = next(each for each in fields_of(program) if each["name"] == "age")
    assert (field["type"], field.get("written")) == ("number", shown)
    if shown:
        row = {"job": "nurse", "since": "2021-05-01"}
        ours, theirs = (program.predict({**row, "age": value}) for value in (shown, fill))
        assert np.allclose(ours.probabilities, theirs.probabilities, atol=1e-5)


def test_the_description_for_machines_is_valid(client):
    document = client("masks").get("/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"] == "3.1.0"
    assert "/predict" in document["paths"]


def test_the_description_of_several_programs_with_a_log(client, tmp_path):
    document = client(*KINDS, options=Options(log=tmp_path / "log", reload=False)).get("/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    assert {f"/programs/{kind}/predict" for kind in KINDS} | {"/answers/{id}", "/recommend"} <= set(
        document["paths"]
    )
    fields = document["paths"]["/programs/rows/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert fields["schema"]["oneOf"][0]["required"] == ["job", "age", "since"]


# ---- the Open Inference Protocol


@pytest.fixture
def protocol(made, serving) -> Any:
    """A client of Triton for a server of tiny programs, over the network."""
    opened = []

    def make(*kinds: str) -> Any:
        address = serving(made(*kinds).app)
        opened.append(triton.InferenceServerClient(address.removeprefix("http://").rstrip("/")))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def texts_tensor(name: str, values: list[Any], binary: bool = True) -> Any:
    tensor = triton.InferInput(name, [len(values)], "BYTES")
    tensor.set_data_from_numpy(np.array(values, object), binary_data=binary)
    return tensor


def test_tritons_client_asks_for_photos(protocol, cat, dog):
    asked = protocol("photos", "rows")
    assert (asked.is_server_live(), asked.is_server_ready(), asked.is_model_ready("photos")) == (
        True,
        True,
        True,
    )
    assert asked.get_server_metadata()["name"] == "gatera"
    about = asked.get_model_metadata("photos")
    assert about["inputs"] == [{"name": "input", "datatype": "BYTES", "shape": [-1]}]
    found = asked.infer("photos", [texts_tensor("input", [cat, dog])], request_id="seven")
    assert found.as_numpy("label").tolist() == [b"cat", b"dog"]
    assert found.as_numpy("index").tolist() == [0, 1]
    assert found.as_numpy("probabilities").shape == (2, 2)
    assert found.get_response()["id"] == "seven"
    wanted = [triton.InferRequestedOutput("probabilities", binary_data=False)]
    found = asked.infer(
        "photos", [texts_tensor("input", [cat])], outputs=wanted, model_version=about["versions"][0]
    )
    assert found.as_numpy("probabilities").sum() == pytest.approx(1)
    assert found.as_numpy("label") is None


def test_tritons_client_asks_for_rows_and_every_other_kind(protocol, cat, tone):
    asked = protocol("rows", "numbers", "masks", "points", "several", "sounds", "texts", "ratings")
    ages = triton.InferInput("age", [2, 1], "FP32")
    ages.set_data_from_numpy(np.array([[41], [30]], np.float32))
    row = [
        texts_tensor("job", ["nurse", "cook"], False),
        ages,
        texts_tensor("since", ["2021-05-01", "2019-01-01"]),
    ]
    assert asked.infer("rows", row).as_numpy("label").tolist() == [b"rich", b"poor"]
    assert asked.infer("numbers", row).as_numpy("value").shape == (2, 1)
    truths = triton.InferInput("age", [2], "BOOL")
    truths.set_data_from_numpy(np.array([True, False]))
    with pytest.raises(InferenceServerException, match="'age' holds something that is not a number"):
        asked.infer("rows", [row[0], truths, row[2]])
    photo = [texts_tensor("input", [cat])]
    assert asked.infer("masks", photo).as_numpy("mask").shape == (1, 12, 20)
    assert asked.infer("points", photo).as_numpy("points").shape == (1, 2, 2)
    assert asked.infer("several", photo).as_numpy("labels").tolist() == [[True, False]]
    assert asked.infer("sounds", [texts_tensor("input", [tone])]).as_numpy("label").shape == (1,)
    assert asked.infer("texts", [texts_tensor("input", ["good", "bad"])]).as_numpy("label").tolist() == [
        b"positive",
        b"negative",
    ]
    users = triton.InferInput("user", [1], "INT32")
    users.set_data_from_numpy(np.array([7], np.int32))
    assert asked.infer("ratings", [users, texts_tensor("film", ["Cube"])]).as_numpy("value").tolist() == [
        [2.5]
    ]


@pytest.mark.parametrize("kind", ["photos", "several", "masks", "points", "sounds", "texts"])
def test_a_program_s_outputs_are_those_that_it_announces(client, cat, tone, kind):
    asked = client(kind)
    content = {"sounds": tone, "texts": b"good"}.get(kind, cat)
    value = content.decode() if kind == "texts" else base64.b64encode(content).decode()
    about = {"inputs": [{"name": "input", "datatype": "BYTES", "shape": [1], "data": [value]}]}
    given = asked.post(f"/v2/models/{kind}/infer", json=about).json()["outputs"]
    announced = asked.get(f"/v2/models/{kind}").json()["outputs"]
    assert [(each["name"], each["datatype"]) for each in given] == [
        (each["name"], each["datatype"]) for each in announced
    ]
    for one, other in zip(given, announced, strict=True):
        assert len(one["shape"]) == len(other["shape"])
        assert all(size in (-1, real) for real, size in zip(one["shape"], other["shape"], strict=True))


@pytest.mark.parametrize(("task", "index"), [("multilabel", np.array([False, False])), ("regression", None)])
def test_an_answer_that_is_not_given_is_told_from_one_without_labels(task, index):
    loaded = SimpleNamespace(program=SimpleNamespace(task=task, vocab=("red", "blue")))
    shares = np.zeros(2, np.float32)
    answers = [
        SimpleNamespace(label=label, index=None if label is None else index, probabilities=shares)
        for label in ((), None)
    ]
    first, *_, last = _outputs(loaded, answers)
    assert np.array_equal(*first.values) and (last.name, last.values.tolist()) == ("answered", [True, False])


def about(name: str = "input", datatype: Any = "BYTES", shape: Any = (1,), **more: Any) -> dict[str, Any]:
    return {
        "inputs": [
            {
                "name": name,
                "datatype": datatype,
                "shape": list(shape) if isinstance(shape, tuple) else shape,
                **more,
            }
        ]
    }


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, 'no "inputs"'),
        ([], 'no "inputs"'),
        ({"inputs": [7]}, "has no name"),
        (about(datatype="TEXT", data=["a"]), "datatype"),
        (about(shape="x", data=["a"]), "shape"),
        (about(shape=(-1,), data=["a"]), "shape"),
        (about(shape=(2,), data=["a"]), "1 elements"),
        (about(data=[1]), "not texts"),
        (about(data="a"), "no data"),
        (about(data=["no base64!"]), "base64"),
        (about("other", data=["a"]), "no input 'other'"),
        (about(datatype="FP32", data=[1.5]), "not BYTES"),
        (about(datatype="INT8", data=[1000]), "not INT8"),
        (about(datatype="INT64", data=[41.5]), "not INT64"),
        (about(datatype="INT64", data=[True]), "not INT64"),
        (about(datatype="UINT8", data=["30"]), "not UINT8"),
        (about(datatype="FP64", data=[True]), "not FP64"),
        (about(datatype="BOOL", data=["no"]), "not BOOL"),
        (about(shape=(1, 1, 1), data=["a"]), "shape"),
        (about(shape=(0,), data=[]), "number of rows"),
        (about(parameters={"binary_data_size": 4}), "binary_data_size"),
        ({**about(data=["aGVsbG8="]), "outputs": [{"name": "lable"}]}, "no output 'lable'"),
        ({**about(data=["aGVsbG8="]), "outputs": "label"}, "outputs"),
    ],
)
def test_requests_that_are_wrong_are_told_why(client, asked, said):
    answer = client("photos").post("/v2/models/photos/infer", json=asked)
    assert answer.status_code == 400
    assert said in answer.json()["error"]  # a text, as the protocol has it


@pytest.mark.filterwarnings("ignore")
def test_notes_about_rows_come_as_a_parameter(client):
    row = {
        "job": ("BYTES", ["nurse", "baker"] * 22),
        "age": ("FP64", [41] * 44),
        "since": ("BYTES", ["2021-05-01"] * 44),
    }
    inputs = [
        {"name": name, "datatype": kind, "shape": [44], "data": data} for name, (kind, data) in row.items()
    ]
    found = client("rows").post("/v2/models/rows/infer", json={"inputs": inputs}).json()
    first, *_, last = found["parameters"]["notes"].split(
        "\n"
    )  # a text: parameters of the protocol are no lists
    assert first.startswith("input 1: Unseen category 'baker'") and last == "2 more inputs have notes."
    known = [{**each, "shape": [1], "data": each["data"][:1]} for each in inputs]
    assert "parameters" not in client("rows").post("/v2/models/rows/infer", json={"inputs": known}).json()


def test_bytes_behind_a_request_that_do_not_fit(client):
    asked = client("photos")
    head = json.dumps(about(parameters={"binary_data_size": 6})).encode()
    for tail in (b"\x02\0\0\0", b"\xff\0\0\0ab", b"\x02\0\0\0ab!!"):
        answer = asked.post("/v2/models/photos/infer", content=head + tail, headers={LENGTH: str(len(head))})
        assert answer.status_code == 400, tail
    for length in ("-1", "x", "99999", b"\xb2", "0" * 5_000):
        assert (
            asked.post("/v2/models/photos/infer", content=head, headers={LENGTH: length}).status_code == 400
        )
    deep = (
        b'{"inputs":[{"name":"input","datatype":"BYTES","shape":[1],"data":'
        + b"[" * 900
        + b"]" * 900
        + b"}]}"
    )
    assert asked.post("/v2/models/photos/infer", content=deep).status_code == 400
    for path in ("/v2/models/photos/versions/12345678/infer", "/v2/models/other/infer", "/v2/nothing"):
        answer = asked.post(path, json={})
        assert (answer.status_code, type(answer.json()["error"])) == (404, str)
    assert asked.post("/v2/models/photos/infer", json=about(data=["aGVsbG8="])).status_code == 422


# ---- who may listen where, and names


def test_beyond_this_machine_only_with_a_token_or_when_told_so():
    check_not_open(Place("127.0.0.1"), None)
    check_not_open(Place("0.0.0.0"), "a-long-token")
    check_not_open(Place("0.0.0.0", open=True), None)
    with pytest.raises(ArgumentError, match="GATERA_TOKEN"):
        check_not_open(Place("0.0.0.0"), None)


def test_a_level_that_a_program_cannot_keep_is_not_taken_in_silence(made):
    with pytest.raises(ArgumentError, match="photos, texts cannot say how sure the predictions are"):
        made("photos", "texts", options=Options(sure=0.9))
    said: list[str] = []
    made("careful", "texts", options=Options(sure=0.9), said=said)
    assert said == [
        "--sure 0.9 is not for all: texts cannot say how sure the predictions are, and predict always."
    ]


def test_names_of_programs(tmp_path):
    assert list(named_sources(["a/my cats.gatera", "dogs@v3", "small=x.gatera"])) == [
        "my-cats",
        "dogs",
        "small",
    ]
    with pytest.raises(ArgumentError, match="two programs are called 'a'"):
        named_sources(["x/a.gatera", "y/a.gatera"])
    with pytest.raises(ArgumentError, match="no name"):
        named_sources(["---.gatera"])
    (tmp_path / "a.gatera").touch()
    with pytest.raises(
        ArgumentError, match=r"the name before =.*a.gatera cannot be part of a URL. Got: 'a b'"
    ):
        named_sources([f"a b={tmp_path / 'a.gatera'}"])
