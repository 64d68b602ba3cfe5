"""The block for sound: turns a recording into a spectrogram for a vision model."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from PIL import Image

from gatera.audio.augment import SpectrogramShift
from gatera.core.errors import ArgumentError
from gatera.data.blocks.batch_size import RECORDINGS
from gatera.data.blocks.image import ImageInput
from gatera.data.transforms.item import Size, as_size
from gatera.program.raw.sound import SoundFacts, sound_facts
from gatera.program.raw.sound_fields import (
    PICTURES,
    RATES,
    SECONDS,
    WINDOWS,
    picture_config,
    rate_config,
    seconds_config,
    window_config,
)
from gatera.program.raw.spectrogram import LONGEST_WINDOW, SoundReader, mel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Share of the training recordings (percent) that the learned length covers, so that one very long recording does not set it.
WHOLE_PERCENT = 98

#: Upper limit of the learned length (seconds); beyond it a spectrogram of the usual width blurs words and notes.
LEARNED_SECONDS = 10.0

#: Default sizes of spectrograms (pixels) for short and for longer recordings. Of 396 spoken digits 7 are wrong at 96 pixels and 13
#: at 64, after the same number of epochs (see LOG.md).
SHORT_SECONDS, SHORT_SIZE, USUAL_SIZE = 1.0, 96, 128

#: A warning names recordings longer than this many times the learned length: most of what they hold is not heard.
MUCH_LONGER = 1.5

#: Usual frame length in speech recognition (seconds): longer than a period of any voice, shorter than a speech sound.
WINDOW_SECONDS = 0.025

#: Frequencies labelled beside a spectrogram (Hz).
SHOWN_HERTZ = (0, 250, 500, 1000, 2000, 4000, 8000, 16000)


@dataclass(frozen=True, repr=False)
class AudioBlock(ImageInput):
    """A recording as a spectrogram: a grey image of fixed size, with low frequencies at the bottom.

    Items are paths, the bytes of files, or pairs (samples, rate). In training, recordings are shifted slightly in time and
    pitch, unless the `DataBlock` has `batch_tfms`.

    Args:
        seconds: length of the excerpt: the loudest stretch of longer recordings; shorter ones are padded with silence on both
            sides. None to learn it from the training set: 98 % of its recordings fit, 10 seconds at most.
        rate: samples per second; recordings with another rate are resampled. None for the most frequent rate in the training
            set.
        size: (height, width) in pixels: frequency bands and time steps. None for 96 x 96 if the excerpt is at most one second,
            else 128 x 128.
        window_seconds: length of the frames whose frequencies are computed; None for 0.025, or longer if frames would not
            overlap.

    Raises:
        ArgumentError: if a number cannot be used.
    """

    seconds: float | None = None
    rate: int | None = None
    size: Size | None = None
    window_seconds: float | None = None
    photographic = False
    batch_tfms = (SpectrogramShift(),)
    batch_rule = RECORDINGS

    def __post_init__(self) -> None:
        for name, convert, allowed in (
            ("seconds", seconds_config, SECONDS),
            ("rate", rate_config, RATES),
            ("window_seconds", window_config, WINDOWS),
        ):
            _check(name, getattr(self, name), convert, allowed)
        _check("size", None if self.size is None else as_size(self.size), picture_config, PICTURES)

    def fit(self, values: Sequence[Any]) -> Self:
        """Return a copy with sample rate and length learned from the headers of the training recordings.

        Raises:
            SoundError: if a recording cannot be read; the message names it.
        """
        if self.rate is not None and self.seconds is not None:
            return self
        facts = [sound_facts(value) for value in values]
        rate = _usual_rate(facts) if self.rate is None else self.rate
        seconds = _usual_seconds(facts) if self.seconds is None else self.seconds
        return replace(self, rate=rate, seconds=seconds)

    @property
    def codes(self) -> Any:
        """What its pictures have as time and frequencies."""
        return self.config()

    @cached_property
    def reader(self) -> SoundReader:
        """The function from recording to spectrogram, the same as in programs."""
        op = self.config()[0]
        return SoundReader(op["rate"], op["seconds"], op["size"], op["window_seconds"])

    def read(self, raw: Any) -> Image.Image:
        """Return the spectrogram of a recording, mode L.

        Raises:
            SoundError: if it cannot be read; the message names the file.
        """
        return self.reader(raw)

    def config(self) -> list[dict[str, Any]]:
        """Return the operation that reads a recording.

        Raises:
            ArgumentError: if the block has not been fitted.
        """
        if self.rate is None or self.seconds is None:
            raise ArgumentError(
                "This AudioBlock has not been fitted",
                remedy="Call fit(recordings) first, or pass rate= and seconds=.",
            )
        usual = SHORT_SIZE if self.seconds <= SHORT_SECONDS else USUAL_SIZE
        size = as_size(usual if self.size is None else self.size)
        overlapping = max(WINDOW_SECONDS, min(LONGEST_WINDOW, 2 * self.seconds / size[1]))
        window = overlapping if self.window_seconds is None else self.window_seconds
        return [
            {
                "op": "read_sound",
                "rate": self.rate,
                "seconds": self.seconds,
                "size": size,
                "window_seconds": window,
            }
        ]

    def draw(self, picture: Any, axes: Axes) -> None:
        """Plot a spectrogram with axes in seconds and kilohertz."""
        seconds, rate = self.config()[0]["seconds"], self.config()[0]["rate"]
        axes.imshow(
            np.asarray(picture).squeeze(),
            cmap="magma",
            aspect="auto",
            extent=(0, seconds, 0, 1),
            vmin=0,
            vmax=255,
        )
        shown = [frequency for frequency in SHOWN_HERTZ if frequency <= rate / 2]
        axes.set_yticks([float(mel(f) / mel(rate / 2)) for f in shown], [f"{f / 1000:g}" for f in shown])
        axes.set_ylabel("kHz", fontsize=7, labelpad=1)
        axes.set_xlabel("seconds", fontsize=7, labelpad=1)
        axes.tick_params(labelsize=7, length=2, pad=1)


def _check(name: str, value: Any, convert: Callable[[Any], Any], allowed: str) -> None:
    """Check an argument against the limits of program files; None means that it is learned."""
    try:
        if value is not None:
            convert(value)
    except ValueError as err:
        raise ArgumentError(
            f"AudioBlock got a {name} that it cannot use", got=value, expected=allowed
        ) from err


def _usual_rate(facts: Sequence[SoundFacts]) -> int:
    """Return the most frequent rate; print a note if there are others."""
    counts = Counter(fact.rate for fact in facts)
    rate = min(counts, key=lambda found: (-counts[found], found))
    others = {found: count for found, count in sorted(counts.items()) if found != rate}
    if others:
        what = ", ".join(f"{count} with {found}" for found, count in others.items())
        warnings.warn(
            f"{counts[rate]:,} of {len(facts):,} training recordings have {rate} samples per second. The others are "
            f"resampled to that: {what}. AudioBlock(rate=) sets another rate.",
            stacklevel=4,
        )
    return rate


def _usual_seconds(facts: Sequence[SoundFacts]) -> float:
    """Return the length that nearly all recordings have at most; warn where of much longer ones only a part is heard."""
    lengths = np.array([fact.seconds for fact in facts])
    seconds = round(min(LEARNED_SECONDS, max(0.01, float(np.percentile(lengths, WHOLE_PERCENT)))), 2)
    n_longer, longest = int((lengths > MUCH_LONGER * seconds).sum()), float(lengths.max())
    if n_longer:
        warnings.warn(
            f"{n_longer:,} of {len(facts):,} training recordings {'is' if n_longer == 1 else 'are'} much longer than {seconds:g} seconds (the longest "
            f"has {longest:,.0f}): only the loudest {seconds:g} seconds of each are used. Cut long recordings into pieces first. "
            "AudioBlock(seconds=) uses more.",
            stacklevel=4,
        )
    return seconds
