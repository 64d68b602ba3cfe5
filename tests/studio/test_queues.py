"""Queues, filters, guesses, training again, and what pages may ask."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import subprocess
import sys
import threading

import httpx
import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import ArgumentError, DataError, MissingExtraError
from gatera.labeling.functions import labeling_function
from gatera.labeling.labelled import label_source
from gatera.store import DataRepository
from gatera.studio.app.app import studio_app
from gatera.studio.guesses import Guess, Guesses, Suspect
from gatera.studio.jobs import Job
from gatera.studio.leaving import leave
from gatera.studio.opening import finish, open_studio
from gatera.studio.page_requests import Asked
from gatera.studio.queues.orders import order_of, queue_counts
from gatera.studio.queues.uncertain import uncertain_first
from gatera.studio.server_log import served_items
from gatera.studio.training.again import train_again
from gatera.studio.training.kept_features import features_of
from gatera.studio.training.start import start_training
from gatera.studio.training.words import row_features


def places(studio, queue: str, by: str = "Ann", **more) -> list[int]:
    return order_of(studio, by, queue, **more).positions.tolist()


def label(value: str, *positions: int) -> Asked:
    return Asked("label", dict.fromkeys(positions, value))


def guesses() -> Guesses:
    rows = np.array([[0.9, 0.1], [0.5, 0.5], [0.6, 0.4], [0.99, 0.01], [0.52, 0.48], [np.nan, np.nan]])
    features = np.array([[1, 0], [0, 1], [1, 0], [1, 0], [0, 1], [1, 0]], np.float32)
    return Guesses("head@1", ["cat", "dog"], rows, features, [Suspect(3, "dog", "cat", 0.98)])


def test_what_comes_in_which_order(photos, studio_of):
    studio = studio_of(photos)
    studio.act("Ann", label("dog", 3))
    studio.act("Ann", Asked("skip", {0: True}))
    studio.act("Ann", Asked("flag", {4: True}))
    assert places(studio, "unlabelled") == [1, 2, 4, 5, 0]  # skipped ones last
    assert places(studio, "flagged") == [4]
    assert places(studio, "all") == [0, 1, 2, 3, 4, 5]
    assert places(studio, "uncertain") == places(studio, "suspects") == []
    studio.guesses = guesses()
    assert places(studio, "uncertain") == [1, 2, 4, 0]  # 4 is like 1, and 0 like 2, which come before
    assert places(studio, "suspects") == []  # it was looked at in this session
    studio.act("Ann", Asked("undo"))
    assert places(studio, "all", like=1)[:3] == [1, 4, 0]
    with pytest.raises(ArgumentError, match="Did you mean 'suspects'"):
        order_of(studio, "Ann", "suspect")


def test_suspects_that_are_corrected_do_not_come_back(photos, studio_of):
    (photos / "labels.csv").write_text("file,label\n3.jpg,dog\n4.jpg,dog\n5.jpg,dog\n")
    studio = studio_of(photos)
    found = guesses()
    found.suspects = [Suspect(place, "dog", "cat", 0.9) for place in (3, 4, 5)]
    studio.guesses = found
    assert places(studio, "suspects") == [3, 4, 5]
    studio.act("Ann", label("cat", 3))
    studio.act("Ann", label("bird", 4))
    leave(studio, "Ann")
    for by in ("Ann", "Ben"):
        assert places(studio, "suspects", by=by) == [5]
        desk = studio.people.desk(by)
        assert queue_counts(studio, desk, by, studio.counts(desk))["suspects"] == 1
    studio.act("Ann", label("dog", 5))  # it is right, and nothing is written
    leave(studio, "Ann")
    assert places(studio, "suspects") == places(studio, "suspects", by="Ben") == []
    studio.guesses = dataclasses.replace(found, judged=set())
    assert places(studio, "suspects") == [5]  # of a new training


def test_labels_that_were_trained_on_are_suspects_too(photos, studio_of):
    """Of labels given since the last Finish "2 labels look wrong" was said, and none was shown, after Finish neither."""
    (photos / "labels.csv").write_text("file,label\n5.jpg,dog\n")
    studio = studio_of(photos)
    studio.act("Ann", label("dog", 3, 4, 5))
    found = guesses()
    found.suspects, found.at = (
        [Suspect(place, "dog", "cat", 0.9) for place in (3, 4, 5)],
        "2999-01-01T00:00:00Z",
    )
    studio.guesses = found
    assert places(studio, "suspects") == [3, 4]  # that of 5 was looked at, and kept
    assert places(studio, "suspects", by="Ben") == [5]
    leave(studio, "Ann")
    assert places(studio, "suspects") == places(studio, "suspects", by="Ben") == [3, 4]
    studio.act("Ann", label("cat", 3))
    studio.act("Ann", label("dog", 4))
    assert places(studio, "suspects") == []
    leave(studio, "Ann")
    assert places(studio, "suspects") == places(studio, "suspects", by="Ben") == []


def test_what_the_server_answered_can_be_given(photos, studio_of):
    """Nothing has a label yet: without these no key would say that an answer is wrong."""
    studio = studio_of(photos)
    given = studio.classes
    answers = {"0.jpg": "zebra", "1.jpg": "", "2.jpg": "ape"}
    studio.served = {name: Guess(label, 0.5, "c@1", "program:c@1") for name, label in answers.items()}
    assert studio.classes == [*given, "ape", "zebra"]


def test_what_the_server_saw_does_not_come_back_after_finish(photos, studio_of):
    (photos / "labels.csv").write_text(
        "file,label,source,at\n0.jpg,cat,,2026-11-01T00:00:00Z\n1.jpg,cat,function:f@1,2026-11-29T00:00:00Z\n"
    )
    studio = studio_of(photos)
    studio.served = {
        f"{n}.jpg": Guess("cat", 0.5 + n / 100, "c@1", "program:c@1", "2026-11-28T00:00:00.5Z")
        for n in range(4)
    }
    assert places(studio, "served") == [0, 1, 2, 3]
    studio.act("Ann", label("dog", 2))
    studio.act("Ann", Asked("label", {3: "cat"}, guessed=True))
    leave(studio, "Ann")
    assert studio.known("3.jpg").source == "program:c@1"
    assert places(studio, "served") == [0, 1]  # labelled by a person before it was seen, and by a function
    desk = studio.people.desk("Ann")
    assert queue_counts(studio, desk, "Ann", studio.counts(desk))["served"] == 2
    studio.act("Ann", label("cat", 0))  # as it is labelled: nothing is written
    leave(studio, "Ann")
    assert places(studio, "served") == [1]


def test_somebody_elses_items_do_not_come_twice(photos, studio_of):
    studio = studio_of(photos)
    studio.act("Ben", label("cat", 0, 1))
    assert places(studio, "unlabelled") == [2, 3, 4, 5]


def test_items_alike_come_later():
    worth = np.array([0.9, 0.8, 0.5, -1.0])
    alike = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    assert uncertain_first(worth, alike).tolist() == [0, 2, 1]
    assert uncertain_first(worth, None).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("words", "found"),
    [("3.jpg", [3]), ("label:cat", [0, 1]), ('label:"hot dog"', [2]), ("is:unlabelled jpg", [3, 4, 5]), ("is:mine", [0, 1, 2]),
     ("by:ann label:cat", [0, 1]), ("guess:cat is:labelled", [0, 1, 2]), ("is:flagged", [])],
)  # fmt: skip
def test_filters(photos, studio_of, words, found):
    studio = studio_of(photos)
    studio.act("Ann", label("cat", 0, 1))
    studio.act("Ann", label("hot dog", 2))
    studio.guesses = guesses()
    assert places(studio, "all", filter=words) == found


def test_filters_look_into_rows(table, studio_of):
    studio = studio_of(table)
    assert places(studio, "all", filter="BAKER") == [1]
    with pytest.raises(ArgumentError, match="Did you mean 'flagged'"):
        places(studio, "all", filter="is:flaged")


def test_items_on_which_rules_disagree(texts, studio_of, serving):
    @labeling_function
    def fresh(text):
        return "pos" if "Fresh" in text or "waste" in text else "neg" if "Slow" in text else None

    @labeling_function
    def waste(text):
        return "neg" if "waste" in text else "pos" if "joy" in text else None

    label_source([fresh, waste], texts, on_line=lambda line: None)
    studio = studio_of(texts)
    found = order_of(studio, "Ann", "disagreements")
    assert found.positions.tolist() == [1] and found.why[1] == "fresh and waste disagree"
    with httpx.Client(base_url=serving(studio_app(studio, "Ann"))) as client:
        state = client.get("/api/state").json()
    assert state["queues"]["disagreements"] is None  # not 0


def test_what_a_server_was_unsure_of(photos, said):
    data = DataRepository.init(photos, on_note=lambda text: None)
    data.add()
    hashes = {row.file: row.sha256 for row in data.rows()}
    (photos / "answers").mkdir()
    lines = [
        {
            "id": "a",
            "program": "cats@12345678",
            "input": hashes["2.jpg"],
            "answer": "cat",
            "probability": 0.9,
        },
        {
            "id": "b",
            "program": "cats@12345678",
            "input": hashes["4.jpg"],
            "answer": "dog",
            "probability": 0.5,
            "name": "image.jpg",
        },
        {
            "id": "e",
            "program": "cats@12345678",
            "input": "0" * 64,
            "answer": "dog",
            "probability": 0.5,
            "name": "3.jpg",
        },
        {"id": "c", "program": "cats@12345678", "input": "1" * 64, "answer": "dog", "probability": 0.5},
        {"id": "f", "program": "cats@12345678", "input": hashes["1.jpg"], "reason": "too unsure"},
    ]
    log = photos / "answers" / "2026-11-28.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"id":"d","ans')
    studio = open_studio(photos, log=photos, say=said.append)
    try:
        found = order_of(studio, "Ann", "served")
        assert found.positions.tolist() == [1, 4, 2]
        assert [found.why[place] for place in (1, 4)] == ["the server did not know", "p=0.50"]
        assert studio.guess(2).source == "program:cats@12345678"
        assert studio.guess(1) is None
    finally:
        studio.close()
    with pytest.raises(DataError, match="is not the log of a server"):
        open_studio(photos, log=photos / "answers", say=said.append)


def test_what_a_server_saw_is_told_from_what_is_called_the_same(tmp_path, studio_of):
    for number, folder in enumerate(("cat", "dog")):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (9, 9), (90 * number, 0, 0)).save(tmp_path / folder / "1.png")
    seen = hashlib.sha256((tmp_path / "cat" / "1.png").read_bytes()).hexdigest()
    line = {
        "id": "a",
        "program": "c@12345678",
        "input": seen,
        "answer": "cat",
        "probability": 0.5,
        "name": "C:\\1.png",
    }
    (tmp_path / "log" / "answers").mkdir(parents=True)
    (tmp_path / "log" / "answers" / "2026-11-28.jsonl").write_text(json.dumps(line) + "\n")
    assert [*served_items(studio_of(tmp_path).place, tmp_path / "log")] == ["cat/1.png"]


@pytest.mark.whole
def test_training_again_on_texts(tmp_path, studio_of):
    folder = tmp_path / "reviews"
    folder.mkdir()
    words = {"pos": ["joy", "fresh", "great", "moving"], "neg": ["waste", "stale", "dull", "slow"]}
    for number in range(24):
        kind = ("pos", "neg")[number % 2]
        text = f"a {words[kind][number % 4 if kind == 'pos' else (number + 1) % 4]} film and {words[kind][0]} to me"
        (folder / f"{number:02}.txt").write_text(text)
    studio, job = studio_of(folder), Job()
    with pytest.raises(DataError, match="too few labels"):
        train_again(studio, "Ann", job)
    for number in range(12):
        studio.act("Ann", label(("pos", "neg")[number % 2], number))
    studio.act("Ann", label("neg", 4))  # a wrong label
    start_training(studio, "Ann", job)
    job._thread.join(60)
    assert job.state == "done" and "Trained on 12 labels" in job.words
    found = studio.guesses
    assert [found.of(place).label for place in range(12, 24)] == ["pos", "neg"] * 6
    assert found.suspects[0][:3] == (4, "neg", "pos") and 4 in places(studio, "suspects")
    leave(studio, "Ann")
    assert 4 in places(studio, "suspects")
    assert studio.trained.wrong >= 1 and studio.trained.confusion.sum() == 12
    assert places(studio, "all", like=0)[0] == 0


def test_features_are_kept(tmp_path):
    asked = []

    def compute(positions):
        asked.append(list(positions))
        return np.array([[position, 1.0] for position in positions], np.float32)

    file = tmp_path / "features.npz"
    features_of(file, ["a", "b"], compute, Job(), "looks", "v1")
    found, why = features_of(file, ["b", "c", "a"], compute, Job(), "looks", "v1")
    assert (asked, why) == ([[0, 1], [1]], "")
    assert found[:, 0].tolist() == [1, 1, 0]
    features_of(file, ["a", "b"], compute, Job(), "looks", "v2")
    assert asked[2:] == [[0, 1]]  # features of an earlier version are not like those of this one
    np.savez(
        file, stamps=np.array(["a"]), features=np.ones((1, 2), np.float32)
    )  # as versions of November 2026 did
    features_of(file, ["a"], compute, Job(), "looks", "v2")
    assert asked[3:] == [[0]]
    file.write_bytes(b"damaged")
    assert len(features_of(file, ["a"], compute, Job(), "looks", "v1")[0]) == 1
    nowhere = file / "features.npz"
    found, why = features_of(nowhere, ["a"], compute, Job(), "looks", "v1")
    assert (found.tolist(), why) == ([[0, 1]], "File exists")


def test_rows_become_numbers():
    rows = [
        {"age": "1", "job": "a", "id": "x1"},
        {"age": "3", "job": "b", "id": "x2"},
        {"age": "2", "job": "a", "id": "x3"},
    ]
    found = row_features([*rows, *rows])
    assert found.shape == (6, 3 + 3) or found.shape == (6, 3)
    assert np.allclose(found[:, 0].mean(), 0)


def test_without_pytorch_it_says_so(photos, studio_of, monkeypatch):
    studio = studio_of(photos)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"gatera\[train\]"):
        start_training(studio, "Ann", Job())


def test_labelling_imports_no_torch():
    code = "import sys, gatera.studio.app.run, gatera.studio.app.panel; print('torch' in sys.modules or 'sklearn' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "False"
    )


def test_one_training_at_a_time():
    job, go = Job(), threading.Event()
    job.start(lambda job: str(go.wait(5)))
    with pytest.raises(ArgumentError, match="already running"):
        job.start(lambda job: "")
    go.set()
    job._thread.join(5)
    assert job.to_dict()["words"] == "True"


def test_what_fails_in_the_background_is_said():
    job = Job()
    job.start(lambda job: [][0])
    job._thread.join(5)
    assert job.state == "failed" and job.words.startswith("IndexError")


@pytest.fixture
def address(photos, studio_of, serving):
    return serving(studio_app(studio_of(photos, classes=["cat", "dog"]), "Ann"))


def test_after_a_training_the_item_that_is_shown_comes_first_and_then_what_matters_most(
    photos, studio_of, serving
):
    studio = studio_of(photos, classes=["cat", "dog"])
    studio.guesses = Guesses(
        "head@1", ["cat", "dog"], np.array([[0.5 + n / 20, 0.5 - n / 20] for n in range(6)])
    )
    with httpx.Client(base_url=serving(studio_app(studio, "Ann"))) as client:

        def names(**more) -> tuple[int, list[str]]:
            found = client.get("/api/order", params=more).json()
            items = client.get("/api/items", params={"order": found["order"], "from": 0, "n": 6}).json()[
                "items"
            ]
            return found["place"], [item["name"][0] for item in items]

        place, ranked = names(queue="uncertain", at=5)
        assert place == 0 and ranked[0] == "5"
        assert ranked[1:] == [name for name in names(queue="uncertain")[1] if name != "5"]
        assert names(queue="unlabelled", at=5) == (5, [*"012345"])


def test_the_api(address):
    with httpx.Client(base_url=address) as client:
        state = client.get("/api/state").json()
        assert (state["kind"], state["classes"], state["counts"]["items"]) == ("photos", ["cat", "dog"], 6)
        order = client.get("/api/order", params={"queue": "all", "at": 4}).json()
        assert (order["total"], order["place"]) == (6, 4)
        items = client.get("/api/items", params={"order": order["order"], "from": 4, "n": 10}).json()
        assert [item["name"] for item in items["items"]] == ["4.jpg", "5.jpg"]
        answer = client.post(
            "/api/act", params={"as": "Ben"}, json={"what": "label", "items": {"4": "cat"}}
        ).json()
        assert answer["items"][0]["label"] == "cat" and answer["items"][0]["by"] == "Ben"
        photo = client.get("/photo/0")
        assert photo.headers["content-type"] == "image/jpeg" and "etag" in photo.headers
        assert client.get("/photo/0", headers={"If-None-Match": photo.headers["etag"]}).status_code == 304
        small = client.get("/small/5")
        assert small.headers["content-type"] == "image/jpeg"
        dotted = client.get("/small/5", params={"points": "[[0.5, 0.5], [7, 7]]"})
        assert dotted.headers["etag"] != small.headers["etag"]
        plain, with_dot = (np.asarray(Image.open(io.BytesIO(each.content)), int) for each in (small, dotted))
        differs = np.abs(plain - with_dot).max(axis=2) > 40
        assert differs[8, 12] and not differs[:2].any()


def test_a_page_that_is_open_since_there_were_other_items_decides_nothing(photos, studio_of, serving):
    before = studio_of(photos).place.listing
    Image.new("RGB", (24, 16)).save(photos / "00.jpg")  # every position means another photo now
    studio = studio_of(photos)
    with httpx.Client(base_url=serving(studio_app(studio, "Ann"))) as client:
        assert client.get("/api/state").json()["listing"] == studio.place.listing
        act = {"url": "/api/act", "json": {"what": "label", "items": {"0": "cat"}}}
        refused = client.post(params={"of": before}, **act)
        assert (refused.status_code, "other items" in refused.json()["error"]["message"]) == (412, True)
        assert client.get("/photo/0", params={"of": before}).status_code == 412
        assert studio.people.desk("Ann").labels == {}
        assert client.post(params={"of": studio.place.listing}, **act).status_code == 200


#: Method, path, body; status, and words of the answer.
WRONG = [
    ("GET", "/api/items?order=99", None, 410, "no longer open"),
    ("GET", "/api/order?queue=al", None, 400, "Did you mean 'all'"),
    ("GET", "/api/order?like=x", None, 400, "like must be a whole number"),
    ("GET", "/api/order?like=2", None, 400, "Train again"),
    ("GET", "/api/state?as=%00", None, 400, "the name of a person"),
    ("GET", "/photo/6", None, 404, "no such picture"),
    ("GET", "/spectrogram/0", None, 422, "0.jpg"),
    ("GET", "/panel/occlusion/0", None, 404, "no trained network"),
    ("POST", "/api/act", "nonsense", 400, "not JSON"),
    ("POST", "/api/act", "[]", 400, "a JSON object"),
    ("POST", "/api/act", '{"what":"undo"}', 400, "nothing to undo"),
    ("POST", "/api/keys", '{"skip":""}', 400, "keys are texts"),
    ("POST", "/api/train", "{}", 400, "cannot train"),
    ("POST", "/api/leave", '{"message":7}', 400, "the message is a text"),
]


def test_wrong_requests(address):
    with httpx.Client(base_url=address) as client:
        for method, path, body, status, words in WRONG:
            answer = client.request(method, path, content=body)
            assert (answer.status_code, words in answer.json()["error"]["message"]) == (status, True), (
                answer.text
            )


def test_finish_from_the_command_line(photos, studio_of):
    studio = studio_of(photos)
    studio.act("Ann", label("cat", 0))
    with pytest.raises(DataError, match="working in another studio"):
        finish(str(photos), "Ann", None, None, lambda line: None)
    studio.close()
    assert "1 changed line" in finish(str(photos), "Ann", None, None, lambda line: None)


def test_nobody_is_not_a_person(photos):
    with pytest.raises(ArgumentError, match="the name of a person"):
        finish(str(photos), "", None, None, lambda line: None)


def test_a_filter_finds_every_label_that_can_be_given(photos, studio_of):
    studio = studio_of(photos)
    odd = ['6" nails', "back\\slash", "label:x is:mine", "é" * 200, "Hot Dog"]
    for place, name in enumerate(odd):
        studio.act("Ann", label(name, place))
    for place, name in enumerate(odd):  # as the table of confusions asks
        words = f"label:{json.dumps(name, ensure_ascii=False)}"
        assert order_of(studio, "Ann", "all", words).positions.tolist() == [place], words


def test_a_job_that_has_ended_counts_no_more():
    def work(job: Job) -> str:
        job.step("looking", 129, 150)
        return "Looked at 150 items."

    job = Job()
    job.start(work)
    job._thread.join(10)
    found = job.to_dict()
    assert (found["state"], found["words"]) == ("done", "Looked at 150 items.")
    assert (found["done"], found["total"]) == (0, 0)


def test_items_come_in_the_order_in_which_people_read_them(tmp_path, studio_of):
    """1, 2, 10, and not 1, 10, 2; the positions stay: features that are kept, and trainings, go by them."""
    for number in (1, 2, 10, 100):
        (tmp_path / f"{number}.txt").write_text(f"text {number}")
    studio = studio_of(tmp_path)
    names = studio.place.names
    assert list(names) == ["1.txt", "10.txt", "100.txt", "2.txt"]
    for queue in ("unlabelled", "all"):
        order = order_of(studio, "Ann", queue).positions
        assert [names[place] for place in order] == ["1.txt", "2.txt", "10.txt", "100.txt"]


def test_rows_keep_the_order_of_their_table(tmp_path, studio_of):
    table = tmp_path / "t.csv"
    table.write_text("text,label\n" + "ten,\ntwo,\none,\n" * 4)
    assert order_of(studio_of(table), "Ann", "all").positions.tolist() == [*range(12)]
