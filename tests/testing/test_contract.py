from __future__ import annotations

import ast
import importlib
import pkgutil
import random
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import gatera.testing
from gatera.core.errors import ArgumentError, GateraError
from gatera.testing import ContractError, Rule, example_photos, example_predictions
from gatera.testing.contract import Contract, described, piece_name, same, shaped
from gatera.testing.generators import globally_seeded, moved, states

RULE = Rule("it does so", "Make it do so.")


def test_a_broken_rule_is_an_assertion_error_and_one_of_ours():
    error = ContractError("Mine", "metrics", RULE, "nothing.")
    assert isinstance(error, AssertionError)
    assert isinstance(error, GateraError)
    assert str(error) == "Mine breaks a rule of metrics: it does so. Seen: nothing. Make it do so."
    assert (error.piece, error.kind, error.rule, error.seen, error.remedy) == (
        "Mine", "metrics", RULE, "nothing.", "Make it do so.",
    )  # fmt: skip


def test_what_a_piece_raises_is_the_cause_of_the_error():
    contract = Contract("Mine", "metrics")
    with pytest.raises(ContractError) as err, contract.running(RULE, "update()"):
        {}["cat"]
    assert (
        str(err.value)
        == "Mine breaks a rule of metrics: it does so. Seen: update() raised KeyError: 'cat'. Make it do so."
    )
    assert isinstance(err.value.__cause__, KeyError)


def test_ctrl_c_is_no_broken_rule():
    with pytest.raises(KeyboardInterrupt), Contract("Mine", "metrics").running(RULE, "update()"):
        raise KeyboardInterrupt


def test_an_inner_rule_goes_before_an_outer_one():
    contract, inner = Contract("Mine", "metrics"), Rule("inner", "Mend.")
    with pytest.raises(ContractError) as err, contract.running(RULE, "update()"):
        contract.require(False, inner, "x")
    assert err.value.rule == inner


def test_only_the_first_line_of_a_message_is_shown():
    assert described(ValueError("one\ntwo")) == "ValueError: one"
    assert described(ValueError()) == "ValueError"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (torch.tensor([1.0, float("nan")]), torch.tensor([1.0, float("nan")])),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan])),
        (np.array([0.0]), np.array([-0.0])),
        (Image.new("L", (2, 3)), Image.new("L", (2, 3))),
        (pd.DataFrame({"a": [1, None]}), pd.DataFrame({"a": [1, None]})),
        ({"a": [1, (2,)]}, {"a": [1, (2,)]}),
        (float("nan"), float("nan")),
        (Contract("a", "b"), Contract("a", "b")),
        (ContractError("a", "b", RULE, "c"), ContractError("a", "b", RULE, "c")),
        (None, None),
    ],
)
def test_equal_values_are_the_same(a, b):
    assert same(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (torch.tensor([1.0]), torch.tensor([1])),
        (torch.tensor([1.0]), torch.tensor([[1.0]])),
        (torch.tensor([1.0]), np.array([1.0])),
        (np.array([1.0]), np.array([1.0 + 1e-15])),
        (Image.new("L", (2, 3)), Image.new("L", (2, 3), 1)),
        (Image.new("L", (2, 3)), Image.new("RGB", (2, 3))),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2]})),
        ({"a": 1}, {"b": 1}),
        ([1, 2], [1]),
        (1, 1.0),
        (ContractError("a", "b", RULE, "c"), ContractError("a", "b", RULE, "d")),
    ],
)
def test_other_values_are_not(a, b):
    assert not same(a, b)


def test_names_of_pieces():
    assert (piece_name(len), piece_name(dict), piece_name(3), piece_name(partial(len))) == (
        "len",
        "dict",
        "int",
        "len",
    )
    assert (shaped(np.zeros(2)), shaped(torch.zeros(1, dtype=torch.bool)), shaped(1)) == (
        "float64 [2]",
        "bool [1]",
        "an int",
    )


@pytest.mark.parametrize(
    ("name", "draw"),
    [
        ("random", random.random),
        ("numpy.random", np.random.rand),
        ("numpy.random", np.random.randn),
        ("torch", lambda: torch.rand(1)),
    ],
)
def test_every_draw_from_a_global_generator_is_noticed_and_can_be_undone(name, draw):
    before = states()
    with globally_seeded(1):
        first = float(draw())
    assert moved(before) == []
    with globally_seeded(1):
        inside = states()
        assert float(draw()) == first
        assert moved(inside) == [name]


def test_examples_are_the_same_every_time_and_cover_all_classes():
    for task in ("classification", "multilabel", "regression"):
        assert same(example_predictions(task), example_predictions(task))
    assert torch.bincount(example_predictions()[1]).tolist() == [8] * 6
    assert torch.bincount(example_predictions(n_outputs=2)[1]).tolist() == [24, 24]
    assert example_predictions("multilabel")[1].mean(0).tolist() == [0.5] * 6
    assert example_predictions("regression", 3)[0].shape == (48, 3)
    assert same(example_photos(), example_photos())


def test_an_unknown_task_of_examples_is_refused():
    with pytest.raises(ArgumentError) as err:
        example_predictions("regresion")
    assert str(err.value) == (
        "task must be one of classification, multilabel, regression. Got: 'regresion'. "
        "Did you mean 'regression'?"
    )


def test_the_room_lists_what_it_offers():
    offered = {name for name in dir(gatera.testing) if name.startswith("check_")}
    assert offered | {"ContractError", "Rule", "example_photos", "example_predictions"} == set(
        gatera.testing.__all__
    )


def rules() -> dict[str, Rule]:
    """Every rule there is, as "module.NAME"."""
    found = {}
    for info in pkgutil.iter_modules(gatera.testing.__path__):
        module = importlib.import_module(f"gatera.testing.{info.name}")
        found |= {
            f"{info.name}.{name}": value for name, value in vars(module).items() if isinstance(value, Rule)
        }
    return found


def texts() -> str:
    """All text in the tests of this folder."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in Path(__file__).parent.glob("test_*.py")]
    constants = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return "\n".join(text for text in constants if isinstance(text, str))


def test_every_rule_is_broken_by_some_test_and_its_message_compared():
    tested = texts()
    assert [name for name, rule in rules().items() if rule.text not in tested] == []
