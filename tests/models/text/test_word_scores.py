from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from gatera.learn.export.onnx import to_onnx
from gatera.models.text.model import TextBody
from gatera.models.text.transformer import EncoderSizes, PoolTokens, create_encoder
from gatera.models.text.word_scores import MOST_NUMBER, Buckets, TextMixture, WordScores
from gatera.program.engines import ENGINES, make_engine
from gatera.program.network.bounded import check_model

BUCKETS = Buckets(words=30, pairs=64, pad=0)


def scores(n_out: int = 3) -> WordScores:
    draw = np.random.default_rng(0)
    idf = draw.integers(1, 5, BUCKETS.n).astype(np.float32)
    idf[BUCKETS.pad] = 0
    return WordScores(BUCKETS, idf, draw.standard_normal((BUCKETS.n, n_out)), np.arange(n_out)).eval()


def mixture() -> TextMixture:
    torch.manual_seed(0)
    sizes = EncoderSizes(vocab=30, positions=8, features=8, heads=2, wide=12, layers=2)
    body = TextBody([*create_encoder(sizes, window=6), PoolTokens()], "tiny", "random", 16)
    return TextMixture(scores(), nn.Sequential(body, nn.Linear(16, 3))).eval()


def test_scores_are_those_of_binary_tf_idf():
    words, ids = scores(), torch.tensor([[5, 6, 5, 6, 7]])
    found = np.unique(BUCKETS.of(ids)[0])
    assert len(found) == 6  # the words 5, 6, 7 and the pairs 5 6, 6 5, 6 7
    idf, table = words.idf.numpy().astype(float), words.table.numpy().astype(float)
    expected = table[found].sum(0) / np.sqrt((idf[found] ** 2).sum()) + [0, 1, 2]
    np.testing.assert_allclose(words(ids)[0], expected, rtol=1e-5)


def test_padding_says_nothing():
    words = scores()
    torch.testing.assert_close(words(torch.tensor([[5, 6, 7, 0, 0]])), words(torch.tensor([[5, 6, 7]])))


def test_a_text_of_one_word_or_none_that_is_known_has_a_score():
    words = scores()
    assert words(torch.tensor([[5]])).isfinite().all()
    assert words(torch.tensor([[0]])).tolist() == [[0, 1, 2]]


@pytest.mark.parametrize("words", [30, 30_522, 250_002])
def test_numbers_of_pairs_fit_into_32_bits_and_reach_every_bucket(words):
    buckets = Buckets(words, 2**19, 0)
    assert (words - 1) * buckets.mixer + words - 1 <= MOST_NUMBER
    assert buckets.mixer % 2 == 1
    ids = torch.arange(1, words)[None]
    assert buckets.of(ids).min() >= 1 and buckets.of(ids).max() < buckets.n


def test_both_parts_are_averaged():
    both, ids = mixture(), torch.tensor([[5, 6, 7, 8]])
    torch.testing.assert_close(both(ids), (both.words(ids) + both.network(ids)) / 2)
    alone = TextMixture(both.words)
    assert torch.equal(alone(ids), both.words(ids))


@pytest.mark.slow
@pytest.mark.parametrize("part", [pytest.param("both", marks=pytest.mark.whole), "words"])
def test_a_program_says_the_same_for_texts_of_any_length_on_every_engine(part):
    both = mixture() if part == "both" else TextMixture(scores())
    draw = np.random.default_rng(1)
    model = to_onnx(both, draw.integers(1, 30, (2, 12)), ragged=True)
    check_model(model, "a.gatera")
    for name in ENGINES:
        engine = make_engine(model, name, threads=1)
        for length in (2, 5, 6, 7, 40):
            ids = draw.integers(1, 30, (3, length))
            ids[0, (length + 1) // 2 :] = 0
            with torch.no_grad():
                expected = both(torch.from_numpy(ids)).numpy()
            np.testing.assert_allclose(engine.run(ids), expected, atol=1e-4)
