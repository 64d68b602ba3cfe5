"""Exported pages in Chromium: they answer as the program does, in both languages, by keyboard, and ask nobody else."""

from __future__ import annotations

import base64
import io
import json
import shutil
import wave

import numpy as np
import pytest
from PIL import Image

import gatera

#: As close as answers must be; they are the same but for the rounding of float32.
CLOSE = 1e-4

pytestmark = pytest.mark.slow


def picture(seed: int, size: tuple[int, int]) -> Image.Image:
    """A smooth photo with some noise, (width, height)."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)).resize(
        size, Image.Resampling.BICUBIC
    )
    noisy = np.asarray(small).astype(int) + rng.integers(-12, 12, (size[1], size[0], 3))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image, format: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def photos() -> list[bytes]:
    """JPEGs of every kind, and PNGs."""
    wide, tall = picture(1, (83, 61)), picture(2, (40, 97))
    return [
        *(encoded(wide, quality=88, subsampling=sampling, progressive=progressive) for sampling in (0, 1, 2) for progressive in (False, True)),
        *(encoded(tall, exif=turned(orientation)) for orientation in range(1, 9)),
        encoded(wide.convert("L")), encoded(wide, restart_marker_blocks=2), encoded(picture(3, (1, 1))), encoded(picture(4, (333, 250))),
        encoded(wide, quality=10),
        encoded(wide, "PNG"), encoded(tall.convert("L"), "PNG"), encoded(wide.quantize(16), "PNG"), encoded(wide, "BMP"), encoded(wide, "GIF"),
    ]  # fmt: skip


def sound(rate: int = 8000, channels: int = 1, seconds: float = 0.7) -> bytes:
    file = io.BytesIO()
    place = np.arange(int(rate * seconds)) / rate
    tone = np.sin(2 * np.pi * 700 * place) * np.linspace(0.1, 0.9, len(place)) * 30000
    with wave.open(file, "wb") as stored:
        stored.setnchannels(channels)
        stored.setsampwidth(2)
        stored.setframerate(rate)
        stored.writeframes(np.repeat(tone[:, None], channels, 1).astype("<i2").tobytes())
    return file.getvalue()


ROWS = [
    {"job": "cook", "age": "31", "since": "2019-05-02"}, {"job": " nurse", "age": "$1,5", "since": "2024-W09-4"},
    {"job": "", "age": None, "since": ""}, {"job": "cook", "age": 55.5, "since": "2021-12-31T23:30:00-05:00"},
]  # fmt: skip

#: Inputs of each kind of tiny program.
INPUTS = {
    "careful": photos, "several": lambda: photos()[:3], "masks": lambda: photos()[:3], "points": lambda: photos()[5:8],
    "sounds": lambda: [sound(), sound(44_100, 2, 0.3), sound(11_025, 1, 0.9)],
    "texts": lambda: ["A GOOD film", "bad &amp; poor<br/>film", "caf\u00e9 fine \U0001f600"],
    "rows": lambda: ROWS, "numbers": lambda: ROWS, "ratings": lambda: [{"user": "7", "film": "Brazil"}, {"user": 9, "film": "Cube"}],
}  # fmt: skip

PREDICT = """async ([kind, raws, sure]) => {
  const { loadProgram } = await import(`../${kind}/js/program.js`);
  const program = await loadProgram(new URL(`../${kind}/`, document.baseURI));
  const answers = [];
  for (const raw of raws) {
    const given = raw?.bytes ? Uint8Array.from(atob(raw.bytes), (c) => c.charCodeAt(0)) : raw;
    answers.push(await program.predict(given, { sure }));
  }
  return answers;
}"""


def as_sent(raw):
    return {"bytes": base64.b64encode(raw).decode()} if isinstance(raw, bytes) else raw


def assert_same(found, wanted, where):
    """Compare an answer with the program's, number by number."""
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            assert_same(found[key], value, (*where, key))
    elif isinstance(wanted, list | tuple):
        assert len(found) == len(wanted), where
        for number, (one, other) in enumerate(zip(found, wanted, strict=True)):
            assert_same(one, other, (*where, number))
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, abs=CLOSE, rel=CLOSE), where
    else:
        assert found == wanted, where


@pytest.fixture(scope="module")
def loaded(browser, exported):
    """A page of this site, for scripts."""
    page = browser.new_page()
    page.goto(exported("careful")[1])
    page.wait_for_selector("body[data-ready]")
    yield page
    page.close()


@pytest.mark.whole
@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.filterwarnings("ignore")  # of cells that training never saw: the page shows them as notes
def test_a_page_answers_as_the_program_does(exported, loaded, kind):
    path, _ = exported(kind)
    program, sure = gatera.load_program(path), 0.95 if kind == "careful" else None
    raws = INPUTS[kind]()
    answers = loaded.evaluate(PREDICT, [kind, [as_sent(raw) for raw in raws], sure])
    for number, (found, raw) in enumerate(zip(answers, raws, strict=True)):
        assert_same(found, json.loads(json.dumps(program.predict(raw, sure=sure).to_dict())), (kind, number))


def test_the_page_by_mouse_and_keyboard_in_two_languages(exported, open_page, tmp_path):
    _, address = exported("careful")
    page = open_page(address, width=390, dark=True)
    page.wait_for_selector("body[data-ready]")
    cat, unsure, broken = (tmp_path / f"{name}.jpg" for name in ("cat", "unsure", "broken"))
    Image.new("RGB", (30, 20), (230, 10, 10)).save(cat)
    Image.new("RGB", (30, 20), (120, 120, 120)).save(unsure)
    broken.write_bytes(cat.read_bytes()[:200])
    page.set_input_files("input[type=file]", cat)
    page.wait_for_selector("article h3:has-text('cat · ')")
    page.select_option("#sure", "0.9")
    page.set_input_files("input[type=file]", unsure)
    page.wait_for_selector('article h3:has-text("I don\'t know")')
    assert (
        "cat has a probability of 0.5000; on the held-out items, predictions of 0.9700 or more were right in 90 % of cases."
        in page.locator("article").first.inner_text()
    )
    page.set_input_files("input[type=file]", broken)
    page.wait_for_selector("[role=alert]:has-text('broken.jpg: The photo is truncated or damaged.')")
    tree = page.locator("body").aria_snapshot()
    for part in (
        'heading "careful" [level=1]',
        'button "Choose photos"',
        'combobox "Answer only where it is sure at"',
        'img "cat.jpg"',
        "rowheader",
    ):
        assert part in tree, part
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Home")
    page.locator("#language").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("article h3:has-text('No lo sé')")
    page.wait_for_selector("[role=alert]:has-text('broken.jpg: La foto está ')")
    assert page.evaluate("document.documentElement.lang") == "es"
    page.locator("#clear").focus()
    page.keyboard.press("Enter")
    assert page.locator("article").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    page.watched.assert_clean()
    asked = [request for request in page.watched.requests if request.startswith("http")]
    assert len(asked) == len(set(asked)), "no file is fetched twice"
    assert {request.split("/")[2] for request in page.watched.requests if request.startswith("http")} == {
        address.split("/")[2]
    }


@pytest.mark.whole
def test_a_row_is_typed_into_a_form(exported, open_page):
    page = open_page(exported("rows")[1], locale="es-ES")
    page.wait_for_selector("body[data-ready]")
    page.get_by_label("job").select_option("nurse")
    assert page.get_by_label("age").get_attribute("inputmode") is None  # keypads have no minus, and no colon
    page.get_by_label("age").fill("x1")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]:has-text('La columna age contiene x1, que no es un número.')")
    page.get_by_label("age").fill("61")
    page.get_by_label("since").fill("2024-02-29")
    page.keyboard.press("Enter")
    page.wait_for_selector("article h3:has-text('rich · ')")
    page.watched.assert_clean()


@pytest.mark.whole
def test_a_page_that_lacks_a_file_says_so(exported, site, open_page):
    folder, address = site
    exported("careful")
    shutil.copytree(folder / "some" / "path" / "careful", folder / "broken")
    (folder / "broken" / "model.onnx").unlink()
    page = open_page(f"{address}broken/")
    page.wait_for_selector(
        "[role=alert]:has-text('The program could not be loaded: /broken/model.onnx: 404')"
    )


@pytest.mark.whole
def test_the_camera_and_the_microphone(exported, open_page):
    page = open_page(exported("careful")[1], permissions=["camera"])
    page.wait_for_selector("body[data-ready]")
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Take a photo").click()
    page.wait_for_selector("figcaption:has-text('photo 1')")
    page.get_by_role("button", name="Stop the camera").click()
    assert page.get_by_role("button", name="Use the camera").is_visible()
    page.watched.assert_clean()
    page = open_page(exported("sounds")[1], permissions=["microphone"])
    page.wait_for_selector("body[data-ready]")
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_selector("[role=status]:has-text('Recording: 1 s')")
    page.get_by_role("button", name="Stop and predict").click()
    page.wait_for_selector("figcaption:has-text('recording 1')")
    page.watched.assert_clean()
