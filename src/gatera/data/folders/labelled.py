"""A folder of photos as people really keep it: which photos there are, what each shows, and which are held out.

Three layouts are recognised, and one more on request:

    photos/cat/1.jpg  photos/dog/2.jpg                   a folder per class
    photos/train/cat/1.jpg  photos/valid/dog/2.jpg       the same in train, valid (or val) and maybe test
    photos/labels.csv  photos/1.jpg  photos/2.jpg        a table of file names and labels
    photos/cat_1.jpg  photos/dog_2.jpg                   labels by a regular expression over file names
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import DataError
from gatera.data.sources.items import BadFile, check_photos, get_image_files
from gatera.data.sources.labels import RegexLabeller
from gatera.data.splits.by_value import TrainTestSplitter
from gatera.program.tables.reader import open_table

TRAIN_NAMES, VALID_NAMES, TEST_NAMES = (
    ("train", "training"),
    ("valid", "val", "validation"),
    ("test", "testing"),
)

#: Column names of labels.csv, in order of preference; otherwise its first two columns are taken.
FILE_COLUMNS = ("file", "filename", "file_name", "fname", "name", "image", "photo", "path")
LABEL_COLUMNS = ("label", "labels", "class", "category", "breed", "target")

TABLE = "labels.csv"


@dataclass(frozen=True)
class Kind:
    """What the files of a folder are.

    Attributes:
        find: lists those below a folder, sorted.
        thing: what messages call one of them; several are called the same with an s.
        endings: some of their endings, in words.
    """

    find: Callable[[Path], Sequence[Path]]
    thing: str
    endings: str

    @property
    def things(self) -> str:
        """What messages call several of them."""
        return f"{self.thing}s"


PHOTOS = Kind(get_image_files, "photo", ".jpg, .png, .webp")


@dataclass(frozen=True)
class PhotoSet:
    """Photos with labels, split for training.

    Attributes:
        photos: the files, sorted.
        labels: what each shows.
        split: "train", "valid" or "test" for each; "" where it has not been decided.
        bad: files that were left out, and why.
        layout: how the folder was understood, in words.
        kind: what the files are, if not photos.
    """

    photos: Sequence[Path]
    labels: Sequence[str]
    split: Sequence[str]
    layout: str
    bad: Sequence[BadFile] = ()
    kind: Kind = PHOTOS

    def indices(self, side: str) -> list[int]:
        """Return the positions of the photos on one side of the split."""
        return [i for i, name in enumerate(self.split) if name == side]

    def keep(self, wanted: Iterable[int]) -> PhotoSet:
        """Return the set with only these positions."""
        kept = list(wanted)
        pick = lambda values: [values[i] for i in kept]  # noqa: E731 - three uses in one line
        return replace(self, photos=pick(self.photos), labels=pick(self.labels), split=pick(self.split))


def read_photo_folder(folder: str | Path, label_from: str | None = None, kind: Kind = PHOTOS) -> PhotoSet:
    """Find the photos below a folder and what each of them shows.

    Args:
        folder: see the layouts above; a folder inside it whose name starts with a dot is passed over.
        label_from: a regular expression; its first group, searched in each file's name, is the label.
        kind: other files than photos, that lie in the same ways.

    Raises:
        DataError: if the folder is missing or empty, or no layout fits; or for what is wrong in labels.csv.
    """
    folder = Path(folder)
    photos = kind.find(folder)
    if label_from is not None:
        labeller = RegexLabeller(label_from)
        labels = [labeller(path.name) for path in photos]
        return _checked(folder, photos, labels, "labels from file names", kind)
    if (folder / TABLE).is_file():
        return _from_table(folder, kind)
    sides = {path.relative_to(folder).parts[0] for path in photos}
    if sides & set(TRAIN_NAMES) and sides & {*VALID_NAMES, *TEST_NAMES}:
        return _from_sides(folder, photos, kind)
    loose = [path for path in photos if path.parent == folder]
    if loose:
        _refuse_loose(folder, loose, len(photos), kind)
    return _checked(folder, photos, [path.parent.name for path in photos], "a folder per class", kind)


def hold_out(photos: PhotoSet, valid_pct: float, seed: int) -> PhotoSet:
    """Decide the split where the folder did not: the same share of every class is held out, never of the test photos.

    Args:
        photos: as read; a set that is split already is returned as it is.
        valid_pct: the share that is held out, between 0 and 1.
        seed: of the draw.

    Raises:
        DataError: if there is but one class, a class with a single photo, or fewer photos on one side than classes.
    """
    check_classes(photos)
    if "valid" in photos.split:
        return photos
    free = [index for index, side in enumerate(photos.split) if side != "test"]
    labels = [photos.labels[index] for index in free]
    _check_share(valid_pct, labels, photos.kind)
    splits = TrainTestSplitter(valid_pct, random_state=seed, stratify=labels)(free)
    split = ["test" if side == "test" else "train" for side in photos.split]
    for index in splits.valid:
        split[free[int(index)]] = "valid"
    return replace(photos, split=split)


def leave_out_bad(photos: PhotoSet) -> PhotoSet:
    """Open every photo once; those that cannot be read are left out and listed in `bad`."""
    bad = check_photos(photos.photos)
    names = {entry.path for entry in bad}
    kept = photos.keep(i for i, path in enumerate(photos.photos) if path not in names)
    if not kept.photos:
        raise DataError(
            f"none of the {len(photos.photos)} photos can be read, e.g. {bad[0].path}: {bad[0].reason}"
        )
    return replace(kept, bad=[*photos.bad, *bad])


def check_classes(photos: PhotoSet) -> None:
    """Raise DataError unless there are two classes or more, each with a photo to learn from and one to check with."""
    counts, thing, things = Counter(photos.labels), photos.kind.thing, photos.kind.things
    if len(counts) < 2:
        raise DataError(
            f"all {len(photos.labels)} {things} have the same label", got=next(iter(counts), None),
            expected="at least two classes", remedy=f"Add a folder of {things} of what it is to be told apart from.",
        )  # fmt: skip
    single = sorted(label for label, count in counts.items() if count == 1)
    if single:
        example = photos.photos[list(photos.labels).index(single[0])]
        raise DataError(
            f"the class {single[0]!r} has a single {thing} ({example})", expected=f"two {things} or more per class",
            remedy=f"One is needed to learn from and one to check with: add {things} of it, or take the class out.",
        )  # fmt: skip
    if "valid" in photos.split:
        train, valid = ({photos.labels[i] for i in photos.indices(side)} for side in ("train", "valid"))
        if unseen := sorted(valid - train):
            raise DataError(
                f"the class {unseen[0]!r} is in the validation {things} and not in the training {things}",
                expected=listed(sorted(train)), remedy=f"Add training {things} of it, or take it out of the validation.",
            )  # fmt: skip


def _check_share(valid_pct: float, labels: Sequence[str], kind: Kind) -> None:
    n, k = len(labels), len(set(labels))
    n_valid = math.ceil(valid_pct * n)
    for side, count, raise_it in (("to check with", n_valid, True), ("to learn from", n - n_valid, False)):
        if count < k:
            share = math.ceil(1000 * k / n) / 1000 if raise_it else math.floor(1000 * (n - k) / n) / 1000
            raise DataError(
                f"valid_pct={valid_pct:g} of {n} {kind.things} leaves {count} {side}, fewer than the {k} classes",
                expected="at least one of every class on either side",
                remedy=f"{'Raise' if raise_it else 'Lower'} valid_pct (--valid-pct) to {share:g}, "
                f"or add {kind.things} of every class.",
            )


def _checked(
    folder: Path, photos: Sequence[Path], labels: Sequence[str], layout: str, kind: Kind
) -> PhotoSet:
    if not photos:
        raise DataError(
            f"there are no {kind.things} in {folder}",
            expected=f"files such as {kind.endings}, also in folders",
        )
    return PhotoSet(photos, labels, [""] * len(photos), layout, kind=kind)


def _refuse_loose(folder: Path, loose: Sequence[Path], n: int, kind: Kind) -> None:
    if len(loose) == n:
        raise DataError(
            f"{folder} holds {n} {kind.things} (e.g. {loose[0].name}) and nothing says what they show",
            expected=f"a folder per class, train and valid folders, or a {TABLE} with columns file,label",
            remedy="Move them into class folders, or pass a regular expression over their names: "
            r"--label-from '^(.+)_\d+' takes cat from cat_12.jpg.",
        )
    raise DataError(
        f"{folder} holds class folders and also {len(loose)} {kind.things} beside them, e.g. {loose[0].name}",
        remedy="Move those into the folder of their class, or out of the way.",
    )


def _from_sides(folder: Path, photos: Sequence[Path], kind: Kind) -> PhotoSet:
    names = {
        n: s for s, ns in (("train", TRAIN_NAMES), ("valid", VALID_NAMES), ("test", TEST_NAMES)) for n in ns
    }
    kept, stray = [], defaultdict(list)
    for path in photos:
        top, *rest = path.relative_to(folder).parts
        if top in names and len(rest) > 1:
            kept.append(path)
        else:
            stray[folder / top if rest else folder].append(path)
    bad = [
        BadFile(place, _stray(place, paths, place != folder and place.name in names, kind))
        for place, paths in stray.items()
    ]
    if not kept:
        raise DataError(
            bad[0].reason, expected="a folder per class in each of them",
            remedy="Move them into class folders, or pass a regular expression over all names (--label-from).",
        )  # fmt: skip
    split = [names[path.relative_to(folder).parts[0]] for path in kept]
    layout = f"train and {'valid' if 'valid' in split else 'test'} folders"
    return PhotoSet(kept, [path.parent.name for path in kept], split, layout, bad, kind)


def _stray(place: Path, paths: Sequence[Path], is_side: bool, kind: Kind) -> str:
    """Say of files beside the class folders of train, valid and test that they are not used."""
    many = f"{len(paths)} {kind.things if len(paths) > 1 else kind.thing}"
    if is_side:
        return f"{place} holds {many} outside of class folders, e.g. {paths[0].name}: nothing says what they show."
    return f"{place} holds {many} that {'are' if len(paths) > 1 else 'is'} not in a train, valid or test folder, e.g. {paths[0].name}."


def _from_table(folder: Path, kind: Kind) -> PhotoSet:
    """Read labels.csv: a file, its label, and optionally a column `split` or `is_valid`."""
    table = folder / TABLE
    file = open_table(table)
    columns = file.names
    if len(columns) < 2:
        raise DataError(f"{table} needs two columns or more", got=columns, expected="file,label")
    rows = list(file.numbered_rows())
    file_column, label_column = _column(columns, FILE_COLUMNS, 0), _column(columns, LABEL_COLUMNS, 1)
    by_name = _locate(folder, table, [row[file_column] for _, row in rows], kind)
    found: dict[Path, tuple[str, str]] = {}
    for line, row in rows:
        label, path = row[label_column].strip(), by_name[row[file_column]]
        if not label:
            raise DataError(
                f"{table} has no label in line {line}, column {label_column}", got=row[file_column]
            )
        if found.setdefault(path, (label, _side(table, line, row)))[0] != label:
            raise DataError(
                f"{table} gives {row[file_column]} two labels, {found[path][0]!r} and {label!r} (line {line})",
                remedy="Keep the right one of the two lines.",
            )
    photos = sorted(found)
    split = [found[path][1] for path in photos]
    if not photos:
        raise DataError(f"{table} lists no {kind.things}")
    return PhotoSet(photos, [found[p][0] for p in photos], split, f"labels from {TABLE}", kind=kind)


def _column(columns: Sequence[str], wanted: Sequence[str], otherwise: int) -> str:
    by_lower = {column.strip().lower(): column for column in columns}
    return next((by_lower[name] for name in wanted if name in by_lower), columns[otherwise])


def _locate(folder: Path, table: Path, names: Sequence[str], kind: Kind) -> dict[str, Path]:
    """Find each file named in the table, also where the table leaves the ending out."""
    by_stem = {path.stem: path for path in kind.find(folder)}
    found = {name: folder / name if (folder / name).is_file() else by_stem.get(name) for name in names}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise DataError(
            f"{table} names {len(missing)} files that are not in {folder}: {listed(missing, 3)}",
            remedy=did_you_mean(
                missing[0], [path.name for path in by_stem.values()], "Correct the table, or add them."
            ),
        )
    return {name: path for name, path in found.items() if path is not None}


def _side(table: Path, line: int, row: dict[str, str]) -> str:
    by_lower = {
        (column or "").strip().lower(): (value or "").strip().lower() for column, value in row.items()
    }
    if "split" in by_lower:
        known = {
            n: s
            for s, ns in (("train", TRAIN_NAMES), ("valid", VALID_NAMES), ("test", TEST_NAMES))
            for n in ns
        }
        if by_lower["split"] not in known:
            raise DataError(
                f"{table} has an unknown split in line {line}",
                got=by_lower["split"],
                expected=listed(known),
            )
        return known[by_lower["split"]]
    if "is_valid" in by_lower:
        return "valid" if by_lower["is_valid"] in ("true", "1", "yes") else "train"
    return ""
