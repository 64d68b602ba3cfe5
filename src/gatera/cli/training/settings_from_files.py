"""Settings of a training run from a file (`--config`) or from a program (`--like`). The command line wins over both."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gatera.cli.options import Invalid, Option, column_list, nearest_word
from gatera.cli.output import show_note
from gatera.core.checks import in_list, listed
from gatera.core.errors import ArgumentError, DataError
from gatera.core.files import reason
from gatera.program.description import facts_in
from gatera.program.package import read_package

#: Options that only the command line has.
ONLY_GIVEN = ("help", "debug", "config", "like", "source")

#: Options of one run that a program does not repeat, whatever it says: it may come from a stranger.
NOT_REPEATED = ("out", "report", "resume", "restart", "force", "json", "weights", "device")


def apply_chosen(options: argparse.Namespace, known: Sequence[Option]) -> None:
    """Set options that were not given on the command line from `--config`, then from `--like`.

    Args:
        options: the parsed options; `given` names those that were given.
        known: the options of the command.

    Raises:
        DataError: if the file cannot be read, or is not TOML.
        ArgumentError: if a key is unknown, or a value is not allowed; the file and the key are named.
        ProgramFileError: if the program is not usable.
    """
    usable = {name: option for option in known if option.name not in ONLY_GIVEN for name in _names(option)}
    given = set(options.given)
    if options.config is not None:
        given |= _apply(options, _read_toml(Path(options.config)), options.config, usable, given)
    if options.like is not None:
        values, left = _of_program(options.like)
        usable = {name: option for name, option in usable.items() if option.name not in NOT_REPEATED}
        applied = _apply(options, values, options.like, usable, given)
        shown = [f"{name} {values[name]}" for name in values if name in applied]
        show_note(f"Settings from {options.like}: {listed(shown) or 'none but the defaults'}." + left)


def _names(option: Option) -> list[str]:
    """Return how a file may call an option: "valid_pct" and "valid-pct", "bs" and "batch-size"."""
    flags = [flag.lstrip("-") for flag in option.flags if flag.startswith("--")]
    return list(dict.fromkeys([option.name, *flags, *(flag.replace("-", "_") for flag in flags)]))


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as err:
        raise DataError(f"{path} cannot be read ({reason(err)})", remedy="Check its name.") from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as err:
        raise DataError(
            f"{path} is not TOML ({err})", expected='lines like epochs = 3 or arch = "resnet34"'
        ) from err


def _of_program(path: str) -> tuple[dict[str, Any], str]:
    """Return the settings that a program was made with, and what is said of those that are not repeated."""
    training = facts_in(read_package(path).program, "training")
    if not isinstance(training.get("settings"), dict):
        raise ArgumentError(
            f"{path} does not say which settings it was made with", remedy="Programs made by this version of gatera train or later do."
        )  # fmt: skip
    settings = facts_in(training, "settings")
    left = [name for name in settings if name in NOT_REPEATED]
    words = f" Not repeated: {listed(left)}; pass it again." if left else ""
    return {name: value for name, value in settings.items() if name not in NOT_REPEATED}, words


def _apply(
    options: argparse.Namespace,
    values: Mapping[str, Any],
    file: str,
    known: Mapping[str, Option],
    given: set[str],
) -> set[str]:
    """Set options from values by name; return the names of those that were set."""
    applied: dict[str, str] = {}
    for key, value in values.items():
        if key not in known:
            _check_not_given_elsewhere(str(key), value, file)
            near = nearest_word(str(key), list(known))
            available = sorted({option.name.replace("_", "-") for option in known.values()})
            raise ArgumentError(
                f"{file} has an unknown setting {key!r}",
                available=None if near else listed(available, 60),
                remedy=f"Did you mean {near!r}?" if near else None,
            )  # fmt: skip
        option = known[key]
        if option.name in applied:
            raise ArgumentError(
                f"{file} sets the same setting twice, as {applied[option.name]!r} and as {key!r}", remedy="Keep one."
            )  # fmt: skip
        if option.name not in given:
            setattr(options, option.name, _converted(option, value, f"{file}: {key}"))
            applied[option.name] = key
    return set(applied)


def _check_not_given_elsewhere(key: str, value: Any, file: str) -> None:
    """Raise ArgumentError for what is not a setting of a file: a heading, and what only the command line may say."""
    if isinstance(value, dict):
        raise ArgumentError(
            f"{file} has the heading [{key}]", expected="lines such as epochs = 3, without headings",
            remedy="Remove the heading.",
        )  # fmt: skip
    if key in ONLY_GIVEN:
        where = "SOURCE" if key == "source" else f"--{key}"
        raise ArgumentError(f"{file} cannot say {key!r}", remedy=f"Give it on the command line: {where}.")


def _converted(option: Option, value: Any, where: str) -> Any:
    """Return a value as the command line would give it."""
    if option.metavar is None:
        if not isinstance(value, bool):
            raise ArgumentError(f"{where} must be true or false", got=value)
        return value
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        names = map(str, value)
        value = ",".join(map(in_list, names) if option.convert is column_list else names)
    if value is None:
        value = "none"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ArgumentError(f"{where} must be one value", got=value)
    try:
        return option.value(str(value))
    except (Invalid, ValueError) as err:
        raise ArgumentError(f"{where} {err}") from err
