"""Labelled files (photos, recordings, texts): find them, skip those that cannot be read, report, and make loaders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gatera.core.checks import counted
from gatera.core.escape import escaped
from gatera.data.blocks.base import InputBlock
from gatera.data.blocks.batch_size import choose_batch_size
from gatera.data.blocks.category import CategoryBlock
from gatera.data.datablock import DataBlock
from gatera.data.folders.holdout import check_classes, hold_out
from gatera.data.folders.labelled import Kind, LabelledFiles, name_left_out, read_folder, skip_unreadable
from gatera.data.loading.loaders import DataLoaders
from gatera.data.sources.boxes import telling_of_boxes
from gatera.data.sources.items import BadFile
from gatera.data.sources.labels import ItemGetter
from gatera.data.sources.who_labelled import label_sources, source_columns
from gatera.data.splits.split import SET_NAMES
from gatera.recipes.events import Events
from gatera.recipes.repositories.files import repository_files
from gatera.recipes.repositories.groups import report_sources
from gatera.recipes.settings import SplitKind, TrainSettings
from gatera.recipes.splitting.files import choose_split, pattern_of_names
from gatera.recipes.splitting.given import say_share_unused
from gatera.recipes.splitting.named_in_lists import tell_of_lists

#: How many classes are named, and how many skipped files are listed one by one.
MOST_CLASSES, MOST_SKIPPED = 8, 20


def find_files(settings: TrainSettings, events: Events, kind: Kind, chooses: bool = False) -> LabelledFiles:
    """Return the labelled files of a folder, split, and report them.

    Args:
        settings: the folder, and how it is read and split.
        events: where to report.
        kind: what the files are.
        chooses: whether the training chooses something on the validation set, such as the best epoch.

    Raises:
        DataError: if something is wrong with the folder.
    """
    with telling_of_boxes(settings.source):
        labelled = repository_files(settings, events, kind) or read_folder(
            settings.source,
            kind,
            settings.label_from,
            events.on_note,
            settings.target,
            settings.class_level,
            **settings.reading,
        )
        found = name_left_out(skip_unreadable(labelled), settings.source)
        check_classes(found)
    for column in source_columns([*found.columns])[:1]:
        report_sources(label_sources(found.columns[column]), events, f"{column} of {found.table}")
    asked = settings.split is SplitKind.random or settings.group_by is not None
    if not asked and (said := tell_of_lists(found, settings.source)) is not None:
        events.on_warning(said)
    chosen = choose_split(found, settings, events)
    pattern = pattern_of_names(chosen, settings)
    found = hold_out(
        chosen,
        settings.valid_share,
        settings.seed,
        pattern,
        settings.test_pct,
        events.on_note,
        chooses,
        less_beside_test=settings.valid_pct is None,
    )
    if "valid" in chosen.split:
        say_share_unused(settings, events, found.split_by)
    copies_together = (
        settings.split is not SplitKind.random and pattern is None and "valid" not in chosen.split
    )
    found = replace(found, drawn=found.at_random if copies_together else ())
    counts = Counter(found.labels)
    shown = [f"{escaped(label)} {count:,}" for label, count in counts.most_common(MOST_CLASSES)]
    events.on_line(f"{len(found.files):,} {kind.things} of {_classes(shown, len(counts), found.layout)}")
    report_files(events, kind.things, dict(counts), found)
    return found


def report_files(events: Events, things: str, classes: Any, found: Any) -> None:
    """Report how files were split, and which were skipped.

    Args:
        events: where to.
        things: what the files are called: "photos".
        classes: the classes, for programs.
        found: `LabelledFiles` or a `MaskSet`.
    """
    report_sides(events, found.counts)
    report_skipped(events, found.skipped)
    rows = [{"file": str(file.path), "reason": file.reason} for file in found.skipped]
    facts = {"classes": classes, "layout": found.layout, "split_by": found.split_by}
    events.on_event(things, {**facts, **found.counts, "skipped": rows})


def report_sides(events: Events, counts: Mapping[str, int]) -> None:
    """Report how many items each side of the split has: "Training set: 22  Validation set: 6"."""
    said = [f"{name.capitalize()}: {counts[side]:,}" for side, name in SET_NAMES.items() if counts.get(side)]
    events.on_line("  ".join(said))


def report_skipped(events: Events, files: Sequence[BadFile]) -> None:
    """Report which files were skipped, and why."""
    if files:
        lines = [f"  {bad.reason}" for bad in files[:MOST_SKIPPED]]
        rest = f"  and {len(files) - MOST_SKIPPED:,} more; {events.all_skipped} names all"
        more = [rest] if len(files) > MOST_SKIPPED else []
        events.on_warning("\n".join(["Skipped files:", *lines, *more]))


def report_masks(events: Events, names: Sequence[str], found: Any) -> None:
    """Report photos with masks of the classes `names`; `found` is a `MaskSet`."""
    shown = _classes(names[:MOST_CLASSES], len(names), found.layout)
    events.on_line(f"{counted(len(found.photos), 'photo')} with masks of {shown}")
    report_files(events, "photos", list(names), found)


def file_loaders(
    found: LabelledFiles, block: InputBlock, settings: TrainSettings, events: Events, **transforms: Any
) -> DataLoaders:
    """Return loaders for files that are split; a batch size chosen here is reported.

    Args:
        found: the files.
        block: how they are read.
        settings: batch size, seed and device.
        events: where to report.
        **transforms: those of `DataBlock`.
    """
    splits = found.splits
    recipe = DataBlock(
        (block, CategoryBlock), splitter=lambda items: splits, get_x=ItemGetter(0), get_y=ItemGetter(1), **transforms
    )  # fmt: skip
    rows = list(zip(found.files, found.labels, strict=True))
    bs = choose_batch_size(
        block.batch_rule, settings.bs, len(splits.train), events.on_line, events.argument("bs")
    )
    return recipe.dataloaders(
        rows,
        settings.out.parent,
        bs=min(bs, len(splits.train)),
        val_bs=64,
        seed=settings.seed,
        device=settings.device,
    )


def _classes(shown: Sequence[str], n: int, layout: str) -> str:
    more = f" and {n - len(shown)} more" if n > len(shown) else ""
    return f"{n} classes ({layout}): {', '.join(shown)}{more}"
