"""What the network of a program responds to, and where in a photo its answers come from: pictures for the report page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from gatera.core.errors import DataError, ProgramFileError
from gatera.evaluate.html_report import figure_png
from gatera.evaluate.item_pictures import caption_of
from gatera.evaluate.measure_source import Measurement
from gatera.evaluate.outcomes import Outcome
from gatera.evaluate.page import to_explain
from gatera.evaluate.section import Picture, Section
from gatera.interpret.layers import stages
from gatera.interpret.network_of_program import IMAGE_STEPS, check_same, subject_of_program
from gatera.interpret.occlusion_of_photos import OcclusionMap, Squares, occluded
from gatera.interpret.subject import Subject
from gatera.interpret.units.units import Photos, Way, units_of
from gatera.learn.arithmetic import Arithmetic
from gatera.program.program import Program

#: Items that units are shown, at most, chosen evenly; channels of each layer; layers.
MOST_ITEMS, CHANNELS, LAYERS = 128, 4, 3

#: Items whose answer is explained: so many wrong ones, and so many right ones.
WRONG, RIGHT = 2, 1

#: Squares that hide a photo's parts, by its longer side: a fifth of it, moved by half of that.
PARTS = 5

#: Photos computed at once.
BATCH = 16

#: Dots per inch of the pictures: they are shown at the width of the page.
DPI = 80

UNITS = (
    "What units of early, middle and late layers respond to: on the right the patches that excite a unit most, on the left what in "
    "them excites it. Early layers see edges and colours, late ones parts of objects."
)
WHERE = (
    "Where in a photo an answer comes from: a grey square hides one part after another. The network looks where the probability falls "
    "most (dark); the frame marks the square that matters most."
)


def inside_sections(program: Program, measured: Measurement) -> list[Section]:
    """Return the sections about the inside of a program's network: [] where its inputs are not images.

    Args:
        program: the program, from its file.
        measured: the items that it was measured on.
    """
    if program.preprocess.config[0]["op"] not in IMAGE_STEPS:
        return []
    heading, path = "Inside the network", str(program.info["path"])
    try:
        subject = subject_of_program(path, trusted=True)  # it was checked when it was opened
        check_same(subject, program, measured.outcomes[0].example.raw, path)
    except ProgramFileError as err:
        return [Section(heading, [f"The network is not shown: {err.problem}."])]
    sections = [Section(heading, pictures=_units(subject, measured.outcomes), note=UNITS)]
    if program.task == "classification":
        sections.append(Section("Where it looks", pictures=_where(subject, measured.outcomes), note=WHERE))
    return sections


def _units(subject: Subject, outcomes: Sequence[Outcome]) -> list[Picture]:
    step = -(-len(outcomes) // MOST_ITEMS)
    encoded = [subject.encode(outcome.example.raw) for outcome in outcomes[::step]]
    found = stages(subject.model)
    chosen = [
        found[place] for place in sorted({len(found) * k // (LAYERS + 1) for k in range(1, LAYERS + 1)})
    ]
    arithmetic = Arithmetic(torch.device("cpu"), "float32", fast_kernels=False)

    def batches() -> Iterator[tuple[Tensor]]:
        for start in range(0, len(encoded), BATCH):
            yield (torch.cat(encoded[start : start + BATCH]),)

    pictures = []
    for stage in chosen:
        photos = Photos(batches, lambda item: encoded[item], len(encoded))
        way = Way(stage.last, None, True, arithmetic, notes=False)  # the page says it
        units = units_of(subject, photos, way, CHANNELS)
        caption = f"{len(units.channels)} units of the layer {units.layer}."
        if units.silent:
            answer = "answers" if units.silent == 1 else "answer"
            caption += f" {units.silent} more never {answer} to these items."
        pictures.append(Picture(f"Units of {units.layer}", figure_png(units.plot(), DPI), caption, wide=True))
    return pictures


def _where(subject: Subject, outcomes: Sequence[Outcome]) -> list[Picture]:
    pictures = []
    for outcome in to_explain(outcomes, WRONG, RIGHT):
        found = _occlusion(subject, outcome.example.raw)
        if found is not None:
            caption = f"{caption_of(outcome)} {found.flat_words}".rstrip()
            pictures.append(Picture(outcome.example.name, figure_png(found.plot(), DPI), caption, wide=True))
    return pictures


def _occlusion(subject: Subject, raw: Any) -> OcclusionMap | None:
    """Return the map of one item; None if it can no longer be read."""
    try:
        x = subject.encode(raw)
    except (DataError, OSError):
        return None
    size = max(1, max(x.shape[2:]) // PARTS)
    size = min(size, *x.shape[2:])
    return occluded(subject, x, None, Squares(size, max(1, size // 2)), quiet=True)
