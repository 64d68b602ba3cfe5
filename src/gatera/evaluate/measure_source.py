"""Measure a program on labelled items: find them, run it, time it."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from gatera import evaluate
from gatera.core.checks import counted, listed
from gatera.core.errors import DataError
from gatera.core.files import where_to_look
from gatera.core.threads import usable_processors
from gatera.data.folders.labels_csv import TABLE
from gatera.data.sources.items import BadFile
from gatera.evaluate.find_files import find_files_with_cells, find_labelled_files
from gatera.evaluate.find_rows import find_labelled_rows
from gatera.evaluate.items import Asked, Example, LabelledItems, groups_by
from gatera.evaluate.kept.files import holds_kept_labels
from gatera.evaluate.kept.origin import Origin, find_origin
from gatera.evaluate.outcomes import SCORES, ClassAnswers, Outcome, Report, SetAnswers, over_groups
from gatera.measure.grouped import COPIES, UNNAMED
from gatera.measure.reports.shows_lines import ShowsLines
from gatera.program.description import facts_in
from gatera.program.operations import PHOTOS, Accepts
from gatera.program.program import Program
from gatera.program.raw.row_fields import format_config, number_format
from gatera.program.tables.numbers import NumberFormat
from gatera.program.tables.packed import is_table_name

#: How many items are measured one by one for the latency, after one that warms up.
TIMED = 50

#: What an error is worth on items that the program may have been trained on; nothing tells which of them it was.
TRAINED_ON = "The program was trained on a source called {}: if these are the same items, the error on new ones may be much larger."

#: What is said of items with the column that grouped those of training.
GROUPS_UNKNOWN = "Items of one {} were kept together in training. Whether some of these are among them is unknown; trained_on= finds out."

#: The same of files, by their names; and where names alone do not tell.
FILES_UNKNOWN = "Files that belong together by their names were kept together in training. Whether such files are among them is unknown; trained_on= finds out."
TOGETHER = "Files that belong together were kept together in training. Which of these do is unknown, so the interval may be too narrow."


@dataclass(frozen=True)
class Latency:
    """How long the program takes for one item, from file to answer, measured one by one with one thread.

    Attributes:
        p50: median, in milliseconds.
        p95: 95 % of the items take less, in milliseconds.
        n: number of items measured.
        engine: what computed them.
    """

    p50: float
    p95: float
    n: int
    engine: str

    def __str__(self) -> str:
        cores = usable_processors()
        return (
            f"{self.p50:.3g} ms (median), {self.p95:.3g} ms (95 % take less); {counted(self.n, 'item')} one at a time, "
            f"{self.engine}, on one thread of {cores} processor{'s' if cores > 1 else ''}."
        )


@dataclass(frozen=True, repr=False)
class Measurement(ShowsLines):
    """A program measured on labelled items.

    Attributes:
        report: the figures.
        outcomes: the answer for every item, in the order of the items.
        items: what was measured.
        unknown: labels that the program does not know -> number of items.
        failed: items that could not be read.
        latency: how long an item takes; None if none could be read.
        seconds: how long measuring took.
        class_answers: the probabilities of the answers; None where items have no single class, or they are too many.
        features: what the program's network makes of each item, float32 [n,D]; None where the program has no features.
        set_answers: the probabilities where items have any number of labels; None for others, or too many.
    """

    report: Report
    outcomes: Sequence[Outcome]
    items: LabelledItems
    unknown: Mapping[str, int] = field(default_factory=dict)
    failed: Sequence[BadFile] = ()
    latency: Latency | None = None
    seconds: float = 0.0
    class_answers: ClassAnswers | None = None
    features: np.ndarray | None = None
    set_answers: SetAnswers | None = None

    def lines(self) -> list[str]:
        """Return the figures in words, a line each."""
        lines = self.report.lines()
        if self.unknown:
            named = listed([f"{label} ({n})" for label, n in self.unknown.items()])
            lines.append(f"Labels that the program does not know: {named}.{self._consequence()}")
        if self.items.remark:
            lines.append(self.items.remark)
        return [*lines, *([f"Time per item: {self.latency}"] if self.latency else [])]

    def _consequence(self) -> str:
        return " These items count as wrong." if hasattr(self.report, "confused") else " They are left out."

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        latency = None if self.latency is None else {
            "p50_ms": self.latency.p50, "p95_ms": self.latency.p95, "items": self.latency.n, "engine": self.latency.engine,
        }  # fmt: skip
        return {
            **self.report.to_dict(), "unknown_labels": dict(self.unknown), "latency": latency,
            "skipped": [{"file": str(bad.path), "reason": bad.reason} for bad in (*self.items.skipped, *self.failed)],
            **({"remarks": [self.items.remark]} if self.items.remark else {}),
        }  # fmt: skip


def find_items(program: Program, source: Path, asked: Asked) -> LabelledItems:
    """Return the labelled items of a folder or a table that a program can be measured on.

    Args:
        program: the program.
        source: a folder of files as training takes them, a table, a data repository, or a commit of one: `DATA@COMMIT`.
        asked: what the user says about it.

    Raises:
        DataError: if the source is missing, or holds nothing that fits.
    """
    origin = find_origin(source)
    found = _found(program, origin, asked)
    if origin.source != source:  # a commit, or the rows of a repository, laid out as files
        found = replace(found, how=f"{found.how}; {origin.words}")
    if asked.trained_on is not None:
        return _beside_training(program, found, asked.trained_on, asked)
    found = _with_groups(program, found)
    if (found.training and found.side) or not _is_of_training(program, origin):
        return found
    return replace(found, remark=TRAINED_ON.format(origin.name))


def _is_of_training(program: Program, origin: Origin) -> bool:
    """Whether the program was trained on a source of this name."""
    training = facts_in(program.info, "training")
    named = facts_in(training, "data").get("name")
    return (
        origin.facts["name"] == named
        if named and origin.facts
        else training.get("source") == origin.source.resolve().name
    )


def _with_groups(program: Program, found: LabelledItems) -> LabelledItems:
    """Return the items with what grouped those of training, and a remark where it is not known whether they share groups with it."""
    by = _grouped_by(program)
    by_names = all(isinstance(each.raw, Path) and each.group is None for each in found.examples)
    groups = groups_by(by, found.examples)
    found = replace(found, grouped_by=by, examples=_in_groups(found.examples, groups))
    if found.training or found.remark:
        return found
    if groups is not None:
        return replace(found, remark=FILES_UNKNOWN if by_names else GROUPS_UNKNOWN.format(by))
    # By what names, folders or pictures of files tell; labels may name groups themselves.
    together = "grouped_by" in facts_in(program.info, "training")
    named = any(each.group is not None for each in found.examples)
    return replace(found, remark=TOGETHER if together and not named else "")


def _in_groups(examples: Sequence[Example], groups: Sequence[Hashable] | None) -> Sequence[Example]:
    """Return files with their groups; rows have theirs in a column."""
    if groups is None or not isinstance(examples[0].raw, Path):
        return examples
    return [replace(each, group=group) for each, group in zip(examples, groups, strict=True)]


def _grouped_by(program: Program) -> str:
    """Return what kept items together when the program was trained: a column, or a regular expression over file names; "" if nothing."""
    asked = facts_in(program.info, "training", "settings").get("group_by")
    names = facts_in(program.info, "training").get("grouped_by")
    found = facts_in(program.info, "training", "valid", "over_groups").get("by")
    return next(
        (by for by in (asked, names, found) if isinstance(by, str) and by not in ("", UNNAMED, COPIES)), ""
    )


def _beside_training(program: Program, found: LabelledItems, folder: Path, asked: Asked) -> LabelledItems:
    """Return the items with those of a training set elsewhere, whose names say where they are."""
    origin = find_origin(folder)
    of_training = replace(asked, target=origin.target or asked.target, side="train", on_note=None)
    there, name = _found(program, origin, of_training), origin.name
    training = [
        replace(each, name=f"{name}/{each.name}" if isinstance(each.raw, Path) else f"{each.name} of {name}")
        for each in there.examples
    ]
    by = _grouped_by(program)
    examples = _in_groups(found.examples, groups_by(by, found.examples))
    return replace(found, examples=examples, training=training, grouped_by=by)


def _found(program: Program, origin: Origin, asked: Asked) -> LabelledItems:
    source, asked = origin.source, replace(asked, target=asked.target or origin.target)
    accepts = program.preprocess.accepts or PHOTOS
    if not source.exists():
        raise DataError(
            f"{source} does not exist",
            remedy=where_to_look(source, "Check the spelling and the folder you started from."),
        )
    of_rows, is_file = accepts.given_as == "rows", not source.is_dir()
    if of_rows or (accepts.given_as == "texts" and is_file):
        if not is_file:
            raise DataError(
                f"{source} is a folder, and the program takes rows of a table", expected="a CSV file"
            )
        made_with = facts_in(program.info, "training", "settings")
        needed = program.preprocess.reader.columns if of_rows else ()
        numbers = program.task == "regression" or _has_number_labels(program)
        return find_labelled_rows(
            source, needed, asked, made_with, numbers, _grouped_by(program), program.vocab or (), _target_format(program)
        )  # fmt: skip
    return _find_files(program, source.parent if is_file and source.name == TABLE else source, accepts, asked)


def _has_number_labels(program: Program) -> bool:
    """Whether a program's labels were read as numbers: tables may write 1000 as "1,000"."""
    return all(
        isinstance(label, int | float) and not isinstance(label, bool) for label in program.vocab or [""]
    )


def _target_format(program: Program) -> NumberFormat | None:
    """Return how the numbers to predict were written in training; None where the program does not say."""
    try:
        given = format_config(facts_in(program.info, "training", "target_format"))
    except ValueError:
        return None
    return number_format(given) if given else None


def _find_files(program: Program, folder: Path, accepts: Accepts, asked: Asked) -> LabelledItems:
    if not folder.is_dir():
        expected = f"a folder of {accepts.things} with labels, or its {TABLE}"
        what = "a table" if is_table_name(folder) else "one file"
        raise DataError(
            f"{folder} is {what}, and the program is measured on {accepts.things} with labels",
            expected=expected,
        )
    if program.task == "segmentation":
        return evaluate.find_masks(folder, program.vocab, asked)
    by = _grouped_by(program)
    if program.task == "classification":
        return find_labelled_files(folder, accepts, asked, by=by)
    ours = asked.label_from is None and asked.target is None and holds_kept_labels(folder)
    if program.task == "multilabel" and (ours or not (folder / TABLE).is_file()):
        return find_labelled_files(folder, accepts, asked, program.vocab, by)
    shape = facts_in(program.info, "model", "output").get("shape")
    last = shape[-1] if isinstance(shape, list) and shape else None
    n_out = last if isinstance(last, int) else None
    return find_files_with_cells(folder, accepts, program.task, program.vocab, n_out, asked, by)


def measure(
    program: Program,
    items: LabelledItems,
    batch_size: int | None = None,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> Measurement:
    """Run a program on labelled items.

    Args:
        program: what is measured.
        items: the items.
        batch_size: inputs computed at once; None for what takes the least time.
        progress: shows how far it is: yields what it is given.

    Raises:
        DataError: if no item can be read, or the program knows none of their labels.
    """
    started, scores = time.perf_counter(), SCORES[program.task](program)
    outcomes: list[Outcome] = []
    failed: list[BadFile] = []
    features: list[np.ndarray | None] = []
    answers = program.predict_stream(
        [example.raw for example in items.examples], batch_size, on_error="return"
    )
    for example, answer in zip(items.examples, progress(answers)):
        try:
            if answer is None or isinstance(answer, DataError):
                raise answer or DataError(f"{example.name} cannot be read")
            outcomes.append(scores.add(example, answer))
            features.append(answer.features)
        except DataError as err:
            failed.append(BadFile(Path(example.name), str(err)))
    if not outcomes:
        raise DataError(f"none of the {len(failed):,} {items.things} can be measured, e.g. {failed[0].line}")
    if program.task == "classification" and scores.unknown.total() == len(outcomes):
        raise DataError(
            "the program knows none of the labels", got=listed(scores.unknown, 6), available=listed(program.vocab, 6),
            remedy="Rename them, or name the column of the labels: target=.",
        )  # fmt: skip
    remarks = " ".join(said for said in (items.remark, scores.remark()) if said)
    return Measurement(
        over_groups(program.info, outcomes, scores.report()), outcomes, replace(items, remark=remarks), dict(scores.unknown), failed,
        measure_latency(program, [outcome.example for outcome in outcomes]), time.perf_counter() - started,
        scores.class_answers(), as_rows(features), scores.set_answers(),
    )  # fmt: skip


def as_rows(features: Sequence[np.ndarray | None]) -> np.ndarray | None:
    """Return features of items as one array, float32 [n,D]; None if any item has none."""
    known = [each for each in features if each is not None]
    return np.stack(known) if known and len(known) == len(features) else None


def measure_latency(program: Program, examples: Sequence[Example]) -> Latency | None:
    """Time a program on some items, one by one; None without items. The first, which warms up, does not count."""
    step = max(1, len(examples) // TIMED)
    chosen = [example.raw for example in examples[::step][:TIMED]]
    times = []
    for raw in [*chosen[:1], *chosen]:
        started = time.perf_counter()
        program.predict(raw)
        times.append(1000 * (time.perf_counter() - started))
    if not chosen:
        return None
    p50, p95 = np.percentile(times[1:], [50, 95])
    return Latency(float(p50), float(p95), len(chosen), program.engine.name)
