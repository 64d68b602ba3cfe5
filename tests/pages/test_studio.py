"""The studio in a browser: every key, both views, nothing asked of another machine, an empty console."""

from __future__ import annotations

import csv
import json
import threading
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gatera.labeling.labels.table import read_labels_file
from gatera.studio.guesses import Guesses
from gatera.studio.leaving import leave
from gatera.studio.page_requests import Asked
from gatera.studio.queues.orders import order_of
from gatera.studio.studio import Studio


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "pets"
    folder.mkdir()
    for number in range(30):
        Image.new("RGB", (64, 48), (8 * number, 90, 250 - 8 * number)).save(folder / f"{number:02}.jpg")
    return folder


def at(page, place: str) -> None:
    page.wait_for_function("(words) => document.getElementById('place').textContent === words", arg=place)


def test_labels_by_keys_are_kept_before_the_next_item(photos, opened):
    page, studio = opened(photos)
    at(page, "1 of 30")
    desk = studio.people.desk("Ann")
    for number, key in enumerate("121"):
        page.keyboard.press(key)
        at(page, f"{number + 2} of 30")
        assert len(desk.labels) == number + 1  # the next item shows, so the label is kept
    assert [desk.labels[f"0{n}.jpg"].value for n in range(3)] == ["cat", "dog", "cat"]
    assert page.locator("#progress").inner_text() == "3 of 30 labelled"
    assert page.locator("#queue option").first.inner_text() == "Unlabelled (27)"
    page.keyboard.press("u")
    at(page, "3 of 30")
    assert "02.jpg" not in desk.labels
    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.keyboard.press("Control+z")  # over the reload
    page.wait_for_function("() => document.getElementById('progress').textContent.startsWith('1 of')")
    page.keyboard.press("r")
    page.wait_for_function("() => document.getElementById('progress').textContent.startsWith('2 of')")
    assert desk.labels["01.jpg"].value == "dog"
    page.locator("#last button").first.click()  # the last decision can be changed
    page.keyboard.press("1")
    page.wait_for_function("() => document.querySelector('#last b').textContent === 'cat'")
    assert desk.labels["01.jpg"].value == "cat"
    page.watched.assert_clean()


@pytest.mark.slow
def test_a_training_is_watched_after_a_reload(photos, opened):
    ended = threading.Event()

    def training(job) -> str:
        ended.wait(10)
        studio.guesses = Guesses("head@12345678", ["cat", "dog"], np.tile([0.75, 0.25], (30, 1)), None)
        return "Trained."

    page, studio = opened(photos, train=lambda by, job: job.start(training))
    page.keyboard.press("t")
    page.wait_for_timeout(50)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    ended.set()
    page.get_by_text("Guess: cat (0.75)").wait_for(timeout=4_000)


def guessing(rows: np.ndarray) -> Guesses:
    return Guesses("head@12345678", ["cat", "dog"], rows, None)


def guessing_cat(opened, photos, training):
    """A studio that guesses cat of everything, and in which `t` runs `training`."""
    return opened(
        photos,
        before=lambda studio: setattr(studio, "guesses", guessing(np.tile([0.9, 0.1], (30, 1)))),
        train=lambda by, job: job.start(training),
    )


@pytest.mark.slow
def test_exceptions_stay_marked_when_a_training_ends(photos, opened):
    ended = threading.Event()

    def training(job) -> str:
        ended.wait(10)
        studio.guesses = guessing(np.tile([0.1, 0.9], (30, 1)))
        return "Trained."

    page, studio = guessing_cat(opened, photos, training)
    page.keyboard.press("t")
    page.keyboard.press("g")
    page.locator("#cell-23").wait_for()
    page.keyboard.press("Space")
    page.locator("#cell-0[aria-selected=true]").wait_for()
    ended.set()
    page.get_by_text("Trained.").wait_for()
    page.wait_for_timeout(600)
    page.keyboard.press("Enter")
    at(page, "1 of 7")  # the order is the new one from here on; the exception is among them
    given = studio.people.desk("Ann").labels
    assert "00.jpg" not in given and len(given) == 23
    # as it was shown when the person looked, and whose guess that was
    assert {(said.value, said.guess) for said in given.values()} == {("cat", "head@12345678 (p=0.90)")}
    page.locator("#cell-0 b", has_text="dog").wait_for()
    page.watched.assert_clean()


@pytest.mark.parametrize("view", ["one", "grid"])
def test_a_key_that_is_pressed_again_on_a_slow_line_labels_nothing_unseen(photos, opened, view):
    page, studio = guessing_cat(opened, photos, None)
    if view == "grid":
        page.keyboard.press("g")
        page.locator("#cell-23").wait_for()
    slow = {"latency": 400, "downloadThroughput": -1, "uploadThroughput": -1, "offline": False}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    for key in ("Enter", "Enter", *"12f "):
        page.keyboard.press(key)
    page.get_by_text("One moment…").wait_for()
    at(page, "2 of 30" if view == "one" else "25 of 30")
    page.keyboard.press("u")  # this waits for its turn
    at(page, "1 of 30")
    desk = studio.people.desk("Ann")
    assert [each["what"] for each in desk.last(9)] == []
    assert not desk.flags and not desk.said["skip"]
    page.keyboard.press("r")
    page.locator("#last b", has_text="cat").wait_for()
    page.get_by_text("One moment…").wait_for(state="hidden")
    assert len(desk.labels) == (1 if view == "one" else 24)
    page.watched.assert_clean()


@pytest.mark.slow
def test_a_key_is_for_the_item_that_was_shown_when_it_was_pressed(photos, opened, monkeypatch):
    asked, goes_on = threading.Event(), threading.Event()
    goes_on.set()

    def slowly(*given):
        asked.set()
        goes_on.wait(10)
        return order_of(*given)

    def training(job) -> str:
        studio.guesses = guessing(np.array([[0.9, 0.1], *[[0.1, 0.9]] * 29]))
        return "Trained."

    monkeypatch.setattr("gatera.studio.app.api.order_of", slowly)
    page, studio = opened(
        photos,
        before=lambda studio: setattr(studio, "guesses", guessing(np.tile([0.1, 0.9], (30, 1)))),
        train=lambda by, job: job.start(training),
    )
    page.keyboard.press("/")
    page.get_by_role("textbox", name="Show items with").fill("guess:dog")
    page.keyboard.press("Enter")
    page.locator("#filtered").wait_for()
    asked.clear()
    goes_on.clear()
    page.keyboard.press("t")
    while not asked.is_set():  # the queue is made anew, without the item that is still shown
        page.wait_for_timeout(20)
    page.keyboard.press("1")
    goes_on.set()
    at(page, "1 of 29")
    page.wait_for_timeout(300)
    assert studio.people.desk("Ann").labels == {}
    page.keyboard.press("2")
    at(page, "2 of 29")
    assert [*studio.people.desk("Ann").labels] == ["01.jpg"]
    page.watched.assert_clean()


@pytest.mark.slow
def test_enter_takes_the_guess_that_was_shown_when_it_was_pressed(photos, opened, monkeypatch):
    asked, goes_on = threading.Event(), threading.Event()

    def slowly(*given):
        asked.set()
        goes_on.wait(10)
        return order_of(*given)

    def training(job) -> str:
        studio.guesses = guessing(np.tile([0.1, 0.9], (30, 1)))
        return "Trained."

    page, studio = guessing_cat(opened, photos, training)
    page.get_by_text("Guess: cat (0.90)").wait_for()
    monkeypatch.setattr("gatera.studio.app.api.order_of", slowly)
    page.keyboard.press("t")
    while not asked.is_set():
        page.wait_for_timeout(20)
    page.keyboard.press("Enter")  # "cat" is shown
    goes_on.set()
    page.get_by_text("Guess: dog (0.90)").wait_for()
    page.wait_for_timeout(300)
    assert studio.people.desk("Ann").labels == {}
    page.watched.assert_clean()


@pytest.mark.slow
def test_the_list_of_similar_items_stays_when_a_training_ends(photos, opened):
    features = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)

    def training(job) -> str:
        studio.guesses = Guesses("head@12345679", ["cat", "dog"], np.tile([0.1, 0.9], (30, 1)), features)
        return "Trained."

    def before(studio: Studio) -> None:
        studio.guesses = Guesses("head@12345678", ["cat", "dog"], np.tile([0.9, 0.1], (30, 1)), features)

    page, studio = opened(photos, before=before, train=lambda by, job: job.start(training))
    page.keyboard.press("s")
    page.wait_for_function("() => document.getElementById('queue').value === 'similar'")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.getElementById('place').textContent.startsWith('2 of')")
    name = page.locator("#facts").inner_text()
    page.keyboard.press("t")
    page.get_by_text("Guess: dog (0.90)").wait_for()
    assert page.locator("#queue").input_value() == "similar"
    assert page.locator("#facts").inner_text() == name
    page.watched.assert_clean()


@pytest.mark.whole
def test_every_other_key(photos, opened, comes_to):
    def guesses(studio: Studio) -> None:
        rows = np.tile([0.75, 0.25], (30, 1))
        features = np.eye(30, 4, dtype=np.float32) + 0.1
        studio.guesses = Guesses(
            "head@12345678", ["cat", "dog"], rows, features / np.linalg.norm(features, axis=1)[:, None]
        )

    started = []
    page, studio = opened(photos, before=guesses, train=lambda by, job: started.append(by))
    desk, press = studio.people.desk("Ann"), page.keyboard.press
    assert page.locator("#guess").inner_text() == "Guess: cat (0.75)"
    press("Enter")  # takes the guess
    at(page, "2 of 30")
    assert desk.labels["00.jpg"].guess == "head@12345678 (p=0.75)"
    press(" ")  # skips
    at(page, "3 of 30")
    press("ArrowLeft")
    at(page, "2 of 30")
    press("ArrowRight")
    at(page, "3 of 30")
    press("f")
    page.locator("#facts").get_by_text("flagged").wait_for()
    assert desk.flags == {"02.jpg"}
    press("i")
    page.get_by_role("textbox", name="Note about this item").fill("blurred")
    press("Enter")
    page.get_by_text("· blurred").wait_for()
    press("n")
    page.get_by_role("textbox", name="Name of the new label").fill("fox")
    press("Enter")
    at(page, "4 of 30")
    assert desk.labels["02.jpg"].value == "fox" and desk.classes == ["fox"]
    press("3")  # the new label has a key
    at(page, "5 of 30")
    press("ArrowLeft")
    at(page, "4 of 30")
    press("Backspace")  # takes the label away
    page.locator("#facts").get_by_text("no label").wait_for()
    assert desk.labels["03.jpg"].value == ""
    press("/")
    page.get_by_role("textbox", name="Show items with").fill("label:fox")
    press("Enter")
    page.locator("#filtered").wait_for()
    at(page, "")  # there is none among the unlabelled
    press("q")
    assert page.locator("#queue").input_value() in ("unlabelled", "suspects")
    page.get_by_role("button", name="Show all").click()
    page.select_option("#queue", "all")
    at(page, "1 of 30")
    press("s")
    page.wait_for_function("() => document.getElementById('queue').value === 'similar'")
    press("t")
    comes_to(page, lambda: started, ["Ann"])
    press("m")
    page.get_by_role("heading", name="Model").wait_for()
    press("Escape")
    press("?")
    page.get_by_role("button", name="Skip: Space").click()
    press("z")
    page.get_by_role("button", name="Skip: Z").wait_for()
    press("Escape")
    press("z")
    at(page, "2 of 30")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.get_by_role("button", name="Skip Z").is_visible()  # remembered
    page.watched.assert_clean()


def test_a_page_of_the_grid_is_confirmed_by_one_key(photos, opened):
    page, studio = opened(photos)
    desk, press = studio.people.desk("Ann"), page.keyboard.press
    press("g")
    page.locator("#cell-23").wait_for()
    press("2")  # for all without a label
    page.get_by_role("option", name="05.jpg: dog").wait_for()
    press("ArrowRight")
    press("x")
    page.get_by_role("option", name="01.jpg: dog, exception").wait_for()
    press("1")  # marked ones get another label
    page.get_by_role("option", name="01.jpg: cat").wait_for()
    press("ArrowDown")
    press(" ")  # an exception without a label is left out
    press("Enter")
    page.wait_for_function("() => document.getElementById('progress').textContent === '23 of 30 labelled'")
    assert desk.labels["01.jpg"].value == "cat" and desk.labels["00.jpg"].value == "dog"
    page.wait_for_function('() => document.querySelectorAll(".cell").length === 6')
    press("u")
    page.wait_for_function("() => document.getElementById('progress').textContent === '0 of 30 labelled'")
    page.watched.assert_clean()


def test_a_button_that_was_clicked_is_not_pressed_again_by_keys(photos, opened):
    page, studio = opened(photos)
    at(page, "1 of 30")
    page.get_by_role("group", name="Labels").get_by_role("button", name="cat").click()
    at(page, "2 of 30")
    page.keyboard.press(" ")  # skips
    at(page, "3 of 30")
    page.keyboard.press("Enter")  # there is no guess to take
    page.wait_for_function("() => document.getElementById('status').textContent.includes('guess')")
    assert list(studio.people.desk("Ann").labels) == ["00.jpg"]
    page.keyboard.press("g")
    page.locator("#cell-23").wait_for()
    page.get_by_role("group", name="Labels").get_by_role("button", name="dog").click()
    page.get_by_role("option", name="05.jpg: dog").wait_for()
    page.keyboard.press("Enter")  # confirms the page
    page.wait_for_function("() => document.getElementById('progress').textContent.startsWith('25 of')")
    page.watched.assert_clean()


def test_what_had_the_keys_before_a_click_on_a_button_has_them_no_more(photos, opened):
    """The list of queues, looked at with the mouse and left as it was, took the keys also after a label was clicked."""
    page, studio = opened(photos)
    at(page, "1 of 30")
    page.locator("#queue").focus()
    page.get_by_role("group", name="Labels").get_by_role("button", name="cat").click()
    at(page, "2 of 30")
    page.keyboard.press("2")
    at(page, "3 of 30")
    assert [each.value for each in studio.people.desk("Ann").labels.values()] == ["cat", "dog"]
    page.keyboard.press("Tab")
    assert page.evaluate(
        "document.activeElement.matches('button, select')"
    )  # buttons are reached by Tab, as before
    page.watched.assert_clean()


def test_what_cannot_be_shown_leaves_the_page_as_it_was(photos, opened):
    page, studio = opened(photos)
    at(page, "1 of 30")
    page.keyboard.press("s")  # nothing is known yet of what is alike
    page.get_by_role("alert").filter(has_text="Train again").wait_for()
    assert page.locator("#queue").input_value() == "unlabelled"
    page.keyboard.press("1")
    at(page, "2 of 30")
    assert studio.people.desk("Ann").labels["00.jpg"].value == "cat"
    page.keyboard.press("ArrowRight")
    at(page, "3 of 30")
    page.locator("#who").click()
    page.locator("#ask-text").fill("B" * 61)
    page.keyboard.press("Enter")
    page.get_by_role("alert").filter(has_text="1 to 60 printable characters").wait_for()
    page.keyboard.press("2")
    at(page, "4 of 30")
    assert "as=" not in page.url and studio.people.desk("Ann").labels["02.jpg"].value == "dog"


def test_finishing_writes_labels(photos, opened):
    page, _ = opened(photos)
    page.keyboard.press("1")
    at(page, "2 of 30")
    page.get_by_role("button", name="Finish (1)").click()
    page.keyboard.press("Enter")
    page.get_by_text("1 changed line").first.wait_for()
    assert {name: row.label for name, row in read_labels_file(photos / "labels.csv").items()} == {
        "00.jpg": "cat"
    }
    assert page.get_by_role("button", name="Finish (0)").is_visible()
    page.watched.assert_clean()


@pytest.mark.whole
def test_two_people_see_where_they_differ(photos, opened):
    page, studio = opened(photos)
    page.keyboard.press("1")
    at(page, "2 of 30")
    studio.act("Ben", Asked("note", {1: "cat"}))  # who saw this note saw no label
    page.get_by_role("button", name="Ann").click()
    page.get_by_role("textbox", name="Your name").fill("Ben")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Ben").wait_for()
    page.select_option("#queue", "all")
    at(page, "1 of 30")
    studio.act("Ann", Asked("label", {1: "cat"}))
    leave(studio, "Ann")  # the page shows both items as they were before
    for place in ("2 of 30", "3 of 30"):
        page.keyboard.press("2")
        at(page, place)
    page.wait_for_timeout(50)
    page.select_option("#queue", "disagreements")
    at(page, "1 of 2")
    assert page.locator("#others").inner_text() == "Others say: Ben: dog, Ann: cat"
    page.keyboard.press("g")
    page.get_by_role("option", name="00.jpg: dog. Others say: Ben: dog, Ann: cat").wait_for()
    assert "Others say: Ben: dog, Ann: cat" in page.locator(".cell").first.inner_text()
    assert leave(studio, "Ben").disputed == ["00.jpg", "01.jpg"]
    page.watched.assert_clean()


def test_what_a_screen_reader_says(photos, opened):
    page, _ = opened(photos)
    tree = page.locator("body").aria_snapshot()
    for words in (
        "banner", "toolbar \"Tools\"", "combobox \"Queue\"", "region \"Item\"", "img \"00.jpg\"", "group \"Labels\"", "button \"cat 1\"",
        "group \"Actions\"", "button \"Skip Space\"", "complementary \"Last decisions\"", "link \"To the item\"",
    ):  # fmt: skip
        assert words in tree, (words, tree)
    page.keyboard.press("1")
    at(page, "2 of 30")
    assert page.get_by_role("status").first.inner_text() == "00.jpg: cat"
    page.keyboard.press("g")
    page.locator("#cell-0").wait_for()
    assert 'listbox "Page of items"' in page.locator("#work").aria_snapshot()


@pytest.mark.whole
def test_spanish_on_a_phone(photos, opened):
    page, _ = opened(photos, width=320, height=640, dark=True, locale="es-ES")
    assert page.evaluate("[scrollY, document.activeElement.id]") == [0, "work"]
    assert page.locator("#progress").inner_text() == "0 de 30 con etiqueta"
    assert page.get_by_role("button", name="Terminar (0)").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.keyboard.press("g")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_arrows_in_a_grid_of_nothing_do_nothing(photos, opened):
    page, _ = opened(photos)
    page.keyboard.press("/")
    page.fill("#ask-text", "no such name")
    page.keyboard.press("Enter")
    page.wait_for_selector("#done:not([hidden])")
    for key in ("g", "ArrowUp", "ArrowDown", "ArrowLeft", "x", "1", "Enter", "g"):
        page.keyboard.press(key)
    page.wait_for_selector("#view >> text=Grid")
    page.watched.assert_clean()


@pytest.mark.whole
def test_texts_show_their_spans(tmp_path, opened):
    table = tmp_path / "reviews.csv"
    spans = json.dumps([[0, 3, "person"], [13, 18, "place"]]).replace('"', '""')
    table.write_text(f'text,spans,stars\n"Ada lived in Paris.","{spans}",5\n<b>bold</b> words here,,1\n')
    page, studio = opened(table, classes=("good",))
    assert page.locator("mark").all_inner_texts() == ["Adaperson", "Parisplace"]
    assert page.get_by_role("row", name="stars 5").is_visible()
    page.keyboard.press("1")
    at(page, "2 of 2")
    assert page.get_by_text("<b>bold</b> words here").is_visible()  # shown, not run
    assert studio.people.desk("Ann").labels["row 1"].value == "good"
    page.watched.assert_clean()


#: What characters, bytes and UTF-16 count differently, what a reader of tables may take off, and what runs the other way.
ODD_TEXTS = [
    "  two blanks before", "\ta tab\tbefore and in it", "behind  ", "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 behind", "e\u0301te\u0301 composed",
    "one\r\ntwo\r\nthree", "\u05e9\u05dc\u05d5\u05dd and left again", "a\u2028b\x85c\u200fd", 'with, "quotes"',
]  # fmt: skip


def test_spans_count_the_characters_that_python_counts(tmp_path, opened):
    texts = [text.replace("\r\n", "\n") for text in ODD_TEXTS]  # a line end inside a cell is one character
    spans = [[[0, 2, "first"], [len(text) - 4, len(text) - 1, "last"]] for text in texts]
    table = tmp_path / "t.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [["text", "spans"], *zip(ODD_TEXTS, [json.dumps(each) for each in spans], strict=True)]
        )
    page, studio = opened(table)
    for number, (text, here) in enumerate(zip(texts, spans, strict=True)):
        at(page, f"{number + 1} of {len(texts)}")
        shown = page.evaluate(
            "() => [...document.querySelectorAll('#item mark')].map((mark) => mark.firstChild.textContent)"
        )
        assert shown == [text[start:end] for start, end, _ in here]
        page.keyboard.press("1")
    page.wait_for_function("() => !document.getElementById('done').hidden")
    leave(studio, "Ann")
    with (tmp_path / "t-labelled.csv").open(newline="", encoding="utf-8") as file:
        written = [*csv.DictReader(file)]
    assert [(row["text"], json.loads(row["spans"])) for row in written] == [*zip(texts, spans, strict=True)]


@pytest.mark.whole
def test_recordings_have_a_picture_and_play(tmp_path, opened):
    folder = tmp_path / "sounds"
    folder.mkdir()
    for number in range(2):
        with wave.open(str(folder / f"{number}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            tone = np.sin(np.arange(4000) * (0.2 + number)) * 9000
            file.writeframes(tone.astype("<i2").tobytes())
    page, _ = opened(folder)
    page.wait_for_function("() => document.querySelector('#item img').naturalWidth === 640")
    page.wait_for_function("() => document.querySelector('#sound').duration > 0.4")
    page.keyboard.press("p")
    page.wait_for_function("() => document.querySelector('#sound').currentTime > 0")
    page.keyboard.press("2")
    at(page, "2 of 2")
    page.watched.assert_clean()


@pytest.mark.whole
def test_a_file_that_is_no_photo_is_said(tmp_path, opened):
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "0.jpg").write_bytes(b"nonsense")
    page, _ = opened(folder)
    page.get_by_text("This file cannot be shown.").wait_for()


@pytest.mark.parametrize("key", ["Delete", "Backspace"])  # a Mac's key for it sends Backspace
def test_a_point_is_removed_by_a_key_and_the_label_stays(photos, opened, comes_to, key):
    def labelled(studio: Studio) -> None:
        with_points(studio)
        studio.act("Ann", Asked("label", {0: "cat"}))

    page, studio = opened(photos, before=labelled)
    page.select_option("#queue", "all")
    at(page, "1 of 30")
    page.locator("circle").first.focus()
    page.keyboard.press(key)
    page.wait_for_function("() => document.querySelectorAll('circle').length === 1")
    desk = studio.people.desk("Ann")
    comes_to(page, lambda: desk.said["points"]["00.jpg"].value, [[0.8, 0.5]])
    assert desk.labels["00.jpg"].value == "cat"
    page.watched.assert_clean()


def with_points(studio: Studio) -> None:
    studio.act("Ann", Asked("points", {0: [[0.2, 0.5], [0.8, 0.5]]}))


@pytest.fixture
def placed(comes_to):
    """Wait until these points are kept: `placed(page, studio, [[0.2, 0.5]])`."""

    def waited(page, studio, expected: list[list[float]], abs: float = 0.02) -> None:
        kept = studio.people.desk("Ann").said["points"]
        comes_to(page, lambda: kept["00.jpg"].value, [pytest.approx(point, abs=abs) for point in expected])

    return waited


def test_a_point_is_added_in_the_middle_by_a_key(photos, opened, placed):
    page, studio = opened(photos, before=with_points)
    page.keyboard.press("+")
    page.keyboard.press("ArrowUp")  # it has the focus
    placed(page, studio, [[0.2, 0.5], [0.8, 0.5], [0.5, 0.495]])
    page.keyboard.press("Delete")
    placed(page, studio, [[0.2, 0.5], [0.8, 0.5]])
    page.watched.assert_clean()


@pytest.mark.parametrize("tremble", [0, 1, 2])
def test_a_point_is_removed_by_a_double_click_of_a_hand_that_trembles(photos, opened, placed, tremble):
    page, studio = opened(photos, before=with_points)
    page.locator("circle").first.wait_for()
    page.locator("#item img").evaluate("image => image.decode()")
    page.wait_for_timeout(500)  # the page may move it once more while fonts and lists arrive
    box = page.locator("#item img").bounding_box()
    x, y = box["x"] + 0.8 * box["width"], box["y"] + 0.5 * box["height"]
    for clicks in (1, 2):
        page.mouse.move(x, y)
        page.mouse.down(click_count=clicks)
        page.mouse.move(x + tremble, y)
        page.mouse.up(click_count=clicks)
    placed(page, studio, [[0.2, 0.5]])
    page.watched.assert_clean()


def test_points_are_added_moved_and_removed_by_a_finger(photos, opened, placed):
    page, studio = opened(photos, before=with_points, width=390, has_touch=True, is_mobile=True)
    page.locator("#item.small").wait_for()
    page.evaluate(
        "() => document.addEventListener('dblclick', () => (window.doubles = (window.doubles ?? 0) + 1))"
    )

    def tap_twice(x: float, y: float) -> None:
        doubles = page.evaluate("window.doubles")
        box = page.locator("#item img").bounding_box()
        for _ in range(20):  # on a busy machine two taps may be too far apart
            for _ in range(2):
                page.touchscreen.tap(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if page.evaluate("window.doubles") != doubles:
                break

    tap_twice(0.8, 0.5)
    placed(page, studio, [[0.2, 0.5]])
    tap_twice(0.5, 0.25)
    placed(page, studio, [[0.2, 0.5], [0.5, 0.25]])
    page.get_by_role("button", name="Add a point").tap()
    placed(page, studio, [[0.2, 0.5], [0.5, 0.25], [0.5, 0.5]])
    page.watched.assert_clean()


@pytest.mark.whole
def test_points_are_moved_by_keys(photos, opened, placed):
    page, studio = opened(photos, before=lambda studio: studio.act("Ann", Asked("points", {0: [[0.5, 0.5]]})))
    page.get_by_role("img", name="1: 0.50, 0.50").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("img", name="1: 0.51, 0.50").wait_for()
    placed(page, studio, [[0.505, 0.5]], abs=1e-9)
    box = page.locator("#item img").bounding_box()
    place = [(box["x"] + share * box["width"], box["y"] + 0.5 * box["height"]) for share in (0.505, 0.75)]
    page.mouse.move(*place[0])
    page.mouse.down()
    page.mouse.move(*place[1])
    page.mouse.up()
    placed(page, studio, [[0.75, 0.5]], abs=0.004)
    page.keyboard.press("ArrowLeft")  # from where it is now
    placed(page, studio, [[0.745, 0.5]], abs=0.004)
    studio.act("Ben", Asked("points", {0: [[0.25, 0.5]]}))
    leave(studio, "Ben")
    page.keyboard.press("ArrowLeft")  # not seen yet, so it is said, and theirs are shown
    page.get_by_text("Somebody else placed these points since you did").wait_for()
    assert leave(studio, "Ann").disputed == ["00.jpg"]
    page.get_by_role("img", name="1: 0.25, 0.50").focus()
    page.keyboard.press("ArrowLeft")
    placed(page, studio, [[0.245, 0.5]])
    assert leave(studio, "Ann").disputed == []
    page.watched.assert_clean()


def test_a_point_is_moved_by_keys_faster_than_it_is_kept(photos, opened, placed):
    page, studio = opened(photos, before=lambda studio: studio.act("Ann", Asked("points", {0: [[0.5, 0.5]]})))
    page.get_by_role("img", name="1: 0.50, 0.50").focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    placed(page, studio, [[0.6, 0.5]], abs=1e-9)
    assert page.locator("#problem").inner_text() == ""
    page.watched.assert_clean()


PRESS = """([key, code]) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true }))"""


def test_keys_of_other_scripts_and_digits_that_need_shift_count_by_their_place(photos, opened):
    page, studio = opened(photos)
    labels = studio.people.desk("Ann").labels
    page.evaluate(PRESS, ["&", "Digit1"])  # AZERTY
    at(page, "2 of 30")
    assert labels["00.jpg"].value == "cat"
    page.evaluate(PRESS, ["г", "KeyU"])  # Russian
    at(page, "1 of 30")
    assert "00.jpg" not in labels
    page.evaluate(PRESS, ["u", "KeyF"])  # Dvorak: what is written counts
    page.get_by_role("alert").filter(has_text="nothing to undo").wait_for()
    assert "Not saved" not in page.get_by_role("alert").inner_text()


def test_a_note_in_the_grid_is_of_the_item_in_focus_and_a_flag_is_taken_back(photos, opened):
    page, studio = opened(photos)
    desk = studio.people.desk("Ann")
    page.keyboard.press("g")
    page.locator("#cell-0:focus").wait_for()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("i")
    page.get_by_role("textbox").fill("odd")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('last').textContent.includes('01.jpg')")
    assert {name: each.value for name, each in desk.said["note"].items()} == {"01.jpg": "odd"}
    page.locator("#cell-1").focus()
    for seen in (True, False):
        page.keyboard.press("f")
        page.wait_for_function(
            "(n) => document.getElementById('last').children.length === n", arg=2 if seen else 3
        )
        assert desk.flags == ({"01.jpg"} if seen else set())


@pytest.mark.whole
def test_a_server_that_is_gone_is_said_and_the_item_stays(photos, opened):
    page, _ = opened(photos)
    page.route("**/api/act*", lambda route: route.abort())
    page.keyboard.press("1")
    page.get_by_role("alert").filter(has_text="It may not be saved: the studio does not answer.").wait_for()
    at(page, "1 of 30")
    page.unroute("**/api/act*")
    page.keyboard.press("1")
    at(page, "2 of 30")
    assert not page.get_by_role("alert").is_visible()
    page.route("**/photo/*", lambda route: route.abort())
    for place in range(3, 8):
        page.keyboard.press("2")
        at(page, f"{place} of 30")
    page.get_by_text("cannot be shown").wait_for()
    page.unroute("**/photo/*")  # what failed meanwhile is asked for again
    page.keyboard.press("ArrowLeft")
    at(page, "6 of 30")
    page.wait_for_function("() => document.querySelector('#item img')?.naturalWidth")


def test_a_page_that_is_open_since_there_were_other_items_is_loaded_again(photos, opened):
    page, studio = opened(photos)
    at(page, "1 of 30")
    studio.place.listing = "others"  # as after a start with one more photo
    said = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.accept()))
    with page.expect_navigation():
        page.keyboard.press("1")
    page.wait_for_selector("html[data-ready]")
    assert said == ["the studio was started again with other items. Load this page again."]
    assert studio.people.desk("Ann").labels == {}
    page.keyboard.press("1")
    at(page, "2 of 30")


KEYS = """async () => {
  const { keyOf, setKeys } = await import("./static/keys.js");
  setKeys({}, ["a", "c", "d", "e"]);
  const kept = ["a", "c", "d", "e"].map((label) => keyOf(`label:${label}`));
  setKeys({ flag: "3" }, ["a", "c", "d"]);
  return [...kept, keyOf("label:c"), keyOf("label:d")];
}"""


def test_a_label_that_goes_moves_no_key(photos, opened):
    page, _ = opened(photos, classes="abcd")
    assert page.evaluate(KEYS) == ["1", "3", "4", "5", "6", "4"]


@pytest.mark.whole
@pytest.mark.parametrize("proxy", [False, True])
def test_a_decision_whose_answers_are_lost_counts_once_where_its_key_is_pressed_again(photos, opened, proxy):
    """The page said that it was not saved, and to press again: of `u` the decision before was undone, too."""

    def lose(route):
        route.fetch()
        if proxy:
            route.fulfill(status=502)
        else:
            route.abort()

    page, studio = opened(photos)
    labels = studio.people.desk("Ann").labels
    for place in (2, 3, 4):
        page.keyboard.press("1")
        at(page, f"{place} of 30")
    for key, kept, place in (("u", 2, "3 of 30"), ("2", 3, "4 of 30")):
        page.route("**/api/act*", lose)
        page.keyboard.press(key)
        page.get_by_role("alert").filter(has_text="It may not be saved").wait_for()
        page.unroute("**/api/act*")
        page.keyboard.press(key)
        at(page, place)
        page.locator("#problem").wait_for(state="hidden")
        assert len(labels) == kept
    assert [labels[f"0{n}.jpg"].value for n in range(3)] == ["cat", "cat", "dog"]


def test_a_key_that_was_chosen_stays_where_another_action_got_it_since(photos, opened):
    page, _ = opened(photos)
    chosen = """async () => {
      const { actionOf, keyOf, setKeys } = await import("./static/keys.js");
      setKeys({ train: "+" }, ["a"]);
      return [actionOf(new KeyboardEvent("keydown", { key: "+" })), keyOf("point")];
    }"""
    assert page.evaluate(chosen) == ["train", ""]


def test_the_page_is_small():
    parts = [path for path in Path("src/gatera/studio/static").iterdir() if path.suffix in (".js", ".css")]
    assert (
        sum(path.stat().st_size for path in parts) <= 60_000
    )  # as issue 11 allows: modules and one CSS file
