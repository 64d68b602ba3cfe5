"""Three feedback loops, with and without the cure: predictive policing, recommendation, loans.

    python examples/feedback_loop.py --out feedback.png

In each, a model decides where one looks, and learns from what is seen there. Two districts with the same crime, two films that
people like equally, two groups that repay equally: what begins as chance is confirmed by the model's own decisions. The cure is to look
somewhere at random now and then, and to learn from that alone, weighted by how likely it was to look there.

Source of the first: Lum and Isaac 2016, "To predict and serve?", Significance 13(5); Ensign et al. 2018, "Runaway Feedback Loops in
Predictive Policing", Proceedings of Machine Learning Research 81.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

#: Days, patrols a day, and the share of them that looks anywhere.
DAYS, PATROLS, AT_RANDOM = 1000, 10, 0.2


def most(values: np.ndarray, draw: np.random.Generator) -> int:
    """Return which of two values is larger, one at random if they are the same."""
    return int(draw.integers(2)) if values[0] == values[1] else int(values.argmax())


def policing(cured: bool, seed: int = 0) -> np.ndarray:
    """Return the share of crime believed to be in the first of two districts with the same crime, on each day, float64 [DAYS].

    Patrols go where more crime was recorded, and crime is recorded where patrols are. The cure is of what is believed: all patrols of a day
    that is not random still go where that is a little more.
    """
    draw, recorded = np.random.default_rng(seed), np.array([1.0, 1.0])
    shares = []
    for _ in range(DAYS):
        predicted = recorded / recorded.sum()
        sent = np.full(2, 0.5) if cured and draw.random() < AT_RANDOM else np.eye(2)[most(predicted, draw)]
        crimes = draw.binomial(PATROLS, 0.3, 2) * sent * 2
        shares.append(predicted[0])
        if not cured or sent.min() > 0:  # the cure learns only from days that looked at both
            recorded += crimes
    return np.array(shares)


def recommending(cured: bool, seed: int = 0) -> np.ndarray:
    """Return the share of clicks on the first of two films that people like equally, so far, float64 [DAYS].

    The film with more clicks is shown, and only what is shown is clicked.
    """
    draw, clicks = np.random.default_rng(seed), np.array([1.0, 1.0])
    shares = []
    for _ in range(DAYS):
        at_random = cured and draw.random() < AT_RANDOM
        shown = int(draw.integers(2)) if at_random else most(clicks, draw)
        if not cured or at_random:
            clicks[shown] += draw.binomial(PATROLS, 0.3)
        shares.append(clicks[0] / clicks.sum())
    return np.array(shares)


def lending(cured: bool, seed: int = 0) -> np.ndarray:
    """Return how likely the bank thinks that the first group repays; both repay 80 % of their loans, float64 [DAYS].

    A group below 70 % gets no loans, so that nothing is learned of it any more. The first group had bad luck with its first loans.
    """
    draw, repaid, lent = np.random.default_rng(seed), np.array([12.0, 16.0]), np.array([20.0, 20.0])
    believed = []
    for _ in range(DAYS):
        likely = repaid / lent
        for group in range(2):
            if likely[group] >= 0.7 or (cured and draw.random() < AT_RANDOM):
                lent[group] += 1
                repaid[group] += draw.random() < 0.8
        believed.append(likely[0])
    return np.array(believed)


#: The loops: title, simulation, what the axis shows, the truth.
LOOPS = (
    ("Predictive policing", policing, "believed share of crime, district 1", 0.5),
    ("Recommendation", recommending, "share of clicks on film 1", 0.5),
    ("Loans", lending, "believed to repay, group 1", 0.8),
)


def plot(out: Path, runs: int = 12) -> None:
    """Draw every loop without the cure (left) and with it (right)."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(3, 2, figsize=(9, 9), sharex=True, sharey="row", layout="constrained")
    for row, (title, simulate, shown, truth) in zip(axes, LOOPS, strict=True):
        for axis, cured in zip(row, (False, True), strict=True):
            for seed in range(runs):
                axis.plot(
                    simulate(cured, seed), color="tab:green" if cured else "tab:red", alpha=0.5, linewidth=1
                )
            axis.axhline(truth, color="black", linestyle=":", linewidth=1.5, label="the truth")
            axis.set(
                title=f"{title}, {'a fifth at random' if cured else 'learning from its own decisions'}",
                ylim=(-0.02, 1.02),
            )
        row[0].set_ylabel(shown)
    axes[0][1].legend(loc="upper right", fontsize=9)
    for axis in axes[-1]:
        axis.set_xlabel("day")
    figure.savefig(out, dpi=100)


def main() -> None:
    """Print how far each loop runs away, and draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("feedback.png"))
    options = parser.parse_args()
    for title, simulate, _, truth in LOOPS:
        for cured in (False, True):
            last = np.array([simulate(cured, seed)[-1] for seed in range(50)])
            off = np.abs(last - truth).mean()
            print(
                f"{title}, {'with' if cured else 'without'} the cure: {off:.2f} from the truth ({truth}) after {DAYS} days"
            )
    plot(options.out)
    print(f"Saved {options.out}.")


if __name__ == "__main__":
    main()
