"""The label model: accuracies without true labels, copies counted once, adversaries recognised, one-class functions understood."""

from __future__ import annotations

import numpy as np
import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.labeling import LabelModel, MajorityLabeler, Not, Votes, labeling_report
from gatera.labeling.model.packed import alphabets_of, distinct, pack
from gatera.labeling.votes import Said, encode


def coins(seed, n, k, accuracies, coverage=0.7):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    right = rng.random((n, len(accuracies))) < accuracies
    said = np.where(right, y[:, None], (y[:, None] + rng.integers(1, k, right.shape)) % k)
    return np.where(rng.random(right.shape) < coverage, said, -1), y


def share(answers, y, votes):
    covered = (votes >= 0).any(axis=1)
    return (answers == y)[covered].mean()


TRUE = np.array([0.9, 0.8, 0.7, 0.6, 0.75, 0.65])


def test_accuracies_are_learned_without_labels():
    votes, _ = coins(0, 3000, 2, TRUE)
    model = LabelModel().fit(votes)
    assert np.abs(model.accuracies - TRUE).max() < 0.05
    assert model.form == "coin" and (model.weights == 1).all() and model.dependent == []


def test_probabilities_are_those_of_bayes_rule():
    votes, y = coins(1, 4000, 3, TRUE)
    model = LabelModel(form="coin", class_prior=[1 / 3] * 3).fit(votes)
    rows = model.predict_proba(votes)
    assert rows.shape == (4000, 3) and np.allclose(rows.sum(axis=1), 1)
    first = votes[0]
    scores = np.ones(3)
    for j, vote in enumerate(first):
        if vote >= 0:
            a = model.accuracies[j]
            scores *= np.where(np.arange(3) == vote, a, (1 - a) / 2)
    assert np.allclose(rows[0], scores / scores.sum(), atol=1e-6)
    sure = rows.max(axis=1)
    assert abs(sure.mean() - (rows.argmax(axis=1) == y).mean()) < 0.02


def test_copies_of_a_weak_function_count_once():
    votes, y = coins(2, 3000, 2, np.array([0.58, 0.75, 0.8, 0.7, 0.75, 0.72]))
    rng = np.random.default_rng(0)
    copies = np.repeat(votes[:, :1], 3, axis=1)
    both = np.hstack([votes, np.where((rng.random(copies.shape) < 0.08) & (copies >= 0), 1 - copies, copies)])
    model, alone = LabelModel().fit(both), LabelModel(dependencies=False).fit(both)
    better, worse = (share(m.predict(both), y, both) for m in (model, alone))
    assert better > worse + 0.05 and better > share(MajorityLabeler().fit(both).predict(both), y, both) + 0.05
    copied = {0, 6, 7, 8}
    assert len(model.dependent) == 6 and all({pair.first, pair.second} <= copied for pair in model.dependent)
    assert model.weights[list(copied)].max() < 0.5 and model.weights[1:6].min() == 1


def test_copies_of_a_rule_that_gives_one_class_only_count_once():
    votes, _ = coins(3, 1000, 2, np.array([0.7, 0.75, 0.8, 0.72]))
    votes[:, 0] = np.where(votes[:, 0] == 0, 0, -1)  # as words do: "cat" is one, and all else says nothing
    both = np.hstack([votes, *[votes[:, :1]] * 3])
    assert np.allclose(
        LabelModel().fit(both).predict_proba(both), LabelModel().fit(votes).predict_proba(votes)
    )


def test_a_function_given_eight_times_counts_once():
    votes, y = coins(2, 1500, 2, np.array([0.62, 0.75, 0.8, 0.7, 0.75, 0.72]))
    both = np.hstack([votes, *[votes[:, :1]] * 7])
    model, once = LabelModel().fit(both), LabelModel().fit(votes)
    assert np.allclose(model.predict_proba(both), once.predict_proba(votes))
    assert np.allclose(model.weights, [1 / 8, *[1] * 5, *[1 / 8] * 7])
    assert [tuple(pair) for pair in model.dependent] == [(0, j, 1.0) for j in range(6, 13)]
    assert "function 1 and function 7 vote the same on every item" in str(
        labeling_report(Votes.from_matrix(both), model)
    )
    assert share(model.predict(both), y, both) > 0.8
    two = both[:, [0, 6, 7, 1]]  # the agreements of two functions tell no skill: the copies stay
    assert (
        len(LabelModel().fit(two).weights) == 4
        and LabelModel(dependencies=False).fit(both).weights.min() == 1
    )


def test_an_adversary_is_turned_round():
    votes, y = coins(3, 2000, 2, np.array([0.8, 0.7, 0.75, 0.2, 0.3]))
    model = LabelModel().fit(votes)
    assert model.accuracies[3] < 0.3 < 0.6 < model.accuracies[1]
    assert (
        share(model.predict(votes), y, votes)
        > share(MajorityLabeler().fit(votes).predict(votes), y, votes) + 0.1
    )


def test_a_few_that_are_very_wrong_do_not_outweigh_many_that_are_a_little_right():
    accuracies = np.array([0.66, 0.62, 0.61, 0.62, 0.6, 0.61, 0.6, 0.68, 0.36, 0.15, 0.24, 0.17])
    for seed in range(3):
        votes, y = coins(40 + seed, 2000, 2, accuracies)
        model = LabelModel().fit(votes)
        assert (model.accuracies > 0.5).tolist() == (accuracies > 0.5).tolist()
        assert share(model.predict(votes), y, votes) > 0.8


def test_errors_by_class_are_learned():
    rng = np.random.default_rng(4)
    y = rng.choice(4, 3000, p=[0.4, 0.3, 0.2, 0.1])
    tables = np.stack([0.5 * np.eye(4) + 0.5 * rng.dirichlet(np.full(4, 0.4), 4) for _ in range(8)])
    votes = np.stack(
        [(rng.random((3000, 1)) > t.cumsum(axis=1)[y]).sum(axis=1).clip(0, 3) for t in tables], axis=1
    )
    model = LabelModel().fit(votes)
    assert model.form == "confusion"
    assert (
        share(model.predict(votes), y, votes)
        > share(LabelModel(form="coin").fit(votes).predict(votes), y, votes) + 0.03
    )


def test_functions_that_know_one_class_are_understood():
    rng = np.random.default_rng(5)
    y = rng.integers(0, 5, 2000)
    votes = np.stack(
        [np.where(rng.random(2000) < np.where(y == j % 5, 0.5, 0.04), j % 5, -1) for j in range(15)], axis=1
    )  # fmt: skip
    model = LabelModel().fit(votes)
    assert model.form == "selective"
    assert share(model.predict(votes), y, votes) > share(
        MajorityLabeler().fit(votes).predict(votes), y, votes
    )


def keywords(seed: int, n: int, m: int, coverage: float, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Functions that know one of two classes, and speak so seldom that few items have two votes."""
    rng = np.random.default_rng(seed)
    y, votes = rng.integers(0, 2, n), np.full((n, m), -1)
    for j in range(m):
        speaks = rng.random(n) < 2 * coverage * np.where(y == j % 2, truth[j], 1 - truth[j])
        votes[speaks, j] = j % 2
    return votes, y


def test_functions_that_seldom_meet_are_not_taken_for_opposites():
    truth = np.random.default_rng(0).uniform(0.6, 0.95, 16)
    found, inside = [], []
    for seed in range(3):
        votes, y = keywords(seed, 4000, 16, 0.03, truth)
        model = LabelModel().fit(votes)
        found.append(
            share(model.predict(votes), y, votes)
            - share(MajorityLabeler().fit(votes).predict(votes), y, votes)
        )
        assert model.accuracies.min() > 0.5
        seen = [(votes[:, j] == y)[votes[:, j] >= 0].mean() for j in range(16)]
        inside += [low <= a <= high for (low, high), a in zip(model.accuracy_intervals(votes), seen)]
    assert np.mean(found) > 0 and np.mean(inside) >= 0.9


def test_votes_that_are_alone_do_not_choose_the_form():
    for seed in range(4):
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 2, 5000)
        right = rng.random((5000, 10)) < rng.uniform(0.6, 0.95, 10)
        votes = np.where(rng.random(right.shape) < 0.03, np.where(right, y[:, None], 1 - y[:, None]), -1)
        assert LabelModel().fit(votes).form == "coin"


def test_what_an_item_is_not_counts_too():
    rng = np.random.default_rng(6)
    y = rng.integers(0, 3, 1500)
    other = [(y + rng.integers(1, 3, 1500)) % 3 for _ in range(4)]
    said = [[Said.of(int(c)) for c in np.where(rng.random(1500) < 0.7, y, wrong)] for wrong in other[:3]]
    said.append([Said.of(Not(int(c))) for c in np.where(rng.random(1500) < 0.95, other[3], y)])
    matrix, allowed = encode(said, [0, 1, 2])
    votes = Votes(matrix, (0, 1, 2), allowed, tuple("abcd"))
    without = Votes(matrix[:, :3], (0, 1, 2), allowed, tuple("abc"))
    assert (LabelModel().fit(votes).predict(votes) == y).mean() > (
        LabelModel().fit(without).predict(without) == y
    ).mean() + 0.03


def test_an_item_without_a_vote_gets_the_prior():
    votes = np.array([[0, 0, -1], [1, 1, 1], [-1, -1, -1], [0, -1, 0]] * 20)
    model = LabelModel().fit(votes)
    assert np.allclose(model.predict_proba(votes)[2], model.prior) and model.predict(votes)[2] == -1
    assert MajorityLabeler().fit(votes).predict_proba(votes)[2].tolist() == [0.5, 0.5]


def test_the_same_votes_give_the_same_numbers_and_few_patterns_are_exact():
    votes, _ = coins(7, 500, 2, TRUE[:3])
    order = np.random.default_rng(0).permutation(500)
    one, two = LabelModel().fit(votes), LabelModel().fit(votes[order])
    assert np.allclose(one.predict_proba(votes)[order], two.predict_proba(votes[order]), atol=1e-3)
    first, inverse, counts = distinct(votes)
    assert np.array_equal(votes[first][inverse], votes) and counts.sum() == 500 and len(first) <= 27


def test_packed_votes_are_what_they_were():
    votes, _ = coins(8, 200, 6, np.full(9, 0.6))
    alphabets = alphabets_of(votes, np.eye(6, dtype=bool))
    packed = pack(votes.astype(np.int32), alphabets, 6)
    assert len(packed.groups) > 1
    for j in range(9):
        numbers = np.concatenate([[-1], alphabets[j].numbers])
        assert np.array_equal(numbers[packed.column(j)], votes[:, j])
    tables = [np.random.default_rng(j).random((len(a), 6)) for j, a in enumerate(alphabets)]
    direct = sum(tables[j][packed.column(j)] for j in range(9)).T
    assert np.allclose(packed.scores(tables), direct)
    weights = np.random.default_rng(9).random((6, 200))
    for j, sums in enumerate(packed.sums(weights)):
        rows = np.stack([weights[:, packed.column(j) == a].sum(axis=1) for a in range(len(alphabets[j]))])
        assert np.allclose(sums, rows)


def test_evidence_and_leaving_a_function_out():
    votes, _ = coins(9, 400, 2, np.array([0.9, 0.8, 0.7, 0.6]))
    model = LabelModel(form="coin").fit(votes)
    evidence = model.evidence(votes)
    assert (evidence[votes < 0] == 0).all()
    winner = model.predict_proba(votes).argmax(axis=1)
    assert ((evidence > 0) == (votes == winner[:, None]))[votes >= 0].all()
    without = list(model.without_each(votes))
    silent = votes[:, 2] < 0
    assert np.allclose(without[2][silent], model.predict_proba(votes)[silent], atol=1e-9)


def test_intervals_hold_the_truth():
    inside = []
    for seed in range(3):
        votes, y = coins(20 + seed, 600, 2, TRUE)
        model = LabelModel().fit(votes)
        seen = [(votes[:, j] == y)[votes[:, j] >= 0].mean() for j in range(6)]
        inside += [low <= a <= high for (low, high), a in zip(model.accuracy_intervals(votes), seen)]
    assert np.mean(inside) >= 0.8


@pytest.mark.parametrize(("items", "common"), [(20, 0.5), (60, 0.5), (60, 0.8)])
def test_of_few_items_lone_votes_are_not_turned_round(items, common):
    """How frequent classes are was learned from votes on 5 to 15 items: 14 of 40 sets had a third of what one function said turned round."""
    right, by_vote, turned = [], [], 0
    for seed in range(40):
        rng = np.random.default_rng([seed, items])
        y = (rng.random(items) < common).astype(int)
        good = rng.uniform(0.65, 0.95, 2)
        votes = np.where(rng.random((items, 2)) < good, y[:, None], 1 - y[:, None])
        votes = np.where(rng.random(votes.shape) < 0.5, votes, -1)
        said, shares = (
            LabelModel().fit(votes, 2).predict(votes),
            MajorityLabeler().fit(votes, 2).predict_proba(votes),
        )
        voted, alone = (votes >= 0).any(axis=1), (votes >= 0).sum(axis=1) == 1
        tied = shares[:, 0] == shares[:, 1]
        right.append((said == y)[voted].mean())
        by_vote.append(np.where(tied, 0.5, shares.argmax(axis=1) == y)[voted].mean())
        turned += bool((votes.max(axis=1) != said)[alone].mean() > 1 / 3)
    assert turned <= 2 and np.mean(right) > np.mean(by_vote) - 0.02


@pytest.mark.parametrize(
    ("items", "m", "common"), [(1000, 2, 0.9), (1000, 2, 0.8), (2000, 3, 0.98), (2000, 4, 0.9)]
)
def test_rules_for_one_class_each_are_not_taken_for_opposites(items, m, common):
    """Rules for a rare class, and of two for the frequent one: 60 to 86 % of the items were right, of the vote 89 to 97 %."""
    right, by_vote = [], []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        y = (rng.random(items) >= common).astype(int)
        votes = np.full((items, m), -1)
        for j in range(m):
            says, precision = j % 2, 0.9
            share = (common, 1 - common)[says]
            wrong = 0.4 * share * (1 - precision) / precision / (1 - share)
            votes[rng.random(items) < np.where(y == says, 0.4, min(wrong, 1)), j] = says
        voted = (votes >= 0).any(axis=1)
        right.append((LabelModel().fit(votes, 2).predict(votes) == y)[voted].mean())
        by_vote.append((MajorityLabeler().fit(votes, 2).predict(votes) == y)[voted].mean())
    assert np.mean(right) > np.mean(by_vote) - 0.02


def one_class_each(seed, items, rules, speaks, precision):
    """Return votes of rules for one class each, of which the first has 80 % of the items, and the truth."""
    rng, k = np.random.default_rng(seed), max(rules) + 1
    y = rng.choice(k, items, p=[0.8, *[0.2 / (k - 1)] * (k - 1)])
    votes = np.full((items, len(rules)), -1)
    for j, says in enumerate(rules):
        hit = (y == says) & (rng.random(items) < speaks)
        others = np.flatnonzero(y != says)
        wrong = rng.choice(
            others, min(int(hit.sum() * (1 - precision) / precision), len(others)), replace=False
        )
        votes[hit, j] = votes[wrong, j] = says
    return votes, y


@pytest.mark.parametrize(("seed", "precision"), [(1, 0.7), (3, 0.75)])
def test_rules_for_five_classes_do_not_change_places(seed, precision):
    """Two rules for a frequent class, one for each of four rare ones: 20 % of the items were right, of the vote 72 and 76 %."""
    votes, y = one_class_each(seed, 2000, (0, 0, 1, 2, 3, 4), 0.3, precision)
    voted, model = (votes >= 0).any(axis=1), LabelModel().fit(votes, 5)
    assert (model.predict(votes) == y)[voted].mean() > share_of_vote(votes, y, 5)
    assert model.accuracies.min() > 0.5  # of three rules it was 0.2


@pytest.mark.parametrize(
    ("rules", "items"),
    [((0, 1, 2, 3, 4, 4), 300), ((0, 1, 2, 3, 4, 4), 2000), ((0, 0, 0, 1, 2, 3, 4, 5, 6, 7), 300)],
)
def test_lone_votes_for_a_rare_class_are_not_turned_into_the_frequent_one(rules, items):
    """Rules that seldom meet: up to 16 points below the vote."""
    for seed in range(4):
        votes, y = one_class_each(seed, items, rules, 0.15, 0.8)
        voted, model = (votes >= 0).any(axis=1), LabelModel().fit(votes, max(rules) + 1)
        right = (model.predict(votes) == y)[voted].mean()
        assert right > share_of_vote(votes, y, max(rules) + 1) - 0.02
        found = model.predict_proba(votes)[voted]
        assert (
            np.allclose(found.sum(axis=1), 1)
            and (votes[voted] == found.argmax(axis=1)[:, None]).any(axis=1).all()
        )


@pytest.mark.parametrize("k", [2, 3, 5])
def test_rules_for_one_class_that_overlap_count_less(k):
    """Two rules that spoke on the same items looked like a class: of others, right in 62 to 94 % of their votes, it was 20 to 33 %."""
    rng = np.random.default_rng(k)
    y = rng.integers(0, k, 2000)
    votes = np.full((2000, 3 * k + 2), -1)
    for j in range(3 * k):
        votes[:, j] = np.where(rng.random(2000) < np.where(y == j % k, 0.35, 0.12 / k), j % k, -1)
    for j in (0, 1):  # a longer word that holds the other
        votes[:, 3 * k + j] = np.where(rng.random(2000) < 0.9, votes[:, j], -1)
    model, voted = LabelModel().fit(votes), (votes >= 0).any(axis=1)
    true = [(y == column)[column >= 0].mean() for column in votes.T]
    assert np.abs(model.accuracies - true).max() < 0.15
    assert (model.predict(votes) == y)[voted].mean() > share_of_vote(votes, y, k) - 0.01
    assert [{pair.first, pair.second} for pair in model.dependent] == [{0, 3 * k}, {1, 3 * k + 1}]
    assert model.weights[[0, 1, 3 * k, 3 * k + 1]].max() < 0.6 and model.weights[2 : 3 * k].min() == 1


def test_honest_rules_that_find_most_of_a_class_count_fully():
    """They speak together in most items as the class is there: the report said of two that they "agree more often" than explained."""
    rng = np.random.default_rng(0)
    y = rng.choice(2, 16000, p=[0.75, 0.25])
    rules = [(0, 0.88, 0.04), (0, 0.93, 0.01), (0, 0.85, 0.04), (0, 0.92, 0.07), (1, 0.5, 0.09)]
    votes = np.stack(
        [np.where(rng.random(16000) < np.where(y == c, found, wrong), c, -1) for c, found, wrong in rules], 1
    )
    model, voted = LabelModel().fit(votes), (votes >= 0).any(axis=1)
    assert model.dependent == [] and model.weights.min() == 1
    assert -np.log(model.predict_proba(votes)[np.arange(16000), y])[voted].mean() < 0.06


def test_what_is_left_without_a_function_is_a_class_that_another_says():
    """Else the function that says the same too would have caused the label: `errors_caused` would count it."""
    votes, _ = one_class_each(0, 300, (0, 1, 2, 3, 4, 4), 0.15, 0.8)
    for j, rows in enumerate(LabelModel().fit(votes, 5).without_each(votes)):
        others = np.delete(votes, j, axis=1)
        left = (others >= 0).any(axis=1)
        assert (others[left] == rows[left].argmax(axis=1)[:, None]).any(axis=1).all()


def share_of_vote(votes, y, k):
    return (MajorityLabeler().fit(votes, k).predict(votes) == y)[(votes >= 0).any(axis=1)].mean()


@pytest.mark.parametrize("m", [1, 2])
def test_one_or_two_functions_are_taken_at_their_word(m):
    votes, y = coins(10, 300, 3, np.array([0.8, 0.7])[:m])
    assert share(LabelModel().fit(votes, 3).predict(votes), y, votes) >= 0.69


def test_bad_input():
    with pytest.raises(DataError, match="No function voted on any item"):
        LabelModel().fit([[-1, -1], [-1, -1]], 2)
    with pytest.raises(ArgumentError, match="not fitted"):
        LabelModel().predict_proba([[0, 1]])
    with pytest.raises(ArgumentError, match=r"class_prior must have one probability per class"):
        LabelModel(class_prior=[0.2, 0.3, 0.5]).fit([[0, 1]])
    for prior in ([0.5, 0.6], [1.0, 0.0], [float("nan"), 1]):
        with pytest.raises(ArgumentError, match="class_prior must be probabilities"):
            LabelModel(class_prior=prior)
    model = LabelModel().fit([[0, 1, 0], [1, 1, 0]])
    with pytest.raises(ArgumentError, match=r"votes are not of the functions.*Got: '2 functions, 2 classes'"):
        model.predict_proba([[0, 1]])
    with pytest.raises(ArgumentError, match="form must be one of coin, confusion, selective"):
        LabelModel(form="coins")


@pytest.mark.parametrize(("k", "several", "one"), [(2, 3, 2), (5, 3, 3)])
def test_a_function_of_one_class_among_others_does_not_confirm_itself(k, several, one):
    rng = np.random.default_rng(0)
    votes, y = coins(11, 1500, k, rng.uniform(0.6, 0.85, several), 0.5)
    single = [np.where(rng.random(1500) < np.where(y == j, 0.4, 0.05), j, -1) for j in range(one)]
    both = np.hstack([votes, np.stack(single, axis=1)])
    majority = share(MajorityLabeler().fit(both, k).predict(both), y, both)
    assert share(LabelModel().fit(both, k).predict(both), y, both) > majority - 0.01
    assert share(LabelModel(form="coin").fit(both, k).predict(both), y, both) > majority - 0.01


@pytest.mark.parametrize("m", [3, 6, 20])
def test_a_class_that_no_function_votes_for_is_no_answer_for_an_item_with_a_vote(m, capsys):
    draw = np.random.default_rng(0)
    votes = np.full((400, m), -1)
    votes[:100] = 1
    votes[np.arange(100, 400), draw.integers(0, m, 300)] = 1  # silence of the others is no vote for class 0
    model = LabelModel().fit(votes, 2)
    assert (model.predict(votes) == 1).all() and model.predict_proba(votes).min(axis=0)[1] > 0.9
    assert capsys.readouterr().err == (
        "No labelling function votes for 0, so no item with a vote gets such a label "
        "(to change: add a function that votes for it).\n"
    )
    LabelModel(class_prior=[0.5, 0.5]).fit(votes, 2)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("times", [10, 100])
def test_an_item_whose_only_vote_is_for_a_class_is_of_it(times):
    """Of two functions that never contradict each other, one says one thing only: what the other said alone was turned round, with p = 0.77."""
    votes = np.array([[1, 1], [-1, 1], [0, -1], [1, 1], [-1, 1], [0, -1]] * times)
    assert LabelModel().fit(votes, 2).predict(votes)[:3].tolist() == [1, 1, 0]


@pytest.mark.parametrize("two_sided", [1, 2, 3])
def test_few_functions_of_which_one_says_one_thing_are_about_as_good_as_the_vote(two_sided):
    """Up to every second item was labelled against all that was said of it: the class of that function seemed ever more frequent."""
    found = []
    for seed in range(12):
        draw = np.random.default_rng(seed)
        truth = (draw.random(400) < draw.uniform(0.2, 0.8)).astype(int)
        says = draw.random(400) < np.where(truth == 0, 0.6, 0.15)
        columns = [np.where(says, 0, -1)]
        for _ in range(two_sided):
            right = draw.random(400) < draw.uniform(0.7, 0.9)
            columns.append(np.where(draw.random(400) < 0.6, np.where(right, truth, 1 - truth), -1))
        votes = np.stack(columns, axis=1)
        covered = (votes >= 0).any(axis=1)
        found.append(
            [
                (model.fit(votes, 2).predict(votes) == truth)[covered].mean()
                for model in (LabelModel(), MajorityLabeler())
            ]
        )
    model, vote = np.mean(found, axis=0)
    assert model > vote - (0.1 if two_sided == 1 else 0.05)  # of two functions, agreement tells little


def test_one_pattern_alone_chooses_no_form(recwarn):
    """numpy said "invalid value encountered in divide": the only votes that meet were held out, and none were left to fit on."""
    votes = np.array([[0, 1], [-1, 0], [-1, 1], [0, -1], [1, -1]] * 100)
    assert LabelModel().fit(votes, 2).scores == {} and not recwarn.list
