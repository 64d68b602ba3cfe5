from __future__ import annotations

import numpy as np
import pytest
import torch

from gatera.core.errors import ArgumentError
from gatera.data.transforms.normalize import Normalize, cifar_stats, imagenet_stats, mnist_stats


def test_colours_are_normalised_and_back():
    normalize = Normalize.from_stats(*imagenet_stats)
    x = torch.rand(2, 3, 4, 5)
    out = normalize(x)
    torch.testing.assert_close(out[:, 1], (x[:, 1] - 0.456) / 0.224)
    torch.testing.assert_close(normalize.undo(out), x)
    assert normalize == Normalize(*imagenet_stats)


def test_one_number_serves_all_channels():
    x = torch.rand(2, 3, 4, 5)
    torch.testing.assert_close(Normalize(*mnist_stats)(x), (x - 0.131) / 0.308)


def test_statistics_are_computed_from_photos():
    x = torch.rand(6, 3, 8, 8) * torch.tensor([1.0, 0.5, 0.1])[:, None, None]
    normalize = Normalize().fit([x[:2], x[2:]])
    assert normalize.mean == pytest.approx(x.mean((0, 2, 3)).tolist(), abs=1e-6)
    assert normalize.std == pytest.approx(x.std((0, 2, 3), correction=0).tolist(), abs=1e-6)


def test_a_channel_of_one_colour_stays_finite():
    normalize = Normalize().fit([torch.full((1, 1, 4, 4), 0.3)])
    assert torch.isfinite(normalize(torch.zeros(1, 1, 2, 2))).all()


def test_the_input_stays_as_it_was():
    x = torch.ones(1, 3, 2, 2)
    Normalize(*cifar_stats)(x)
    assert torch.equal(x, torch.ones(1, 3, 2, 2))


def test_mean_and_std_come_together():
    with pytest.raises(ArgumentError) as err:
        Normalize(mean=[0.5])
    assert str(err.value) == "Normalize has only one of mean and std. Got: ([0.5], None)."


@pytest.mark.parametrize("std", [[0.5], [0.5, 0.0], [0.5, float("nan")]])
def test_each_channel_has_a_positive_std(std):
    with pytest.raises(ArgumentError) as err:
        Normalize([0.5, 0.5], std)
    assert str(err.value) == (
        f"mean and std do not match. Got: ((0.5, 0.5), {tuple(std)}). "
        "Expected: one positive std for each mean."
    )


def test_without_statistics_it_says_so():
    with pytest.raises(ArgumentError) as err:
        Normalize()(torch.zeros(1, 3, 2, 2))
    assert str(err.value) == "Normalize() has no mean and std yet. Make loaders with it, or call fit."


def test_channels_must_fit():
    with pytest.raises(ArgumentError) as err:
        Normalize(*imagenet_stats)(torch.zeros(1, 4, 2, 2))
    assert str(err.value) == (
        "Normalize has a different number of channels than the photos. Got: (0.485, 0.456, 0.406). "
        "Expected: 4 or 1 of each."
    )


def test_columns_of_a_table_have_their_mean_and_population_deviation():
    columns = np.array([[1.0, 5.0], [3.0, 5.0]])
    assert Normalize().fit_columns(columns) == Normalize(
        [2.0, 5.0], [1.0, 1.0]
    )  # a constant column is left as it is


def test_statistics_of_known_data_sets_are_the_published_ones():
    assert imagenet_stats == ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    assert cifar_stats == ([0.491, 0.482, 0.447], [0.247, 0.243, 0.261])
    assert mnist_stats == ([0.131], [0.308])


@pytest.mark.parametrize("far", [1e12, -(2.0**63), 3e38])
def test_a_number_far_beyond_the_others_leaves_them_apart(far):
    numbers = np.append(np.arange(1000.0), far)
    fitted = Normalize().fit_columns(numbers[:, None])
    encoded = ((numbers - fitted.mean[0]) / fitted.std[0]).astype(np.float32)
    assert len(np.unique(encoded)) == len(numbers)  # beside the mean, float32 has a few steps for all of them
    assert fitted.mean[0] == np.median(numbers)


def test_a_few_large_numbers_leave_the_mean():
    numbers = np.append(np.arange(1000.0), [1e6, 2e6])
    assert list(Normalize().fit_columns(numbers[:, None]).mean) == pytest.approx([numbers.mean()])
