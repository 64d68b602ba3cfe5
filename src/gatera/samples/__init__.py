"""Small real data that comes with the package, each folder with its licence and source beside it."""

from __future__ import annotations

from pathlib import Path

from gatera.core.checks import check_choice

#: Names that `sample_path` knows.
SAMPLES = ("pets_sample", "adult_tiny", "spoken_digits_tiny")


def sample_path(name: str = "pets_sample") -> Path:
    """Return the folder of a bundled sample, which belongs to the installed package: never write to it.

    "pets_sample" holds 150 cat and dog photos in `images/cats` and `images/dogs`, and 12 more in
    `images-unseen` to try a program on. A file name that starts with an upper-case letter is a cat's. `trimaps` has for each
    photo a PNG of its size, with 1 for the pet, 2 for the background and 3 for the border between them; `heads.csv` the
    boxes around 49 of the heads. "adult_tiny" holds
    `adult.csv`, 1,000 rows of census data with a `salary` of "<50k" or ">=50k". "spoken_digits_tiny" holds
    120 `recordings` of the ten digits, two by each of six speakers, named as in `7_theo_5.wav`.

    Raises:
        ArgumentError: if there is no such sample.

    Example:
        >>> sorted(entry.name for entry in (sample_path() / "images").iterdir())
        ['cats', 'dogs']
    """
    check_choice("name", name, SAMPLES)
    return Path(__file__).parent / name
