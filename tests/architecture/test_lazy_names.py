"""A name that a package fetches at its first use is not that of a module in it: importing the module would take the name's place."""

from __future__ import annotations

import ast

from source import modules, path_of


def test_no_lazy_name_is_that_of_a_module_beside_it():
    every, clashes, seen = set(modules()), [], 0
    for package in sorted(every):
        if path_of(package).name != "__init__.py":
            continue
        for call in ast.walk(modules()[package]):
            if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "lazy_exports":
                continue
            seen += 1
            keys = {key.value for node in ast.walk(call) if isinstance(node, ast.Dict) for key in node.keys if isinstance(key, ast.Constant)}  # fmt: skip
            clashes += [f"{package}.{name}" for name in sorted(keys) if f"{package}.{name}" in every]
    assert seen and clashes == []
