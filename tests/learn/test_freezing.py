from __future__ import annotations

import torch
from torch import nn

from gatera.learn.fine_tune import freeze_groups
from gatera.learn.state import Callback
from gatera.models.groups import ParameterGroup


def groups_of(*layers: nn.Module) -> list[ParameterGroup]:
    return [ParameterGroup(str(i), list(layer.parameters())) for i, layer in enumerate(layers)]


def test_groups_are_frozen_from_the_start():
    groups = groups_of(nn.Linear(1, 1), nn.Linear(1, 1), nn.Linear(1, 1))
    trained = lambda: [group.parameters[0].requires_grad for group in groups]  # noqa: E731
    assert (freeze_groups(groups, -1), trained()) == (2, [False, False, True])
    assert (freeze_groups(groups, 1), trained()) == (1, [False, True, True])
    assert (freeze_groups(groups, 0), trained()) == (0, [True, True, True])
    assert freeze_groups(groups, -9) == 0


def statistics(learn) -> torch.Tensor:
    return learn.model[0][1].running_mean.clone()


def test_a_frozen_body_keeps_its_statistics_and_the_head_learns_new_ones(make_learner):
    learn = make_learner(cache_features=False)
    learn.freeze()
    body, head = statistics(learn), learn.model[1][2].running_mean.clone()
    learn.fit(1, 0.01)
    assert torch.equal(statistics(learn), body)
    assert not torch.equal(learn.model[1][2].running_mean, head)


def test_a_pretrained_body_keeps_its_statistics_on_small_data_while_it_is_trained(make_learner):
    learn = make_learner()
    learn.body = learn.model[0]
    before, weight = statistics(learn), learn.model[0][0].weight.clone()
    learn.fit(1, 0.01)
    assert torch.equal(statistics(learn), before)
    assert not torch.equal(learn.model[0][0].weight, weight)


def test_train_bn_is_the_users_word(make_learner):
    learn = make_learner(train_bn=True)
    learn.body = learn.model[0]
    before = statistics(learn)
    learn.fit(1, 0.01)
    assert not torch.equal(statistics(learn), before)


def test_a_model_that_is_not_pretrained_learns_its_statistics(make_learner):
    learn = make_learner()
    before = statistics(learn)
    learn.fit(1, 0.01)
    assert not torch.equal(statistics(learn), before)


def test_dropout_of_the_head_is_on_while_the_body_is_frozen(make_learner):
    modes = []

    class Watch(Callback):
        def after_pred(self, state):
            modes.append((state.training, learn.model[0].training, learn.model[1][3].training))

    learn = make_learner()
    learn.body = learn.model[0]
    learn.freeze()
    learn.fit(1, 0.01, cbs=Watch())
    assert set(modes) == {(True, False, True), (False, False, False)}
