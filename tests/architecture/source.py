"""Reading our own source: which module imports which, and what each one defines."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import gatera

ROOT = Path(gatera.__file__).parent


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package by its full name, parsed."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = ("gatera", *path.relative_to(ROOT).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(path.read_text())
    return found


@cache
def nodes_of(module: str) -> list[ast.AST]:
    """Every node of a module: most rules look at all of them."""
    return list(ast.walk(modules()[module]))


def path_of(module: str) -> Path:
    base = ROOT.joinpath(*module.split(".")[1:])
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


@cache
def imports_of(module: str, *, typing_only: bool = False) -> list[tuple[str, int, bool]]:
    """Return (imported module of ours, line, whether at the top level of the file) of each import."""
    return list(_imports(module, typing_only))


def _imports(module: str, typing_only: bool) -> Iterator[tuple[str, int, bool]]:
    skipped = {id(n) for node in nodes_of(module) if _is_type_checking(node) for n in ast.walk(node)}
    top = {id(node) for node in modules()[module].body}
    for node in nodes_of(module):
        if id(node) in skipped and not typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "gatera":
            yield from ((name, node.lineno, id(node) in top) for name in _targets(node))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "gatera":
                    yield alias.name, node.lineno, id(node) in top


def _targets(node: ast.ImportFrom) -> set[str]:
    assert node.module is not None
    whole = {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in whole if name in modules()} or {node.module}


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def functions(module: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in nodes_of(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
