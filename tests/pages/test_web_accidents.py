"""Exported pages in Chromium where something goes wrong: odd photos, odd servers, browsers with settings, drops beside the zone."""

from __future__ import annotations

import base64
import io
import json
import shutil
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

import gatera
from gatera.core.errors import PhotoError
from gatera.program.raw.photo import read_photo

pytestmark = [pytest.mark.slow, pytest.mark.whole]

READ = """async (raws) => {
  const { readPhoto } = await import("./js/photo/read.js");
  const answers = [];
  for (const raw of raws) {
    try {
      const { photo } = await readPhoto(Uint8Array.from(atob(raw), (c) => c.charCodeAt(0)), {}, []);
      answers.push([photo.height, photo.width, Array.from(photo.data)]);
    } catch (error) {
      answers.push(error.code ?? String(error));
    }
  }
  return answers;
}"""

#: What Brave does with pixels that a page reads, and what Firefox does where it resists fingerprinting: noise, transparent too.
ALTERS, HIDES = (
    f"""const read = CanvasRenderingContext2D.prototype.getImageData;
    CanvasRenderingContext2D.prototype.getImageData = function (...box) {{
      const found = read.apply(this, box);
      for (let i = 0; i < found.data.length; i++) {change};
      return found;
    }};"""
    for change in (
        "if (i % 37 === 0 && i % 4 !== 3) found.data[i] ^= 1",
        "found.data[i] = (97 * i + 11) % 256",
    )
)


def encoded(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def striped(width=9, height=6):
    return Image.fromarray(np.arange(width * height * 3, dtype=np.uint8).reshape(height, width, 3))


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def photo_file(path, colour=(230, 10, 10)):
    Image.new("RGB", (30, 20), colour).save(path)
    return path


@pytest.fixture
def careful(exported, open_page):
    """Open the page of a program of photos."""

    def opened(script=None, **options):
        page = open_page(**options)
        if script:
            page.add_init_script(script)
        page.goto(exported("careful")[1])
        page.wait_for_selector("body[data-ready]")
        return page

    return opened


@pytest.mark.filterwarnings("ignore:.*the first counts")
def test_photos_that_the_browser_decodes_are_those_of_the_program(careful):
    page = careful()
    clear = striped().convert("RGBA")
    clear.putalpha(Image.fromarray(np.arange(54, dtype=np.uint8).reshape(6, 9) % 2 * 255))
    photos = [
        *(encoded(striped(), format, exif=turned(orientation), lossless=True) for format in ("WEBP", "PNG") for orientation in (1, 3, 6, 8)),
        encoded(striped(), "WEBP", lossless=True, save_all=True, append_images=[striped().transpose(0)]),
        encoded(striped(), "PNG", save_all=True, append_images=[striped().transpose(0)]),
        encoded(striped(), "GIF", save_all=True, append_images=[striped().transpose(0)]),
        encoded(clear, "PNG"), encoded(striped().convert("CMYK"), "JPEG"),
    ]  # fmt: skip
    found = page.evaluate(READ, [base64.b64encode(photo).decode() for photo in photos])
    for number, (photo, (height, width, pixels)) in enumerate(zip(photos, found, strict=True)):
        wanted = np.asarray(read_photo(photo))
        assert np.array_equal(np.reshape(pixels, (height, width, 3)), wanted), number


def swapped_profile():
    """A colour profile that takes red for blue."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = (
        132 + 12 * n for n in range(profile[131]) if profile[132 + 12 * n :][:4] in (b"rXYZ", b"bXYZ")
    )
    profile[red : red + 4], profile[blue : blue + 4] = profile[blue : blue + 4], profile[red : red + 4]
    return bytes(profile)


def with_chunk(png, name, content):
    chunk = name + content
    return (
        png[:33] + len(content).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big") + png[33:]
    )


def test_a_browser_that_converts_colours_and_turns_nothing_sees_the_same_photos(careful):
    # as WebKit does, whatever it is asked for
    page = careful(
        "const make = self.createImageBitmap; self.createImageBitmap = (file) => make(file, { imageOrientation: 'none' })"
    )
    png, profile, exif = encoded(striped(), "PNG"), swapped_profile(), turned(6).tobytes()[6:]
    raw = f"Raw profile type exif\0\nexif\n{len(exif)}\n{exif.hex()}\n".encode()
    zipped = raw[:22] + b"\0" + zlib.compress(raw[22:])
    xmp = b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="8">'
    large = striped(90, 60).resize((180, 120), Image.Resampling.NEAREST)
    photos = [
        encoded(striped(), "PNG", icc_profile=profile), encoded(striped(), "WEBP", icc_profile=profile, exif=turned(8), lossless=True),
        with_chunk(png, b"gAMA", (100_000).to_bytes(4, "big")), with_chunk(png, b"eXIf", exif), with_chunk(png, b"tEXt", raw),
        with_chunk(png, b"zTXt", zipped), with_chunk(png, b"iTXt", xmp),
        *(encoded(large, "AVIF", exif=turned(orientation), quality=100, subsampling="4:4:4") for orientation in (1, 3, 6, 8)),
    ]  # fmt: skip
    found = page.evaluate(READ, [base64.b64encode(photo).decode() for photo in photos])
    for number, (photo, (height, width, pixels)) in enumerate(zip(photos, found, strict=True)):
        wanted = np.asarray(read_photo(photo)).astype(int)
        assert (height, width) == wanted.shape[:2], number
        most = 2 * (number > 6)  # AVIF is not decoded to the same level everywhere
        assert abs(np.reshape(pixels, (height, width, 3)) - wanted).max() <= most, number


def test_photos_that_are_none_are_refused_by_name(careful):
    page = careful()
    png = encoded(Image.effect_noise((60, 40), 90).convert("RGB"), "PNG")
    photos = {
        "empty": b"", "damaged": png[: len(png) // 2], "unknown_photo": encoded(striped(48, 48), "ICO"), "deep": encoded(Image.new("I;16", (3, 3)), "PNG"),
        "too_large": encoded(Image.new("RGB", (70_000, 1)), "PNG"),  # wider than a canvas, which stays empty without a word
    }  # fmt: skip
    found = page.evaluate(READ, [base64.b64encode(photo).decode() for photo in photos.values()])
    assert found == list(photos)


def test_files_made_to_take_all_memory_are_refused(careful):
    nested = b"\0\0\0\x0cftypavif" + b"".join(
        (8 * n).to_bytes(4, "big") + b"iprp" for n in range(20_000, 0, -1)
    )
    swelling = b"Raw profile type exif\0\0" + zlib.compress(bytes(2_000_000))
    files = [nested, with_chunk(encoded(striped(), "PNG"), b"zTXt", swelling)]
    with pytest.raises(PhotoError):
        read_photo(files[1])
    found = careful().evaluate(READ, [base64.b64encode(file).decode() for file in files])
    assert found == ["unknown_photo", "damaged"]


def test_a_browser_that_falsifies_pixels_is_noticed(careful, tmp_path):
    png, jpeg = photo_file(tmp_path / "a.png"), photo_file(tmp_path / "b.jpg")
    page = careful(ALTERS)
    page.set_input_files("input[type=file]", png)
    page.wait_for_selector("article p.warn:has-text('This browser alters the pixels that pages read')")
    page = careful(HIDES)
    page.set_input_files("input[type=file]", [png, jpeg])
    page.wait_for_selector("article figcaption:has-text('b.jpg')")
    assert page.locator("article").count() == 1
    assert page.locator("[role=alert]").inner_text().startswith("a.png: This browser hides the pixels")


def test_a_folder_is_dropped_beside_the_zone(careful, drop, tmp_path):
    folder = tmp_path / "visitors"
    (folder / "june").mkdir(parents=True)
    photo_file(folder / "june" / "cat.jpg")
    (folder / "empty.jpg").touch()
    (folder / "cut.jpg").write_bytes((folder / "june" / "cat.jpg").read_bytes()[:200])
    (folder / "notes.txt").write_text("no photo")
    page = careful()
    address = page.url
    drop(page, [folder], 5, 790)
    page.wait_for_selector("article figcaption:has-text('cat.jpg')")
    assert page.locator("[role=alert]").inner_text().splitlines() == [
        "Skipped files of other kinds in the folder: 1.",
        "cut.jpg: The photo is truncated or damaged.",
        "empty.jpg: The file is empty.",
    ]
    assert page.url == address
    drop(page, [folder / "june" / "cat.jpg"], 5, 790)
    page.wait_for_selector("article:nth-child(2)")
    assert page.locator("[role=alert]").is_hidden()
    page.watched.assert_clean()


def test_a_file_that_is_dropped_on_a_form_does_not_replace_the_page(exported, open_page, drop, tmp_path):
    page = open_page(exported("texts")[1])
    page.wait_for_selector("body[data-ready]")
    page.get_by_label("A text").fill("A good film")
    drop(page, [photo_file(tmp_path / "a.jpg")], 5, 790)
    page.wait_for_selector("[role=alert]:has-text('files cannot be dropped on it')")
    assert page.get_by_label("A text").input_value() == "A good film"


def changed_file(content):
    half = len(content) // 2
    return content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]


@pytest.mark.parametrize(
    "name, change, said",
    [
        ("model.onnx", lambda content: content[:-9], "/model.onnx has "),
        ("model.onnx", changed_file, "/model.onnx is that of another program or version."),
        ("model.onnx", lambda content: b"<!doctype html>", "/model.onnx has 15 bytes instead of "),
        ("program.json", lambda content: b"<!doctype html>", "The server sends something else as "),
        ("program.json", lambda content: json.dumps({**json.loads(content), "page": 1}).encode(), "The scripts of this page do not match its program"),
    ],
)  # fmt: skip
def test_a_page_whose_files_are_others_says_so(exported, site, open_page, tmp_path, name, change, said):
    folder, address = site
    exported("careful")
    shutil.copytree(folder / "some" / "path" / "careful", folder / tmp_path.name)
    path = folder / tmp_path.name / name
    path.write_bytes(change(path.read_bytes()))
    page = open_page(f"{address}{tmp_path.name}/")
    page.wait_for_selector("[role=alert]:not([hidden])")
    assert said in page.locator("[role=alert]").inner_text()
    page.locator("#language").click()
    assert page.evaluate("document.documentElement.lang") == "es"


@pytest.mark.parametrize(
    "content, got, locale", [(None, "404", "en-GB"), (b"<!doctype html>", "text/html", "es-ES")]
)
def test_a_page_without_one_of_its_scripts_names_it(
    exported, site, open_page, tmp_path, content, got, locale
):
    folder, address = site
    exported("careful")
    copy = folder / tmp_path.name
    shutil.copytree(folder / "some" / "path" / "careful", copy)
    (copy / "js" / "text" / "read.js").unlink()
    if content is not None:  # a host that answers whatever is missing with a page of its own
        (copy / "js" / "text" / "read.js").mkdir()
        (copy / "js" / "text" / "read.js" / "index.html").write_bytes(content)
    page = open_page(f"{address}{tmp_path.name}/", locale=locale)
    words = page.locator("#loading-words")
    words.filter(has_text="/js/text/read.js").wait_for()
    assert got in words.inner_text()
    assert words.inner_text().count("could not" if locale == "en-GB" else "no se pudo") == 1


@pytest.mark.parametrize(
    "content, got, locale",
    [
        ("export function readText(", "SyntaxError", "en-GB"),
        ("export const other = 1;", "markWords", "es-ES"),
    ],
)
def test_a_script_that_is_cut_off_or_of_another_version_is_named(
    exported, site, open_page, tmp_path, content, got, locale
):
    """A browser that is too old fails in the same way; the page said that it must come from a web server."""
    folder, address = site
    exported("careful")
    copy = folder / tmp_path.name
    shutil.copytree(folder / "some" / "path" / "careful", copy)
    (copy / "js" / "text" / "read.js").write_text(content)
    words = open_page(f"{address}{tmp_path.name}/", locale=locale).locator("#loading-words")
    words.filter(has_text=".js: ").wait_for()
    assert got in words.inner_text()
    assert ("Reload" if locale == "en-GB" else "Recargue") in words.inner_text()


def test_a_browser_without_webassembly_says_so(exported, open_page):
    page = open_page()
    page.add_init_script("delete globalThis.WebAssembly")
    page.goto(exported("careful")[1])
    page.wait_for_selector("[role=alert]:has-text('This browser cannot run WebAssembly')")


def test_several_predictions_at_once(careful, exported, tmp_path):
    page = careful()
    raw = photo_file(tmp_path / "a.png").read_bytes()
    found = page.evaluate(
        """async (raw) => {
          const { loadProgram } = await import("./js/program.js");
          const program = await loadProgram(new URL("./", document.baseURI));
          const bytes = Uint8Array.from(atob(raw), (c) => c.charCodeAt(0));
          return (await Promise.all([1, 2, 3].map(() => program.predict(bytes)))).map(({ probability }) => probability);
        }""",
        base64.b64encode(raw).decode(),
    )
    wanted = gatera.load_program(exported("careful")[0]).predict(raw).probability
    assert found == [pytest.approx(wanted, abs=1e-5)] * 3
