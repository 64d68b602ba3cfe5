from __future__ import annotations

import re
import tracemalloc

import numpy as np
import pytest

from gatera.core.errors import ProgramFileError
from gatera.program.preprocess import Preprocessing
from gatera.program.raw import spectrogram
from gatera.program.raw.sound import Sound, resample
from gatera.program.raw.sound_fields import picture_config
from gatera.program.raw.spectrogram import SoundReader, hertz, loudest, mel, mel_filters
from gatera.samples import sample_path

SEVEN = sample_path("spoken_digits_tiny") / "recordings" / "7_theo_5.wav"
OP = {"op": "read_sound", "rate": 8000, "seconds": 0.5, "size": [64, 80], "window_seconds": 0.025}


def tone(frequency: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    """A tone that swells and fades."""
    time = np.arange(round(rate * seconds)) / rate
    return (np.sin(2 * np.pi * frequency * time) * np.sin(np.pi * time / seconds) ** 2).astype(np.float32)


@pytest.mark.parametrize(
    ("rate", "wanted"), [(44100, 8000), (8000, 44100), (48000, 16000), (22050, 16000), (8000, 8000)]
)
def test_resampling_gives_the_same_tone(rate, wanted):
    found = resample(tone(1000, rate), rate, wanted)
    assert found.dtype == np.float32
    assert len(found) == round(0.5 * wanted)
    assert np.abs(found - tone(1000, wanted)).max() < 1e-3


def test_what_the_new_rate_cannot_hold_is_left_out_and_does_not_come_back_as_another_tone():
    assert np.abs(resample(tone(7000, 44100), 44100, 8000)).max() < 1e-3


def test_odd_lengths_and_rates_are_rounded_up():
    assert len(resample(np.ones(1001, np.float32), 44101, 8000)) == 182
    assert len(resample(np.ones(1, np.float32), 8000, 16000)) == 2


def test_the_mel_scale_and_back():
    assert mel(1000) == pytest.approx(1000, abs=0.1)
    assert hertz(mel(3210.0)) == pytest.approx(3210)


@pytest.mark.parametrize("bands", [8, 64, 512])
def test_every_band_takes_something_and_their_order_is_that_of_pitch(bands):
    filters = mel_filters(bands, 129, 8000)
    assert filters.shape == (bands, 129)
    np.testing.assert_allclose(filters.sum(axis=1), 1, rtol=1e-5)
    centres = filters @ np.arange(129)
    assert (np.diff(centres) >= 0).all()


@pytest.mark.parametrize("frequency", [300, 1000, 3000])
def test_a_tone_is_a_bright_line_at_its_pitch(frequency):
    picture = np.asarray(SoundReader(8000, 0.5, (64, 80), 0.025)((tone(frequency, 8000), 8000)))
    assert picture.shape == (64, 80)
    assert picture.dtype == np.uint8
    row, _ = np.unravel_index(picture.argmax(), picture.shape)
    band = mel(frequency) / mel(4000) * 65 - 1  # counted from below
    assert abs((63 - row) - band) < 1.5
    assert picture.max() == 255
    assert picture[:, 0].max() < 90  # it swells from silence


def test_the_picture_is_the_same_at_any_loudness_and_nearly_at_any_rate():
    reader = SoundReader(8000, 0.5, (64, 80), 0.025)
    loud = np.asarray(reader((tone(1000, 8000), 8000))).astype(int)
    quiet = np.asarray(reader((0.001 * tone(1000, 8000), 8000))).astype(int)
    other = np.asarray(reader((tone(1000, 44100), 44100))).astype(int)
    assert np.abs(loud - quiet).max() <= 1
    bright = loud > 100
    assert np.abs(loud - other)[bright].max() <= 3


@pytest.mark.parametrize("size", [-110, -80, -1, 80, 126])
def test_the_picture_is_the_same_at_any_size_of_numbers(size):
    reader, samples = SoundReader(8000, 0.5, (64, 80), 0.025), tone(1000, 44100)
    samples[np.abs(samples) < 1e-3] = 0  # so that none vanishes
    found = np.asarray(reader((np.ldexp(samples, size), 44100)))
    assert np.array_equal(found, np.asarray(reader((samples, 44100))))
    assert found.max() == 255


def test_what_rounding_leaves_in_frames_that_miss_the_sound_is_silence():
    reader, click = SoundReader(16000, 10.0, (64, 32), 0.025), np.zeros(44100, np.float32)
    click[20_000] = 0.5
    assert np.asarray(reader((click, 44100))).max() < 60
    click[:] += 1e-3 * np.sin(np.arange(44100), dtype=np.float32)  # a faint tone is seen beside it
    assert np.asarray(reader((click, 44100))).max() == 255


def test_a_short_recording_lies_in_the_middle_and_silence_is_black():
    picture = np.asarray(SoundReader(8000, 1.0, (64, 80), 0.025)((tone(1000, 8000, 0.2), 8000)))
    heard = np.flatnonzero(picture.max(axis=0))
    assert heard.min() > 25
    assert heard.max() < 55
    assert abs(heard.min() + heard.max() - 79) <= 2


def test_of_a_long_recording_the_loudest_stretch_is_kept():
    samples = np.concatenate([np.zeros(1000), np.ones(500), np.zeros(2000)]).astype(np.float32)
    kept = loudest(Sound(samples, 1000), 0.5)
    assert kept.tolist() == [1.0] * 500
    short = Sound(samples[:400], 1000)
    assert loudest(short, 0.5) is short.samples


def test_the_loudest_stretch_of_hours_is_found_part_by_part(monkeypatch):
    quiet = np.full(1_000_000, 0.1, np.float32)
    quiet[700_123:700_523] = 0.5
    monkeypatch.setattr(spectrogram, "SAMPLES_AT_ONCE", 1 << 14)
    tracemalloc.start()
    kept = loudest(Sound(quiet, 1000), 0.4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert kept.tolist() == [0.5] * 400
    assert peak < 2_000_000  # bytes; all sums at one time take 16 times this


def test_a_lower_rate_is_said_once_for_all_recordings():
    reader = SoundReader(16000, 0.5, (64, 80), 0.025)
    with pytest.warns(UserWarning) as caught:
        reader((tone(1000, 8000), 8000))
    assert str(caught[0].message) == (
        "Recordings with 8000 samples per second are resampled to 16000: they contain nothing above 4000 Hz."
    )


def test_a_program_reads_a_recording_as_one_grey_photo():
    prepare = Preprocessing([OP])
    found = prepare(SEVEN)
    assert found.shape == (64, 80, 1)
    assert found.dtype == np.uint8
    assert (found == prepare(SEVEN.read_bytes())).all()
    assert prepare.words == [
        "read 0.5 s of sound, resampled to 8000 samples a second, as a picture of 64 x 80"
    ]
    assert Preprocessing(prepare.config).config == prepare.config
    smaller = Preprocessing([OP, {"op": "resize", "size": [32, 32]}])
    assert smaller(SEVEN).shape == (32, 32, 1)


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("rate", 8000.0, "a whole number from 100 to 1000000"),
        ("rate", 99, "a whole number from 100 to 1000000"),
        ("seconds", 0, "a number above 0, at most 120"),
        ("seconds", float("nan"), "a number above 0, at most 120"),
        ("seconds", True, "a number above 0, at most 120"),
        ("window_seconds", 1.5, "a number above 0, at most 1"),
        ("size", [64, 4097], "[height, width], whole numbers above 0, at most 512 and 4096"),
        ("size", 64, "[height, width], whole numbers above 0, at most 512 and 4096"),
    ],
)
def test_fields_that_are_not_allowed(field, value, allowed):
    with pytest.raises(ProgramFileError) as err:
        Preprocessing([{**OP, field: value}])
    assert str(err.value) == (
        f"{field!r} of preprocessing step 1 (read_sound) is not valid. Got: {value!r}. Expected: {allowed}."
    )


@pytest.mark.parametrize(
    ("rate", "size", "window"), [(1_000_000, (64, 1), 0.1), (100, (512, 4), 0.001), (8000, (1, 1), 0.025)]
)
def test_the_limits_of_every_field_give_a_picture(rate, size, window):
    samples = np.random.default_rng(0).normal(size=rate // 100 + 2).astype(np.float32)
    assert SoundReader(rate, 0.01, size, window)((samples, rate)).size == size[::-1]


def test_a_picture_of_sound_may_be_a_single_row_or_column():
    assert [picture_config([1, 80]), picture_config([64, 1])] == [(1, 80), (64, 1)]
    for size in ([0, 80], [64, 0], [64.0, 80], [64]):
        with pytest.raises(ValueError, match=re.escape(str(size))):
            picture_config(size)
