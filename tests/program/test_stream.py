from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import DataError
from gatera.program import program as program_module
from gatera.program.held import held
from gatera.program.program import ManyInputs, load_program
from gatera.program.raw.photo import read_photo
from gatera.program.raw.row import RowReader
from gatera.program.stream import MOST, TIMES, TRIALS, Pace, side_by_side


def settle(pace: Pace, cost, rounds: int = 60) -> list[int]:
    """Run a pace whose chunks take `cost(size)` seconds for each input."""
    sizes = []
    for _ in range(rounds):
        sizes.append(pace.next_size())
        pace.timed(sizes[-1], cost(sizes[-1]))
        pace.returned(sizes[-1])
    return sizes


def test_what_batches_make_cheaper_is_batched():
    sizes = settle(Pace(), lambda size: 1 + 40 / size)
    assert sizes[:TIMES] == [1] * TIMES and sizes[TIMES] == 2
    assert sizes[-1] == MOST == max(sizes)


def test_what_batches_do_not_make_cheaper_is_computed_alone():
    sizes = settle(Pace(), lambda size: 30 + size)
    assert sizes == [1] * TIMES + [2] * TRIALS + [1] * (60 - TIMES - TRIALS)


def test_batches_grow_until_that_is_not_worth_it():
    assert settle(Pace(), lambda size: 1 + 1 / size)[-1] == 8  # 2, 1.5, 1.25, 1.125, 1.0625


def test_with_a_most_of_one_nothing_is_tried():
    assert settle(Pace(1), lambda size: 1 / size) == [1] * 60


def test_one_slow_moment_decides_nothing():
    times = iter([9, 1, 9, 9, 0.5] + [0.25] * 100)
    assert settle(Pace(), lambda size: next(times), 8) == [1, 1, 1, 2, 2, 2, 4, 4]


def test_trials_come_one_at_a_time():
    pace = Pace()
    for _ in range(TIMES):
        pace.timed(1, 1.0)
    assert [pace.next_size() for _ in range(4)] == [2, 1, 1, 1]
    pace.timed(2, 1.0)
    assert [pace.next_size() for _ in range(2)] == [2, 1]


def test_a_trial_with_nothing_to_compute_is_repeated():
    pace = Pace()
    for _ in range(TIMES):
        pace.timed(1, 1.0)
    assert [pace.next_size(), pace.next_size()] == [2, 1]
    pace.returned(2)
    assert pace.next_size() == 2


def test_answers_come_in_order_and_inputs_are_taken_as_needed():
    taken = []

    def source():
        for number in range(100):
            taken.append(number)
            yield number, number

    def answers(chunk):
        time.sleep(0.002 * (chunk[0][0] % 3))
        return [raw * 10 for _, raw in chunk]

    stream = side_by_side(source(), answers, Pace(), workers=3)
    assert next(stream) == 0 and len(taken) <= 6
    assert list(stream) == [10 * number for number in range(1, 100)]


def test_several_are_in_work_at_once():
    meeting = threading.Barrier(2, timeout=20)

    def answers(chunk):
        meeting.wait()
        return [raw for _, raw in chunk]

    assert list(side_by_side(enumerate("abcd"), answers, Pace(), workers=2)) == list("abcd")


def test_a_warning_names_the_first_row_whichever_thread_comes_first():
    read, second = RowReader([{"name": "job", "labels": ["cook"], "had_empty": True}], []), threading.Event()

    def answers(chunk):
        (number, row), *_ = chunk
        if number == 0:
            assert second.wait(20)
        code = read(row)
        second.set()
        return [code]

    rows = enumerate({"job": f"job {number}"} for number in range(4))
    with pytest.warns(UserWarning, match="'job 0'") as said:
        assert len(list(side_by_side(rows, answers, Pace(most=1), workers=4))) == 4
    assert len(said) == 1


def test_what_is_said_of_rows_before_an_error_is_said():
    read = RowReader([{"name": "job", "labels": ["cook"], "had_empty": True}], [])
    rows = enumerate([{"job": "pilot"}, {"job": ["cook"]}])
    with pytest.warns(UserWarning, match="'pilot'"), pytest.raises(DataError):
        list(side_by_side(rows, lambda chunk: [read(row) for _, row in chunk], Pace(most=1), workers=2))


def test_an_error_ends_the_threads():
    def answers(chunk):
        raise DataError("no")

    before = set(threading.enumerate())
    with pytest.raises(DataError):
        list(side_by_side(enumerate("abcd"), answers, Pace(), workers=2))
    assert set(threading.enumerate()) <= before  # threads of earlier tests may end meanwhile


# ---- inputs that change


def test_an_image_that_moves_on_is_answered_as_it_was(program_file, tmp_path):
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "blue", "red", "blue", "blue", "red")]
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:], duration=50)
    program = load_program(program_file)

    def film():
        with Image.open(tmp_path / "film.gif") as image:
            for frame in range(image.n_frames):
                image.seek(frame)
                yield image

    with Image.open(tmp_path / "film.gif") as image:
        wanted = []
        for frame in range(image.n_frames):
            image.seek(frame)
            wanted.append(program.predict(image.copy()).label)
    for batch_size in (None, 2):
        assert [answer.label for answer in program.predict_batch(film(), batch_size)] == wanted


def test_an_array_that_is_filled_again_is_answered_as_it_was(program_file):
    program, frame = load_program(program_file), np.zeros((16, 16, 3), np.uint8)

    def camera():
        for channel in (0, 2, 2, 0, 2):
            frame[:] = 0
            frame[..., channel] = 255
            yield frame

    for batch_size in (None, 2):
        answers = program.predict_batch(camera(), batch_size)
        assert [answer.label for answer in answers] == ["cat", "dog", "dog", "cat", "dog"]


def test_files_that_are_closed_again(program_file, photo_folder):
    paths = sorted(photo_folder.rglob("*.jpg"))

    def opened():
        for path in paths:
            with path.open("rb") as file:
                yield file

    answers = load_program(program_file).predict_batch(opened())
    assert [answer.label for answer in answers] == [path.parent.name for path in paths]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_copy_stands_as_upright_as_the_photo(orientation, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    for name in ("a.jpg", "a.tiff", "a.png"):
        Image.effect_noise((32, 16), 80).convert("RGB").save(tmp_path / name, exif=exif)
        with Image.open(tmp_path / name) as photo, Image.open(tmp_path / name) as other:
            copied = held(photo)
            assert copied.filename == str(tmp_path / name)
            assert np.array_equal(np.asarray(read_photo(copied)), np.asarray(read_photo(other)))


def test_what_cannot_be_copied_is_left_to_the_reader(program_file, tmp_path):
    (tmp_path / "cut.png").write_bytes(b"")
    Image.effect_noise((64, 64), 80).save(tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:900])
    with Image.open(tmp_path / "cut.png") as photo:
        [answer] = load_program(program_file).predict_batch([photo], on_error="return")
    assert "truncated" in str(answer)


# ---- engines


def test_many_inputs_get_an_engine_with_one_thread(program_file, photo_folder, monkeypatch):
    made = []
    real = program_module.make_engine

    def watched(model, name="auto", precision="float32", threads=None):
        made.append((name, threads))
        return real(model, name, precision, threads)

    monkeypatch.setattr(program_module, "make_engine", watched)
    photos = sorted(photo_folder.rglob("*.jpg"))
    program = load_program(program_file)
    few = program.predict_batch(photos[: ManyInputs.FEW])
    assert made == [("auto", None)]
    many = [program.predict_batch(photos) for _ in range(2)][1]
    assert made == [("auto", None), ("onnxruntime", 1)]
    for a, b in zip(few, many, strict=False):
        assert a.probabilities == pytest.approx(b.probabilities, abs=1e-6)
    load_program(program_file, threads=2).predict_batch(photos)
    assert made[2:] == [("auto", 2)]


@pytest.mark.parametrize("then", ["gone", "another"])
def test_a_file_that_is_gone_by_then_does_not_matter(then, make_program, photo_folder):
    path, photos = make_program("own.gatera"), sorted(photo_folder.rglob("*.jpg"))
    program = load_program(path)
    if then == "gone":
        path.unlink()
    else:
        path.write_bytes(make_program("other.gatera", card="# Another").read_bytes()[:-40])
    answers = program.predict_batch(photos)
    assert [answer.label for answer in answers] == [photo.parent.name for photo in photos]
