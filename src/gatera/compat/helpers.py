"""Functions of fastcore that notebooks use: attributes, patches, files, loops."""

from __future__ import annotations

import builtins
import functools
import inspect
import os
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent import futures
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, get_args

from gatera.compat.lists import L, listify
from gatera.core.errors import ArgumentError
from gatera.core.progress import track

C = TypeVar("C")

#: Settings that notebooks read: the number of processors, and the rules of the `Tokenizer`.
defaults = SimpleNamespace(cpus=os.cpu_count() or 1, benchmark=True, device=None, text_proc_rules=L())


def noop(x: Any = None, *args: Any, **keywords: Any) -> Any:
    """Return the first argument."""
    return x


def store_attr(
    names: str | None = None, self: Any = None, but: str | Sequence[str] = "", cast: bool = False, **attrs: Any
) -> None:  # fmt: skip
    """Set the calling method's arguments as attributes of its `self`.

    Args:
        names: which, separated by commas; None for all.
        self: the object; by default that of the calling method.
        but: arguments to leave out.
        cast: turn each argument into the class that annotates it.
        **attrs: attributes to set in place of the arguments.
    """
    frame = inspect.currentframe()
    caller = None if frame is None else frame.f_back
    if caller is None:
        raise ArgumentError("store_attr works inside a method only")
    code, local = caller.f_code, caller.f_locals
    arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    target = local[arguments[0]] if self is None else self
    left_out = but.replace(" ", "").split(",") if isinstance(but, str) else list(but)
    if attrs:
        values = attrs
    else:
        wanted = arguments[1:] if names is None else [name.strip() for name in names.split(",")]
        values = {name: local[name] for name in wanted}
    kinds = _annotations(getattr(type(target), code.co_name, None)) if cast else {}
    for name, value in values.items():
        if name not in left_out:
            setattr(target, name, kinds[name](value) if isinstance(kinds.get(name), type) else value)


def _annotations(function: Any) -> dict[str, Any]:
    """Return the annotations of a function; a text becomes what it names, where that is known."""
    known = getattr(function, "__globals__", {})
    return {
        name: known.get(kind, getattr(builtins, kind, kind)) if isinstance(kind, str) else kind
        for name, kind in getattr(function, "__annotations__", {}).items()
    }


def delegates(to: Any = None, keep: bool = False, but: Sequence[str] | str | None = None) -> Callable[[C], C]:
    """Show the keywords of `to` in the signature of a function or class that passes them on as `**kwargs`.

    Args:
        to: the function or class that takes them; None for the base class.
        keep: leave `**kwargs` in the signature too.
        but: names to leave out.
    """

    def decorate(function: C) -> C:
        source: Any = to or function.__base__.__init__  # type: ignore[attr-defined]
        target: Any = function.__init__ if isinstance(function, type) and to is None else function  # type: ignore[misc]
        own = dict(inspect.signature(target).parameters)
        rest = own.pop("kwargs", None)
        for name, parameter in inspect.signature(source).parameters.items():
            if parameter.default is not parameter.empty and name not in own and name not in listify(but):
                own[name] = parameter.replace(kind=parameter.KEYWORD_ONLY)
        if keep and rest is not None:
            own["kwargs"] = rest
        try:
            target.__signature__ = inspect.Signature(list(own.values()))
        except ValueError:  # an order of parameters that no signature can have: it stays as it is written
            return function
        return function

    return decorate


def patch(function: Any = None, *, as_prop: bool = False, cls_method: bool = False) -> Any:
    """Add a function to the class by which its first argument is annotated.

    Raises:
        ArgumentError: if the first argument has no annotation.
    """
    if function is None:
        return functools.partial(patch, as_prop=as_prop, cls_method=cls_method)
    names = list(inspect.signature(function).parameters)
    kind = function.__annotations__.get(names[0]) if names else None
    if isinstance(kind, str):  # only this annotation is looked at: others may name what is not there yet
        kind = eval(kind, function.__globals__)
    if kind is None:
        raise ArgumentError("patch needs a first argument with an annotation", got=function.__name__,
                            remedy="Write def f(self: SomeClass).")  # fmt: skip
    patch_to(kind if isinstance(kind, tuple) else get_args(kind) or kind, as_prop, cls_method)(function)
    return getattr(sys.modules.get(function.__module__), function.__name__, None)


def patch_to(cls: Any, as_prop: bool = False, cls_method: bool = False) -> Callable[[Any], Any]:
    """Return a decorator that adds a function to a class, or to several."""

    def decorate(function: Any) -> Any:
        method: Any = property(function) if as_prop else classmethod(function) if cls_method else function
        for one in listify(cls):
            setattr(one, function.__name__, method)
        return function

    return decorate


class GetAttr:
    """Base of classes that pass on what they do not have to the attribute that `_default` names."""

    _default = "default"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == self._default:
            raise AttributeError(name)
        return getattr(getattr(self, self._default), name)


def save_pickle(fn: str | Path, o: Any) -> None:
    """Write an object with pickle. Open such files only if you wrote them: loading one runs code that it contains."""
    with Path(fn).open("wb") as file:
        pickle.dump(o, file)


def load_pickle(fn: str | Path) -> Any:
    """Read what `save_pickle` wrote. Use it for your own files only: it runs code that the file contains."""
    with Path(fn).open("rb") as file:
        return pickle.load(file)


def parallel(
    f: Callable[..., Any], items: Iterable[Any], *args: Any, n_workers: int = defaults.cpus, progress: bool = False,
    threadpool: bool = True, **keywords: Any,
) -> L:  # fmt: skip
    """Return what a function gives for each item, computed in threads.

    Args:
        f: the function.
        items: the items.
        *args: passed on to the function.
        n_workers: number of threads; 0 for none.
        progress: show a progress bar.
        threadpool: accepted for fastai's signature; threads are used in any case.
        **keywords: passed on to the function; those of fastai's pool are skipped.
    """
    pool_only = ("total", "pause", "method", "chunksize", "timeout")
    rest = {name: value for name, value in keywords.items() if name not in pool_only}
    todo = list(items)
    if n_workers < 1:
        return L([f(item, *args, **rest) for item in todo])
    with futures.ThreadPoolExecutor(n_workers) as pool:
        found: Iterable[Any] = pool.map(lambda item: f(item, *args, **rest), todo)
        return L(list(track(found, "Working", total=len(todo)) if progress else found))


def progress_bar(
    gen: Iterable[Any], total: int | None = None, leave: bool = True, display: bool = True, **keywords: Any
) -> Iterator[Any]:
    """Yield the items of an iterable with a progress bar.

    Args:
        gen: the iterable.
        total: number of items; None for its length.
        leave: accepted for fastai's signature.
        display: show the bar.
        **keywords: accepted for fastai's signature.
    """
    return iter(track(gen, "Progress", total=total) if display else gen)


def ifnone(a: Any, b: Any) -> Any:
    """Return `b` if `a` is None, else `a`."""
    return b if a is None else a


def compose(*funcs: Callable[..., Any] | None) -> Callable[..., Any]:
    """Return the function that applies others one after the other."""
    chosen = [function for function in funcs if function is not None]

    def composed(x: Any, *args: Any, **keywords: Any) -> Any:
        for function in chosen:
            x = function(x, *args, **keywords)
        return x

    return composed


def mk_class(nm: str, *fld_names: str, **flds: Any) -> type:
    """Return a new class whose attributes are its constructor's arguments."""
    names = [*fld_names, *flds]

    def init(self: Any, *args: Any, **keywords: Any) -> None:
        for name, value in [*flds.items(), *zip(names, args, strict=False), *keywords.items()]:
            setattr(self, name, value)

    return type(nm, (), {"__init__": init, "__doc__": f"{nm}: {', '.join(names)}."})


class ThreadPoolExecutor(futures.ThreadPoolExecutor):
    """A pool of threads whose `map` passes further arguments on to the function."""

    def map(  # type: ignore[override]
        self, f: Any, items: Iterable[Any], *args: Any, timeout: float | None = None, **keywords: Any
    ) -> Any:
        """Yield what a function gives for each item; further arguments are the same for all."""
        keywords.pop("chunksize", None)
        return super().map(functools.partial(_with_item_first, f, args, keywords), items, timeout=timeout)


class ProcessPoolExecutor(futures.ProcessPoolExecutor):
    """A pool of processes whose `map` passes further arguments on to the function."""

    def map(  # type: ignore[override]
        self,
        f: Any,
        items: Iterable[Any],
        *args: Any,
        timeout: float | None = None,
        chunksize: int = 1,
        **keywords: Any,
    ) -> Any:
        """Yield what a function gives for each item; further arguments are the same for all."""
        call = functools.partial(_with_item_first, f, args, keywords)
        return super().map(call, items, timeout=timeout, chunksize=chunksize)


def _with_item_first(f: Any, args: tuple[Any, ...], keywords: dict[str, Any], item: Any) -> Any:
    return f(item, *args, **keywords)
