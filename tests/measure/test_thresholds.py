from __future__ import annotations

import numpy as np
import pytest
import torch

from gatera.core.errors import ArgumentError
from gatera.measure.losses.standard import BCELossFlat, BCEWithLogitsLossFlat
from gatera.measure.metrics.standard import APScoreMulti, F1ScoreMulti, RocAucMulti, accuracy_multi
from gatera.measure.reports.labels import label_scores
from gatera.measure.thresholds import best_thresholds, checked_thresholds

LOGITS = torch.tensor([[2.0, -1.0, 0.5], [-2.0, 1.0, -0.5], [1.0, -0.5, -3.0], [-1.0, 0.2, 0.1]])
THERE = torch.tensor([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0]])


def message(call) -> str:
    with pytest.raises(ArgumentError) as err:
        call()
    return str(err.value)


# -- one threshold for each label


def test_a_loss_decodes_with_a_threshold_for_each_label():
    scores = torch.tensor([[0.2, 0.2], [0.6, 0.6]])
    for loss in (BCEWithLogitsLossFlat(thresh=[0.1, 0.7]), BCELossFlat(thresh=np.array([0.1, 0.7]))):
        assert loss.threshold == (0.1, 0.7)
        assert loss.decodes(scores).tolist() == [[True, False], [True, False]]


def test_metrics_take_a_threshold_for_each_label():
    assert accuracy_multi(LOGITS, THERE, thresh=[0.5, 0.3, 0.9]) == pytest.approx(11 / 12)
    assert F1ScoreMulti(thresh=[0.5, 0.3, 0.9], average="micro")(LOGITS, THERE) == pytest.approx(8 / 9)


def test_thresholds_that_are_not_usable():
    assert message(lambda: BCEWithLogitsLossFlat(thresh=[0.5, 2])) == (
        "thresh must be a number in [0, 1]. Got: 2.0."
    )
    assert message(lambda: BCEWithLogitsLossFlat(thresh="0.5")).startswith("thresh must be a number in ")
    assert message(lambda: accuracy_multi(LOGITS, THERE, thresh=[0.5, 0.5])) == (
        "there must be one threshold per label. Got: '2 thresholds'. Expected: 3 of them, or one number for all."
    )


# -- choosing them


def test_the_best_threshold_of_a_label_is_the_one_with_the_best_f_score():
    draw = np.random.default_rng(0)
    present = draw.random((200, 2)) < 0.3
    scores = np.clip(0.25 * present + draw.normal([0.2, 0.6], 0.1, (200, 2)), 0, 1)
    found = best_thresholds(scores, present)
    for k in range(2):
        tried = {t: _f(scores[:, k] > t, present[:, k]) for t in np.linspace(0, 1, 201)}
        assert _f(scores[:, k] > found[k], present[:, k]) >= max(tried.values())
    assert found[0] < 0.5 < found[1]


def test_beta_prefers_finding_or_being_right():
    draw = np.random.default_rng(1)
    present = draw.random((300, 1)) < 0.5
    scores = np.clip(0.2 * present + draw.normal(0.4, 0.15, (300, 1)), 0, 1)
    assert (
        best_thresholds(scores, present, beta=3)
        < best_thresholds(scores, present)
        < best_thresholds(scores, present, 0.3)
    )


def test_a_rare_label_gets_the_threshold_that_suits_all_together():
    scores = np.array([[0.9, 0.3], [0.8, 0.2], [0.7, 0.1], [0.65, 0.9], [0.6, 0.1], [0.1, 0.1]])
    present = np.array([[1, 0], [1, 0], [1, 0], [1, 1], [1, 0], [0, 0]])
    assert best_thresholds(scores, present) == [0.35, 0.45]


def test_equal_scores_are_not_split_and_nothing_present_is_a_half():
    assert best_thresholds(np.full((6, 1), 0.4), np.array([[1]] * 5 + [[0]])) == [0.2]
    assert best_thresholds(np.full((6, 1), 0.4), np.zeros((6, 1))) == [0.5]


@pytest.mark.parametrize(("scores", "present"), [((3, 2), (3, 1)), ((3,), (3,)), ((0, 2), (0, 2))])
def test_shapes_that_do_not_fit(scores, present):
    assert message(lambda: best_thresholds(np.zeros(scores), np.zeros(present))) == (
        "probabilities and targets must be those of the same items and labels. "
        f"Got: '{list(scores)} and {list(present)}'. Expected: [N,K] both, N at least 1."
    )


# -- labels that no item has


def test_labels_that_no_item_has_do_not_count():
    assert APScoreMulti()(LOGITS, THERE) == APScoreMulti()(LOGITS[:, :2], THERE[:, :2])
    everywhere = THERE.clone()
    everywhere[:, 1] = 1
    assert RocAucMulti()(LOGITS, everywhere) == RocAucMulti()(LOGITS[:, :1], everywhere[:, :1])
    assert APScoreMulti(average="weighted")(LOGITS, everywhere) == pytest.approx(1)


def test_nothing_to_score_is_nan_and_averages_over_all_answers_are_as_they_were():
    nothing = torch.zeros_like(THERE)
    assert np.isnan(APScoreMulti()(LOGITS, nothing))
    assert np.isnan(RocAucMulti(average="micro")(LOGITS, nothing))
    assert 0 < APScoreMulti(average="micro")(LOGITS, THERE) < 1
    assert 0 < APScoreMulti(average="samples")(LOGITS[:3], THERE[:3]) <= 1


def test_the_table_of_labels_stands_beside_guessing():
    table = label_scores(LOGITS.sigmoid(), THERE, ["cat", "dog", "fox"], thresh=[0.5, 0.3, 0.9])
    assert list(table["label"]) == ["cat", "dog", "fox", "mean"]
    assert list(table["items"][:3]) == [2, 2, 0]
    assert list(table["prevalence"]) == [0.5, 0.5, 0.0, 0.5]
    assert table["average_precision"][0] == 1.0
    assert np.isnan(table["average_precision"][2])
    assert table["average_precision"][3] == pytest.approx(table["average_precision"][:2].mean())
    assert list(table["precision"][:2]) == [1.0, pytest.approx(2 / 3)]
    assert list(table["recall"][:2]) == [1.0, 1.0]
    assert table["f1"][1] == pytest.approx(0.8)


def test_a_table_of_other_labels_is_refused():
    assert message(lambda: label_scores(LOGITS, THERE, ["cat"])) == (
        "probabilities, targets and vocab must be those of the same items and labels. Got: '[4, 3], [4, 3] and 1 labels'. "
        "Expected: [N,K] twice and K labels, N at least 1."
    )


def _f(said: np.ndarray, present: np.ndarray) -> float:
    return 2 * (said & present).sum() / (said.sum() + present.sum())


def test_a_threshold_may_be_a_tensor_of_one_number():
    assert (
        checked_thresholds("thresh", torch.tensor(0.5)) == checked_thresholds("thresh", np.array(0.5)) == 0.5
    )
