"""Show where in photos or recordings a program's answers come from, and what units of a layer respond to."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from gatera.cli.given.program import load_program, program_path
from gatera.cli.inputs import Input
from gatera.cli.output import print_either, print_json, print_line, show_error
from gatera.cli.terminal.text import escaped
from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import ArgumentError, DataError
from gatera.core.files import short_name
from gatera.core.progress import notes_about, track
from gatera.interpret.attribution import explained_photo
from gatera.interpret.layers import find_layer
from gatera.interpret.network_of_program import check_same, subject_of_program
from gatera.interpret.occlusion_of_photos import OcclusionMap, Squares, occluded, say_what_is_not_seen
from gatera.interpret.subject import Subject, written_otherwise
from gatera.interpret.units.units import Photos, Way, units_of
from gatera.learn.arithmetic import Arithmetic

#: What is drawn for each photo, by the choice of --method.
METHODS = {
    "both": ("occlusion", "gradcam"), "occlusion": ("occlusion",), "gradcam": ("gradcam",),
    "integrated_gradients": ("integrated_gradients",),
}  # fmt: skip

#: Photos computed at once where units are looked for.
BATCH = 16


def explain_photos(options: argparse.Namespace, inputs: Sequence[Input], out: Path) -> tuple[int, int]:
    """Draw where in photos or recordings a program's answers come from; return how many there are, and how many were read.

    Raises:
        GateraError: if the program cannot be explained.
    """
    subject = subject_of_program(program_path(options.program), options.trusted)
    check_label(subject, options.label)
    for layer in filter(None, (options.units, options.layer)):  # before anything is drawn
        find_layer(subject.model, layer)
    readable, encoded = _read(subject, inputs)
    if readable:
        program = load_program(options.program, trusted=options.trusted)
        check_same(subject, program, readable[0].raw, options.program)
        files = file_names(readable)
        for each, x, name in zip(readable, encoded, files, strict=True):
            with notes_about(str(each)):
                _explain_one(subject, each, x, out / name, options)
        if options.units is not None:
            _show_units(subject, encoded, out, options)
    return len(inputs), len(readable)


def check_label(subject: Subject, label: str | None) -> None:
    """Raise ArgumentError if a label is not one of the program's; how many numbers it answers with shows later."""
    labels = [] if subject.vocab is None else list(map(str, subject.vocab))
    several = subject.vocab is None and not subject.number
    if label is not None and not several and not written_otherwise(label, labels):
        raise ArgumentError(
            "the program does not know this label", got=label, available=listed(labels) or "none",
            remedy=did_you_mean(label, labels),
        )  # fmt: skip


def _read(subject: Subject, inputs: Sequence[Input]) -> tuple[list[Input], list[torch.Tensor]]:
    """Return the inputs that can be read, and each as the network takes it; the others are reported."""
    readable, encoded = [], []
    for each in inputs:
        try:
            if each.error is not None:
                raise each.error
            x = subject.encode(each.raw)
        except DataError as err:
            show_error(each.named(err), "explain")
            continue
        readable.append(each)
        encoded.append(x)
    return readable, encoded


def file_names(inputs: Sequence[Input]) -> list[str]:
    """Return how the pictures of each input begin: its stem, cut if it is long (and its row), with a number where two have the same."""
    names: list[str] = []
    for each in inputs:
        stem = Path(each.where.get("file", "-")).stem
        stem = "input" if stem in ("", "-") else short_name(stem)
        stem += f"-{each.where['row']}" if "row" in each.where else ""
        taken, number, name = set(names), 2, stem
        while name in taken:
            name, number = f"{stem}-{number}", number + 1
        names.append(name)
    return names


def _explain_one(
    subject: Subject, each: Input, x: torch.Tensor, base: Path, options: argparse.Namespace
) -> None:
    made: dict[str, str] = {}
    facts: dict[str, Any] = {}
    label = options.label
    usual = Squares()
    squares = Squares(options.patch or usual.size, options.stride or usual.stride)
    for method in METHODS[options.method or "both"]:
        found: Any
        if method == "occlusion":
            found = say_what_is_not_seen(occluded(subject, x, label, squares))
            facts |= _facts_of(found)
        else:
            settings = {"layer": options.layer} if method == "gradcam" else {}
            found = explained_photo(subject, x, method, label, **settings)
            facts |= {"label": found.label, "answer": round(found.answer, 6)}
        made[method] = str(found.save(base.with_name(f"{base.name}-{method}.png")))
    if options.json:
        print_json({**each.where, **facts, "pictures": made})
        return
    where = ""
    if "hidden" in facts:
        top, left = facts["most_important"]
        where = f", {facts['hidden']:.4g} with the square at row {top}, column {left} hidden"
    pictures = ", ".join(map(escaped, made.values()))
    print_line(f"{escaped(each)}: {escaped(facts['label'])} {facts['answer']:.4g}{where}  {pictures}")


def _facts_of(found: OcclusionMap) -> dict[str, Any]:
    return {
        "label": found.label, "answer": round(found.whole, 6), "hidden": round(float(found.probability.min()), 6),
        "most_important": list(found.most_important), "patch": found.squares.size,
    }  # fmt: skip


def _show_units(
    subject: Subject, encoded: Sequence[torch.Tensor], out: Path, options: argparse.Namespace
) -> None:
    layer = find_layer(subject.model, options.units)

    def batches() -> Iterator[tuple[torch.Tensor]]:
        for start in range(0, len(encoded), BATCH):
            yield (torch.cat(list(encoded[start : start + BATCH])),)

    arithmetic = Arithmetic(torch.device("cpu"), "float32", fast_kernels=False)
    photos = Photos(lambda: track(list(batches()), "Looking"), lambda item: encoded[item], len(encoded))
    found = units_of(subject, photos, Way(layer, None, False, arithmetic))
    path = found.save(out / f"units-{options.units.replace('/', '-')}.png")
    print_either(
        {"units": found.layer, "channels": found.channels, "picture": str(path)},
        f"units of {escaped(found.layer)}: {len(found.channels)} channels  {escaped(path)}", options.json,
    )  # fmt: skip
