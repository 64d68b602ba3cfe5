from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gatera.core.errors import DataError
from gatera.data.blocks.regression import RegressionBlock
from gatera.text.baseline import TextBaseline, tfidf_baseline
from gatera.text.data import TextDataLoaders


@pytest.mark.slow
def test_words_tell_classes_apart(reviews):
    found = tfidf_baseline(TextDataLoaders.from_folder(reviews, bs=8, seed=0))
    assert (found.errors, found.most_frequent, found.n) == (0, 8, 16)


def test_it_is_written_in_one_line():
    baseline = TextBaseline(errors=12, most_frequent=50, n=100)
    assert str(baseline) == (
        "TF-IDF and logistic regression: accuracy 0.8800 on 100 texts (the most frequent class: 0.5000)"
    )
    assert baseline.interval.low < 0.12 < baseline.interval.high


def test_numbers_are_no_classes():
    frame = pd.DataFrame({"text": ["a", "b", "c", "d"], "stars": [1.0, 2.0, 3.0, 4.0]})
    dls = TextDataLoaders.from_df(frame, y_block=RegressionBlock, bs=1, seed=0, valid_pct=0.5)
    with pytest.raises(DataError) as err:
        tfidf_baseline(dls)
    assert str(err.value) == (
        "The baseline needs a validation or test set and one class per text. Got: 'regression'."
    )


@pytest.mark.slow
def test_it_is_what_scikit_learn_gives_with_words_and_pairs_that_occur_twice(reviews):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    draw = np.random.default_rng(3)
    words = [f"w{number}" for number in range(60)]
    labels = draw.integers(0, 2, 260)
    texts = [
        " ".join(
            [
                *draw.choice(words, 8),
                "not good" if label == draw.integers(0, 5) > 0 else "good not",
                *draw.choice(words, 8),
            ]
        )
        for label in labels
    ]
    frame = pd.DataFrame(
        {"text": texts, "label": np.array(["no", "yes"])[labels], "is_valid": np.arange(260) >= 130}
    )
    found = tfidf_baseline(TextDataLoaders.from_df(frame, valid_col="is_valid", bs=8, seed=0))
    counts = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2)
    model = LogisticRegression(C=10.0, max_iter=2000).fit(counts.fit_transform(texts[:130]), labels[:130])
    wrong = int((model.predict(counts.transform(texts[130:])) != labels[130:]).sum())
    assert (found.errors, found.n) == (wrong, 130) and wrong > 5
