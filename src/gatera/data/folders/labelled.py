"""Recognise a folder of labelled files: photos, recordings or texts.

Three layouts are recognised, and one more on request:

    photos/cat/1.jpg  photos/dog/2.jpg                   a folder per class
    photos/train/cat/1.jpg  photos/valid/dog/2.jpg       the same in train, valid (or val) and maybe test
    photos/labels.csv  photos/1.jpg  photos/2.jpg        a table of file names and labels
    photos/cat_1.jpg  photos/dog_2.jpg                   labels by a regular expression over file names
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError
from gatera.data.folders.labels_csv import TABLE, LabelledFile, find_labels, read_labels
from gatera.data.folders.sides import SIDE_OF, TRAIN_NAMES, Sides, with_validation_set
from gatera.data.sources.items import BadFile, check_files
from gatera.data.splits.by_value import GroupSplitter, TrainTestSplitter
from gatera.program.tables.notes import Note

#: How `LabelledFiles.layout` begins where a table has the labels.
_FROM_TABLE = "labels from "


@dataclass(frozen=True)
class Kind:
    """What the files of a folder are.

    Attributes:
        find: lists those below a folder, sorted.
        thing: what messages call one of them; several are called the same with an s.
        endings: some of their file name endings, in words.
        read: reads one; raises DataError if it cannot.
    """

    find: Callable[[Path], Sequence[Path]]
    thing: str
    endings: str
    read: Callable[[Path], Any]

    @property
    def things(self) -> str:
        """What messages call several of them."""
        return f"{self.thing}s"

    def count(self, n: int) -> str:
        """Return "1 photo", "2 photos"."""
        return f"{n} {self.thing if n == 1 else self.things}"


@dataclass(frozen=True)
class LabelledFiles(Sides):
    """Files with labels, split for training.

    Attributes:
        files: the files, sorted.
        labels: the label of each.
        split: "train", "valid" or "test" for each; "" where it has not been decided.
        layout: how the folder was understood, in words.
        kind: what the files are.
        skipped: files that are not used, and why.
        split_by: how the files were split, in words.
    """

    files: Sequence[Path]
    labels: Sequence[str]
    split: Sequence[str]
    layout: str
    kind: Kind
    skipped: Sequence[BadFile] = ()
    split_by: str = ""

    def keep(self, wanted: Iterable[int]) -> LabelledFiles:
        """Return the set with only these positions."""
        kept = list(wanted)
        files, labels = [self.files[i] for i in kept], [self.labels[i] for i in kept]
        return replace(self, files=files, labels=labels, split=[self.split[i] for i in kept])


def read_folder(
    folder: str | Path,
    kind: Kind,
    label_from: str | None = None,
    on_note: Callable[[Note], None] | None = None,
    target: str | None = None,
    **reading: Any,
) -> LabelledFiles:
    """Find the files below a folder and their labels.

    Args:
        folder: see the layouts above; folders inside it whose name starts with a dot are skipped.
        kind: which files.
        label_from: a regular expression; its first group, searched in each file's name, is the label.
        on_note: is called with each decision about labels.csv; None to warn.
        target: the column of labels.csv with the labels; None to find it.
        **reading: how labels.csv is read; see `gatera.program.tables.reader.open_table`.

    Raises:
        DataError: if the folder is missing or empty, or no layout fits; or for what is wrong in labels.csv.
        ArgumentError: if `label_from` is not a regular expression with a group, or `reading` is about a table that is not
            used.
    """
    folder = Path(folder)
    files = kind.find(folder)
    tables = find_labels(folder, files) if label_from is None else []
    if tables:
        rows = read_labels(folder, files, on_note, target, tables, **reading)
        return _from_table(tables[0], rows, kind)
    _check_unused(folder, {"target": target, **reading})
    if not files:
        raise DataError(
            f"there are no {kind.things} in {folder}",
            expected=f"files ending in {kind.endings}, also in subfolders",
        )
    if label_from is not None:
        labels = first_groups("label_from", label_from, files)
        return LabelledFiles(files, labels, [""] * len(files), "labels from file names", kind)
    tops = {path.relative_to(folder).parts[0] for path in files}
    if tops & set(TRAIN_NAMES) and tops & {name for name, side in SIDE_OF.items() if side != "train"}:
        return _from_sides(folder, files, kind)
    loose = [path for path in files if path.parent == folder]
    if loose:
        _refuse_loose(folder, loose, len(files), kind)
    return LabelledFiles(
        files, [path.parent.name for path in files], [""] * len(files), "a folder per class", kind
    )


def skip_unreadable(found: LabelledFiles) -> LabelledFiles:
    """Read every file once; those that cannot be read are moved to `skipped`.

    Raises:
        DataError: if none is left.
    """
    bad = check_files(found.files, found.kind.read, f"Checking {found.kind.things}")
    unreadable = {entry.path for entry in bad}
    kept = found.keep(i for i, path in enumerate(found.files) if path not in unreadable)
    if not kept.files:
        raise DataError(
            f"none of the {found.kind.count(len(found.files))} can be read, e.g. {bad[0].path}: {bad[0].reason}"
        )
    return replace(kept, skipped=[*found.skipped, *bad])


def hold_out(found: LabelledFiles, valid_pct: float, seed: int, group_by: str | None = None) -> LabelledFiles:
    """Choose a validation set, unless the folder has one; the test set stays as it is.

    Args:
        found: as read.
        valid_pct: the share of every class to hold out, between 0 and 1.
        seed: of the random choice.
        group_by: a regular expression; files whose names have the same first group (a speaker, an animal) are held out
            together, so that the shares are those of the groups.

    Raises:
        DataError: if there are too few classes, files or groups for a training and a validation set.
        ArgumentError: if `group_by` is not a regular expression with a group, or the folder has a validation set.
    """
    check_classes(found)
    if "valid" in found.split:
        if group_by is not None:
            raise ArgumentError(
                "group_by= chooses a validation set, but the folder already has one", got=group_by,
                remedy=f"Omit group_by=, or move the {found.kind.things} out of the train and valid folders.",
            )  # fmt: skip
        table = found.layout.removeprefix(_FROM_TABLE) if found.layout.startswith(_FROM_TABLE) else None
        by = "by the folders train and valid" if table is None else f"by {table}"
        return replace(found, split_by=by)
    if group_by is not None:
        return _hold_out_groups(found, valid_pct, seed, group_by)

    def by_class(others: Sequence[int]) -> Any:
        labels = [found.labels[index] for index in others]
        _check_share(valid_pct, labels, found.kind)
        return TrainTestSplitter(valid_pct, random_state=seed, stratify=labels)(others)

    words = f"{valid_pct:.0%} of every class at random, seed {seed}"
    return replace(found, split=with_validation_set(found.split, by_class), split_by=words)


def _hold_out_groups(found: LabelledFiles, valid_pct: float, seed: int, group_by: str) -> LabelledFiles:
    groups = first_groups("group_by", group_by, found.files)

    def by_group(others: Sequence[int]) -> Any:
        return GroupSplitter([groups[index] for index in others], valid_pct, seed)(others)

    held_out = replace(found, split=with_validation_set(found.split, by_group))
    names = sorted({groups[index] for index in held_out.indices("valid")})
    return replace(held_out, split_by=f"by whole groups ({listed(names)} held out)")


def first_groups(argument: str, pattern: str, files: Sequence[Path]) -> list[str]:
    """Return the first group of a regular expression in the name of each file.

    Args:
        argument: the name of the argument, for messages.
        pattern: the regular expression; it may fit anywhere in the name.
        files: the files.

    Raises:
        ArgumentError: if it is not a regular expression, or has no group.
        DataError: if it does not fit a name.
    """
    try:
        expression = re.compile(pattern)
    except re.error as err:
        raise ArgumentError(f"{argument}= is not a regular expression ({err})", got=pattern) from err
    if not expression.groups:
        raise ArgumentError(
            f"{argument}= has no group", got=pattern,
            remedy=r"Put parentheses around the part to take, as in '^(.+)_\d+'.",
        )  # fmt: skip
    found = [expression.search(path.name) for path in files]
    for path, match in zip(files, found, strict=True):
        if match is None or match.group(1) is None:
            raise DataError(
                f"{argument}= does not match the file name {path.name!r}", expected=f"a name that matches {pattern!r}",
                remedy="Change the regular expression, or remove the file.",
            )  # fmt: skip
    return [match.group(1) for match in found if match is not None]


def check_classes(found: LabelledFiles) -> None:
    """Raise DataError unless there are at least two classes, each with a file to train on and one to validate on."""
    counts, kind = Counter(found.labels), found.kind
    if len(counts) < 2:
        raise DataError(
            f"all {kind.count(len(found.labels))} have the label {next(iter(counts), None)!r}",
            expected="at least two classes", remedy=f"Add a folder with {kind.things} of another class.",
        )  # fmt: skip
    single = sorted(label for label, count in counts.items() if count == 1)
    if single:
        example = found.files[list(found.labels).index(single[0])]
        raise DataError(
            f"the class {single[0]!r} has only one {kind.thing} ({example})",
            expected=f"at least two {kind.things} per class, one for training and one for validation",
            remedy=f"Add {kind.things} of the class, or remove it.",
        )
    if "valid" in found.split:
        train, valid = ({found.labels[i] for i in found.indices(side)} for side in ("train", "valid"))
        if unseen := sorted(valid - train):
            raise DataError(
                f"the class {unseen[0]!r} is in the validation set but not in the training set",
                available=listed(sorted(train)),
                remedy=f"Add training {kind.things} of it, or remove it from the validation set.",
            )


def _check_share(valid_pct: float, labels: Sequence[str], kind: Kind) -> None:
    n, k = len(labels), len(set(labels))
    n_valid = math.ceil(valid_pct * n)
    for side, count, raise_it in (("validation", n_valid, True), ("training", n - n_valid, False)):
        if count < k:
            share = math.ceil(1000 * k / n) / 1000 if raise_it else math.floor(1000 * (n - k) / n) / 1000
            raise DataError(
                f"with valid_pct={valid_pct:g}, the {side} set would have {count} of {n} {kind.things}, fewer than "
                f"there are classes ({k})",
                expected=f"at least one {kind.thing} of every class",
                remedy=f"{'Raise' if raise_it else 'Lower'} valid_pct= to {share:g}, or add {kind.things} of every class.",
            )


def _check_unused(folder: Path, reading: Mapping[str, Any]) -> None:
    asked = [name for name, value in reading.items() if value != ("auto" if name == "header" else None)]
    if asked:
        raise ArgumentError(
            f"{asked[0]}= says how to read {TABLE}, and no {TABLE} in {folder} is used",
            remedy=f"Omit {asked[0]}=.",
        )


def _from_table(table: Path, rows: Sequence[LabelledFile], kind: Kind) -> LabelledFiles:
    if not rows:
        raise DataError(f"{table} lists no {kind.things}")
    paths, labels, split = ([*column] for column in zip(*rows, strict=True))
    return LabelledFiles(paths, labels, split, f"{_FROM_TABLE}{table.name}", kind)


def _from_sides(folder: Path, files: Sequence[Path], kind: Kind) -> LabelledFiles:
    kept, stray = [], defaultdict(list)
    for path in files:
        top, *rest = path.relative_to(folder).parts
        if top in SIDE_OF and len(rest) > 1:
            kept.append(path)
        else:
            stray[folder / top if rest else folder].append(path)
    skipped = [
        BadFile(place, _stray(place, paths, place != folder and place.name in SIDE_OF, kind))
        for place, paths in stray.items()
    ]
    if not kept:
        raise DataError(
            skipped[0].reason, expected="a folder per class in each of them",
            remedy="Move them into class folders, or pass label_from= with a regular expression over file names.",
        )  # fmt: skip
    split = [SIDE_OF[path.relative_to(folder).parts[0]] for path in kept]
    layout = f"train and {'valid' if 'valid' in split else 'test'} folders"
    return LabelledFiles(kept, [path.parent.name for path in kept], split, layout, kind, skipped)


def _stray(place: Path, paths: Sequence[Path], is_side: bool, kind: Kind) -> str:
    """Return why files beside the class folders of train, valid and test are not used."""
    where = "outside the class folders" if is_side else "outside the train, valid and test folders"
    return f"{place} has {kind.count(len(paths))} {where}, e.g. {paths[0].name}."


def _refuse_loose(folder: Path, loose: Sequence[Path], n: int, kind: Kind) -> None:
    if len(loose) == n:
        raise DataError(
            f"{folder} has {kind.count(n)} (e.g. {loose[0].name}) but no labels for them",
            expected=f"a folder per class, train and valid folders, or a {TABLE} with the columns file,label",
            remedy="Move them into class folders, or pass a regular expression over their names: "
            r"label_from='^(.+)_\d+' takes cat from cat_12.jpg.",
        )
    raise DataError(
        f"{folder} has class folders and also {kind.count(len(loose))} beside them, e.g. {loose[0].name}",
        remedy="Move those into the folder of their class, or elsewhere.",
    )
