"""Loops whose time grows with the square of what a user brings: a collection made, or searched, anew for each item."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from source import modules

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
COLLECTIONS = {"set", "frozenset", "list", "sorted", "tuple", "dict"}


def names_in(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def set_in(loop: ast.AST) -> set[str]:
    """The names that a loop sets: what is made of them is another thing each time."""
    return {
        each.id for each in ast.walk(loop) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }


def run_often(loop: ast.AST) -> list[ast.AST]:
    """The parts of a loop that run once for each item."""
    if isinstance(loop, ast.For | ast.While):
        return list(loop.body)
    if not isinstance(loop, COMPREHENSIONS):
        return []
    made = [loop.key, loop.value] if isinstance(loop, ast.DictComp) else [loop.elt]
    return [*made, *(test for part in loop.generators for test in part.ifs)]


def made_anew(node: ast.AST) -> ast.AST | None:
    """The collection that `x in set(others)` or `x in some | others` makes, or that `names.count(x)` searches whole."""
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
        searched = node.comparators[0]
        if isinstance(searched, ast.BinOp | ast.SetComp | ast.ListComp):
            return searched
        if isinstance(searched, ast.Call) and getattr(searched.func, "id", None) in COLLECTIONS:
            return searched
    if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "count" and node.args:
        return node.func
    return None


def slow_lines(tree: ast.AST) -> Iterator[int]:
    for loop in ast.walk(tree):
        made = [
            collection
            for part in run_often(loop)
            for node in ast.walk(part)
            if (collection := made_anew(node))
        ]
        changing = set_in(loop) if made else set()
        yield from (collection.lineno for collection in made if not names_in(collection) & changing)


def test_no_loop_makes_or_counts_a_collection_for_each_item():
    assert {name: lines for name, tree in modules().items() if (lines := sorted(set(slow_lines(tree))))} == {}


def test_the_rule_sees_each_form():
    source = """
for x in rows:
    if x in wanted | training: pass
    y = [x for x in names if names.count(x) > 1]
left = [x for x in rows if x not in set(kept)]
fine = [x for x in rows if x in set(x.parts)]
known = set(kept)
fine = [x for x in rows if x in known]
"""
    assert sorted(set(slow_lines(ast.parse(source)))) == [3, 4, 5]
