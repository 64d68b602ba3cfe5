"""The Mark I perceptron (1958): 20 x 20 photocells, association units wired at random, and a learning rule.

python examples/history/mark1_perceptron.py --out history-output

The machine at Cornell had 400 photocells, 512 association units, each joined to some photocells by wires plugged in at random, and
response units whose inputs passed through potentiometers turned by motors: the weights. Here it learns to tell triangles from
squares anywhere on its retina. Only the last layer learns; when the answer is wrong, each active association unit's weight is
turned one step towards the right answer.

Source: Rosenblatt 1958, "The Perceptron: A Probabilistic Model", Psychological Review 65; Hay, Lynch and Smith 1960, "Mark I
Perceptron Operators' Manual".
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

SIDE, UNITS = 20, 512
#: Photocells that each association unit is joined to; half of the wires excite it, half inhibit it.
WIRES = 40


def shape(draw: np.random.Generator, triangle: bool) -> np.ndarray:
    """Return a picture on the retina, bool [20,20]: a filled triangle or square somewhere; some photocells are wrong."""
    size = int(draw.integers(7, 13))
    top, left = draw.integers(0, SIDE - size + 1, 2)
    rows, columns = np.mgrid[0:size, 0:size]
    inside = np.abs(columns - (size - 1) / 2) <= rows / 2 + 0.5 if triangle else np.ones((size, size), bool)
    picture = np.zeros((SIDE, SIDE), bool)
    picture[top : top + size, left : left + size] = inside
    return picture ^ (draw.random((SIDE, SIDE)) < 0.01)


class MarkOne:
    """The machine: fixed random wires, weights that learn.

    Args:
        draw: random numbers for the wires.
    """

    def __init__(self, draw: np.random.Generator) -> None:
        self.wires = np.zeros((UNITS, SIDE * SIDE))
        for unit in self.wires:
            chosen = draw.permutation(SIDE * SIDE)[:WIRES]
            unit[chosen[: WIRES // 2]], unit[chosen[WIRES // 2 :]] = 1, -1
        self.thresholds = draw.integers(0, 4, UNITS)
        self.weights, self.bias = np.zeros(UNITS), 0.0

    def associations(self, picture: np.ndarray) -> np.ndarray:
        """Return which association units are active, float [512] of 0 and 1."""
        return (self.wires @ picture.ravel() > self.thresholds).astype(float)

    def answer(self, active: np.ndarray) -> bool:
        """Return whether the response is "triangle"."""
        return bool(self.weights @ active + self.bias > 0)

    def learn(self, picture: np.ndarray, triangle: bool) -> bool:
        """Answer, turn the weights if that was wrong, and return whether it was right."""
        active = self.associations(picture)
        right = self.answer(active) == triangle
        if not right:
            step = 1 if triangle else -1
            self.weights += step * active
            self.bias += step
        return right

    def retina(self) -> np.ndarray:
        """Return what each photocell counts in the end, through all association units: float [20,20]."""
        return (self.weights @ self.wires).reshape(SIDE, SIDE)


def main(out: Path = Path("history-output"), quick: bool = False, seed: int = 0) -> dict[str, float]:
    """Train, test on new pictures, draw; returns the error before and after."""
    draw = np.random.default_rng(seed)
    machine = MarkOne(draw)
    n = 1500 if quick else 8000
    test = [(shape(draw, kind), kind) for kind in (True, False) * 250]

    def error() -> float:
        return float(
            np.mean([machine.answer(machine.associations(picture)) != kind for picture, kind in test])
        )

    shown, errors = [0], [error()]
    for number in range(1, n + 1):
        triangle = bool(draw.integers(2))
        machine.learn(shape(draw, triangle), triangle)
        if number % (n // 25) == 0:
            shown.append(number)
            errors.append(error())
    out.mkdir(parents=True, exist_ok=True)
    draw_figure(machine, test, shown, errors).savefig(out / "mark1_perceptron.png", dpi=110)
    print(
        f"Error on {len(test)} new pictures: {errors[0]:.1%} before, {errors[-1]:.1%} after {n:,} pictures."
    )
    return {"before": errors[0], "after": errors[-1]}


def draw_figure(
    machine: MarkOne, test: list[tuple[np.ndarray, bool]], shown: list[int], errors: list[float]
) -> Figure:
    """Draw pictures as photocells see them, one unit's wires, the error, and what photocells count."""
    figure = Figure(figsize=(12, 5.6), layout="constrained")
    grid = figure.subplot_mosaic("abcde;ffghh")
    for name, (picture, kind) in zip("abcd", test[:4], strict=True):
        right = machine.answer(machine.associations(picture)) == kind
        grid[name].imshow(picture, cmap="gray_r")
        grid[name].set_title(
            f"{'triangle' if kind else 'square'}: {'right' if right else 'wrong'}", fontsize=10
        )
    grid["e"].imshow(machine.wires[0].reshape(SIDE, SIDE), cmap="RdBu_r", vmin=-1.5, vmax=1.5)
    grid["e"].set_title("wires of one association unit\n(red excites, blue inhibits)", fontsize=9)
    grid["f"].plot(shown, np.array(errors) * 100, color="#0072b2")
    grid["f"].axhline(50, color="#999999", linestyle=":", label="guessing")
    grid["f"].set_xlabel("pictures learned from")
    grid["f"].set_ylabel("% wrong on new pictures")
    grid["f"].legend(fontsize=8)
    bound = np.abs(machine.retina()).max()
    grid["g"].imshow(machine.retina(), cmap="RdBu_r", vmin=-bound, vmax=bound)
    grid["g"].set_title("what each photocell counts\n(red: triangle)", fontsize=9)
    grid["h"].hist(machine.weights, bins=40, color="#e69f00")
    grid["h"].set_title("the potentiometers: weights of 512 units", fontsize=9)
    grid["h"].set_xlabel("weight")
    grid["h"].set_ylabel("units")
    for name in "abcdeg":
        grid[name].set_xticks([])
        grid[name].set_yticks([])
    figure.suptitle(
        "Mark I: 20 x 20 photocells, 512 association units wired at random, one layer that learns"
    )
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("history-output"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    main(options.out, options.quick)
