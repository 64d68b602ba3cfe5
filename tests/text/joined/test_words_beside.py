from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from gatera.learn.state import CancelFitException
from gatera.text.joined.words_beside import LastPredictions, WordsBeside


def batch(training: bool, predictions: list, index: list, labels: list, epoch: int = 0, step: int = 1):
    return SimpleNamespace(
        training=training, predictions=torch.tensor(predictions), index=torch.tensor(index),
        labels=torch.tensor(labels), epoch=epoch, step=step, steps=2,
    )  # fmt: skip


def judge(chooses: bool = True) -> WordsBeside:
    train = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    return WordsBeside(train, torch.tensor([[5.0, 0.0]]), chooses)


def test_the_network_learns_alone_and_both_answer_in_validation():
    callback = judge()
    state = batch(True, [[0.0, 0.5], [0.0, 0.0]], [2, 1], [0, 1])
    callback.after_pred(state)
    assert state.predictions.tolist() == [[0.0, 0.5], [0.0, 0.0]]
    state = batch(False, [[0.0, 1.0]], [0], [0])
    callback.after_pred(state)
    assert state.predictions.tolist() == [[2.5, 0.5]]
    assert callback.n == 2  # validation does not count


def test_only_the_second_half_of_the_first_epoch_is_counted():
    callback = judge()
    callback.after_pred(batch(True, [[0.0, 3.0]], [0], [0], step=0))
    callback.after_pred(batch(True, [[0.0, 3.0]], [0], [0], epoch=1))
    assert callback.n == 0
    callback.after_pred(batch(True, [[0.0, 3.0]], [0], [0]))
    assert (callback.n, callback.wrong, callback.differ) == (1, [0, 1], 1)


def after_an_epoch(wrong_by_network: int, right_by_network: int, chooses: bool = True) -> WordsBeside:
    callback = judge(chooses)
    for n, label in ((wrong_by_network, 0), (right_by_network, 1)):
        for _ in range(n):
            callback.after_pred(batch(True, [[0.0, 3.0]], [0], [label]))
    callback.after_epoch(batch(True, [[0.0, 0.0]], [0], [0]))
    return callback


def test_a_network_that_makes_clearly_more_errors_ends_the_fit():
    callback = after_an_epoch(9, 1)
    assert callback.words_win
    with pytest.raises(CancelFitException):
        callback.before_epoch(batch(True, [[0.0, 0.0]], [0], [0], epoch=1))


@pytest.mark.parametrize(("wrong", "right", "chooses"), [(4, 2, True), (0, 9, True), (9, 1, False)])
def test_otherwise_it_goes_on(wrong, right, chooses):
    callback = after_an_epoch(wrong, right, chooses)
    assert not callback.words_win
    callback.before_epoch(batch(True, [[0.0, 0.0]], [0], [0], epoch=1))


def test_what_was_counted_outlives_a_checkpoint():
    callback, again = after_an_epoch(9, 1), judge()
    again.load_state_dict(callback.state_dict())
    assert again.state_dict() == callback.state_dict() and again.words_win


def test_the_last_predictions_are_kept_in_the_order_of_the_texts():
    callback = LastPredictions(3)
    callback.after_pred(batch(True, [[9.0, 9.0]], [0], [0]))
    assert callback.outputs is None
    callback.after_pred(batch(False, [[2.0, 0.0], [1.0, 0.0]], [2, 1], [0, 0]))
    callback.after_pred(batch(False, [[0.0, 0.0]], [0], [0]))
    assert callback.outputs[:, 0].tolist() == [0, 1, 2]
    again = LastPredictions(3)
    again.load_state_dict(callback.state_dict())
    assert torch.equal(again.outputs, callback.outputs)
