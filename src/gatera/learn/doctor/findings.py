"""Findings from the curves and errors of a training: numbers in, findings out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import lgamma
from typing import Any

import numpy as np

from gatera.core.checks import counted, number_text
from gatera.learn.callbacks.recorder import SMOOTHING
from gatera.measure.intervals import wilson_interval
from gatera.measure.questions.paired import chance_of
from gatera.measure.reports.classes import percent
from gatera.program.certain.shift import auc_parts, binomial_tail, critical, effect_of

#: Overfitting: the validation loss is this many times its minimum, and its minimum this many epochs ago.
RISEN, AGO = 1.1, 2

#: Underfitting: both losses still fell by this share in the last epoch.
STILL_FALLING = 0.05

#: Rate too high: the smoothed loss ends this many times above its minimum, and above where it began.
DIVERGED = 2.0

#: Batches below which the loss of single ones says too little.
FEWEST_BATCHES = 30

#: A layer is in trouble if this share of its units never answered.
DEAD = 0.5

#: More data pays if twice as much would lower the error by this share of it.
PAYS = 0.15

#: The name of the finding that no labels fit their items.
SHUFFLED = "labels that look shuffled"

#: A class with fewer training items than this is mentioned if it is worse than all items, by more than chance gives this often; of fewer
#: numbers nothing is said.
FEW, CHANCE = 20, 0.05

#: The share of a class differs between the sides if chance gives so much of a difference more rarely than this.
RARE = 1e-4


@dataclass(frozen=True)
class Finding:
    """Something that went wrong.

    Attributes:
        name: what, in short: "overfitting".
        evidence: what was seen, a sentence.
        next: the next thing to try, a sentence.
    """

    name: str
    evidence: str
    next: str

    def __str__(self) -> str:
        return f"{self.name[:1].upper()}{self.name[1:]}: {self.evidence} {self.next}"


def from_curves(
    rows: Sequence[Mapping[str, Any]], losses: Sequence[float], iters: Sequence[int] = ()
) -> list[Finding]:
    """Return what the losses of a training tell.

    Args:
        rows: the table of epochs, with train_loss and valid_loss.
        losses: the smoothed loss of each batch.
        iters: the number of batches at the end of each epoch; without them each training loss is taken for its epoch's.
    """
    smooth = np.asarray(losses, np.float64)
    if len(smooth) and (not np.isfinite(smooth[-1]) or _rose(smooth)):
        ended = (
            "was not a finite number"
            if not np.isfinite(smooth[-1])
            else f"rose to {number_text(smooth[-1], 3, grouped=True)}"
        )
        known = smooth[np.isfinite(smooth)]
        fell = f"fell to {number_text(known.min(), 3, grouped=True)} and then " if len(known) else ""
        text = f"the loss {fell}{ended}."
        return [Finding("learning rate too high", text, "Try a tenth of it; learn.lr_find() suggests one.")]
    valid = np.array([row.get("valid_loss") or np.nan for row in rows], np.float64)
    train = _of_each_epoch(rows, iters)
    if len(valid) < 2 or np.isnan(valid).any():
        return []
    best = int(valid.argmin())
    since = int(rows[best].get("epoch", best))  # that of the table, which begins anew where all is unfrozen
    parted = train[-1] < min(train[best], valid[-1])
    if len(valid) - 1 - best >= AGO and _above(valid[-1], valid[best], RISEN) and parted:
        text = (
            f"since epoch {since} the validation loss rose from {number_text(valid[best], 3, grouped=True)} to {number_text(valid[-1], 3, grouped=True)}, "
            f"while the training loss{'' if not iters else ' of an epoch'} fell to {number_text(train[-1], 3, grouped=True)}."
        )
        return [Finding("overfitting", text, "Try fewer epochs, augmentation, weight decay, or more data.")]
    falls = (1 - valid[-1] / valid[-2], 1 - train[-1] / train[-2])
    if len(valid) > 2 and min(falls) > STILL_FALLING:
        text = f"both losses still fell by {100 * min(falls):.0f} % or more in the last epoch."
        return [Finding("underfitting", text, "Try twice as many epochs.")]
    return []


def _of_each_epoch(rows: Sequence[Mapping[str, Any]], iters: Sequence[int]) -> np.ndarray:
    """Return the training loss of each epoch alone, float64 [n].

    That of the table is smoothed over some 50 batches: where epochs are short it still falls from the first ones, whatever the
    training does. What came before an epoch is taken out of it.
    """
    table = np.array([row.get("train_loss") or np.nan for row in rows], np.float64)
    if len(iters) != len(rows):
        return table
    found, start, before, average = [], 0, 0, 0.0
    for row, loss, end in zip(rows, table.tolist(), iters, strict=True):
        if row.get("epoch", 0) == 0:  # a fit begins: so does the average
            start, average = before, 0.0
        left, smoothed = SMOOTHING ** (end - before), loss * (1 - SMOOTHING ** (end - start))
        found.append((smoothed - left * average) / (1 - left) if end > before else np.nan)
        before, average = end, smoothed
    return np.array(found, np.float64)


def _rose(losses: np.ndarray) -> bool:
    """Whether the loss of a long enough training ends far above its beginning and its minimum."""
    if len(losses) < FEWEST_BATCHES:
        return False
    quarter = len(losses) // 4
    first, last = np.median(losses[:quarter]), np.median(losses[-quarter:])
    return bool(last > first and _above(last, losses.min(), DIVERGED))


def _above(loss: float, least: float, times: float) -> bool:
    """Whether a loss is above the least one by as much as `times` of it; that of some likelihoods is below 0.

    Example:
        >>> _above(1.2, 1.0, 1.1), _above(-9.99, -10.0, 1.1), _above(-8.0, -10.0, 1.1)
        (True, False, True)
    """
    return bool(loss - least > (times - 1) * abs(least))


def from_errors(
    train: Sequence[int],
    wrong: Any,
    targets: Sequence[int],
    vocab: Sequence[object],
    outputs: np.ndarray | None = None,
) -> list[Finding]:
    """Return what the errors on the validation set tell.

    Args:
        train: class indices of the training items.
        wrong: which validation items are wrong, bool [n].
        targets: their class indices.
        vocab: the classes.
        outputs: how likely each class is, [n,K], if that is known: where the classes are uneven, a good model may err as often as one
            label for all, and still rank items of the rare class above others.
    """
    misses, actual, found = np.asarray(wrong, bool), np.asarray(targets), []
    counts = Counter(train)
    usual = counts.most_common(1)[0][0]
    error, baseline = float(misses.mean()), float((actual != usual).mean())
    if len(misses) >= 20 and baseline > 0.1 and error >= 0.9 * baseline and not _ranks(outputs, actual):
        wrong, otherwise = (percent(rate, len(misses)) for rate in (error, baseline))
        text = f"{wrong} of the validation set are wrong; always answering {vocab[usual]} gives {otherwise}."
        found.append(Finding(SHUFFLED, text, "Look at items with their labels (dls.show_batch()), and whether labels and items were paired in the right order."))  # fmt: skip
    if not found:
        found += _few_of_a_class(counts, misses, actual, vocab)
    return found + _sides_differ(train, actual, vocab)


def from_numbers(predicted: Any, actual: Any, seen: Any) -> list[Finding]:
    """Return whether predicted numbers are clearly worse than the mean of the training set.

    Args:
        predicted: what was predicted of the validation set, [n] or [n,K].
        actual: its numbers, in the same shape.
        seen: those of the training set, [m] or [m,K].
    """
    given, truth = (np.asarray(values, np.float64) for values in (predicted, actual))
    known = np.asarray(seen, np.float64)
    if given.shape != truth.shape or known.shape[1:] != truth.shape[1:] or len(truth) < FEW or not len(known):
        return []
    ours, means = (
        np.square(said - truth).reshape(len(truth), -1).mean(axis=1) for said in (given, known.mean(axis=0))
    )
    error, simplest = float(ours.mean()), float(means.mean())
    if not np.isfinite(error) or error <= simplest or chance_of(ours - means) >= CHANCE:
        return []
    text = (
        f"the mean squared error on the validation set is {number_text(error, 4, grouped=True)}; always answering the mean of the training "
        f"set gives {number_text(simplest, 4, grouped=True)}."
    )
    return [Finding("worse than the mean", text, "Look at items with their labels (dls.show_batch()), and try more epochs or another learning rate.")]  # fmt: skip


def _few_of_a_class(
    counts: Mapping[int, int], misses: np.ndarray, actual: np.ndarray, vocab: Sequence[object]
) -> list[Finding]:
    """Find the class with few examples that is worse than chance explains, however many such classes are looked at."""
    held_out = [int((actual == k).sum()) for k in range(len(vocab))]
    small = [k for k in range(len(vocab)) if 0 < counts.get(k, 0) < FEW and held_out[k] >= 3]
    error = float(misses.mean())
    chances = {k: _chance_of(int(misses[actual == k].sum()), held_out[k], error) for k in small}
    worst = min(small, key=lambda k: chances[k], default=None)
    if worst is None or chances[worst] * len(small) >= CHANCE:
        return []
    wrong, name = int(misses[actual == worst].sum()), vocab[worst]
    text = f"{name} has {counts[worst]} training items, and {wrong} of its {held_out[worst]} validation items are wrong."
    return [Finding("too few examples of a class", text, f"Add items of {name}.")]


def _chance_of(wrong: int, n: int, rate: float) -> float:
    """Return the probability that so many of n items are wrong, or more, where each is with probability `rate`.

    Example:
        >>> round(_chance_of(3, 4, 0.25), 3)
        0.051
    """
    return 1.0 if rate >= 1 else float(binomial_tail(wrong, n, np.array([rate]))[0])


def _ranks(outputs: np.ndarray | None, actual: np.ndarray) -> bool:
    """Whether items of some class are given more of that class than others are, more clearly than by chance."""
    if outputs is None:
        return False
    classes = [k for k in range(outputs.shape[1]) if min((actual == k).sum(), (actual != k).sum()) > 1]
    z = critical(1, max(1, len(classes)))
    return any(
        effect_of(*auc_parts(outputs[actual == k, k], outputs[actual != k, k]), z).low > 0.5 for k in classes
    )


def _sides_differ(train: Sequence[int], valid: np.ndarray, vocab: Sequence[object]) -> list[Finding]:
    """Find a class whose share differs much between the sides."""
    counts, n = Counter(train), len(train)
    rare = min(RARE, 0.01 / max(1, len(vocab)))  # of all classes together
    for k, name in enumerate(vocab):
        share, there = counts[k] / n, int((valid == k).sum())
        low, high = wilson_interval(there, len(valid), 1 - RARE)
        much = share and (low > 2 * share or high < share / 2)
        if much and _chance_of_side(there, counts[k] + there, len(valid), n + len(valid)) < rare:
            text = f"{name} is {100 * share:.0f} % of the training set and {100 * there / len(valid):.0f} % of the validation set."
            return [
                Finding(
                    "a split that looks wrong",
                    text,
                    "Hold out a share of every class, unless new data will look so.",
                )
            ]
    return []


def _chance_of_side(there: int, members: int, held_out: int, n: int) -> float:
    """Return the probability that the items of a class fall on the sides so unevenly, if those held out were drawn at random.

    Args:
        there: items of the class that are held out.
        members: all of its items.
        held_out: all items that are held out.
        n: all items.

    Example:
        >>> round(_chance_of_side(2, 2, 5, 10), 3)
        0.222
    """
    counts = range(max(0, members + held_out - n), min(members, held_out) + 1)
    logs = [_log_ways(members, k) + _log_ways(n - members, held_out - k) for k in counts]
    chances = np.exp(np.array(logs) - _log_ways(n, held_out))
    place = counts.index(there)
    return min(float(chances[: place + 1].sum()), float(chances[place:].sum()))


def _log_ways(n: int, k: int) -> float:
    """Return the logarithm of the number of ways to choose k of n."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def from_judged_without(missed: float, n: int, errors: int, n_valid: int) -> list[Finding]:
    """Compare the error on training items, each judged without it, with that of the validation set.

    The two are alike where the sides are; see `learn.head_start`.

    Args:
        missed: share of the training items that are wrong.
        n: number of training items.
        errors: wrong items of the validation set, by the same simple model.
        n_valid: number of its items.
    """
    left, right = wilson_interval(round(missed * n), n, 0.999), wilson_interval(errors, n_valid, 0.999)
    shares = f"{100 * missed:.1f} % of the training items, each judged without it, and {100 * errors / n_valid:.1f} % of the validation items are wrong."
    if right.low > 1.5 * left.high:
        return [Finding("a split that looks wrong", shares, "The validation set is another kind of data, or the training set has copies and series: split by groups (group_by=).")]  # fmt: skip
    if right.high < left.low / 1.5:
        return [Finding("a split that looks wrong", shares, "The validation set is easier than the training set: look for copies (leaks(dls)) and how it was chosen.")]  # fmt: skip
    return []


def from_learning_curve(sizes: Sequence[int], errors: Sequence[float], n_valid: int) -> list[Finding]:
    """Say what twice the data would buy, if the error still falls with the number of items.

    Args:
        sizes: numbers of training items, rising.
        errors: the error with each.
        n_valid: number of items that it was measured on.
    """
    rates = np.asarray(errors, np.float64)
    if len(rates) < 3 or rates[-1] * n_valid < 5 or not (np.diff(rates) < 0).all():
        return []
    slope = np.polyfit(np.log(sizes), np.log(np.maximum(rates, 1e-6)), 1)[0]
    expected = rates[-1] * 2**slope
    if 1 - expected / rates[-1] < PAYS:
        return []
    curve = ", ".join(f"{size:,}: {100 * rate:.1f} %" for size, rate in zip(sizes, rates, strict=True))
    text = f"the error still falls with the number of training items ({curve})."
    return [Finding("too few examples", text, f"Twice the data would give about {100 * expected:.1f} %.")]


def from_dead_units(shares: Mapping[str, float]) -> list[Finding]:
    """Return the layers of which most units never answered: name -> share of units that were 0 for all items."""
    dead = {name: share for name, share in shares.items() if share >= DEAD}
    if not dead:
        return []
    worst = max(dead, key=lambda name: dead[name])
    text = f"{100 * dead[worst]:.0f} % of the units of layer {worst} never answered" + (
        f", and more than half in {counted(len(dead) - 1, 'other layer')}." if len(dead) > 1 else "."
    )
    return [Finding("dead units", text, "Try a lower learning rate, or normalisation before the layer.")]
