"""The page of `gatera serve`, as a person uses it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gatera.serve.loaded import load
from gatera.serve.log.labels import read_labels
from gatera.serve.server import Made, Place
from gatera.serve.service import Options
from gatera.serve.watch import named_sources

#: Where screenshots go, if they are wanted: for people to look at.
SCREENSHOTS = os.environ.get("SCREENSHOTS")


@pytest.fixture
def served(tmp_path: Path, tiny_programs: Any, serving: Callable[..., str]) -> Callable[..., str]:
    """The address of a server of tiny programs, whose answers are logged."""

    def make(*kinds: str) -> str:
        sources = named_sources(
            [str(tiny_programs.write(kind, tmp_path / f"{kind}.gatera")) for kind in kinds]
        )
        loaded = [load(name, source.path()) for name, source in sources.items()]
        options = Options(batch_size=1, reload=False, log=tmp_path / "log")
        return serving(Made(loaded, sources, options, Place(), None, lambda line: None).app)

    return make


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo that is red on the left and blue on the right."""
    image = Image.new("RGB", (120, 80), (220, 30, 30))
    image.paste((30, 30, 220), (80, 0, 120, 80))
    path = tmp_path / "a cat.jpg"
    image.save(path)
    return path


def shot(page: Any, name: str) -> None:
    if SCREENSHOTS:
        page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=True)


def test_a_photo_is_answered_and_its_label_kept_or_corrected(open_page, served, photo, tmp_path):
    page = open_page(served("careful"))
    page.get_by_role("heading", name="careful").wait_for()
    page.locator("#file").set_input_files(photo)
    answer = page.locator(".answer")
    answer.locator("canvas").wait_for()
    assert answer.locator(".label").inner_text() == "cat"
    assert answer.locator(".file").inner_text() == "a cat.jpg"
    answer.get_by_role("button", name="That is right").click()
    answer.get_by_role("status").filter(has_text="Kept as a label: cat.").wait_for()
    (row,) = read_labels(tmp_path / "log" / "labels.csv").rows.values()
    assert (row["label"], row["source"][:16]) == ("cat", "program:careful@")
    answer.get_by_label("the right label").locator("visible=true").select_option("dog")
    answer.get_by_role("button", name="Correct it").click()
    answer.get_by_role("status").filter(has_text="Thank you").wait_for()
    (row,) = read_labels(tmp_path / "log" / "labels.csv").rows.values()
    assert (row["label"], row["source"]) == ("dog", "person")
    answer.get_by_role("button", name="Where did it look?").click()
    answer.get_by_text("the more the prediction cat needs that part").wait_for()
    shot(page, "serve-photo")
    page.get_by_label("Answer only if sure at").select_option("0.95")
    page.locator("#file").set_input_files(photo)
    page.locator(".label", has_text="I don't know").wait_for()
    assert page.locator(".answer").first.locator(".reason").is_visible()
    assert page.locator(".answer").first.get_by_role("button", name="That is right").is_hidden()
    page.watched.assert_clean()


def test_several_labels_are_chosen_and_kept_as_tables_have_them(open_page, served, photo, tmp_path):
    page = open_page(served("several"))
    page.locator("#file").set_input_files(photo)
    answer = page.locator(".answer")
    choice = answer.get_by_label("the right label").locator("visible=true")
    choice.select_option(["red", "blue"])
    answer.get_by_role("button", name="Correct it").click()
    answer.get_by_role("status").filter(has_text="Thank you").wait_for()
    (row,) = read_labels(tmp_path / "log" / "labels.csv").rows.values()
    assert (row["label"], row["source"]) == ("red;blue", "person")
    page.watched.assert_clean()


def test_a_photo_is_dropped_or_pasted_and_what_is_no_photo_is_said(open_page, served):
    page = open_page(served("photos"))
    page.get_by_role("heading", name="photos").wait_for()
    give = """async ([how, bytes]) => {
        const given = new DataTransfer();
        given.items.add(new File([bytes ? new Uint8Array(bytes) : await new OffscreenCanvas(20, 20).convertToBlob()], "x.png"));
        const options = {bubbles: true, cancelable: true, dataTransfer: given, clipboardData: given};
        const target = how === "drop" ? document.getElementById("drop") : document;
        target.dispatchEvent(how === "drop" ? new DragEvent("drop", options) : new ClipboardEvent("paste", options));
    }"""
    page.evaluate(
        "() => { OffscreenCanvas.prototype.convertToBlob0 = OffscreenCanvas.prototype.convertToBlob; "
        "OffscreenCanvas.prototype.convertToBlob = function (o) { this.getContext('2d').fillRect(0, 0, 9, 9); return this.convertToBlob0(o); } }"
    )
    page.evaluate(give, ["drop", None])
    page.locator(".answer").wait_for()
    page.evaluate(give, ["paste", None])
    page.locator(".answer").nth(1).wait_for()
    page.evaluate(give, ["drop", [1, 2, 3]])
    page.get_by_role("alert").filter(has_text="is not an image in a known format").wait_for()
    assert page.watched.strangers == []


def test_the_camera_takes_a_photo(open_page, served):
    page = open_page(served("photos"))
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Take the photo").click()
    page.locator(".answer .label").wait_for()
    page.get_by_role("button", name="Close").click()
    assert page.locator("#camera-box").is_hidden()
    page.watched.assert_clean()


def test_a_sound_is_recorded(open_page, served):
    page = open_page(served("sounds"))
    page.get_by_role("button", name="Record", exact=True).click()
    page.locator("#recording", has_text="Recording: 1 s").wait_for()
    page.get_by_role("button", name="Stop").click()
    page.locator(".answer .label").wait_for()
    assert page.locator(".label").inner_text() in ("loud", "quiet")
    page.watched.assert_clean()


def test_a_recording_goes_on_in_another_language_and_ends_with_its_program(open_page, served):
    page = open_page(served("sounds", "texts"))
    page.evaluate(
        "() => { const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices); "
        "navigator.mediaDevices.getUserMedia = async (what) => (self.lent = await ask(what)); }"
    )
    page.get_by_role("button", name="Record", exact=True).click()
    page.locator("#recording", has_text="Recording").wait_for()
    page.get_by_role("button", name="Español").click()
    assert page.get_by_role("button", name="Parar").is_visible()
    page.locator("#program").select_option("texts")
    page.wait_for_function("() => self.lent.getTracks().every((track) => track.readyState === 'ended')")


def test_a_text_and_a_row_with_keys_alone(open_page, served):
    page = open_page(served("texts", "rows"))
    page.get_by_label("Text").fill("a good film")
    page.keyboard.press("Control+Enter")
    page.locator(".label", has_text="positive").wait_for()
    page.get_by_label("Program").select_option("rows")
    page.get_by_label("job").select_option("nurse")
    page.get_by_label("age").fill("41")
    page.get_by_label("since").fill("2021-05-01")
    page.keyboard.press("Enter")
    page.locator(".label", has_text="rich").wait_for()
    assert page.locator(".file").inner_text() == "job: nurse, age: 41, since: 2021-05-01"
    page.get_by_label("age").press("Control+a")
    page.keyboard.type("40,5")
    page.keyboard.press("Enter")
    page.locator(".file", has_text="age: 40,5, since").wait_for()  # no browser took the comma out
    page.get_by_label("age").fill("41")
    page.get_by_role("button", name="Español").click()
    assert page.get_by_label("age").input_value() == "41"  # what was typed stays
    assert page.get_by_label("job").input_value() == "nurse"
    page.get_by_role("button", name="English").click()
    page.get_by_label("job").select_option("(empty)")
    page.get_by_label("age").fill("")
    page.get_by_role("button", name="Predict").click()
    page.locator(".file", has_text="job: –, age: –").wait_for()
    shot(page, "serve-rows")
    page.watched.assert_clean()


@pytest.mark.filterwarnings("ignore:Column .since. had times of day")  # what the old form asked for
def test_a_program_that_is_replaced_is_shown_and_asks_for_what_it_needs(
    open_page, serving, tiny_programs, tmp_path
):
    file = tiny_programs.write("rows", tmp_path / "rows.gatera")
    made = Made([load("rows", file)], named_sources([str(file)]), Options(reload=False), Place(), None, print)
    page = open_page(serving(made.app))
    page.get_by_label("age").fill("41")
    before = page.locator("#about").inner_text()
    (step,) = tiny_programs.rows()[0]["preprocess"]
    age, since = step["numbers"]
    age |= {"unit": "h:mm", "decimal": ".", "thousands": "", "fill": 7.5, "mean": 8.0}
    step["numbers"] = [age, {**since, "name": "since_Hour", "part": "Hour", "mean": 12.0, "fill": 12.0}]
    tiny_programs.write("rows", file, preprocess=[step])
    made.service.replace(load("rows", file))
    page.get_by_role("button", name="Predict").click()
    page.locator(".answer").wait_for()
    version = made.service.find("rows").version
    assert version in page.locator("#about").inner_text() != before
    assert page.get_by_label("age").input_value() == "41"
    page.get_by_label("age").fill("7:45")
    for hour, label in (("20:00", "rich"), ("03:00", "poor")):  # midnight is poor
        page.get_by_label("since").fill(f"2026-01-15T{hour}")
        page.get_by_role("button", name="Predict").click()
        page.locator(".answer").first.locator(".file", has_text=hour).wait_for()
        assert page.locator(".label").first.inner_text() == label
    page.watched.assert_clean()


def test_masks_and_points_are_drawn_on_the_photo(open_page, served, photo):
    page = open_page(served("masks", "points"))
    page.get_by_label("Program").wait_for()
    page.locator("#file").set_input_files(photo)
    page.locator(".answer canvas").wait_for()
    line = page.evaluate(
        "() => [...document.querySelector('.answer canvas').getContext('2d').getImageData(0, 10, 120, 1).data]"
    )
    left, right = line[40:44], line[440:444]
    assert not np.allclose(left[:3], [220, 30, 30], atol=20), "the mask is not drawn"
    assert left != right
    shot(page, "serve-mask")
    page.get_by_label("Program").select_option("points")
    page.locator("#file").set_input_files(photo)
    page.locator(".answer canvas").wait_for()
    page.watched.assert_clean()


def test_the_page_speaks_spanish_and_remembers_it(open_page, served):
    page = open_page(served("texts"), locale="es-ES")
    page.get_by_role("button", name="Predecir").wait_for()
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Predict").wait_for()
    page.reload()
    page.get_by_role("button", name="Predict").wait_for()
    assert page.locator("html").get_attribute("lang") == "en"
    page.watched.assert_clean()


def test_the_docs_describe_every_address_without_a_network(open_page, served):
    page = open_page(served("rows", "photos"))
    page.get_by_role("link", name="For programmers").click()
    page.get_by_role("heading", name="POST /programs/rows/predict").wait_for()
    assert "curl --json" in page.locator("#paths").inner_text()
    shot(page, "serve-docs")
    page.watched.assert_clean()


@pytest.mark.parametrize("kinds", [("rows", "ratings", "careful"), ("ratings",)])
def test_the_commands_that_the_docs_print_work(open_page, served, photo, kinds):
    address = served(*kinds)
    page = open_page(f"{address}docs")
    page.get_by_role("heading", name="GET /recommend").wait_for()
    for line in "\n".join(page.locator("#paths pre").all_inner_texts()).splitlines():
        url = line.split("'")[-2]
        if line.startswith("curl 'http"):
            assert page.request.get(url).ok, line
        elif "@photo.jpg" in line:
            assert page.request.post(url, data=photo.read_bytes()).ok, line
        elif "/where" in url:
            pytest.fail(f"only one photo at a time is explained: {line}")


def test_what_a_screen_reader_is_told(open_page, served):
    page = open_page(served("rows"))
    page.get_by_label("job").wait_for()
    told = page.locator("body").aria_snapshot()
    for line in (
        'heading "rows"',
        'heading "Input"',
        'heading "Prediction"',
        'combobox "job"',
        'textbox "age"',
        'button "Predict"',
    ):
        assert line in told, told


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_is_cut_at_any_width(open_page, served, photo, dark):
    address = served("careful")
    for width in (390, 760, 1280):
        page = open_page(address, width=width, dark=dark)
        page.locator("#file").set_input_files(photo)
        page.locator(".answer canvas").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shot(page, f"serve-{width}-{'dark' if dark else 'light'}")


def test_a_photo_that_is_chosen_before_the_page_is_ready_waits_for_it(open_page, served, photo):
    page, held = open_page(), []
    page.route("**/programs", lambda route: held.append(route))
    page.goto(served("careful"))
    page.locator("#file").set_input_files(photo)
    page.wait_for_timeout(300)
    assert page.locator(".answer").count() == 0
    held[0].continue_()
    page.locator(".answer canvas").wait_for()


def test_a_folder_dropped_beside_the_zone_names_each_photo_that_failed(
    open_page, served, photo, drop, tmp_path
):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "bad.jpg").write_bytes(b"no photo")
    (folder / "cat.jpg").write_bytes(photo.read_bytes())
    (folder / "notes.txt").write_text("no photo")
    page = open_page(served("careful"))
    page.get_by_role("heading", name="careful").wait_for()
    drop(page, [folder])
    page.locator(".answer canvas").wait_for()
    page.locator("#problem", has_text="Skipped files of other kinds in the folder: 1.").wait_for()
    assert page.locator("#problem").inner_text().startswith("bad.jpg: ")
    assert page.url.startswith("http://127.0.0.1")


def test_what_a_proxy_answers_is_not_called_silence(open_page, served, photo):
    page = open_page(served("careful"))
    page.get_by_role("heading", name="careful").wait_for()
    said = "Something between this page and the server, such as a proxy, answered instead: "
    answered = []
    page.route("**/predict*", lambda route: route.fulfill(status=answered[-1], body="<html>"))
    for status, words in ((413, "the file is larger than it allows (413)."), (502, "502 Bad Gateway.")):
        answered.append(status)
        page.locator("input[type=file]").first.set_input_files(photo)
        page.locator("#problem", has_text=said + words).wait_for()
    page.unroute("**/predict*")
    page.route("**/predict*", lambda route: route.abort())
    page.locator("input[type=file]").first.set_input_files(photo)
    page.locator("#problem", has_text="The server does not answer.").wait_for()


def test_very_small_numbers_keep_their_size(open_page, served):
    page = open_page(served("numbers"))
    page.get_by_role("heading", name="numbers").wait_for()
    page.route(
        "**/predict", lambda route: route.fulfill(json={"value": 1.5e-10, "interval": [1e-20, 9999.96]})
    )
    page.get_by_role("button", name="Predict").click()
    page.locator(".label", has_text="1.5e-10").wait_for()
    assert page.locator(".file").inner_text().endswith("between 1e-20 and 10000")


def test_more_predictions_than_are_shown_are_said(open_page, served):
    page = open_page(served("texts", "careful"))
    page.get_by_role("heading", name="texts").wait_for()
    for number in range(25):
        assert page.locator("#older").is_hidden()
        page.get_by_label("Text").fill(f"film {number}")
        page.get_by_role("button", name="Predict").click()
        page.locator(".answer").first.get_by_text(f"film {number}", exact=True).wait_for()
    assert page.locator("#older").inner_text() == "Only the last 24 predictions are shown."
    assert page.locator(".answer").count() == 24
    page.locator("#program").select_option("careful")
    page.locator("#older").wait_for(state="hidden")
    page.watched.assert_clean()
