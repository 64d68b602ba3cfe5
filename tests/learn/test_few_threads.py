"""A step that is little work is computed by one thread: threads that share it wait for each other longer than they compute."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.data.loading.loaders import DataLoaders
from gatera.learn.arithmetic import PER_UPDATE, SHARED_FROM, dense_weights, few_threads
from gatera.learn.learner import Learner
from gatera.models.collab import EmbeddingDotBias
from gatera.models.tabular import TabularModel


class Watched(nn.Linear):
    """A layer that notes how many threads compute it."""

    def forward(self, x):
        self.seen = getattr(self, "seen", set()) | {torch.get_num_threads()}
        return super().forward(x)


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    assert torch.get_num_threads() == 2  # whatever a step did
    torch.set_num_threads(before)


def fitted(tmp_path, model, x):
    data = torch.utils.data.TensorDataset(x, torch.zeros(len(x), dtype=torch.long))
    loader = torch.utils.data.DataLoader(data, batch_size=8)
    learn = Learner(DataLoaders(loader, loader, device="cpu"), model, nn.CrossEntropyLoss(), path=tmp_path)
    with learn.no_bar(), learn.no_logging():
        learn.fit(1)
    return learn


def test_dense_layers_are_trained_and_asked_by_one_thread(tmp_path):
    model = nn.Sequential(Watched(4, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 2))
    fitted(tmp_path, model, torch.randn(32, 4))
    assert model[0].seen == {1}


def test_other_layers_have_all_threads(tmp_path):
    model = nn.Sequential(nn.Conv1d(1, 2, 1), nn.Flatten(), Watched(8, 2))
    fitted(tmp_path, model, torch.randn(32, 1, 4))
    assert model[2].seen == {2}


def test_much_work_has_all_threads():
    many_users = nn.Embedding(SHARED_FROM // PER_UPDATE // 10, 10)
    for model, n, threads in (
        (nn.Linear(100, 100), 1_900, 1),
        (nn.Linear(100, 100), 2_000, 2),
        (many_users, 1, 2),
    ):
        with few_threads(model, n):
            assert torch.get_num_threads() == threads


def test_an_error_in_a_step_leaves_the_threads_as_they_were():
    with pytest.raises(ArgumentError), few_threads(nn.Linear(2, 2), 1):
        raise ArgumentError("stop")


def test_networks_for_rows_and_ratings_are_dense():
    assert dense_weights(TabularModel([(5, 3)], 2, 2, [10, 6])) == 5 * 10 + 10 * 6 + 6 * 2
    assert dense_weights(EmbeddingDotBias(4, 5, 3)) == 0
