"""How sure a program is, and whether it is right to be: in numbers, and in words for people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.core.checks import counted, listed, number_text
from gatera.measure.calibration import (
    Reliability,
    RiskCoverage,
    reliability,
    risk_coverage,
)
from gatera.measure.reports.shows_lines import ShowsLines

#: Labels that a line names.
MOST_NAMED = 10


@dataclass(frozen=True, repr=False)
class CalibrationReport(ShowsLines):
    """Calibration on held-out items; what is fitted was fitted on other items than those that it is measured on.

    Attributes:
        n: number of held-out items.
        temperature: what logits are divided by; 1 where nothing is applied.
        error_before: expected calibration error without it, 0..1, 15 bins of equal size.
        error_after: with it.
        level: the level of the sets or intervals, 0..1.
        coverage: the share of true labels or numbers that they hold; NaN where there are too few items.
        size: the mean number of labels in a set; of an interval its whole width, NaN for several numbers.
        answered: the share of items that are answered at that level; NaN for numbers.
        answered_wrong: the share of wrong ones among these.
        probability: of each answer, calibrated, [N]; empty for numbers.
        right: whether it is right, bool [N].
        remarks: what was decided, and why; sentences.
    """

    n: int
    temperature: float = 1.0
    error_before: float = float("nan")
    error_after: float = float("nan")
    level: float = 0.95
    coverage: float = float("nan")
    size: float = float("nan")
    answered: float = float("nan")
    answered_wrong: float = float("nan")
    probability: Any = ()
    right: Any = ()
    remarks: Sequence[str] = ()

    @property
    def applied(self) -> bool:
        """Whether probabilities are changed."""
        return self.temperature != 1.0

    def lines(self) -> list[str]:
        """Return it in words, a line each."""
        found = []
        if np.isfinite(self.error_before):
            found.append(self._calibration())
        if np.isfinite(self.coverage):
            what = "Prediction sets" if np.isfinite(self.answered) else "Intervals"
            labels = "label" if f"{self.size:.3g}" == "1" else "labels"
            size = f"{labels} per set on average" if np.isfinite(self.answered) else "wide"
            truth = "label" if np.isfinite(self.answered) else "value"
            known = f"; {number_text(self.size, 3, grouped=True)} {size}" if np.isfinite(self.size) else ""
            found.append(
                f"{what} at {100 * self.level:.0f} % contain the true {truth} of {100 * self.coverage:.1f} % of them{known}."
            )
        if np.isfinite(self.answered):
            wrong = f", {100 * self.answered_wrong:.1f} % of these answers wrong" if self.answered else ""
            found.append(
                f"With sure={self.level:g}, {100 * self.answered:.1f} % of them are answered{wrong}."
            )
        return [*found, *self.remarks]

    def _calibration(self) -> str:
        before, after = self.error_before, self.error_after
        items = counted(self.n, "held-out item")
        if not self.applied:
            said = any(LEFT in remark for remark in self.remarks)  # with the reason
            return f"Calibration error on {items}: {before:.3f}{'' if said else f'; {LEFT}'}."
        return (
            f"Calibration error on {items}: {after:.3f} ({before:.3f} before; logits are divided by "
            f"{self.temperature:.3g}, which changes no label)."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; None for what was not measured."""
        names = ("error_before", "error_after", "level", "coverage", "size", "answered", "answered_wrong")
        values = {name: getattr(self, name) for name in names}
        plain = {name: round(value, 6) if np.isfinite(value) else None for name, value in values.items()}
        return {"n": self.n, "temperature": self.temperature, **plain, "remarks": list(self.remarks)}

    def reliability(self) -> list[Reliability]:
        """Return the held-out items in 15 bins, from the least to the most sure; [] for numbers."""
        probability = np.asarray(self.probability)
        return reliability(probability, np.asarray(self.right, bool)) if len(probability) else []

    def risk_coverage(self) -> RiskCoverage:
        """Return the error among the surest answers, for each number of them."""
        return risk_coverage(np.asarray(self.probability), np.asarray(self.right, bool))


LEFT = "probabilities are not rescaled"
ALL_RIGHT = (
    f"The model is right on all held-out items, so how much more confident it could be is unknown: {LEFT}."
)
SAYS_LITTLE = (
    "The temperature is at its upper limit: the model's outputs say almost nothing about the labels."
)
SOFTMAX_TWICE = (
    "The model's outputs are probabilities already, and the loss takes them for logits: a second softmax makes the probabilities "
    "too uniform. Remove the softmax at the end of the model."
)


def not_finite(outputs: np.ndarray) -> str:
    """Return the sentence about outputs [N,K] that are NaN or infinite for some items."""
    wrong = int((~np.isfinite(outputs.reshape(len(outputs), -1)).all(1)).sum())
    return (
        f"The model's outputs are not finite for {wrong:,} of {len(outputs):,} held-out items, so it is not known how sure it is. "
        "Train again with a lower learning rate."
    )


def few_groups(n: int, by: str, level: float, needed: int) -> str:
    """Return the sentence about held-out items of fewer groups than a level needs.

    Args:
        n: number of groups.
        by: what groups the items, as a column; "" for no name.
        level: the level of sets or intervals.
        needed: how many groups it needs.
    """
    of = counted(n, "group") + (f" ({by})" if by else "")
    return (
        f"The held-out items are from {of}, and items in one group are alike: for new groups, {100 * level:.0f} % can only be promised with "
        f"{needed} groups or more; with {n}, the truth may be missed more often."
    )


def missing_labels(missing: Sequence[Any]) -> str:
    """Return the sentence about labels that no held-out item has."""
    of = "label" if len(missing) == 1 else "labels"
    return f"No held-out item has the {of} {listed(missing, MOST_NAMED)}: how sure the program is of such items is unknown."


def in_plain_words(line: str) -> str:
    """Return a sentence of a card or a page without the arguments of Python: these are read by who used the command line, too.

    Example:
        >>> in_plain_words("With sure=0.95, 93.0 % of them are answered.")
        'Asked to be 95 % sure, it answers 93.0 % of them.'
        >>> in_plain_words("trained_on= tells.")
        '--trained-on (in Python trained_on=) tells.'
    """
    for pattern, words in PLAIN:
        line = re.sub(pattern, words, line)
    return line


def _asked(found: re.Match[str]) -> str:
    return f"Asked to be {100 * float(found[1]):g} % sure, it answers {found[2]} of them"


def _needs(found: re.Match[str]) -> str:
    return f"To be {100 * float(found[1]):g} % sure needs"


#: What Python calls things, as regular expressions, and what cards and pages say.
PLAIN: Sequence[tuple[str, Any]] = (
    (r"^With sure=([\d.]+), (\S+ %) of them are answered", _asked),
    (r"^sure=([\d.]+) needs", _needs),
    (r"With sure= these are not answered", "Asked to be sure, it does not answer these"),
    (r"sure=, \.set and \.novelty are not available", "levels, sets and novelty are not available"),
    (r"\btrained_on=", "--trained-on (in Python trained_on=)"),
)
