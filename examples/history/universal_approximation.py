"""Universal approximation: the error of one hidden layer against its width.

python examples/history/universal_approximation.py --out history-output

One hidden layer comes as near to any continuous function as asked, if it is wide enough. How wide, and whether training finds it,
the theorem does not say; the figure shows both: widths from 1 to 256, each trained from three random starts.

Source: Cybenko 1989, "Approximation by superpositions of a sigmoidal function"; Hornik 1991, "Approximation capabilities of
multilayer feedforward networks".
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


def target(x: Tensor) -> Tensor:
    """The function to come near to, on -1..1: waves, a bend and a steep place."""
    return torch.sin(6 * x) * 0.5 + (x - 0.3).abs() * 0.6 + 0.4 * torch.tanh(25 * (x + 0.4))


def fitted(width: int, seed: int, rounds: int) -> tuple[nn.Module, float]:
    """Train one hidden layer on 400 points; return it and its root mean square error on 2,000 others."""
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(1, width), nn.Tanh(), nn.Linear(width, 1))
    with torch.no_grad():  # bends all over the interval, some of them steep
        network[0].weight.copy_(torch.randn(width, 1) * 6)
        network[0].bias.copy_(-network[0].weight[:, 0] * (torch.rand(width) * 2 - 1))
    x = torch.linspace(-1, 1, 400)[:, None]
    y = target(x)
    optimizer = torch.optim.LBFGS(
        network.parameters(),
        max_iter=rounds,
        history_size=20,
        line_search_fn="strong_wolfe",
        tolerance_change=1e-10,
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = (network(x) - y).square().mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    between = torch.linspace(-1, 1, 2000)[:, None]
    with torch.no_grad():
        return network, float((network(between) - target(between)).square().mean().sqrt())


def main(out: Path = Path("history-output"), quick: bool = False) -> dict[int, float]:
    """Fit every width, draw; returns the median error of each width."""
    widths, seeds, rounds = (WIDTHS[::3], 2, 60) if quick else (WIDTHS, 3, 300)
    found = {width: [fitted(width, seed, rounds) for seed in range(seeds)] for width in widths}
    errors = {width: sorted(error for _, error in runs) for width, runs in found.items()}
    medians = {width: float(np.median(values)) for width, values in errors.items()}
    out.mkdir(parents=True, exist_ok=True)
    draw_figure({width: runs[0][0] for width, runs in found.items()}, errors).savefig(
        out / "universal_approximation.png", dpi=110
    )
    for width, error in medians.items():
        print(f"{width:>4} hidden units: error {error:.4f}")
    return medians


def draw_figure(networks: dict[int, nn.Module], errors: dict[int, list[float]]) -> Figure:
    """Draw some fits, and the error of every run against the width."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    fits, curve = figure.subplots(1, 2)
    x = torch.linspace(-1, 1, 600)[:, None]
    fits.plot(x, target(x), color="black", linewidth=3, alpha=0.35, label="the function")
    widths = list(networks)
    for width, colour in zip(
        [widths[0], widths[len(widths) // 3], widths[-1]], ("#d55e00", "#e69f00", "#0072b2"), strict=True
    ):
        with torch.no_grad():
            fits.plot(
                x, networks[width](x), color=colour, label=f"{width} hidden unit{'' if width == 1 else 's'}"
            )
    fits.legend(fontsize=8)
    fits.set_title("One hidden layer of tanh units", fontsize=10)
    fits.set_xlabel("input")
    fits.set_ylabel("output")
    for width, values in errors.items():
        curve.plot([width] * len(values), values, "o", color="#999999", markersize=4)
    curve.plot(
        list(errors),
        [np.median(values) for values in errors.values()],
        color="#0072b2",
        label="median of the starts",
    )
    curve.set_xscale("log", base=2)
    curve.set_yscale("log")
    curve.set_xlabel("hidden units")
    curve.set_ylabel("root mean square error between the points")
    curve.set_title("Wider is nearer, if training finds it", fontsize=10)
    curve.grid(alpha=0.3)
    curve.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("history-output"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    main(options.out, options.quick)
