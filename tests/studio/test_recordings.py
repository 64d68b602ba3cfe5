"""Recordings that browsers do not play as they are."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from gatera.studio.app.media import in_part
from gatera.studio.media.photos import Picture
from gatera.studio.media.sounds import as_wav


def test_what_is_played_is_what_was_recorded(tmp_path: Path):
    recorded = np.array([0, 1000, -1000, 32767, -32767, 5], "<i2")
    path = tmp_path / "door.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(recorded.tobytes())
    sent = as_wav(path)
    with wave.open(io.BytesIO(sent.data)) as played:
        assert (played.getframerate(), played.getnchannels(), sent.media_type) == (8000, 1, "audio/wav")
        heard = np.frombuffer(played.readframes(99), "<i2").astype(int)
    assert np.abs(heard - recorded).max() <= 1


@pytest.mark.parametrize(
    ("wanted", "status", "body", "where"),
    [
        ("", 200, b"recording", None),
        ("bytes=0-1", 206, b"re", "bytes 0-1/9"),  # what Safari asks first
        ("bytes=7-", 206, b"ng", "bytes 7-8/9"),
        ("bytes=-3", 206, b"ing", "bytes 6-8/9"),
        ("bytes=0-99", 206, b"recording", "bytes 0-8/9"),
        ("bytes=9-", 416, b"", "bytes */9"),
        ("bytes=-0", 416, b"", "bytes */9"),
        ("bytes=5-4", 416, b"", "bytes */9"),
        ("bytes=-", 200, b"recording", None),
        ("bytes=0-1,3-4", 200, b"recording", None),
        (f"bytes={'9' * 5000}-", 200, b"recording", None),
    ],
)
def test_a_part_of_a_converted_recording_is_sent(wanted, status, body, where):
    response = in_part(Picture(b"recording", "audio/wav"), wanted)
    assert (response.status_code, response.body) == (status, body)
    assert (response.headers["accept-ranges"], response.headers.get("content-range")) == ("bytes", where)
