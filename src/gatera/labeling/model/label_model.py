"""`LabelModel`: what functions are worth, learned without any true label, and the probabilities of the classes that follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np

from gatera.core.checks import check_choice, listed
from gatera.core.errors import ArgumentError, DataError
from gatera.core.progress import note
from gatera.core.random import rng
from gatera.labeling.model.accuracy_errors import accuracy_errors
from gatera.labeling.model.choosing import MOST_PATTERNS, choose_form
from gatera.labeling.model.copies import first_of_copies, of_all, spread
from gatera.labeling.model.dependence import Dependence, counting, excess, expected_agreement
from gatera.labeling.model.generative import FORMS, Form, Generative, coin_table, fit, maximise, softmax
from gatera.labeling.model.packed import Packed, alphabets_of, distinct, pack, seem_different
from gatera.labeling.model.starting import agreement, says_one_thing, shares_of_votes, skills
from gatera.labeling.votes import Votes
from gatera.measure.intervals import Interval

#: How votes are combined: one more where the same votes may get other labels. Labels of functions are decided again then.
COMBINING = 4

#: Patterns x classes that are fitted at most: a sample says as much of twenty functions as a million items.
MOST_FITTED = 1_000_000

#: Patterns that are drawn anew at most, for intervals.
MOST_DRAWN = 4_000

#: Items whose probabilities are computed at once.
AT_ONCE = 65_536

#: How often the dependence of functions is looked at again, and the change of weights that ends this.
LOOKS, SETTLED = 3, 0.03

#: With fewer functions than this nothing is said about dependence.
FEWEST_FUNCTIONS = 4

#: Where more than this share of the functions say one thing only, that they are silent tells something, too (`_silence_tells`).
MOSTLY = 0.5

#: How much the votes count where EM begins at them; the rest is even.
VOTED = 0.98

#: How much better than chance a function is taken to be at first where agreements do not say it.
TAKEN = 0.5


class LabelModel:
    """Learn how good labelling functions are from their agreements, and combine their votes into probabilities.

    Three forms of the model are tried, and the one that predicts held-out votes best is used (see `generative`). Functions that agree
    more than their accuracies explain count less, so that copies count once. A function that is wrong more often than right is
    recognised where most are better than chance: its votes then count for the other classes.

    Args:
        class_prior: the probabilities of the K classes where they are known; None to learn them.
        form: "coin", "confusion" or "selective"; None to choose.
        dependencies: look for functions that depend on each other.
        seed: of the sample that is fitted where there are very many different votes.

    Attributes:
        classes: the K classes.
        functions: the functions' names [m].
        accuracies: how often each function's votes are right, as estimated, 0..1 [m].
        weights: how much each counts, 0..1 [m].
        form: the form that is used.
        prior: the classes' probabilities [K].
        dependent: pairs of functions that depend on each other, strongest first.
        scores: what the forms scored: mean log probability per vote, held out.

    Source: Dawid and Skene 1979, Applied Statistics 28, for EM; Ratner et al. 2016 and 2019 for the setting.

    Example:
        >>> votes = [[0, 0, 1], [1, 1, 1], [0, -1, 0], [1, 1, 0]] * 30
        >>> LabelModel().fit(votes).predict(votes)[:4].tolist()
        [0, 1, 0, 1]
    """

    _one_sided = False

    def __init__(
        self,
        class_prior: Sequence[float] | None = None,
        form: Form | None = None,
        dependencies: bool = True,
        seed: int = 0,
    ) -> None:
        if form is not None:
            check_choice("form", form, FORMS)
        self.class_prior = None if class_prior is None else _checked_prior(class_prior)
        self.dependencies, self.seed = dependencies, seed
        self._form = form
        self._model: Generative | None = None

    def fit(self, votes: Any, classes: Sequence[Any] | int | None = None) -> Self:
        """Learn from votes; no true label is needed.

        Args:
            votes: `Votes`, or a matrix of class numbers [n,m] with -1 for abstentions.
            classes: for a matrix: the classes, or how many there are.

        Raises:
            DataError: if no function voted on any item.
            ArgumentError: if the votes are not of this form, or the prior is for another number of classes.
        """
        given = as_votes(votes, classes)
        if not given.covered.any():
            raise DataError(
                "No function voted on any item", remedy="Look at what they return with apply(...).matrix."
            )
        k = len(given.classes)
        if self.class_prior is not None and len(self.class_prior) != k:
            raise ArgumentError(
                "class_prior must have one probability per class",
                got=len(self.class_prior),
                expected=f"{k} numbers",
            )
        self.classes, self.functions, self._allowed = given.classes, given.functions, given.allowed
        alphabets = self._alphabets = alphabets_of(given.matrix, given.allowed)
        of = first_of_copies(given.matrix) if self.dependencies else np.arange(len(alphabets))
        firsts = np.unique(of)
        self._alphabets = tuple(alphabets[j] for j in firsts)
        some = self._fit(replace(given, matrix=given.matrix[:, firsts]) if len(firsts) < len(of) else given)
        self.dependent: list[Dependence] = of_all(self._dependent(some), of)
        self._alphabets = alphabets
        self._model = spread(self._fitted(), of)
        self.accuracies, self.weights, self.prior = (
            self._model.accuracies,
            self._model.weights,
            self._model.prior,
        )
        return self

    def _fit(self, given: Votes) -> Packed:
        """Fit the model; returns the different votes, or a sample of them where they are many."""
        packed = self._patterns(given)
        some = self._sample(packed, MOST_PATTERNS)
        one = says_one_thing(packed)
        self._one_sided = bool(one.mean() > MOSTLY)
        forms: Sequence[Form] = (
            (self._form,) if self._form else ("selective",) if _silence_tells(one) else FORMS
        )
        if self._form is None and self.class_prior is None and not self._all_heard(given):
            forms = ("coin",)  # silence would be taken for that class
        start, weights = self._start(packed)
        if self._one_sided:  # agreements say nothing of them; from elsewhere classes may change places
            begin, of_some = _voted(packed), _voted(some)
            if forms == ("selective",) and self._looks_for_dependence(packed):
                model = maximise(some, "selective", of_some, weights, self.class_prior)
                rate, expected, common = expected_agreement(some, model)
                weights = counting(excess(rate, expected, common), common)
        else:
            # A function that knows one class is right whenever it speaks, as far as the poorest form can tell.
            if not one.any():
                start = fit(packed, "coin", start.posterior(packed), weights, self.class_prior)
            begin, of_some = start.posterior(packed), start.posterior(some)
        self.form, self.scores = choose_form(some, forms, of_some, weights, self.class_prior)
        model = fit(packed, self.form, begin, weights, self.class_prior)
        self._model = self._settled(packed, some, model)
        return some

    def predict_proba(self, votes: Any) -> np.ndarray:
        """Return the probability of every class for every item, float64 [n,K]. An item without a vote gets the classes' prior.

        Args:
            votes: of the same functions as in `fit`.

        Raises:
            ArgumentError: if the model is not fitted, or the votes are of other functions or classes.
        """
        model, matrix = self._fitted(), self._same(votes)
        inverse: np.ndarray | slice
        if seem_different(matrix):
            different, inverse = matrix, slice(None)
        else:
            first, inverse, _ = distinct(matrix)
            different = matrix[first]
        tables, prior = model.tables(), np.log(model.prior)[:, None]
        found = np.empty((len(different), len(self.classes)))
        for begin in range(0, len(different), AT_ONCE):
            part = pack(different[begin : begin + AT_ONCE], self._alphabets, len(self._allowed))
            found[begin : begin + AT_ONCE] = self._answers(part.scores(tables) + prior, _said(part)).T
        silent = ~(different >= 0).any(axis=1)
        found[silent] = model.prior
        return found[inverse]

    def predict(self, votes: Any) -> np.ndarray:
        """Return the number of the likeliest class of every item, int64 [n]; -1 for an item without a vote."""
        given = as_votes(votes, self.classes if self._model is not None else None)
        return np.where(given.covered, self.predict_proba(given).argmax(axis=1), -1)

    def evidence(self, votes: Any) -> np.ndarray:
        """Return what every vote adds to the log odds of the item's likeliest class, float64 [n,m]; below 0 where it speaks against it."""
        model, matrix = self._fitted(), self._same(votes)
        winner = self.predict_proba(votes).argmax(axis=1)
        packed = pack(matrix, self._alphabets, len(self._allowed))
        found = np.zeros(matrix.shape)
        for j, table in enumerate(model.tables()):
            against = (table.sum(axis=1, keepdims=True) - table) / (table.shape[1] - 1)
            codes = packed.column(j)
            found[:, j] = np.where(codes > 0, (table - against)[codes, winner], 0)
        return found

    def without_each(self, votes: Any) -> Iterator[np.ndarray]:
        """Yield for each function the probabilities without its votes, float64 [n,K]; what was learned of the others stays."""
        model, matrix = self._fitted(), self._same(votes)
        packed, tables = pack(matrix, self._alphabets, len(self._allowed)), model.tables()
        total, said = packed.scores(tables) + np.log(model.prior)[:, None], _said(packed)
        for j, table in enumerate(tables):
            yield self._answers(total - table[packed.column(j)].T, said - _said(packed, [j])).T

    def accuracy_intervals(self, votes: Any) -> list[Interval]:
        """Return the 95 % intervals of `accuracies`, by the bootstrap, [m]."""
        model, given = self._fitted(), as_votes(votes, self.classes)
        self._same(votes)
        some = self._sample(self._patterns(given), MOST_DRAWN)
        error = accuracy_errors(some, model, float(given.covered.sum()), self.class_prior, self.seed)
        return [
            Interval(float(max(0, a - 1.96 * e)), float(min(1, a + 1.96 * e)))
            for a, e in zip(self.accuracies, error)
        ]

    def __repr__(self) -> str:
        if self._model is None:
            return "<LabelModel, not fitted>"
        return (
            f"<LabelModel of {len(self.functions)} functions, {len(self.classes)} classes; form {self.form}>"
        )

    def _answers(self, scores: np.ndarray, said: np.ndarray) -> np.ndarray:
        """Return probabilities [K,n] of scores, which are overwritten, where so many functions say each class, [K,n]."""
        rows = softmax(scores)
        return _said_first(rows, said > 0) if self._one_sided else rows

    def _all_heard(self, votes: Votes) -> bool:
        """Whether some vote speaks for each class; a line names those that none speaks for."""
        heard = votes.allowed[np.unique(votes.matrix[votes.matrix >= 0])].any(axis=0)
        unheard = [name for name, known in zip(self.classes, heard) if not known]
        if unheard:
            note(
                f"No labelling function votes for {listed(unheard)}, so no item with a vote gets such a label "
                "(to change: add a function that votes for it)."
            )
        return not unheard

    def _patterns(self, votes: Votes) -> Packed:
        covered = votes.matrix[votes.covered]
        most = min(MOST_FITTED // len(votes.classes), len(covered))
        if seem_different(covered):
            covered = covered[rng(self.seed).choice(len(covered), most, replace=False)]
        first, _, counts = distinct(covered)
        if len(first) > most:
            first, _, counts = distinct(
                covered := covered[rng(self.seed).choice(len(covered), most, replace=False)]
            )
        return replace(pack(covered[first], self._alphabets, len(votes.allowed)), counts=counts)

    def _sample(self, packed: Packed, most: int) -> Packed:
        if len(packed) <= most:
            return packed
        return packed.chosen(rng(self.seed, 1).choice(len(packed), most, replace=False))

    def _start(self, packed: Packed) -> tuple[Generative, np.ndarray]:
        """Return a model to begin with, and how much each function counts, from the agreement of pairs alone."""
        k, m = packed.n_classes, len(packed.alphabets)
        weights = np.ones(m)
        agreed, common = agreement(self._sample(packed, MOST_PATTERNS))
        skills_found = skills(agreed, common)
        usual = np.median(skills_found[skills_found > 0]) if (skills_found > 0).any() else TAKEN
        skill = np.where(np.isnan(skills_found), usual, skills_found)
        right = (1 + (k - 1) * np.clip(skill, -1 / (k - 1) * 0.9, 0.97)) / k
        if self._looks_for_dependence(packed) and not np.isnan(skills_found).all():
            rate = (1 + (k - 1) * np.where(np.isnan(agreed), np.outer(skill, skill), agreed)) / k
            weights = counting(excess(rate, (1 + (k - 1) * np.outer(skill, skill)) / k, common), common)
        prior = np.full(k, 1 / k) if self.class_prior is None else self.class_prior
        emissions = tuple(
            np.vstack([np.ones((1, k)), coin_table(alphabet, accuracy)])
            for alphabet, accuracy in zip(packed.alphabets, right)
        )
        return Generative("coin", prior, emissions, right, weights), weights

    def _looks_for_dependence(self, packed: Packed) -> bool:
        """Whether dependence can be told: with three functions any agreement of two may be skill."""
        return self.dependencies and len(packed.alphabets) >= FEWEST_FUNCTIONS

    def _settled(self, packed: Packed, some: Packed, model: Generative) -> Generative:
        """Return the model after functions that depend on each other count less."""
        for _ in range(LOOKS if self._looks_for_dependence(packed) else 0):
            rate, expected, common = expected_agreement(some, model)
            weights = counting(excess(rate, expected, common), common)
            if np.abs(weights - model.weights).max() < SETTLED:
                break
            model = fit(
                packed,
                self.form,
                replace(model, weights=weights).posterior(packed),
                weights,
                self.class_prior,
            )
        return model

    def _dependent(self, some: Packed) -> list[Dependence]:
        if not self._looks_for_dependence(some):
            return []
        rate, expected, common = expected_agreement(some, self._fitted())
        strengths = excess(rate, expected, common)
        pairs = zip(*np.triu(strengths).nonzero())
        return [Dependence(int(i), int(j), float(strengths[i, j])) for i, j in pairs]

    def _fitted(self) -> Generative:
        if self._model is None:
            raise ArgumentError("this LabelModel is not fitted", remedy="Call fit(votes) first.")
        return self._model

    def _same(self, votes: Any) -> np.ndarray:
        """Return the matrix of votes in the numbers of `fit`."""
        self._fitted()
        given = as_votes(votes, self.classes)
        if given.matrix.shape[1] != len(self._alphabets) or given.classes != self.classes:
            raise ArgumentError(
                "votes are not of the functions and classes that the model was fitted on",
                got=f"{given.matrix.shape[1]} functions, {len(given.classes)} classes",
                expected=f"{len(self._alphabets)} functions, {len(self.classes)} classes",
            )  # fmt: skip
        if np.array_equal(given.allowed, self._allowed):
            return given.matrix
        numbers = {row.tobytes(): number for number, row in enumerate(self._allowed)}
        table = np.array([*(numbers.get(row.tobytes(), -1) for row in given.allowed), -1], dtype=np.int32)
        return table[given.matrix]


def _silence_tells(one: np.ndarray) -> bool:
    """Whether the functions' silence must count, where some say one thing only [m]: where most do, or too few others tell how good any is.

    Elsewhere what such a function says would be taken for how frequent its class is, up to where every item is of it.
    """
    return bool(one.any() and (one.mean() > MOSTLY or (~one).sum() < FEWEST_FUNCTIONS))


def _voted(packed: Packed) -> np.ndarray:
    """Return probabilities [K,P] at which EM begins where most functions say one thing only: the votes, nearly."""
    return VOTED * shares_of_votes(packed) + (1 - VOTED) / packed.n_classes


def _said(packed: Packed, functions: Sequence[int] | None = None) -> np.ndarray:
    """Return how many of some functions, or of all, leave each class possible, int64 [K,P]."""
    total = np.zeros((packed.n_classes, len(packed)), dtype=np.int64)
    for j in range(len(packed.alphabets)) if functions is None else functions:
        allowed = packed.alphabets[j].allowed
        total += np.vstack([np.zeros_like(allowed, shape=(1, packed.n_classes)), allowed])[packed.column(j)].T
    return total


def _said_first(rows: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Return probabilities [K,n] of which the largest of each item is of a class that some function says of it, if any is said, bool [K,n].

    Where most functions say one thing only, few votes meet, and how frequent classes are is hardly known: lone votes for rare classes would
    be turned into the frequent one.
    """
    most = np.where(said.any(axis=0), np.where(said, rows, 0).max(axis=0) * (1 - 1e-6), 1)
    found = np.where(said, rows, np.minimum(rows, most)) + 1e-300
    return np.asarray(found / found.sum(axis=0))


def as_votes(votes: Any, classes: Sequence[Any] | int | None = None) -> Votes:
    """Return votes, given as such or as a matrix of class numbers."""
    return votes if isinstance(votes, Votes) else Votes.from_matrix(votes, classes)


def _checked_prior(prior: Sequence[float]) -> np.ndarray:
    numbers = np.asarray(prior, dtype=np.float64)
    if (
        numbers.ndim != 1
        or not np.isfinite(numbers).all()
        or (numbers <= 0).any()
        or abs(numbers.sum() - 1) > 1e-3
    ):
        raise ArgumentError("class_prior must be probabilities above 0 that sum to 1", got=prior)
    return numbers / numbers.sum()
