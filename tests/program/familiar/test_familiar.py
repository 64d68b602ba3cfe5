"""Programs and predictions answer to the calls of code written for a loaded learner."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from gatera.core.errors import ArgumentError, DataError
from gatera.program.familiar.figures import figures
from gatera.program.familiar.inputs import each_input, one_input
from gatera.program.familiar.learner import LikeALearner
from gatera.program.prediction import Prediction

NUMBERS = np.array([0.25, 0.75], np.float32)


def test_a_prediction_answers_to_a_tensors_methods():
    label, index, probabilities = Prediction("dog", 1, NUMBERS, vocab=["cat", "dog"])
    assert label == "dog" and index.item() == index == 1 and isinstance(index, int)
    assert probabilities.topk(1) == (0.75, 1)
    assert type(probabilities.numpy()) is np.ndarray and probabilities[index].item() == 0.75
    assert f"{probabilities[1]:.2f}" == "0.75" and isinstance(probabilities.max(), np.float32)
    assert repr(probabilities) == repr(NUMBERS)


def test_functions_of_torch_take_the_numbers():
    softmax = torch.softmax(figures(NUMBERS), dim=0)
    assert torch.equal(softmax, torch.softmax(torch.tensor(NUMBERS), dim=0))
    assert np.allclose(figures(NUMBERS).softmax(0), softmax.numpy())


class Upper(LikeALearner):
    def __init__(self):
        self.vocab = ["a", "b"]

    def predict_batch(self, many):
        return [Prediction(text, 1, NUMBERS * len(text), vocab=self.vocab) for text in many]


def test_a_program_answers_as_a_loaded_learner():
    program = Upper()
    predictions, targets = program.get_preds(dl=program.dls.test_dl(["x", "yy"], bs=64))
    assert predictions.shape == (2, 2) and targets is None and program.dls.vocab == ["a", "b"]
    assert program.get_preds(dl=["x"], with_decoded=True)[2].tolist() == [1]
    with program.no_bar(), program.no_logging():
        pass


def test_tables_are_read_row_by_row():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert next(iter(each_input(frame))) == {"a": 1, "b": "x"}
    assert list(each_input([1, 2])) == [1, 2]
    assert one_input(frame.iloc[:1]) == {"a": 1, "b": "x"}
    with pytest.raises(DataError) as caught:
        one_input(frame)
    assert (
        str(caught.value)
        == "predict takes one row, and this table has 2. Use predict_batch, which takes tables."
    )


def test_a_table_with_two_columns_of_one_name_is_refused():
    with pytest.raises(DataError) as caught:
        list(each_input(pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])))
    assert str(caught.value) == (
        "The table has more than one column of a name. Got: ['a']. Rename or remove one of each: which is meant cannot be known."
    )


def test_tables_of_polars_are_read_row_by_row():
    polars = pytest.importorskip("polars")
    assert list(each_input(polars.DataFrame({"a": [1, 2]}))) == [{"a": 1}, {"a": 2}]


class Upload:
    """A file of a web framework: no file of Python's, but with read and seek."""

    def __init__(self, content):
        self._file = io.BytesIO(content)

    def read(self, n=-1):
        return self._file.read(n)

    def seek(self, place):
        return self._file.seek(place)


class Entry(os.PathLike):
    def __fspath__(self):
        return "photos/1.jpg"


def test_files_and_paths_of_any_class():
    assert one_input(Upload(b"abc")).read() == b"abc"
    assert one_input(Entry()).as_posix() == "photos/1.jpg"
    assert one_input("text") == "text" and one_input(b"bytes") == b"bytes"


def test_a_file_whose_reading_must_be_awaited():
    """What a view of FastAPI gets; it was said to be a coroutine, which nobody had passed."""

    class UploadFile(Upload):
        async def read(self, n=-1):
            return b"abc"

    with pytest.raises(ArgumentError) as err:
        one_input(UploadFile(b"abc"))
    assert str(err.value) == (
        "an input cannot come as UploadFile: what reads it must be awaited. Expected: bytes, or an open file. "
        "Pass await input.read(), or for an upload of FastAPI or Starlette its .file."
    )


def test_numbers_take_torchs_keywords():
    numbers = figures(np.array([[0.25, 0.75], [0.5, 0.125]], np.float32))
    assert numbers.argmax(dim=1).tolist() == numbers.argmax(1).tolist() == [1, 0] and numbers.argmax() == 1
    values, places = numbers.max(dim=1)
    assert values.tolist() == [0.75, 0.5] and places.tolist() == [1, 0] and numbers.max() == 0.75
    values, places = numbers.sort(descending=True)
    assert values.tolist() == [[0.75, 0.25], [0.5, 0.125]] and places.tolist() == [[1, 0], [0, 1]]
    assert numbers[0].argsort(descending=True).tolist() == [1, 0] and numbers.to("cpu") is numbers


def test_a_program_refuses_what_it_cannot_return():
    with pytest.raises(TypeError, match="with_input"):
        Upper().get_preds(["x"], with_input=True)


@pytest.mark.parametrize(
    ("many", "words"),
    [
        ("photo.jpg", "a single text or path"), (Path("photo.jpg"), "a single path"), (b"abc", "the content of a single file"),
        ({"age": 3}, "a single row"), (io.BytesIO(b"a"), "a single open file"), (None, "a value of type NoneType"), (3, "a value of type int"),
        (np.zeros((8, 9, 3), np.uint8), "a single photo"), (np.zeros((8, 9), np.uint8), "a single photo"),
        (Prediction("a", 0, np.ones(1, np.float32)), "a single prediction"),
    ],
)  # fmt: skip
def test_a_single_input_is_not_taken_apart(many, words):
    with pytest.raises(ArgumentError, match=rf"a list of inputs is needed, not {words}\..*Put it in a list"):
        each_input(many, photos=True)


def test_a_folder_is_to_be_listed(tmp_path):
    for folder in (tmp_path, str(tmp_path)):
        with pytest.raises(ArgumentError, match=r"List its files: sorted\(Path\(folder\)\.rglob"):
            each_input(folder)


def test_arrays_of_several_inputs_are_taken(tmp_path):
    assert len(list(each_input(np.zeros((4, 8, 9, 3), np.uint8), photos=True))) == 4
    assert len(list(each_input(np.zeros((4, 8, 9), np.uint8), photos=True))) == 4
    assert len(list(each_input(np.zeros((4, 8))))) == 4


def test_figures_stay_figures_in_arithmetic_and_their_sums_are_plain_numbers():
    doubled = figures(np.array([0.25, 0.75], np.float32)) * 2
    assert doubled.topk(1).indices.tolist() == [1]
    assert type(doubled.max()) is np.float32
