"""The log of answers, and the labels that come from them."""

from __future__ import annotations

import hashlib
import itertools
import json
import signal
import threading
import time

import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.data.sources.who_labelled import label_sources
from gatera.labeling.labels.table import LabelRow, read_labels_file, write_labels_file
from gatera.serve.log import answers, writer
from gatera.serve.log.answers import AnswerLog, input_path, read_answers
from gatera.serve.log.labels import read_labels
from gatera.serve.log.writer import _append
from gatera.serve.service import Options
from gatera.store.datasets.repository import DataRepository
from gatera.store.datasets.work.lock import labels_alone
from gatera.web.errors import Refused

NURSE = {"job": "nurse", "age": 41, "since": "2021-05-01"}


@pytest.fixture
def logged(client, tmp_path):
    def make(*kinds, inputs=False):
        options = Options(batch_size=2, log=tmp_path / "log", log_inputs=inputs, reload=False)
        return client(*kinds, options=options)

    return make


def entries(asked, folder):
    asked.service.log.close()
    return list(read_answers(folder))


def until(true):
    end = time.monotonic() + 5
    while not true() and time.monotonic() < end:
        time.sleep(0.01)


def test_every_answer_is_logged_with_its_program_and_the_hash_of_its_input(logged, tmp_path, cat, dog):
    asked = logged("photos")
    first = asked.post("/predict", content=cat).json()
    asked.post("/predict", files=[("file", ("b.jpg", dog)), ("file", ("c.jpg", b"none"))])
    one, other = entries(asked, tmp_path / "log")
    loaded = asked.service.programs[0]
    assert one.id == first["id"]
    assert (one.answer, one.probability, one.input) == (
        "cat",
        first["probability"],
        hashlib.sha256(cat).hexdigest(),
    )
    assert (one.program, one.sha256, other.name, other.answer) == (
        loaded.version,
        loaded.sha256,
        "b.jpg",
        "dog",
    )
    assert not (tmp_path / "log" / "inputs").exists()


def test_inputs_are_kept_only_if_asked_for(logged, tmp_path, cat):
    asked = logged("photos", "rows", "texts", inputs=True)
    asked.post("/programs/photos/predict", content=cat)
    asked.post("/programs/rows/predict", json=NURSE)
    asked.post("/programs/texts/predict", json="good")
    photo, row, text = (input_path(tmp_path / "log", each) for each in entries(asked, tmp_path / "log"))
    assert (photo.suffix, photo.read_bytes()) == (".jpg", cat)
    assert json.loads(row.read_text()) == NURSE
    assert text.read_text() == "good"


def test_a_label_that_was_kept_says_which_program_suggested_it(logged, tmp_path, cat, dog):
    asked = logged("photos", inputs=True)
    kept = asked.post("/predict", content=cat).json()["id"]
    wrong = asked.post("/predict", content=dog).json()["id"]
    version = asked.service.programs[0].version
    said = asked.post(f"/answers/{kept}", json={"keep": True, "by": "ann"})
    assert said.json()["source"] == f"program:{version}"
    assert asked.post(f"/answers/{wrong}", json={"label": "wolf"}).json()["source"] == "person"
    rows = {row["sha256"]: row for row in read_labels(tmp_path / "log" / "labels.csv").rows.values()}
    first, other = rows[hashlib.sha256(cat).hexdigest()], rows[hashlib.sha256(dog).hexdigest()]
    assert (first["label"], first["source"], first["by"]) == ("cat", f"program:{version}", "ann")
    assert (other["label"], other["source"], other["note"]) == (
        "wolf",
        "person",
        f"answer {wrong} of {version} was dog",
    )
    asked.post(f"/answers/{wrong}", json={"label": "fox"})
    assert len(read_labels(tmp_path / "log" / "labels.csv").rows) == 2


def test_two_photos_that_a_phone_calls_the_same_keep_their_own_labels(logged, tmp_path, cat, dog):
    asked = logged("photos")
    for photo, label in ((cat, "cat"), (dog, "dog"), (dog, "fox"), (cat, "lynx")):
        (answer,) = asked.post("/predict", files=[("file", ("image.jpg", photo))]).json()["predictions"]
        asked.post(f"/answers/{answer['id']}", json={"label": label})
    rows = read_labels(tmp_path / "log" / "labels.csv").rows.values()
    assert {row["sha256"]: row["label"] for row in rows} == {
        hashlib.sha256(cat).hexdigest(): "lynx",
        hashlib.sha256(dog).hexdigest(): "fox",
    }


def test_labels_csv_that_others_write_too_keeps_all_that_stands_in_it(logged, tmp_path, cat, dog):
    asked, table = logged("photos"), tmp_path / "log" / "labels.csv"
    for photo in (cat, dog):
        answer = asked.post("/predict", content=photo).json()["id"]
        table.write_text("\ufefffile,label,by,seconds,flag\n1.jpg,wolf,Ann,3.0,yes\n")
        assert asked.post(f"/answers/{answer}", json={"keep": True}).status_code == 200
        line = read_labels(table).rows["1.jpg"]
        assert (line["label"], line["by"], line["seconds"], line["flag"]) == ("wolf", "Ann", "3.0", "yes")
        assert len(read_labels(table).rows) == 2
    kept = table.read_text()
    for damaged in (
        kept.replace(",", ";"),
        f"{kept}2.jpg,,fox\n",
        kept + kept.splitlines()[1],
        f'{kept}"',
        "",
        kept.encode("utf-16"),
    ):
        table.write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
        before = table.read_bytes()
        said = asked.post(f"/answers/{answer}", json={"label": "fox"})
        assert said.status_code == 409 and "labels.csv of the log cannot be read" in said.text
        assert table.read_bytes() == before


def test_a_label_waits_for_whoever_writes_labels_csv(logged, tmp_path, cat):
    asked, folder = logged("photos"), tmp_path / "log"
    answer = asked.post("/predict", content=cat).json()["id"]
    given = threading.Thread(target=asked.service.log.label, args=(answer, "fox"))
    with labels_alone(folder, print):
        given.start()
        given.join(0.2)
        write_labels_file(folder / "labels.csv", [LabelRow("1.jpg", label="wolf", by="Ann")])
    given.join(10)
    assert {row["label"] for row in read_labels(folder / "labels.csv").rows.values()} == {"fox", "wolf"}


def test_answers_do_not_wait_with_labels_for_whoever_writes_labels_csv(logged, tmp_path, cat, monkeypatch):
    """Labels took the threads that predict, and were refused as if they were wrong, with the path of the log."""
    monkeypatch.setattr(answers, "PATIENCE_SECONDS", 2.0)
    asked, folder = logged("photos"), tmp_path / "log"
    answer = asked.post("/predict", content=cat).json()["id"]
    said = []
    givers = [
        threading.Thread(target=lambda: said.append(asked.post(f"/answers/{answer}", json={"label": "fox"})))
        for _ in range(asked.service.queue.workers + 1)
    ]
    with labels_alone(folder, print):
        for giver in givers:
            giver.start()
        time.sleep(0.5)
        start = time.monotonic()
        assert asked.post("/predict", content=cat).status_code == 200
        assert time.monotonic() - start < 1
        for giver in givers:
            giver.join(10)
    assert {each.status_code for each in said} == {503} and len(said) == len(givers)
    assert "another command is writing labels.csv" in said[0].text and str(folder) not in said[0].text


def test_a_label_is_not_replaced_by_that_of_another_programs_answer(logged, tmp_path, cat):
    asked = logged("photos", "several")
    for kind, label, status in (
        ("photos", None, 200),
        ("photos", "fox", 200),
        ("several", "red", 409),
        ("photos", "cat", 200),
    ):
        answer = asked.post(f"/programs/{kind}/predict", content=cat).json()
        given = {"keep": True} if label is None else {"label": label}
        said = asked.post(f"/answers/{answer['id']}", json=given)
        assert said.status_code == status, said.text
    (row,) = read_labels(tmp_path / "log" / "labels.csv").rows.values()
    assert row["label"] == "cat" and "of a prediction of photos" in asked.post(
        f"/answers/{asked.post('/programs/several/predict', content=cat).json()['id']}", json={"label": "blue"}
    ).text  # fmt: skip


def test_the_folder_becomes_a_data_repository_whose_labels_warn_of_the_feedback(logged, tmp_path, cat, dog):
    asked = logged("photos", inputs=True)
    for photo in (cat, dog):
        answer = asked.post("/predict", content=photo).json()["id"]
        asked.post(f"/answers/{answer}", json={"keep": True})
    version = asked.service.programs[0].version
    asked.service.log.close()
    data = DataRepository.init(tmp_path / "log", on_note=lambda note: None)
    data.add("inputs")
    rows = list(data.rows())
    assert [(row.source, row.file.split("/")[0]) for row in rows] == [(f"program:{version}", "inputs")] * 2
    assert "2 of 2 labels were given by a model" in label_sources([row.source for row in rows]).warning()
    data.close()


def test_answers_of_an_earlier_run_can_still_be_labelled(logged, tmp_path, cat):
    asked = logged("photos")
    answer = asked.post("/predict", content=cat).json()["id"]
    asked.service.log.close()
    log = AnswerLog(tmp_path / "log")
    assert log.label(answer, None)["label"] == "cat"
    log.close()


def test_a_label_of_a_program_for_numbers_is_a_number(logged, tmp_path):
    asked = logged("numbers")
    where = f"/answers/{asked.post('/predict', json=NURSE).json()['id']}"
    for wrong in ("much", "nan", "1e400", "1;2", "12,5 or 13"):
        refused = asked.post(where, json={"label": wrong})
        assert (refused.status_code, refused.json()["error"]["expected"]) == (400, "a number")
    assert not (tmp_path / "log" / "labels.csv").exists()
    assert asked.post(where, json={"label": "12,5"}).json()["label"] == "12.5"


def test_several_labels_are_those_of_the_program(logged, tmp_path, grey):
    asked = logged("several")
    where = f"/answers/{asked.post('/predict', content=grey).json()['id']}"
    for wrong, got in (("red, blue", "red, blue"), ("red;bleu", "bleu"), (";red", "")):
        refused = asked.post(where, json={"label": wrong})
        said = refused.json()["error"]
        assert (refused.status_code, said["got"], said["available"]) == (400, repr(got), "red, blue")
        assert "semicolons" in said["message"]
    as_answered = asked.post(where, json={"label": ["red", "blue"]}).json()["error"]
    assert "several with semicolons between" in as_answered["expected"]
    assert not (tmp_path / "log" / "labels.csv").exists()
    assert asked.post(where, json={"label": "blue; red"}).json()["label"] == "red;blue"


@pytest.mark.parametrize("kind", ["masks", "points", "several"])
def test_an_answer_that_is_not_a_label_is_not_kept(logged, tmp_path, grey, kind):
    asked = logged(kind)
    answer = asked.post("/predict", content=grey).json()
    assert answer.get("label", []) == []
    assert asked.post(f"/answers/{answer['id']}", json={"keep": True}).status_code == 409
    assert not (tmp_path / "log" / "labels.csv").exists()


def test_answers_take_no_more_memory_with_their_number(logged, tmp_path, monkeypatch):
    assert answers.REMEMBERED <= 2_000  # 0.6 kB each: 20,000 were 7 % of a small server
    monkeypatch.setattr(answers, "REMEMBERED", 20)
    asked = logged("rows")
    ids = [asked.post("/predict", json={**NURSE, "age": age}).json()["id"] for age in range(60)]
    assert list(asked.service.log._recent) == ids[-20:]
    until(lambda: len(list(read_answers(tmp_path / "log"))) == 60)
    assert asked.post(f"/answers/{ids[0]}", json={"keep": True}).status_code == 200  # it is looked up


@pytest.mark.parametrize("block", [1, 7, 50, 4_000_000])
def test_an_answer_is_found_in_a_file_of_which_lines_are_damaged(tmp_path, monkeypatch, block):
    monkeypatch.setattr(answers, "BLOCK", block)
    log = AnswerLog(tmp_path / "log")
    lines = [
        json.dumps({"id": f"id{i}", "answer": f"cat {i}"}, separators=(",", ":")).encode() for i in range(8)
    ]
    lines[2] = lines[2][:15]  # a crash
    lines[4] = bytes(30)
    (tmp_path / "log" / "answers" / "2026-11-30.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    found = {i: log._found(f"id{i}")[0].answer for i in (0, 1, 3, 5, 6, 7)}
    assert found == {i: f"cat {i}" for i in found}
    for gone in ("id2", "id4", "id", "cat"):
        with pytest.raises(Refused):
            log._found(gone)
    log.close()


def test_what_waits_for_the_disk_can_be_labelled(logged, monkeypatch):
    """Beyond the remembered ones it was in no file yet: "there is no prediction with this id"."""
    monkeypatch.setattr(answers, "REMEMBERED", 5)
    asked, free = logged("rows"), threading.Event()
    append = _append
    monkeypatch.setattr(writer, "_append", lambda path, lines: (free.wait(5), append(path, lines)))
    ids = [asked.post("/predict", json={**NURSE, "age": age}).json()["id"] for age in range(20)]
    assert asked.post(f"/answers/{ids[0]}", json={"keep": True}).status_code == 200
    free.set()
    until(lambda: asked.service.log._writer.waiting == 1)
    asked.post("/predict", json=NURSE)
    assert len(asked.service.log._recent) == 5


def test_names_and_labels_with_backslashes_are_read_by_others_as_they_were_given(logged, tmp_path, cat):
    asked = logged("photos")
    name, label = r"C:\new\cat.jpg", r"D:\red"
    answer = asked.service.log.note(asked.service.programs[0], cat, {"label": "cat"}, name)
    for given in ("dog", label):  # the second one reads what the first one wrote
        assert asked.post(f"/answers/{answer}", json={"label": given}).status_code == 200
    table = tmp_path / "log" / "labels.csv"
    (kept,) = read_labels_file(table).values()
    assert (kept.file, kept.label) == (name, label)
    assert [row["file"] for row in read_labels(table).rows.values()] == [name]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b'{"keep": false}', b'{"label": 7}', b'{"label": ""}', b'{"keep": true, "label": "a"}',
     b'{"keep": true, "x": 1}', b'{"keep": true, "by": 1}', rb'{"label": "a\nb"}', b'{"label": " "}', b'{"label": "' + b"a" * 30_000 + b'"}'],
)  # fmt: skip
def test_what_says_no_label(logged, cat, body):
    asked = logged("photos")
    answer = asked.post("/predict", content=cat).json()["id"]
    assert asked.post(f"/answers/{answer}", content=body).status_code == 400


def test_of_a_label_that_never_ends_only_the_beginning_is_read(logged):
    """Its address may end as that of streams of lines does, whose bodies may be of any size."""
    asked, parts, answers = logged("photos"), itertools.count(), []

    async def receive():
        return {"type": "http.request", "body": b"x" * 10_000, "more_body": next(parts) < 1000}

    async def send(message):
        answers.append(message)

    headers = [
        (b"host", b"127.0.0.1"),
        (b"content-type", b"application/x-ndjson"),
        (b"transfer-encoding", b"chunked"),
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/answers/predict",
        "query_string": b"",
        "headers": headers,
        "http_version": "1.1",
    }
    asked.portal.call(asked.app, scope, receive, send)
    assert (answers[0]["status"], next(parts)) == (400, 3)


def test_what_cannot_be_labelled(logged, client, grey):
    asked = logged("careful")
    assert asked.post("/answers/none", json={"keep": True}).status_code == 404
    assert asked.post("/answers/..%2f..%2fx", json={"keep": True}).status_code == 404
    unsure = asked.post("/predict?sure=0.9", content=grey).json()["id"]
    assert asked.post(f"/answers/{unsure}", json={"keep": True}).status_code == 409
    assert asked.post(f"/answers/{unsure}", json={"label": "cat"}).json()["source"] == "person"
    answer = client("photos").post("/answers/x", json={"keep": True})
    assert (answer.status_code, answer.json()["error"]["next"]) == (404, "Start it with --log FOLDER.")


def test_what_a_disk_does_not_take_waits_until_it_does(logged, tmp_path, cat, monkeypatch):
    monkeypatch.setattr(writer, "AGAIN_SECONDS", 0.02)
    said: list[str] = []
    asked = logged("photos", inputs=True)
    log = asked.service.log
    log._writer._complain = said.append
    answers = tmp_path / "log" / "answers"
    answers.rmdir()
    answers.touch()
    (tmp_path / "log" / "labels.csv").mkdir()
    given = [asked.post("/predict", content=cat).json() for _ in range(3)]
    assert [each["label"] for each in given] == ["cat"] * 3
    assert asked.post(f"/answers/{given[0]['id']}", json={"keep": True}).status_code == 507
    until(lambda: "gatera_log_failures_total 3.0" in asked.get("/metrics").text)
    answers.unlink()
    until(lambda: len(said) == 2)
    assert [each.id for each in read_answers(tmp_path / "log")] == [each["id"] for each in given]
    assert "cannot be logged" in said[0] and "again: 3 predictions came late." in said[1]
    log.close()
    assert len(said) == 2


def test_what_waits_in_memory_is_bounded_and_what_is_lost_is_said(logged, tmp_path, cat, dog, monkeypatch):
    monkeypatch.setattr(writer, "MOST_BYTES", len(cat) + 1)
    said: list[str] = []
    asked = logged("photos", inputs=True)
    asked.service.log._writer._complain = said.append
    (tmp_path / "log" / "inputs").touch()
    for photo in (cat, dog):
        asked.post("/predict", content=photo)
    asked.service.log.close()
    assert "2 predictions could not be logged in" in said[1] and "they are lost" in said[1]
    assert "gatera_log_failures_total 2.0" in asked.get("/metrics").text


def test_a_line_that_does_not_fit_leaves_no_half_of_it(tmp_path):
    path = tmp_path / "answers" / "day.jsonl"
    _append(path, b"{}\n")
    with path.open("ab") as file:
        file.write(b"[")
    size = path.stat().st_size
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 2, before[1]))
        with pytest.raises(OSError):
            _append(path, b"{}\n{}\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert path.read_bytes() == b"{}\n["


def test_two_servers_of_one_log_write_one_after_the_other(tmp_path):
    """On a full disk, one that did not wait could cut off a line of the other."""
    fcntl = pytest.importorskip("fcntl")
    path = tmp_path / "answers" / "day.jsonl"
    _append(path, b"{}\n")
    with path.open("ab", buffering=0) as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.write(b"[")
        waiting = threading.Thread(target=_append, args=(path, b"{}\n"))
        waiting.start()
        waiting.join(0.3)
        other.write(b"]\n")
    waiting.join(5)
    assert path.read_bytes() == b"{}\n[]\n{}\n"


def test_a_lock_that_is_never_given_back_stops_no_log(tmp_path, monkeypatch):
    """A server that was stopped while it wrote (docker pause) kept all others from writing, and they said nothing."""
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr("gatera.serve.log.writer.LOCK_SECONDS", 0.05)
    path = tmp_path / "day.jsonl"
    with path.open("ab", buffering=0) as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        writing = threading.Thread(target=_append, args=(path, b"{}\n"), daemon=True)
        writing.start()
        writing.join(5)
        assert path.read_bytes() == b"{}\n"


def test_folders_that_are_no_log(tmp_path):
    with pytest.raises(DataError, match="is not the log of a server"):
        list(read_answers(tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(ArgumentError):
        AnswerLog(tmp_path / "file")


def test_a_line_that_a_crash_cut_off_is_passed_over(logged, tmp_path, cat):
    asked = logged("photos")
    asked.post("/predict", content=cat)
    asked.service.log.close()
    (day,) = (tmp_path / "log" / "answers").glob("*.jsonl")
    with day.open("ab") as file:
        file.write(b'{"id":"cut')
    assert len(list(read_answers(tmp_path / "log"))) == 1
    again = logged("photos")
    labelled = again.post("/predict", content=cat).json()["id"]
    again.service.log.close()
    assert len(list(read_answers(tmp_path / "log"))) == 2  # what comes after it is a line of its own
    with day.open("ab") as file:
        file.write(b'{"id":"cut","time":"2026{"id":"two","time":"in one line"}\n')
    assert len(list(read_answers(tmp_path / "log"))) == 2
    third = logged("photos")
    assert third.post("/answers/cut", json={"keep": True}).status_code == 404
    assert third.post(f"/answers/{labelled}", json={"keep": True}).status_code == 200
