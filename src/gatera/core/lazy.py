"""Import modules only when a name from them is used, so that `import gatera` and `gatera --help` stay fast."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any


class LazyModule(ModuleType):
    """A stand-in for a third-party module that is imported when its first attribute is read.

    The star import of `gatera.vision.all` provides `plt` and `pd` this way, because notebooks expect them: importing
    matplotlib and pandas takes over a second, and most scripts need neither.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name, doc=f"Stand-in for {name}, imported at first use.")

    def __getattr__(self, attribute: str) -> Any:
        # Only called for attributes that are not set here, so never for __name__ and the like.
        return getattr(importlib.import_module(self.__name__), attribute)

    def __dir__(self) -> list[str]:
        return dir(importlib.import_module(self.__name__))


class LazyPattern:
    """A regular expression that is compiled at first use; compiling one costs up to 0.7 ms at import.

    Args:
        pattern: the regular expression.
        flags: as `re.compile` takes them.

    Example:
        >>> LazyPattern(r"\\s+").sub(" ", "a   b")
        'a b'
    """

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern, self.flags = pattern, flags

    def __getattr__(self, method: str) -> Any:
        if method.startswith("__"):
            raise AttributeError(method)
        found = getattr(re.compile(self.pattern, self.flags), method)
        setattr(self, method, found)  # the next use does not come here
        return found


def later(module: str, name: str) -> Any:
    """Import a module of ours and return one of its names: for methods whose code stands in a room above their class.

    Args:
        module: full name of the module.
        name: the name in it.
    """
    return getattr(importlib.import_module(module), name)


def lazy_exports(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Build the module-level `__getattr__` and `__dir__` of a package that re-exports names from heavier modules.

    Args:
        package: the package's `__name__`.
        homes: exported name -> full name of the defining module.

    Returns:
        The pair (`__getattr__`, `__dir__`), to be assigned at module level (PEP 562).
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise _no_attribute(package, name, homes)
        return getattr(importlib.import_module(homes[name]), name)

    return get, lambda: _listing(package, homes)


def lazy_face(package: str, face: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make the module-level `__getattr__` and `__dir__` of a package that offers every name of one of its modules.

    Args:
        package: the package's `__name__`.
        face: full name of the module, which lists its names in `__all__`. It is imported when the first name is read.

    Returns:
        The pair (`__getattr__`, `__dir__`), to be assigned at module level (PEP 562).
    """

    def get(name: str) -> Any:
        names: Iterable[str] = ()
        if name == "__all__" or not name.startswith("__"):
            module = importlib.import_module(face)
            names = module.__all__
            if name == "__all__" or name in names:
                return getattr(module, name)
        raise _no_attribute(package, name, names)

    return get, lambda: _listing(package, importlib.import_module(face).__all__)


def _listing(package: str, names: Iterable[str]) -> list[str]:
    """Return what `dir` shows of a package: the names that it offers, and what every module has, such as `__version__`."""
    own = vars(sys.modules[package]) if package in sys.modules else {}
    return sorted(
        {
            *names,
            *(name for name, value in own.items() if name.startswith("__") or isinstance(value, ModuleType)),
        }
    )


def _no_attribute(package: str, name: str, names: Iterable[str]) -> AttributeError:
    """Return the error for a name that a package does not have, with the one that was probably meant."""
    import difflib  # only a mistake needs it

    near = () if name.startswith("__") else difflib.get_close_matches(name, names, n=1)
    meant = f". Did you mean {near[0]!r}?" if near else ""
    return AttributeError(f"module {package!r} has no attribute {name!r}{meant}", name=name)


#: The two packages that notebooks expect after a star import; the same for every `all` module.
plt = LazyModule("matplotlib.pyplot")
pd = LazyModule("pandas")
