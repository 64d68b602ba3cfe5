"""Short reviews of our own, easy to tell apart."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

WORDS = {
    "neg": ("awful", "boring", "clumsy", "dreadful", "dull", "tedious", "terrible"),
    "pos": ("brilliant", "charming", "funny", "lovely", "moving", "superb", "wonderful"),
}
VERBS = {"neg": "hated", "pos": "liked"}
THINGS = ("camera", "cast", "dialogue", "ending", "film", "music", "plot", "story")


def review(label: str, draw: random.Random) -> str:
    """Return one to three sentences."""
    sentences = [
        f"The {draw.choice(THINGS)} was {draw.choice(WORDS[label])}, and I {VERBS[label]} the {draw.choice(THINGS)}."
        for _ in range(draw.randint(1, 3))
    ]
    return "<br /><br />".join(sentences)


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder train/ and valid/ with neg/ and pos/ in each: 48 and 16 texts."""
    folder, draw = tmp_path_factory.mktemp("reviews"), random.Random(0)
    for split, count in (("train", 24), ("valid", 8)):
        for label in WORDS:
            (folder / split / label).mkdir(parents=True)
            for number in range(count):
                (folder / split / label / f"{number}.txt").write_text(review(label, draw))
    return folder
