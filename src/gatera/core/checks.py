"""Check arguments, raising the errors of `core.errors`, and suggest the nearest name."""

from __future__ import annotations

import importlib
import math
import numbers
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from gatera.core.errors import ArgumentError, DataError, MissingExtraError, shorten
from gatera.core.escape import composed, escaped

Item = TypeVar("Item")

#: Longer names are not misspellings of ours.
LONGEST_NAME = 200


def nearest(name: str, options: Iterable[str]) -> str | None:
    """Return the option most like `name`, or None where nothing is close.

    Example:
        >>> nearest("resnet43", ["resnet34", "vit_small"])
        'resnet34'
    """
    if len(name) > LONGEST_NAME:  # comparing takes the square of its length
        return None
    by_lower = {option.lower(): option for option in options}
    import difflib  # only a mistake needs it

    matches = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[matches[0]] if matches else None


def name_of(source: object, thing: str) -> str:
    """Return what messages call an input: its path or file name, else how large it is.

    Args:
        source: a path, bytes, an open file, or what came instead of one.
        thing: what it should be, e.g. "a photo".

    Example:
        >>> name_of("cats/1.jpg", "a photo"), name_of(b"GIF8", "a photo"), name_of(object(), "a photo")
        ('cats/1.jpg', 'a photo of 4 bytes', 'a photo without a name')
    """
    if isinstance(source, str | Path):
        return str(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return f"{thing} of {len(source):,} bytes"
    if isinstance(source, tuple):
        return "an array"  # with its sample rate
    file = getattr(source, "filename", None) or getattr(source, "name", None)
    return str(file) if isinstance(file, str) and file else f"{thing} without a name"


def counted(n: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun.

    Args:
        n: the number.
        one: the noun for one.
        many: the noun for any other number; by default with an s.

    Example:
        >>> counted(1, "row"), counted(2000, "category", "categories")
        ('1 row', '2,000 categories')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def repeated(items: Iterable[Item]) -> list[Item]:
    """Return the items that come more than once, each of them once, in the order of their first places.

    Example:
        >>> repeated(["age", "job", "age"])
        ['age']
    """
    return [item for item, times in Counter(items).items() if times > 1]


def unique_names(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of these pairs; for `json.loads(..., object_pairs_hook=unique_names)`, which else keeps the last of a name.

    Raises:
        ValueError: if a name comes twice.

    Example:
        >>> unique_names([("age", 41), ("job", "cook")])
        {'age': 41, 'job': 'cook'}
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = repeated(name for name, _ in pairs)
        raise ValueError(f"has the same name twice in one object: {listed(twice, 5)}")
    return found


def number_text(value: float, digits: int = 6, grouped: bool = False) -> str:
    """Return a number with some digits, without an exponent where it is large but not huge.

    Args:
        value: the number.
        digits: how many digits count; of whole numbers with more than that, all are kept unless they are grouped.
        grouped: put commas between thousands, for people.

    Example:
        >>> number_text(1816731.5), number_text(33970, 3, grouped=True), number_text(0.123456789)
        ('1816732', '34,000', '0.123457')
    """
    text = f"{value:.{digits}g}"
    if "e+" not in text or abs(value) >= 1e15:
        return text
    return f"{float(text):,.0f}" if grouped else f"{value:.0f}"


def listed(options: Iterable[object], limit: int = 12) -> str:
    """Join options as 'a, b, c', cut after `limit` of them with the number of the rest; control characters are escaped."""
    names = [escaped(option) for option in options]
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def did_you_mean(name: object, options: Iterable[str], otherwise: str | None = None) -> str | None:
    """Return "Did you mean 'x'?" for the nearest option, else the sentence `otherwise`."""
    found = nearest(name, options) if isinstance(name, str) else None
    return f"Did you mean {found!r}?" if found else otherwise


def did_you_mean_file(name: str, files: Iterable[str], otherwise: str | None = None) -> str | None:
    """Return what `did_you_mean` does, for names of files: the suffix that they share makes none of them alike.

    Example:
        >>> did_you_mean_file("cast.gatera", ["cats.gatera", "b.gatera"]), did_you_mean_file("opinions.gatera", ["ms.gatera"])
        ("Did you mean 'cats.gatera'?", None)
    """
    by_stem = {Path(file).stem: file for file in sorted(files, reverse=True)}
    found = nearest(Path(name).stem, by_stem)
    return f"Did you mean {by_stem[found]!r}?" if found else otherwise


def missing_column(
    column: object, columns: Iterable[object], table: str = "the table", role: str | None = None
) -> DataError:
    """Return the error for a column that a table does not have. Every reader of tables uses it.

    Args:
        column: the requested name or position.
        columns: the table's column names.
        table: how the message refers to the table: "the table", "the row", a path.
        role: the argument that names the column, e.g. "y_names".

    Example:
        >>> str(missing_column("salry", ["age", "salary"], role="y_names"))
        "y_names: no column 'salry' in the table. Available: age, salary. Did you mean 'salary'?"
    """
    names = [str(name) for name in columns]
    problem = f"no column {column!r} in {table}"
    positions = f"Pass a column's name, or its position from 0 to {len(names) - 1}."
    otherwise = positions if _is_number(column) and names else None
    whole = next(
        (name for name in names if "," in name and str(column) in map(str.strip, name.split(","))), None
    )
    remedy: str | None
    if whole is not None and len(names) == 1 and table != "the row":
        remedy = "The whole header line is one name: say what separates the columns with delimiter=."
    elif whole is not None:  # a list of names was divided at the comma of one
        remedy = f"Did you mean {whole!r}, which has a comma in it?"
    else:
        remedy = did_you_mean(column, names, otherwise)
    return DataError(
        f"{role}: {problem}" if role else f"N{problem[1:]}",
        available=listed_columns(names) or None, remedy=remedy,
    )  # fmt: skip


def columns_alike(missing: Iterable[str], names: Iterable[Any]) -> dict[str, Any]:
    """Return the columns that are there with accents in another notation: missing column -> what it is called there."""
    there = {composed(name): name for name in names if isinstance(name, str) and not name.isascii()}
    return {column: there[composed(column)] for column in missing if composed(column) in there}


def as_called(column: str, names: Sequence[Any]) -> str:
    """Return what a table calls a column: its accents may be in another notation there. One that is not there stays as it is.

    Example:
        >>> as_called("\u00e9", ["e\u0301", "b"]) == "e\u0301", as_called("c", ["b"])
        (True, 'c')
    """
    return column if column in names else columns_alike([column], names).get(column, column)


def listed_columns(names: Iterable[object]) -> str:
    """Join names of columns as `listed` does; those that hold a comma stand in quotes.

    Example:
        >>> listed_columns(["age", "weight, kg"])
        'age, "weight, kg"'
    """
    return listed(in_list(str(name)) for name in names)


def in_list(name: str) -> str:
    """Return a name as a list of names has it: in quotes where it holds a comma.

    Example:
        >>> in_list("weight"), in_list("weight, kg")
        ('weight', '"weight, kg"')
    """
    return '"{}"'.format(name.replace('"', '""')) if set(name) & set(',"') else name


def check_choice(argument: str, value: object, options: Iterable[str]) -> None:
    """Raise ArgumentError unless `value` is one of `options`; suggest the nearest one."""
    options = list(options)
    if value not in options:
        raise ArgumentError(
            f"{argument} must be one of {listed(options)}", got=value, remedy=did_you_mean(value, options)
        )


def check_at_least(argument: str, value: float, low: float, kind: str = "number") -> None:
    """Raise ArgumentError unless `value` is a finite number of at least `low`; `kind` says which in words."""
    if not _is_number(value):
        raise ArgumentError(f"{argument} must be a {kind} of at least {low}", got=value)
    if not value >= low:
        raise ArgumentError(f"{argument} must be at least {low}", got=value)
    if value == math.inf:
        raise ArgumentError(f"{argument} must be a finite number", got=value)


def check_finite(argument: str, value: float) -> None:
    """Raise ArgumentError unless `value` is a finite number."""
    if not _is_number(value) or not math.isfinite(value):
        raise ArgumentError(f"{argument} must be a finite number", got=value)


def check_positive(argument: str, value: float) -> None:
    """Raise ArgumentError unless `value` is a finite number above 0."""
    if not _is_number(value) or not 0 < value < math.inf:
        raise ArgumentError(f"{argument} must be a finite number above 0", got=value)


def check_count(argument: str, value: float, low: int) -> None:
    """Raise ArgumentError unless `value` is a whole number of at least `low`."""
    check_at_least(argument, value, low, "whole number")
    if not isinstance(value, numbers.Integral):
        raise ArgumentError(f"{argument} must be a whole number of at least {low}", got=value)


def check_fraction(argument: str, value: float, *, open_low: bool = False, open_high: bool = False) -> None:
    """Raise ArgumentError unless `value` lies in 0..1; `open_low` and `open_high` exclude that end."""
    low_ok = _is_number(value) and (value > 0 if open_low else value >= 0)
    high_ok = low_ok and (value < 1 if open_high else value <= 1)
    if not high_ok:
        interval = f"{'(' if open_low else '['}0, 1{')' if open_high else ']'}"
        raise ArgumentError(f"{argument} must be a number in {interval}", got=value)


def percentage(value: object) -> str | None:
    """Return the share that was probably meant by a number of percent; None where it is not one.

    Example:
        >>> percentage(95), percentage("99.9%"), percentage("20"), percentage(0.5), percentage("many")
        ('0.95', '0.999', '0.2', None, None)
    """
    text = str(value).strip().removesuffix("%").rstrip()
    written = isinstance(value, str) or _is_number(value)
    if not written or not _PERCENT.fullmatch(text) or not 1 < float(text) < 100:
        return None
    return f"{float(text) / 100:.12g}"


_PERCENT = re.compile(r"[0-9]+([.][0-9]+)?")


def check_keywords(owner: str, given: Mapping[str, object], known: Iterable[str]) -> None:
    """Raise ArgumentError if a keyword is not one of `known`; suggest the nearest name.

    Args:
        owner: the function that received them, for the message.
        given: the keywords.
        known: all names that the function accepts.
    """
    known = [name for name in known if name not in ("self", "cls")]
    for name in given:
        if name not in known:
            raise ArgumentError(
                f"{owner} has no argument {name!r}", available=listed(known, limit=30),
                remedy=_meant(name, known) or did_you_mean(name, known),
            )  # fmt: skip


#: What other libraries call an argument, and our names for it, of which a function has one at most.
ELSEWHERE = {
    **dict.fromkeys(("batch_size", "batchsize", "batch"), ("bs",)),
    **dict.fromkeys(("learning_rate", "lr", "lr_max", "base_lr", "rate"), ("lr_max", "base_lr", "lr")),
    **dict.fromkeys(("epochs", "n_epochs", "num_epochs", "max_epochs"), ("n_epoch", "epochs")),
    **dict.fromkeys(("weight_decay", "decay"), ("wd",)),
    **dict.fromkeys(("momentum", "betas"), ("moms",)),
    **dict.fromkeys(("workers", "n_workers", "n_jobs"), ("num_workers", "workers")),
    **dict.fromkeys(("callbacks", "callback"), ("cbs",)),
    **dict.fromkeys(("loss", "loss_fn", "criterion"), ("loss_func",)),
    **dict.fromkeys(("optimizer", "optimiser", "opt"), ("opt_func",)),
    **dict.fromkeys(("model", "architecture", "backbone"), ("arch",)),
    **dict.fromkeys(("image_size", "img_size", "imgsz"), ("size",)),
    **dict.fromkeys(("test_size", "val_size", "validation_split", "val_split"), ("valid_pct",)),
    **dict.fromkeys(("random_state", "random_seed"), ("seed",)),
    **dict.fromkeys(("label", "y", "label_column"), ("target", "y_names")),
    **dict.fromkeys(("output", "output_path", "save_path"), ("out",)),
}


def _meant(name: str, known: Sequence[str]) -> str | None:
    """Return "Did you mean 'bs'?" for `batch_size` and other names of other libraries; None where there is no such argument."""
    found = next((ours for ours in ELSEWHERE.get(name, ()) if ours in known), None)
    return f"Did you mean {found!r}?" if found else None


def whole_number(text: str) -> int | None:
    """Return the number, 0 or more, that at most 18 ASCII digits write; None for any other text.

    `str.isdigit` lets more through than `int` reads: "²", and more than 4,300 digits, raise ValueError there.

    Example:
        >>> whole_number("042"), whole_number("²"), whole_number("-1")
        (42, None, None)
    """
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)  # numpy's numbers are Real, too


def is_missing(value: Any) -> bool:
    """Whether a cell is empty: None, NaN, pandas' NA or NaT, or an empty string.

    Example:
        >>> is_missing(float("nan")), is_missing(""), is_missing(0)
        (True, True, False)
    """
    if value is None or (isinstance(value, str) and not value):
        return True
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, sys.modules["numpy"].generic if "numpy" in sys.modules else ()):
        return bool(value != value)  # NaN of less precision, and NaT
    pandas = sys.modules.get("pandas")
    return pandas is not None and (value is pandas.NA or value is pandas.NaT)


def require(module: str, extra: str, purpose: str) -> ModuleType:
    """Import an optional third-party module, or raise an error that names the extra to install.

    Args:
        module: the module's import name, e.g. "onnx".
        extra: the extra of this package that installs it, e.g. "train".
        purpose: what it is needed for, e.g. "to export a program".

    Raises:
        MissingExtraError: if the module (or something it imports) is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as err:
        raise MissingExtraError(
            f"{module} is needed {purpose} and could not be imported ({shorten(str(err))})",
            remedy=f'Install it with: pip install "gatera[{extra}]"',
        ) from err
