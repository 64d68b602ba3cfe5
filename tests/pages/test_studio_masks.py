"""Masks in a browser: brush, fill, keys alone, undo over a reload."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from gatera.core.errors import DataError
from gatera.studio.masks.page_requests import mask_seen


@pytest.fixture
def streets(tmp_path: Path) -> Path:
    """Three photos of a red square on blue; the masks of two say that its left half is a car."""
    folder = tmp_path / "streets"
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    for number in range(3):
        photo, mask = Image.new("RGB", (60, 40), "blue"), Image.new("L", (60, 40))
        ImageDraw.Draw(photo).rectangle((20, 10, 39, 29), fill="red")
        ImageDraw.Draw(mask).rectangle((20, 10, 29, 29), fill=1)
        photo.save(folder / "images" / f"{number}.png")
        if number < 2:
            mask.save(folder / "masks" / f"{number}.png")
    (folder / "codes.txt").write_text("background\ncar\nroad\n")
    return folder


def positions(studio, place: int = 0) -> np.ndarray:
    return mask_seen(studio, studio.people.desk("Ann"), "Ann", studio.place.names[place]).positions


def waiting(page, n: int) -> None:
    page.wait_for_function(f"() => document.querySelectorAll('#last li').length === {n}")


def laid_out(page) -> None:
    """Wait until the mask lies on its photo, in the size in which both are seen."""
    page.wait_for_function("""() => {
      if (document.querySelector("#item canvas")?.ariaLabel !== "Mask: images/0.png") return false; // still the item before
      const [mask, photo] = ["canvas", "img"].map((name) => document.querySelector(`#item ${name}`)?.getBoundingClientRect());
      return mask && photo && photo.width > 100 && ["x", "y", "width", "height"].every((side) => mask[side] === photo[side]);
    }""")


def test_a_click_before_the_mask_is_there_is_not_lost(streets, opened):
    page, studio = opened(streets, classes=())
    held = []
    page.route(
        "**/mask/1*", lambda route: route.fallback() if "/api/" in route.request.url else held.append(route)
    )
    page.select_option("#queue", "all")
    laid_out(page)
    page.keyboard.press("c")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('#item canvas')?.ariaLabel === 'Mask: images/1.png'")
    page.wait_for_function("() => document.querySelector('#item img').getBoundingClientRect().width > 100")
    box = page.locator("#item img").bounding_box()
    page.mouse.click(box["x"] + 35.5 / 60 * box["width"], box["y"] + 20.5 / 40 * box["height"])
    assert positions(studio, 1).sum() == 200
    for route in held:
        route.continue_()
    waiting(page, 1)
    assert (positions(studio, 1)[10:30, 20:40] == 1).all() and positions(studio, 1).sum() == 400


def test_brush_fill_and_undo(streets, opened):
    page, studio = opened(streets, classes=())
    page.select_option("#queue", "all")
    canvas = page.get_by_role("application", name="Mask: images/0.png")
    page.wait_for_function("() => document.querySelector('#item canvas').width === 60")
    laid_out(page)
    box = canvas.bounding_box()

    def click(x: float, y: float) -> None:
        page.mouse.click(box["x"] + (x + 0.5) / 60 * box["width"], box["y"] + (y + 0.5) / 40 * box["height"])

    photo = page.locator("#item img").bounding_box()
    assert box == photo and photo["width"] == 256  # a small photo is seen large, and its mask lies on it
    assert page.get_by_role("button", name="car 2").get_attribute("aria-pressed") == "true"
    page.keyboard.press("c")  # fill like colours: all of the square is a car
    click(35, 20)
    waiting(page, 1)
    assert (positions(studio)[10:30, 20:40] == 1).all() and positions(studio).sum() == 400
    page.keyboard.press("3")
    page.keyboard.press("v")  # fill the region
    click(25, 15)
    waiting(page, 2)
    assert (positions(studio) == 2).sum() == 400
    page.keyboard.press("b")
    for _ in range(12):
        page.keyboard.press(",")
    page.keyboard.press("2")
    click(0, 0)
    waiting(page, 3)
    assert positions(studio)[0, :2].tolist() == [1, 0]  # a brush of one pixel
    page.keyboard.press("e")
    click(0, 0)
    waiting(page, 4)
    assert positions(studio)[0, 0] == 0
    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.keyboard.press("u")
    waiting(page, 3)
    assert positions(studio)[0, 0] == 1
    page.set_viewport_size({"width": 700, "height": 700})  # what is painted stays where it was seen
    page.wait_for_function("() => innerWidth === 700")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_function("() => document.querySelector('#item canvas').width === 60")
    laid_out(page)
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 1, box["y"] + box["height"] - 1)
    page.mouse.down()
    page.mouse.move(box["x"] + 2 * box["width"], box["y"] + 2 * box["height"], steps=5)
    page.mouse.up()  # outside, below the last row
    waiting(page, 4)
    assert (positions(studio)[-1] == 1).all()
    page.get_by_role("button", name="Finish (1)").click()
    page.keyboard.press("Enter")
    page.get_by_text("1 mask replaced").first.wait_for()
    assert np.asarray(Image.open(streets / "masks" / "0.png"))[20, 35] == 2
    page.watched.assert_clean()


def test_masks_by_keys_alone(streets, opened):
    page, studio = opened(streets, classes=())
    press = page.keyboard.press
    page.wait_for_function("() => document.querySelector('#item canvas')?.width === 60")
    assert page.locator("#facts").inner_text().startswith("no label")  # the photo without a mask comes first
    for _ in range(12):
        press(",")
    press("3")
    press("d")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "application"
    for key in ("Space", "ArrowRight", "ArrowRight", "ArrowDown", "Space", "ArrowDown"):
        press(key)
    waiting(page, 1)
    page.wait_for_function("() => document.getElementById('status').textContent === '32, 22: background'")
    found = positions(studio, 2)
    assert found[20, 30:33].tolist() == [2, 2, 2] and found[21, 32] == 2 and (found == 2).sum() == 4
    press("Escape")
    press("o")
    assert page.evaluate("document.querySelector('#item canvas').style.opacity") == "0.9"
    press("Enter")  # right as it is, and on
    page.get_by_text("That was the last item in this queue.").wait_for()
    press("g")
    page.select_option("#queue", "all")
    page.get_by_role("option", name="images/0.png: masks/0.png").click()
    page.get_by_role("application", name="Mask: images/0.png").wait_for()
    press("Backspace")
    waiting(page, 3)
    page.watched.assert_clean()


@pytest.mark.whole
def test_a_mask_that_cannot_be_shown_is_said_in_its_place(streets, opened):
    Image.new("L", (40, 60)).save(streets / "masks" / "1.png")
    page, _ = opened(streets, classes=(), locale="es-ES", width=360, height=740, dark=True)
    page.select_option("#queue", "all")
    page.keyboard.press("ArrowRight")
    page.get_by_text("is 40 x 60 pixels, and its photo 60 x 40").wait_for()
    page.keyboard.press("g")
    page.locator("#cell-0 img").wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.cell img')].every((each) => each.naturalWidth)"
    )
    page.keyboard.press("g")
    assert page.get_by_role("button", name="Rellenar región").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_stroke_that_found_no_room_is_kept_by_the_next_key(streets, opened, comes_to, monkeypatch):
    page, studio = opened(streets, classes=())
    page.select_option("#queue", "all")
    page.wait_for_function("() => document.querySelector('#item canvas')?.width === 60")
    laid_out(page)
    box = page.locator("#item canvas").bounding_box()
    kept = studio.drawings.keep

    def full(by, data):
        raise DataError("the drawing cannot be written (No space left on device)")

    for what, drawn in (("Enter", True), ("Backspace", False)):
        monkeypatch.setattr(studio.drawings, "keep", full)
        page.keyboard.press("2")
        page.mouse.click(box["x"] + box["width"] / 8, box["y"] + box["height"] / 8)
        page.get_by_text("No space left on device").wait_for()
        assert positions(studio)[5, 7] == 0
        monkeypatch.setattr(studio.drawings, "keep", kept)
        page.keyboard.press(what)
        page.wait_for_function("() => document.getElementById('problem').hidden")
        page.keyboard.press("ArrowLeft")
        comes_to(page, lambda: positions(studio)[5, 7], drawn)
        page.keyboard.press("Backspace")
        comes_to(page, lambda: positions(studio)[5, 7], 0)
