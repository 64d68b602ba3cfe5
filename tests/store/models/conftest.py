"""Programs that differ in what they say of themselves, and registries of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatera.program.package import read_package, write_package
from gatera.store.models import registry as registries
from gatera.store.models.registry import ModelRegistry

FORMAT1 = Path(__file__).parents[2] / "fixtures" / "format1.gatera"

MakeProgram = Callable[..., Path]


@pytest.fixture
def make_program(tmp_path: Path) -> MakeProgram:
    """Write a program that answers as the fixture does, with other facts of its training."""

    def make(name: str = "cats", **training: Any) -> Path:
        package = read_package(FORMAT1)
        described = {key: value for key, value in package.program.items() if key not in ("format", "entries")}
        described["training"] = {"valid": {"n": 20, "error": 0.05}, **training}
        entries = {each: package.read(each) for each in package.names if each != "program.json"}
        return write_package(tmp_path / f"{name}.gatera", described, entries, force=True)

    return make


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelRegistry:
    monkeypatch.setattr(registries, "user_name", lambda: "Ann")
    return ModelRegistry(tmp_path / "registry")


@pytest.fixture
def filled(registry: ModelRegistry, make_program: MakeProgram) -> ModelRegistry:
    """cats@v1 to v3; production stands for v2, and stood for v1."""
    for number in (1, 2, 3):
        registry.add(
            make_program(run=number), "cats", note=f"run {number}", tag="production" if number < 3 else None
        )
    return registry


@pytest.fixture
def copied() -> Callable[[ModelRegistry, Path], ModelRegistry]:
    def copy(registry: ModelRegistry, folder: Path) -> ModelRegistry:
        shutil.copytree(registry.folder, folder)
        return ModelRegistry(folder)

    return copy
