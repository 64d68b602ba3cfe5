"""`@labeling_function`: a rule that votes on the class of an item."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, overload

from gatera.core.checks import did_you_mean, listed, repeated
from gatera.core.errors import ArgumentError, DataError
from gatera.core.files import sha256_file
from gatera.labeling.version import version_of

#: What a function may take, by the name of its parameter.
VIEWS = {
    "item": "the item as it is: a path, a text, a mapping, anything",
    "path": "its path",
    "photo": "the photo, as a Pillow image in RGB",
    "text": "its text: the item, or the contents of its file",
    "row": "its row, a mapping of columns to cells",
    "prediction": "what a program predicts for it; name the program in the decorator",
    "embedding": "its vector, float [D]; pass embeddings= to apply",
}

#: The version of a rule, by that which it would have with what its own answers have put into its lists and dicts.
_FILLED: dict[str, str] = {}


class LabelingFunction:
    """A rule that votes: a class, several classes, `Not(class)`, or ABSTAIN. Made by `labeling_function`.

    Attributes:
        name: the function's name.
        takes: the names of its parameters, each one of `VIEWS`.
        program: the program whose prediction it takes, a path or a loaded program.
        version: 8 hexadecimal digits, a hash of its source; see `labeling.version`. `apply` takes it again.
    """

    def __init__(self, function: Callable[..., Any], name: str | None = None, program: Any = None) -> None:
        self.function = function
        self.name = str(name or getattr(function, "__name__", type(function).__name__))
        self.takes = _parameters(function, self.name)
        self.program = program
        self.__doc__ = function.__doc__
        if "prediction" in self.takes and program is None:
            raise ArgumentError(
                f"the labelling function {self.name} takes a prediction, and no program is named",
                remedy='Write @labeling_function(program="cats.gatera").',
            )
        self.version = self._now()

    def _now(self) -> str:
        return version_of(self.function, {"program": _identity(self.program)})

    def renew(self) -> None:
        """Take the version again: since then another cell of a notebook may have changed what the function uses."""
        if self.known_only or not self.version:  # without a version, it is being renewed, and uses itself
            return
        version, self.version = self.version, ""
        try:
            now = self._now()
            version = _FILLED.get(now, now)
        finally:
            self.version = version

    def stay(self, version: str) -> None:
        """Keep the version that it had before it was asked: a list or dict of its own that its answers filled makes no other rule of it."""
        if self.known_only:
            return
        self.version = ""
        try:
            _FILLED[self._now()] = version
        finally:
            self.version = version

    @classmethod
    def remembered(cls, name: str, version: str, takes: Sequence[str]) -> LabelingFunction:
        """Return a function of which only the kept votes are known: asked about another item, it fails."""
        made = cls.__new__(cls)
        made.name, made.version, made.takes, made.program, made.function = (
            name,
            version,
            tuple(takes),
            None,
            _not_known,
        )
        return made

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<labelling function {self.name}@{self.version} of {', '.join(self.takes)}>"

    @property
    def known_only(self) -> bool:
        """Whether there are only the votes that were kept."""
        return self.function is _not_known

    @property
    def source(self) -> str:
        """What the column `source` of labels.csv says: "function:NAME@VERSION"."""
        return f"function:{self.name}@{self.version}"


@overload
def labeling_function(function: Callable[..., Any]) -> LabelingFunction: ...


@overload
def labeling_function(
    *, name: str | None = None, program: Any = None
) -> Callable[[Callable[..., Any]], LabelingFunction]: ...


def labeling_function(
    function: Callable[..., Any] | None = None, *, name: str | None = None, program: Any = None
) -> Any:
    """Turn a function into a labelling function. What it gets from each item depends on its parameters' names: see `VIEWS`.

    Args:
        function: returns a class, several in a list or set ("one of these"), `Not(class)`, or ABSTAIN (None is the same).
        name: its name in reports; that of the function by default.
        program: the program that makes `prediction`, a path or a loaded program.

    Raises:
        ArgumentError: if a parameter has another name, or the function has none.

    Example:
        >>> @labeling_function
        ... def says_awful(text):
        ...     return "negative" if "awful" in text else ABSTAIN
        >>> says_awful("an awful film")
        'negative'
    """
    if function is None:
        return lambda given: LabelingFunction(given, name, program)
    return LabelingFunction(function, name, program)


def as_functions(functions: Any) -> list[LabelingFunction]:
    """Return labelling functions with names of their own, and with the versions that they have now.

    Args:
        functions: a sequence of labelling functions; of plain functions, too.

    Raises:
        ArgumentError: if there are none, one cannot be called, or two have the same name.
    """
    given = [functions] if callable(functions) else list(functions)
    if not given:
        raise ArgumentError("there are no labelling functions")
    for each in given:
        if not callable(each):
            raise ArgumentError("functions holds something that cannot be called", got=each)
    made = [each if isinstance(each, LabelingFunction) else LabelingFunction(each) for each in given]
    for each in made:
        each.renew()
    twice = repeated(each.name for each in made)
    if twice:
        raise ArgumentError(
            f"several labelling functions are called {listed(twice)}",
            remedy='Give them names: @labeling_function(name="...").',
        )
    return made


def functions_in(namespace: dict[str, Any]) -> list[LabelingFunction]:
    """Return the labelling functions of a module, alone or in lists, in the order in which they are defined."""
    values = [
        each
        for value in namespace.values()
        for each in (value if isinstance(value, list | tuple) else [value])
    ]
    return list(dict.fromkeys(each for each in values if isinstance(each, LabelingFunction)))


def _not_known(*_: Any) -> Any:
    raise DataError(
        "no vote was kept: the function failed on it, or it is new", remedy="Run gatera label apply again."
    )


def _parameters(function: Callable[..., Any], name: str) -> tuple[str, ...]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as err:
        raise ArgumentError("a labelling function cannot be called", got=function) from err
    needed = [
        each
        for each in parameters
        if each.default is each.empty and each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)
    ]
    # a function of one parameter of any name gets the item, as in Snorkel
    if len(needed) == 1 and needed[0].name not in VIEWS and needed[0].name in ("x", "x_", "i", "value"):
        return ("item",)
    unknown = [each.name for each in needed if each.name not in VIEWS]
    if unknown or not needed:
        raise ArgumentError(
            f"the labelling function {name} has a parameter {unknown[0]!r}" if unknown else f"the labelling function {name} takes nothing",
            available=listed(VIEWS),
            remedy=did_you_mean(unknown[0] if unknown else None, VIEWS, "Name its parameter by what it should get of each item."),
        )  # fmt: skip
    return tuple(each.name for each in needed)


def _identity(program: Any) -> str:
    """Return what tells one program from another: the hash of its file."""
    if program is None:
        return ""
    if isinstance(program, str | Path):
        return sha256_file(program) if Path(program).is_file() else str(program)
    info: Any = getattr(program, "info", {})
    return (
        str(sorted((key, value) for key, value in info.items() if isinstance(value, str)))
        if isinstance(info, dict)
        else ""
    )
