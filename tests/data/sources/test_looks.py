"""What is kept of a file to find its copies."""

from __future__ import annotations

import tracemalloc

import numpy as np

from gatera.data.sources.looks import look_at_sound


def test_a_look_at_a_long_recording_takes_little_more_memory_than_the_recording():
    samples = np.sin(np.arange(1_000_000) * 0.3, dtype=np.float32)
    tracemalloc.start()
    look = look_at_sound((samples, 8000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * samples.nbytes  # bytes; 48 pieces at one time take 12 times the recording
    assert look.grey.shape == (48, 48)
