from __future__ import annotations

import numpy as np
import pytest
import torch

from gatera.learn.export.trees import mixture_to_onnx
from gatera.models.trees import TableMixture
from gatera.program.engines import OnnxRuntimeEngine
from gatera.tabular.encoded import EncodedRows
from gatera.tabular.trees import fit
from gatera.tabular.trees.fit import boosted_module, fit_several, fit_trees, predict_trees


@pytest.fixture(autouse=True)
def small_trees(monkeypatch):
    """Fewer trees: what is translated does not depend on how many there are."""
    monkeypatch.setattr(fit, "MEMBERS", [settings | {"max_iter": 25} for settings in fit.MEMBERS])


def rows(n_classes: int, n: int = 600, sizes: tuple[int, ...] = (40, 300, 3)) -> EncodedRows:
    """Rows with a category of many codes, one of more than trees can split by sets, and codes that do not occur."""
    draw = np.random.default_rng(0)
    codes = np.stack([draw.integers(0, max(2, size - 1), n) for size in sizes], axis=1)
    numbers = draw.normal(size=(n, 2)) * [1, 1000]
    signal = np.sin(codes[:, 0] * 2.3) + codes[:, 1] / 150 + numbers[:, 0] + (numbers[:, 1] > 300)
    y = signal * 50_000 + 300_000
    if n_classes:
        y = np.digitize(signal, np.quantile(signal, np.arange(1, n_classes) / n_classes))
    return EncodedRows(np.concatenate([codes, numbers], axis=1).astype(np.float32), y, sizes, n_classes)


def unseen(known: EncodedRows) -> EncodedRows:
    """Other rows, with codes that training does not have."""
    draw = np.random.default_rng(1)
    x = known.x[draw.integers(0, len(known.x), 200)]
    for column, size in enumerate(known.sizes):
        x[:, column] = draw.integers(0, size, len(x))
    return EncodedRows(x, known.y[: len(x)], known.sizes, known.n_classes)


class Split:
    """The part of a block that an export uses."""

    def __init__(self, n_codes: int) -> None:
        self.n_codes = n_codes

    def as_batch(self, stacked: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return stacked[:, : self.n_codes].long(), stacked[:, self.n_codes :]


class Network(torch.nn.Module):
    def __init__(self, n_numbers: int, n_out: int) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(n_numbers, n_out)

    def forward(self, x: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        return self.linear(x[1])


@pytest.mark.parametrize("n_classes", [0, 2, 5])
def test_onnx_equals_scikit_learn(n_classes):
    known = rows(n_classes)
    estimators, other = fit_several(known), unseen(known)
    module = boosted_module(estimators, known)
    assert module.arrays.sets and max(module.arrays.sets) == 2  # the column of 300 codes is a number
    mixture = TableMixture(module, None, 1.0, bool(n_classes)).eval()
    found = OnnxRuntimeEngine(mixture_to_onnx(mixture, Split(3), known.x[:2])).run(other.x)
    wanted = predict_trees(estimators, other)
    if n_classes:
        found = torch.from_numpy(found).softmax(1).numpy()
    assert np.abs(found - wanted).max() <= 1e-5 * max(1, np.abs(wanted).max())
    with torch.no_grad():
        computed = mixture(Split(3).as_batch(torch.from_numpy(other.x)))
    computed = computed.softmax(1) if n_classes else computed
    assert np.abs(computed.numpy() - wanted).max() <= 1e-5 * max(1, np.abs(wanted).max())


@pytest.mark.parametrize("n_classes", [0, 2, 3])
def test_a_mixture_is_the_mean_of_both(n_classes):
    known = rows(n_classes)
    estimators = fit_several(known)
    torch.manual_seed(0)
    network = Network(2, max(1, n_classes)).eval()
    mixture = TableMixture(boosted_module(estimators, known), network, 0.75, bool(n_classes)).eval()
    found = OnnxRuntimeEngine(mixture_to_onnx(mixture, Split(3), known.x[:2])).run(known.x)
    with torch.no_grad():
        alone = network(Split(3).as_batch(torch.from_numpy(known.x)))
    if n_classes:
        found, alone = torch.from_numpy(found).softmax(1).numpy(), alone.softmax(1)
    wanted = 0.75 * predict_trees(estimators, known) + 0.25 * alone.numpy()
    assert np.abs(found - wanted).max() <= 1e-5 * max(1, np.abs(wanted).max())


def test_one_estimator_is_what_scikit_learn_says():
    known = rows(5)
    estimator, other = fit_trees(known), unseen(known)
    assert np.allclose(predict_trees([estimator], other), estimator.predict_proba(other.x))


def test_a_class_of_one_row_is_no_trouble():
    known = rows(3, n=12_000)  # so many that scikit-learn would set rows of each class aside
    known.y[:] = np.minimum(known.y, 1)
    known.y[7] = 2
    assert boosted_module(fit_several(known), known).start.shape == (3,)
