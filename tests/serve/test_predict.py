from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gatera.program.program import load_program
from gatera.serve.service import Options

NURSE = {"job": "nurse", "age": 41, "since": "2021-05-01"}
COOK = {"job": "cook", "age": "30", "since": "2019-01-01"}


def problem(answer: Any) -> dict[str, Any]:
    return answer.json()["error"]


def test_a_photo_as_the_body_is_answered_as_the_program_answers(client, tmp_path, cat, dog):
    asked = client("photos")
    program = load_program(tmp_path / "photos.gatera")
    for photo in (cat, dog):
        answer = asked.post("/predict", content=photo, headers={"Content-Type": "image/jpeg"})
        assert (answer.status_code, answer.json()) == (200, program.predict(photo).to_dict())
    assert answer.headers["gatera-program"] == f"photos@{program.info['sha256'][:8]}"


@pytest.mark.parametrize(
    "kind", [None, "application/octet-stream", "application/x-www-form-urlencoded", "image/png"]
)
def test_whatever_type_a_client_says_a_photos_bytes_have(client, cat, kind):
    headers = {} if kind is None else {"Content-Type": kind}
    assert client("photos").post("/predict", content=cat, headers=headers).json()["label"] == "cat"


def test_a_form_with_several_photos(client, cat, dog):
    files = [("file", ("one.jpg", cat)), ("file", ("two.jpg", b"no photo")), ("more", ("three.jpg", dog))]
    answer = client("photos").post("/predict", files=files)
    found = answer.json()
    assert (answer.status_code, found["failed"]) == (200, 1)
    assert [(each["file"], each.get("label")) for each in found["predictions"]] == [
        ("one.jpg", "cat"), ("two.jpg", None), ("three.jpg", "dog"),
    ]  # fmt: skip
    assert "is not an image in a known format" in found["predictions"][1]["error"]["message"]


def test_photos_as_base64_in_json(client, cat, dog):
    asked = client("photos")
    one, other = base64.b64encode(cat).decode(), base64.b64encode(dog).decode()
    assert asked.post("/predict", json=one).json()["label"] == "cat"
    assert asked.post("/predict", json={"b64": f"data:image/jpeg;base64,{other}"}).json()["label"] == "dog"
    found = asked.post("/predict", json={"inputs": [one, {"b64": other}]}).json()["predictions"]
    assert [each["label"] for each in found] == ["cat", "dog"]


def test_no_file_of_the_server_is_ever_read(client, tmp_path):
    secret = tmp_path / "secret.jpg"
    Image.new("RGB", (9, 9), "red").save(secret)
    asked = client("photos", "texts", "rows")
    for value in (str(secret), {"path": str(secret)}, {"b64": str(secret)}):
        assert asked.post("/programs/photos/predict", json=value).status_code == 400
    assert asked.post("/programs/photos/predict", json=[str(secret)]).status_code == 422
    assert asked.post("/programs/photos/predict", content=str(secret).encode()).status_code == 422
    assert asked.post("/programs/texts/predict", json=str(secret)).json()["label"]  # the text, not the file
    assert asked.post(
        "/programs/texts/predict", content=str(secret).encode(), headers={"Content-Type": "text/plain"}
    ).is_success


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 400, "the body is empty"),
        (b"hello", 422, "is not an image in a known format"),
        (b"%PDF-1.4 hello", 422, "is a PDF document"),
        (b"\xff\xd8\xff\xe0 cut", 422, "truncated or damaged"),
    ],
)
def test_what_is_no_photo_is_said_in_a_sentence(client, content, status, said):
    answer = client("photos").post("/predict", content=content)
    assert answer.status_code == status
    assert said in problem(answer)["problem"]


def test_a_photo_with_too_many_pixels_is_not_decoded(client, monkeypatch):
    asked = client("photos")
    file = io.BytesIO()
    Image.new("L", (1_000, 850)).save(file, "PNG")
    asked.service.programs[0].pixels.limit = 800_000
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("it was decoded"))
    answer = asked.post("/predict", content=file.getvalue())
    assert answer.status_code == 422
    assert problem(answer)["problem"].startswith("the photo has 850,000 pixels (1000 x 850)")


def test_rows_in_every_form(client, tmp_path):
    asked = client("rows")
    program = load_program(tmp_path / "rows.gatera")
    nurse, cook = program.predict(NURSE).to_dict(), program.predict(COOK).to_dict()
    assert asked.post("/predict", json=NURSE).json() == nurse
    assert asked.post("/predict", json=["nurse", 41, "2021-05-01"]).json() == nurse
    assert asked.post("/predict", data=NURSE).json() == nurse
    table = "job,age,since\nnurse,41,2021-05-01\ncook,30,2019-01-01\n"
    for answer in (
        asked.post("/predict", json=[NURSE, COOK]),
        asked.post("/predict", json={"inputs": [NURSE, COOK]}),
        asked.post("/predict", json={"instances": [NURSE, COOK]}),
        asked.post("/predict", json=[["nurse", 41, "2021-05-01"], COOK]),
        asked.post("/predict", content=table, headers={"Content-Type": "text/csv"}),
        asked.post("/predict", files=[("table", ("people.csv", table.encode()))]),
    ):
        assert [each["label"] for each in answer.json()["predictions"]] == [nurse["label"], cook["label"]], (
            answer.text
        )


def test_a_thousand_rows(client):
    found = client("rows").post("/predict", json=[NURSE, COOK] * 500).json()["predictions"]
    assert [each["label"] for each in found] == ["rich", "poor"] * 500


@pytest.mark.parametrize(
    ("value", "status", "said"),
    [
        ({"job": "nurse"}, 422, "No column 'age'"),
        ({**NURSE, "age": "old"}, 422, "age"),
        ({**NURSE, "age": True}, 422, "Column 'age' holds something that is not a number. Got: True"),
        (["nurse", False, "2021-05-01"], 422, "Column 'age' holds something that is not a number"),
        ("nurse", 422, "is not a row"),
        (7, 422, "is not a row"),
        ([], 400, "the list has 0 inputs"),
        ([NURSE] * 10_001, 400, "the list has 10,001 inputs"),
    ],
)
def test_what_is_no_row(client, value, status, said):
    answer = client("rows").post("/predict", json=value)
    assert answer.status_code == status
    assert said in problem(answer)["message"]


def test_one_bad_row_does_not_spoil_the_others(client):
    found = client("rows").post("/predict", json=[NURSE, {"job": "cook"}, COOK]).json()
    assert [each.get("label") for each in found["predictions"]] == ["rich", None, "poor"]
    assert found["failed"] == 1
    assert client("numbers").post("/predict", json=[{}, {}]).status_code == 422


def test_what_is_no_input_has_its_error_in_its_place(client, cat):
    photo = base64.b64encode(cat).decode()
    for kind, given, right in (
        ("rows", [NURSE, 5, {**COOK, "age": True}, COOK], ["rich", None, None, "poor"]),
        ("texts", ["a good film", 3, "a bad film"], ["positive", None, "negative"]),
        ("photos", [photo, "xx", {"b64": None}], ["cat", None, None]),
    ):
        answer = client(kind).post("/predict", json=given)
        found = answer.json()["predictions"]
        assert (answer.status_code, [each.get("label") for each in found]) == (200, right)
        assert "error" in found[1]


@pytest.mark.filterwarnings("ignore")
def test_what_is_decided_about_a_row_is_in_its_answer_each_time(client):
    asked = client("rows", "ratings")
    odd, said = {**NURSE, "job": "Nurse"}, "Unseen category 'Nurse' in column 'job'"
    for _ in range(2):
        assert said in asked.post("/programs/rows/predict", json=odd).json()["notes"][0]
        found = asked.post("/programs/rows/predict", json=[NURSE, odd]).json()["predictions"]
        assert "notes" not in found[0]
        assert said in found[1]["notes"][0]
        stranger = {"user": 99, "film": "Cube"}
        assert "99" in asked.post("/programs/ratings/predict", json=stranger).json()["notes"][0]


@pytest.mark.parametrize("body", [b"{", b"[1,", b"\xff", b"[" * 100_000, b"9" * 5_000, b""])
def test_what_is_not_json(client, body):
    answer = client("rows").post("/predict", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "not JSON" in problem(answer)["problem"]


def test_a_table_is_not_one_text(client):
    """It was answered once, as if all of its rows were one text."""
    answer = client("texts").post("/predict", files=[("file", ("new.csv", b"review\ngood\nbad\n"))])
    assert answer.status_code == 415
    assert answer.json()["error"]["problem"] == "a file is a table, and the program takes texts"


def test_texts_in_every_form(client):
    asked = client("texts")
    plain = {"Content-Type": "text/plain; charset=utf-8"}
    assert asked.post("/predict", content="a good film", headers=plain).json()["label"] == "positive"
    assert (
        asked.post("/predict", content="a bad film".encode("utf-16"), headers=plain).json()["label"]
        == "negative"
    )
    assert asked.post("/predict", json="bad").json()["label"] == "negative"
    assert asked.post("/predict", json={"text": "good"}).json()["label"] == "positive"
    assert asked.post("/predict", data={"text": "poor"}).json()["label"] == "negative"
    found = asked.post("/predict", json=["good", "", "bad"]).json()
    assert [each.get("label") for each in found["predictions"]] == ["positive", None, "negative"]
    assert asked.post("/predict", content=b"", headers=plain).status_code == 422
    assert asked.post("/predict", content=b"\xff\x00\xfe", headers=plain).status_code == 422


def test_a_lone_half_of_a_character_is_no_crash(client):
    body = b'"good \\ud800 film"'
    with pytest.warns(UserWarning, match="half of a surrogate pair"):
        answer = client("texts").post("/predict", content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["label"] == "positive"


def test_sounds(client, tone):
    assert client("sounds").post("/predict", content=tone, headers={"Content-Type": "audio/wav"}).json()[
        "label"
    ] in ("loud", "quiet")
    answer = client("sounds").post("/predict", content=b"RIFF....", headers={"Content-Type": "audio/wav"})
    assert answer.status_code == 422


def test_numbers_points_and_several_labels(client, cat):
    asked = client("numbers", "points", "several", "masks")
    assert asked.post("/programs/numbers/predict", json=NURSE).json()["value"] == pytest.approx(20.2)
    assert np.shape(asked.post("/programs/points/predict", content=cat).json()["points"]) == (2, 2)
    assert asked.post("/programs/several/predict", content=cat).json()["label"] == ["red"]


def test_a_mask_as_shares_or_as_png(client, tmp_path):
    photo = Image.new("RGB", (40, 30), "red")
    photo.paste((0, 0, 255), (20, 0, 40, 30))
    file = io.BytesIO()
    photo.save(file, "PNG")
    asked = client("masks")
    said = asked.post("/predict", content=file.getvalue()).json()
    assert (said["height"], said["width"], said["shares"]["cat"]) == (30, 40, pytest.approx(0.5, abs=0.1))
    answer = asked.post("/predict", content=file.getvalue(), headers={"Accept": "image/png"})
    mask = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert (mask[5, 2], mask[5, 37], mask.shape) == (0, 1, (30, 40))
    assert json.loads(answer.headers["gatera-classes"]) == ["cat", "sky"]


def test_ratings_and_recommendations(client):
    asked = client("ratings")
    assert asked.post("/predict", json={"user": 7, "film": "Cube"}).json() == {"value": 2.5}
    found = asked.get("/recommend?user=7&n=5").json()
    assert [each["item"] for each in found["items"]] == ["Cube", "Brazil"]
    assert asked.get("/recommend?user=8").status_code == 422
    assert asked.get("/recommend").status_code == 400
    for n in ("many", "0", "²", "0" * 9 + "9" * 5_000):
        assert asked.get(f"/recommend?user=7&n={n}").status_code == 400
    assert client("rows").get("/recommend?user=7").status_code == 400


def test_not_sure_is_an_answer(client, cat, grey):
    asked = client("careful")
    assert asked.post("/predict?sure=0.9", content=cat).json()["label"] == "cat"
    found = asked.post("/predict?sure=0.9", content=grey).json()
    assert (found["label"], found["sure"]) == (None, 0.9)
    assert found["reason"]
    assert asked.post("/predict", content=grey).json()["label"] is not None
    for wrong in ("2", "many", "nan", "-1"):
        assert asked.post(f"/predict?sure={wrong}", content=cat).status_code == 400, wrong
    assert (
        asked.post("/predict?sure=0.999", content=cat).status_code == 400
    )  # more than its held-out items support
    assert client("photos").post("/predict?sure=0.9", content=cat).status_code == 400
    usual = client("careful", options=Options(sure=0.9, batch_size=1, reload=False))
    assert usual.post("/predict", content=grey).json()["label"] is None


def test_several_programs_are_asked_by_name(client, cat):
    asked = client("photos", "rows")
    assert asked.post("/programs/rows/predict", json=NURSE).json()["label"] == "rich"
    assert asked.post("/predict?program=photos", content=cat).json()["label"] == "cat"
    answer = asked.post("/predict", content=cat)
    assert (answer.status_code, problem(answer)["available"]) == (400, "photos, rows")
    answer = asked.post("/programs/photo/predict", content=cat)
    assert (answer.status_code, problem(answer)["next"]) == (404, "Did you mean 'photos'?")


def test_unknown_parameters_and_types_are_refused(client, cat):
    answer = client("careful").post("/predict?sur=0.9", content=cat)
    assert (answer.status_code, problem(answer)["next"]) == (400, "Did you mean 'sure'?")
    answer = client("rows").post("/predict", content=cat, headers={"Content-Type": "image/jpeg"})
    assert (answer.status_code, problem(answer)["problem"]) == (
        415,
        "the program takes rows, and this body has the type image/jpeg",
    )
    assert (
        client("texts").post("/predict", content=cat, headers={"Content-Type": "image/jpeg"}).status_code
        == 415
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b"--x\r\nContent-Disposition: form-data\r\n\r\n",
        b"--x\r\n\r\nhello\r\n--x--",
        b"\0" * 100,
    ],
)
def test_damaged_forms(client, body):
    for kind in ("multipart/form-data; boundary=x", "multipart/form-data"):
        answer = client("photos").post("/predict", content=body, headers={"Content-Type": kind})
        assert answer.status_code == (422 if body[:1] == b"\0" else 400)  # that is a file


def test_a_body_that_is_too_large(client):
    asked = client("rows", options=Options(reload=False, body_limit=100))
    assert asked.post("/predict", json=[NURSE] * 10).status_code == 413


def test_where_in_a_photo_its_label_comes_from(client):
    photo = Image.new("RGB", (64, 64), (110, 110, 130))
    photo.paste((255, 0, 0), (0, 0, 20, 20))
    file = io.BytesIO()
    photo.save(file, "PNG")
    asked = client("photos", "rows", "masks")
    found = asked.post("/programs/photos/where", content=file.getvalue()).json()
    assert found["label"] == asked.post("/programs/photos/predict", content=file.getvalue()).json()["label"]
    falls = np.array(found["falls"])
    assert falls.shape == (7, 7)
    corner, opposite = falls[0, 0], falls[6, 6]
    assert (corner > opposite) == (found["label"] == "cat")
    assert found["photo"].startswith("data:image/jpeg;base64,")
    assert asked.post("/programs/photos/where", content=b"none").status_code == 422
    for other in ("rows", "masks"):
        assert asked.post(f"/programs/{other}/where", content=file.getvalue()).status_code == 400
