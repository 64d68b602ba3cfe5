"""Recordings for a browser: their sound, and a picture of it."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
from PIL import Image

from gatera.program.raw.sound import load_sound, resample
from gatera.program.raw.spectrogram import SoundReader
from gatera.studio.media.photos import Picture, encoded

#: Types of the files that browsers play.
PLAYED = {".wav": "audio/wav", ".wave": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".oga": "audio/ogg",
          ".opus": "audio/ogg", ".flac": "audio/flac"}  # fmt: skip

#: (height, width) of the picture, its frames (seconds), samples per second, and the longest stretch of it (seconds).
SIZE, WINDOW, RATE, LONGEST = (192, 640), 0.025, 16_000, 60.0


def spectrogram(path: Path) -> Picture:
    """Return a picture of a recording: time to the right, pitch upwards, of at most its first minute.

    Raises:
        SoundError: if it cannot be read.
    """
    sound = load_sound(path)
    seconds = min(LONGEST, max(0.1, len(sound.samples) / sound.rate))
    rate = min(RATE, sound.rate)
    reader = SoundReader(rate, seconds, SIZE, WINDOW)
    samples = resample(sound.samples[: round(seconds * sound.rate)], sound.rate, rate)
    return Picture(encoded(Image.fromarray(reader.levels(samples))), "image/png")


def as_wav(path: Path) -> Picture:
    """Return a recording in a form that browsers play: WAV, 16 bits.

    Raises:
        SoundError: if it cannot be read.
    """
    sound = load_sound(path)
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(sound.rate)
        written.writeframes((np.clip(sound.samples, -1, 1) * 32767).astype("<i2").tobytes())
    return Picture(file.getvalue(), "audio/wav")
