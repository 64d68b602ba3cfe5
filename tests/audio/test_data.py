from __future__ import annotations

import inspect
import shutil

import pandas as pd
import pytest
import torch

from gatera.audio.block import AudioBlock
from gatera.audio.data import AudioDataLoaders, get_audio_files
from gatera.core.errors import ArgumentError, DataError
from gatera.data.show.pil import PILImageBW
from gatera.samples import sample_path
from gatera.vision.data import ImageDataLoaders

DIGITS = sample_path("spoken_digits_tiny")
FILES = get_audio_files(DIGITS)
HOW = {"bs": 8, "device": "cpu", "seed": 1}


def message(error, call) -> str:
    with pytest.raises(error) as err:
        call()
    return str(err.value)


def test_recordings_are_listed_sorted_and_nothing_else_is():
    assert len(FILES) == 120
    assert list(FILES) == sorted(FILES)
    assert {file.suffix for file in FILES} == {".wav"}


def test_every_constructor_is_that_of_photos():
    for name, made in inspect.getmembers(ImageDataLoaders, inspect.ismethod):
        if name.startswith("from_"):
            ours = getattr(AudioDataLoaders, name)
            assert ours.__func__ is made.__func__


def test_labels_by_name_and_by_pattern():
    by_name = AudioDataLoaders.from_name_func(DIGITS, FILES, lambda name: name[0], **HOW)
    by_pattern = AudioDataLoaders.from_name_re(DIGITS, FILES, r"^(\d)_", **HOW)
    assert list(by_name.vocab) == list(by_pattern.vocab) == list("0123456789")
    assert (by_name.train.n, by_name.valid.n) == (96, 24)
    x, y = by_name.one_batch()
    assert x.shape == (8, 1, 96, 96)
    assert x.dtype == torch.float32
    assert torch.equal(x, by_pattern.one_batch()[0])
    assert y.shape == (8,)


def test_a_folder_per_class(tmp_path):
    for file in FILES[:48]:
        target = tmp_path / ("valid" if "_20" in file.name else "train") / file.name[0] / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    (tmp_path / "train" / "0" / "notes.txt").write_text("no recording")
    dls = AudioDataLoaders.from_folder(tmp_path, **HOW)
    assert (dls.train.n, dls.valid.n) == (24, 24)
    assert list(dls.vocab) == ["0", "1", "2", "3"]
    assert AudioDataLoaders.from_folder(tmp_path, valid_pct=0.5, **HOW).valid.n == 24


def test_a_table_and_lists():
    table = pd.DataFrame({"name": [file.name for file in FILES], "digit": [file.name[0] for file in FILES]})
    from_table = AudioDataLoaders.from_df(table, DIGITS, folder="recordings", **HOW)
    from_lists = AudioDataLoaders.from_lists(DIGITS, FILES, list(table["digit"]), **HOW)
    assert torch.equal(from_table.one_batch()[0], from_lists.one_batch()[0])


def test_a_block_of_ones_own():
    block = AudioBlock(seconds=0.3, size=(40, 60))
    dls = AudioDataLoaders.from_name_func(DIGITS, FILES, lambda name: name[0], x_block=block, **HOW)
    assert dls.one_batch()[0].shape == (8, 1, 40, 60)
    assert dls.train_ds.fields.x.rate == 8000


def test_recordings_that_are_not_there():
    assert message(DataError, lambda: AudioDataLoaders.from_name_func(DIGITS, [], str)) == (
        f"There are no recordings in {DIGITS}. Check the path."
    )


def test_img_cls_is_for_photos():
    assert message(
        ArgumentError, lambda: AudioDataLoaders.from_name_func(DIGITS, FILES, str, img_cls=PILImageBW)
    ) == (
        "img_cls is for photos. Got: <class 'gatera.data.show.pil.PILImageBW'>. "
        "Pass x_block=AudioBlock(...) for recordings."
    )
