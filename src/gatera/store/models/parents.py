"""What a program file says of itself: its task, its figures, and what it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatera.program.description import facts_in
from gatera.program.package import Package
from gatera.store.models.version import Parents

#: Longer texts of a program file are not taken over.
LONGEST_FACT = 1000

#: Figures that say how good a program is, where reports of training have them, and their names here.
FIGURES = {"error": "error", "mse": "mse", "mean_iou": "mean_iou", "n": "items"}


def figures_of(package: Package) -> dict[str, float]:
    """Return the figures of the test set, or else of the validation set, or of the last epoch, by name."""
    training = facts_in(package.program, "training")
    for side in ("test", "valid"):
        found = {FIGURES[name]: value for name, value in facts_in(training, side).items() if name in FIGURES}
        if numbers := _numbers(found):
            return numbers
    row = facts_in(training, "last_epoch") or training
    return {
        name: value
        for name, value in _numbers(row).items()
        if name not in ("epoch", "time", "seed", "n_train")
    }


def parents_of(package: Package) -> Parents:
    """Return what a program was made from, as far as its file says it."""
    program = package.program
    training = facts_in(program, "training")
    data = _facts(facts_in(training, "data"))
    source = training.get("source")
    if isinstance(source, str) and "name" not in data:
        data["name"] = source[:LONGEST_FACT]
    if type(training.get("n_train")) is int and "items" not in data:
        data["items"] = str(training["n_train"])
    code = {"gatera": program["gatera"]} if isinstance(program.get("gatera"), str) else {}
    code |= _facts(facts_in(program, "versions")) | _facts(facts_in(training, "code"))
    weights = training.get("weights")
    about = {"source": weights} if isinstance(weights, str) else weights if isinstance(weights, dict) else {}
    return Parents(data, code, _facts(about))


def _facts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts and numbers of an object as texts; those of an object inside as "sources: ann"."""
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= {f"{name}: {inner}": text for inner, text in _facts(value).items()}
        elif isinstance(value, str | int | float) and value != "":
            found[str(name)[:200]] = str(value)[:LONGEST_FACT]
    return dict(list(found.items())[:50])


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: value for name, value in values.items() if isinstance(value, int | float) and not isinstance(value, bool)
    }  # fmt: skip
