from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gatera.samples import sample_path


def people(n: int = 40) -> pd.DataFrame:
    """A small table with gaps: who is a nurse, or over 50, is rich."""
    draw = np.random.default_rng(0)
    job = draw.choice(["cook", "nurse", "guard"], n)
    age = draw.integers(20, 80, n).astype(float)
    frame = pd.DataFrame(
        {"job": job, "age": age, "children": draw.integers(0, 4, n), "height": draw.normal(170, 9, n)}
    )
    frame["rich"] = np.where((frame.job == "nurse") | (frame.age > 50), "yes", "no")
    frame["income"] = frame.age * 100 + draw.normal(0, 10, n)
    frame.loc[frame.index % 7 == 3, "age"] = np.nan
    return frame


@pytest.fixture
def df() -> pd.DataFrame:
    return people()


@pytest.fixture
def many() -> pd.DataFrame:
    """300 rows of the same kind, for what needs more."""
    return people(300)


@pytest.fixture(scope="session")
def adult_csv():
    """1,000 real rows, bundled."""
    return sample_path("adult_tiny") / "adult.csv"
