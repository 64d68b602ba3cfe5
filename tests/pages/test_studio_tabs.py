"""Two tabs of one person: what one of them decided since is not overwritten by the other."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gatera.studio.masks.page_requests import mask_seen
from gatera.studio.page_requests import Asked

CANVAS = "() => document.querySelector('#item canvas')?.width === 60"


@pytest.fixture
def street(tmp_path):
    """A photo and its mask, which is all background."""
    for name in ("images", "masks"):
        (tmp_path / "street" / name).mkdir(parents=True)
        Image.new("RGB" if name == "images" else "L", (60, 40)).save(tmp_path / "street" / name / "0.png")
    (tmp_path / "street" / "codes.txt").write_text("background\ncar\n")
    return tmp_path / "street"


@pytest.fixture
def photos(tmp_path):
    (tmp_path / "pets").mkdir()
    for number in range(3):
        Image.new("RGB", (64, 48), (80 * number, 90, 250)).save(tmp_path / "pets" / f"{number:02}.jpg")
    return tmp_path / "pets"


def click(page, x: float, y: float) -> None:
    box = page.locator("#item canvas").bounding_box()
    page.mouse.click(box["x"] + (x + 0.5) / 60 * box["width"], box["y"] + (y + 0.5) / 40 * box["height"])


def painted(studio) -> np.ndarray:
    return mask_seen(studio, studio.people.desk("Ann"), "Ann", studio.place.names[0]).positions


def said_by(page, words: str) -> None:
    page.wait_for_function(
        "(words) => document.getElementById('problem').textContent.includes(words)", arg=words
    )


def test_a_stroke_does_not_take_away_those_of_another_tab(street, opened):
    first, studio = opened(street, classes=())
    second = first.context.new_page()

    def look(page) -> None:
        page.goto(first.url)
        page.wait_for_selector("html[data-ready]")
        page.wait_for_function(CANVAS)
        if page.input_value("#queue") != "all":  # the item is drawn anew
            page.evaluate("() => { document.querySelector('#item canvas').id = 'before' }")
            page.select_option("#queue", "all")
            page.wait_for_function("() => document.querySelector('#item canvas:not(#before)')?.width === 60")
        page.keyboard.press("2")

    look(first)
    look(second)
    for n, x in enumerate((10, 14)):  # its own strokes come one after the other
        click(first, x, 20)
        first.wait_for_function(f"() => document.querySelectorAll('#last li').length === {n + 1}")
    before = painted(studio)
    assert before[20, 10] == 1
    click(second, 50, 20)
    said_by(second, "in another tab")
    assert (painted(studio) == before).all()
    second.keyboard.press("Enter")  # what was not seen is not right either
    said_by(second, "in another tab")
    for _ in range(5):  # a click that comes while the page draws the item anew meets nothing
        look(second)
        click(second, 50, 20)
        second.wait_for_timeout(500)
        if painted(studio)[20, 50]:
            break
    assert painted(studio)[20, [10, 50]].tolist() == [1, 1]


def test_a_point_does_not_take_away_those_of_another_tab(photos, opened, comes_to):
    first, studio = opened(
        photos, before=lambda studio: studio.act("Ann", Asked("points", {0: [[0.5, 0.5]]}))
    )
    second = first.context.new_page()
    for page in (first, second):
        page.goto(first.url)
        page.wait_for_selector("html[data-ready]")
        page.wait_for_selector("#item circle")

    def moved(page, key: str) -> None:
        page.locator("#item circle").focus()
        page.keyboard.press(key)

    def points():
        return studio.people.desk("Ann").said["points"]["00.jpg"].value

    for key, expected in (("ArrowRight", [[0.505, 0.5]]), ("ArrowRight", [[0.51, 0.5]])):
        moved(first, key)
        comes_to(first, points, expected)
    moved(second, "ArrowDown")
    said_by(second, "in another tab")
    assert points() == [[0.51, 0.5]]
    second.wait_for_function("() => document.querySelector('#item circle').getAttribute('cx') === '51%'")
    moved(second, "ArrowDown")
    second.wait_for_function("() => document.getElementById('problem').hidden")
    assert points() == [[0.51, 0.505]]


def test_a_grid_does_not_take_back_the_labels_of_another_tab(photos, opened):
    first, studio = opened(photos)
    second = first.context.new_page()
    second.goto(first.url)
    second.wait_for_selector("html[data-ready]")
    second.keyboard.press("g")
    second.wait_for_selector("#cell-2")
    second.keyboard.press("1")  # all are cats
    first.keyboard.press("2")
    first.wait_for_function("() => document.getElementById('place').textContent === '2 of 3'")
    labels = studio.people.desk("Ann").labels
    second.keyboard.press("Enter")
    said_by(second, "in another tab")
    assert {name: each.value for name, each in labels.items()} == {"00.jpg": "dog"}
    second.wait_for_function("() => document.querySelector('#cell-0 b').textContent === 'dog'")
    second.keyboard.press("1")
    second.keyboard.press("Enter")
    second.wait_for_function("() => document.querySelectorAll('#last li').length === 2")
    assert {name: each.value for name, each in labels.items()} == {
        "00.jpg": "dog",
        "01.jpg": "cat",
        "02.jpg": "cat",
    }


def test_two_notes_in_two_tabs_are_both_kept(photos, opened):
    _, studio = opened(photos)
    for note, saw in (
        ("blurred", [""]),
        ("dark", [""]),
        ("dark; blurred", ["blurred; dark"]),
        ("", ["dark; blurred"]),
    ):
        studio.act("Ann", Asked("note", {0: note}, saw={0: saw}))
        value = studio.people.desk("Ann").said["note"]["00.jpg"].value
        assert value == {"dark": "blurred; dark"}.get(note, note)
