"""Draw sound as a picture: time from left to right, pitch from bottom to top, brightness for loudness.

The steps, all in numpy: keep the stretch that is looked at, bring it to one sample rate, cut it into overlapping frames,
take the strength of each frequency (short-time Fourier transform), sum it in bands as wide as the ear's (mel), and write
decibels below the loudest point as 8-bit levels. A model for photos then hears.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from PIL import Image

from gatera.program.raw.sound import Sound, load_sound, resample

#: What is this many decibels below the loudest point of a recording is black, as silence is.
RANGE_DB = 80.0

#: The loudest point is never taken to be weaker than this share of the square of the largest sample: where frames do not overlap and all
#: sound lies between them, they hold only what rounding leaves, which differs from machine to machine.
WEAKEST = 1e-6

#: Frames are padded to this many spectrum lines per step between the lowest two bands, so that no band is empty.
LINES_PER_BAND = 2

#: Limits of a reader: frequency bands and steps in time, the length that is looked at, and that of a frame (seconds).
LARGEST_PICTURE, LONGEST_SECONDS, LONGEST_WINDOW = (512, 4096), 120.0, 1.0

#: Samples that the loudest stretch is looked for in at one time.
SAMPLES_AT_ONCE = 2**20

#: Greatest length of a padded frame (samples): a program file, which may be anybody's, must not fill the memory.
LONGEST_FRAME = 2**15


def mel(hertz: Any) -> Any:
    """Return the place of a frequency on the mel scale, on which equal steps sound equal.

    Source: O'Shaughnessy 1987, "Speech communication", page 150.
    """
    return 2595 * np.log10(1 + np.asarray(hertz) / 700)


def hertz(mels: Any) -> Any:
    """Return the frequency at a place of the mel scale."""
    return 700 * (10 ** (np.asarray(mels) / 2595) - 1)


def mel_filters(bands: int, lines: int, rate: int) -> np.ndarray:
    """Return how much of each spectrum line each band takes: overlapping triangles of equal width on the mel scale.

    Args:
        bands: how many bands lie between 0 and half the sample rate.
        lines: how many spectrum lines do, both ends included.
        rate: samples per second.

    Returns:
        float32 [bands, lines], the lowest band first; the weights of each add up to 1. A band so narrow that there is no
        line in it takes the nearest one.
    """
    edges = hertz(np.linspace(0, mel(rate / 2), bands + 2))[:, None]  # [bands+2,1]
    place = np.linspace(0, rate / 2, lines)
    rising = (place - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - place) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0, np.minimum(rising, falling))
    empty = np.flatnonzero(weights.sum(axis=1) == 0)
    weights[empty, np.abs(place - edges[1:-1][empty]).argmin(axis=1)] = 1
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


class SoundReader:
    """Turns a recording into a picture of its sound. Filters are computed once.

    Args:
        rate: samples per second; recordings with another rate are resampled.
        seconds: length that is looked at. Of a longer recording it is the loudest stretch; a shorter one gets silence on
            both sides.
        size: (height, width) of the picture: frequency bands, and steps in time.
        window_seconds: length of a frame. Short ones tell when something sounds, long ones at which pitch.
    """

    def __init__(self, rate: int, seconds: float, size: tuple[int, int], window_seconds: float) -> None:
        self.rate, self.seconds, self.size = rate, seconds, size
        bands, self._steps = size
        self._window = np.hanning(max(4, round(window_seconds * rate)) + 2)[1:-1].astype(np.float32)
        narrowest = float(hertz(mel(rate / 2) / (bands + 1)))  # Hz between the edges of the lowest bands
        wanted = max(len(self._window), LINES_PER_BAND * rate / narrowest)
        self._frame = min(LONGEST_FRAME, 2 ** math.ceil(math.log2(wanted)))
        filters = mel_filters(bands, self._frame // 2 + 1, rate)  # [bands,lines], nearly all of it 0
        band, self._lines = np.nonzero(filters)
        self._weights = filters[band, self._lines]
        self._starts = np.searchsorted(band, np.arange(bands))

    def __call__(self, source: Any) -> Image.Image:
        """Return the picture of a recording, mode L: low frequencies at the bottom, 0 for silence, 255 for the loudest.

        Args:
            source: as `program.sound.load_sound` takes it.

        Raises:
            SoundError: if it cannot be read; it names the file.
        """
        sound = load_sound(source)
        if sound.rate < self.rate:
            warnings.warn(
                f"Recordings with {sound.rate} samples per second are resampled to {self.rate}: they contain nothing above "
                f"{sound.rate // 2} Hz.",
                stacklevel=2,
            )
        samples = resample(_in_range(loudest(sound, self.seconds)), sound.rate, self.rate)
        return Image.fromarray(self.levels(samples))

    def levels(self, samples: np.ndarray) -> np.ndarray:
        """Return samples of this reader's rate, float32 [T], as a picture, uint8 [H,W]."""
        samples = samples[: round(self.seconds * self.rate)]
        strength = np.abs(np.fft.rfft(self._frames(samples), self._frame)) ** 2  # [W,L] -> [W,lines]
        # A matrix product would start threads of its own within those of a loader, and its sums depend on their number.
        weighted = strength.astype(np.float32)[:, self._lines] * self._weights
        power = np.add.reduceat(weighted, self._starts, axis=1)  # [W,lines] -> [W,bands]
        top = max(float(power.max()), WEAKEST * _peak(samples) ** 2, np.finfo(np.float32).tiny)
        below = 10 * np.log10(np.maximum(power / top, 10 ** (-RANGE_DB / 10)))  # decibels, -RANGE_DB..0
        return np.rint((below.T[::-1] / RANGE_DB + 1) * 255).astype(np.uint8)  # [W,bands] -> [H,W]

    def _frames(self, samples: np.ndarray) -> np.ndarray:
        """Return one windowed frame for each step in time, float32 [W, L]; the recording is in their middle."""
        total, length = round(self.seconds * self.rate), len(self._window)
        room = np.zeros(total + length, np.float32)
        start = length // 2 + (total - len(samples)) // 2
        room[start : start + len(samples)] = samples
        centres = (np.arange(self._steps) + 0.5) * (total / self._steps)
        return room[np.floor(centres).astype(np.int64)[:, None] + np.arange(length)] * self._window


def _peak(samples: np.ndarray) -> float:
    return float(np.abs(samples).max(initial=0))


def _in_range(samples: np.ndarray) -> np.ndarray:
    """Return samples times a power of two, so that the largest is 0.5 to 1: exact, and no square of any recording is too large or small."""
    return np.ldexp(samples, -math.frexp(_peak(samples))[1])


def loudest(sound: Sound, seconds: float) -> np.ndarray:
    """Return the loudest stretch of a recording that is `seconds` long, float32 [T]; all of it if it is not longer."""
    length = max(1, round(seconds * sound.rate))
    if len(sound.samples) <= length:
        return sound.samples
    most, start = -1.0, 0
    energy = np.zeros(1)  # up to each sample; of hours of sound only the last stretch is kept
    for at in range(0, len(sound.samples), SAMPLES_AT_ONCE):
        squares = np.square(sound.samples[at : at + SAMPLES_AT_ONCE], dtype=np.float64)
        energy = np.concatenate([energy[:-1], np.cumsum(np.concatenate([energy[-1:], squares]))])
        if len(energy) > length:
            gains = energy[length:] - energy[:-length]
            best = int(np.argmax(gains))
            if gains[best] > most:
                most, start = float(gains[best]), at + len(squares) - len(energy) + 1 + best
            energy = energy[-length:]
    return sound.samples[start : start + length]
