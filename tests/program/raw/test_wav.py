from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest

from gatera.core.errors import SoundError
from gatera.program.raw.wav import EXTENSIBLE, FLOATS, WHOLE_NUMBERS, wav_header, wav_samples

WAVE = np.array([[0.0, 0.5], [-0.5, 0.25], [0.75, -1.0]])  # [T,C]


def wav(
    data: bytes, code: int, sample_bytes: int, channels: int = 2, rate: int = 8000, size: int | None = None
) -> bytes:
    """Return a WAV file with this content; `size` is what its header says of it."""
    extra = b""
    tag = code
    if code == EXTENSIBLE:
        extra = struct.pack("<HHIH", 22, 8 * sample_bytes, 3, FLOATS) + b"\0" * 14
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * channels * sample_bytes, channels * sample_bytes,
                       8 * sample_bytes) + extra  # fmt: skip
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"LIST" + struct.pack("<I", 3) + b"abc\0"
    chunks += b"data" + struct.pack("<I", len(data) if size is None else size) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def read(content: bytes) -> np.ndarray:
    file = io.BytesIO(content)
    return wav_samples(file, wav_header(file, "a.wav"))


def message(content: bytes) -> str:
    with pytest.raises(SoundError) as err:
        wav_header(io.BytesIO(content), "a.wav")
    return str(err.value)


@pytest.mark.parametrize(
    ("data", "code", "sample_bytes"),
    [
        ((WAVE * 127 + 128).round().astype(np.uint8).tobytes(), WHOLE_NUMBERS, 1),
        ((WAVE * 32767).round().astype("<i2").tobytes(), WHOLE_NUMBERS, 2),
        (
            b"".join(int(v * 8388607).to_bytes(3, "little", signed=True) for v in WAVE.ravel()),
            WHOLE_NUMBERS,
            3,
        ),
        ((WAVE * (2**31 - 1)).astype("<i4").tobytes(), WHOLE_NUMBERS, 4),
        (WAVE.astype("<f4").tobytes(), FLOATS, 4),
        (WAVE.astype("<f8").tobytes(), FLOATS, 8),
        (WAVE.astype("<f4").tobytes(), EXTENSIBLE, 4),
    ],
)
def test_samples_of_every_size_are_the_same_sound(data, code, sample_bytes):
    found = read(wav(data, code, sample_bytes))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, WAVE, atol=0.02 if sample_bytes == 1 else 1e-4)


def test_files_of_pythons_own_wave_module_are_read(tmp_path):
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(np.array([0, 16384, -32768], "<i2").tobytes())
    content = (tmp_path / "a.wav").read_bytes()
    assert read(content).tolist() == [[0.0], [0.5], [-1.0]]
    assert wav_header(io.BytesIO(content), "a").rate == 16000


def test_a_recording_whose_length_was_not_known_reaches_to_the_end_of_the_file():
    data = np.array([1, 2, 3, 4], "<i2").tobytes()
    for size in (0xFFFFFFFF, 0x80000000, 0x7FFFFFFF):
        assert len(read(wav(data, WHOLE_NUMBERS, 2, 1, size=size))) == 4


def test_a_last_frame_that_is_not_whole_is_left_out():
    assert len(read(wav(b"\1\0\2\0\3\0", WHOLE_NUMBERS, 2, 2))) == 1


@pytest.mark.parametrize(
    ("code", "sample_bytes", "plain"), [(WHOLE_NUMBERS, 2, True), (6, 1, False), (WHOLE_NUMBERS, 8, False)]
)
def test_kinds_that_are_not_plain_numbers_are_told(code, sample_bytes, plain):
    assert wav_header(io.BytesIO(wav(b"\0" * 16, code, sample_bytes)), "a.wav").plain is plain


def test_a_truncated_file_is_named():
    assert message(wav(b"\0" * 1500, WHOLE_NUMBERS, 2, size=4000)) == (
        "a.wav is truncated: 1,500 of 4,000 bytes of sound are there. Download it again, or remove it."
    )


@pytest.mark.parametrize("cut", [12, 14, 30, 44])
def test_a_file_without_sound_is_named(cut):
    assert message(wav(b"\0" * 8, WHOLE_NUMBERS, 2)[:cut]) == (
        "a.wav is damaged: it ends before its sound begins. Download it again, or remove it."
    )


@pytest.mark.parametrize(("channels", "rate"), [(0, 8000), (2, 0)])
def test_a_header_that_makes_no_sense_is_named(channels, rate):
    assert message(wav(b"\0" * 8, WHOLE_NUMBERS, 2, channels, rate)) == (
        "a.wav is damaged: its header is invalid. Download it again, or remove it."
    )


def test_no_damage_makes_anything_but_our_error():
    whole = wav((WAVE * 32767).astype("<i2").tobytes(), WHOLE_NUMBERS, 2)
    draw = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for place in draw.integers(12, len(whole), 3):
            damaged[place] = draw.integers(256)
        try:
            file = io.BytesIO(bytes(damaged))
            header = wav_header(file, "a.wav")
            if header.plain:
                wav_samples(file, header)
        except SoundError as err:
            assert str(err).startswith("a.wav ")
            refused += 1
    assert 0 < refused < 300
