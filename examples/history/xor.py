"""XOR: why one layer cannot learn it, drawn, and the two-layer network that can.

python examples/history/xor.py --out history-output

A perceptron says yes where w1 x1 + w2 x2 + b > 0. For XOR it would have to say yes at (0,1) and (1,0), so also halfway between
them, at (1/2, 1/2): the sum there is the mean of the two sums. And no at (0,0) and (1,1), so no halfway between them: the same
point. It cannot say both.

Source: Minsky and Papert 1969, "Perceptrons"; Rumelhart, Hinton and Williams 1986, "Learning representations by back-propagating
errors", Nature 323.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
TARGETS = np.array([0, 1, 1, 0], float)
BLUE, ORANGE = "#0072b2", "#e69f00"


def perceptron(rounds: int) -> tuple[list[int], np.ndarray]:
    """Train a perceptron; return how many of the four it gets wrong after each of them was shown, and its weights."""
    weights, wrong = np.zeros(3), []
    with_one = np.hstack([INPUTS, np.ones((4, 1))])
    for _ in range(rounds):
        for x, target in zip(with_one, TARGETS, strict=True):
            weights = weights + (target - float(weights @ x > 0)) * x
            wrong.append(int((((with_one @ weights) > 0) != TARGETS).sum()))
    return wrong, weights


class TwoLayers:
    """Two inputs, hidden units with tanh, one output with a sigmoid; trained by back-propagation.

    Args:
        hidden: number of hidden units.
        seed: keys the random weights.
    """

    def __init__(self, hidden: int = 3, seed: int = 0) -> None:
        draw = np.random.default_rng(seed)
        self.w1, self.b1 = draw.normal(0, 1, (2, hidden)), np.zeros(hidden)
        self.w2, self.b2 = draw.normal(0, 1, hidden), 0.0

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(np.tanh(x @ self.w1 + self.b1) @ self.w2 + self.b2)))

    def step(self, rate: float) -> float:
        """Make one step of gradient descent on all four; return the cross-entropy before it."""
        hidden = np.tanh(INPUTS @ self.w1 + self.b1)  # [4,H]
        output = 1 / (1 + np.exp(-(hidden @ self.w2 + self.b2)))
        loss = -np.mean(TARGETS * np.log(output) + (1 - TARGETS) * np.log(1 - output))
        error = (output - TARGETS) / 4  # of the sum before the sigmoid
        back = error[:, None] * self.w2 * (1 - hidden**2)  # [4,H]
        self.w2 -= rate * hidden.T @ error
        self.b2 -= rate * error.sum()
        self.w1 -= rate * INPUTS.T @ back
        self.b1 -= rate * back.sum(0)
        return float(loss)


def main(out: Path = Path("history-output"), quick: bool = False) -> dict[str, Any]:
    """Train both, draw; returns how many each gets wrong at its best, and at the end."""
    wrong, weights = perceptron(15 if quick else 40)
    network = TwoLayers()
    losses = [network.step(1.0) for _ in range(2000)]
    right = int(((network(INPUTS) > 0.5) == TARGETS).sum())
    out.mkdir(parents=True, exist_ok=True)
    draw_figure(wrong, weights, network, losses).savefig(out / "xor.png", dpi=110)
    print(
        f"One layer: {min(wrong)} of 4 wrong at best in {len(wrong)} steps of learning, and 1 by the best line there is. "
        f"Two layers: {4 - right} of 4 wrong."
    )
    return {"one_layer_at_best": min(wrong), "two_layers": 4 - right, "losses": losses}


def draw_figure(wrong: list[int], weights: np.ndarray, network: TwoLayers, losses: list[float]) -> Figure:
    """Draw the proof, the perceptron's rounds, and what the two layers make of the square."""
    figure = Figure(figsize=(12.5, 4), layout="constrained")
    proof, rounds, answer, hidden = figure.subplots(1, 4)
    _points(proof)
    proof.plot([0, 1], [1, 0], color=ORANGE, linewidth=1.5)
    proof.plot([0, 1], [0, 1], color=BLUE, linewidth=1.5)
    proof.plot(0.5, 0.5, "*", color="black", markersize=15)
    proof.annotate("between two yes: yes\nbetween two no: no", (0.5, 0.5), (0.35, -0.42), fontsize=8,
                   arrowprops={"arrowstyle": "->"})  # fmt: skip
    proof.set_title("Why no line can do it", fontsize=10)
    rounds.plot(range(1, len(wrong) + 1), wrong, ".", color="#444444", markersize=4)
    rounds.set_ylim(-0.2, 4.2)
    rounds.set_yticks(range(5))
    rounds.set_ylabel("wrong")
    rounds.set_xlabel("points shown")
    rounds.set_title(f"One layer: wrong of 4\n(at best {min(wrong)}; the best line: 1)", fontsize=10)
    side = np.linspace(-0.5, 1.5, 121)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    shown = answer.contourf(
        side, side, network(grid).reshape(121, 121), levels=np.linspace(0, 1, 11), cmap="PuOr_r"
    )
    figure.colorbar(shown, ax=answer, shrink=0.8, label="output (yes from 0.5)")
    _points(answer)
    answer.set_title(f"Two layers: all four right\n(loss {losses[0]:.2f} to {losses[-1]:.3f})", fontsize=10)
    _points(hidden)
    for unit in range(network.w1.shape[1]):  # where each hidden unit is 0
        (a, b), c = network.w1[:, unit], network.b1[unit]
        hidden.plot(side, -(a * side + c) / b, color="#009e73", linewidth=1.5)
    hidden.set_title("Each hidden unit draws a line;\nthe output combines them", fontsize=10)
    return figure


def _points(axes: Any) -> None:
    for (x, y), target in zip(INPUTS, TARGETS, strict=True):
        axes.plot(x, y, "o", markersize=13, color=ORANGE if target else BLUE, markeredgecolor="black")
        axes.annotate("yes" if target else "no", (x, y), (x + 0.1, y + 0.1), fontsize=9,
                      bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85})  # fmt: skip
    axes.set_xlim(-0.5, 1.5)
    axes.set_ylim(-0.5, 1.5)
    axes.set_aspect("equal")
    axes.set_xlabel("x1")
    axes.set_ylabel("x2")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("history-output"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    main(options.out, options.quick)
