"""Which form of the model suits the votes: the one that says best, on items not fitted, what a function says, given the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatera.core.random import rng
from gatera.labeling.model.generative import LEAST, Form, Generative, fit, softmax
from gatera.labeling.model.packed import Packed

#: Parts that each are held out once, most patterns that are looked at, and the fewest that allow a choice.
FOLDS, MOST_PATTERNS, FEWEST_ITEMS = 3, 12_000, 60

#: Rounds of EM for the choice.
ROUNDS = 40

#: A richer form must be better by so many standard errors.
MARGIN = 2.0


def choose_form(
    packed: Packed,
    forms: Sequence[Form],
    posterior: np.ndarray,
    weights: np.ndarray,
    prior: np.ndarray | None,
) -> tuple[Form, dict[str, float]]:
    """Return the form to use, and the score of each: mean log probability per vote, higher is better.

    Args:
        packed: the votes, one item per pattern or several.
        forms: the forms to choose from, the poorest first.
        posterior: probabilities to begin with, [K,P].
        weights: how much each function counts, [m].
        prior: the classes' probabilities where they are known, [K].
    """
    # What a lone vote says is predicted from the prior alone: a form that knows how often each thing is said would win.
    joined = ~packed.alone
    packed, posterior = packed.chosen(joined), posterior[:, joined]
    if len(forms) == 1 or packed.counts.sum() < FEWEST_ITEMS:
        return forms[0], {}
    scores = {form: np.zeros(len(packed)) for form in forms}
    fold = rng(1, len(packed)).integers(0, FOLDS, len(packed))
    if len(np.unique(fold)) < 2:  # few patterns: there would be none to fit on
        return forms[0], {}
    for held in range(FOLDS):
        train, test = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        fitted_on, measured_on = packed.chosen(train), packed.chosen(test)
        for form in forms:
            model = fit(fitted_on, form, posterior[:, train], weights, prior, ROUNDS)
            scores[form][test] = left_out_scores(measured_on, model)
    best = forms[0]
    for form in forms[1:]:
        gain = scores[form] - scores[best]
        mean = np.average(gain, weights=packed.counts)
        error = np.sqrt(np.average((gain - mean) ** 2, weights=packed.counts) / packed.counts.sum())
        if mean > MARGIN * error:
            best = form
    return best, {form: float(np.average(score, weights=packed.counts)) for form, score in scores.items()}


def left_out_scores(packed: Packed, model: Generative) -> np.ndarray:
    """Return for each pattern the log probability of what the functions say, each predicted from the others, float64 [P]."""
    tables = model.tables()
    total = packed.scores(tables) + np.log(model.prior)[:, None]
    score = np.zeros(len(packed))
    for j, (table, emission) in enumerate(zip(tables, model.emissions)):
        codes = packed.column(j)
        others = softmax(total - table[codes].T)  # [K,P]
        said = _normalised(emission @ others, model.form)  # [A,P]
        score += np.log(np.maximum(said[codes, np.arange(len(codes))], LEAST))
    return score / len(tables)


def _normalised(said: np.ndarray, form: Form) -> np.ndarray:
    """Return probabilities of what is said, abstention included; a coin's may not sum to 1."""
    if form == "selective":
        return said / said.sum(axis=0)
    spoke = 1 - said[:1]
    votes = said[1:] / np.maximum(said[1:].sum(axis=0), LEAST)
    return np.vstack([said[:1], votes * spoke])
