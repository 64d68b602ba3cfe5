"""Contrast, names and focus: every text of the studio is legible in light and dark, and everything is reached by keys."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gatera.studio.guesses import Guesses
from gatera.studio.page_requests import Asked

BASE = Path("src/gatera/web/static/base.css")

#: Texts and what they stand on (WCAG AA: 4.5), and lines and marks that mean something (3).
TEXTS = [
    ("ink", "paper"), ("ink", "card"), ("ink", "wash"), ("ink", "bad-wash"), ("ink", "warn-wash"), ("soft", "paper"), ("soft", "card"),
    ("soft", "bad-wash"), ("accent", "paper"), ("accent", "card"), ("on-accent", "accent"), ("bad", "card"), ("bad", "bad-wash"),
    ("warn", "warn-wash"), ("good", "card"), ("good", "paper"),
]  # fmt: skip
LINES = [
    ("strong-line", "paper"),
    ("strong-line", "card"),
    ("accent", "paper"),
    ("accent", "card"),
    ("accent", "wash"),
    ("bad", "paper"),
]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_colours_have_contrast(dark):
    assert round(contrast("#000000", "#ffffff"), 1) == 21
    light, _, night = BASE.read_text().partition("prefers-color-scheme: dark")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", night if dark else light))
    weak = [(one, other, 4.5) for one, other in TEXTS if contrast(colours[one], colours[other]) < 4.5]
    weak += [(one, other, 3) for one, other in LINES if contrast(colours[one], colours[other]) < 3]
    assert weak == []


#: The texts that are seen whose colour is too near to what they stand on: [text, contrast].
WEAK = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((x) => x / 255).map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)).reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parts(getComputedStyle(each).backgroundColor);
      if ((colour[3] ?? 1) > 0.5) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  let seen = 0;
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility({ visibilityProperty: true }) || element.closest(".only-read, .skip, option")) continue;
    seen += 1;
    const [one, other] = [light(parts(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => a - b);
    const contrast = (other + 0.05) / (one + 0.05);
    if (contrast < 4.5) found.push([element.textContent, contrast.toFixed(2)]);
  }
  return seen > 5 ? found : ["too few texts were looked at", seen];
}"""

#: What can be used but has no name.
NAMELESS = """() => [...document.querySelectorAll("button, input, select, a, canvas, img, [role=option]")]
  .filter((each) => each.checkVisibility() && !each.ariaLabel && !each.textContent.trim() && !each.alt && !(each.labels?.length))
  .filter((each) => !(each.tagName === "IMG" && each.hasAttribute("alt"))).map((each) => each.outerHTML)"""


def guessing(studio) -> None:
    rows = np.tile([0.75, 0.25], (6, 1))
    studio.guesses = Guesses("head@12345678", ["cat", "dog"], rows)
    studio.act("Ben", Asked("label", {0: "dog"}))
    studio.act("Ann", Asked("label", {0: "cat"}))
    studio.act("Ann", Asked("flag", {0: True}))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "pets"
    folder.mkdir()
    for number in range(6):
        Image.new("RGB", (64, 48), (8 * number, 90, 250 - 8 * number)).save(folder / f"{number}.jpg")
    return folder


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_that_is_seen_is_legible_and_everything_has_a_name(photos, opened, dark):
    page, _ = opened(photos, before=guessing, dark=dark, train=lambda by, job: job.start(lambda job: "Done."))
    press = page.keyboard.press

    def look(where: str) -> None:
        assert (where, page.evaluate(WEAK)) == (where, [])
        assert (where, page.evaluate(NAMELESS)) == (where, [])

    page.select_option("#queue", "all")
    page.locator("#others").wait_for()
    look("one")
    press("t")
    page.locator("#job").wait_for()
    page.route("**/api/act*", lambda route: route.fulfill(status=500, json={"error": {"message": "No."}}))
    press("1")
    page.get_by_role("alert").wait_for()
    look("a problem, a job")
    page.unroute("**/api/act*")
    press("g")
    page.locator("#cell-5").wait_for()
    press("x")
    look("grid")
    press("?")
    look("keys")
    press("Escape")
    press("m")
    page.locator("#panel-body p").wait_for()
    look("panel")
    press("Escape")
    press("/")
    look("a question")


def test_focus_is_seen_and_goes_where_it_was(photos, opened):
    page, _ = opened(photos)
    press, focus = page.keyboard.press, "document.activeElement.id || document.activeElement.dataset.do"
    assert page.evaluate(focus) == "work"
    page.get_by_role("button", name="Filter").focus()
    press("Tab")
    assert page.evaluate(focus) == "model"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    press("Enter")
    page.get_by_role("dialog", name="Model").wait_for()
    press("Escape")
    assert page.evaluate(focus) == "model"  # where it was before the dialog
    skip = page.locator(".skip")
    assert skip.bounding_box()["x"] < 0
    skip.focus()
    assert skip.bounding_box()["x"] > 0  # seen while it has the focus
    press("Enter")
    assert page.evaluate(focus) == "work"
    reached = set()
    for _ in range(40):
        press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent.trim().split(' ')[0]"))
    assert {"Filter", "Finish", "cat", "dog", "Skip", "Undo", "Ann"} <= reached


def test_a_label_that_a_finger_chose_does_not_look_chosen_on_the_next_item(photos, opened):
    page, _ = opened(photos, width=390, has_touch=True, is_mobile=True)
    button = page.locator("#labels button").first
    before = button.evaluate("(button) => getComputedStyle(button).backgroundColor")
    button.tap()
    page.wait_for_function("() => document.querySelector('#last b')?.textContent === 'cat'")
    page.wait_for_timeout(300)
    assert button.evaluate("(button) => getComputedStyle(button).backgroundColor") == before
