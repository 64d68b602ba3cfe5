"""Build DataLoaders from labelled files: folders, name patterns, CSVs, lists."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Any, ClassVar, Unpack

from gatera.core.checks import check_keywords, listed
from gatera.core.errors import ArgumentError, DataError
from gatera.core.signatures import spelled_out
from gatera.data.arguments import (
    FILE_DEFAULTS,
    FILE_TABLE_DEFAULTS,
    FileArguments,
    FileTableArguments,
    loader_arguments,
)
from gatera.data.blocks.base import Block, InputBlock
from gatera.data.blocks.category import CategoryBlock, MultiCategoryBlock
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.blocks.vocab import categories_of
from gatera.data.datablock import DataBlock
from gatera.data.folders.class_folders import tell_of_sides
from gatera.data.loading.loaders import DataLoaders
from gatera.data.show.pil import PILImage
from gatera.data.sources.items import Items, get_files
from gatera.data.sources.labels import ColReader, ItemGetter, RegexLabeller, parent_label, using_attr
from gatera.data.sources.tables import PhotoTable, read_table
from gatera.data.splits.by_position import ColSplitter, GrandparentSplitter, RandomSplitter

Getter = Callable[[Any], Any]


class FileDataLoaders:
    """Make `DataLoaders` of labelled files, wherever the labels are written.

    Every constructor also takes, by keyword: `item_tfms` and `batch_tfms` (a transform or a list), `img_cls` (for photos:
    PILImageBW makes them grey), `x_block` (how files are read, in place of the usual block), and what `DataBlock.dataloaders`
    takes: `bs`, `val_bs`, `num_workers`, `device`, `shuffle`, `cache`. `seed` keys the random split, shuffling and
    augmentation.

    Attributes:
        things: what messages call the files.
    """

    things: ClassVar[str] = "files"

    @classmethod
    def find(cls, path: str | Path, folders: Sequence[str] | None = None) -> Items[Path]:
        """List the files below a folder; see `get_files`."""
        return get_files(path, folders=folders)

    @classmethod
    def input_block(cls, x_block: InputBlock | None, img_cls: type[PILImage]) -> InputBlock:
        """Return the block of the inputs.

        Raises:
            ArgumentError: if there is none.
        """
        if x_block is None:
            raise ArgumentError(
                "x_block, which says how files are read, is missing", remedy="Pass x_block=ImageBlock()."
            )
        return x_block

    @classmethod
    @spelled_out(FileArguments, FILE_DEFAULTS)
    def from_folder(
        cls, path: str | Path, train: str = "train", valid: str = "valid", valid_pct: float | None = None,
        seed: int | None = None, vocab: Sequence[Any] | None = None, **options: Unpack[FileArguments],
    ) -> DataLoaders:  # fmt: skip
        """Load files in a folder per class: under train/ and valid/ (and test/, if it exists), or split at random.

        Args:
            path: the folder.
            train: name of the training folder in it.
            valid: name of the validation folder.
            valid_pct: split all files under `path` at random instead, with this share for validation, 0..1.
            seed: keys the random split, shuffling and augmentation.
            vocab: the classes in the model's order; None for those of the training set, sorted.
            **options: see `FileDataLoaders`.

        Raises:
            DataError: if a folder is missing, there are no files, or a class occurs only in the validation set.
        """
        x = cls._input("from_folder", options)
        if valid_pct is None:
            names = [train, valid, *(["test"] if (Path(path) / "test").is_dir() and valid != "test" else [])]
            check_sides(Path(path), [train, valid])
            files, splitter = cls.find(path, names), GrandparentSplitter(train, valid)
        else:
            files, splitter = cls.find(path), RandomSplitter(valid_pct, seed)  # type: ignore[assignment]
        cls._check_found(files, path)
        block = cls._recipe(x, CategoryBlock(vocab=vocab), splitter, options, get_y=parent_label)
        return block.dataloaders(files, path, seed=seed, **loader_arguments(options))

    @classmethod
    @spelled_out(FileArguments, FILE_DEFAULTS)
    def from_path_func(
        cls, path: str | Path, fnames: Sequence[str | Path], label_func: Callable[[Any], Any], valid_pct: float = 0.2,
        seed: int | None = None, **options: Unpack[FileArguments],
    ) -> DataLoaders:  # fmt: skip
        """Load files whose label a function finds from their path.

        Args:
            path: folder where the job's files go.
            fnames: the files, e.g. from `get_image_files`.
            label_func: path -> label; called once per file.
            valid_pct: share of the files for validation, 0..1.
            seed: keys the random split, shuffling and augmentation.
            **options: see `FileDataLoaders`.

        Raises:
            DataError: if there are no files, or `label_func` fails for one; it is named.
        """
        x = cls._input("from_path_func", options)
        return cls._labelled(x, fnames, path, label_func, valid_pct, seed, options)

    @classmethod
    @spelled_out(FileArguments, FILE_DEFAULTS)
    def from_name_func(
        cls, path: str | Path, fnames: Sequence[str | Path], label_func: Callable[[str], Any], valid_pct: float = 0.2,
        seed: int | None = None, **options: Unpack[FileArguments],
    ) -> DataLoaders:  # fmt: skip
        """Load files whose label a function finds from their file name.

        Args:
            path: folder where the job's files go.
            fnames: the files, e.g. from `get_image_files`.
            label_func: file name, as "Bombay_13.jpg" -> label; called once per file.
            valid_pct: share of the files for validation, 0..1.
            seed: keys the random split, shuffling and augmentation.
            **options: see `FileDataLoaders`.

        Raises:
            DataError: if there are no files, or `label_func` fails for one; it is named.
        """
        x = cls._input("from_name_func", options)

        @wraps(label_func)  # messages call it by the user's name
        def get_y(file: str | Path) -> Any:
            return label_func(Path(file).name)

        return cls._labelled(x, fnames, path, get_y, valid_pct, seed, options)

    @classmethod
    @spelled_out(FileArguments, FILE_DEFAULTS)
    def from_path_re(
        cls, path: str | Path, fnames: Sequence[str | Path], pat: str, valid_pct: float = 0.2, seed: int | None = None,
        **options: Unpack[FileArguments],
    ) -> DataLoaders:  # fmt: skip
        r"""Load files whose label a regular expression finds in their path.

        Args:
            path: folder where the job's files go.
            fnames: the files, e.g. from `get_image_files`.
            pat: its first group is the label, e.g. r"/([^/]+)_\d+.jpg$"; folders are separated by "/" everywhere.
            valid_pct: share of the files for validation, 0..1.
            seed: keys the random split, shuffling and augmentation.
            **options: see `FileDataLoaders`.

        Raises:
            ArgumentError: if `pat` is not a regular expression with a group.
            DataError: if there are no files, or the pattern does not match one; it is named.
        """
        x = cls._input("from_path_re", options)
        return cls._labelled(x, fnames, path, RegexLabeller(pat), valid_pct, seed, options)

    @classmethod
    @spelled_out(FileArguments, FILE_DEFAULTS)
    def from_name_re(
        cls, path: str | Path, fnames: Sequence[str | Path], pat: str, valid_pct: float = 0.2, seed: int | None = None,
        **options: Unpack[FileArguments],
    ) -> DataLoaders:  # fmt: skip
        r"""Load files whose label a regular expression finds in their file name.

        Args:
            path: folder where the job's files go.
            fnames: the files, e.g. from `get_image_files`.
            pat: its first group is the label, e.g. r"^(.+)_\d+.jpg$".
            valid_pct: share of the files for validation, 0..1.
            seed: keys the random split, shuffling and augmentation.
            **options: see `FileDataLoaders`.

        Raises:
            ArgumentError: if `pat` is not a regular expression with a group.
            DataError: if there are no files, or the pattern does not match one; it is named.
        """
        x = cls._input("from_name_re", options)
        return cls._labelled(
            x, fnames, path, using_attr(RegexLabeller(pat), "name"), valid_pct, seed, options
        )

    @classmethod
    @spelled_out(FileTableArguments, FILE_TABLE_DEFAULTS)
    def from_df(
        cls, df: Any, path: str | Path = ".", valid_pct: float = 0.2, seed: int | None = None,
        fn_col: str | int = 0, folder: str | None = None, **options: Unpack[FileTableArguments],
    ) -> DataLoaders:  # fmt: skip
        """Load files listed in a pandas DataFrame.

        Args:
            df: one row per file; it is not changed.
            path: folder of the files.
            valid_pct: share of the files for validation, 0..1.
            seed: keys the random split, shuffling and augmentation.
            fn_col: column of the file names, by name or position.
            folder: subfolder of `path` that holds the files.
            **options: `suff`, put after each file name, e.g. ".jpg"; `label_col`, column of the labels, or several;
                `label_delim`, what separates several labels in one cell; `y_block`, what the labels are (None for
                MultiCategoryBlock where a file has several, else CategoryBlock); `valid_col`, column that is true for
                validation rows, in place of `valid_pct`; and see `FileDataLoaders`.

        Raises:
            DataError: if a column is unknown, a cell empty, a file missing, or rows contradict each other.
        """
        x = cls._input("from_df", options)
        table = _photo_table(df, fn_col, options)
        return cls._of_table(x, table, Path(path) / (folder or ""), path, valid_pct, seed, options)

    @classmethod
    @spelled_out(FileTableArguments, FILE_TABLE_DEFAULTS)
    def from_csv(
        cls, path: str | Path, csv_fname: str = "labels.csv", header: Any = "infer", delimiter: str | None = None,
        valid_pct: float = 0.2, seed: int | None = None, fn_col: str | int = 0, folder: str | None = None,
        **options: Unpack[FileTableArguments],
    ) -> DataLoaders:  # fmt: skip
        """Load files listed in a CSV file.

        Args:
            path: folder of the files and of the table.
            csv_fname: the table.
            header: "infer" to see whether the first row names the columns; the number of the row that does, from 0 on;
                None where the columns have no names.
            delimiter: what separates the columns; None to detect it.
            valid_pct: share of the files for validation, 0..1.
            seed: keys the random split, shuffling and augmentation.
            fn_col: column of the file names, by name or position.
            folder: subfolder of `path` that holds the files.
            **options: see `from_df`.

        Raises:
            DataError: as `from_df`, naming lines of the file; or if the file is missing or not a table.
        """
        x = cls._input("from_csv", options)
        frame = read_table(Path(path) / csv_fname, delimiter, header=header)
        first = frame.attrs["first_line"]
        table = _photo_table(frame, fn_col, options, row_name=lambda index: f"line {index + first}")
        return cls._of_table(x, table, Path(path) / (folder or ""), path, valid_pct, seed, options)

    @classmethod
    @spelled_out(FileArguments, FILE_DEFAULTS)
    def from_lists(
        cls, path: str | Path, fnames: Sequence[str | Path], labels: Sequence[Any], valid_pct: float = 0.2,
        seed: int | None = None, y_block: Block | type[Block] | None = None, **options: Unpack[FileArguments],
    ) -> DataLoaders:  # fmt: skip
        """Load files and their labels from two lists.

        Args:
            path: folder where the job's files go.
            fnames: the files.
            labels: one per file. Lists of labels need MultiCategoryBlock, floats RegressionBlock, all else CategoryBlock.
            valid_pct: share of the files for validation, 0..1.
            seed: keys the random split, shuffling and augmentation.
            y_block: what the labels are; None to choose by the labels.
            **options: see `FileDataLoaders`.

        Raises:
            ArgumentError: if the lists differ in length.
            DataError: if they are empty, or a label is not usable; its file is named.
        """
        x = cls._input("from_lists", options)
        if len(fnames) != len(labels):
            raise ArgumentError(
                "fnames and labels differ in length", got=(len(fnames), len(labels)),
                expected=f"one label for each of the {cls.things}",
            )  # fmt: skip
        cls._check_found(fnames, path)
        pairs = list(zip(fnames, labels, strict=True))
        y, splitter = as_y_block(y_block, labels), RandomSplitter(valid_pct, seed)
        block = cls._recipe(x, y, splitter, options, ItemGetter(0), ItemGetter(1))
        return cls._at_random(block, pairs, path, seed, options)

    @classmethod
    def _input(cls, constructor: str, options: Mapping[str, Any]) -> InputBlock:
        """Return the block of the inputs, once the names of a constructor's arguments are checked."""
        check_keywords(
            f"{cls.__name__}.{constructor}", options, signature(getattr(cls, constructor)).parameters
        )
        return cls.input_block(options.get("x_block"), options.get("img_cls", PILImage))

    @classmethod
    def _check_found(cls, fnames: Sequence[Any], path: str | Path) -> None:
        if not len(fnames):
            raise DataError(f"There are no {cls.things} in {path}", remedy="Check the path.")

    @staticmethod
    def _at_random(
        block: DataBlock, items: Sequence[Any], path: str | Path, seed: int | None, options: Mapping[str, Any]
    ) -> DataLoaders:  # fmt: skip
        dls = block.dataloaders(items, path, seed=seed, **loader_arguments(options))
        if isinstance(block.splitter, RandomSplitter):  # and no column says
            both = (dls.train_ds, dls.valid_ds)
            labels = [str(label) for side in both for label in side.raw_labels or ()]
            tell_of_sides([Path(file) for side in both for file in side.inputs], labels)
        return dls

    @staticmethod
    def _recipe(
        x: InputBlock, y: Block | type[Block], splitter: Callable[[Any], Any], options: Mapping[str, Any],
        get_x: Getter | None = None, get_y: Getter | None = None,
    ) -> DataBlock:  # fmt: skip
        return DataBlock(
            (x, y), splitter=splitter, get_x=get_x, get_y=get_y,
            item_tfms=options.get("item_tfms"), batch_tfms=options.get("batch_tfms"),
        )  # fmt: skip

    @classmethod
    def _labelled(
        cls, x: InputBlock, fnames: Sequence[str | Path], path: str | Path, get_y: Getter, valid_pct: float, seed: int | None,
        options: Mapping[str, Any],
    ) -> DataLoaders:  # fmt: skip
        """Return loaders of files in which `get_y` finds a class, split at random."""
        cls._check_found(fnames, path)
        block = cls._recipe(x, CategoryBlock(), RandomSplitter(valid_pct, seed), options, get_y=get_y)
        return cls._at_random(block, fnames, path, seed, options)

    @classmethod
    def _of_table(
        cls, x: InputBlock, table: PhotoTable, where: Path, path: str | Path, valid_pct: float, seed: int | None,
        options: Mapping[str, Any],
    ) -> DataLoaders:  # fmt: skip
        """Return loaders of the rows of a table, checked, whose files are in the folder `where`."""
        suff, label_delim = options.get("suff", ""), options.get("label_delim")
        rows = table.checked(lambda name: f"{where}{os.sep}{name}{suff}")
        splitter = RandomSplitter(valid_pct, seed) if table.marks is None else ColSplitter(table.marks)
        get_x = ColReader(table.file, pref=where, suff=suff)
        get_y = ColReader(list(table.labels), label_delim=label_delim)
        y = options.get("y_block") or _block_of_labels(table, label_delim)
        return cls._at_random(cls._recipe(x, y, splitter, options, get_x, get_y), rows, path, seed, options)


def _photo_table(df: Any, fn_col: str | int, options: Mapping[str, Any], **more: Any) -> PhotoTable:
    label_col = options.get("label_col", 1)
    columns = [label_col] if isinstance(label_col, str | int) else list(label_col)
    return PhotoTable(
        df, fn_col, columns, options.get("valid_col"), options.get("label_delim") is not None, **more
    )


def _block_of_labels(table: PhotoTable, label_delim: str | None) -> Block:
    if label_delim is not None or len(table.labels) > 1:
        return MultiCategoryBlock()
    categories = categories_of(table.column(table.labels[0]))
    return CategoryBlock() if categories is None else CategoryBlock(vocab=categories, sort=False)


def as_y_block(y_block: Block | type[Block] | None, labels: Any) -> Block | type[Block]:
    """Return the block for labels: the one given, or one chosen by the labels.

    Args:
        y_block: what the user passed.
        labels: all labels: a list, or a pandas Series or Categorical.
    """
    if y_block is not None:
        return y_block
    categories = categories_of(labels)
    if categories is not None:
        return CategoryBlock(vocab=categories, sort=False)
    first = next(iter(labels), None)
    if isinstance(first, list | tuple | set):
        return MultiCategoryBlock()
    return RegressionBlock() if isinstance(first, float) else CategoryBlock()


def check_sides(path: Path, names: Sequence[str]) -> None:
    """Raise DataError, listing the folders that exist, unless `path` has a folder of each of these names."""
    missing = [name for name in names if not (path / name).is_dir()]
    if missing and path.is_dir():
        folders = sorted(entry.name for entry in path.iterdir() if entry.is_dir())
        raise DataError(
            f"{path} has no folder {missing[0]!r}", available=listed(folders) or "none",
            remedy="For one folder per class, pass valid_pct=0.2; for other names of the two folders, train= and valid=.",
        )  # fmt: skip
