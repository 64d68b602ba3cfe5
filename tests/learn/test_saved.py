from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gatera.core.errors import ArgumentError, DataError
from gatera.learn.checkpoints.saved import check_is_file
from gatera.models.weights.files import read_checkpoint


def failing(err: Exception):
    def load(*args, **options):
        raise err

    return load


def test_what_was_saved_comes_back_with_the_optimizers_memory(make_learner):
    learn = make_learner()
    learn.fit(1, 0.01)
    learn.save("one")
    other = make_learner().load("one")
    for mine, theirs in zip(learn.model.parameters(), other.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    for mine, theirs in zip(learn.model.parameters(), other.model.parameters(), strict=True):
        assert torch.equal(learn.opt.state[mine]["exp_avg"], other.opt.state[theirs]["exp_avg"])


def test_training_goes_on_after_loading_as_if_nothing_had_happened(make_learner):
    learn = make_learner()
    learn.fit(1, 0.01)
    learn.save("one")
    other = make_learner().load("one")
    other.epochs_done = 1
    for each in (learn, other):
        each.fit(1, 0.01)
    for mine, theirs in zip(learn.model.parameters(), other.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_a_missing_file_is_said(make_learner, tmp_path):
    with pytest.raises(DataError) as err:
        make_learner().load("none")
    assert str(err.value) == f"no checkpoint {tmp_path / 'models/none.pth'}. learn.save(name) writes one."


@pytest.mark.parametrize("damage", ["cut", "code", "empty", "a,b\n1,2\n", "hello world\n", "z\x15["])
def test_a_damaged_or_dangerous_file_is_refused(make_learner, damage):
    learn = make_learner()
    path = learn.save("one")
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:500])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage != "code":  # a table, a text: errors of many kinds
        path.write_text(damage)
    else:
        torch.save({"model": print}, path)
    with pytest.raises(DataError) as err:
        learn.load("one")
    assert str(err.value) == (
        f"cannot read {path} as a checkpoint: it is damaged, another kind of file, or contains objects that could run code. "
        "Expected: a file written by learn.save. Use an earlier copy, or train again."
    )


def test_a_whole_file_that_does_not_fit_into_memory_is_not_called_damaged(make_learner, monkeypatch):
    learn = make_learner()
    path = learn.save("one")
    monkeypatch.setattr(torch, "load", failing(torch.OutOfMemoryError("CUDA out of memory.")))
    with pytest.raises(torch.OutOfMemoryError):
        learn.load("one")
    with pytest.raises(torch.OutOfMemoryError):
        read_checkpoint(path)


def test_a_file_that_cannot_be_read_is_not_called_damaged(make_learner, monkeypatch):
    learn = make_learner()
    path = learn.save("one")
    monkeypatch.setattr(Path, "open", failing(PermissionError(13, "Permission denied", str(path))))
    with pytest.raises(DataError) as err:
        learn.load("one")
    assert str(err.value) == f"cannot read {path} (Permission denied)."


def test_a_file_without_parameters_is_refused(make_learner, tmp_path):
    path = tmp_path / "models" / "odd.pth"
    path.parent.mkdir()
    torch.save({"weights": 1}, path)
    with pytest.raises(DataError) as err:
        make_learner().load("odd")
    assert str(err.value) == f"{path} contains no model parameters. Expected: a file written by learn.save."


def test_the_parameters_of_another_model_are_refused(make_learner):
    learn = make_learner()
    path = learn.save("one")
    learn.model[1][4] = torch.nn.Linear(8, 3)
    with pytest.raises(ArgumentError) as err:
        learn.load("one")
    assert str(err.value) == (
        f"the parameters in {path} do not fit this model: 2 with another shape (1.4.weight, 1.4.bias). Create the "
        "learner with the architecture, head and number of classes it was saved with."
    )


def test_a_folder_is_no_checkpoint(tmp_path):
    (tmp_path / "a.safetensors").touch()
    with pytest.raises(DataError) as err:
        check_is_file(tmp_path)
    assert str(err.value) == (
        f"{tmp_path} is a folder, not a checkpoint. Available: a.safetensors. Name a file in it."
    )
