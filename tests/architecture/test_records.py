"""Dataclasses are values: they do not change once they are made, but for those that are filled as work goes on."""

from __future__ import annotations

import ast

from source import modules, nodes_of

#: Dataclasses that are filled, or follow a process.
FILLED = {
    "gatera.data.folders.class_folders.Placed",
    "gatera.data.folders.mask_pairs.Pairs",
    "gatera.data.folders.mask_values.Values",
    "gatera.labeling.applying._Column",
    "gatera.learn.state.LoopState",
    "gatera.serve.loaded.Loaded",
    "gatera.serve.reading.Given",
    "gatera.serve.server.Made",
    "gatera.serve.server.Place",
    "gatera.serve.service.Options",
    "gatera.store.datasets.adding.Added",
    "gatera.store.datasets.checking.Verified",
    "gatera.store.datasets.labels.changes.Summary",
    "gatera.store.datasets.labels.three_way.Merged",
    "gatera.store.datasets.looking.Status",
    "gatera.studio.guesses.Guesses",
    "gatera.studio.masks.found.MaskFiles",
}


def keywords(decorator: ast.expr) -> dict[str, object] | None:
    """The keywords of a decorator that makes a dataclass; None for any other."""
    call = decorator if isinstance(decorator, ast.Call) else ast.Call(decorator, [], [])
    if ast.unparse(call.func) not in ("dataclass", "dataclasses.dataclass"):
        return None
    return {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}


def test_dataclasses_are_frozen_but_for_those_that_are_filled():
    found = {
        f"{module}.{node.name}": made
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if (made := keywords(decorator)) is not None
    }
    assert len(found) > 200
    assert {name for name, made in found.items() if not made.get("frozen")} == FILLED


def written(node: ast.ClassDef) -> bool:
    """Whether a class has a `__repr__` of its own."""
    return any(isinstance(each, ast.FunctionDef) and each.name == "__repr__" for each in node.body)


def inherited(module: str, node: ast.ClassDef) -> bool:
    """Whether a class of ours that this one is made from, or one above that, has a `__repr__`."""
    imported = {
        alias.asname or alias.name: (each.module, alias.name)
        for each in nodes_of(module)
        if isinstance(each, ast.ImportFrom)
        for alias in each.names
    }
    for base in (ast.unparse(base).partition("[")[0] for base in node.bases):
        first, _, rest = base.partition(".")
        place, name = imported.get(first, (module, first))
        place, name = (f"{place}.{name}", rest) if rest else (place, name)
        for above in modules()[place].body if place in modules() else []:
            if isinstance(above, ast.ClassDef) and above.name == name:
                return written(above) or inherited(place, above)
    return False


def test_a_record_does_not_write_over_a_repr_that_it_inherits_and_has_one():
    wrong = {
        f"{module}.{node.name}"
        for module in modules()
        for node in nodes_of(module)
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if (made := keywords(decorator)) is not None and not written(node)
        if inherited(module, node) == made.get("repr", True)
    }
    assert wrong == set()
