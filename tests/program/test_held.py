from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageSequence

from gatera.core.errors import PhotoError
from gatera.program.held import held
from gatera.program.program import Program, load_program

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def cats(program_file) -> Program:
    return load_program(program_file, engine="onnxruntime")


def film(format: str, n: int = 40) -> Image.Image:
    """Frames that are red and blue by turns: a cat, a dog."""
    frames = [Image.new("RGB", (32, 32), BLUE if number % 2 else RED) for number in range(n)]
    buffer = io.BytesIO()
    frames[0].save(buffer, format, save_all=True, append_images=frames[1:])
    return Image.open(buffer)


@pytest.mark.parametrize("format", ["GIF", "TIFF", "WEBP", "PNG"])
def test_a_film_is_answered_frame_by_frame(cats, format):
    frames = film(format)
    answers = cats.predict_batch(ImageSequence.Iterator(frames), batch_size=8)
    assert [answer.label for answer in answers] == ["cat", "dog"] * (len(answers) // 2)
    assert len(answers) == 40


def test_one_array_that_is_filled_again_and_again(cats):
    def camera():
        picture = np.zeros((32, 32, 3), np.uint8)
        for number in range(30):
            picture[:] = BLUE if number % 2 else RED
            yield picture

    assert [answer.label for answer in cats.predict_batch(camera())] == ["cat", "dog"] * 15


def test_one_image_that_is_painted_again_and_again(cats):
    def painter():
        picture = Image.new("RGB", (32, 32))
        for number in range(30):
            picture.paste(BLUE if number % 2 else RED, (0, 0, 32, 32))
            yield picture

    assert [answer.label for answer in cats.predict_batch(painter())] == ["cat", "dog"] * 15


def test_one_lazily_opened_image_many_times(cats, tmp_path):
    path = tmp_path / "a.png"
    Image.effect_noise((600, 600), 90).convert("RGB").save(path)
    wanted = cats.predict(path).probabilities
    with Image.open(path) as image:
        answers = cats.predict_batch([image] * 32)
    assert all(np.array_equal(answer.probabilities, wanted) for answer in answers)


def test_one_open_file_that_is_written_again_and_again(cats):
    def writer():
        file = io.BytesIO()
        for number in range(20):
            file.seek(0)
            file.truncate()
            Image.new("RGB", (32, 32), BLUE if number % 2 else RED).save(file, "PNG")
            yield file

    assert [answer.label for answer in cats.predict_batch(writer())] == ["cat", "dog"] * 10


@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_a_damaged_image_among_them_is_that_items_error(cats, on_error, tmp_path):
    path = tmp_path / "a.png"
    Image.effect_noise((90, 90), 90).save(path)
    path.write_bytes(path.read_bytes()[:900])
    good = Image.new("RGB", (8, 8), RED)
    with Image.open(path) as bad:
        if on_error == "skip":
            answers = cats.predict_batch([good, bad, good], on_error="skip")
            assert [answer and answer.label for answer in answers] == ["cat", None, "cat"]
            return
        stream = cats.predict_stream([good, bad, good], batch_size=1)
        assert next(stream).label == "cat"
        with pytest.raises(PhotoError, match=r"^item 1 of the batch: .*a\.png is truncated or damaged"):
            next(stream)


def test_rows_and_samples_that_change_later():
    row = {"age": 3}
    kept = held(row)
    row["age"] = 4
    assert kept == {"age": 3}
    samples = np.zeros(4, np.float32)
    pair = held((samples, 8000))
    samples += 1
    assert pair[0].max() == 0 and pair[1] == 8000
