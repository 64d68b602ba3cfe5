"""The eight requirements of parallel distributed processing, shown as parts of a running network.

python examples/history/pdp.py --out history-output

A learner of Gatera is trained on small handwritten digits, and each requirement is read off it: its units, their state, how
states become outputs and spread through the connections, how activity changes, how the connections learn, and the environment.

Source: Rumelhart, Hinton and McClelland 1986, "A General Framework for Parallel Distributed Processing", chapter 2 of "Parallel
Distributed Processing", volume 1. The digits: Alpaydin and Kaynak 1998, as scikit-learn brings them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from gatera.vision.all import SGD, CrossEntropyLossFlat, DataLoaders, Learner, accuracy

HIDDEN, RATE = 16, 0.1


class Parts(NamedTuple):
    """What is read off the running network for one picture, and for the last update.

    Args:
        picture: the input [8,8].
        net: what reaches each hidden unit through its connections [16].
        activation: the state of the hidden units [16].
        output: probabilities of the ten digits [10].
        weights: the connections from the picture to the hidden units [16,64].
        gradient, change: the gradient of these weights at the last update, and how they changed [16,64].
    """

    picture: np.ndarray
    net: np.ndarray
    activation: np.ndarray
    output: np.ndarray
    weights: np.ndarray
    gradient: np.ndarray
    change: np.ndarray


def make_learner(seed: int = 0) -> Learner:
    """Return a learner with one hidden layer, on 1,797 digits of 8 x 8 pixels."""
    digits = load_digits()
    torch.manual_seed(seed)
    pairs = [
        (torch.tensor(image, dtype=torch.float32).flatten() / 16, torch.tensor(int(label)))
        for image, label in zip(digits.images, digits.target, strict=True)
    ]
    order = np.random.default_rng(seed).permutation(len(pairs))
    held_out = set(order[:360].tolist())
    dls = DataLoaders.from_dsets(
        [pair for i, pair in enumerate(pairs) if i not in held_out],
        [pairs[i] for i in order[:360]],
        bs=32,
        device="cpu",
    )
    network = nn.Sequential(nn.Linear(64, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 10))
    return Learner(dls, network, CrossEntropyLossFlat(), SGD, metrics=accuracy, lr=RATE)


def read_off(learn: Learner) -> Parts:
    """Make one more update by hand, and return everything that there is to see."""
    network = learn.model
    x, y = next(iter(learn.dls.train))
    before = network[0].weight.detach().clone()
    loss = learn.loss_func(network(x), y)
    [gradient] = torch.autograd.grad(loss, [network[0].weight])
    with torch.no_grad():
        network[0].weight -= RATE * gradient
        picture = learn.dls.valid.one_batch()[0][:1]
        net = network[0](picture)
        state = network[1](net)
        output = network[2](state).softmax(1)

    def plain(value: Tensor) -> np.ndarray:
        return value.detach().squeeze().numpy()

    return Parts(
        plain(picture).reshape(8, 8), plain(net), plain(state), plain(output), plain(network[0].weight), plain(gradient),
        plain(network[0].weight - before),
    )  # fmt: skip


def main(out: Path = Path("history-output"), quick: bool = False) -> dict[str, float]:
    """Train, read the eight parts off, draw; returns the accuracy and how well the learning rule explains the change."""
    learn = make_learner()
    with learn.no_bar(), learn.no_logging():
        learn.fit(3 if quick else 15)
    score = learn.validate()[1]
    parts = read_off(learn)
    out.mkdir(parents=True, exist_ok=True)
    draw_figure(parts, learn).savefig(out / "pdp.png", dpi=110)
    off = float(np.abs(parts.change + RATE * parts.gradient).max())
    print(
        f"{score:.1%} of the held-out digits are right; the change of the weights is -rate x gradient, to {off:.1e}."
    )
    return {"accuracy": score, "off": off}


def draw_figure(parts: Parts, learn: Learner) -> Figure:
    """Draw the eight requirements, one panel each."""
    figure = Figure(figsize=(13, 6.4), layout="constrained")
    panels = figure.subplots(2, 4).ravel()
    titles = (
        "1 a set of units\n64 in, 16 hidden, 10 out", "2 a state of activation\nof the 16 hidden units",
        "3 an output function\nstates to probabilities", "4 a pattern of connectivity\nweights, 16 units x 64 pixels",
        "5 a propagation rule\nnet = weights x outputs + bias", "6 an activation rule\nnet to activation",
        "7 a learning rule\nchange = -rate x gradient", "8 an environment\npictures it is given",
    )  # fmt: skip
    for axes, title in zip(panels, titles, strict=True):
        axes.set_title(title, fontsize=10)
    for x, n in ((0, 64), (1, HIDDEN), (2, 10)):
        panels[0].scatter([x] * n, np.linspace(0, 1, n), s=14, color="#0072b2")
    panels[0].set_axis_off()
    panels[1].bar(range(HIDDEN), parts.activation, color="#e69f00")
    panels[2].bar(range(10), parts.output, color="#009e73")
    panels[2].set_xticks(range(10))
    bound = np.abs(parts.weights).max()
    panels[3].imshow(
        parts.weights.reshape(4, 4, 8, 8).transpose(0, 2, 1, 3).reshape(32, 32),
        cmap="RdBu_r",
        vmin=-bound,
        vmax=bound,
    )
    panels[3].set_axis_off()
    panels[4].barh(
        range(HIDDEN), parts.net, color=["#d55e00" if value > 0 else "#56b4e9" for value in parts.net]
    )
    line = np.linspace(parts.net.min() - 0.5, parts.net.max() + 0.5, 50)
    panels[5].plot(line, np.maximum(line, 0), color="#999999")
    panels[5].plot(parts.net, parts.activation, "o", color="#e69f00")
    panels[6].plot(parts.gradient.ravel(), parts.change.ravel(), ".", color="#0072b2", markersize=3)
    axes_of = {1: ("unit", "activation"), 2: ("digit", "probability"), 4: ("net input", "unit"), 5: ("net input", "activation"),
               6: ("gradient", "change of the weight")}  # fmt: skip
    for number, (across, up) in axes_of.items():
        panels[number].set_xlabel(across)
        panels[number].set_ylabel(up)
    panels[1].set_xticks(range(0, HIDDEN, 5))
    panels[4].set_yticks(range(0, HIDDEN, 5))
    some = torch.stack([learn.dls.train.one_batch()[0][i] for i in range(16)]).reshape(4, 4, 8, 8).numpy()
    panels[7].imshow(some.transpose(0, 2, 1, 3).reshape(32, 32), cmap="gray_r")
    panels[7].set_axis_off()
    for axes in (panels[3], panels[7]):  # 16 pictures of 8 x 8
        for edge in (7.5, 15.5, 23.5):
            axes.axhline(edge, color="white", linewidth=2)
            axes.axvline(edge, color="white", linewidth=2)
    figure.suptitle("The eight requirements of parallel distributed processing, read off a running network")
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("history-output"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    main(options.out, options.quick)
