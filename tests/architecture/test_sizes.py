from __future__ import annotations

import ast
from collections import Counter

from source import ROOT, functions, modules, path_of

MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_ARGUMENTS = 400, 60, 8
#: Python files in one folder, `__init__.py` not counted.
MAX_FILES = 14

#: Functions that keep the many keyword names their users already know (see docs/architecture.md), by name.
MANY_ARGUMENTS_ALLOWED = {
    "gatera.models.vision.heads.create_head",
    "gatera.text.learner.text_classifier_learner",
}


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of code: signature and docstring tell a reader what to expect and do not count."""
    first = function.body[1:] if ast.get_docstring(function) else function.body
    return function.end_lineno - first[0].lineno + 1 if first else 0


def arguments_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    args = function.args
    names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    return [name for name in names if name not in ("self", "cls")]


def test_a_file_fits_in_the_head():
    sizes = {module: len(path_of(module).read_text().splitlines()) for module in modules()}
    assert {module: lines for module, lines in sizes.items() if lines > MAX_FILE_LINES} == {}


def test_a_function_fits_on_a_page():
    sizes = {f"{module}.{f.name}": body_lines(f) for module in modules() for f in functions(module)}
    assert {name: lines for name, lines in sizes.items() if lines > MAX_FUNCTION_LINES} == {}


def test_a_function_has_few_arguments():
    crowded = {
        f"{module}.{f.name}"
        for module in modules()
        for f in functions(module)
        if len(arguments_of(f)) > MAX_ARGUMENTS
    }
    assert sorted(crowded - MANY_ARGUMENTS_ALLOWED) == []
    assert sorted(MANY_ARGUMENTS_ALLOWED - crowded) == [], "these need no exception any more"


def test_a_folder_has_few_files():
    folders = Counter(
        path_of(module).parent.relative_to(ROOT).as_posix()
        for module in modules()
        if path_of(module).name != "__init__.py"
    )
    assert {folder: files for folder, files in folders.items() if files > MAX_FILES} == {}
