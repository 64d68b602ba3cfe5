"""Bring a recording to another sample rate."""

from __future__ import annotations

import math

import numpy as np

#: Share of the lower of two sample rates' band, at its end, in which resampling fades out: a sharp edge would ring.
FADE = 0.05


def resample(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Return a recording as it would be with another sample rate: the same frequencies, without those it cannot hold.

    Exact for sounds that begin and end in silence (a Fourier series is cut off or continued with zeros).

    Args:
        samples: float32 [T].
        rate: samples per second.
        wanted: samples per second of the result.

    Returns:
        float32 [T * wanted / rate], rounded up.

    Example:
        >>> second = np.sin(2 * np.pi * 440 * np.arange(44100) / 44100).astype(np.float32)
        >>> resample(second, 44100, 8000).shape
        (8000,)
    """
    if rate == wanted:
        return samples
    step = rate // math.gcd(rate, wanted)
    length = math.ceil(len(samples) / step + 1) * step  # at least one step of silence behind it
    spectrum = np.fft.rfft(samples, length)
    n_out = length // step * (wanted * step // rate)
    lines = np.arange(min(len(spectrum), n_out // 2 + 1))
    edge = min(length, n_out) / 2
    fade = np.clip((edge - lines) / (FADE * edge), 0, 1)
    changed = np.fft.irfft(spectrum[: len(lines)] * (0.5 - 0.5 * np.cos(np.pi * fade)), n_out)
    wanted_length = math.ceil(len(samples) * wanted / rate)
    return (changed[:wanted_length] * (n_out / length)).astype(np.float32)
