from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

import gatera
from gatera.core.errors import ArgumentError, DataError, PhotoError, ProgramFileError
from gatera.program import program as module
from gatera.program.package import read_package, write_package
from gatera.program.prediction import Prediction
from gatera.program.program import Program, load_program
from gatera.store.models import open as by_name

FORMAT1 = Path(__file__).parents[1] / "fixtures" / "format1.gatera"


@pytest.fixture
def cats(program_file) -> Program:
    return load_program(program_file, engine="onnxruntime")


@pytest.fixture
def photos(photo_folder) -> list[Path]:
    return sorted(photo_folder.rglob("*.jpg"))


def test_it_tells_cats_from_dogs(cats, photos):
    for path in photos:
        label, index, probabilities = cats.predict(path)
        assert label == path.parent.name == cats.vocab[index]
        assert probabilities.sum() == pytest.approx(1)
        assert probabilities[index] > 0.8


def test_the_same_photo_in_any_form_gives_the_same_answer(cats, photos):
    wanted = cats.predict(photos[0]).probabilities
    with Image.open(photos[0]) as image:
        pixels = np.asarray(image)
        for raw in (str(photos[0]), photos[0].read_bytes()):
            assert np.array_equal(cats.predict(raw).probabilities, wanted)
        for raw in (image, pixels, pixels / 255):
            # These were decoded at full size, the file at half of it: rounding differs.
            assert cats.predict(raw).probabilities == pytest.approx(wanted, abs=1e-4)


def test_what_it_knows_of_itself(cats, program_file):
    assert (cats.task, cats.vocab) == ("classification", ["cat", "dog"])
    assert cats.card.startswith("# Cats and dogs")
    assert cats.info["gatera"] == "0.1.0" and cats.info["size"] == program_file.stat().st_size
    assert cats.preprocess.config[1]["size"] == [8, 8]
    assert repr(cats) == f"Program({str(program_file)!r}: classification, 2 labels, onnxruntime)"


def test_many_labels(make_program, photos):
    path = make_program(task="multilabel", decode={"activation": "sigmoid", "vocab": ["warm", "cold"]})
    answer = load_program(path, engine="onnxruntime").predict(photos[0])
    assert answer.label == ["warm"] and answer.index.tolist() == [True, False]


def test_a_regression(make_program, photos):
    path = make_program(task="regression", decode={"activation": "none", "vocab": None})
    program = load_program(path, engine="onnxruntime")
    assert len(program.predict(photos[0]).label) == 2
    assert repr(program) == f"Program({str(path)!r}: regression, onnxruntime)"


def test_a_program_without_a_card(tmp_path, model_bytes, program_file):
    program = read_package(program_file).program
    path = write_package(tmp_path / "bare.gatera", program, {"model.onnx": model_bytes})
    assert load_program(path, engine="onnxruntime").card == ""


def test_a_program_of_format_one_still_opens(photos):
    program = load_program(FORMAT1, engine="onnxruntime")
    assert program.info["format"] == 1
    assert [program.predict(path).label for path in photos] == [path.parent.name for path in photos]


@pytest.mark.slow
def test_the_engines_agree(program_file, photos):
    pytest.importorskip("openvino")
    ours = load_program(program_file, engine="onnxruntime").predict_batch(photos)
    theirs = load_program(program_file, engine="openvino").predict_batch(photos)
    for a, b in zip(ours, theirs, strict=True):
        assert a.probabilities == pytest.approx(b.probabilities, abs=1e-5)


@pytest.mark.slow
def test_nothing_imports_torch(program_file, photos):
    code = (
        "import sys; from gatera import load_program; "
        f"program = load_program({str(program_file)!r}); "
        f"print(program.predict({str(photos[0])!r}).label, len(program.predict_batch([{str(photos[1])!r}] * 3))); "
        "print([name for name in ('torch', 'pandas', 'matplotlib', 'onnx', 'rich') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["cat 3", "[]"]


def test_the_package_offers_it_by_name():
    assert gatera.load_program is by_name.load_program and gatera.Prediction is Prediction
    # which takes files, and names in the registry beside them
    assert inspect.signature(gatera.load_program) == inspect.signature(load_program)


# ---- batches


@pytest.mark.parametrize("batch_size", [1, 5, 16, 100])
def test_a_batch_gives_the_answers_of_a_loop_in_order(batch_size, cats, photos):
    loop = [cats.predict(path) for path in photos]
    batch = cats.predict_batch(photos, batch_size)
    assert [answer.label for answer in batch] == [answer.label for answer in loop]
    for a, b in zip(batch, loop, strict=True):
        assert a.probabilities == pytest.approx(b.probabilities, abs=1e-6)


def test_an_empty_batch(cats):
    assert cats.predict_batch([]) == []


def test_a_stream_reads_only_one_batch_ahead(cats, photos):
    asked = []

    def source():
        for number in range(1000):
            asked.append(number)
            yield photos[number % len(photos)]

    before = set(threading.enumerate())
    stream = cats.predict_stream(source(), batch_size=4)
    for _ in range(8):
        next(stream)
    assert len(asked) == 12
    stream.close()
    assert set(threading.enumerate()) <= before


def test_inputs_of_several_sizes_are_computed_one_by_one(make_program, photos):
    path = make_program(preprocess=[{"op": "read_photo"}, {"op": "resize_shorter", "size": 8}])
    program = load_program(path, engine="onnxruntime")
    square = [np.full((8, 8, 3), value, np.uint8) for value in (0, 255)]
    assert len(program.predict_batch(square)) == 2
    with pytest.raises(ProgramFileError, match=r"gives uint8 \[1, 8, 16, 3\]"):
        program.predict_batch([square[0], np.zeros((8, 16, 3), np.uint8)])


def test_a_bad_photo_in_a_batch_is_named(cats, photos, tmp_path):
    with pytest.raises(PhotoError) as err:
        cats.predict_batch([photos[0], tmp_path / "gone.jpg"])
    assert str(err.value) == (
        f"item 1 of the batch: {tmp_path / 'gone.jpg'} does not exist. "
        'Pass on_error="skip" to skip such inputs.'
    )


def test_bad_photos_can_be_skipped_or_returned(cats, photos, tmp_path):
    many = [tmp_path / "gone.jpg", photos[0], b"rubbish"]
    skipped = cats.predict_batch(many, on_error="skip")
    assert [type(answer) for answer in skipped] == [type(None), Prediction, type(None)]
    returned = cats.predict_batch(many, on_error="return")
    assert [type(answer) for answer in returned] == [PhotoError, Prediction, PhotoError]
    assert str(returned[0]) == f"{tmp_path / 'gone.jpg'} does not exist. Check its path."


def test_a_batch_of_bad_photos_only(cats):
    assert cats.predict_batch([b"", b"x"], on_error="skip") == [None, None]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1. Got: 0."),
        (
            {"on_error": "ignore"},
            "on_error must be one of raise, skip, return. Got: 'ignore'.",
        ),
    ],
)
def test_options_are_checked_at_once(options, text, cats):
    with pytest.raises(ArgumentError) as err:
        cats.predict_stream([], **options)
    assert str(err.value) == text


def test_threads_may_share_a_program(cats, photos):
    wanted = [cats.predict(path).probabilities for path in photos]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            for ours, theirs in zip(pool.map(cats.predict, photos), wanted, strict=True):
                assert np.array_equal(ours.probabilities, theirs)


def test_reading_and_computing_overlap(cats, photos, monkeypatch):
    """While one batch is in the engine, the next is already being read."""
    reading_during_run = []
    started = threading.Event()
    read, run = cats.preprocess, cats.engine.run

    def slow_read(raw):
        if str(raw).endswith("late.jpg"):
            started.set()
            return read(photos[0])
        return read(raw)

    def watching_run(batch):
        reading_during_run.append(started.wait(5))
        return run(batch)

    slow_read.pad, slow_read.config = None, read.config
    monkeypatch.setattr(cats, "preprocess", slow_read)
    monkeypatch.setattr(cats.engine, "run", watching_run)
    cats.predict_batch([photos[0], photos[1], Path("late.jpg"), photos[2]], batch_size=2)
    assert reading_during_run[0]


def test_a_missing_program():
    with pytest.raises(ProgramFileError) as err:
        load_program("no-such-folder/cats.gatera")
    assert str(err.value) == f"{Path('no-such-folder/cats.gatera')} does not exist."


def test_the_module_says_what_it_offers():
    assert module.__all__ == ["Prediction", "Program", "load_program"]


def test_a_model_with_another_operator_needs_trust(make_program, model_bytes):
    made = onnx.load_from_string(model_bytes)
    made.graph.node[-1].CopyFrom(
        onnx.helper.make_node("Einsum", ["mean", "weights"], ["output"], equation="nc,ck->nk")
    )
    path = make_program(model=made.SerializeToString())
    photo = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(ProgramFileError) as err:
        load_program(path)
    assert str(err.value) == (
        f"{path} is refused: in its model.onnx, it has the operator Einsum, which is not on the list of those that are allowed. "
        "If you trust its author, pass trusted=True."
    )
    assert load_program(path, trusted=True).predict(photo).label in ("cat", "dog")


def test_inputs_answered_together_are_answered_as_alone(program_file):
    program = load_program(program_file)
    photos = [np.full((8, 8, 3), level, np.uint8) for level in (0, 90, 250)]
    together = program.predict_together([*photos, b"no photo"], on_error="return")
    assert [each.to_dict() for each in together[:3]] == [program.predict(photo).to_dict() for photo in photos]
    assert isinstance(together[3], DataError)
    with pytest.raises(DataError, match="item 1 of the batch"):
        program.predict_together([photos[0], b"no photo"])


def test_a_program_is_pickled_by_its_file(cats, program_file, make_program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sent = pickle.dumps(load_program(program_file.name, engine="onnxruntime", threads=1))
    monkeypatch.chdir(tmp_path.parent)
    there = pickle.loads(sent)
    photo = Image.new("RGB", (8, 8), "red")
    assert there.predict(photo) == cats.predict(photo)
    assert there.opened == (program_file, "onnxruntime", "float32", 1, False)
    assert copy.deepcopy(cats).vocab == cats.vocab
    program_file.unlink()
    make_program(weights=b"other")
    with pytest.raises(ProgramFileError, match="holds a different program from the one that was pickled"):
        pickle.loads(sent)
    with pytest.raises(TypeError, match="only a program from load_program"):
        pickle.dumps(Program(cats.preprocess, cats.engine, cats.decoder, cats.info, cats.card))
