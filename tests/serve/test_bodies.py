"""How clients write what they send: compressed, in other charsets, in forms that are damaged or written in the old way."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from gatera.serve.loaded import load
from gatera.serve.server import Made, Place
from gatera.serve.service import Options

NURSE = {"job": "nurse", "age": 41, "since": "2021-05-01"}
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.fixture(scope="module")
def texts(tiny_programs, tmp_path_factory):
    """A client of a program for texts, and what that program was given."""
    path, seen = tiny_programs.write("texts", tmp_path_factory.mktemp("texts") / "texts.gatera"), []
    loaded = load("texts", path)
    answers = loaded.answers
    loaded.answers = lambda raws, sure: seen.extend(raws) or answers(raws, sure)
    made = Made([loaded], {}, Options(batch_size=1, reload=False), Place(), None, lambda line: None)
    with TestClient(made.app, base_url="http://127.0.0.1:8000") as asked:
        yield asked, seen


def problem(answer, part: str = "problem") -> str:
    return answer.json()["error"][part]


@pytest.mark.parametrize("body", [b"cat.jpg", b"/9j/4AAQSkZJRgABAQ==" * 20, b"null", b'\'{"b64": ""}\''])
def test_what_is_meant_as_json_is_no_damaged_photo(client, body):
    answer = client("photos").post("/predict", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400 and "truncated or damaged" not in answer.text


@pytest.mark.parametrize(
    ("name", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("X-GZip", gzip.compress)]
)
def test_a_compressed_body_is_read(client, cat, name, compress):
    asked = client("photos", "rows", "texts")
    headers = {"Content-Encoding": name}
    answer = asked.post("/programs/photos/predict", content=compress(cat), headers=headers)
    assert answer.json()["label"] == "cat"
    rows = compress(json.dumps([NURSE] * 50).encode())
    answer = asked.post(
        "/programs/rows/predict", content=rows, headers={**headers, "Content-Type": "application/json"}
    )
    assert len(answer.json()["predictions"]) == 50
    lines = compress(b'"good"\n' * 40)
    answer = asked.post(
        "/programs/texts/predict", content=lines, headers={**headers, "Content-Type": "application/x-ndjson"}
    )
    assert answer.text.count('"label"') == 40


def test_a_body_compressed_in_two_parts_is_one(client):
    body = gzip.compress(b'["good",') + gzip.compress(b'"bad"]')
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert len(client("texts").post("/predict", content=body, headers=headers).json()["predictions"]) == 2


def test_a_compressed_body_is_as_large_as_what_is_in_it(client):
    asked = client("photos", options=Options(reload=False, body_limit=100_000))
    bomb = gzip.compress(bytes(30_000_000))
    assert len(bomb) < 50_000
    answer = asked.post("/predict", content=bomb, headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, problem(answer)) == (413, "the body is too large")
    assert asked.service.queue.bytes == 0
    lines = asked.post(
        "/predict", content=bomb, headers={"Content-Encoding": "gzip", "Content-Type": "application/x-ndjson"}
    )
    assert "line 1 is too long" in lines.text


@pytest.mark.parametrize(
    ("name", "body", "status", "said"),
    [
        ("br", b"x", 415, "the body is compressed in a way that is not read"),
        ("gzip", b"hello", 400, "the body is not compressed as its header Content-Encoding says"),
        ("gzip", gzip.compress(b'"good"', mtime=0)[:-9], 400, "the compressed body is cut off"),
        ("gzip", b"", 400, "the compressed body is cut off"),
    ],
)
def test_what_is_wrong_with_a_compressed_body_is_said(client, name, body, status, said):
    headers = {"Content-Encoding": name, "Content-Type": "application/json"}
    answer = client("texts").post("/predict", content=body, headers=headers)
    assert (answer.status_code, problem(answer)) == (status, said)
    assert answer.headers.get("accept-encoding") == ("gzip, deflate" if status == 415 else None)


@given(
    st.text(st.characters(codec="iso-8859-1"), min_size=1, max_size=12),
    st.sampled_from(["utf-8", "ISO-8859-1", "windows-1252", "shift_jis", None]),
    st.booleans(),
)
def test_a_form_is_read_in_its_charset_or_refused(texts, text, charset, escaped):
    """What the program gets is what was typed, whatever the form is written in."""
    asked, seen = texts
    seen.clear()
    try:
        value = text.encode(charset or "iso-8859-1")
    except UnicodeError:
        return
    escaped = escaped or not value.isalnum()
    form = (
        f"application/x-www-form-urlencoded; charset={charset}"
        if charset
        else "application/x-www-form-urlencoded"
    )
    body = b"text=" + (quote(value).encode() if escaped else value)
    answer = asked.post("/predict", content=body, headers={"Content-Type": form})
    if charset is None and not value.isascii():
        assert seen == [value.decode()] if readable(value) else answer.status_code == 422 and not seen
    else:
        assert seen == [text]


def readable(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_of_two_content_types_the_first_counts_for_the_limit_too(client):
    asked = client("photos", options=Options(body_limit=1000, reload=False, batch_size=1))
    kinds = [("Content-Type", "application/octet-stream"), ("Content-Type", "application/x-ndjson")]
    assert asked.post("/predict", content=b"x" * 2000, headers=kinds).status_code == 413


def test_the_charset_of_a_text_counts(client):
    asked = client("texts", "rows")

    def labelled(body: bytes, charset: str):
        headers = {"Content-Type": f"text/plain; charset={charset}"}
        return asked.post("/programs/texts/predict", content=body, headers=headers)

    wanted = labelled("good café".encode(), "UTF-8").json()
    for charset in ("iso-8859-1", '"windows-1252"', "utf-16", "latin1"):
        assert labelled("good café".encode(charset.strip('"')), charset).json() == wanted
    for charset in ("nonsense", "zip", "punycode"):
        assert labelled(b"good", charset).status_code == 415
    assert labelled(b"good caf\xe9", "ascii").status_code == 422
    table = "job,age,since\ncook,41,2021-05-01\n".encode("utf-16-le")
    answer = asked.post(
        "/programs/rows/predict", content=table, headers={"Content-Type": "text/csv; charset=utf-16-le"}
    )
    assert len(answer.json()["predictions"]) == 1


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data", "application/x-www-form-urlencoded"]
)
def test_a_photo_is_a_photo_whatever_its_type_is_said_to_be(client, cat, kind):
    asked = client("photos")
    assert asked.post("/predict", content=cat, headers={"Content-Type": kind}).json()["label"] == "cat"


def test_a_form_without_its_boundary_says_who_names_it(client, cat):
    form = (
        b'--b\r\nContent-Disposition: form-data; name="a"; filename="a.jpg"\r\n\r\n' + cat + b"\r\n--b--\r\n"
    )
    refused = client("photos").post("/predict", content=form, headers={"Content-Type": "multipart/form-data"})
    assert refused.status_code == 400
    assert (
        refused.json()["error"]["next"]
        == "Let the client make the header Content-Type: it names the boundary."
    )


def test_json_that_is_not_utf8_is_called_that(client):
    answer = client("texts").post(
        "/predict", content=b'"caf\xe9"', headers={"Content-Type": "application/json"}
    )
    assert problem(answer) == "the body is not JSON (it is not in UTF-8)"


def part(disposition: str, content: bytes) -> bytes:
    return f"--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"


def test_names_of_files_as_old_clients_write_them(client, cat):
    names = {
        "filename*=UTF-8''%C3%A9t%C3%A9.jpg": "été.jpg",
        "filename*=utf-8'en'a%22b.jpg; size=3": 'a"b.jpg',
        'filename="a%22b.jpg"': 'a"b.jpg',
        "filename=\"plain.jpg\"; filename*=UTF-8''other.jpg": "plain.jpg",
    }
    body = b"".join(part(f'name="file"; {written}', cat) for written in names) + b"--b--\r\n"
    found = client("photos").post("/predict", content=body, headers=FORM).json()["predictions"]
    assert [(each["file"], each["label"]) for each in found] == [(name, "cat") for name in names.values()]


def test_a_form_that_is_cut_off_is_refused_rather_than_answered_in_part(client, cat):
    asked = client("photos")
    whole = part('name="file"; filename="a.jpg"', cat) * 2 + b"--b--\r\n"
    for lost in (8, 200, len(whole) - 10):
        answer = asked.post("/predict", content=whole[:-lost], headers=FORM)
        assert (answer.status_code, problem(answer)) == (
            400,
            "the form is cut off: its last boundary is missing",
        )


def test_no_field_of_a_form_is_dropped(client):
    asked = client("texts", "rows")
    texts = part('name="text"', b"good") + part('name="text"', b"bad") + b"--b--\r\n"
    found = asked.post("/programs/texts/predict", content=texts, headers=FORM).json()
    assert len(found["predictions"]) == 2
    twice = "job=nurse&job=cook&age=41&since=2021-05-01"
    answer = asked.post(
        "/programs/rows/predict",
        content=twice,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert (answer.status_code, problem(answer)) == (400, "the form has 'job' twice")


def test_what_a_client_asks_for_in_vain_is_said(client, cat):
    asked = client("photos", "texts")
    photos = "/programs/photos/predict"
    file = {"file": ("a.jpg", cat)}
    for answer, said in (
        (asked.post(photos, files=file, data={"sure": "0.9"}), "?sure=0.95"),
        (asked.post(photos, files=file, data={"x": "0.9"}), "the field 'x' beside its files"),
        (asked.post(f"{photos}?sure=0.9&sure=0.1", content=cat), "twice"),
        (asked.post(f"{photos}?program=texts", content=cat), "two programs"),
        (asked.get("/programs/photos/card?program=texts"), "two programs"),
        (asked.post("/where?program=photos", files=[("file", cat), ("file", cat)]), "several photos"),
    ):
        assert (answer.status_code, said in answer.json()["error"]["message"]) == (400, True), answer.text
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    damaged = asked.post(photos, content=cat.replace(b"\0", b""), headers=form)  # as curl -d takes bytes out
    assert (damaged.status_code, "--data-binary" in problem(damaged, "message")) == (422, True)
    assert "text/plain" in problem(
        asked.post("/programs/texts/predict", content=b"Fine.", headers=form), "message"
    )


def test_base64_with_line_breaks_and_as_a_data_address(client, cat):
    asked = client("photos")
    lines = base64.encodebytes(cat).decode()
    assert lines.count("\n") > 2
    for text in (lines, lines.replace("\n", "\r\n"), f"data:image/jpeg;base64,{lines}"):
        assert asked.post("/predict", json={"b64": text}).json()["label"] == "cat"
        tensor = {"name": "input", "datatype": "BYTES", "shape": [1], "data": [text]}
        found = asked.post("/v2/models/photos/infer", json={"inputs": [tensor]}).json()["outputs"][0]
        assert found["data"] == ["cat"]
    assert asked.post("/predict", json={"b64": "data:image/jpeg,hello"}).status_code == 400


def test_the_clients_of_the_protocol_may_compress(client, cat):
    body = {
        "inputs": [
            {"name": "input", "datatype": "BYTES", "shape": [1], "data": [base64.b64encode(cat).decode()]}
        ]
    }
    answer = client("photos").post(
        "/v2/models/photos/infer",
        content=gzip.compress(json.dumps(body).encode()),
        headers={"Content-Encoding": "gzip"},
    )
    assert answer.json()["outputs"][0]["data"] == ["cat"]


@pytest.mark.parametrize("body", [json.dumps(NURSE), json.dumps([NURSE, NURSE])])
def test_json_that_curl_calls_a_form(client, body):
    """It was said that there is no column 'job', and that the whole body is the name of one."""
    answer = client("rows").post(
        "/predict", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 400 and problem(answer) == "the form has no input in it"
    assert problem(answer, "next") == "With curl -d, name the type: -H 'Content-Type: application/json'."


def test_notes_of_a_table_name_nothing_that_a_client_cannot_say(client):
    table = "job;age;since\nnurse;41,5;2021-05-01\n"
    found = client("rows").post("/predict", content=table, headers={"content-type": "text/csv"}).json()
    (note,) = found["notes"]
    assert note.startswith("Columns are separated by a semicolon") and "delimiter" not in note
