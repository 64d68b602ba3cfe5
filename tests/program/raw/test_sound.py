from __future__ import annotations

import io
import sys

import numpy as np
import pytest

from gatera.core.errors import ArgumentError, GateraError, MissingExtraError, SoundError
from gatera.program.raw import sound as module
from gatera.program.raw.sound import Sound, load_sound, sound_facts
from gatera.samples import sample_path

SEVEN = sample_path("spoken_digits_tiny") / "recordings" / "7_theo_5.wav"
TONE = np.sin(np.arange(800) / 5)


def message(source, function=load_sound) -> str:
    with pytest.raises(GateraError) as err:
        function(source)
    return str(err.value)


def test_a_path_bytes_and_an_open_file_are_the_same_recording():
    by_path = load_sound(SEVEN)
    with SEVEN.open("rb") as file:
        others = [load_sound(str(SEVEN)), load_sound(SEVEN.read_bytes()), load_sound(file)]
        assert not file.closed
    assert by_path.rate == 8000
    assert by_path.samples.dtype == np.float32
    assert by_path.samples.ndim == 1
    assert all((other.samples == by_path.samples).all() for other in others)


def test_facts_come_from_the_header():
    facts = sound_facts(SEVEN)
    assert facts.rate == 8000
    assert facts.seconds == pytest.approx(len(load_sound(SEVEN).samples) / 8000)
    assert sound_facts((TONE, 400)) == (400, 2.0)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([0.0, 0.5]), [0.0, 0.5]),
        (np.array([0, 16384, -32768], np.int16), [0.0, 0.5, -1.0]),
        (np.array([128, 192, 0], np.uint8), [0.0, 0.5, -1.0]),
        (np.array([[0.0, 0.5], [1.0, 0.0]]), [0.25, 0.5]),  # two channels are averaged
        ([0.25, 0.5], [0.25, 0.5]),
    ],
)
def test_arrays_are_taken_with_their_rate(array, expected):
    found = load_sound((array, 16000))
    assert found.rate == 16000
    assert found.samples.tolist() == expected


@pytest.mark.parametrize("format", ["FLAC", "OGG", "AIFF", "WAV"])
def test_other_formats_are_read_by_soundfile(tmp_path, format):
    soundfile = pytest.importorskip("soundfile")
    path = tmp_path / f"a.{format.lower()}"
    subtype = "ULAW" if format == "WAV" else None  # a WAV file that is not plain
    soundfile.write(path, TONE, 8000, format=format, subtype=subtype)
    found = load_sound(path)
    assert found.rate == 8000
    assert np.abs(found.samples - TONE).max() < 0.1
    assert sound_facts(path.read_bytes()) == (8000, 0.1)


def test_a_damaged_file_of_another_format_is_named(tmp_path):
    pytest.importorskip("soundfile")
    (tmp_path / "a.flac").write_bytes(b"fLaC" + b"\0" * 100)
    assert message(tmp_path / "a.flac").startswith(f"{tmp_path / 'a.flac'} is damaged (")


def test_without_soundfile_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    (tmp_path / "a.mp3").write_bytes(b"ID3" + b"\0" * 100)
    with pytest.raises(MissingExtraError) as err:
        load_sound(tmp_path / "a.mp3")
    assert str(err.value).startswith(
        f"soundfile is needed to read {tmp_path / 'a.mp3'}, which is not a plain WAV file, and could not be imported"
    )
    assert str(err.value).endswith('Install it with: pip install "gatera[audio]"')


def test_missing_empty_and_foreign_files_are_named(tmp_path):
    assert message(tmp_path / "a.wav") == f"{tmp_path / 'a.wav'} does not exist. Check its path."
    assert message(tmp_path) == f"{tmp_path} is a folder, not a recording. Pass the files in it."
    assert message("a\0b.wav").startswith("a\\x00b.wav cannot be read (")
    (tmp_path / "b.wav").write_bytes(b"")
    assert (
        message(tmp_path / "b.wav")
        == f"{tmp_path / 'b.wav'} is empty (0 bytes). Download it again, or remove it."
    )
    (tmp_path / "c.wav").write_bytes(b"<html>not found</html>")
    assert message(tmp_path / "c.wav", sound_facts) == (
        f"{tmp_path / 'c.wav'} is not a recording in a known format; it begins with b'<html>not found<'. "
        "Expected: WAV, and with the extra [audio] FLAC, Ogg, MP3, AIFF, AU, CAF. "
        "Convert it, e.g. with ffmpeg, or remove it."
    )


def test_a_truncated_file_is_named():
    assert message(SEVEN.read_bytes()[:1000]).startswith("a recording of 1,000 bytes is truncated: ")


def test_no_sound_and_silence_are_named():
    assert message((np.zeros(0), 8000)) == "an array holds no sound: it is 0 seconds long. Remove it."
    assert message((np.zeros(8000), 8000)) == (
        "an array is silent: its 8,000 samples are all the same. Record it again, or remove it."
    )
    assert message((np.array([0.0, np.nan]), 8000)) == (
        "an array holds samples that are not numbers (NaN or infinite). Remove it."
    )
    empty = SEVEN.read_bytes()[:40] + b"\0\0\0\0"
    assert message(io.BytesIO(empty)) == (
        "a recording without a name holds no sound: it is 0 seconds long. Remove it."
    )


def test_rates_and_lengths_that_no_recording_has(monkeypatch):
    assert message((TONE, 20)) == (
        "an array has a sample rate that no recording has. Got: 20. Expected: 100 to 1,000,000 samples per second."
    )
    monkeypatch.setattr(module, "MOST_SAMPLES", 100)
    too_long = "is too long. Got: 800. Expected: at most 100 samples. Cut it first."
    assert message((TONE, 8000)) == f"an array {too_long}"
    assert " is too long. Got: " in message(SEVEN)


def test_the_samples_of_all_channels_count_towards_the_length(tmp_path, monkeypatch):
    soundfile = pytest.importorskip("soundfile")
    file = tmp_path / "stereo.flac"
    soundfile.write(file, np.stack([TONE, TONE], axis=1), 8000)
    monkeypatch.setattr(module, "MOST_SAMPLES", 2 * len(TONE))
    assert len(load_sound(file).samples) == len(TONE)
    monkeypatch.setattr(module, "MOST_SAMPLES", 2 * len(TONE) - 1)
    assert "is too long" in message(file)


def test_things_that_are_no_recordings():
    allowed = "Expected: a path, bytes, an open binary file, or (samples, rate)."
    assert message(5) == f"a recording cannot be given as int. Got: 5. {allowed}"
    assert message((TONE[:2], "8k")).startswith("a recording as a pair is not (samples, rate). Got: (array(")
    assert message((TONE[:2], "8k")).endswith(
        "Expected: samples as an array, and a whole number of samples per second."
    )
    shapes = "Expected: [T] or [T,C] with at most 32 channels, floats or whole numbers."
    assert message((TONE.reshape(2, 400), 8000)) == (
        f"an array of shape [2, 400] and type float64 is not a recording. {shapes} Put the channels last: samples.T."
    )
    assert (
        message((np.array(["a"]), 8000)) == f"an array of shape [1] and type <U1 is not a recording. {shapes}"
    )
    with pytest.raises(ArgumentError):
        load_sound(np.zeros(10))  # without its rate
    assert isinstance(SoundError("x"), ValueError)


# -- accidents of recorders, cutters and downloads ---------------------------------------------------------------------


def tone(rate: int = 8000, seconds: float = 1.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


def written(samples: np.ndarray, rate: int, **kind: str) -> bytes:
    soundfile = pytest.importorskip("soundfile")
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, **kind)
    return buffer.getvalue()


def strongest(sound: Sound) -> float:
    """The frequency that a recording holds most of, Hz."""
    return float(np.abs(np.fft.rfft(sound.samples)).argmax() * sound.rate / len(sound.samples))


@pytest.mark.parametrize("rate", [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000])
@pytest.mark.parametrize("zeros", [0, 1, 1000])
def test_an_mp3_of_any_rate_is_read_with_zeros_in_front_too(rate, zeros, tmp_path):
    data = bytes(zeros) + written(tone(rate), rate, format="MP3")
    path = tmp_path / "a.mp3"
    path.write_bytes(data)
    for source in (data, path):
        sound = load_sound(source)
        assert sound.rate == sound_facts(source).rate == rate
        assert strongest(sound) == pytest.approx(440, abs=5)


@pytest.mark.parametrize("subtype", ["GSM610", "IMA_ADPCM", "MS_ADPCM", "ULAW", "ALAW", "PCM_U8", "DOUBLE"])
def test_wav_files_of_every_coding_are_read(subtype):
    data = written(tone(), 8000, format="WAV", subtype=subtype)
    assert strongest(load_sound(data)) == pytest.approx(440, abs=5)
    assert sound_facts(data).seconds == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("missing", [1, 2, 100])
def test_a_last_block_that_is_missing_is_no_reason_to_refuse_a_recording(missing):
    data = written(tone(), 8000, format="WAV", subtype="PCM_16")
    assert len(load_sound(data[:-missing]).samples) == 8000 - (missing + 1) // 2
    with pytest.raises(SoundError, match=r"is truncated: 12,000 of 16,000 bytes of sound are there"):
        load_sound(data[:-4000])


def test_a_length_that_the_recorder_never_wrote():
    data = written(tone(), 8000, format="WAV", subtype="PCM_16")
    place = data.index(b"data") + 4
    unfinished = data[:place] + bytes(4) + data[place + 4 :]
    assert len(load_sound(unfinished).samples) == 8000
    silent = data[:place] + bytes(4) + b"LIST" + (8).to_bytes(4, "little") + b"INFOICMT"
    with pytest.raises(SoundError, match="0 seconds long"):
        load_sound(silent)


@pytest.mark.parametrize("weaker", [1.0, 0.99])
def test_channels_that_cancel_each_other_are_not_silence(weaker):
    stereo = np.stack([tone(), -weaker * tone()], axis=1)
    sound = load_sound((stereo, 8000))
    assert np.array_equal(sound.samples, stereo[:, 0])
    mixed = load_sound((np.stack([tone(), 0.5 * tone()], axis=1), 8000))
    assert mixed.samples.max() == pytest.approx(0.375, abs=1e-3)
