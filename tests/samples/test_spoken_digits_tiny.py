from __future__ import annotations

import hashlib
import json
from collections import Counter

from gatera.program.raw.sound import load_sound, sound_facts
from gatera.samples import sample_path

SAMPLE = sample_path("spoken_digits_tiny")
FILES = sorted((SAMPLE / "recordings").iterdir())
PARTS = [file.stem.split("_") for file in FILES]  # digit, speaker, number


def test_each_of_six_speakers_says_each_digit_twice() -> None:
    assert len(FILES) == 120
    assert set(Counter((digit, speaker) for digit, speaker, _ in PARTS).values()) == {2}
    assert sorted({digit for digit, _, _ in PARTS}) == list("0123456789")
    assert len({speaker for _, speaker, _ in PARTS}) == 6


def test_every_recording_opens_and_none_is_there_twice() -> None:
    sounds = [load_sound(file).samples.tobytes() for file in FILES]
    assert len(set(sounds)) == 120
    facts = [sound_facts(file) for file in FILES]
    assert {fact.rate for fact in facts} == {8000}
    assert all(0.1 < fact.seconds < 1 for fact in facts)


def test_it_is_small() -> None:
    assert sum(file.stat().st_size for file in FILES) < 900_000


def test_every_file_is_the_one_the_manifest_names() -> None:
    manifest = json.loads((SAMPLE / "manifest.json").read_text())
    assert manifest == {
        f"recordings/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest() for file in FILES
    }


def test_licence_source_and_changes_are_named_beside_the_recordings() -> None:
    text = " ".join((SAMPLE / "LICENSE.md").read_text().split())
    for needed in (
        "Free Spoken Digit Dataset", "Zohar Jackson", "26eb9aaf76e81b692f806f9140c2d2777410d7a1", "CC BY-SA 4.0",
        "https://creativecommons.org/licenses/by-sa/4.0/", "What was changed", "out of 3,000",
    ):  # fmt: skip
        assert needed in text
