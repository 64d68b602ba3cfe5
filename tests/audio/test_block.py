from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from gatera.audio.augment import SpectrogramShift
from gatera.audio.block import AudioBlock
from gatera.core.errors import ArgumentError, SoundError
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.datablock import DataBlock
from gatera.data.splits.by_position import IndexSplitter, RandomSplitter
from gatera.data.transforms.item import Resize
from gatera.program.preprocess import Preprocessing
from gatera.samples import sample_path
from gatera.testing import check_block

FILES = sorted((sample_path("spoken_digits_tiny") / "recordings").iterdir())


def digit(file: Path) -> str:
    return file.name[0]


def message(error, call) -> str:
    with pytest.raises(error) as err:
        call()
    return str(err.value)


def test_rate_and_length_come_from_the_recordings_it_is_fitted_on():
    block = AudioBlock()
    fitted = block.fit(FILES)
    assert (fitted.rate, fitted.seconds) == (8000, 0.69)
    assert block.rate is None
    assert AudioBlock(seconds=2).fit(FILES[:2]).seconds == 2
    assert AudioBlock(rate=16000).fit(FILES[:2]).rate == 16000
    whole = AudioBlock(rate=16000, seconds=2)
    assert whole.fit(["not opened"]) is whole


@pytest.mark.parametrize(("seconds", "size", "expected"), [
    (1.0, None, (96, 96)), (1.01, None, (128, 128)), (0.3, 128, (128, 128)), (5, (64, 80), (64, 80)),
])  # fmt: skip
def test_short_recordings_get_smaller_spectrograms_unless_a_size_is_named(seconds, size, expected):
    assert AudioBlock(rate=8000, seconds=seconds, size=size).config()[0]["size"] == expected


@pytest.mark.parametrize(("n_train", "expected"), [(1584, 16), (120, 12), (30, 8), (5, 5)])
def test_a_batch_holds_few_recordings_where_nobody_says_how_many(n_train, expected):
    assert AudioBlock().batch_rule.size(n_train) == expected


def test_loaders_take_the_blocks_batch_size_and_shift_recordings_unless_told_otherwise():
    def loaders(bs=None, batch_tfms=None):
        recipe = DataBlock(
            (AudioBlock(size=32), CategoryBlock),
            splitter=RandomSplitter(seed=1),
            get_y=digit,
            batch_tfms=batch_tfms,
        )
        return recipe.dataloaders(FILES, bs=bs, seed=1, device="cpu")

    usual, plain = loaders(), loaders(batch_tfms=[])
    assert usual.train.bs == plain.train.bs == 9  # of 96 recordings in training
    assert loaders(bs=20).train.bs == 20
    moved, still = usual.one_batch()[0], plain.one_batch()[0]
    assert not torch.equal(moved, still)
    by_hand = loaders(batch_tfms=SpectrogramShift()).one_batch()[0]
    assert torch.equal(moved, by_hand)
    assert torch.equal(next(iter(usual.valid))[0], next(iter(plain.valid))[0])  # never in validation


def test_one_long_recording_does_not_set_the_length(make_sound):
    short = [make_sound(f"{i}.wav", seconds=0.2) for i in range(60)]
    with pytest.warns(
        UserWarning,
        match=r"1 of 61 training recordings is much longer than 0\.2 seconds \(the longest has 3\)",
    ):
        assert AudioBlock().fit([*short, make_sound("long.wav", seconds=3)]).seconds == 0.2
    with pytest.warns(UserWarning, match="only the loudest 10 seconds"):
        assert AudioBlock().fit([make_sound("hour.wav", seconds=30, rate=400)]).seconds == 10


def test_other_rates_are_counted_and_said(make_sound):
    files = [make_sound("a.wav"), make_sound("b.wav"), make_sound("c.wav", rate=44100)]
    with pytest.warns(UserWarning) as caught:
        assert AudioBlock().fit(files).rate == 8000
    assert str(caught[0].message) == (
        "2 of 3 training recordings have 8000 samples per second. The others are resampled to that: 1 with 44100. "
        "AudioBlock(rate=) sets another rate."
    )


def test_a_recording_of_another_rate_looks_the_same(make_sound):
    block = AudioBlock(rate=8000, seconds=0.2, size=128)
    same, other = (
        np.asarray(block.read(make_sound(f"{rate}.wav", 1000, 0.2, rate))).astype(int)
        for rate in (8000, 48000)
    )
    assert np.abs(same - other)[same > 120].max() < 8


def test_it_keeps_the_contract_of_blocks():
    block = AudioBlock(rate=8000, seconds=0.5, size=(32, 48))
    check_block(block, [block.read(file) for file in FILES[:2]], FILES[:2])


def test_a_bad_recording_is_named_when_the_block_is_fitted(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"")
    assert message(SoundError, lambda: AudioBlock().fit([tmp_path / "a.wav"])) == (
        f"{tmp_path / 'a.wav'} is empty (0 bytes). Download it again, or remove it."
    )


@pytest.mark.parametrize(
    ("argument", "value", "allowed"),
    [
        ("seconds", 0, "a number above 0, at most 120"),
        ("rate", 8e3, "a whole number from 100 to 1000000"),
        ("window_seconds", 2, "a number above 0, at most 1"),
        ("size", (513, 10), "[height, width], whole numbers above 0, at most 512 and 4096"),
    ],
)
def test_arguments_that_are_not_usable(argument, value, allowed):
    assert message(ArgumentError, lambda: AudioBlock(**{argument: value})) == (
        f"AudioBlock got a {argument} that it cannot use. Got: {value!r}. Expected: {allowed}."
    )


def test_it_must_be_fitted_before_it_reads():
    assert message(ArgumentError, lambda: AudioBlock().read(FILES[0])) == (
        "This AudioBlock has not been fitted. Call fit(recordings) first, or pass rate= and seconds=."
    )


def test_frames_overlap_even_where_steps_are_long():
    assert AudioBlock(rate=8000, seconds=0.5).config()[0]["window_seconds"] == 0.025
    assert AudioBlock(rate=8000, seconds=10).config()[0]["window_seconds"] == pytest.approx(2 * 10 / 128)
    assert AudioBlock(rate=8000, seconds=10, window_seconds=0.05).config()[0]["window_seconds"] == 0.05


def test_a_spectrogram_is_drawn_with_seconds_and_kilohertz():
    block = AudioBlock(rate=8000, seconds=0.5)
    axes = Figure().subplots()
    block.draw(block.read(FILES[0]), axes)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("seconds", "kHz")
    assert axes.get_xlim() == (0, 0.5)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "0.25", "0.5", "1", "2", "4"]
    ticks = list(axes.get_yticks())
    assert ticks == sorted(ticks)
    assert (ticks[0], ticks[-1]) == (0, 1)


#: A split that leaves every digit in the training set.
KNOWN = IndexSplitter([0, 3])


def test_a_spectrogram_is_no_photograph():
    assert ImageBlock().photographic
    assert not AudioBlock().photographic


def test_photo_transforms_follow_in_training_and_in_the_program():
    dls = DataBlock(
        (AudioBlock, CategoryBlock),
        get_y=lambda file: file.name[0],
        item_tfms=Resize((64, 32)),
        splitter=KNOWN,
    ).dataloaders(FILES[::4], bs=4, device="cpu")
    x, _ = dls.one_batch()
    assert x.shape == (4, 1, 64, 32)
    assert [op["op"] for op in dls.preprocess.config] == ["read_sound", "resize"]
    assert (dls.preprocess(FILES[0]) == Preprocessing(dls.preprocess.config)(FILES[0].read_bytes())).all()


def test_loaders_show_spectrograms_with_axes_and_keep_them_on_disk(private_home):
    recipe = DataBlock((AudioBlock(size=32), CategoryBlock), get_y=lambda file: file.name[0], splitter=KNOWN)
    dls = recipe.dataloaders(FILES[::4], bs=8, device="cpu")
    figure = dls.show_batch(max_n=2)
    assert [axes.get_ylabel() for axes in figure.axes] == ["kHz", "kHz"]
    first = list(dls.valid)
    assert list((private_home / "cache").rglob("*.*"))
    assert all((a[0] == b[0]).all() for a, b in zip(first, list(dls.valid), strict=True))


def test_recordings_much_longer_than_what_is_heard_are_told_of():
    short, long = np.sin(np.arange(8000, dtype=np.float32)), np.sin(np.arange(240_000, dtype=np.float32))
    with pytest.warns(UserWarning) as caught:
        block = AudioBlock().fit([(short, 8000), (long, 8000), (long, 8000)])
    assert block.seconds == 10
    assert str(caught[0].message) == (
        "2 of 3 training recordings are much longer than 10 seconds (the longest has 30): only the loudest 10 seconds of each are "
        "used. Cut long recordings into pieces first. AudioBlock(seconds=) uses more."
    )
