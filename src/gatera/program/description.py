"""Read and check program.json."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from gatera.core.checks import listed
from gatera.core.errors import ProgramFileError, is_library_error, shorten
from gatera.program.archive import TOKENIZER
from gatera.program.certain.certainty import Certainty, read_certainty
from gatera.program.decode import ACTIVATIONS, Decoder
from gatera.program.package import Package
from gatera.program.preprocess import Preprocessing
from gatera.program.tasks import TASKS, Activation, Task, TaskKind

#: Logits are divided by the temperature. Calibration finds values near 1.
LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 1e-3, 1e6
#: Longer labels are not names.
LONGEST_LABEL = 10_000


def facts_in(values: Any, *names: str) -> dict[str, Any]:
    """Return an object inside others, by name; empty where there is none: program.json may come from a stranger.

    Example:
        >>> facts_in({"training": {"valid": {"n": 5}}}, "training", "valid"), facts_in({"training": 3}, "training", "valid")
        ({'n': 5}, {})
    """
    for name in names:
        values = values.get(name) if isinstance(values, dict) else None
    return values if isinstance(values, dict) else {}


def read_description(package: Package) -> tuple[Preprocessing, Decoder]:
    """Return the preprocessing and the decoder of a program.

    Raises:
        ProgramFileError: if program.json lacks a part or has a value that this version does not know.
        MissingExtraError: if it needs a package that is not installed.
    """
    with _named(package):
        return _read_description(package)


def certainty_of(package: Package, vocab: list[Any]) -> Certainty:
    """Return what a program knows of how sure it is.

    Args:
        package: the program.
        vocab: its labels.

    Raises:
        ProgramFileError: if program.json has values there that do not fit.
    """
    with _named(package):
        return read_certainty(package.program.get("certainty"), vocab)


@contextmanager
def _named(package: Package) -> Iterator[None]:
    """Name the program in errors about what it holds."""
    try:
        yield
    except ProgramFileError as err:
        if str(package.path) in err.problem:
            raise
        raise ProgramFileError(
            f"{err.problem}, in program.json of {package.path}",
            got=err.got, expected=err.expected, available=err.available, remedy=err.remedy,
        ) from err  # fmt: skip
    except BaseException as err:
        # whatever a stranger wrote, and whatever a library makes of it
        if not is_library_error(err):
            raise
        raise ProgramFileError(
            f"program.json of {package.path} has values that do not fit ({shorten(str(err)) or type(err).__name__})"
        ) from err


def _read_description(package: Package) -> tuple[Preprocessing, Decoder]:
    program, where = package.program, f"program.json of {package.path}"
    entries = {name: package.read(name) for name in (TOKENIZER,) if name in package.names}
    preprocessing = Preprocessing(_part(program, "preprocess", list, where), entries)
    decode = _part(program, "decode", dict, where)
    task, activation = program.get("task"), decode.get("activation")
    _check_known("task", task, tuple(TASKS), where)
    _check_known("activation", activation, tuple(ACTIVATIONS), where)
    vocab = _vocab(decode, TASKS[cast(str, task)], where)
    decoder = Decoder(
        cast(Task, task), cast(Activation, activation), vocab,
        _threshold(decode, len(vocab), where), _number(decode, "temperature", 1.0, where),
    )  # fmt: skip
    if not decoder.temperature > 0:
        raise ProgramFileError(f"the temperature in {where} is not a number above 0", got=decoder.temperature)
    if not LOWEST_TEMPERATURE <= decoder.temperature <= HIGHEST_TEMPERATURE:
        raise ProgramFileError(
            f"the temperature in {where} is not allowed", got=decoder.temperature,
            expected=f"a number from {LOWEST_TEMPERATURE:g} to {HIGHEST_TEMPERATURE:g}",
        )  # fmt: skip
    return preprocessing, decoder


def package_info(package: Package) -> dict[str, Any]:
    """Return the content of program.json, with "path", "size" and "sha256" of the file.

    "sha256" is the hash of program.json, which holds the hashes of all other entries: files with the same hash are the same
    program. The arrays of "certainty" are skipped.
    """
    known = package.program.get("certainty")
    short = {"certainty": without_arrays(known)} if isinstance(known, dict) else {}
    return {
        "path": str(package.path),
        "size": package.size_bytes,
        "sha256": package.sha256,
        **package.program,
        **short,
    }


def without_arrays(value: Any) -> Any:
    """Return JSON data with the shape of each packed array in its place.

    Example:
        >>> without_arrays({"n": 3, "scores": {"dtype": "float32", "shape": [3], "data": "AAAA"}})
        {'n': 3, 'scores': {'dtype': 'float32', 'shape': [3]}}
    """
    if not isinstance(value, dict):
        return value
    packed = {"dtype", "shape", "data"} <= set(value)
    return {name: without_arrays(each) for name, each in value.items() if not (packed and name == "data")}


def _part(program: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    value = program.get(name)
    if not isinstance(value, kind):
        raise ProgramFileError(
            f"{where} has no valid {name!r}", got=value, expected=f"a JSON {kind.__name__}"
        )
    return value


def _check_known(name: str, value: Any, known: tuple[str, ...], where: str) -> None:
    if value not in known:
        raise ProgramFileError(
            f"{where} has an unknown {name}", got=value, expected=listed(known),
            remedy="A newer Gatera may know it: pip install -U gatera.",
        )  # fmt: skip


def _vocab(decode: Mapping[str, Any], kind: TaskKind, where: str) -> list[Any]:
    vocab = decode.get("vocab") or []
    if not isinstance(vocab, list) or (kind.needs_vocab and not vocab):
        raise ProgramFileError(f"{where} has no list of labels", got=decode.get("vocab"))
    if any(not isinstance(label, str | int | float) or len(str(label)) > LONGEST_LABEL for label in vocab):
        raise ProgramFileError(
            f"{where} has a label that is not text or a number",
            expected=f"at most {LONGEST_LABEL:,} characters",
        )
    if kind.most_labels is not None and len(vocab) > kind.most_labels:
        raise ProgramFileError(
            f"{where} has too many classes", got=len(vocab), expected=f"at most {kind.most_labels}"
        )
    return vocab if kind.needs_vocab else []


def _threshold(decode: Mapping[str, Any], n_labels: int, where: str) -> float | tuple[float, ...]:
    value = decode.get("threshold")
    if not isinstance(value, list):
        return _number(decode, "threshold", 0.5, where)
    if len(value) != n_labels or any(
        isinstance(each, bool) or not isinstance(each, int | float) for each in value
    ):
        raise ProgramFileError(
            f"invalid thresholds in {where}",
            got=value,
            expected=f"{n_labels} numbers, one per label",
        )
    return tuple(map(float, value))


def _number(decode: Mapping[str, Any], name: str, default: float, where: str) -> float:
    value = decode.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ProgramFileError(f"the {name} in {where} is not a number", got=value)
    return float(value)
