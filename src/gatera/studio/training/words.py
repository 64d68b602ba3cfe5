"""Features of texts and rows, made with scikit-learn in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gatera.core.checks import require

#: Features of texts, at most, and categories of a column.
MOST_FEATURES, MOST_CATEGORIES = 300, 50


def text_features(texts: Sequence[str]) -> np.ndarray:
    """Return what words texts have, brought to few numbers, float32 [n,F].

    Source: Deerwester et al. 1990, "Indexing by Latent Semantic Analysis", JASIS 41(6).
    """
    found = require("sklearn.feature_extraction.text", "train", "to train again")
    words = found.TfidfVectorizer(
        sublinear_tf=True, ngram_range=(1, 2), max_features=60_000, token_pattern=r"(?u)\S+"
    )
    if not any(text.strip() for text in texts):
        return np.zeros((len(texts), 1), np.float32)
    counts = words.fit_transform(texts)
    width = min(MOST_FEATURES, min(counts.shape) - 1)
    if width < 2:
        return np.asarray(counts.todense(), np.float32)
    decomposition = require("sklearn.decomposition", "train", "to train again")
    return np.asarray(decomposition.TruncatedSVD(width, random_state=0).fit_transform(counts), np.float32)


def row_features(rows: Sequence[Mapping[str, str]]) -> np.ndarray:
    """Return rows as numbers, float32 [n,F]: numbers with their mean at 0, and a column of 0 and 1 for each usual category."""
    columns: list[np.ndarray] = []
    for name in rows[0]:
        cells = [str(row[name] or "").strip() for row in rows]
        numbers = _numbers(cells)
        if numbers is not None:
            spread = np.nanstd(numbers) or 1.0
            columns.append(np.nan_to_num((numbers - np.nanmean(numbers)) / spread))
            continue
        usual, counts = np.unique(cells, return_counts=True)
        if len(usual) > len(cells) / 2:
            continue  # names and ids say nothing about others
        chosen = usual[np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]]
        columns.extend((np.array(cells) == each).astype(np.float64) for each in chosen)
    return np.stack(columns, axis=1).astype(np.float32) if columns else np.zeros((len(rows), 1), np.float32)


def _numbers(cells: Sequence[str]) -> np.ndarray | None:
    """Return cells as numbers, NaN for empty ones; None where one is something else."""
    try:
        found = np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return None
    return found if np.isfinite(found[~np.isnan(found)]).all() and not np.isnan(found).all() else None
