from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest
from source import imports_of, modules

#: Rooms by layer, lowest first. A module may import from layers below its own, and from its own room.
LAYERS = [
    {"core"},
    {"program", "samples"},
    {"data", "models", "measure"},
    {"learn"},
    {"vision", "text", "tabular", "collab", "audio", "interpret", "evaluate"},
    {"recipes"},
    {"cli", "testing"},
]

LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}

#: Star-import faces have no logic and stand above all rooms.
FACES = {
    "gatera",
    "gatera.__main__",
    *(f"gatera.{room}.all" for room in ("vision", "text", "tabular", "collab", "audio")),
}


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def level_of(module: str) -> int:
    return len(LAYERS) if module in FACES else LEVEL[room_of(module)]


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_module_imports_only_from_layers_below(module):
    for imported, line, _ in imports_of(module):
        if imported == "gatera" or room_of(imported) == room_of(module):
            continue
        assert level_of(imported) < level_of(module), f"{module}:{line} imports {imported}"


@pytest.mark.parametrize("module", sorted(modules()))
def test_modules_of_ours_are_imported_at_the_top_of_the_file(module):
    hidden = [f"line {line}: {imported}" for imported, line, top in imports_of(module) if not top]
    assert not hidden


def test_there_is_no_circle_of_imports():
    graph = {module: {imported for imported, _, _ in imports_of(module)} - {module} for module in modules()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as err:
        pytest.fail(" -> ".join(err.args[1]))


def test_there_is_no_star_import():
    stars = [
        f"{module}:{node.lineno}"
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    ]
    assert not stars


@pytest.mark.slow
def test_the_using_half_imports_no_torch():
    code = "import sys, gatera.program.program, gatera.cli.main; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
