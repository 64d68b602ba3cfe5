"""What is kept of a model's answers is not used once it may answer otherwise."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gatera.learn.inference.model_key import model_key
from gatera.testing.tiny import tiny_learner


def set_eps(model):
    model[0][1].eps = 10.0


def set_stride(model):
    model[0][0].stride = (2, 2)


def replace_layer(model):
    model[0][2] = nn.Sigmoid()


def replace_forward(model):
    model[0].forward = lambda x: 0 * x.mean(1, keepdim=True).expand(-1, 4, -1, -1)


def replace_forward_inside(model):
    model[0][2].forward = nn.Identity().forward


def watch(model):
    model[0].register_forward_hook(lambda module, given, output: 0 * output)


def watch_before(model):
    model[0][2].register_forward_pre_hook(lambda module, given: -given[0])


def move(model):
    with torch.no_grad():
        model[0][0].weight.mul_(-1)


CHANGES = [
    set_eps,
    set_stride,
    replace_layer,
    replace_forward,
    replace_forward_inside,
    watch,
    watch_before,
    move,
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_answer_follows_a_change_of_the_model(tmp_path, change):
    learn = tiny_learner(tmp_path, [])
    for parameter in learn.model[0].parameters():
        parameter.requires_grad_(False)
    learn.fit(1, 0.1)  # keeps what the frozen body makes of the photos
    photo, before = learn.dls.valid_ds.inputs[0], learn.calibrate()
    learn.predict(photo)
    assert learn.feature_cache._kept and learn.calibrate() is before
    change(learn.model)
    with torch.no_grad():
        logits = torch.cat([learn.model.eval()(batch[0]) for batch in learn.dls.valid])
    torch.testing.assert_close(learn.get_preds()[0], logits.softmax(1))
    expected = logits[:1].softmax(1)[0].numpy()
    assert learn.predict(photo).probabilities == pytest.approx(expected, abs=1e-4)
    assert learn.calibrate() is not before


def test_a_model_and_its_layers_in_a_row_have_one_key():
    body, head = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), nn.Linear(4, 2)
    assert model_key(nn.Sequential(body, head)) == model_key(nn.Sequential(*body, head))
    before = model_key(body)
    assert model_key(body) == before  # nothing that was looked at changes it
    body.eval()
    assert model_key(body) == before
