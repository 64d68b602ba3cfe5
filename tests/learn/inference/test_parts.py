"""Batches computed in parts: the same update, the same predictions, in less memory."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gatera.learn import loop
from gatera.learn.arithmetic import Arithmetic
from gatera.learn.callbacks.gradients import GradientAccumulation, GradientClip
from gatera.learn.callbacks.recorder import Recorder
from gatera.learn.inference import parts
from gatera.learn.inference.parts import outputs, part_size
from gatera.learn.state import Callback, CallbackList, LoopState
from gatera.measure.losses.standard import (
    BCEWithLogitsLossFlat,
    CrossEntropyLossFlat,
    FocalLoss,
    L1LossFlat,
    LabelSmoothingCrossEntropy,
    MSELossFlat,
    mean_divisor,
)

N, K = 10, 3


@pytest.fixture(autouse=True)
def three_at_once(monkeypatch):
    """Let three photos of 12 px fit, whatever the model."""
    monkeypatch.setattr(parts, "LIMIT_BYTES", 1)
    monkeypatch.setattr(parts, "_fitting", lambda model, inputs, arithmetic: 3)


def photo_model(n_out: int = K) -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8).eval(), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, n_out),
    )  # fmt: skip


def photos(n: int = N) -> torch.Tensor:
    return torch.randn(n, 3, 12, 12, generator=torch.Generator().manual_seed(0))


def classes(n: int = N) -> torch.Tensor:
    return torch.randint(0, K, (n,), generator=torch.Generator().manual_seed(2))


class Watcher(Callback):
    """Notes how many photos the model gets at once."""

    reads_only = True

    def __init__(self, model: nn.Module) -> None:
        self.sizes: list[int] = []
        first = model[0]
        plain = first.forward
        first.forward = lambda x: (self.sizes.append(len(x)), plain(x))[1]


def state_of(model, loss_func, callbacks=(), y=None):
    batch = photos(), classes() if y is None else y
    return LoopState(
        model=model, whole=model, loss_func=loss_func, optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        train=[batch], valid=None, callbacks=CallbackList([Recorder(), *callbacks]),
        arithmetic=Arithmetic(torch.device("cpu"), "float32", fast_kernels=False), seed=0, epochs=1,
    )  # fmt: skip


def trained(loss_func, callbacks=(), y=None, whole=False) -> tuple[nn.Module, list[int], LoopState]:
    """Return the model after one update, what its first layer was given, and the state."""
    model = photo_model(1 if y is not None and y.ndim == 2 and y.shape[1] == 1 else K)
    watcher = Watcher(model)
    state = state_of(model, loss_func, [*callbacks, watcher], y)
    if whole:
        state.arithmetic.part_sizes[(model, photos().shape[1:], True, True)] = None
    loop.fit(state)
    return model, watcher.sizes, state


LABELS = torch.randint(0, 2, (N, K), generator=torch.Generator().manual_seed(3)).float()
NUMBERS = torch.randn(N, 1, generator=torch.Generator().manual_seed(4))
IGNORING = torch.where(torch.arange(N) < 4, -100, classes())


@pytest.mark.parametrize(
    ("loss_func", "y"),
    [
        (CrossEntropyLossFlat(), None),
        (CrossEntropyLossFlat(weight=[1, 5, 0.1]), None),
        (CrossEntropyLossFlat(), IGNORING),
        (CrossEntropyLossFlat(weight=[1, 5, 0.1], ignore_index=1), IGNORING),
        (CrossEntropyLossFlat(weight=[1, 5, 0.1]), LABELS.softmax(1)),
        (LabelSmoothingCrossEntropy(0.2, weight=[1, 5, 0.1]), None),
        (FocalLoss(weight=[1, 5, 0.1]), None),
        (BCEWithLogitsLossFlat(pos_weight=[1, 2, 3]), LABELS),
        (MSELossFlat(), NUMBERS),
        (L1LossFlat(), NUMBERS),
    ],
)
def test_the_update_is_that_of_the_whole_batch(loss_func, y):
    ours, sizes, state = trained(loss_func, y=y)
    theirs, whole, other = trained(loss_func, y=y, whole=True)
    assert (sizes, whole) == ([3, 3, 2, 2], [10])
    for mine, their in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, their, atol=1e-6, rtol=1e-5)
    assert state.loss.item() == pytest.approx(other.loss.item(), rel=1e-5)
    torch.testing.assert_close(state.predictions, other.predictions.detach(), atol=1e-6, rtol=1e-5)
    assert not state.predictions.requires_grad


def test_gradients_may_be_clipped():
    def clipped(whole):
        return trained(CrossEntropyLossFlat(), [GradientClip(0.01)], whole=whole)

    assert clipped(False)[1] == [3, 3, 2, 2]
    for mine, their in zip(clipped(False)[0].parameters(), clipped(True)[0].parameters(), strict=True):
        torch.testing.assert_close(mine, their, atol=1e-6, rtol=1e-5)


class Between(Callback):
    reads_only = True

    def after_pred(self, state):
        assert len(state.predictions) == N and state.predictions.requires_grad


@pytest.mark.parametrize("callback", [Between(), GradientAccumulation(N)])
def test_who_comes_between_gets_the_whole_batch(callback):
    assert trained(CrossEntropyLossFlat(), [callback])[1] == [10]


class OwnLoss(CrossEntropyLossFlat):
    def forward(self, pred, target):
        return super().forward(pred, target) ** 2


@pytest.mark.parametrize("loss_func", [F.cross_entropy, OwnLoss(), CrossEntropyLossFlat(reduction="sum")])
def test_a_loss_that_may_not_be_a_mean_gets_the_whole_batch(loss_func):
    assert mean_divisor(loss_func, classes()) is None
    assert trained(loss_func)[1] == [10]


def arithmetic() -> Arithmetic:
    return Arithmetic(torch.device("cpu"), "float32", fast_kernels=False)


def test_a_batch_norm_that_learns_sees_the_whole_batch():
    model = photo_model()
    assert part_size(model, photos(), arithmetic()) == 3
    model[1].train()
    assert part_size(model, photos(), arithmetic()) is None
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, track_running_stats=False)).eval()
    assert part_size(model, photos(), arithmetic()) is None


def test_a_model_that_is_watched_gets_the_whole_batch():
    model = photo_model()
    model[2].register_forward_hook(lambda *_: None)
    assert part_size(model, photos(), arithmetic()) is None


@pytest.mark.parametrize(
    "inputs", [torch.zeros(10, 7), torch.zeros(10, 3, 4, 4, dtype=torch.uint8), photos(3)]
)
def test_only_photos_are_divided_and_only_where_needed(inputs):
    assert part_size(photo_model(), inputs, arithmetic()) is None


def test_predictions_are_those_of_the_whole_batch():
    model = photo_model().eval()
    watcher = Watcher(model)
    with torch.no_grad():
        found = outputs(model, photos(), arithmetic())
        assert watcher.sizes == [3, 3, 2, 2]
        torch.testing.assert_close(found, model(photos()), atol=1e-6, rtol=1e-5)


def test_how_many_fit_is_measured_without_a_trace(monkeypatch):
    monkeypatch.undo()
    model, before = photo_model().train(), torch.random.get_rng_state()
    model.append(nn.Dropout(0.5))
    state = copy.deepcopy(model.state_dict())
    one = 8 * 12 * 12 * 4  # what the convolution puts out; norm and ReLU as much
    monkeypatch.setattr(parts, "LIMIT_BYTES", 15 * one)
    assert parts._fitting(model, photos(), arithmetic()) in (4, 5)
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), before) and model.training
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_small_batch_is_not_looked_at(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(parts, "_fitting", lambda *_: pytest.fail("it was tried"))
    assert part_size(photo_model(), photos(), arithmetic()) is None


def test_without_gradients_more_photos_fit_as_most_outputs_are_gone_at_once(monkeypatch):
    monkeypatch.undo()
    model = nn.Sequential(
        *(nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU()) for _ in range(20))
    ).eval()
    x = photos(1)
    with torch.no_grad(), parts._Counting() as counted:
        model(x)
    one = x.nbytes  # every layer puts out as much as goes in
    assert counted.total == 40 * one
    assert 2 * one <= counted.peak <= 3 * one
    monkeypatch.setattr(parts, "LIMIT_BYTES", 80 * one)
    monkeypatch.setattr(parts, "PEAK_BYTES", 80 * one)
    arithmetic = Arithmetic(torch.device("cpu"), "float32", fast_kernels=False)
    many = photos(100)
    with_gradients = part_size(model, many, arithmetic)
    with torch.no_grad():
        assert part_size(model, many, arithmetic) >= 10 * with_gradients == 20


def test_parts_are_of_one_size_where_they_can_be():
    """64 photos in parts of at most 15: not four of 15 and one of 4."""
    model, seen = photo_model().eval(), []
    x = torch.rand(64, *photos().shape[1:])
    with torch.no_grad():
        whole = model(x)
        arithmetic_of_15 = arithmetic()
        arithmetic_of_15.part_sizes[(model, x.shape[1:], False, False)] = 15
        forward = model.forward
        model.forward = lambda part: seen.append(len(part)) or forward(part)
        found = outputs(model, x, arithmetic_of_15)
    assert seen == [13, 13, 13, 13, 12]
    torch.testing.assert_close(found, whole)
