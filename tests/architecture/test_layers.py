"""Which room may import from which. One test is one rule, and lists all that break it."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest
from source import imports_of, modules, nodes_of

#: Rooms by layer, lowest first. A module may import from layers below its own, and from its own room.
LAYERS = [
    {"core"},
    {"program", "samples"},
    {"data", "models", "kernels", "measure", "store", "web"},
    {"learn", "serve", "browser"},
    {"vision", "text", "tabular", "collab", "audio", "interpret", "evaluate", "labeling"},
    {"recipes", "compat", "studio"},
    {"callback"},
    {"cli", "testing"},
]

LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}

#: The same inside a room: its sub-rooms and the modules in its hall, lowest first. Those on one line do not import from each
#: other; what is not listed stands above all that is.
INSIDE = {
    "data": [
        {"item_errors", "short_repr", "device"},
        {"sources"},
        {"show", "splits", "transforms", "download"},
        {"blocks"},
        {"loading"},
        {"folders", "recipe_summary", "arguments"},
        {"datablock"},
        {"from_files"},
    ],
    "models": [
        {"layers", "target_scale", "backbones"},
        {"weights", "tabular"},
        {"vision", "collab"},
        {"groups"},
        {"text", "summary"},
    ],
    "program": [{"tables"}, {"raw"}],
    "measure": [
        {"check_given", "thresholds", "function_names", "calibration", "resampling"},
        {"intervals"},
        {"grouped", "questions"},
        {"losses"},
        {"metrics"},
        {"reports"},
    ],
}

#: Star-import faces have no logic and stand above all rooms; these two hold the names that several of them share.
SHARED_NAMES = {"gatera.notebook_names", "gatera.vision.model_names"}

#: Names that exist only for people who come from fastai, and of the standard library; `notebook_names` brings them.
FAMILIAR_NAMES = {"gatera.compat.all", "gatera.compat.standard"}

#: fastai's import paths: each imports one face and nothing else.
IMPORT_PATHS = {
    f"gatera.{path}"
    for path in (
        "basics", "imports", "torch_basics", "torch_core", "metrics", "losses", "layers", "learner", "optimizer",
        "callback.all", "callback.core", "callback.data", "callback.fp16", "callback.hook", "callback.mixup",
        "callback.progress", "callback.rnn", "callback.schedule", "callback.tracker", "callback.training", "data.all",
        "data.block", "data.core", "data.external", "data.load", "text.core", "vision.augment", "vision.core", "vision.utils",
    )
}  # fmt: skip
FACES = {
    "gatera",
    "gatera.__main__",
    *SHARED_NAMES,
    *FAMILIAR_NAMES,
    *IMPORT_PATHS,
    "gatera.vision.widgets",
    *(f"gatera.{room}.all" for room in ("vision", "text", "tabular", "collab", "audio")),
}


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def level_of(module: str) -> int:
    if module == "gatera.with_torch":  # a check with which faces begin
        return 1
    if module in FAMILIAR_NAMES:
        return len(LAYERS)
    if module in FACES:
        return len(LAYERS) + 1 + (module not in SHARED_NAMES) + (module in IMPORT_PATHS)
    return LEVEL[room_of(module)]


def part_of(module: str) -> str:
    """The sub-room of a module, or its own name where it stands in the hall of its room."""
    return module.split(".")[2] if module.count(".") >= 2 else ""


def level_inside(module: str) -> int:
    order = INSIDE[room_of(module)]
    return next((i for i, parts in enumerate(order) if part_of(module) in parts), len(order))


def test_a_module_imports_only_from_layers_below():
    wrong = [
        f"{module}:{line} imports {imported}"
        for module in modules()
        for imported, line, _ in imports_of(module, typing_only=True)
        if imported != "gatera"
        and room_of(imported) != room_of(module)
        and not level_of(imported) < level_of(module)
    ]
    assert wrong == []


def test_inside_a_room_the_sub_rooms_import_one_way_only():
    wrong = [
        f"{module}:{line} imports {imported}"
        for module in modules()
        if room_of(module) in INSIDE
        for imported, line, _ in imports_of(module, typing_only=True)
        if room_of(imported) == room_of(module)
        and part_of(imported) != part_of(module)
        and not (level_inside(imported) < level_inside(module))
        and level_inside(module) < len(INSIDE[room_of(module)])
    ]
    assert wrong == []


def test_every_part_that_is_ordered_exists():
    parts = {(room_of(module), part_of(module)) for module in modules()}
    assert [
        (room, part)
        for room, order in INSIDE.items()
        for ps in order
        for part in ps
        if (room, part) not in parts
    ] == []


def test_modules_of_ours_are_imported_at_the_top_of_the_file():
    hidden = [
        f"{module}:{line} imports {imported}"
        for module in modules()
        for imported, line, top in imports_of(module)
        if not top
    ]
    assert hidden == []


@pytest.mark.parametrize("typing_only", [False, True], ids=["at run time", "for types"])
def test_there_is_no_circle_of_imports(typing_only):
    graph = {
        module: {imported for imported, _, _ in imports_of(module, typing_only=typing_only)} - {module}
        for module in modules()
        if module != "gatera"
    }
    assert _circle(graph) == ""


def _circle(graph: dict[str, set[str]]) -> str:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as err:
        return " -> ".join(err.args[1])
    return ""


def test_a_module_is_loaded_by_name_in_two_documented_places_only():
    """`lazy_exports` (core/lazy.py) and the table of commands (cli/main.py); core/checks.py loads third-party packages."""
    loading = {
        module
        for module in modules()
        for node in nodes_of(module)
        if isinstance(node, ast.Attribute | ast.Name)
        and getattr(node, "attr", getattr(node, "id", "")) in ("import_module", "__import__")
    }
    assert loading == {"gatera.core.lazy", "gatera.core.checks", "gatera.cli.main"}


def test_an_import_path_brings_one_face_and_nothing_else():
    others = [
        module
        for module in sorted(IMPORT_PATHS)
        if [type(node) for node in modules()[module].body[1:]] != [ast.ImportFrom]
    ]
    assert others == []


def test_only_faces_import_from_the_room_for_people_from_fastai():
    others = {
        module
        for module in modules()
        for imported, _, _ in imports_of(module, typing_only=True)
        if room_of(imported) == "compat" and room_of(module) != "compat" and module not in FACES
    }
    assert others == set()


def test_the_kernels_are_used_through_their_two_doors():
    doors = {"gatera.kernels.fast_training", "gatera.kernels.fast_prediction"}
    used = {
        imported
        for module in modules()
        if room_of(module) != "kernels"
        for imported, _, _ in imports_of(module)
        if room_of(imported) == "kernels"
    }
    assert used == doors


def test_only_a_face_imports_a_star_and_only_from_a_face():
    stars = {
        (module, node.module)
        for module in modules()
        for node in nodes_of(module)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    }
    faces = FACES | {"gatera.collab"}  # the book writes `from gatera.collab import *`
    assert [pair for pair in stars if not set(pair) <= faces] == []


@pytest.mark.slow
def test_the_using_half_imports_no_torch():
    code = "import sys, gatera.program.program, gatera.cli.main; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
