from __future__ import annotations

import copy
import inspect
import math
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError, DataError, NonFiniteLossError
from gatera.data.loading.loaders import DataLoaders
from gatera.data.transforms.presets import aug_transforms
from gatera.learn.callbacks.gradients import GradientAccumulation
from gatera.learn.learner import Learner
from gatera.learn.optimizer import SGD
from gatera.learn.state import Callback
from gatera.measure.losses.standard import CrossEntropyLossFlat, FocalLoss
from gatera.measure.metrics.standard import F1Score, accuracy


def parameters(learn: Learner) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in learn.model.parameters()])


def test_training_learns(make_learner):
    learn = make_learner()
    learn.fit_one_cycle(4, 0.05)
    assert learn.validate()[1] == 1.0


def test_the_history_has_a_row_per_epoch_that_nothing_overwrites(make_learner):
    learn = make_learner()
    learn.fit(2, 1e-2)
    learn.fit(1, 1e-2)
    before = learn.history
    learn.validate()
    learn.get_preds()
    before.loc[0, "train_loss"] = math.inf
    assert list(learn.history.columns) == ["epoch", "train_loss", "valid_loss", "accuracy", "time"]
    assert list(learn.history["epoch"]) == [0, 1, 0]
    assert np.isfinite(learn.history["train_loss"]).all()


class Answers(Callback):
    """Keep what the model answers in the last validation."""

    reads_only = True

    def before_validate(self, state):
        self.outputs = []

    def after_pred(self, state):
        if not state.training:
            self.outputs.append(state.predictions)


@pytest.mark.parametrize("n_frozen", [0, 1])
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_after_a_fit_everything_is_computed_as_its_validation_computed_it(make_learner, precision, n_frozen):
    learn, answers = make_learner(precision), Answers()
    learn.metrics = [accuracy, F1Score()]
    learn.freeze_to(n_frozen)
    learn.fit(1, 1e-2, cbs=answers)
    assert learn.recorder.values[-1][1:] == learn.validate()
    probabilities = learn.loss_func.activation(torch.cat(answers.outputs))
    assert torch.equal(probabilities, learn.get_preds()[0])
    assert torch.equal(probabilities, learn.tta(n=1, beta=None)[1])


@pytest.mark.parametrize("workers", [1, 4])
def test_the_number_of_workers_changes_no_bit(make_learner, workers):
    alone, many = (
        make_learner(batch_tfms=aug_transforms()),
        make_learner(batch_tfms=aug_transforms(), workers=workers),
    )
    for learn in (alone, many):
        learn.fine_tune(1)
    assert torch.equal(parameters(alone), parameters(many))
    assert alone.history.drop(columns="time").equals(many.history.drop(columns="time"))


def test_fine_tune_trains_the_head_then_everything(make_learner):
    learn, seen = make_learner(), []

    class Watch(Callback):
        reads_only = True

        def before_epoch(self, state):
            seen.append((learn.n_frozen, [g["lr"] for g in state.optimizer.param_groups]))

    learn.fine_tune(1, base_lr=2e-3, cbs=Watch())
    assert [frozen for frozen, _ in seen] == [1, 0]
    assert len(learn.history) == 2


def test_fine_tune_rates_are_fastais(make_learner):
    learn, peaks = make_learner(), {}

    class Watch(Callback):
        def after_step(self, state):
            rates = [g["lr"] for g in state.optimizer.param_groups if "no decay" not in g["name"]]
            best = peaks.setdefault(learn.n_frozen, rates)
            peaks[learn.n_frozen] = [max(a, b) for a, b in zip(best, rates, strict=True)]

    learn.fine_tune(8, base_lr=2e-3, freeze_epochs=20, cbs=Watch())
    assert peaks[1] == pytest.approx([2e-4, 2e-3], rel=0.02)
    assert peaks[0] == pytest.approx([1e-5, 1e-3], rel=0.02)


@pytest.mark.parametrize(("options", "expected"), [({}, 2e-3), ({"fine_tune_lr": 6e-3}, 6e-3)])
def test_fine_tune_without_a_rate_takes_that_of_the_options(make_learner, options, expected):
    learn, peaks = make_learner(**options), []

    class Watch(Callback):
        def after_step(self, state):
            if learn.n_frozen:
                peaks.append(state.optimizer.param_groups[-1]["lr"])

    learn.fine_tune(1, freeze_epochs=20, cbs=Watch())
    assert max(peaks) == pytest.approx(expected, rel=0.02)


def test_frozen_parameters_do_not_move(make_learner):
    learn = make_learner()
    before = copy.deepcopy(learn.model[0].state_dict())
    learn.freeze()
    learn.fit(2, 0.1)
    assert all(torch.equal(before[name], value) for name, value in learn.model[0].state_dict().items())


def test_a_model_with_one_group_stays_trainable_when_frozen(make_learner):
    learn = make_learner()
    learn.groups = learn.groups[-1:]
    learn.freeze()
    assert learn.n_frozen == 0


@pytest.mark.parametrize("bs", [4, 5, 18])
def test_cached_features_change_nothing(make_learner, bs):
    cached, plain = make_learner(bs=bs), make_learner(bs=bs, cache_features=False)
    for learn in (cached, plain):
        learn.freeze()
        learn.fit_one_cycle(2, 0.02)
    torch.testing.assert_close(parameters(cached), parameters(plain), rtol=1e-4, atol=1e-6)
    assert cached.feature_cache._kept
    assert not plain.feature_cache._kept


def test_features_are_computed_anew_when_the_body_has_changed(make_learner):
    learn = make_learner()
    learn.freeze()
    learn.fit(1, 0.01)
    first = learn.feature_cache._key
    learn.fit(1, 0.01)
    assert learn.feature_cache._key == first
    learn.unfreeze()
    learn.fit(1, 0.01)
    learn.freeze()
    learn.fit(1, 0.01)
    assert learn.feature_cache._key != first


def test_features_are_not_cached_behind_random_transforms(make_learner):
    learn = make_learner(batch_tfms=aug_transforms())
    learn.freeze()
    learn.fit(1, 0.01)
    assert not learn.feature_cache._kept


def test_features_are_not_cached_when_a_callback_may_change_inputs(make_learner):
    class Unknown(Callback):
        pass

    learn = make_learner()
    learn.freeze()
    learn.fit(1, 0.01, cbs=Unknown())
    assert not learn.feature_cache._kept


def test_accumulated_gradients_equal_a_large_batch(make_learner):
    small, large = make_learner(bs=3), make_learner(bs=18)
    for learn in (small, large):
        learn.model[0][1] = nn.Identity()  # batch norm sees batches, so it has no equal
        learn.model[1][2] = learn.model[1][3] = nn.Identity()
        learn.groups = [type(learn.groups[0])("all", tuple(learn.model.parameters()))]
        learn.opt_func = torch.optim.SGD
    small.fit(1, 0.1, cbs=GradientAccumulation(18))
    large.fit(1, 0.1)
    torch.testing.assert_close(parameters(small), parameters(large), rtol=1e-5, atol=1e-7)


def test_lr_find_leaves_the_learner_as_it_was(make_learner):
    learn = make_learner()
    learn.fit(1, 1e-3)
    before, rows, optimizer = parameters(learn), len(learn.history), learn.opt
    found = learn.lr_find(num_it=30, suggest_funcs=("minimum", "steep"))
    low, steep = found
    assert torch.equal(parameters(learn), before)
    assert (len(learn.history), learn.opt) == (rows, optimizer)
    assert 0 < low < 10
    assert 0 < steep < 10


def test_predict_gives_a_label_its_index_and_probabilities(make_learner, photo_folder):
    learn = make_learner()
    learn.fit_one_cycle(4, 0.05)
    label, index, probabilities = learn.predict(photo_folder / "dog/dog_1.jpg")
    assert (label, index) == ("dog", 1)
    assert probabilities[index].item() == pytest.approx(
        learn.predict(str(photo_folder / "dog/dog_1.jpg")).probability
    )


def test_get_preds_are_in_dataset_order_with_losses(make_learner):
    learn = make_learner()
    inputs, predictions, labels, decoded, losses = learn.get_preds(
        ds_idx=0, with_input=True, with_decoded=True, with_loss=True
    )
    assert len(inputs) == len(predictions) == learn.dls.train.n
    assert torch.equal(labels, learn.dls.train_ds.targets)
    assert torch.equal(decoded, predictions.argmax(1))
    torch.testing.assert_close(losses, -predictions[torch.arange(len(labels)), labels].log())


def test_get_preds_of_the_training_loader_are_in_dataset_order_and_complete(make_learner):
    """They came in the order of the next epoch, augmented and without the last batch: joined to the items, they were those of others."""
    learn = make_learner(batch_tfms=aug_transforms(size=16), bs=7)
    loader = learn.dls.train
    assert loader.shuffle and loader.drop_last and loader.n % loader.bs
    predictions, labels = learn.get_preds(dl=loader)
    of_index, expected = learn.get_preds(ds_idx=0)
    assert torch.equal(labels, loader.dataset.targets) and torch.equal(labels, expected)
    assert torch.equal(predictions, of_index)


def test_get_preds_takes_plain_batches_and_unlabelled_items(make_learner, photo_folder):
    learn = make_learner()
    predictions, labels = learn.get_preds(dl=learn.dls.test_dl([photo_folder / "cat/cat_0.jpg"]))
    assert predictions.shape == (1, 2)
    assert labels is None
    x, y = learn.dls.one_batch()
    assert learn.get_preds(dl=[(x, y)])[0].shape == (len(x), 2)


def test_batches_of_predictions_are_those_of_get_preds(make_learner):
    learn = make_learner()
    learn.model.train()
    predictions, labels = zip(*learn.predict_batches(learn.dls.valid), strict=True)
    assert len(predictions) == len(learn.dls.valid) > 1
    expected = learn.get_preds()
    assert torch.equal(torch.cat(predictions), expected[0])
    assert torch.equal(torch.cat(labels), expected[1])
    assert all(module.training for module in learn.model.modules())


def test_a_learner_shows_model_loss_metrics_and_progress(make_learner):
    learn = make_learner()
    learn.freeze()
    learn.fit(1, 1e-3)
    assert repr(learn) == (
        "Learner: Sequential, 274 parameters in 2 groups (1 frozen); cpu, float32\n"
        f"loss {learn.loss_func!r}, metrics accuracy\n"
        "epochs trained: 1"
    )


def test_validate_without_labels_says_so(make_learner, photo_folder):
    learn = make_learner()
    with pytest.raises(DataError) as err:
        learn.validate(dl=learn.dls.test_dl([photo_folder / "cat/cat_0.jpg"]))
    assert str(err.value) == (
        "validate needs labels, and these items have none. Use get_preds, or test_dl(..., with_labels=True)."
    )


def test_tta_averages_augmented_views_with_the_plain_one(make_learner):
    learn = make_learner(batch_tfms=aug_transforms())
    learn.fit_one_cycle(3, 0.05)
    augmented, plain, labels = learn.tta(beta=None)
    mixed, again = learn.tta(beta=0.25)
    torch.testing.assert_close(mixed, torch.lerp(augmented, plain, 0.25))
    assert torch.equal(labels, again)
    assert not torch.equal(augmented, plain)


def test_tta_needs_a_loader_of_ours(make_learner):
    learn = make_learner()
    with pytest.raises(ArgumentError) as err:
        learn.tta(dl=[])
    assert str(err.value) == "tta needs a loader that can augment. Got: 'list'."


def test_a_loss_that_is_no_number_stops_before_the_update(make_learner):
    learn = make_learner()
    learn.loss_func.compute = lambda pred, target, reduction: pred.sum() * float("nan")
    before = parameters(learn)
    with pytest.raises(
        NonFiniteLossError,
        match=r"^loss is NaN at epoch 0, batch 0 \(items .*Training stopped before the update.",
    ):
        learn.fit(1, 0.1)
    assert torch.equal(parameters(learn), before)


def test_class_weights_balance_the_loss(make_learner):
    learn = make_learner(class_weights="balanced")
    counts = learn.dls.class_counts
    torch.testing.assert_close(learn.loss_func.weight, torch.tensor(counts.sum() / (2 * counts)).float())
    assert make_learner(loss_func=FocalLoss(weight="balanced")).loss_func.weight is not None


def test_class_weights_go_with_the_default_loss(make_learner):
    with pytest.raises(ArgumentError) as err:
        make_learner(class_weights="balanced", loss_func=CrossEntropyLossFlat())
    assert str(err.value) == (
        "class_weights can only be used with the default cross-entropy loss. Got: 'balanced'. "
        "Pass the weights to your loss, e.g. loss_func=FocalLoss(weight='balanced')."
    )


def test_a_plain_torch_loader_and_model_will_do(tmp_path):
    torch.manual_seed(0)
    x = torch.randn(64, 4)
    data = torch.utils.data.TensorDataset(x, (x[:, 0] > 0).long())
    loader = torch.utils.data.DataLoader(data, batch_size=16)
    learn = Learner(
        DataLoaders(loader, loader, device="cpu"), nn.Linear(4, 2), loss_func=nn.CrossEntropyLoss(),
        metrics="accuracy", path=tmp_path,
    )  # fmt: skip
    learn.display.table_on = False
    learn.fit_one_cycle(5, 0.1)
    assert learn.validate()[1] > 0.95


def test_data_without_a_task_needs_a_loss():
    with pytest.raises(ArgumentError) as err:
        Learner(DataLoaders([1], [1], device="cpu"), nn.Linear(4, 2))
    assert str(err.value) == "no default loss for this data. Pass loss_func=, e.g. nn.CrossEntropyLoss()."


def test_training_leaves_the_callers_random_numbers_alone(make_learner):
    learn = make_learner()
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    learn.fit(1, 1e-3)
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_other_precisions_train_too(make_learner, precision):
    learn = make_learner(precision=precision)
    learn.fit_one_cycle(4, 0.05)
    assert learn.validate()[1] == 1.0
    assert all(p.dtype == torch.float32 for p in learn.model.parameters())


@pytest.mark.parametrize(("fast", "name"), [(True, "bf16"), (False, "float32")])
def test_to_fp16_is_as_quick_on_a_processor_as_the_default_and_says_so_once(
    make_learner, monkeypatch, capsys, fast, name
):
    monkeypatch.setattr("gatera.data.device.cpu_has_fast_bf16", lambda: fast)
    said = f"fp16 is slow on a CPU: using {name} instead.\n"
    learn = make_learner().to_fp16()
    assert capsys.readouterr() == ("", said)
    assert repr(learn).splitlines()[0].endswith(f"; cpu, {name} in place of fp16")
    learn.fit(1, 1e-3)
    assert learn.arithmetic.dtype == make_learner("auto").arithmetic.dtype
    assert capsys.readouterr() == ("", "")
    make_learner("fp16")
    assert capsys.readouterr() == ("", said)


def test_a_compiled_model_is_a_model_like_any_other(make_learner):
    learn = make_learner()
    learn.model = torch.compile(learn.model, backend="eager")
    learn.groups = [type(learn.groups[0])("all", tuple(learn.model.parameters()))]
    learn.fine_tune(1)
    assert len(learn.history) == 2


def test_the_precision_can_be_changed_on_the_way(make_learner):
    learn = make_learner()
    assert str(learn.to_bf16().arithmetic) == "cpu, bf16"
    assert str(learn.to_fp32().arithmetic) == "cpu, float32"


def test_fewer_than_one_epoch_is_refused(make_learner):
    with pytest.raises(ArgumentError) as err:
        make_learner().fit(0)
    assert str(err.value) == "n_epoch must be at least 1. Got: 0."


def test_loss_and_optimizer_may_come_by_position_as_in_fastai(make_learner):
    dls = make_learner().dls
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, 2))
    loss = CrossEntropyLossFlat(label_smoothing=0.1)
    learn = Learner(dls, model, loss, SGD)
    assert learn.loss_func is loss
    assert learn.opt_func is SGD
    names = list(inspect.signature(Learner).parameters)
    assert names[:4] == ["dls", "model", "loss_func", "opt_func"]
    assert len(set(names)) == len(names)


def test_a_callback_is_found_by_its_name_and_nothing_else_is(make_learner):
    first, second = GradientAccumulation(2), Callback()
    learn = make_learner(cbs=[first, second])
    assert learn.gradient_accumulation is first and learn.callback is second
    with pytest.raises(AttributeError, match="'Learner' object has no attribute 'gradient'"):
        learn.gradient


def test_a_learner_can_be_copied_and_pickled(make_learner):
    learn = make_learner()
    learn.fit(1, 1e-2)
    copies = copy.deepcopy(learn), pickle.loads(pickle.dumps(learn))
    for each in (learn, *copies):
        each.fit(1, 1e-2)
        assert torch.equal(parameters(each), parameters(learn)) and len(each.history) == 2
