"""`gatera explain`: show where in photos or recordings a program's answers come from, and what units of a layer answer to."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from gatera.cli.given.program import load_program, program_path
from gatera.cli.inputs import Input, find_inputs, first_operation
from gatera.cli.output import FAILED, notes, print_json, print_line, show_error, show_line, show_note
from gatera.cli.terminal.text import escaped
from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import ArgumentError, DataError, OutputExistsError
from gatera.core.progress import track
from gatera.interpret.attribution import explained_photo
from gatera.interpret.from_program import check_same, subject_of_program
from gatera.interpret.layers import find_layer
from gatera.interpret.occlusion import OcclusionMap, Squares, occluded
from gatera.interpret.subject import Subject
from gatera.interpret.units.units import Photos, Way, units_of
from gatera.learn.arithmetic import Arithmetic

#: What is drawn for each photo, by the choice of --method.
METHODS = {
    "both": ("occlusion", "gradcam"), "occlusion": ("occlusion",), "gradcam": ("gradcam",),
    "integrated_gradients": ("integrated_gradients",),
}  # fmt: skip

#: Photos computed at once where units are looked for.
BATCH = 16


def explain(options: argparse.Namespace) -> int:
    """Explain a program's answers to some photos.

    Returns:
        The exit status: 0, or 1 if a photo could not be read.

    Raises:
        GateraError: if the program cannot be explained, or the folder is not empty.
    """
    out = Path(options.out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())) and not options.force:
        raise OutputExistsError(
            f"{out} exists and is not empty", remedy="Pass force=True to write into it, or another folder."
        )
    inputs, things = find_inputs(
        options.inputs, first_operation(options.program), on_note=lambda note: show_note(note.for_shell())
    )
    with notes("explain"):
        subject = subject_of_program(program_path(options.program), options.trusted)
        _check_label(subject, options.label)
        if options.units is not None:
            find_layer(
                subject.model, options.units
            )  # a name that is not there is told before anything is drawn
        readable, encoded = _read(subject, inputs)
        if readable:
            program = load_program(options.program, trusted=options.trusted)
            check_same(subject, program, readable[0].raw, options.program)
            files = _file_names(readable)
            for each, x, name in zip(readable, encoded, files, strict=True):
                _explain_one(subject, each, x, out / name, options)
            if options.units is not None:
                _show_units(subject, encoded, out, options)
    failed = len(inputs) - len(readable)
    if failed and len(inputs) > 1:
        show_line(f"{failed} of {len(inputs)} {things} could not be read.")
    return FAILED if failed else 0


def _check_label(subject: Subject, label: str | None) -> None:
    labels = [] if subject.vocab is None else list(map(str, subject.vocab))
    if label is not None and label not in labels:
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
            show_error(err, "explain")
            continue
        readable.append(each)
        encoded.append(x)
    return readable, encoded


def _file_names(inputs: Sequence[Input]) -> list[str]:
    """Return how the pictures of each input begin: its stem, with a number where two have the same."""
    names: list[str] = []
    for each in inputs:
        stem = Path(str(each)).stem or "input"
        stem = "input" if stem == "-" else stem
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
    squares = Squares(options.patch, options.stride)
    for method in METHODS[options.method]:
        found: Any
        if method == "occlusion":
            found = occluded(subject, x, label, squares)
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
    if options.json:
        print_json({"units": found.layer, "channels": found.channels, "picture": str(path)})
    else:
        print_line(f"units of {escaped(found.layer)}: {len(found.channels)} channels  {escaped(path)}")
