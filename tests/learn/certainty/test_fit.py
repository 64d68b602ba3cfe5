from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.data.transforms.item import Resize
from gatera.learn.certainty import fit
from gatera.learn.certainty.collect import Collected, collect
from gatera.learn.certainty.projection import Projection
from gatera.learn.certainty.tap import WithFeatures, caught, find_tap, pooled
from gatera.learn.export.program import ExportOptions
from gatera.learn.learner import Learner
from gatera.measure.losses.standard import BCEWithLogitsLossFlat, CrossEntropyLossFlat, MSELossFlat
from gatera.models.text.model import TextBody
from gatera.models.vision.linear_head import create_linear_head
from gatera.program.certain.arrays import unpack
from gatera.program.certain.certainty import read_certainty
from gatera.program.package import read_package
from gatera.program.program import load_program
from gatera.testing.tiny import tiny_body
from gatera.vision.data import ImageDataLoaders


def logits_of(n: int, factor: float = 3.0, k: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.normal(0, 1.5, (n, k))
    p = np.exp(true) / np.exp(true).sum(1, keepdims=True)
    targets = (p.cumsum(1) > rng.random((n, 1))).argmax(1)
    return (true * factor).astype(np.float32), targets


def answers(outputs, targets, task="classification", vocab=("a", "b"), loss=None):
    return fit._answers(Collected(outputs, targets, None), task, vocab, loss or CrossEntropyLossFlat())


# -- what is decided


def test_overconfident_logits_are_scaled_and_sets_hold_the_truth():
    report, parts = answers(*logits_of(400))
    assert report.applied and 2 < report.temperature < 4.5
    assert report.error_after < report.error_before / 2
    assert report.coverage == pytest.approx(0.95, abs=0.035)
    assert report.answered_wrong <= 0.08 and 0 < report.answered < 1
    assert set(parts["labels"]) == {"scores", "right", "wrong"} and parts["missing"] == []


def test_probabilities_that_are_right_already_are_left_as_they_are():
    report, _ = answers(*logits_of(400, factor=1.0, seed=3))
    assert not report.applied and report.temperature == 1
    assert report.remarks[0].startswith("Temperature scaling would not lower the calibration error (0.0")


@pytest.mark.parametrize("rare", [0.055, 0.06, 0.08, 0.1, 0.11, 0.12])
def test_items_of_equal_probability_lie_in_a_set_together(rare: float) -> None:
    """1 - p of float32 lies between two numbers of float32: rounded down, the cutoff ruled out the very items that it came from."""
    targets = (np.arange(100) % 12 == 0).astype(np.int64)  # 9 of 100 have the rare label
    _, parts = answers(np.tile(np.log([1 - rare, rare]), (100, 1)).astype(np.float32), targets)
    known = read_certainty({"held_out": 100, "labels": parts["labels"]}, ["a", "b"])
    p = np.array([1 - rare, rare], np.float32)
    for by_a_program in (p, np.nextafter(p, np.float32(0)), np.nextafter(p, np.float32(1))):
        assert known.in_set(by_a_program, 0.95).all()


def test_numbers_that_are_off_by_the_same_lie_in_the_interval_together() -> None:
    targets = np.tile([102.0, 98.0], 50)
    _, parts = answers(
        np.full((100, 1), 100.3, np.float32), targets[:, None], "regression", (), MSELossFlat()
    )
    half = read_certainty({"held_out": 100, "numbers": parts["numbers"]}, []).half_width(0.95)
    assert float(np.nextafter(np.float32(100.3), np.float32(200))) - half[0] <= 98.0
    many_zeros = np.where(np.arange(100) < 80, 0.0, 5.0)  # MAPIE 240: an engine may say 1e-8 instead of 0
    _, parts = answers(np.zeros((100, 1), np.float32), many_zeros[:, None], "regression", (), MSELossFlat())
    assert read_certainty({"held_out": 100, "numbers": parts["numbers"]}, []).half_width(0.5)[0] > 1e-8


def test_one_number_far_beyond_the_others_does_not_widen_every_interval() -> None:
    predicted = np.linspace(1, 100, 100, dtype=np.float32)[:, None]
    widths = []
    for far in (104.0, 1e12):
        targets = predicted.astype(np.float64) + 3.0
        targets[7] = far
        _, parts = answers(predicted, targets, "regression", (), MSELossFlat())
        found = read_certainty({"held_out": 100, "numbers": parts["numbers"]}, [])
        widths.append(found.half_width(0.9)[0])
    assert widths == pytest.approx([3.0, 3.0], rel=1e-3)


def test_intervals_of_several_numbers_have_no_mean_width() -> None:
    """A power of some 300 and a noise of some 0.4 were "280 wide" together."""
    predicted = np.linspace([200, 0.3], [400, 0.5], 100, dtype=np.float32)
    targets = predicted + np.random.default_rng(0).normal(size=(100, 2)) * [10, 0.01]
    several, _ = answers(predicted, targets, "regression", (), MSELossFlat())
    one, _ = answers(predicted[:, :1], targets[:, :1], "regression", (), MSELossFlat())
    assert np.isnan(several.size) and several.coverage > 0.9 and 20 < one.size < 80


def test_few_items_are_said_to_be_few():
    report, parts = answers(*logits_of(12))
    assert report.remarks == [
        "With fewer than 50 held-out items, probabilities are not rescaled.",
        "sure=0.95 needs 19 held-out items; there are 12.",
    ]
    assert not report.applied and parts["labels"]


def test_a_class_that_no_held_out_item_has_is_named():
    logits, targets = logits_of(60, k=3)
    report, parts = answers(logits, np.where(targets == 2, 0, targets), vocab=["a", "b", "zebra"])
    assert parts["missing"] == ["zebra"]
    assert (
        "No held-out item has the label zebra: how sure the program is of such items is unknown."
        in report.remarks
    )


def test_a_single_class_is_nothing_to_be_unsure_of():
    report, parts = answers(np.zeros((30, 1), np.float32), np.zeros(30, np.int64), vocab=["a"])
    assert parts == {} and report.lines() == ["There is a single class, so there is nothing to be unsure of."]


def test_items_without_a_known_label_do_not_count():
    logits, targets = logits_of(80)
    report, _ = answers(logits, np.where(np.arange(80) < 20, -100, targets))
    assert report.n == 60


def test_labels_sets_are_scaled_by_one_temperature():
    rng = np.random.default_rng(0)
    true = rng.normal(0, 1.5, (300, 3))
    targets = (rng.random((300, 3)) < 1 / (1 + np.exp(-true))).astype(np.float32)
    report, parts = answers(
        (true * 3).astype(np.float32), targets, "multilabel", "abc", BCEWithLogitsLossFlat()
    )
    assert report.temperature == pytest.approx(3, rel=0.25)
    n_labels = int(targets.sum())
    assert parts["labels"]["scores"]["shape"] == parts["labels"]["weights"]["shape"] == [n_labels]
    right = ((true > 0) == (targets > 0.5)).all(1)
    sure = 1 / (1 + np.exp(-np.abs(true * 3 / report.temperature)))
    assert unpack(parts["labels"]["sets_right"], "") == pytest.approx(np.sort(sure.prod(1)[right]), rel=1e-4)
    assert parts["labels"]["sets_wrong"]["shape"] == [int((~right).sum())]


def test_items_of_few_groups_are_measured_by_other_groups_and_said_to_be_few() -> None:
    """Scikit-learn 12052, MAPIE 543: items of one patient are alike, and 90 items of 6 patients are not 90 patients."""
    rng = np.random.default_rng(2)
    covered, over_items = [], []
    for _ in range(40):
        members, off = np.repeat(np.arange(6), 15), rng.normal(size=6) * 3
        targets = (off[members] + rng.normal(size=90) * 0.5)[:, None]
        plain, _ = answers(np.zeros((90, 1), np.float32), targets, "regression", (), MSELossFlat())
        known = fit.Alike(members, "patient")
        report, _ = fit._answers(
            Collected(np.zeros((90, 1), np.float32), targets, None), "regression", (), MSELossFlat(), known
        )
        over_items.append(plain.coverage)
        covered.append(report.coverage)
    assert np.mean(over_items) > 0.93 and np.mean(covered) < 0.87  # what new patients get: 0.86
    assert report.remarks == [
        "The held-out items are from 6 groups (patient), and items in one group are alike: for new groups, 95 % can only be promised with "
        "19 groups or more; with 6, the truth may be missed more often."
    ]
    logits, classes = logits_of(120)
    for members, said in ((np.repeat(np.arange(4), 30), True), (np.repeat(np.arange(60), 2), False)):
        found, _ = fit._answers(
            Collected(logits, classes, None),
            "classification",
            "ab",
            CrossEntropyLossFlat(),
            fit.Alike(members, ""),
        )
        assert any("are from 4 groups, and" in remark for remark in found.remarks) == said


def test_numbers_get_intervals():
    rng = np.random.default_rng(0)
    targets = rng.normal(0, 5, (200, 2))
    predicted = (targets + rng.normal(0, [1, 10], (200, 2))).astype(np.float32)
    report, parts = answers(predicted, targets, "regression", (), MSELossFlat())
    assert report.coverage == pytest.approx(0.95, abs=0.04) and np.isnan(report.error_before)
    scale = np.frombuffer(__import__("base64").b64decode(parts["numbers"]["scale"]["data"]), np.float32)
    assert scale[1] / scale[0] == pytest.approx(10, rel=0.4)


def test_masks_and_points_are_plainly_not_calibrated():
    report, parts = answers(None, None, "segmentation")
    assert parts == {} and report.lines()[0].startswith("Masks and points are not calibrated: the pixels")


# -- features


def test_a_body_s_output_is_caught_and_else_what_the_last_linear_layer_takes():
    model = nn.Sequential(TextBody([nn.Linear(4, 8)], "mine", "random", 8), nn.Linear(8, 2))
    tap = find_tap(model)
    assert tap.module is model[0] and tap.output
    plain = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 2))
    x = torch.randn(3, 12)
    assert find_tap(plain).module is plain[3]
    with caught(find_tap(plain)) as seen:
        plain(x)
    assert torch.equal(seen[0], plain[2](plain[1](x)))
    assert "forward" not in plain[3].__dict__
    assert find_tap(nn.Sequential(nn.Flatten(), nn.ReLU())) is None
    both = WithFeatures(plain)(x)
    assert torch.equal(both, torch.cat([plain(x), seen[0]], 1))
    assert pooled(torch.ones(2, 3, 4, 4)).shape == (2, 3)


def test_a_projection_has_equal_variance_and_the_module_computes_the_same():
    rng = np.random.default_rng(0)
    features = (rng.normal(size=(300, 20)) * np.linspace(0.1, 3, 20) @ rng.normal(size=(20, 20))).astype(
        np.float32
    )
    fitted = Projection.fitted(features[:, :])
    found = fitted(features)
    assert found.shape == (300, 20)  # nothing lies beside all components
    assert found.std(0, ddof=1) == pytest.approx(np.ones(20), rel=1e-3)
    centred = features - features.mean(0)
    along = centred @ fitted.components
    assert found == pytest.approx(along / along.std(0, ddof=1), abs=2e-2)
    few = Projection.fitted(features[:40])
    assert few(features).shape == (300, 11)
    beside = few(features)[:, -1]
    assert beside[40:].mean() > beside[:40].mean()
    assert Projection.fitted(features[:3]) is None and Projection.fitted(np.ones((50, 4), np.float32)) is None


def test_features_of_more_columns_than_items_are_taken_apart_by_items():
    features = np.random.default_rng(0).normal(size=(48, 120)) * np.linspace(1, 3, 120)
    found = Projection.fitted(features)
    assert found is not None and found.components.shape == (120, 12)
    variances, directions = np.linalg.eigh(np.cov(features.T))
    assert found.deviation**2 == pytest.approx(variances[::-1][:12])
    alike = np.abs(found.components.T @ directions[:, ::-1][:, :12])  # up to their signs
    assert alike == pytest.approx(np.eye(12), abs=1e-6)
    wide = np.random.default_rng(0).normal(size=(96, 30_000)).astype(np.float32)
    assert Projection.fitted(wide).components.shape == (30_000, 24)  # of 30,000 x 30,000 numbers: 7 GB


# -- a whole learner


@pytest.fixture(scope="module")
def learn(tmp_path_factory: pytest.TempPathFactory) -> Learner:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 2)
    )
    return noise_learner(tmp_path_factory, model)


def noise_learner(tmp_path_factory: pytest.TempPathFactory, model: nn.Sequential, **options: Any) -> Learner:
    folder, rng = tmp_path_factory.mktemp("noise"), np.random.default_rng(0)
    for label, level in (("a", 100), ("b", 125)):
        (folder / label).mkdir()
        for number in range(60):
            photo = rng.normal(level, 20, (8, 8, 3)) + rng.normal(0, 20, (1, 1, 3))
            Image.fromarray(photo.clip(0, 255).astype(np.uint8)).save(folder / label / f"{number}.png")
    dls = ImageDataLoaders.from_folder(
        folder, valid_pct=0.5, seed=1, item_tfms=Resize(8), bs=30, device="cpu"
    )
    # in bf16, features of so small a network are rounded by as much as its photos differ
    learn = Learner(dls, model, path=folder, **options).to_fp32()
    learn.display.table_on = learn.display.bar_on = False
    if len(learn.groups) > 1:
        learn.freeze()
    torch.manual_seed(0)
    learn.fit(2, 0.05)
    return learn


class Counting(nn.Conv2d):
    """Notes how many photos it gets at once."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        self.seen.append(len(input))
        return super().forward(input)


@pytest.mark.slow
def test_features_that_were_kept_in_training_are_those_of_the_program(tmp_path_factory) -> None:
    torch.manual_seed(0)
    convolution = Counting(3, 6, 3)
    convolution.seen = []
    body = tiny_body(nn.Sequential(convolution, nn.Tanh()), 6)
    parts = nn.Sequential(body, create_linear_head(6, 2))
    learn = noise_learner(
        tmp_path_factory, parts, splitter=lambda model: [list(part.parameters()) for part in model]
    )
    before = len(convolution.seen)
    learn.calibrate()
    assert before and len(convolution.seen) == before
    convolution.__class__ = nn.Conv2d  # to be exported for any number of photos
    test_a_program_knows_what_its_learner_found_out(learn, tmp_path_factory.mktemp("program"))


@pytest.mark.slow
def test_a_program_knows_what_its_learner_found_out(learn: Learner, tmp_path: Path) -> None:
    found = learn.calibrate()
    assert found is learn.calibrate() and found.report.n == 60
    assert (
        len(repr(found)) < 1000
    )  # the last line of a notebook's cell: it ended in 15,000 characters of packed numbers
    with pytest.raises(ArgumentError, match=r"(?s)groups must name the group of each row.*3 names.*60"):
        learn.calibrate((["a", "b", "c"], "patient"))
    path = learn.export(tmp_path / "noise.gatera")
    program, files = load_program(path), list(learn.dls.valid_ds.inputs)
    inputs = torch.stack([learn.dls.input_batch(file)[0] for file in files])
    with caught(find_tap(learn.model)) as seen, torch.no_grad():
        logits = learn.model.eval()(inputs) / found.temperature
    answers = program.predict_batch(files)
    assert np.array([a.features for a in answers]) == pytest.approx(
        found.projection(pooled(seen[0]).numpy()), abs=1e-2
    )
    assert np.array([a.probabilities for a in answers]) == pytest.approx(logits.softmax(1).numpy(), abs=1e-4)
    shares = np.array([a.novelty for a in answers])  # the held-out items themselves
    assert np.sort(shares) == pytest.approx(np.arange(60) / 61, abs=0.03)
    assert program.predict(np.full((8, 8, 3), [255, 0, 0], np.uint8)).novelty > 0.98
    assert not program.shift(answers).drifted
    info, card = read_package(path).program, program.card
    assert info["training"]["calibration"]["n"] == 60
    assert "## How sure it is" in card and "It always predicts one of its labels" not in card


def test_a_learner_that_computes_in_bf16_finds_out_what_its_program_will_say(learn: Learner) -> None:
    try:
        learn.to_bf16()._fitted = None
        found = learn.calibrate()
    finally:
        learn.to_fp32()._fitted = None
    assert found.report.error_before == learn.calibrate().report.error_before
    assert found.certainty["labels"] == learn.calibrate().certainty["labels"]


@pytest.mark.slow
def test_without_certainty_a_program_is_as_it_was(learn: Learner, tmp_path: Path) -> None:
    program = load_program(learn.export(tmp_path / "a.gatera", options=ExportOptions(certainty=False)))
    assert "certainty" not in program.info and program.info["decode"]["temperature"] == 1
    assert "It always predicts one of its labels" in program.card and "How sure" not in program.card


def test_without_a_validation_set_that_is_said(learn: Learner) -> None:
    valid, learn.dls.valid = learn.dls.valid, None
    try:
        found = fit.fit_certainty(learn.model, learn.dls, learn.loss_func, learn.arithmetic)
    finally:
        learn.dls.valid = valid
    assert found.certainty is None and found.projection is None
    assert found.report.lines() == [fit.NOTHING_HELD_OUT]


class _Twice(nn.Module):
    """Computes a layer twice, as fast kernels and the search for a size of parts do."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(12, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.layer(x.flatten(1)[:, :12])
        return self.layer(x.flatten(1)[:, :12])


def test_a_layer_that_is_computed_twice_is_caught(learn: Learner) -> None:
    found = collect(_Twice(), learn.dls.valid, learn.arithmetic, 100, True, True)
    assert found.outputs.shape == (60, 2) and found.features.shape == (60, 12)
    assert found.targets.tolist() == learn.dls.valid_ds.targets.tolist()
    some = collect(_Twice(), learn.dls.train, learn.arithmetic, 25, False, True)
    assert some.outputs is None and some.features.shape == (25, 12)


def test_loaders_that_are_not_ours_are_said(learn: Learner) -> None:
    valid, learn.dls.valid = learn.dls.valid, [(torch.zeros(1, 3, 8, 8), torch.zeros(1).long())]
    try:
        found = fit.fit_certainty(learn.model, learn.dls, learn.loss_func, learn.arithmetic)
    finally:
        learn.dls.valid = valid
    assert found.certainty is None and found.report.lines() == [fit.OTHER_LOADERS]


def test_a_threshold_is_scaled_with_the_temperature() -> None:
    from gatera.learn.export.program import _threshold

    rng, loss = np.random.default_rng(0), BCEWithLogitsLossFlat(thresh=0.3)
    logits = rng.normal(0, 3, 1_000)
    for temperature in (0.4, 2.5):
        scaled = 1 / (1 + np.exp(-logits / temperature)) > _threshold(loss, temperature)
        assert (scaled == (1 / (1 + np.exp(-logits)) > 0.3)).all()
    assert _threshold(loss, 1.0) == 0.3 and _threshold(CrossEntropyLossFlat(), 2.0) is None


def test_a_model_that_is_always_right_stays_as_sure_as_it_is():
    targets = np.arange(60) % 2
    logits = np.eye(2, dtype=np.float32)[targets]
    report, _ = answers(logits * 3, targets)
    assert report.temperature == 1 and any(
        "how much more confident it could be is unknown" in each for each in report.remarks
    )


def test_outputs_that_are_not_finite_are_told():
    logits, targets = logits_of(60)
    logits[3] = np.nan
    report, parts = answers(logits, targets)
    assert parts == {} and report.n == 60
    assert report.lines()[0].startswith("The model's outputs are not finite for 1 of 60 held-out items")


def test_a_second_softmax_is_named():
    logits, targets = logits_of(60)
    report, _ = answers(np.exp(logits) / np.exp(logits).sum(1, keepdims=True), targets)
    assert any("Remove the softmax at the end of the model" in line for line in report.lines())


def test_what_lies_outside_all_training_items_is_odd_although_nothing_of_theirs_does():
    seen = np.repeat(np.random.default_rng(0).normal(size=(40, 1)), 3, axis=1).astype(np.float32)
    projection = Projection.fitted(seen)
    short = projection(np.concatenate([seen, [[0.5, 0.5, 4.0]]]).astype(np.float32))
    assert short.shape == (41, 2)
    assert np.abs(short[:40, 1]).max() < 0.01 < 5 < short[40, 1]
