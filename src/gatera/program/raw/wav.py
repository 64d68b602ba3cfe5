"""Read WAV files without other packages: integers of 8 to 32 bits and floats, any number of channels."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

import numpy as np

from gatera.core.errors import SoundError

#: How samples are kept. Source: Microsoft's mmreg.h, WAVE_FORMAT_PCM, _IEEE_FLOAT and _EXTENSIBLE.
WHOLE_NUMBERS, FLOATS, EXTENSIBLE = 1, 3, 0xFFFE

#: A size from here on was written before the recording was over (by a pipe): the samples reach to the end of the file.
OPEN_END = 0x7FFF_0000

#: Of a file that is cut off, this share of its sound must be there: recorders and downloads lose a last block, and no more.
WHOLE_ENOUGH = 0.99

#: Where the real format stands in the "fmt " chunk of an extensible file (bytes from its start).
_SUBFORMAT = 24


class WavHeader(NamedTuple):
    """What the header of a WAV file says.

    Attributes:
        rate: samples per second.
        channels: 1 for mono, 2 for stereo.
        format: `WHOLE_NUMBERS` or `FLOATS`, or another, which is not read here.
        sample_bytes: size of one sample of one channel.
        start: where the samples begin in the file.
        size: how many bytes they take.
    """

    rate: int
    channels: int
    format: int
    sample_bytes: int
    start: int
    size: int

    @property
    def plain(self) -> bool:
        """Whether the samples are kept as numbers that `wav_samples` takes."""
        sizes = {WHOLE_NUMBERS: (1, 2, 3, 4), FLOATS: (4, 8)}
        return self.sample_bytes in sizes.get(self.format, ())

    @property
    def frames(self) -> int:
        """Samples per channel."""
        return self.size // (self.sample_bytes * self.channels)


def wav_header(file: IO[bytes], name: str) -> WavHeader:
    """Read the header of a WAV file.

    Args:
        file: open at any place.
        name: what messages call it.

    Raises:
        SoundError: if the header is damaged, or less than 99 % of the sound is there.
    """
    end = file.seek(0, io.SEEK_END)
    form: tuple[int, ...] | None = None
    for kind, start, size in _chunks(file, end):
        if kind == b"fmt " and size >= 16 and start + 16 <= end:
            form = _format(file, start, size)
        if kind == b"data" and form is not None:
            code, channels, rate, frame_bytes = form
            left = end - start
            if left < WHOLE_ENOUGH * size and size < OPEN_END:
                raise SoundError(
                    f"{name} is truncated: {left:,} of {size:,} bytes of sound are there",
                    remedy="Download it again, or remove it.",
                )
            if not (channels and rate and frame_bytes and frame_bytes % channels == 0):
                raise _damaged(name, "its header is invalid")
            if size == 0 and not _chunk_follows(file, start, end):
                size = left  # the recorder stopped before it wrote the length
            return WavHeader(rate, channels, code, frame_bytes // channels, start, min(size, left))
    raise _damaged(name, "it ends before its sound begins")


def wav_samples(file: IO[bytes], header: WavHeader) -> np.ndarray:
    """Return the samples of a `plain` WAV file, float32 [T,C]; whole numbers become -1..1."""
    file.seek(header.start)
    data = file.read(header.frames * header.channels * header.sample_bytes)
    return _as_float(data, header).reshape(-1, header.channels)  # [T*C] -> [T,C]


def _as_float(data: bytes, header: WavHeader) -> np.ndarray:
    if header.format == FLOATS:
        return np.frombuffer(data, f"<f{header.sample_bytes}").astype(np.float32)
    if header.sample_bytes == 1:  # the one size without a sign
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    if header.sample_bytes == 3:  # put each into the upper three bytes of four
        four = np.zeros((len(data) // 3, 4), np.uint8)
        four[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return four.view("<i4")[:, 0].astype(np.float32) / 2**31
    whole = np.frombuffer(data, f"<i{header.sample_bytes}").astype(np.float32)
    return whole / 2 ** (8 * header.sample_bytes - 1)


def _format(file: IO[bytes], start: int, size: int) -> tuple[int, int, int, int]:
    """Return (format, channels, rate, bytes of a frame) of a "fmt " chunk."""
    file.seek(start)
    content = file.read(min(size, _SUBFORMAT + 2))
    code, channels, rate, _, frame_bytes = struct.unpack_from("<HHIIH", content)
    if code == EXTENSIBLE and len(content) >= _SUBFORMAT + 2:
        (code,) = struct.unpack_from("<H", content, _SUBFORMAT)
    return code, channels, rate, frame_bytes


def _chunk_follows(file: IO[bytes], place: int, end: int) -> bool:
    """Whether another chunk, whose size fits into the file, stands at a place."""
    kind, _, size = next(_chunks(file, end, place), (b"", 0, 0))
    return kind.isascii() and kind.strip(b" ").isalnum() and size <= end - place - 8


def _chunks(file: IO[bytes], end: int, place: int = 12) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, where its content starts, size as written) of each chunk; the first follows "RIFF", the size and "WAVE"."""
    while place + 8 <= end:
        file.seek(place)
        kind, size = struct.unpack("<4sI", file.read(8))
        yield kind, place + 8, size
        place += 8 + size + size % 2  # chunks begin at even places


def _damaged(name: str, why: str) -> SoundError:
    return SoundError(f"{name} is damaged: {why}", remedy="Download it again, or remove it.")
