"""`fine_tune` and the other fits of a model whose linear head starts from a solution."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from gatera.data.transforms.item import Resize
from gatera.learn.checkpoints.position import TrainingInterrupted
from gatera.learn.fine_tune import UnfrozenPart, rate_share
from gatera.learn.head_start import HeadStart, suffices, trained_before
from gatera.learn.learner import Learner
from gatera.learn.options import TrainingOptions
from gatera.learn.state import Callback
from gatera.models.groups import ParameterGroup
from gatera.models.vision.linear_head import create_linear_head
from gatera.vision.data import ImageDataLoaders

GROUPS = [ParameterGroup(name, (nn.Parameter(torch.zeros(1)),)) for name in ("early", "late", "head")]


def thirds(model: nn.Sequential) -> list[ParameterGroup]:
    parts = {"early": model[0][0], "late": model[0][1:], "head": model[1]}
    return [ParameterGroup(name, tuple(part.parameters())) for name, part in parts.items()]


@pytest.fixture
def linear_learner(photo_folder, tmp_path):
    """Return a function that makes equal learners with a linear head, as if their body was pretrained."""

    def make(head: nn.Module | None = None, **options) -> Learner:
        torch.manual_seed(0)
        body = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.Conv2d(8, 8, 3, stride=2), nn.ReLU())
        model = nn.Sequential(body, head or create_linear_head(8, 2))
        dls = ImageDataLoaders.from_folder(
            photo_folder, valid_pct=0.25, seed=42, item_tfms=Resize(16), bs=4, num_workers=0, device="cpu"
        )
        learn = Learner(
            dls, model, body=body, splitter=thirds, path=tmp_path,
            options=TrainingOptions(precision="float32", **options),
        )  # fmt: skip
        learn.display.table_on = learn.display.bar_on = False
        return learn

    return make


@pytest.fixture
def missing(monkeypatch):
    """Return a function that sets the fraction of training photos that the solution of every head is said to miss."""

    def miss(fraction: float) -> None:
        from gatera.learn import trainer

        solve = trainer.start_head
        monkeypatch.setattr(
            trainer, "start_head", lambda *a, **more: solve(*a, **more) and HeadStart(fraction)
        )

    return miss


class Peaks(Callback):
    """Keeps the highest rate of each group, by the number of frozen groups; None for groups that are frozen."""

    def __init__(self, learn: Learner) -> None:
        self.learn, self.found = learn, {}

    def after_step(self, state) -> None:
        rates = {
            group["name"]: group["lr"]
            for group in state.optimizer.param_groups
            if "no decay" not in group["name"]
        }
        best = self.found.setdefault(self.learn.n_frozen, dict.fromkeys(rates, 0.0))
        best.update({name: max(best[name], rate) for name, rate in rates.items()})


# -- what is decided


@pytest.mark.parametrize(
    ("missed", "share"), [(None, 1.0), (1.0, 1.0), (0.05, 1.0), (0.04, 0.8), (0.01, 0.2), (0.005, 0.1), (0.001, 0.1), (0.0, 0.1)]
)  # fmt: skip
def test_rates_are_in_proportion_to_what_the_head_misses(missed, share):
    assert rate_share(missed) == pytest.approx(share)


def test_the_unfrozen_part_is_skipped_only_below_the_limit_and_a_line_says_so(capsys):
    assert not suffices(None, 1.0)
    assert not suffices(HeadStart(), 1.0)
    assert not suffices(HeadStart(0.03), 0.03)
    assert not suffices(HeadStart(0.0), 0.0)
    assert capsys.readouterr().err == ""
    assert suffices(HeadStart(0.0125), 0.03)
    assert capsys.readouterr().err == (
        "Skipping the unfrozen part: the head alone gets only 1.2 % of the training items wrong, less than 3.0 %.\n"
    )


@pytest.mark.parametrize(
    ("missed", "asked", "n_frozen", "share", "trained"),
    [
        (None, None, 0, 1.0, None),
        (0.05, None, 0, 1.0, None),
        (0.02, None, 1, 0.4, "late and head"),
        (0.02, 3, 0, 0.4, "early, late and head"),
        (0.02, 1, 2, 0.4, "head"),
        (None, 2, 1, 1.0, None),
        (None, 9, 0, 1.0, None),
    ],
)
def test_what_the_unfrozen_part_trains_and_how_fast(capsys, missed, asked, n_frozen, share, trained):
    part = UnfrozenPart.of(GROUPS, slice(1e-5, 1e-3), None if missed is None else HeadStart(missed), asked)
    assert part.n_frozen == n_frozen
    assert part.rates == pytest.approx([1e-5 * share, 1e-4 * share, 1e-3 * share])
    line = f"Training {trained} at 40 % of the usual learning rate, because the head alone gets only 2.0 % of the training items wrong.\n"
    assert capsys.readouterr().err == (line if trained else "")


def test_with_two_groups_the_body_is_not_left_frozen(capsys):
    assert UnfrozenPart.of(GROUPS[1:], slice(1e-5, 1e-3), HeadStart(0.0), None).n_frozen == 0
    assert "Training late and head at 10 % of" in capsys.readouterr().err


# -- what is trained


def test_without_a_rate_the_solved_head_learns_slowly_and_the_early_group_stays(
    linear_learner, missing, capsys
):
    missing(0.01)
    learn = linear_learner()
    early, late = (copy.deepcopy(learn.model[0][i].state_dict()) for i in (0, 1))
    peaks = Peaks(learn)
    learn.fine_tune(8, freeze_epochs=20, cbs=peaks)
    assert peaks.found[2]["head"] == pytest.approx(2e-4, rel=0.02)
    assert peaks.found[1]["head"] == pytest.approx(2e-4, rel=0.02)  # a fifth of 1e-3
    assert peaks.found[1]["late"] == pytest.approx(2e-5, rel=0.02)
    assert set(peaks.found) == {2, 1}
    assert all(torch.equal(early[name], value) for name, value in learn.model[0][0].state_dict().items())
    assert not torch.equal(late["weight"], learn.model[0][1].weight)
    assert "Training late and head at 20 % of the usual learning rate" in capsys.readouterr().err


def test_a_rate_of_the_callers_is_used_as_it_is(linear_learner, missing, capsys):
    missing(0.01)
    learn = linear_learner()
    early, peaks = learn.model[0][0].weight.clone(), Peaks(learn)
    learn.fine_tune(8, 2e-3, freeze_epochs=20, cbs=peaks)
    assert peaks.found[2]["head"] == pytest.approx(2e-3, rel=0.02)
    assert list(peaks.found[0].values()) == pytest.approx([1e-5, 1e-4, 1e-3], rel=0.02)
    assert not torch.equal(early, learn.model[0][0].weight)
    assert "usual learning rate" not in capsys.readouterr().err


def test_groups_that_are_asked_for_are_trained_whatever_the_start_is(linear_learner, missing):
    missing(0.01)
    learn = linear_learner(fine_tune_groups=3)
    early = learn.model[0][0].weight.clone()
    learn.fine_tune(1)
    assert learn.n_frozen == 0
    assert not torch.equal(early, learn.model[0][0].weight)


def test_without_a_frozen_part_the_head_is_solved_before_rates_are_chosen(linear_learner, missing):
    missing(0.01)
    learn = linear_learner()
    learn.fine_tune(1, freeze_epochs=0)
    assert (learn.n_frozen, len(learn.history)) == (1, 1)


def test_other_fits_use_the_callers_rate(linear_learner):
    learn = linear_learner()
    peaks = Peaks(learn)
    learn.fit_one_cycle(8, 1e-2, cbs=peaks)
    assert list(peaks.found[0].values()) == pytest.approx([1e-2] * 3, rel=0.02)


def test_a_head_that_was_trained_before_is_not_solved_and_learns_slowly(linear_learner, capsys):
    head = create_linear_head(8, 2)
    nn.init.normal_(head.linear.weight)
    learn = linear_learner(head)
    peaks = Peaks(learn)
    learn.fine_tune(1, freeze_epochs=20, cbs=peaks)
    assert peaks.found[2]["head"] == pytest.approx(2e-4, rel=0.02)
    assert learn.head_start == HeadStart() and capsys.readouterr().err == ""


def test_only_a_linear_head_has_a_start(linear_learner):
    fresh, plain = create_linear_head(8, 2), nn.Sequential(nn.Flatten(), nn.Linear(8, 2))
    ranged = create_linear_head(8, 2, y_range=(0, 1))
    nn.init.ones_(ranged.linear.bias)
    assert [trained_before(nn.Sequential(nn.Identity(), head)) for head in (fresh, plain, ranged)] == [
        None
    ] * 3


def test_a_head_whose_solution_misses_too_much_starts_from_zero_and_learns_at_the_usual_rate(
    linear_learner, capsys
):
    learn = linear_learner(solve_head_below=0.0)
    learn.solve_head()
    missed = learn.head_start.missed
    assert learn.head_start == HeadStart(missed, from_zero=True) and learn.model[1].untrained
    learn.head_start, peaks = HeadStart(0.5, from_zero=True), Peaks(learn)
    learn.fine_tune(1, freeze_epochs=20, cbs=peaks)
    assert peaks.found[2]["head"] == pytest.approx(2e-3, rel=0.02)
    n = round(18 * missed)
    line = f"The head starts from zeros: the least-squares solution gets {n} of 18 training items wrong (leave-one-out)."
    assert capsys.readouterr().err == f"{line}\n"  # once


# -- lr_find and checkpoints


def test_lr_find_begins_with_the_head_that_a_fit_begins_with(linear_learner, capsys):
    learn, other = linear_learner(), linear_learner()
    first = learn.lr_find(num_it=10).losses[0]
    other.fit(1, 0.0)
    assert torch.equal(learn.model[1].linear.weight, other.model[1].linear.weight)
    assert learn.head_start == other.head_start is not None
    assert first < 0.6  # a head at zero begins at log 2
    capsys.readouterr()
    learn.fit(1, 0.0)
    assert capsys.readouterr().err == ""  # it is not solved again


class Stop(Callback):
    reads_only = True

    def after_step(self, state) -> None:
        raise KeyboardInterrupt


def test_a_resumed_fit_knows_what_the_head_started_from(linear_learner, missing):
    missing(0.02)
    learn, resumed = linear_learner(), linear_learner()
    with pytest.raises(TrainingInterrupted) as stop:
        learn.fine_tune(1, cbs=Stop())
    missing(0.9)
    resumed.fine_tune(1, resume=stop.value.path, cbs=Callback())
    assert resumed.head_start == HeadStart(0.02) == learn.head_start
    assert resumed.n_frozen == 1
