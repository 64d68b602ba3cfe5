from __future__ import annotations

import warnings

import pytest
import torch

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.regression import RegressionBlock


def message(error: type[Exception], call) -> str:
    with pytest.raises(error) as err:
        call()
    return str(err.value)


def test_numbers_are_kept_as_float32():
    one = RegressionBlock().fit([3])
    assert one.n_out == 1
    assert one.encode(2).tolist() == [2.0]
    assert one.decode(one.encode(2)) == 2.0
    two = RegressionBlock().fit([[1, 2]])
    assert (two.n_out, two.task, two.vocab) == (2, "regression", None)
    assert two.encode((0.5, 1)).dtype == torch.float32
    assert two.decode(torch.tensor([0.5, 1])) == [0.5, 1.0]
    assert two.show([0.5, 1.23456]) == "0.5, 1.235"


def test_a_bad_first_number_does_not_hide_how_many_there_are():
    assert RegressionBlock().fit([None, [1, 2, 3]]).n_out == 3
    assert RegressionBlock().fit([None]).n_out == 1


def test_what_is_not_a_finite_number_is_refused():
    block = RegressionBlock(n_out=1)
    assert message(DataError, lambda: block.encode("tall")) == (
        "RegressionBlock got something that is not a number. Got: 'tall'."
    )
    assert message(DataError, lambda: block.encode(float("nan"))) == (
        "RegressionBlock got a number that is not finite. Got: nan. Fill it in, or remove the item."
    )
    assert message(DataError, lambda: block.encode([1, 2])) == (
        "RegressionBlock got the wrong number of values. Got: [1, 2]. Expected: 1 numbers."
    )
    with pytest.raises(ArgumentError):
        RegressionBlock(n_out=0)


def test_numbers_that_float32_cannot_tell_apart_are_refused():
    said = message(DataError, lambda: RegressionBlock().fit([1e12 + n for n in range(20)]))
    assert said == (
        "the numbers to predict differ by less than float32, in which models compute, can represent. "
        "Got: '1000000000000 to 1000000000019'. Subtract 1e+12 from all of them, and predict the difference."
    )
    # pixels, dates in seconds, large but different numbers, a constant column beside another
    for values in (
        [1.0, 2.0],
        [1.6e9 + 86_400 * n for n in range(20)],
        [1e30, 2e30],
        [[1.0, 7.0], [2.0, 7.0]],
        [5.0] * 3,
    ):
        assert RegressionBlock().fit(values).n_out == len(torch.tensor(values[0]).reshape(-1))


def test_a_number_too_large_for_float32_is_refused_as_such():
    block = RegressionBlock().fit([1e38, 2e38])
    assert message(DataError, lambda: block.encode(1e39)).startswith(
        "RegressionBlock got a number that is too large for float32, in which models compute. Got: 1e+39. Expected: at most 3.4e+38."
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert block.encode_targets([1e39]) is None
