"""The version of a function: a hash of its source and of what that uses."""

from __future__ import annotations

import ast
import builtins
import datetime
import dis
import functools
import hashlib
import inspect
import operator
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MethodType,
    MethodWrapperType,
    ModuleType,
)
from typing import Any

import numpy as np

#: Digits of a version.
DIGITS = 8

#: Where Python's own modules are.
_LIBRARY = f"{Path(os.__file__).parent}{os.sep}"

#: Values that are their own description.
PLAIN = (
    str, bytes, bytearray, bool, int, float, complex, type(None), re.Pattern, Path, range, Decimal, Fraction,
    datetime.date, datetime.time, datetime.timedelta,
)  # fmt: skip

#: Functions made of values.
_MADE = (operator.itemgetter, operator.attrgetter, operator.methodcaller)

#: What Python itself writes into every module: where a file is and what it is called decide nothing.
_OF_MODULES = {"__file__", "__cached__", "__path__", "__builtins__", *vars(ModuleType(""))}

#: What every function of `functools.singledispatch` runs.
_DISPATCHER = getattr(functools.singledispatch(print), "__code__")  # noqa: B009


def version_of(function: Callable[..., Any], settings: Mapping[str, Any] | None = None) -> str:
    """Return the version of a function: 8 hexadecimal digits.

    It changes with the function's code, with the functions and classes of the user's own that it uses, also those of another file, with
    the plain values (text, numbers, lists, patterns, arrays) that it reads from there or closes over, and with the version of packages
    that it uses. An object that is itself the function counts with what it holds. Comments, blank lines and docstrings do not count, nor
    does what other objects hold: a list of calls, say.

    Args:
        function: the function.
        settings: further values that decide what it answers.
    """
    parts = [
        *_parts(function, set()),
        *_held(_rule_of(function), set()),
        *(f"{name}={_described(value, set())}" for name, value in (settings or {}).items()),
    ]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def _parts(function: Callable[..., Any], seen: set[int]) -> Iterator[str]:
    """Yield what a function consists of; each further function once."""
    if not isinstance(function, FunctionType) or _dispatches(function):
        yield _described(function, seen)
        return
    if id(function) in seen:
        return
    seen.add(id(function))
    yield _source(function.__code__)
    for name, value in sorted(_used(function).items()):
        yield f"{name}={_described(_beside(value, function), seen)}"


def _beside(value: Any, function: FunctionType) -> Any:
    """Return a path below the folder of a function's file without this folder, which is another on each machine; other values as they are."""
    if isinstance(value, Path):
        folder = Path(function.__code__.co_filename).absolute().parent
        for each in (folder, folder.resolve()):
            if value.is_relative_to(each):
                return value.relative_to(each)
    return value


@functools.cache  # its file may have changed since it was read
def _source(code: CodeType) -> str:
    """Return a function's code as text without comments and docstring; where there is no source, its instructions."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (OSError, TypeError, SyntaxError, IndentationError):  # typed at a prompt, or part of a line
        return _instructions(code)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    if not found:
        return _instructions(code)  # a lambda's line may hold others
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
        f"{step.opname} {_described(step.argval, set()) if isinstance(step.argval, frozenset) else step.argrepr}"
        for step in dis.get_instructions(code)
        if not inspect.iscode(step.argval)
    ]
    return "\n".join([*lines, *(_instructions(inner) for inner in code.co_consts if inspect.iscode(inner))])


def _used(function: FunctionType) -> dict[str, Any]:
    """Return what a function reads from its module and closes over, and its defaults, by name."""
    names = set(_names(function.__code__)) - _OF_MODULES
    world = {name: function.__globals__[name] for name in names if name in function.__globals__}
    closed = inspect.getclosurevars(function).nonlocals if function.__closure__ else {}
    defaults = {f"default {i}": value for i, value in enumerate(function.__defaults__ or ())}
    used = {**world, **closed, **defaults, **(function.__kwdefaults__ or {})}
    modules, entered = [*used.items()], set[int]()
    for called, module in modules:
        if isinstance(module, ModuleType) and _is_own(module) and id(module) not in entered:
            entered.add(id(module))
            found = {f"{called}.{name}": vars(module)[name] for name in sorted(names & vars(module).keys())}
            used |= found
            modules += found.items()
    # a name of Python's own may be the user's: a default called max, or what a closure calls id
    return {name: value for name, value in used.items() if vars(builtins).get(name, used) is not value}


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if inspect.iscode(inner):
            yield from _names(inner)


def _described(value: Any, seen: set[int]) -> str:
    """Return a value in words that do not change from run to run."""
    if isinstance(value, re.Pattern) and repr(value.pattern) not in repr(value):
        return f"{value!r} {value.pattern!r}"  # Python shows the first 200 characters of a pattern
    if isinstance(value, PLAIN):
        return repr(value)
    if isinstance(value, list | tuple | set | frozenset | Mapping) and value is not os.environ:
        return _several(value, seen)
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, np.ndarray):
        return _array(value, seen)
    if isinstance(value, ModuleType):
        return f"{value.__name__} {getattr(value, '__version__', '')}"
    if (version := _own_version(value)) is not None:
        return f"{type(value).__name__} {version}"
    if (parts := _parts_of_method(value)) is not None:
        return _described(parts, seen)
    if isinstance(value, FunctionType) and not _is_packaged(value.__module__, value.__code__.co_filename):
        return "\n".join(_parts(value, seen))
    if id(value) not in seen and callable(getattr(value, "__wrapped__", None)):  # lru_cache and others
        seen.add(id(value))
        found = f"{_called(value)} {_described(value.__wrapped__, seen)}"
        return "\n".join([found, *_by_type(value, seen)])
    kind = value if isinstance(value, type) else type(value)
    kinds = [each for each in kind.__mro__ if id(each) not in seen and _is_users(each)]
    seen.update(map(id, kinds))
    return "\n".join([_called(value), *(line for each in kinds for line in _members(each, seen))])


def _several(values: Any, seen: set[int]) -> str:
    """Return what is in a list, set or mapping in words; one that holds itself is described once."""
    if id(values) in seen:
        return _called(values)
    seen.add(id(values))
    try:
        if isinstance(values, Mapping):
            return (
                f"{{{', '.join(f'{_described(k, seen)}: {_described(v, seen)}' for k, v in values.items())}}}"
            )
        if isinstance(values, set | frozenset):  # in any order: what two of them use is said of both
            return f"{{{', '.join(sorted(_described(each, {*seen}) for each in values))}}}"
        return f"[{', '.join(_described(each, seen) for each in values)}]"
    finally:
        seen.discard(id(values))


def _own_version(value: Any) -> str | None:
    """Return the version that an object says it has, as another labelling function or an asked model does; None for any other."""
    if callable(renew := getattr(value, "renew", None)) and type(value).__module__.startswith("gatera."):
        renew()
    version = getattr(value, "version", None)
    return version if isinstance(version, str) else None


def _parts_of_method(value: Any) -> list[Any] | None:
    """Return what a method, or a function made of values, consists of; None for any other value."""
    if isinstance(value, MethodType):
        return [value.__func__, value.__self__]
    if isinstance(value, BuiltinFunctionType | MethodWrapperType):
        of_module = isinstance(value.__self__, ModuleType | type(None))
        return None if of_module else [value.__name__, value.__self__]  # such as re.compile("a").search
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    return [*value.__reduce__()] if isinstance(value, _MADE) else None


def _by_type(function: Any, seen: set[int]) -> Iterator[str]:
    """Yield what a function of `functools.singledispatch` calls for each type, if it is the user's, in whatever order they were given."""
    of = function.__wrapped__
    if not _dispatches(function) or (
        isinstance(of, FunctionType) and _is_packaged(of.__module__, of.__code__.co_filename)
    ):
        return
    for kind in sorted(function.registry, key=_called):
        yield f"{_called(kind)}: {_described(function.registry[kind], seen)}"


def _dispatches(function: Any) -> bool:
    return getattr(function, "__code__", None) is _DISPATCHER


def _rule_of(function: Any) -> Any:
    """Return the object that a function is, or whose method it is."""
    while isinstance(function, functools.partial | MethodType):
        function = function.func if isinstance(function, functools.partial) else function.__self__
    return function


def _held(value: Any, seen: set[int]) -> Iterator[str]:
    """Yield what an object of the user's classes holds, and what such objects in it do: the settings of a rule."""
    if isinstance(value, list | tuple | Mapping):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _held(each, seen)
        return
    own = not isinstance(value, type | Enum | FunctionType) and any(map(_is_users, type(value).__mro__))
    if not own or id(value) in seen or _own_version(value) is not None:
        return
    seen.add(id(value))
    slots = (name for kind in type(value).__mro__ for name in _slots(kind))
    held = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    for name, each in sorted((held | getattr(value, "__dict__", {})).items()):
        if isinstance(getattr(type(value), name, None), functools.cached_property):
            continue  # it is made of the others, once it was asked for
        yield f"{name}={_described(each, set())}"
        yield from _held(each, seen)


def _slots(kind: type) -> list[str]:
    """Return the names of a class's slots, as attributes have them."""
    slots = vars(kind).get("__slots__", ())
    names = [name for name in ([slots] if isinstance(slots, str) else slots) if not name.endswith("__")]
    return [f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") else name for name in names]


def _array(value: np.ndarray, seen: set[int]) -> str:
    if value.dtype.hasobject:
        return _described(value.tolist(), seen)
    return f"{value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"


def _called(value: Any) -> str:
    """Return a value in words that say nothing of what it consists of."""
    if isinstance(value, PLAIN):
        return repr(value)
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value).__qualname__)}"


def _members(kind: type, seen: set[int]) -> Iterator[str]:
    """Yield what a class of the user's consists of, without what Python adds, which its next version may do otherwise."""
    if issubclass(kind, Enum):
        yield from (f"{name}={_described(each.value, seen)}" for name, each in kind.__members__.items())
    for name, each in vars(kind).get("__dataclass_fields__", {}).items():
        yield f"{name}: {_described(each.default_factory, seen)}"
    for name, value in sorted(vars(kind).items()):
        parts = [
            getattr(value, part, None) for part in ("__func__", "__wrapped__", "func", "fget", "fset", "fdel")
        ]
        functions = [each for each in (value, *parts) if isinstance(each, FunctionType)]
        for function in functions:
            file = function.__code__.co_filename
            if not file.startswith("<string>") and not _is_packaged(function.__module__, file):
                yield from _parts(function, seen)
        if isinstance(value, functools.singledispatchmethod):
            yield f"{name}: {_described(value.dispatcher, seen)}"
        added = (name.startswith("_") and name.endswith("_")) or name in vars(kind).get("_fields", ())
        if not functions and not added and type(value) is not kind:
            yield f"{name}={_described(value, seen)}"


def _is_users(kind: type) -> bool:
    """Whether a class is the user's."""
    module = sys.modules.get(kind.__module__)
    return module is None or _is_own(module)  # a file that was only run is no module


def _is_own(module: ModuleType) -> bool:
    """Whether a module is the user's."""
    if module.__name__ == "__main__":  # in a notebook it has no file
        return True
    file = getattr(module, "__file__", None)
    return file is not None and not _is_packaged(module.__name__, file)


def _is_packaged(module: str | None, file: str) -> bool:
    """Whether code belongs to a package, or to Python itself."""
    return (
        (module or "").partition(".")[0] == "gatera"
        or file.startswith((_LIBRARY, "<frozen"))
        or "site-packages" in file
        or "dist-packages" in file
    )
