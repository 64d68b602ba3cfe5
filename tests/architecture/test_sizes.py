from __future__ import annotations

import pytest
from source import functions, modules, path_of

MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_ARGUMENTS = 400, 60, 8

#: Functions that keep the many keyword names their users already know (see docs/architecture.md), by name.
MANY_ARGUMENTS_ALLOWED = set()


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_file_fits_in_the_head(module):
    assert len(path_of(module).read_text().splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_function_fits_on_a_page(module):
    long = [f.name for f in functions(module) if f.end_lineno - f.lineno + 1 > MAX_FUNCTION_LINES]
    assert not long


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_function_has_few_arguments(module):
    crowded = {
        f"{module}.{f.name}"
        for f in functions(module)
        if len(
            [
                a
                for a in (*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs)
                if a.arg not in ("self", "cls")
            ]
        )
        > MAX_ARGUMENTS
    }
    assert crowded <= MANY_ARGUMENTS_ALLOWED
