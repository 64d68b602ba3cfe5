from __future__ import annotations

import inspect
from typing import TypedDict, Unpack

import pytest

from gatera.core.errors import ArgumentError
from gatera.core.signatures import check_arguments, spelled_out


class Sizes(TypedDict, total=False):
    bs: int
    seed: int | None


DEFAULTS = Sizes(bs=64, seed=None)


class Loaders:
    @classmethod
    @spelled_out(Sizes, DEFAULTS)
    def from_folder(cls, path: str, **sizes: Unpack[Sizes]) -> dict:
        check_arguments(cls.from_folder, sizes)
        return {**DEFAULTS, **sizes}

    @spelled_out(Sizes, {"bs": 8})
    def __init__(self, **sizes: Unpack[Sizes]) -> None:
        check_arguments(Loaders.__init__, sizes)


def test_the_signature_shows_every_argument_with_type_and_default():
    assert str(inspect.signature(Loaders.from_folder)) == (
        "(path: 'str', *, bs: 'int' = 64, seed: 'int | None' = None) -> 'dict'"
    )
    assert str(inspect.signature(Loaders)) == "(*, bs: 'int' = 8) -> 'None'"


def test_the_function_itself_is_called_with_what_was_given():
    assert Loaders.from_folder("photos", bs=8) == {"bs": 8, "seed": None}


def test_an_unknown_argument_is_refused_by_name():
    with pytest.raises(ArgumentError) as err:
        Loaders.from_folder("photos", pth=8)
    assert str(err.value) == (
        "Loaders.from_folder has no argument 'pth'. Available: path, bs, seed. Did you mean 'path'?"
    )
    with pytest.raises(ArgumentError, match=r"^Loaders has no argument 'size'\. Available: bs\.$"):
        Loaders(size=8)


def test_mistakes_in_a_definition_are_found_when_it_is_made():
    with pytest.raises(TypeError, match="Sizes has no field 'batch_size'"):

        @spelled_out(Sizes, {"batch_size": 64})
        def misspelt(path: str, **sizes: Unpack[Sizes]) -> None: ...

    with pytest.raises(TypeError, match=r"load takes no \*\*arguments"):

        @spelled_out(Sizes, DEFAULTS)
        def load(path: str) -> None: ...
