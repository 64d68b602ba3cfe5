"""Reading texts, numbers, dates and categories in Chromium, as pages do, and in Python."""

from __future__ import annotations

import base64
import io
import random
import struct
import threading
from collections import Counter
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import as_file, files

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import DataError, SoundError
from gatera.program.raw.cells import Codes
from gatera.program.raw.dates import (
    PARTS,
    has_zone,
    is_another_day,
    is_another_hour,
    is_whole_day,
    part_of_dates,
)
from gatera.program.raw.sound import load_sound
from gatera.program.raw.text import SPECIAL_WORDS, mark_words, read_text
from gatera.program.raw.tokens import TokenReader
from gatera.program.raw.wav import wav_header
from gatera.program.tables.numbers import PLAIN, NumberFormat, plain_number
from gatera.text.word_tokenizer import word_tokenizer


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def scripts(browser):
    """A page from which the scripts of exported pages can be imported."""
    with as_file(files("gatera.browser") / "static" / "js") as folder:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/errors.js")
        yield page
        page.close()
        server.shutdown()
        server.server_close()


#: Texts that tell tokenizers apart: sigmas, marks, numbers that are letters, joiners, blanks of all kinds, special tokens.
TEXTS = [
    "The GOOD film wasn't \u03a3\u0391\u03a3 \u0130stanbul", "caf\u00e9 cafe\u0301 \u2167_a_ \u00b2x \U00020000 \u0915\u094d\u0937\u093f", "[CLS] a [SEP][MASK]",
    "\u00a0\u3000 \ufb01 \x07\u200b\xad \u4e2d\u6587 3.14 1,000 $5", "so so so so GOOD!!! soooo <b>x</b>&eacute;&#x80;&notit;", "x" * 130 + " \ufffd\ufeff\u2028end",
    "a\U0001fbfab \u0378",  # no characters yet: an emoji of next year is none for a browser of this one
]  # fmt: skip

READ = """async ([texts, tokenizers, numbers, dates, columns]) => {
  const load = (name) => import(`./${name}.js`);
  const [{ readText, markWords }, { TokenReader }] = [await load("text/read"), await load("text/tokenizer")];
  const [{ textNumber }, { hasZone, isOtherDay, isOtherHour, isWholeDay, partOfDate }, { Codes }, { RowReader }] = [await load("table/numbers"), await load("table/dates"), await load("table/cells"), await load("table/row")];
  const parts = ["Year", "Month", "Week", "Day", "Dayofweek", "Dayofyear", "Hour", "Elapsed"];
  const date = (text) => {
    try {
      return parts.map((part) => partOfDate(text, "c", part));
    } catch (error) {
      return error.code;
    }
  };
  return {
    texts: texts.map((text) => readText(text, { html: true, form: "NFKC" })),
    marked: texts.map(markWords),
    tokens: tokenizers.map((document) => {
      const reader = new TokenReader(JSON.parse(document), { first: 30, last: 5 });
      return texts.map((text) => Array.from(reader.read(text).data, Number));
    }),
    numbers: numbers.map(([text, decimal, thousands]) => textNumber(text, { decimal, thousands })),
    dates: dates.map(date),
    days: dates.map(isWholeDay),
    others: dates.map((text) => Array.isArray(date(text)) && isOtherDay(text)),
    hours: dates.map((text) => Array.isArray(date(text)) && isOtherHour(text)),
    kinds: new RowReader({ categories: [], numbers: [{ date: "a", part: "Hour", zoned: true }, { date: "b", part: "Hour" }, { date: "c", part: "Day" }] }).columns.map(({ kind }) => kind),
    zones: dates.map((text) => Array.isArray(date(text)) && hasZone(text)),
    codes: columns.map(([labels, cells]) => cells.map((cell) => new Codes(labels, { decimal: ".", thousands: "" }).of(cell))),
  };
}"""

NUMBERS = [
    (text, decimal, thousands)
    for text in (
        "1,234.5",
        "1.234,5",
        "$5",
        "(12)",
        "\u22123",
        "-$ 2.5 %",
        "1e3",
        ".5",
        "38,8",
        "16,000",
        "0,285",
        "-0.285",
        "12,34,567",
        "1 234",
        "x1",
        "1.",
        "",
    )
    for decimal, thousands in ((".", ""), (",", "."), (".", ","), (".", " "))
]
DATES = [
    "2024-02-29", "2023-02-29", "20240229", "2024-W09-4", "1999-W53-3", "2020-W53-7", "2024-W01", "2024-02-29T23:59:59.5", "2024-02-29 12:30Z",
    "2021-12-31T23:30:00-05:00", "2024-02-29T24:00", "2024-02-29T1030", "0001-01-01", "soon",
    "2024-03-01T00:00+02:00", "2024-03-01T12:00:00.25+05:30", "2024-03-01T12:00+00:00", "20240301T12+05", "2024-03-01 20:00:00-0500",
    "2024-03-01 20:00:00 -0500", "2024-03-01 00:30 +05:30", "2024-03-01 12:30:00.25 UTC", "2024-03-01 00:30:00.25+05", "2024-03-01 +0100", "2024-03-01 UTC",
    "2024-03-01 00:30:00 GMT", "2024-03-01 00:30:00.5 Z", "2024-03-01 00:30:00 +01", "Sat, 27 Nov 2021 21:00:00 GMT", "27 Nov 2021 21:00 -0500",
    "27-NOV-2021 09:15", "1st January 2020", "Sept. 5, 2020", "Nov 27, 2021 9:05 PM", "Nov 27, 2021 at 12:05 a.m.", "Nov 27, 2021 13:05 pm",
    "Tue Dec  1 10:00:00 UTC 2026", "Sat Nov 27 21:00:00.25 +0000 2021", "Sat Nov 27 2021 21:00:00 GMT+0100 (Central European Standard Time)",
    "Nov 31, 2021", "May 2021", "27 Nov 21", "27. Nov 2021", "Sat Nov 27 2021 25:00:00", "29 feb 2023 00:00", "31 dec 2021 23:30-0500", " 5 may 2021 ",
]  # fmt: skip
COLUMNS = [
    (["a", "b ", "b", "True"], ["a", " a", "b", "b ", " b", "True", "true", "", None, "NA", "c", 1]),
    ([1, 2, 3.5], ["1", "1.0", 1, True, "3,5", 3.5, "", None, "x", "1e0"]), ([False, True], ["true", "TRUE", 1, 0, "1", None]),
    (["nan", "?", ""], ["nan", "?", "", "NA", None]),
]  # fmt: skip


def tokenizers() -> list[str]:
    """One of each model, as programs have them."""
    package = pytest.importorskip("tokenizers")
    models, splits, cleaning = package.models, package.pre_tokenizers, package.normalizers
    words = [*SPECIAL_WORDS, "the", "good", "n't", "so", "x"]
    pieces = {
        word: number
        for number, word in enumerate(
            [
                "[UNK]",
                "[CLS]",
                "[SEP]",
                "[MASK]",
                "the",
                "good",
                "film",
                "was",
                "so",
                "x",
                "##x",
                "##\u03c3",
                "\u03c3",
                "\u03b1",
                "##\u03b1",
                "caf",
                "##e",
                "1",
                "##0",
            ]
        )
    }
    bert = package.Tokenizer(models.WordPiece(pieces, unk_token="[UNK]"))
    bert.normalizer, bert.pre_tokenizer = cleaning.BertNormalizer(), splits.BertPreTokenizer()
    bert.post_processor = package.processors.TemplateProcessing(
        "[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    bert.add_special_tokens(["[CLS]", "[SEP]", "[MASK]"])
    bpe = package.Tokenizer(models.BPE())
    bpe.pre_tokenizer = splits.ByteLevel(add_prefix_space=True)
    bpe.normalizer = cleaning.Sequence([cleaning.NFD(), cleaning.Lowercase(), cleaning.StripAccents()])
    alphabet = splits.ByteLevel.alphabet()
    bpe.train_from_iterator(
        TEXTS, package.trainers.BpeTrainer(vocab_size=320, initial_alphabet=alphabet, show_progress=False)
    )
    plain = package.Tokenizer(models.WordLevel({"?": 0, "good": 1, "\u03c3\u03b1\u03c3": 2}, unk_token="?"))
    plain.normalizer, plain.pre_tokenizer = cleaning.Lowercase(), splits.Whitespace()
    return [word_tokenizer(words).decode(), bert.to_str(), bpe.to_str(), plain.to_str()]


def date_parts(text: str) -> list[float] | str:
    try:
        return [float(part_of_dates([text], "c", part)[0]) for part in PARTS]
    except DataError:
        return "not_a_date"


@pytest.mark.whole
def test_texts_numbers_and_dates_are_read_as_in_python(scripts):
    documents = tokenizers()
    found = scripts.evaluate(READ, [TEXTS, documents, NUMBERS, DATES, COLUMNS])
    readers = [TokenReader(document.encode(), 30, 5) for document in documents]
    formats = [(text, NumberFormat(decimal, thousands)) for text, decimal, thousands in NUMBERS]
    wanted = {
        "texts": [read_text(text, form="NFKC") for text in TEXTS],
        "marked": [mark_words(text) for text in TEXTS],
        "tokens": [[reader(text).tolist() for text in TEXTS] for reader in readers],
        "numbers": [
            plain_number(text) if written == PLAIN else written.number(text) for text, written in formats
        ],
        "dates": [date_parts(text) for text in DATES],
        "days": [is_whole_day(text) for text in DATES],
        "hours": [isinstance(date_parts(text), list) and is_another_hour(text) for text in DATES],
        "kinds": ["zoned", "moment", "date"],
        "zones": [isinstance(date_parts(text), list) and has_zone(text) for text in DATES],
        "others": [isinstance(date_parts(text), list) and is_another_day(text) for text in DATES],
        "codes": [[Codes(labels)(cell) for cell in cells] for labels, cells in COLUMNS],
    }
    for name, value in wanted.items():
        assert found[name] == (pytest.approx(value) if name == "numbers" else value), name


SAY = """async () => {
  const { numberIn } = await import("./table/cells.js");
  const { sentence } = await import("./phrases.js");
  const said = (unit, language) => {
    try {
      return numberIn("7h30", "start", { decimal: ".", thousands: "", unit });
    } catch (error) {
      return sentence(error, language);
    }
  };
  return [said("h:mm", "en"), said("h:mm:ss", "es"), said("kg", "en")];
}"""


def test_what_is_no_time_is_told_how_times_are_written(scripts):
    assert scripts.evaluate(SAY) == [
        "Column start holds 7h30, which is neither a time as h:mm nor a number of hours.",
        "La columna start contiene 7h30, que no es ni una hora como h:mm:ss ni un número de horas.",
        "Column start holds 7h30, which is not a number.",
    ]


SIGNS = """async ([cells, written]) => {
  const { RowReader } = await import("./table/row.js");
  const { sentence } = await import("./phrases.js");
  const number = { name: "share", fill: 7, had_empty: true, mean: 0, std: 1, ...written };
  return cells.map((cell) => {
    const told = [];
    new RowReader({ categories: [], numbers: [number] }).encoded[0].read(cell, (code, details) => told.push(sentence({ code, details }, "en")));
    return told;
  });
}"""


def test_a_percent_sign_that_training_did_not_have_is_told(scripts):
    said = "Column share: 45% is read without its percent sign, not divided by 100."
    assert scripts.evaluate(SIGNS, [["45%", "45", 0.45, "$45", "0%", ""], {}]) == [[said], [], [], [], [], []]


def test_a_number_far_from_training_s_that_is_among_them_with_a_decimal_point_is_told(scripts):
    said = (
        "Column share: 41.083 is read with '.' between thousands, as in training, which is far from training's numbers; "
        "with '.' as the decimal sign it is among them."
    )
    written = {"decimal": ",", "thousands": ".", "mean": 50, "std": 20}
    cells = ["41.083", "41,083", "41.08", 41.083, "900.000", "1.234.567", "1.083,5", ""]
    assert scripts.evaluate(SIGNS, [cells, written]) == [[said], *[[]] * 7]
    assert scripts.evaluate(SIGNS, [["41.083"], {**written, "mean": 40_000, "std": 20_000}]) == [[]]
    said = (
        "Column share: 47.022 is read with '.' as the decimal sign, which is far from training's numbers; "
        "with '.' between thousands it is among them."
    )
    written = {"mean": 60_000, "std": 40_000}
    assert scripts.evaluate(SIGNS, [["47.022", "47022", 47.022], written]) == [[said], [], []]
    amounts = scripts.evaluate(SIGNS, [["47.022 €", "$47.022", " 47.022"], written])
    assert [len(told) for told in amounts] == [1, 1, 1]


DECODE = """async (files) => {
  const { decodeJpeg } = await import("./photo/jpeg.js");
  return files.map((file) => {
    try {
      const found = decodeJpeg(Uint8Array.from(atob(file), (character) => character.charCodeAt(0)));
      return found && { damaged: found.damaged, data: btoa(found.data.reduce((text, byte) => text + String.fromCharCode(byte), "")) };
    } catch (error) {
      return error.message;
    }
  });
}"""


@pytest.mark.whole
def test_a_damaged_jpeg_is_refused_or_said_to_be_damaged_or_the_same(scripts):
    rng, files = random.Random(3), []
    noise = np.random.default_rng(3).integers(0, 256, (37, 45, 3), dtype=np.uint8)
    for options in ({}, {"progressive": True}, {"restart_marker_blocks": 2}, {"subsampling": 0}):
        stored = io.BytesIO()
        Image.fromarray(noise).save(stored, "JPEG", quality=60, **options)
        for _ in range(40):
            content = bytearray(stored.getvalue())
            content[rng.randrange(2, len(content))] = rng.randrange(256)
            files.append(
                bytes(content[: rng.choice([len(content), len(content), rng.randrange(len(content))])])
            )
    outcomes = Counter()
    for file, found in zip(
        files, scripts.evaluate(DECODE, [base64.b64encode(file).decode() for file in files]), strict=True
    ):
        if found is None or isinstance(found, str):
            assert found in (None, "truncated", "damaged")
            outcomes["refused"] += 1
        elif found["damaged"]:
            outcomes["said"] += 1
        else:
            image = Image.open(io.BytesIO(file))
            outcomes["same"] += base64.b64decode(found["data"]) == np.asarray(image).tobytes()
            outcomes["other"] += base64.b64decode(found["data"]) != np.asarray(image).tobytes()
    assert outcomes["other"] <= 0.02 * len(files), (
        outcomes
    )  # damage within the codes that happens to make sense
    assert min(outcomes[each] for each in ("refused", "said", "same")) > 5, outcomes


PHOTOS = """async (given) => {
  const { readPhoto } = await import("./photo/read.js");
  const found = [];
  for (const text of given) {
    const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
    try {
      const { photo } = await readPhoto(bytes, { mode: "RGB" }, []);
      found.push([photo.width, photo.height, ...photo.data]);
    } catch (error) {
      found.push(error.code);
    }
  }
  return found;
}"""


def test_photos_that_browsers_refuse_are_read_as_the_program_does_or_named(scripts):
    rng = np.random.default_rng(5)
    colours = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8))

    def saved(photo: Image.Image, form: str) -> bytes:
        file = io.BytesIO()
        photo.save(file, form)
        return file.getvalue()

    png = bytearray(saved(colours, "PNG"))
    png[png.index(b"IEND") - 5] ^= 1  # the last byte of the checksum of IDAT
    levels = rng.integers(0, 51, 12, dtype=np.uint8).tobytes()
    readable = [
        saved(colours, "PPM"), saved(colours.convert("L"), "PPM"), bytes(png),
        b"P6 # a comment\n#another\n 2\t2\n50\n" + levels, b"P5\n4 3 50\n" + levels, b"P5\n4 3 255 " + levels + b"more",
    ]  # fmt: skip
    refused = [
        saved(colours, "TIFF"),
        b"P5\n4 4 255\n" + levels,
        b"P5\n4 3 256\n" + levels * 2,
        b"P5 none",
        b"P6\n0 3 255\n",
    ]
    found = scripts.evaluate(PHOTOS, [base64.b64encode(each).decode() for each in (*readable, *refused)])
    for each, (width, height, *data) in zip(readable, found):
        with Image.open(io.BytesIO(each)) as photo:
            assert ((width, height), data) == (photo.size, np.asarray(photo.convert("RGB")).ravel().tolist())
    assert found[len(readable) :] == ["tiff", "damaged", "deep", "unknown_photo", "damaged"]


REDUCED = """async (given) => {
  const { decodeJpeg } = await import("./photo/jpeg.js");
  return given.map(([text, reduced]) => {
    const found = decodeJpeg(Uint8Array.from(atob(text), (each) => each.charCodeAt(0)), reduced);
    return found && [found.width, found.height, ...found.data];
  });
}"""


def test_inks_become_the_colours_of_the_program_at_any_reduced_size(scripts):
    """Of CMYK and YCCK, with the marker of Adobe and without it."""
    inks = Image.fromarray(np.random.default_rng(5).integers(0, 256, (21, 37, 4), np.uint8), "CMYK")
    cases = []
    for options in ({}, {"subsampling": 2}, {"progressive": True}):
        file = io.BytesIO()
        inks.resize((74, 42)).save(file, "JPEG", quality=80, **options)
        cmyk, place = file.getvalue(), file.getvalue().index(b"Adobe")
        ycck = cmyk[: place + 11] + b"\2" + cmyk[place + 12 :]
        cases += [
            (each, reduced)
            for each in (cmyk, ycck, cmyk.replace(b"Adobe", b"Xdobe"))
            for reduced in (1, 2, 4, 8)
        ]
    found = scripts.evaluate(REDUCED, [[base64.b64encode(each).decode(), reduced] for each, reduced in cases])
    for (each, reduced), (width, height, *data) in zip(cases, found, strict=True):
        with Image.open(io.BytesIO(each)) as photo:
            photo.draft(None, (74 // reduced, 42 // reduced))
            assert photo.size == (width, height)
            assert np.asarray(photo.convert("RGB")).ravel().tolist() == data


SOUNDS = """async (given) => {
  const { readWav } = await import("./sound/wav.js");
  return given.map((text) => {
    try {
      const { channels, rate } = readWav(Uint8Array.from(atob(text), (each) => each.charCodeAt(0)));
      return [rate, ...channels.map((each) => each.length)];
    } catch (error) {
      return error.code;
    }
  });
}"""


def test_a_chunk_behind_an_empty_recording_is_no_sound(scripts):
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    ends = (
        b"",
        b"LIST" + struct.pack("<I", 4) + b"INFO",
        b"\1\0\2\0\3\0",
        b"LIST" + struct.pack("<I", 900) + b"INFO",
        b" id3\0\0\0\0",
    )
    recordings = [b"RIFF\0\0\0\0WAVE" + form + b"data" + struct.pack("<I", 0) + end for end in ends]
    found = scripts.evaluate(SOUNDS, [base64.b64encode(each).decode() for each in recordings])
    headers = [wav_header(io.BytesIO(each), "a recording") for each in recordings]
    assert found == [[each.rate, each.frames] for each in headers]
    assert [each.frames for each in headers] == [0, 0, 3, 6, 0]


def test_a_sample_rate_that_no_recording_has_is_damage(scripts):
    rates, samples = (1, 99, 100, 1_000_000, 1_000_001), np.array([0, 900, -900], "<i2").tobytes()
    recordings = [
        b"RIFF\0\0\0\0WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
        + b"data"
        + struct.pack("<I", 6)
        + samples
        for rate in rates
    ]
    found = scripts.evaluate(SOUNDS, [base64.b64encode(each).decode() for each in recordings])
    assert found == ["damaged_sound", "damaged_sound", [100, 3], [1_000_000, 3], "damaged_sound"]
    for recording, answer in zip(recordings, found, strict=True):
        if answer == "damaged_sound":
            with pytest.raises(SoundError, match="has a sample rate that no recording has"):
                load_sound(recording)
        else:
            assert load_sound(recording).rate == answer[0]
