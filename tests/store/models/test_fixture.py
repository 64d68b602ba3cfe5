"""A registry made in November 2026: every later version opens it. The fixture is never made anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gatera.program.program import load_program
from gatera.store.models.check import verify_registry
from gatera.store.models.lineage import lineage
from gatera.store.models.registry import ModelRegistry

FIXTURE = Path(__file__).parents[2] / "fixtures" / "registry1"
KEYS = {"ann": "ed25519:Ahm8cy17HoSbgF7hgYUloE2TaHtWLSiboeEDmxTMN2U="}


@pytest.fixture
def old(tmp_path: Path) -> ModelRegistry:
    shutil.copytree(FIXTURE, tmp_path / "registry")
    return ModelRegistry(tmp_path / "registry")


def test_it_opens_and_is_sound(old):
    assert verify_registry(old, quiet=True) == (2, [])
    assert [(each.name, each.by, dict(each.metrics)) for each in old.versions("cats")] == [
        ("cats@v1", "Ann", {"items": 20, "error": 0.1}), ("cats@v2", "Bob", {"items": 20, "error": 0.05}),
    ]  # fmt: skip
    assert [each.version for each in old.history("cats", "production")] == [1, 2, 1]
    assert load_program(old.path("cats@production")).info["training"]["run"] == 1
    assert lineage(old, "cats@v2").lines()[1:3] == [
        "├── data: photos  commit 0123456789ab  items 80",
        "│   ├── labels: Ann  70 items",
    ]


def test_its_signature_is_still_right(old):
    pytest.importorskip("cryptography")
    assert verify_registry(old, keys=KEYS, quiet=True)[1] == ["cats@v2 is not signed with the key 'ann'"]


def test_it_can_be_added_to(old, make_program):
    assert old.add(make_program(run=9), "cats", tag="production").number == 3
    assert old.rollback("cats").version == 1
