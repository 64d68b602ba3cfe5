"""Every module, public name and function says what it is for. One test is one rule, and lists all that break it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from source import modules


def public_definitions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Yield (dotted name, node) of every public class, function and method."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                for child in node.body:
                    if isinstance(child, ast.FunctionDef) and not child.name.startswith("_"):
                        yield f"{node.name}.{child.name}", child


def test_every_module_says_what_it_is_for():
    assert [module for module, tree in modules().items() if not ast.get_docstring(tree)] == []


def test_every_public_name_is_documented():
    bare = [
        f"{module}.{name}"
        for module, tree in modules().items()
        for name, node in public_definitions(tree)
        if not ast.get_docstring(node)
        and not any(_repeats_documentation(d) for d in getattr(node, "decorator_list", []))
    ]
    assert bare == []


def test_every_function_is_typed():
    untyped = [
        f"{module}.{node.name}:{node.lineno}"
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and not _is_typed(node)
    ]
    assert untyped == []


def _is_typed(node: ast.FunctionDef) -> bool:
    arguments = [a for a in (*node.args.args, *node.args.kwonlyargs) if a.arg not in ("self", "cls")]
    return node.returns is not None and all(a.annotation is not None for a in arguments)


def _repeats_documentation(decorator: ast.expr) -> bool:
    """Whether the definition is a setter or an overload, whose documentation stands elsewhere."""
    if isinstance(decorator, ast.Attribute):
        return decorator.attr == "setter"
    return isinstance(decorator, ast.Name) and decorator.id == "overload"
