"""Any recording becomes in JavaScript the picture that it becomes in Python, but for a level of rounding."""

from __future__ import annotations

import base64
import json
import struct
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from gatera.core.errors import GateraError
from gatera.program.preprocess import Preprocessing

pytestmark = pytest.mark.slow

RUN = """async ([base, cases]) => {
  const { Preprocessing } = await import(`${base}js/operations.js`);
  const found = [];
  for (const { config, recording } of cases) {
    try {
      const { array } = await new Preprocessing([config], {}).run(Uint8Array.from(atob(recording), (each) => each.charCodeAt(0)));
      found.push(Array.from(array.data, Number));
    } catch (err) {
      found.push(err.code ? null : String(err));
    }
  }
  return found;
}"""

#: Frames that overlap, as those of every program that training writes by itself, and frames far from each other.
CONFIGS = (
    {"op": "read_sound", "rate": 8000, "seconds": 1.0, "size": [32, 32], "window_seconds": 0.0625},
    {"op": "read_sound", "rate": 16000, "seconds": 2.0, "size": [32, 24], "window_seconds": 0.025},
)
KINDS = (
    "click",
    "zeros",
    "fade",
    "offset",
    "clipped",
    "noise",
    "faint",
    "one sample",
    "almost silent",
    "garbage",
)
WIDTHS = {"<u1": (1, 128, 128), "<i2": (1, 2**15, 0), "<i4": (1, 2**31, 0), "<f4": (3, 1, 0)}


def samples(kind: str, count: int, rate: int, seed: int) -> np.ndarray:
    """Sounds as people have them, and what damaged files hold; float32 [T]."""
    random, time = np.random.default_rng(seed), np.arange(count) / rate
    noise, tone = random.normal(size=count), np.sin(2 * np.pi * random.uniform(30, rate / 2) * time)
    click = np.where(np.arange(count) == random.integers(count), 0.7, 0)
    if kind == "garbage":
        found = np.frombuffer(random.bytes(4 * count), np.float32)
        return np.where(np.isfinite(found), found, 0)
    return np.float32(
        {"click": click, "zeros": np.where(time < 0.2 * time[-1], 0, tone), "fade": 0.3 * noise * np.linspace(0, 1, count) ** 3,
         "offset": 0.4 + 0.01 * tone, "clipped": np.clip(5 * tone, -1, 1), "noise": 0.1 * noise, "faint": np.rint(noise) / 2**15,
         "one sample": np.where(np.arange(count) == 0, 2**-15, 0), "almost silent": 0.5 + click * 1e-4}[kind]
    )  # fmt: skip


def wav(sound: np.ndarray, rate: int, kind: str, channels: list[float]) -> bytes:
    """A file; each channel is the sound times a factor."""
    code, full, middle = WIDTHS[kind]
    values = np.stack([sound * factor for factor in channels], axis=1)
    if code == 1:
        values = np.clip(np.rint(np.float64(values) * full) + middle, middle - full, middle + full - 1)
    data = values.astype(kind).tobytes()
    width = np.dtype(kind).itemsize
    form = struct.pack("<HHIIHH", code, len(channels), rate, rate * width, width * len(channels), 8 * width)
    return (
        struct.pack("<4sI8sI", b"RIFF", 36 + len(data), b"WAVEfmt ", 16)
        + form
        + struct.pack("<4sI", b"data", len(data))
        + data
    )


def case(
    config: dict[str, Any],
    kind: str,
    width: str,
    rate: int,
    count: int,
    seed: int = 0,
    channels: Any = (1.0,),
) -> dict[str, Any]:
    """A recording and what reads it."""
    recording = wav(
        samples("noise" if width != "<f4" and kind == "garbage" else kind, count, rate, seed),
        rate,
        width,
        list(channels),
    )
    return {
        "config": config,
        "recording": base64.b64encode(recording).decode(),
        "about": (kind, width, rate, count, seed, channels),
    }


CASES = st.builds(
    case, st.sampled_from(CONFIGS), st.sampled_from(KINDS), st.sampled_from(sorted(WIDTHS)), st.sampled_from([8000, 11025, 16000, 44100]),
    st.sampled_from([1, 2, 50, 2205, 8000, 20000]), st.integers(0, 999), st.sampled_from([(1.0,), (1.0, -1.0), (0.5, 0.0), (1.0, 1.0)]),
)  # fmt: skip


def in_python(config: dict[str, Any], recording: str) -> np.ndarray | None:
    """The picture as the program makes it; None where it refuses."""
    try:
        return Preprocessing([config], {})(base64.b64decode(recording)).ravel().astype(int)
    except GateraError:
        return None


@pytest.mark.whole
@settings(phases=[Phase.explicit, Phase.generate])
@example(
    [
        case(CONFIGS[1], "click", "<i2", 44100, 8000),
        case(CONFIGS[1], "one sample", "<f4", 11025, 8000),
        case(CONFIGS[0], "garbage", "<f4", 44100, 20000),
    ]
)
@given(st.lists(CASES, min_size=8, max_size=8))
def test_python_and_javascript_hear_the_same(run_in_a_page, cases):
    sent = [{"config": each["config"], "recording": each["recording"]} for each in cases]
    for each, found in zip(cases, run_in_a_page(RUN, json.loads(json.dumps(sent))), strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = in_python(each["config"], each["recording"])
        if found is None or wanted is None:
            assert found is None and wanted is None, each["about"]
        else:
            assert np.abs(np.array(found) - wanted).max() <= 3, each["about"]
