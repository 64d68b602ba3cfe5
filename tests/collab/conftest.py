from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


def ratings(n_users: int = 20, n_items: int = 12) -> pd.DataFrame:
    """Most of the pairs of users 100, 101, ... and films, rated by how well their tastes agree."""
    draw = np.random.default_rng(0)
    users, items = draw.normal(0, 1, (n_users, 2)), draw.normal(0, 1, (n_items, 2))
    scores = np.clip(np.round(2 * (3 + users @ items.T)) / 2, 0.5, 5)
    pairs = [(user, item) for user in range(n_users) for item in range(n_items) if draw.random() < 0.9]
    return pd.DataFrame(
        {
            "userId": [100 + user for user, _ in pairs],
            "film": [f"Film {item}" for _, item in pairs],
            "rating": [scores[pair] for pair in pairs],
            "timestamp": 0,
        }
    )


@pytest.fixture
def df() -> pd.DataFrame:
    return ratings()
