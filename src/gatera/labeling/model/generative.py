"""How votes come about, given the class: three forms, from few parameters to many, each estimated by EM.

"coin": a function is right with one probability; its errors spread evenly over the other classes. "confusion": for each class its own
probabilities of what it says, given that it says something (Dawid and Skene 1979). "selective": the same, and whether it says something
depends on the class too, as with functions that know one class only. The richer forms are drawn towards the poorer ones: a function with
few votes keeps the poor form's estimate. Few items say little, too: how frequent classes are begins as how often they are said, which is
between the truth and even classes, and how good functions are as what is usual. Where silence tells something, votes that are alone on
their item confirm whatever is believed, and functions that seldom meet would be taken for opposites: the votes that another function joins
speak for them, and a function that says one thing only is not taken for worse than a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gatera.labeling.model.packed import Alphabet, Packed

Form = Literal["coin", "confusion", "selective"]
FORMS: tuple[Form, ...] = ("coin", "confusion", "selective")

#: Votes that pull a function's accuracy towards that of all functions, and that towards FIRST_ACCURACY; and votes that pull a class's row
#: of a richer form towards the poorer one.
COIN_PULL, ROW_PULL = 20.0, 8.0

#: What is taken for the accuracy where nothing tells it.
FIRST_ACCURACY = 0.75

#: Items that pull the class prior towards the classes' shares of the votes. Without it, of few items votes that no other function joins
#: were turned round.
SAID_PULL = 20.0

#: Joined votes with which what a function's lone votes say of it counts as much as what all functions are like.
ALONE_PULL = 30.0

#: How good votes that are alone on their item are taken to be at most.
MOST_TOGETHER = 0.97

#: Share of the items that pulls the class prior towards even classes.
PRIOR_PULL = 0.02

#: Least and largest probability of anything.
LEAST = 1e-6

#: EM ends when no parameter moves by more, or after so many rounds.
TOLERANCE, MOST_ROUNDS = 1e-4, 200


@dataclass(frozen=True)
class Generative:
    """A fitted model of votes.

    Attributes:
        form: which of the three forms.
        prior: probability of each class, [K].
        emissions: for each function the probability of what it says given the class, [A,K]; row 0 is abstention.
        accuracies: how often each function's votes are right, [m].
        weights: how much each function counts, 0..1, [m]; below 1 where others say the same for the same reasons.
    """

    form: Form
    prior: np.ndarray
    emissions: tuple[np.ndarray, ...]
    accuracies: np.ndarray
    weights: np.ndarray

    def tables(self) -> list[np.ndarray]:
        """Return the evidence of every vote for every class, [A,K] per function; 0 for abstention where that says nothing."""
        tables = []
        for emission, weight in zip(self.emissions, self.weights):
            table = np.log(emission) * weight
            if self.form != "selective":
                table[0] = 0
            tables.append(table)
        return tables

    def posterior(self, packed: Packed) -> np.ndarray:
        """Return the probability of every class for every pattern, [K,P]."""
        return softmax(packed.scores(self.tables()) + np.log(self.prior)[:, None])


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return probabilities over the first axis; `scores` is overwritten."""
    scores -= scores.max(axis=0)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=0)
    return scores


def fit(
    packed: Packed, form: Form, posterior: np.ndarray, weights: np.ndarray, prior: np.ndarray | None = None, rounds: int = MOST_ROUNDS
) -> Generative:  # fmt: skip
    """Fit a form by EM.

    Args:
        packed: the votes.
        form: which form.
        posterior: probabilities to begin with, [K,P].
        weights: how much each function counts, [m].
        prior: the classes' probabilities where they are known, [K].
        rounds: most rounds.
    """
    model = maximise(packed, form, posterior, weights, prior)
    for _ in range(rounds):
        new = maximise(packed, form, model.posterior(packed), weights, prior)
        moved = max(
            float(np.abs(new.prior - model.prior).max()),
            *(float(np.abs(a - b).max()) for a, b in zip(new.emissions, model.emissions)),
        )
        model = new
        if moved < TOLERANCE:
            break
    return model


def maximise(
    packed: Packed, form: Form, posterior: np.ndarray, weights: np.ndarray, prior: np.ndarray | None
) -> Generative:
    """Return the parameters that suit given probabilities best: the second half of EM."""
    weighted = posterior * packed.counts
    counts = packed.sums(weighted)
    if prior is None:
        found = weighted.sum(axis=1)
        said = _shares(packed.alphabets, counts)
        prior = found + PRIOR_PULL * found.sum() / len(found) + SAID_PULL * said
        prior = prior / prior.sum()
    if form == "selective" and packed.alone.any():
        lone = packed.lone.sums(weighted[:, packed.alone])
        counts = _told_by_others(packed.alphabets, counts, lone, prior)
    if form == "selective":
        counts = [
            _as_chance(*each) if len(each[0]) == 2 else each[1] for each in zip(packed.alphabets, counts)
        ]
    accuracies = _accuracies(packed.alphabets, counts, form == "coin")
    emissions = [
        _emission(form, alphabet, count, accuracy)
        for alphabet, count, accuracy in zip(packed.alphabets, counts, accuracies)
    ]
    return Generative(form, np.clip(prior, LEAST, 1), tuple(emissions), accuracies, weights)


def _shares(alphabets: Sequence[Alphabet], counts: Sequence[np.ndarray]) -> np.ndarray:
    """Return each class's share of the votes, [K]; a vote for several classes is shared among them."""
    votes = sum(
        (count[1:].sum(axis=1) / alphabet.allowed.sum(axis=1)) @ alphabet.allowed
        for alphabet, count in zip(alphabets, counts)
    )
    return np.asarray(votes / np.maximum(np.sum(votes), LEAST))


def _told_by_others(
    alphabets: Sequence[Alphabet], counts: Sequence[np.ndarray], lone: Sequence[np.ndarray], prior: np.ndarray
) -> list[np.ndarray]:
    """Return counts [A,K] in which votes that are alone on their item are as good as joined ones: those of all functions, or its own if many."""
    joined = [count[1:] - alone[1:] for count, alone in zip(counts, lone)]
    right = sum(float((votes * alphabet.allowed).sum()) for alphabet, votes in zip(alphabets, joined))
    total = sum(float(votes.sum()) for votes in joined)
    k = alphabets[0].allowed.shape[1]
    together = (right + COIN_PULL * FIRST_ACCURACY) / (total + COIN_PULL)
    together = float(np.clip(together, 1 / k, MOST_TOGETHER))
    found = []
    for alphabet, count, alone, votes in zip(alphabets, counts, lone, joined):
        # nor worse than a guess: else a frequent class would have votes beyond its items, and a rare one all silence
        guess = np.minimum(alphabet.allowed @ prior, MOST_TOGETHER)[:, None]
        usual = alone[1:].sum(axis=1, keepdims=True) * coin_table(alphabet, np.maximum(together, guess))
        met = votes.sum(axis=1, keepdims=True)
        votes = votes + (met * alone[1:] + ALONE_PULL * usual) / (met + ALONE_PULL)
        found.append(np.vstack([np.maximum(count.sum(axis=0) - votes.sum(axis=0), 0), votes]))
    return found


def _as_chance(alphabet: Alphabet, count: np.ndarray) -> np.ndarray:
    """Return counts [2,K] of a function that says one thing only, as if it said it of any class where it says it less where it is true.

    Items on which all are silent are not seen: of two functions for one class, each speaks on what the other is silent on, and one of them
    would be taken for the opposite of the other.
    """
    by_class, allowed = count.sum(axis=0), alphabet.allowed[0]
    said = count[1] / np.maximum(by_class, LEAST)
    true, false = (float(np.average(said[of], weights=by_class[of] + LEAST)) for of in (allowed, ~allowed))
    return np.outer(count.sum(axis=1), by_class / by_class.sum()) if true < false else count


def _accuracies(
    alphabets: Sequence[Alphabet], counts: Sequence[np.ndarray], others_for_one: bool
) -> np.ndarray:
    """Return how often each function is right, [m].

    A function that says one thing only would confirm itself where its silence does not count: the more its class is believed, the
    better it looks. With `others_for_one` it gets the accuracy of the others together.
    """
    right = np.array([(count[1:] * alphabet.allowed).sum() for alphabet, count in zip(alphabets, counts)])
    total = np.array([count[1:].sum() for count in counts])
    one = np.array([others_for_one and len(alphabet) <= 2 for alphabet in alphabets])
    told = ~one & (total > 0)
    together = (right[told].sum() + COIN_PULL * FIRST_ACCURACY) / (total[told].sum() + COIN_PULL)
    found = np.where(one, together, (right + COIN_PULL * together) / (total + COIN_PULL))
    return np.clip(found, 0.001, 0.999)


def _emission(form: Form, alphabet: Alphabet, count: np.ndarray, accuracy: float) -> np.ndarray:
    coin = coin_table(alphabet, accuracy)
    spoke = count[1:].sum() / max(count.sum(), LEAST)
    if form == "coin":
        # Not a distribution where the function never says some class: what counts is how votes compare between classes.
        return np.clip(np.vstack([np.full((1, count.shape[1]), 1 - spoke), coin * spoke]), LEAST, 1)
    if form == "confusion":
        even = coin / np.maximum(coin.sum(axis=0), LEAST)
        rows = count[1:] + ROW_PULL * even
        rows = rows / np.maximum(rows.sum(axis=0), LEAST)
        return np.clip(np.vstack([np.full((1, count.shape[1]), 1 - spoke), rows * spoke]), LEAST, 1)
    rows = count + ROW_PULL * _two_rates(alphabet, count)
    return np.clip(rows / rows.sum(axis=0), LEAST, 1)


def coin_table(alphabet: Alphabet, accuracy: float | np.ndarray) -> np.ndarray:
    """Return the probability of each vote given each class for a function that is right with one probability, [A-1,K]."""
    k = alphabet.allowed.shape[1]
    size = alphabet.allowed.sum(axis=1, keepdims=True)
    return np.where(alphabet.allowed, accuracy / size, (1 - accuracy) / (k - size))


def _two_rates(alphabet: Alphabet, count: np.ndarray) -> np.ndarray:
    """Return how often each thing is said where it is true and where it is not, [A,K], with the rest as abstention."""
    by_class = count.sum(axis=0)  # [K]
    allowed = alphabet.allowed
    everywhere = count[1:].sum(axis=1, keepdims=True) / max(by_class.sum(), LEAST)
    true = (count[1:] * allowed).sum(axis=1, keepdims=True)
    false = count[1:].sum(axis=1, keepdims=True) - true
    n_true = (by_class * allowed).sum(axis=1, keepdims=True)
    n_false = by_class.sum() - n_true
    pull = COIN_PULL
    rates = np.where(
        allowed, (true + pull * everywhere) / (n_true + pull), (false + pull * everywhere) / (n_false + pull)
    )
    rest = np.maximum(1 - rates.sum(axis=0, keepdims=True), LEAST)
    table = np.vstack([rest, rates])
    return table / table.sum(axis=0)
