"""Where the tables of labels of a folder stand: `labels.csv` or another name, beside the files or in folders further down."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from gatera.core.errors import DataError
from gatera.data.folders.label_columns import LABEL_COLUMNS, file_column, find_label_columns
from gatera.data.folders.named_files import NamedFiles
from gatera.data.folders.split_folders import SIDE_OF, side_and_rest, sides_among
from gatera.program.tables.notes import Note
from gatera.program.tables.packed import is_table_name
from gatera.program.tables.reader import open_table

TABLE = "labels.csv"

#: What a table of labels is called where it is not `labels.csv`: by Hugging Face's image folders (there in the folder of a
#: side, too), and by data sets on Kaggle. It must name the files beside it.
OTHER_TABLES = ("labels.csv.gz", "labels.tsv", "labels.xlsx", "metadata.csv", "metadata.jsonl", "train.csv", "train_labels.csv")  # fmt: skip

#: Folders beside the files in which data sets keep their tables: ESC-50's meta/esc50.csv, UrbanSound8K's metadata/UrbanSound8K.csv.
META_FOLDERS = ("meta", "metadata", "annotations")

#: Folders of a cross-validation, which name no class.
_FOLD = re.compile(r"fold[ _-]?\d+", re.IGNORECASE)

#: Names of files that show whether a table of another name is about them.
_TRIED = 20


def find_labels(folder: Path, files: Sequence[Path], target: str | None = None) -> list[Path]:
    """Return the tables of labels of a folder: `labels.csv`, else one for each side, else another that names files, else those in the files' folders.

    Args:
        folder: where to look.
        files: the files below it.
        target: the column of the labels; None where it is to be found.

    Raises:
        DataError: if some of the folders inside have a table of labels and others do not.
    """
    if (folder / TABLE).is_file():
        return [folder / TABLE]
    named = NamedFiles(folder, files)
    if split := _one_for_each_side(named, target):
        return split
    for name in OTHER_TABLES:
        if _names_files(folder / name, named):
            return [folder / name]
    homes = files_by_folder(files)
    if list(homes) == [folder]:
        return _only_table(named)
    inside = _in_folders(folder, homes, files)
    usual = len(homes) == 1 or are_folds(homes) or target is not None
    return inside or (_only_table(named) if usual else [])


def unread_table(folder: Path, labels: Mapping[Path, str]) -> list[Note]:
    """Return what to say of a table that names files whose folders name the class, unless it gives them the same classes.

    Args:
        folder: where to look.
        labels: the files, and the class that the folder of each names.
    """
    named = NamedFiles(folder, list(labels))
    for table in _only_table(named):
        rows = _first_rows(table)
        file = file_column(list(rows[0]), rows, named)
        others = [name for name in rows[0] if name != file]
        classes = [labels[path] for row in rows for path in named.find(row[file])[:1]]
        if not any([row[name] for row in rows] == classes for name in others):
            said = f"{table.name} names files and is not read: their folders name the class"
            usual = [name for name in others if name.strip().lower() in LABEL_COLUMNS]
            few = [name for name in others if 1 < len({row[name] for row in rows}) < len(rows) / 2]
            return [Note(said, "target", (usual or few or others)[0])]
    return []


def are_folds(folders: Collection[Path]) -> bool:
    """Whether folders are those of a cross-validation: fold1, fold2 and so on.

    Example:
        >>> are_folds([Path("audio/fold1"), Path("audio/fold10")]), are_folds([Path("cat"), Path("dog")])
        (True, False)
    """
    return len(folders) > 1 and all(_FOLD.fullmatch(folder.name) for folder in folders)


def place_of(table: Path, files: Sequence[Path]) -> Path:
    """Return the folder whose files a table names: its own, or the one above where it lies in a folder for tables alone."""
    own = table.parent
    if own.name.lower() in META_FOLDERS and not any(own in path.parents for path in files):
        return own.parent
    return own


def files_by_folder(files: Sequence[Path]) -> dict[Path, list[Path]]:
    """Return the files that are in each folder, not further down."""
    homes: dict[Path, list[Path]] = defaultdict(list)
    for path in files:
        homes[path.parent].append(path)
    return dict(homes)


def files_below_each(folders: Collection[Path], files: Sequence[Path]) -> dict[Path, list[Path]]:
    """Return the files below each of some folders, with one look at each file."""
    wanted, found = set(folders), {folder: list[Path]() for folder in folders}
    for home, paths in files_by_folder(files).items():
        for above in (home, *home.parents):
            if above in wanted:
                found[above] += paths
    return found


def sides_of_tables(folder: Path, tables: Sequence[Path]) -> dict[Path, str]:
    """Return the side that the folders of each table name, below the source, or its own name: archive/test_set/labels.csv, val.csv.

    Returns:
        "train", "valid" or "test" for each table; "" for one that is neither in a folder of a side nor beside tables of others.
    """
    ways = {table: table.relative_to(folder).parts[:-1] for table in tables}
    found = {
        table: next(filter(None, (SIDE_OF.get(name.lower(), "") for name in way)), "")
        for table, way in ways.items()
    }
    for level in range(max(map(len, ways.values()), default=0)):
        sides = sides_among(sorted({way[level] for way in ways.values() if len(way) > level}))
        for table, way in ways.items():
            if len(way) > level and not found[table]:
                found[table] = sides.get(way[level], "")
    for home in {table.parent for table in tables}:
        of_names = _sides_of_names([table for table in tables if table.parent == home])
        found |= {table: side for table, side in of_names.items() if not found[table]}
    return found


def _sides_of_names(tables: Sequence[Path]) -> dict[Path, str]:
    """Return the sides in the names of tables beside each other (train.csv, val.csv); empty where two could be of one side."""
    sides = sides_among([table.stem for table in tables])
    found = {table: sides[table.stem] for table in tables if table.stem in sides}
    return found if len(set(found.values())) == len(found) else {}


def _one_for_each_side(files: NamedFiles, target: str | None) -> list[Path]:
    """Return the tables of labels that are called after sides: train.csv, val.csv and test.csv.

    A table without the column of the labels, or with nothing in it, is none: Kaggle's test.csv has no labels.
    """
    for place in _places_of_tables(files.folder):
        named = [table for table in _sides_of_names(_tables_in(place)) if _names_files(table, files)]
        sides = _sides_of_names(named)
        train = next((table for table, side in sides.items() if side == "train"), None)
        if train is None:
            continue
        wanted = _columns_of_labels(train, files, target)
        found = [table for table in named if _filled_columns(table) >= wanted]
        if len(found) > 1:
            return sorted(found, key=lambda table: ("train", "valid", "test").index(sides[table]))
    return []


def _columns_of_labels(table: Path, named: NamedFiles, target: str | None) -> set[str]:
    """Return the columns of labels, in lower case; all that are filled where that is not clear."""
    rows = _first_rows(table)
    try:
        labels = find_label_columns(table, list(rows[0]), rows, named, target).labels
    except DataError:
        return _filled_columns(table)
    return {name.strip().lower() for name in labels}


def _tables_in(place: Path) -> list[Path]:
    """Return the tables in a folder, not further down, sorted."""
    return sorted(
        path
        for path in (place.iterdir() if place.is_dir() else ())
        if path.is_file() and is_table_name(path) and not path.name.startswith(".")
    )


def _in_folders(folder: Path, homes: Collection[Path], files: Sequence[Path]) -> list[Path]:
    """Return the tables in the folders that hold the files, or above those."""
    table_of = _tables_at(folder, homes, files)
    if not table_of:
        return []
    sides = sides_of_tables(folder, list(table_of.values()))
    if split := [table for table in table_of.values() if sides[table]]:
        return sorted(split)
    nearest = {
        home: next((table_of[above] for above in (home, *home.parents) if above in table_of), None)
        for home in homes
    }
    if len(nearest) == 1:  # one folder cannot name two classes
        return [table for table in nearest.values() if table is not None]
    labelled = {
        home: table for home, table in nearest.items() if table is not None and _has_label_column(table)
    }
    if labelled and len(labelled) < len(homes):
        bare = next(home for home in homes if home not in labelled)
        raise DataError(
            f"{next(iter(labelled.values()))} has labels of files, and {bare} has no such table",
            remedy="Add one there, or say which folder names the class: class_level=.",
        )
    return sorted(set(labelled.values()))


def _tables_at(folder: Path, homes: Collection[Path], files: Sequence[Path]) -> dict[Path, Path]:
    """Return the table that names files in each folder on the way to files, where there is one."""
    places = {above for home in homes for above in (home, *home.parents) if folder in above.parents}
    named = {
        place: [table for name in (TABLE, *OTHER_TABLES) if (table := place / name).is_file()]
        for place in sorted(places)
    }
    # A table of any name counts where the folder cannot be a class.
    flat = [
        place
        for place, tables in named.items()
        if not tables and (len(homes) == 1 or side_and_rest(place.name)[0])
    ]
    below = files_below_each([*flat, *(place for place, tables in named.items() if tables)], files)
    found: dict[Path, Path] = {}
    for place, paths in below.items():
        there = NamedFiles(place, paths)
        tables = [table for table in named[place] if _names_files(table, there)] or (
            _only_table(there) if place in flat else []
        )
        if tables:
            found[place] = tables[0]
    return found


def _has_label_column(table: Path) -> bool:
    return any(name.strip().lower() in LABEL_COLUMNS for name in open_table(table).names)


def _only_table(files: NamedFiles) -> list[Path]:
    """Return the one table of any name about files that are all in one folder, and so have no class of their own.

    Where there is none beside them, it may be in a folder for tables.
    """
    named: list[Path] = []
    for place in _places_of_tables(files.folder):
        named += [table for table in _tables_in(place) if _names_files(table, files)]
        if place == files.folder and named:
            break
    return named if len(named) == 1 else []


def _places_of_tables(folder: Path) -> list[Path]:
    """Return where tables about the files of a folder lie: beside them, else in folders for tables alone."""
    return [folder, *(folder / name for name in META_FOLDERS)]


def _names_files(table: Path, files: NamedFiles) -> bool:
    rows = _first_rows(table)
    columns = list(rows[0]) if rows else []
    return len(columns) > 1 and any(all(files.find(row[name]) for row in rows) for name in columns)


def _filled_columns(table: Path) -> set[str]:
    """Return the columns that have something in the first rows, in lower case."""
    return {name.strip().lower() for row in _first_rows(table) for name, cell in row.items() if cell.strip()}


def _first_rows(table: Path) -> list[dict[str, str]]:
    """Return some rows; none of a table that is not there, or is about something else."""
    if not table.is_file():
        return []
    try:
        return [row for row, _ in zip(open_table(table).rows(), range(_TRIED), strict=False)]
    except DataError:
        return []
