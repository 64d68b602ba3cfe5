"""Read one recording from a path, bytes, a file or an array, as one channel (mono) of samples; bring it to another sample rate (`resample`).

WAV files need nothing but numpy; other formats (FLAC, Ogg, MP3, AIFF ...) are read by `soundfile`, of the extra [audio].
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeAlias, TypeVar

import numpy as np

from gatera.core.checks import name_of, require
from gatera.core.errors import ArgumentError, GateraError, SoundError
from gatera.core.files import check_regular
from gatera.program.raw.wav import wav_header, wav_samples

T = TypeVar("T")

#: What a recording may come as; samples come with their rate (samples per second).
SoundSource: TypeAlias = str | Path | bytes | bytearray | memoryview | IO[bytes] | tuple[Any, int]

#: Suffixes of the files that count as recordings when a folder is searched.
SOUND_SUFFIXES = frozenset(
    (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64",
     ".m4a", ".aac", ".wma")  # nothing reads the last three: an error says so, so that they are not skipped in silence
)  # fmt: skip

#: A recording is never longer than this (samples of all channels, over an hour of CD sound): memory is not endless.
MOST_SAMPLES = 400_000_000

#: Rates outside these cannot be those of recordings (samples per second).
LOWEST_RATE, HIGHEST_RATE = 100, 1_000_000

#: First bytes of formats that soundfile reads, and what they are called.
_FORMATS = {
    b"fLaC": "FLAC", b"OggS": "Ogg", b"ID3": "MP3",
    b"FORM": "AIFF", b".snd": "AU", b"caff": "CAF", b"riff": "Wave64", b"RF64": "RF64", b"RIFX": "big-endian WAV",
}  # fmt: skip

#: How many zero bytes may stand before an MP3's first frame: radio recorders and cutters leave some.
_MOST_PADDING = 1 << 16

#: Channels whose mean has less than this share of their power cancel each other: one of them was recorded upside down.
_CANCELLED = 1e-3

#: Share of the lower of two sample rates' band, at its end, in which resampling fades out: a sharp edge would ring.
FADE = 0.05

#: How many channels an array may have; more count as a mistake in its shape.
_MOST_CHANNELS = 32


class Sound(NamedTuple):
    """One recording: float32 samples [T], -1..1, and their number per second."""

    samples: np.ndarray
    rate: int


class SoundFacts(NamedTuple):
    """What a recording's header says: samples per second, and its length in seconds."""

    rate: int
    seconds: float


def load_sound(source: SoundSource) -> Sound:
    """Read a recording; several channels are averaged; if they cancel each other, the loudest is used.

    Args:
        source: a path, the bytes of a file, an open binary file, or (samples, rate): samples float -1..1 or whole numbers
            of shape [T] or [T,C], rate in samples per second.

    Raises:
        SoundError: if it is missing, a folder, empty, no recording, truncated, too long, or holds no sound: no samples,
            only silence, or values that are not numbers. It names the file.
        MissingExtraError: if it is not a WAV file, and soundfile is not installed.
        ArgumentError: if `source` is none of the above.

    Example:
        >>> load_sound((np.array([0, 16384], np.int16), 8000))
        Sound(samples=array([0. , 0.5], dtype=float32), rate=8000)
    """
    name = name_of(source, "a recording")
    if isinstance(source, tuple):
        samples, rate = _from_array(source, name)
    else:
        samples, rate = _with_file(source, name, _read)
    return Sound(_mono(_checked(samples, rate, name)), rate)


def _mono(samples: np.ndarray) -> np.ndarray:
    """Return one channel for several, float32 [T,C] -> [T]."""
    if samples.shape[1] == 1:
        return samples[:, 0]
    mixed = samples.mean(axis=1)
    # einsum sums in float64 without a copy of all samples in it
    energies = np.einsum("tc,tc->c", samples, samples, dtype=np.float64)
    cancelled = float(np.einsum("t,t->", mixed, mixed, dtype=np.float64)) < _CANCELLED * float(energies.max())
    return samples[:, int(energies.argmax())].copy() if cancelled else mixed


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


def sound_facts(source: SoundSource) -> SoundFacts:
    """Return what a recording's header says, without reading the sound.

    Raises:
        SoundError, MissingExtraError, ArgumentError: as `load_sound`, except for what only the samples tell.
    """
    name = name_of(source, "a recording")
    if isinstance(source, tuple):
        samples, rate = _from_array(source, name)
        return SoundFacts(rate, len(samples) / rate)
    return _with_file(source, name, _facts)


def _with_file(source: Any, name: str, function: Callable[[IO[bytes], str], T]) -> T:
    """Open a source, call `function(file, name)`, and turn what went wrong into a sentence about this recording."""
    try:
        with _as_file(source) as file:
            return function(file, name)
    except GateraError:
        raise
    except FileNotFoundError as err:
        raise SoundError(f"{name} does not exist", remedy="Check its path.") from err
    except (OSError, ValueError) as err:
        if isinstance(source, str | Path) and Path(source).is_dir():
            raise SoundError(f"{name} is a folder, not a recording", remedy="Pass the files in it.") from err
        why = err.strerror if isinstance(err, OSError) and err.strerror else err
        raise SoundError(
            f"{name} cannot be read ({why})", remedy="Check its permissions and its disk."
        ) from err


def _read(file: IO[bytes], name: str) -> tuple[np.ndarray, int]:
    """Return samples float32 [T,C] and their rate."""
    if _is_wav(file, name):
        header = wav_header(file, name)
        _check_length(header.frames * header.channels, name)
        if header.plain:
            return wav_samples(file, header), header.rate
    return _by_soundfile(file, name, _all_samples)


def _all_samples(sound: Any) -> tuple[np.ndarray, int]:
    # The number of frames is passed on: soundfile asks for it where it cannot seek, as in GSM.
    return sound.read(sound.frames, dtype="float32", always_2d=True), sound.samplerate


def _facts(file: IO[bytes], name: str) -> SoundFacts:
    if _is_wav(file, name):
        header = wav_header(file, name)
        if header.plain:
            return SoundFacts(header.rate, header.frames / header.rate)
    return _by_soundfile(
        file, name, lambda sound: SoundFacts(sound.samplerate, sound.frames / sound.samplerate)
    )


def _by_soundfile(file: IO[bytes], name: str, function: Callable[[Any], T]) -> T:
    soundfile = require("soundfile", "audio", f"to read {name}, which is not a plain WAV file,")
    file.seek(0)
    begin = _padding(file)
    file.seek(begin)
    try:
        with soundfile.SoundFile(io.BytesIO(file.read()) if begin else file) as sound:
            _check_length(sound.frames * sound.channels, name)
            return function(sound)
    except soundfile.SoundFileError as err:
        raise SoundError(f"{name} is damaged ({err})", remedy="Download it again, or remove it.") from err


def _is_wav(file: IO[bytes], name: str) -> bool:
    """Whether this is a WAV file.

    Raises:
        SoundError: if it is in no format that is known.
    """
    file.seek(0)
    head = file.read(16)
    if not head:
        raise SoundError(f"{name} is empty (0 bytes)", remedy="Download it again, or remove it.")
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return True
    file.seek(_padding(file))
    if not head.startswith(tuple(_FORMATS)) and not _is_mp3(file.read(4)):
        raise SoundError(
            f"{name} is not a recording in a known format; it begins with {head!r}",
            expected="WAV, and with the extra [audio] FLAC, Ogg, MP3, AIFF, AU, CAF",
            remedy="Convert it, e.g. with ffmpeg, or remove it.",
        )
    return False


def _padding(file: IO[bytes]) -> int:
    """Return how many zero bytes a file begins with if an MP3 frame follows them; else 0."""
    file.seek(0)
    head = file.read(_MOST_PADDING)
    zeros = len(head) - len(head.lstrip(b"\0"))
    return zeros if head[zeros : zeros + 3] == b"ID3" or _is_mp3(head[zeros : zeros + 4]) else 0


def _is_mp3(head: bytes) -> bool:
    """Whether these four bytes are the header of a frame of MPEG audio, of any layer and rate. Source: ISO/IEC 11172-3, 2.4.1.3."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer, bits, rate = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer != 0 and bits not in (0, 15) and rate != 3


def _check_length(samples: int, name: str) -> None:
    if samples > MOST_SAMPLES:
        raise SoundError(
            f"{name} is too long",
            got=samples,
            expected=f"at most {MOST_SAMPLES:,} samples",
            remedy="Cut it first.",
        )


def _checked(samples: np.ndarray, rate: int, name: str) -> np.ndarray:
    if not len(samples):
        raise SoundError(f"{name} holds no sound: it is 0 seconds long", remedy="Remove it.")
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise SoundError(
            f"{name} has a sample rate that no recording has", got=rate,
            expected=f"{LOWEST_RATE} to {HIGHEST_RATE:,} samples per second",
        )  # fmt: skip
    low, high = samples.min(axis=0), samples.max(axis=0)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise SoundError(f"{name} holds samples that are not numbers (NaN or infinite)", remedy="Remove it.")
    if (low == high).all():
        raise SoundError(
            f"{name} is silent: its {len(samples):,} samples are all the same",
            remedy="Record it again, or remove it.",
        )
    return samples


def _from_array(source: tuple[Any, int], name: str) -> tuple[np.ndarray, int]:
    """Return samples float32 [T,C] and their rate."""
    if len(source) != 2 or not isinstance(source[1], int | np.integer) or isinstance(source[1], bool):
        raise ArgumentError(
            "a recording as a pair is not (samples, rate)", got=source,
            expected="samples as an array, and a whole number of samples per second",
        )  # fmt: skip
    samples = np.asarray(source[0])
    _check_length(samples.size, name)
    channels = samples[:, None] if samples.ndim == 1 else samples  # [T] -> [T,1]
    if channels.ndim != 2 or channels.shape[1] > _MOST_CHANNELS or samples.dtype.kind not in "iuf":
        turned = samples.ndim == 2 and samples.shape[0] <= _MOST_CHANNELS
        raise SoundError(
            f"{name} of shape {list(samples.shape)} and type {samples.dtype} is not a recording",
            expected=f"[T] or [T,C] with at most {_MOST_CHANNELS} channels, floats or whole numbers",
            remedy="Put the channels last: samples.T." if turned else None,
        )  # fmt: skip
    return _as_float(channels), int(source[1])


def _as_float(samples: np.ndarray) -> np.ndarray:
    """Return samples as float32; whole numbers become -1..1."""
    if samples.dtype.kind == "f":
        return samples.astype(np.float32)
    limits = np.iinfo(samples.dtype)
    middle = (limits.max + 1) // 2 if limits.min == 0 else 0
    return ((samples.astype(np.float64) - middle) / (limits.max + 1 - middle)).astype(np.float32)


def _as_file(source: Any) -> AbstractContextManager[IO[bytes]]:
    if isinstance(source, str | Path):
        check_regular(source)
        return Path(source).open("rb")
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(source)
    if isinstance(source, io.IOBase):
        return nullcontext(source)  # type: ignore[arg-type]  # whoever opened it closes it
    raise ArgumentError(
        f"a recording cannot be given as {type(source).__name__}", got=source,
        expected="a path, bytes, an open binary file, or (samples, rate)",
    )  # fmt: skip
