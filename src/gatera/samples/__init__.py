"""Small real data sets bundled with the package; each folder contains its licence and source.

Read `sample_path`, the only function. In: a name. Out: the folder of that sample. Nothing is written there.
"""

from __future__ import annotations

from pathlib import Path

from gatera.core.checks import check_choice

#: Names that `sample_path` accepts.
SAMPLES = ("pets_sample", "adult_tiny", "spoken_digits_tiny")


def sample_path(name: str = "pets_sample") -> Path:
    """Return the folder of a bundled sample. It belongs to the installed package: never write to it.

    "pets_sample" has 150 photos of cats and dogs in `images/cats` and `images/dogs`, and 12 more in `images-unseen` to try a
    program on. File names of cats start with an upper-case letter. `trimaps` has a PNG of the same size for each photo, with 1
    for the pet, 2 for the background and 3 for the border; `heads.csv` has the boxes around 49 of the heads. "adult_tiny" has
    `adult.csv`, 1,000 rows of census data with a `salary` of "<50k" or ">=50k". "spoken_digits_tiny" has 120 `recordings` of
    the ten digits, two by each of six speakers, with names such as `7_theo_5.wav`.

    Raises:
        ArgumentError: if there is no such sample.

    Example:
        >>> sorted(entry.name for entry in (sample_path() / "images").iterdir())
        ['cats', 'dogs']
    """
    check_choice("name", name, SAMPLES)
    return Path(__file__).parent / name
