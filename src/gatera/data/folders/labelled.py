"""Recognise a folder of labelled files: photos, recordings or texts.

Three layouts are recognised, and one more on request:

    photos/cat/1.jpg  photos/dog/2.jpg                   a folder per class, maybe with others in or above it
    photos/train/cat/1.jpg  photos/valid/dog/2.jpg       the same in train, valid (or val) and maybe test, in any case
    photos/labels.csv  photos/1.jpg  photos/2.jpg        a table of file names and labels
    photos/cat_1.jpg  photos/dog_2.jpg                   labels by a regular expression over file names
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError
from gatera.core.escape import plain_name, told_apart
from gatera.core.walk import is_hidden
from gatera.data.folders.class_folders import place_files, sides_by_folders
from gatera.data.folders.label_tables import are_folds, unread_table
from gatera.data.folders.labels_csv import TABLE, LabelledFile, find_labels, read_labels, split_by_folders
from gatera.data.folders.split_folders import Sides
from gatera.data.sources.items import BadFile, get_files, look_at_files
from gatera.data.splits.split import SIDES
from gatera.program.raw.formats.unread import unread_files, unread_sentence
from gatera.program.tables.notes import Note

#: Folders of files that have no label yet, beside those of classes: `train/unsup` of the film reviews aclImdb.
UNLABELLED = re.compile(
    r"(unsup|unsupervised|unlabell?ed|no[ _-]?labels?)([ _-](data|set|images|photos|texts|files))?"
)


@dataclass(frozen=True)
class Kind:
    """What the files of a folder are.

    Attributes:
        find: lists those below a folder, sorted; called with `on_left_out` (see `files_below`) too.
        thing: what messages call one of them; several are called the same with an s.
        endings: some of their file name endings, in words.
        read: reads one; raises DataError if it cannot.
        look: reads one as `read` does, and returns what is kept to find copies of it; None to keep nothing.
    """

    find: Callable[..., Sequence[Path]]
    thing: str
    endings: str
    read: Callable[[Path], Any]
    look: Callable[[Path], Any] | None = None

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
        table: the name of the table that has the labels; None where folders or the names of files have them.
        in_names: whether the names of files have the labels.
        skipped: files that are not used, and why.
        split_by: how the files were split, in words.
        looks: what was kept of each file to find copies; empty for nothing.
        groups: a name for each file; files of one name stay on the same side; empty where any may be held out.
        times: when each file was made, as far as its name says; empty where that does not matter.
        grouped_by: what groups them: a regular expression over names, a column, "" where none tells (folders, frames); None if nothing but copies.
        columns: the cells of the table of labels that are neither file nor label nor side, one for each file; "" for a blank one.
        at_random: the sides that were drawn at random.
        drawn: those of them where copies are not left if the training set has them, too.
    """

    files: Sequence[Path]
    labels: Sequence[str]
    split: Sequence[str]
    layout: str
    kind: Kind
    table: str | None = None
    in_names: bool = False
    skipped: Sequence[BadFile] = ()
    split_by: str = ""
    looks: Sequence[Any] = ()
    groups: Sequence[Any] = ()
    times: Sequence[Any] = ()
    at_random: Sequence[str] = ()
    drawn: Sequence[str] = ()
    grouped_by: str | None = None
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def keep(self, wanted: Iterable[int]) -> LabelledFiles:
        """Return the set with only these positions."""
        kept = list(wanted)
        per_file = ("files", "labels", "split", "looks", "groups", "times")
        whole: dict[str, Any] = {name: getattr(self, name) for name in per_file}
        chosen: dict[str, Any] = {name: [values[i] for i in kept] for name, values in whole.items() if values}
        columns = {name: [cells[i] for i in kept] for name, cells in self.columns.items()}
        return replace(self, **chosen, columns=columns)


def read_folder(
    folder: str | Path,
    kind: Kind,
    label_from: str | None = None,
    on_note: Callable[[Note], None] | None = None,
    target: str | None = None,
    class_level: int | None = None,
    **reading: Any,
) -> LabelledFiles:
    """Find the files below a folder and their labels.

    Args:
        folder: see the layouts above; folders inside it whose name starts with a dot are skipped.
        kind: which files.
        label_from: a regular expression; its first group, searched in each file's name, is the label.
        on_note: is called with each decision about labels.csv and the folders; None to warn.
        target: the column of labels.csv with the labels; None to find it.
        class_level: which folder on the way to a file names its class; see `place_files`. No table is read then, nor with `label_from`.
        **reading: how labels.csv is read; see `gatera.program.tables.reader.open_table`.

    Raises:
        DataError: if the folder is missing or empty, or no layout fits; or for what is wrong in labels.csv.
        ArgumentError: if `label_from` is not a regular expression with a group, or `reading` is about a table that is not
            used.
    """
    folder = Path(folder)
    files = kind.find(folder, on_left_out=lambda path, reason: None)  # `name_left_out` tells of them
    by_names = label_from is not None or class_level is not None
    tables = [] if by_names else find_labels(folder, files, target)
    if tables:
        rows = read_labels(folder, files, on_note, target, tables, **reading)
        return _from_table(tables, rows, kind, folder)
    _check_unused(folder, {"target": target, **reading})
    if by_names and (folder / TABLE).is_file():
        _tell([Note(f"{TABLE} is not read: labels are taken from the names as asked")], on_note)
    if not files:
        raise DataError(
            f"there are no {kind.things} in {folder}",
            expected=f"files ending in {kind.endings}, also in subfolders",
        )
    if label_from is not None:
        return _from_names(folder, files, kind, label_from)
    return _from_folders(folder, files, kind, class_level, on_note)


def name_left_out(found: LabelledFiles, folder: Path) -> LabelledFiles:
    """Add to `skipped` what else is in the folder and not read: videos, raw photos, pipes, folders that cannot be listed, classes without files."""
    left_out: list[BadFile] = []
    everything = get_files(folder, on_left_out=lambda path, reason: left_out.append(BadFile(path, reason)))
    wanted = {path.suffix.lower() for path in found.files} | {
        path.path.suffix.lower() for path in found.skipped
    }
    left_out += [
        BadFile(folder, unread_sentence(folder, what, paths))
        for what, paths in unread_files(everything, wanted)
    ]
    left_out += [
        BadFile(path, f"{path}: no {found.kind.things} in this folder, so it is not a class")
        for path in _classes_without_files(found, folder)
    ]
    return replace(found, skipped=[*found.skipped, *left_out])


def _classes_without_files(found: LabelledFiles, folder: Path) -> list[Path]:
    """Return the folders that stand beside folders of classes and hold no file of this kind."""
    labelled = zip(found.files, found.labels, strict=True)
    classes = {file.parent for file, label in labelled if file.parent.name == label}
    # folders are few, files are many
    homes = {file.parent for file in (*found.files, *(bad.path for bad in found.skipped))}
    used = homes.union(*(home.parents for home in homes))
    beside = {
        path
        for parent in {path.parent for path in classes}
        if folder in (parent, *parent.parents)
        for path in parent.iterdir()
        if path.is_dir() and not is_hidden(path.name) and not path.name.startswith("__")
    }
    return [path for path in sorted(beside - used) if not found.kind.find(path)]


def skip_unreadable(found: LabelledFiles) -> LabelledFiles:
    """Read every file once; those that cannot be read are moved to `skipped`. What `kind.look` keeps goes to `looks`.

    Raises:
        DataError: if none is left.
    """
    looks = look_at_files(
        found.files, found.kind.look or _read_only(found.kind), f"Checking {found.kind.things}"
    )
    bad = [look for look in looks if isinstance(look, BadFile)]
    if found.kind.look is not None:
        found = replace(found, looks=looks)
    kept = found.keep(i for i, look in enumerate(looks) if not isinstance(look, BadFile))
    if not kept.files:
        raise DataError(f"none of the {found.kind.count(len(found.files))} can be read, e.g. {bad[0].line}")
    return replace(kept, skipped=[*found.skipped, *bad])


def _read_only(kind: Kind) -> Callable[[Path], None]:
    """Return a function that reads a file and keeps nothing."""

    def read(path: Path) -> None:
        kind.read(path)

    return read


def first_groups(
    argument: str, pattern: str, files: Sequence[Path], columns: Collection[str] = ()
) -> list[str]:
    """Return the first group of a regular expression in the name of each file.

    Args:
        argument: the name of the argument, for messages.
        pattern: the regular expression; it may fit anywhere in the name.
        files: the files.
        columns: those of a table, which the argument may name instead; for messages.

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
            f"{argument}= has no group" + (f", and there is no column {pattern!r}" if columns else ""),
            got=None if columns else pattern, available=listed(columns) if columns else None,
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


def _check_unused(folder: Path, reading: Mapping[str, Any]) -> None:
    asked = [name for name, value in reading.items() if value != ("auto" if name == "header" else None)]
    if asked:
        raise ArgumentError(
            f"{asked[0]}= says how to read {TABLE}, and no {TABLE} in {folder} is used",
            remedy=f"Omit {asked[0]}=.",
        )


def _from_table(
    tables: Sequence[Path], rows: Sequence[LabelledFile], kind: Kind, folder: Path
) -> LabelledFiles:
    if not rows:
        raise DataError(f"{tables[0]} lists no {kind.things}")
    paths, labels, split, cells = ([*column] for column in zip(*rows, strict=True))
    by = split_by_folders(folder, [*zip(paths, labels, strict=True)], split)
    everywhere = [name for name in cells[0] if all(name in each for each in cells)]
    columns = {name: [each[name] for each in cells] for name in everywhere}
    names = listed(dict.fromkeys(table.name for table in tables))
    return LabelledFiles(
        paths, labels, split, f"labels from {names}", kind, names, split_by=by, columns=columns
    )


def _from_names(folder: Path, files: Sequence[Path], kind: Kind, label_from: str) -> LabelledFiles:
    """Take labels from the names of files; folders called train and test are those of sides all the same."""
    labels = first_groups("label_from", label_from, files)
    sides = sides_by_folders(folder, files, labels)
    *others, last = sorted({*sides.values()} - {""}, key=SIDES.index) or [""]
    named = f"{', '.join(others)} and {last} folders" if others else f"{last} folder"
    layout = f"labels from file names, {named}" if sides else "labels from file names"
    split = [sides.get(path, "") for path in files]
    return LabelledFiles(files, labels, split, layout, kind, in_names=True)


def _from_folders(
    folder: Path,
    files: Sequence[Path],
    kind: Kind,
    class_level: int | None,
    on_note: Callable[[Note], None] | None,
) -> LabelledFiles:
    placed = place_files(folder, files, kind.things, class_level)
    if placed.loose:
        _refuse_loose(folder, placed.loose, len(files), kind)
    skipped = [
        BadFile(place, _stray(place, paths, is_side, kind))
        for (place, is_side), paths in placed.stray.items()
    ]
    skipped += [
        BadFile(path, f"{path} occurs a second time, in the folder of its class.") for path in placed.copies
    ]
    skipped += _leave_unlabelled(placed.labels, kind)
    if not placed.labels:
        raise DataError(
            skipped[0].reason, expected="a folder per class in each of them",
            remedy="Move them into class folders, or pass label_from= with a regular expression over file names.",
        )  # fmt: skip
    tables = unread_table(folder, placed.labels) if class_level is None else []
    _tell([*placed.notes, *_alike(placed.labels.values()), *_folds(placed.labels.values()), *tables], on_note)
    split = [placed.sides[path] for path in placed.labels]
    layout = "a folder per class"
    if placed.is_split:
        layout = f"train and {'valid' if 'valid' in split else 'test'} folders"
    labels = list(placed.labels.values())
    return LabelledFiles(list(placed.labels), labels, split, layout, kind, skipped=skipped)


def _tell(notes: Sequence[Note], on_note: Callable[[Note], None] | None) -> None:
    for note in notes:
        if on_note is None:
            warnings.warn(str(note), stacklevel=4)
        else:
            on_note(note)


def _leave_unlabelled(labels: dict[Path, str], kind: Kind) -> list[BadFile]:
    """Take files out whose folder says that they have no label, and say so; two classes must be left."""
    named = {label for label in labels.values() if UNLABELLED.fullmatch(label.strip().lower())}
    if len(set(labels.values()) - named) < 2:
        return []
    left: dict[Path, int] = defaultdict(int)
    for path in [path for path, label in labels.items() if label in named]:
        label = labels.pop(path)
        left[next(above for above in path.parents if above.name == label)] += 1
    return [BadFile(place, _unlabelled(place, n, kind)) for place, n in left.items()]


def _unlabelled(place: Path, n: int, kind: Kind) -> str:
    return (
        f"{place} has {kind.count(n)} without a label, as its name says; rename it to train on it as a class."
    )


def _alike(labels: Iterable[str]) -> list[Note]:
    """Return a note for each pair of classes whose names differ in case or blanks only."""
    by_name: dict[str, set[str]] = defaultdict(set)
    for label in set(labels):
        by_name[plain_name(label)].add(label)
    return [
        Note(
            f"{listed(map(told_apart, sorted(names)))} are different classes, though their names are nearly the same; rename a folder to join them"
        )
        for _, names in sorted(by_name.items())
        if len(names) > 1
    ]


def _folds(labels: Iterable[str]) -> list[Note]:
    """Return a note if the classes are called as the parts of a cross-validation are."""
    names = sorted(set(labels))
    if not are_folds([Path(name) for name in names]):
        return []
    said = f"The classes are called as the parts of a cross-validation are: {listed(names, 3)}"
    return [Note(f"{said}; if the labels are elsewhere, write them into {TABLE} with the columns file,label")]


def _stray(place: Path, paths: Sequence[Path], is_side: bool, kind: Kind) -> str:
    """Return why files beside the class folders of train, valid and test are not used."""
    where = "outside the class folders" if is_side else "outside the train, valid and test folders"
    return f"{place} has {kind.count(len(paths))} {where}, e.g. {paths[0].name}."


def _refuse_loose(folder: Path, loose: Sequence[Path], n: int, kind: Kind) -> None:
    if all("\\" in path.name for path in loose):
        raise DataError(
            f"the names of {kind.count(len(loose))} in {folder} contain Windows folders, e.g. {loose[0].name}: the archive was unpacked "
            "without making folders of them",
            remedy="Unpack it again with a tool that does: unzip, for example.",
        )
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
