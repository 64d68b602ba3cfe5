"""The version of a function: a hash of its source and of what that uses."""

from __future__ import annotations

import ast
import builtins
import dis
import hashlib
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

#: Digits of a version.
DIGITS = 8

#: Modules that are not the user's, by the first part of their names.
_NOT_OWN = frozenset(("gatera", *sys.stdlib_module_names))

#: Values that are their own description.
PLAIN = (str, bytes, bool, int, float, complex, type(None), re.Pattern, Path)


def version_of(function: Callable[..., Any], settings: Mapping[str, Any] | None = None) -> str:
    """Return the version of a function: 8 hexadecimal digits.

    It changes with the function's code, with the functions and classes of the user's own that it uses, also those of another file, with
    the plain values (text, numbers, lists, patterns) that it reads from there or closes over, and with the version of packages that it
    uses. Comments, blank lines and docstrings do not count, nor does what other objects hold.

    Args:
        function: the function.
        settings: further values that decide what it answers.
    """
    parts = [
        *_parts(function, set()),
        *(f"{name}={_described(value, set())}" for name, value in (settings or {}).items()),
    ]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def _parts(function: Callable[..., Any], seen: set[int]) -> Iterator[str]:
    """Yield what a function consists of; each further function once."""
    if id(function) in seen:
        return
    seen.add(id(function))
    inner = inspect.unwrap(function)
    if not isinstance(inner, FunctionType):
        yield _described(inner, seen)
        return
    yield _source(inner)
    for name, value in sorted(_used(inner).items()):
        yield f"{name}={_described(value, seen)}"


def _source(function: FunctionType) -> str:
    """Return a function's code as text without comments and docstring; where there is no source, its instructions."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, IndentationError):  # typed at a prompt, or part of a line
        return _instructions(function.__code__)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    if not found:
        return _instructions(function.__code__)  # a lambda's line may hold others
    for node in found:
        first = node.body[0]
        if (
            isinstance(first, ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
        ):
            node.body = node.body[1:] or [ast.Pass()]
    found[0].decorator_list = []  # what they set is described by the settings
    return ast.unparse(found[0])


def _instructions(code: CodeType) -> str:
    lines = [
        f"{step.opname} {step.argrepr}"
        for step in dis.get_instructions(code)
        if not inspect.iscode(step.argval)
    ]
    return "\n".join([*lines, *(_instructions(inner) for inner in code.co_consts if inspect.iscode(inner))])


def _used(function: FunctionType) -> dict[str, Any]:
    """Return what a function reads from its module and closes over, and its defaults, by name."""
    names = set(_names(function.__code__))
    world = {name: function.__globals__[name] for name in names if name in function.__globals__}
    closed = inspect.getclosurevars(function).nonlocals if function.__closure__ else {}
    defaults = {f"default {i}": value for i, value in enumerate(function.__defaults__ or ())}
    used = {**world, **closed, **defaults, **(function.__kwdefaults__ or {})}
    for called, module in [each for each in used.items() if _is_own(each[1])]:
        used |= {f"{called}.{name}": vars(module)[name] for name in names & vars(module).keys()}
    return {name: value for name, value in used.items() if not hasattr(builtins, name)}


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if inspect.iscode(inner):
            yield from _names(inner)


def _described(value: Any, seen: set[int]) -> str:
    """Return a value in words that do not change from run to run."""
    if isinstance(value, PLAIN):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_described(each, seen) for each in value)}]"
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(_described(each, seen) for each in value))}}}"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_described(k, seen)}: {_described(v, seen)}' for k, v in value.items())}}}"
    if isinstance(value, ModuleType):
        return f"{value.__name__} {getattr(value, '__version__', '')}"
    version = getattr(value, "version", None)
    if isinstance(version, str):  # another labelling function, or an asked model
        return f"{type(value).__name__} {version}"
    if isinstance(value, FunctionType) and not _installed(value):
        return "\n".join(_parts(value, seen))
    kind = value if isinstance(value, type) else type(value)
    if id(kind) not in seen and _is_own(sys.modules.get(kind.__module__, kind)):
        seen.add(id(kind))
        return "\n".join([kind.__qualname__, *_members(kind, seen)])
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value).__qualname__)}"


def _members(kind: type, seen: set[int]) -> Iterator[str]:
    """Yield what a class of the user's consists of."""
    for name, value in sorted(vars(kind).items()):
        inner = getattr(value, "__func__", getattr(value, "fget", value))
        if isinstance(inner, FunctionType):
            yield from _parts(inner, seen)
        elif not name.startswith("__"):
            yield f"{name}={_described(value, seen)}"


def _installed(function: FunctionType) -> bool:
    """Whether a function belongs to a package, whose code is not the user's."""
    file = function.__code__.co_filename
    return (
        "site-packages" in file
        or file.startswith("<frozen")
        or function.__module__.partition(".")[0] in ("gatera", "re", "math")
    )


def _is_own(value: Any) -> bool:
    """Whether a value is a module of the user's: a file that is neither of a package nor of Python itself."""
    if not isinstance(value, ModuleType):
        return isinstance(value, type)  # in place of its module, which was only run
    if value.__name__.partition(".")[0] in _NOT_OWN:
        return False
    file = getattr(value, "__file__", None)
    return file is not None and "site-packages" not in file and "dist-packages" not in file
