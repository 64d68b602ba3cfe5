from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from gatera.evaluate.questions.features import frozen_features as frozen_features_of
from gatera.learn import frozen_features
from gatera.learn.callbacks.tracking import SaveModelCallback
from gatera.learn.doctor import examine
from gatera.learn.frozen_features import Features, FeatureStore, split_fixed
from gatera.learn.learner import Learner
from gatera.learn.options import TrainingOptions
from gatera.models.vision.linear_head import create_linear_head
from gatera.testing.tiny import tiny_body, tiny_loaders


def frozen(*layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(*layers).requires_grad_(False)


def test_the_fixed_beginning_ends_before_the_first_random_or_trained_layer():
    body = frozen(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(4, 2))
    fixed, rest = split_fixed(nn.Sequential(body, head))
    assert [type(layer).__name__ for layer in fixed] == [
        "Conv2d",
        "BatchNorm2d",
        "ReLU",
        "AdaptiveAvgPool2d",
        "Flatten",
    ]
    assert [type(layer).__name__ for layer in rest] == ["Dropout", "Linear"]


def test_the_two_parts_share_the_models_parameters():
    model = nn.Sequential(frozen(nn.Linear(2, 3)), nn.Linear(3, 2))
    fixed, rest = split_fixed(model)
    assert fixed[0].weight is model[0][0].weight
    assert rest[0].weight is model[1].weight


def test_a_trained_body_has_no_fixed_beginning():
    assert split_fixed(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))) is None


def test_layers_without_parameters_alone_are_not_worth_keeping():
    assert split_fixed(nn.Sequential(nn.Flatten(), nn.Linear(3, 2))) is None


def test_a_wholly_frozen_model_has_nothing_left_to_train():
    assert split_fixed(frozen(nn.Linear(2, 3))) is None


def test_a_layer_that_somebody_watches_is_run_every_time():
    model = nn.Sequential(frozen(nn.Linear(2, 3)), nn.Linear(3, 2))
    model[0][0].register_forward_hook(lambda *_: None)
    assert split_fixed(model) is None


def test_a_module_of_another_kind_counts_as_one_layer():
    class Mine(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(2, 2).requires_grad_(False), nn.Linear(2, 2)

        def forward(self, x):
            return self.b(self.a(x))

    assert split_fixed(nn.Sequential(frozen(nn.Linear(2, 2)), Mine()))[1][0].__class__ is Mine
    assert split_fixed(Mine()) is None


def test_the_parts_in_turn_equal_the_whole():
    model = nn.Sequential(frozen(nn.Linear(2, 3), nn.ReLU()), nn.Linear(3, 2)).eval()
    fixed, rest = split_fixed(model)
    x = torch.randn(5, 2)
    assert torch.equal(rest(fixed(x)), model(x))


def test_outputs_of_inputs_of_different_length_are_kept_in_their_own_length():
    features = Features([torch.ones(3, 2), torch.ones(1, 2)], torch.tensor([0, 1]))
    rows = features.rows(torch.tensor([1, 0, 1]))
    assert rows.shape == (3, 3, 2)
    assert rows.sum((1, 2)).tolist() == [2, 6, 2]


def test_the_order_of_a_subclass_of_sequential_is_certain_unless_it_has_a_forward_of_its_own():
    class Named(nn.Sequential):
        pass

    class Own(nn.Sequential):
        def forward(self, x):
            return super().forward(x) + 1

    head = nn.Linear(3, 2)
    assert len(split_fixed(nn.Sequential(Named(*frozen(nn.Linear(2, 3), nn.ReLU())), head))[0]) == 2
    assert (
        len(split_fixed(nn.Sequential(Own(nn.Linear(2, 3), nn.ReLU()).requires_grad_(False), head))[0]) == 1
    )


class Texts:
    """Stands for a loader of texts of these lengths."""

    def __init__(self, *lengths: int) -> None:
        self.dataset = SimpleNamespace(lengths=np.array(lengths))
        self.n = len(lengths)


def test_outputs_that_are_cut_to_one_length_are_kept():
    x, part = torch.zeros(2, 6), torch.arange(16.0).reshape(2, 4, 2)
    store = FeatureStore(Texts(6, 3, 2), x, part)
    assert store.put(torch.tensor([0, 1]), x, part)
    assert store.put(torch.tensor([2]), x[:1, :2], part[:1, :2])
    assert [len(kept) for kept in store.outputs] == [4, 3, 2]
    assert torch.equal(store.outputs[1], part[1, :3])


def test_outputs_whose_length_depends_on_the_inputs_in_another_way_are_not_kept():
    x, part = torch.zeros(1, 6), torch.zeros(1, 3, 2)  # half of it
    store = FeatureStore(Texts(6, 4), x, part)
    assert store.put(torch.tensor([0]), x, part)
    assert not store.put(torch.tensor([1]), x[:, :4], part[:, :2])


def test_large_outputs_of_tokens_are_halved_and_too_large_ones_refused(monkeypatch):
    x, part = torch.zeros(2, 4), torch.rand(2, 4, 2)
    monkeypatch.setattr(frozen_features, "HALVED_FROM", 50)
    store = FeatureStore(Texts(4, 3), x, part)  # 7 tokens of 8 bytes
    assert store.put(torch.tensor([0, 1]), x, part)
    features = Features(store.outputs, torch.zeros(2))
    assert store.outputs[0].dtype == torch.float16 and not features.exact
    rows = features.rows(torch.tensor([0]))
    assert rows.dtype == torch.float32
    torch.testing.assert_close(rows, part[:1], rtol=1e-3, atol=1e-3)
    monkeypatch.setattr(frozen_features, "LIMIT_BYTES", 27)
    assert not FeatureStore(Texts(4, 3), x, part).put(torch.tensor([0, 1]), x, part)
    monkeypatch.setattr(frozen_features, "LIMIT_BYTES", 28)
    assert FeatureStore(Texts(4, 3), x, part).fits


class Counted(nn.Conv2d):
    """Counts the photos that it gets."""

    n = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.n += len(x)
        return super().forward(x)


@pytest.fixture
def learn(tmp_path):
    """A learner whose head alone was trained, on kept outputs of its body."""
    torch.manual_seed(0)
    layers = nn.Sequential(Counted(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    body = tiny_body(layers, 4)
    model = nn.Sequential(body, create_linear_head(4, 3))
    options = TrainingOptions(precision="float32", fast_kernels=False)
    learn = Learner(
        tiny_loaders(), model, metrics="accuracy", path=tmp_path, options=options,
        splitter=lambda m: [list(part.parameters()) for part in m],
    )  # fmt: skip
    learn.freeze()
    learn.fit(2, 0.1, cbs=SaveModelCallback())  # which restores the best epoch
    return learn


def test_what_was_kept_in_training_serves_for_every_later_question(learn):
    body = learn.model[0].backbone[0]
    seen = body.n
    assert seen == 15  # each photo once
    predictions, targets = learn.get_preds()
    loss, accuracy = learn.validate()
    learn.calibrate()
    assert body.n == seen
    with torch.no_grad():
        logits = torch.cat([learn.model.eval()(batch[0]) for batch in learn.dls.valid])
    torch.testing.assert_close(predictions, logits.softmax(1))
    assert loss == pytest.approx(float(nn.functional.cross_entropy(logits, targets)), abs=1e-6)
    assert accuracy == pytest.approx(float((logits.argmax(1) == targets).float().mean()))


def test_what_is_kept_is_not_used_once_the_body_has_changed(learn):
    before, _ = learn.get_preds()
    with torch.no_grad():
        learn.model[0].backbone[0].weight.mul_(-1)
    after, _ = learn.get_preds()
    assert not torch.equal(before, after)
    with torch.no_grad():
        logits = torch.cat([learn.model.eval()(batch[0]) for batch in learn.dls.valid])
    torch.testing.assert_close(after, logits.softmax(1))


def test_inputs_that_are_asked_for_are_the_photos(learn):
    inputs, *_ = learn.get_preds(with_input=True)
    assert inputs.shape == (4, 3, 8, 8)


def test_another_data_set_is_never_taken_for_the_kept_one(learn):
    some = learn.dls.valid.dataset.subset([1, 0])
    loader = type(learn.dls.valid)(some, 2, batch_tfms=learn.dls.valid.batch_tfms)
    whole, part = learn.get_preds()[0], learn.get_preds(dl=loader)[0]
    torch.testing.assert_close(part, whole[[1, 0]])


def test_what_was_kept_in_one_precision_is_not_taken_for_another_but_may_serve_where_rounding_does_not_matter(
    learn,
):
    fixed, rest = split_fixed(learn.model)
    train, cache, float32 = learn.dls.train.for_evaluation(), learn.feature_cache, learn.arithmetic
    kept = cache.kept(fixed, train, float32)
    assert kept is not None and rest
    learn.to_bf16()
    assert cache.kept(fixed, train, learn.arithmetic) is None
    assert cache.kept(fixed, train) is kept
    (rounded,) = cache.loaders(fixed, [train], learn.arithmetic, quiet=True)
    assert rounded.features is not kept
    assert cache.kept(fixed, train, learn.arithmetic) is rounded.features
    assert cache.kept(fixed, train, float32) is kept  # both stay
    with torch.no_grad():
        learn.model[0].backbone[0].weight.mul_(-1)
    assert cache.kept(fixed, train) is None


def test_the_doctor_is_content_with_what_was_kept_in_another_precision(learn):
    body = learn.model[0].backbone[0]
    learn.validate()
    seen = body.n
    learn.to_bf16()
    learn.doctor()
    assert body.n == seen + 4  # the predictions that it asks for: the validation set


def test_the_doctors_learning_curve_is_of_shares_of_the_training_set(learn, monkeypatch):
    asked = []
    monkeypatch.setattr(examine, "SHARES", (0.5, 0.75, 1.0))  # of these few
    monkeypatch.setattr(examine.findings, "from_learning_curve", lambda *given: asked.append(given) or [])
    learn.doctor()
    ((sizes, errors, n_valid),) = asked
    assert sizes == [6, 8, 11] and learn.dls.train.n == 11 and n_valid == learn.dls.valid.n
    assert len(errors) == 3 and all(0 <= error <= 1 for error in errors)


def test_photos_that_change_sides_are_not_seen_again(learn):
    body, old = learn.model[0].backbone[0], [learn.dls.train, learn.dls.valid]
    before = torch.cat([frozen_features_of(learn, loader) for loader in old])
    seen = body.n
    places = [
        list(range(1, 13)),
        [14, 0, 13],
    ]  # two of the validation set are trained on, one the other way round
    items = [item for loader in old for item in loader.dataset.items]
    new = [
        type(loader)(loader.dataset.like([items[place] for place in order], True), 4, batch_tfms=loader.batch_tfms)
        for loader, order in zip(old, places, strict=True)
    ]  # fmt: skip
    learn.feature_cache.rearrange(old, new, [np.array(order) for order in places])
    for loader, order in zip(new, places, strict=True):
        assert torch.equal(frozen_features_of(learn, loader), before[order])
    labels = [
        kept.labels.tolist() for kept_of in learn.feature_cache._kept.values() for _, kept in kept_of.values()
    ]
    assert labels == [[place % 3 for place in order] for order in places]
    assert body.n == seen
    frozen_features_of(learn, old[0])  # nothing is kept of the sides before
    assert body.n == seen + 11
