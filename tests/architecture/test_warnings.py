"""A warning names a line of whoever called us, not our own."""

from __future__ import annotations

import ast

from source import modules, nodes_of

#: Frames of ours that a warning can stand above its caller: more, and it names a line of whoever called the caller.
MOST = 6


def test_a_warning_names_the_line_of_a_caller():
    calls = [
        (module, node)
        for module in modules()
        for node in nodes_of(module)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("warnings.warn")
    ]
    assert len(calls) > 20
    levels = {
        f"{module}:{node.lineno}": word.value
        for module, node in calls
        for word in node.keywords
        if word.arg == "stacklevel"
    }
    assert len(levels) == len(calls)
    named = {place: level.value for place, level in levels.items() if isinstance(level, ast.Constant)}
    assert {place: level for place, level in named.items() if not 2 <= level <= MOST} == {}
