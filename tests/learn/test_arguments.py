"""The keyword arguments that all learners and all fits have in common."""

from __future__ import annotations

import inspect

import pytest
import torch

from gatera.collab.learner import collab_learner
from gatera.core.errors import ArgumentError
from gatera.learn.learner import Learner
from gatera.learn.optimizer import Adam
from gatera.learn.options import (
    FIT_DEFAULTS,
    LEARNER_DEFAULTS,
    FitArguments,
    LearnerArguments,
    TrainingOptions,
)
from gatera.measure.losses.standard import CrossEntropyLossFlat
from gatera.tabular.learner import TabularLearner, tabular_learner
from gatera.text.language_model import language_model_learner
from gatera.text.learner import text_classifier_learner
from gatera.vision.learner import vision_learner
from gatera.vision.unet import unet_learner

MAKERS = [
    Learner, TabularLearner, vision_learner, unet_learner, text_classifier_learner, language_model_learner,
    tabular_learner, collab_learner,
]  # fmt: skip


def test_every_argument_has_a_default():
    assert set(LEARNER_DEFAULTS) == set(LearnerArguments.__annotations__)
    assert list(FIT_DEFAULTS) == list(FitArguments.__annotations__)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_every_learner_shows_all_its_arguments_with_their_defaults(make):
    shown = inspect.signature(make).parameters
    assert {name: shown[name].default for name in LEARNER_DEFAULTS} == LEARNER_DEFAULTS


@pytest.mark.parametrize("make", [make for make in MAKERS if inspect.isfunction(make)])
def test_an_unknown_argument_is_refused_before_anything_else(make):
    with pytest.raises(ArgumentError) as err:
        make(None, metric="accuracy")
    available = ", ".join(inspect.signature(make).parameters)
    assert str(err.value) == (
        f"{make.__name__} has no argument 'metric'. Available: {available}. Did you mean 'metrics'?"
    )


def test_a_learner_and_its_fits_refuse_unknown_arguments(make_learner):
    learn = make_learner()
    with pytest.raises(
        ArgumentError, match=r"^Learner has no argument 'loss'\. .* Did you mean 'loss_func'\?$"
    ):
        Learner(learn.dls, learn.model, loss=None)
    with pytest.raises(
        ArgumentError, match=r"^Trainer.fit has no argument 'callbacks'\. Available: n_epoch, lr, wd, "
    ):
        learn.fit(1, callbacks=[])
    with pytest.raises(ArgumentError, match=r"^Trainer.fine_tune has no argument 'phase'\."):
        learn.fine_tune(1, phase="mine")
    assert learn.recorder.rows == []


def test_what_follows_the_optimizer_needs_its_name(make_learner):
    learn = make_learner()
    with pytest.raises(TypeError, match="takes from 3 to 5 positional arguments but 6 were given"):
        Learner(learn.dls, learn.model, CrossEntropyLossFlat(), Adam, 1e-3)


def test_weight_decay_reaches_both_parts_of_a_fine_tune(make_learner):
    learn = make_learner()
    learn.fine_tune(1, wd=0.3)
    assert {group["weight_decay"] for group in learn.opt.param_groups} == {0.0, 0.3}


def test_a_new_optimizer_has_no_memory_of_the_old_one(make_learner):
    learn = make_learner()
    learn.fit(1, 1e-3)
    first = learn.opt
    learn.fit(1, 1e-3)
    assert learn.opt is first
    learn.fit(1, 1e-3, reset_opt=True)
    assert learn.opt is not first
    steps = [int(memory["step"]) for memory in learn.opt.state.values()]
    assert set(steps) == {len(learn.dls.train)}


def test_a_bad_rate_leaves_the_optimizer_alone(make_learner):
    learn = make_learner()
    learn.fit(1, 1e-3)
    first = learn.opt
    with pytest.raises(ArgumentError, match=r"^lr does not fit"):
        learn.fit(1, -1.0, reset_opt=True)
    assert learn.opt is first
    assert torch.isfinite(next(learn.model.parameters())).all()


def test_fastais_keywords_set_the_options_of_every_learner(make_learner):
    learn = make_learner()
    dls, model = learn.dls, learn.model
    wanted = {"wd": 0.2, "wd_bn_bias": True, "train_bn": False, "moms": (0.9, 0.8, 0.9), "model_dir": "kept"}
    options = TrainingOptions(precision="float32", wd=0.1)
    made = [
        Learner(dls, model, options=options, **wanted),
        vision_learner(dls, "resnet18", pretrained=False, options=options, **wanted),
    ]
    for one in made:
        assert one.options == TrainingOptions(precision="float32", **wanted)
        assert one.create_opt().param_groups[0]["weight_decay"] == 0.2
    assert Learner(dls, model, options=options, wd=None).options == options
    assert made[0].model_path("a").parent.name == "kept"
