"""The star imports of the book share one namespace: nothing that one brings is shadowed by another."""

from __future__ import annotations

import importlib
from itertools import combinations

import pytest

FACES = [
    importlib.import_module(f"gatera.{room}.all") for room in ("vision", "text", "tabular", "collab", "audio")
]


@pytest.mark.parametrize(("one", "other"), list(combinations(FACES, 2)), ids=lambda face: face.__name__)
def test_a_name_means_the_same_in_every_face(one, other):
    shared = set(one.__all__) & set(other.__all__)
    assert "Learner" in shared
    assert [name for name in sorted(shared) if getattr(one, name) is not getattr(other, name)] == []


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)
def test_a_face_has_every_name_that_it_lists(face):
    assert [name for name in face.__all__ if not hasattr(face, name)] == []


def test_the_package_of_ratings_is_a_face_too_as_the_book_writes_it():
    package, face = importlib.import_module("gatera.collab"), importlib.import_module("gatera.collab.all")
    assert sorted(package.__all__) == sorted(face.__all__)
    assert all(getattr(package, name) is getattr(face, name) for name in face.__all__)
