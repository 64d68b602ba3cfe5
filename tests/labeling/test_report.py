"""What functions are worth, which errors they caused, and what to label next."""

from __future__ import annotations

import numpy as np
import pytest

from gatera.core.errors import ArgumentError
from gatera.labeling import LabelModel, Votes, errors_caused, labeling_report, next_to_label, out_of_fold
from gatera.labeling.report import conflicts


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 600)
    said = [
        np.where(rng.random(600) < 0.6, np.where(rng.random(600) < a, y, 1 - y), -1)
        for a in (0.85, 0.8, 0.75)
    ]
    bad = np.where(np.arange(600) % 3 == 0, 1 - y, -1)  # wrong whenever it speaks
    votes = Votes.from_matrix(np.stack([*said, bad], axis=1), ["no", "yes"], ["a", "b", "c", "bad"])
    return votes, y, LabelModel().fit(votes)


def test_coverage_overlap_and_conflict():
    votes = Votes.from_matrix([[0, 0, -1], [1, 0, -1], [1, -1, -1], [-1, -1, -1]], ["no", "yes"])
    assert conflicts(votes).tolist() == [[False] * 3, [True, True, False], [False] * 3, [False] * 3]
    first, second, silent = labeling_report(votes).functions
    assert (first.coverage, first.overlap, first.conflict, first.says) == (0.75, 0.5, 0.25, "no, yes")
    assert (second.coverage, second.overlap, second.conflict) == (0.5, 0.5, 0.25)
    modelled = labeling_report(votes, LabelModel().fit(votes)).functions[2]
    assert (modelled.learned, modelled.interval) == (None, None)  # it was called right in 96 %
    assert silent.coverage == 0 and "function 3 votes on no item." in labeling_report(votes).remarks


def test_votes_for_several_classes_conflict_only_where_none_is_left():
    allowed = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 0, 1]], dtype=bool)
    votes = Votes(np.array([[0, 3], [2, 3], [3, -1]], dtype=np.int32), (0, 1, 2), allowed, ("a", "b"))
    assert conflicts(votes).tolist() == [[False, False], [True, True], [False, False]]
    assert labeling_report(votes).functions[1].says == "not 2"


def test_learned_and_measured_accuracy_stand_side_by_side(made):
    votes, y, model = made
    gold = [["no", "yes"][c] if i < 60 else None for i, c in enumerate(y)]
    report = labeling_report(votes, model, gold)
    first, bad = report.functions[0], report.functions[3]
    assert first.interval.low < first.learned < first.interval.high and 0.75 < first.measured < 0.98
    assert (
        bad.known == 20
        and bad.right == 0
        and "bad is wrong on most known labels (20 of 20)." in report.remarks
    )
    counted = np.sign((votes.matrix[:60] * 2 - 1) * (votes.matrix[:60] >= 0)).sum(
        axis=1
    )  # 0: the first class
    right = int((model.predict(votes)[:60] == y[:60])[votes.covered[:60]].sum())
    by_count = int(((counted > 0) == y[:60])[votes.covered[:60]].sum())
    said = f"the label model has {right} right, and counting votes {by_count}."
    assert report.sentences[1] == f"Of the {votes.covered[:60].sum()} known labels of these, {said}"
    assert repr(report) == str(report)
    assert "0 of 20 right" in str(report) and f"{100 * first.learned:.1f} %" in str(report)
    low, high = (f"{100 * end:.1f} %" for end in (first.interval.low, first.interval.high))
    assert f"{low} to {high}" in str(report)


def test_the_function_that_did_it_is_found(made):
    votes, y, _ = made
    trusting = LabelModel(form="coin", dependencies=False).fit(
        votes.subset(np.arange(600) % 3 > 0)
    )  # without what it says
    truth = np.eye(2)[y] * 0.9 + 0.05
    by_prediction = errors_caused(votes, trusting, predictions=truth)
    by_gold = errors_caused(votes, trusting, gold=[["no", "yes"][c] for c in y])
    assert [each.name for each in by_prediction] == ["a", "b", "c", "bad"]
    assert [len(each.items) for each in by_prediction] == [len(each.items) for each in by_gold]
    label = trusting.predict(votes)
    for each in by_prediction:
        assert (label[each.items] != y[each.items]).all()
    assert by_prediction[0].prevented > len(by_prediction[0].items)
    assert labeling_report(votes, trusting, caused=by_gold).functions[3].caused is by_gold[3]
    with pytest.raises(ArgumentError, match="something to be measured by"):
        errors_caused(votes, trusting)
    with pytest.raises(ArgumentError, match="predictions do not fit the votes"):
        errors_caused(votes, trusting, predictions=truth[:5])


def test_a_vote_without_which_the_label_was_right_is_the_cause():
    matrix = [[0, 0, 0]] * 30 + [[1, 1, 1]] * 28 + [[1, 1, 0]] * 2 + [[0, -1, 1]] * 3
    votes = Votes.from_matrix(matrix, ["no", "yes"], ["good", "other", "loud"])
    model = LabelModel(form="coin").fit(votes)
    label = model.predict(votes)[60]
    culprit, right = ("good", "yes") if label == 0 else ("loud", "no")
    found = {each.name: each for each in errors_caused(votes, model, gold=[None] * 60 + [right] * 3)}
    assert found[culprit].items.tolist() == [60, 61, 62] and found[culprit].prevented == 0
    other = "loud" if culprit == "good" else "good"
    assert len(found[other].items) == 0


def test_out_of_fold_predictions_come_from_models_that_did_not_see_the_item():
    seen = []

    def train_and_predict(train, held):
        seen.append((set(train.tolist()), set(held.tolist())))
        return np.stack([held, held * 2], axis=1)

    rows = out_of_fold(train_and_predict, 11, folds=3)
    assert rows[:, 0].tolist() == list(range(11)) and all(not train & held for train, held in seen)
    with pytest.raises(ArgumentError, match=r"returned something else. Got: \[2\]"):
        out_of_fold(lambda train, held: np.zeros(2), 11)


def test_the_queue_is_uncertain_diverse_and_without_known_labels(made):
    votes, _, model = made
    queue = next_to_label(votes, model, 8)
    assert len(queue) == 8 and len({each.position for each in queue}) == 8
    rows = model.predict_proba(votes)
    assert np.mean([rows[each.position].max() for each in queue]) < rows.max(axis=1).mean()
    assert len({tuple(votes.matrix[each.position]) for each in queue}) >= 4
    first = queue[0].position
    gold = ["yes" if i == first else None for i in range(600)]
    assert first not in {each.position for each in next_to_label(votes, model, 8, gold)}
    near = np.zeros((600, 2))
    near[first] = near[queue[1].position] = [5.0, 5.0]
    spread = [each.position for each in next_to_label(votes, model, 2, embeddings=near)]
    assert spread[0] == first and spread[1] != queue[1].position
    with pytest.raises(ArgumentError, match="one vector per item"):
        next_to_label(votes, model, 2, embeddings=[[1.0]])


def test_embeddings_that_hold_no_number_are_refused():
    """One made all distances unknown, and the queue ended after its first item."""
    votes = Votes.from_matrix([[0, 1], [1, 1], [0, 0]], ["no", "yes"])
    with pytest.raises(ArgumentError, match=r"not a number, first for item 2. Got: '?1 such"):
        next_to_label(votes, LabelModel().fit(votes), 2, embeddings=[[0.0, 1.0], [np.nan, 1.0], [1.0, 0.0]])


def test_a_class_that_is_named_twice_is_refused():
    with pytest.raises(ArgumentError, match=r"classes name one more than once. Got: 'no'"):
        Votes.from_matrix([[0, 1]], ["no", "no"])


def test_a_wrong_label_that_only_one_function_gives_is_its_error():
    """Of such an item the likelier class stays likeliest without the vote, so that only errors of the other class were counted."""
    matrix = [[0, -1], [0, -1], [1, -1], [1, -1]] + [[0, 0]] * 20 + [[1, 1]] * 6
    votes = Votes.from_matrix(matrix, ["a", "b"], ["alone", "other"])
    model = LabelModel(class_prior=[0.7, 0.3]).fit(votes)
    found = errors_caused(votes, model, gold=["a", "b", "a", "b", *["a"] * 20, *["b"] * 6])
    assert [(each.items.tolist(), each.prevented) for each in found] == [([1, 2], 0), ([], 0)]


def test_a_function_that_repeats_others_and_is_wrong_on_known_labels_is_named():
    """A rule that counts the words of two others was learned to be right in 98 % (97.6 % to 98.7 %), beside 25 of 35 known labels."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    first = np.where(rng.random(400) < 0.7, y, 1 - y)
    other = np.where(rng.random(400) < 0.7, y, 1 - y)
    repeated = np.where(rng.random(400) < 0.98, first, 1 - first)
    votes = Votes.from_matrix(np.stack([first, repeated, other], axis=1), ["a", "b"], ["one", "two", "three"])
    gold = ["ab"[label] if i < 100 else None for i, label in enumerate(y)]
    remarks = labeling_report(votes, LabelModel().fit(votes), gold).remarks
    assert [each for each in remarks if each.startswith("two is worse than the label model learned (")]
    assert not [each for each in remarks if each.startswith("three")]


def test_a_rule_for_one_class_is_not_said_to_count_the_other_way_round():
    """Its votes count for its class, as a guess at least, also where most of them are wrong."""
    rng = np.random.default_rng(0)
    y = (rng.random(2000) >= 0.9).astype(int)
    votes = np.full((2000, 4), -1)
    for j, (says, often, wrong) in enumerate([(0, 0.6, 0.1), (1, 0.9, 0.02), (1, 0.9, 0.02), (1, 0.2, 0.3)]):
        votes[rng.random(2000) < np.where(y == says, often, wrong), j] = says
    given = Votes.from_matrix(votes, ["a", "b"], ["one", "two", "three", "bad"])
    model = LabelModel().fit(given)
    remarks = labeling_report(given, model).remarks
    assert model.form == "selective"
    assert [each for each in remarks if each == "bad seems to be wrong more often than chance."]


def test_a_function_that_is_turned_is_not_turned_where_it_votes_alone():
    """ "Its votes are counted the other way round", and 119 of 570 items had its own label, right in 47 %."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 600)
    votes = np.full((600, 5), -1)
    for j, says in enumerate([0, 0, 1, 1]):
        votes[rng.random(600) < np.where(y == says, 0.45, 0.12), j] = says
    votes[:, 4] = np.where(rng.random(600) < 0.3, y, 1 - y)
    given = Votes.from_matrix(votes, ["a", "b"], ["a1", "a2", "b1", "b2", "bad"])
    model = LabelModel().fit(given)
    alone = (votes[:, :4] < 0).all(axis=1)
    stay = int((model.predict(given)[alone] == votes[alone, 4]).sum())
    assert stay > 50
    assert [each for each in labeling_report(given, model).remarks if each.startswith("bad")] == [
        "bad seems to be wrong more often than chance; its votes are counted the other way round beside those of others, "
        f"and as they are where it votes alone ({stay} items)."
    ]
