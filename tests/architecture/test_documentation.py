from __future__ import annotations

import ast

import pytest
from source import modules


def public_definitions(tree: ast.Module):
    """Yield (dotted name, node) of every public class, function and method."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                for child in node.body:
                    if isinstance(child, ast.FunctionDef) and not child.name.startswith("_"):
                        yield f"{node.name}.{child.name}", child


@pytest.mark.parametrize("module", sorted(modules()))
def test_every_module_says_what_it_is_for(module):
    assert ast.get_docstring(modules()[module])


@pytest.mark.parametrize("module", sorted(modules()))
def test_every_public_name_is_documented(module):
    bare = [
        name
        for name, node in public_definitions(modules()[module])
        if not ast.get_docstring(node)
        and not any(_is_overload(d) for d in getattr(node, "decorator_list", []))
    ]
    assert not bare


@pytest.mark.parametrize("module", sorted(modules()))
def test_every_function_is_typed(module):
    untyped = [
        node.name
        for node in ast.walk(modules()[module])
        if isinstance(node, ast.FunctionDef)
        and (
            node.returns is None
            or any(
                a.annotation is None
                for a in (*node.args.args, *node.args.kwonlyargs)
                if a.arg not in ("self", "cls")
            )
        )
    ]
    assert not untyped


def _is_overload(decorator: ast.expr) -> bool:
    if isinstance(decorator, ast.Attribute):
        return decorator.attr == "setter"
    return isinstance(decorator, ast.Name) and decorator.id == "overload"
