"""Loaders of labelled files from the ways in which people keep them: what photos and recordings have in common."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import Any, ClassVar

import torch

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.base import Block
from gatera.data.blocks.category import CategoryBlock, MultiCategoryBlock
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.blocks.vocab import categories_of
from gatera.data.datablock import DataBlock
from gatera.data.loading.loaders import DataLoaders
from gatera.data.show.pil import PILImage
from gatera.data.sources.items import Items, get_files
from gatera.data.sources.labels import ColReader, ItemGetter, RegexLabeller, parent_label, using_attr
from gatera.data.sources.tables import Column, PhotoTable, read_table
from gatera.data.splits.by_position import ColSplitter, GrandparentSplitter, RandomSplitter

Device = str | torch.device | None


@dataclass(frozen=True)
class Options:
    """What all constructors take alike; see `DataBlock.dataloaders`."""

    x: Block
    seed: int | None
    item_tfms: Any
    batch_tfms: Any
    bs: int
    val_bs: int | None
    num_workers: int | None
    device: Device
    shuffle: bool
    cache: bool

    def loaders(
        self,
        path: str | Path,
        source: Any,
        y_block: Block | type[Block],
        splitter: Callable[[Any], Any],
        get_x: Callable[[Any], Any] | None = None,
        get_y: Callable[[Any], Any] | None = None,
    ) -> DataLoaders:
        """Make loaders of files with labels."""
        block = DataBlock(
            (self.x, y_block), splitter=splitter, get_x=get_x, get_y=get_y,
            item_tfms=self.item_tfms, batch_tfms=self.batch_tfms,
        )  # fmt: skip
        return block.dataloaders(
            source, path, self.bs, self.val_bs, seed=self.seed, num_workers=self.num_workers, device=self.device,
            shuffle=self.shuffle, cache=self.cache,
        )  # fmt: skip


class FileDataLoaders:
    """Loaders of labelled files, from wherever the labels are written. Every constructor returns a `DataLoaders`.

    All of them take, beside what their docstrings list: `item_tfms` and `batch_tfms` (a transform or a list), `x_block`
    (what the files are, where the usual block does not fit), `img_cls` (for photos: PILImageBW makes them grey), `bs`,
    `val_bs`, `num_workers`, `device`, `shuffle` and `cache`, as `DataBlock.dataloaders` does, and `seed`, which keys the
    random split, shuffling and augmentation.

    Attributes:
        things: what messages call the files.
    """

    things: ClassVar[str] = "files"

    @classmethod
    def find(cls, path: str | Path, folders: Sequence[str] | None = None) -> Items[Path]:
        """List the files below a folder; see `get_files`."""
        return get_files(path, folders=folders)

    @classmethod
    def input_block(cls, x_block: Block | None, img_cls: type[PILImage]) -> Block:
        """Return the block of the inputs.

        Raises:
            ArgumentError: if there is none.
        """
        if x_block is None:
            raise ArgumentError(
                "x_block was not given: what the files are", remedy="Pass x_block=ImageBlock()."
            )
        return x_block

    @classmethod
    def from_folder(
        cls, path: str | Path, train: str = "train", valid: str = "valid", valid_pct: float | None = None,
        seed: int | None = None, vocab: Sequence[Any] | None = None, item_tfms: Any = None, batch_tfms: Any = None,
        img_cls: type[PILImage] = PILImage, *, bs: int = 64, val_bs: int | None = None,
        num_workers: int | None = None, device: Device = None, shuffle: bool = True, cache: bool = True,
        x_block: Block | None = None,
    ) -> DataLoaders:  # fmt: skip
        """Files in a folder per class: under train/ and valid/ (and test/, if it is there), or split at random.

        Args:
            path: the folder.
            train: name of the training folder in it.
            valid: name of the validation folder.
            valid_pct: split all files under `path` at random instead, with this share for validation, 0..1.
            vocab: the classes in the model's order; None for those of the training split, sorted.

        Raises:
            DataError: if a folder is missing, there are no files, or a class is only in the validation split.
        """
        x = cls.input_block(x_block, img_cls)
        options = Options(x, seed, item_tfms, batch_tfms, bs, val_bs, num_workers, device, shuffle, cache)
        if valid_pct is None:
            names = [train, valid, *(["test"] if (Path(path) / "test").is_dir() and valid != "test" else [])]
            _check_sides(Path(path), [train, valid])
            files, splitter = cls.find(path, names), GrandparentSplitter(train, valid)
        else:
            files, splitter = cls.find(path), RandomSplitter(valid_pct, seed)  # type: ignore[assignment]
        cls._check_found(files, path)
        return options.loaders(path, files, CategoryBlock(vocab=vocab), splitter, get_y=parent_label)

    @classmethod
    def from_path_func(
        cls, path: str | Path, fnames: Sequence[str | Path], label_func: Callable[[Any], Any], valid_pct: float = 0.2,
        seed: int | None = None, item_tfms: Any = None, batch_tfms: Any = None, img_cls: type[PILImage] = PILImage,
        *, bs: int = 64, val_bs: int | None = None, num_workers: int | None = None, device: Device = None,
        shuffle: bool = True, cache: bool = True,
        x_block: Block | None = None,
    ) -> DataLoaders:  # fmt: skip
        """Files whose label a function tells from their path.

        Args:
            path: folder where the job's files go.
            fnames: the files, e.g. from `get_image_files`.
            label_func: path -> label; called once per file.
            valid_pct: share of the files for validation, 0..1.

        Raises:
            DataError: if there are no files, or `label_func` fails for one; it is named.
        """
        x = cls.input_block(x_block, img_cls)
        options = Options(x, seed, item_tfms, batch_tfms, bs, val_bs, num_workers, device, shuffle, cache)
        cls._check_found(fnames, path)
        return options.loaders(
            path, fnames, CategoryBlock(), RandomSplitter(valid_pct, seed), get_y=label_func
        )

    @classmethod
    def from_name_func(
        cls, path: str | Path, fnames: Sequence[str | Path], label_func: Callable[[str], Any], valid_pct: float = 0.2,
        seed: int | None = None, item_tfms: Any = None, batch_tfms: Any = None, img_cls: type[PILImage] = PILImage,
        *, bs: int = 64, val_bs: int | None = None, num_workers: int | None = None, device: Device = None,
        shuffle: bool = True, cache: bool = True,
        x_block: Block | None = None,
    ) -> DataLoaders:  # fmt: skip
        """Files whose label a function tells from their file name.

        Args:
            path: folder where the job's files go.
            fnames: the files, e.g. from `get_image_files`.
            label_func: file name, as "Bombay_13.jpg" -> label; called once per file.
            valid_pct: share of the files for validation, 0..1.

        Raises:
            DataError: if there are no files, or `label_func` fails for one; it is named.
        """
        x = cls.input_block(x_block, img_cls)
        options = Options(x, seed, item_tfms, batch_tfms, bs, val_bs, num_workers, device, shuffle, cache)
        cls._check_found(fnames, path)

        @wraps(label_func)  # messages call it by the user's name
        def get_y(file: str | Path) -> Any:
            return label_func(Path(file).name)

        return options.loaders(path, fnames, CategoryBlock(), RandomSplitter(valid_pct, seed), get_y=get_y)

    @classmethod
    def from_path_re(
        cls, path: str | Path, fnames: Sequence[str | Path], pat: str, valid_pct: float = 0.2, seed: int | None = None,
        item_tfms: Any = None, batch_tfms: Any = None, img_cls: type[PILImage] = PILImage, *, bs: int = 64,
        val_bs: int | None = None, num_workers: int | None = None, device: Device = None, shuffle: bool = True,
        cache: bool = True,
        x_block: Block | None = None,
    ) -> DataLoaders:  # fmt: skip
        r"""Files whose label a regular expression finds in their path.

        Args:
            path: folder where the job's files go.
            fnames: the files, e.g. from `get_image_files`.
            pat: its first group is the label, e.g. r"/([^/]+)_\d+.jpg$"; folders are separated by "/" everywhere.
            valid_pct: share of the files for validation, 0..1.

        Raises:
            ArgumentError: if `pat` is not a regular expression with a group.
            DataError: if there are no files, or the pattern does not fit one; it is named.
        """
        x = cls.input_block(x_block, img_cls)
        options = Options(x, seed, item_tfms, batch_tfms, bs, val_bs, num_workers, device, shuffle, cache)
        cls._check_found(fnames, path)
        splitter = RandomSplitter(valid_pct, seed)
        return options.loaders(path, fnames, CategoryBlock(), splitter, get_y=RegexLabeller(pat))

    @classmethod
    def from_name_re(
        cls, path: str | Path, fnames: Sequence[str | Path], pat: str, valid_pct: float = 0.2, seed: int | None = None,
        item_tfms: Any = None, batch_tfms: Any = None, img_cls: type[PILImage] = PILImage, *, bs: int = 64,
        val_bs: int | None = None, num_workers: int | None = None, device: Device = None, shuffle: bool = True,
        cache: bool = True,
        x_block: Block | None = None,
    ) -> DataLoaders:  # fmt: skip
        r"""Files whose label a regular expression finds in their file name.

        Args:
            path: folder where the job's files go.
            fnames: the files, e.g. from `get_image_files`.
            pat: its first group is the label, e.g. r"^(.+)_\d+.jpg$".
            valid_pct: share of the files for validation, 0..1.

        Raises:
            ArgumentError: if `pat` is not a regular expression with a group.
            DataError: if there are no files, or the pattern does not fit one; it is named.
        """
        x = cls.input_block(x_block, img_cls)
        options = Options(x, seed, item_tfms, batch_tfms, bs, val_bs, num_workers, device, shuffle, cache)
        cls._check_found(fnames, path)
        get_y = using_attr(RegexLabeller(pat), "name")
        return options.loaders(path, fnames, CategoryBlock(), RandomSplitter(valid_pct, seed), get_y=get_y)

    @classmethod
    def from_df(
        cls, df: Any, path: str | Path = ".", valid_pct: float = 0.2, seed: int | None = None, fn_col: Column = 0,
        folder: str | None = None, suff: str = "", label_col: Column | Sequence[Column] = 1,
        label_delim: str | None = None, y_block: Block | type[Block] | None = None, valid_col: Column | None = None,
        item_tfms: Any = None, batch_tfms: Any = None, img_cls: type[PILImage] = PILImage, *, bs: int = 64,
        val_bs: int | None = None, num_workers: int | None = None, device: Device = None, shuffle: bool = True,
        cache: bool = True,
        x_block: Block | None = None,
    ) -> DataLoaders:  # fmt: skip
        """Files listed in a pandas DataFrame.

        Args:
            df: one row per file; it is not changed.
            path: folder of the files.
            valid_pct: share of the files for validation, 0..1.
            fn_col: column of the file names, by name or position.
            folder: subfolder of `path` that the files are in.
            suff: put after each file name, e.g. ".jpg".
            label_col: column of the labels, or several of them.
            label_delim: what separates several labels in one cell.
            y_block: what the labels are; None for MultiCategoryBlock where a file has several, else CategoryBlock.
            valid_col: column that is true for validation rows; then `valid_pct` is not used.

        Raises:
            DataError: if a column is unknown, a cell empty, a file missing, or rows contradict each other.
        """
        x = cls.input_block(x_block, img_cls)
        options = Options(x, seed, item_tfms, batch_tfms, bs, val_bs, num_workers, device, shuffle, cache)
        columns = [label_col] if isinstance(label_col, str | int) else list(label_col)
        table = PhotoTable(df, fn_col, columns, valid_col, label_delim is not None)
        return _from_table(table, Path(path), folder, suff, label_delim, y_block, valid_pct, options)

    @classmethod
    def from_csv(
        cls, path: str | Path, csv_fname: str = "labels.csv", header: Any = "infer", delimiter: str | None = None,
        valid_pct: float = 0.2, seed: int | None = None, fn_col: Column = 0, folder: str | None = None,
        suff: str = "", label_col: Column | Sequence[Column] = 1, label_delim: str | None = None,
        y_block: Block | type[Block] | None = None, valid_col: Column | None = None, item_tfms: Any = None,
        batch_tfms: Any = None, img_cls: type[PILImage] = PILImage, *, bs: int = 64, val_bs: int | None = None,
        num_workers: int | None = None, device: Device = None, shuffle: bool = True, cache: bool = True,
        x_block: Block | None = None,
    ) -> DataLoaders:  # fmt: skip
        """Files listed in a CSV file; see `from_df` for what is not listed here.

        Args:
            path: folder of the files and of the table.
            csv_fname: name of the table.
            header: "infer" to see whether the first row names the columns; the number of the row that does, from 0 on;
                None where the columns have no names.
            delimiter: what separates the columns; None to find it.

        Raises:
            DataError: as `from_df`, naming lines of the file; or if the file is missing or not a table.
        """
        x = cls.input_block(x_block, img_cls)
        options = Options(x, seed, item_tfms, batch_tfms, bs, val_bs, num_workers, device, shuffle, cache)
        columns = [label_col] if isinstance(label_col, str | int) else list(label_col)
        frame = read_table(Path(path) / csv_fname, delimiter, header=header)
        table = PhotoTable(
            frame, fn_col, columns, valid_col, label_delim is not None,
            row_name=partial(_line_name, first=frame.attrs["first_line"]),
        )  # fmt: skip
        return _from_table(table, Path(path), folder, suff, label_delim, y_block, valid_pct, options)

    @classmethod
    def from_lists(
        cls, path: str | Path, fnames: Sequence[str | Path], labels: Sequence[Any], valid_pct: float = 0.2,
        seed: int | None = None, y_block: Block | type[Block] | None = None, item_tfms: Any = None,
        batch_tfms: Any = None, img_cls: type[PILImage] = PILImage, *, bs: int = 64, val_bs: int | None = None,
        num_workers: int | None = None, device: Device = None, shuffle: bool = True, cache: bool = True,
        x_block: Block | None = None,
    ) -> DataLoaders:  # fmt: skip
        """Files and their labels as two lists.

        Args:
            path: folder where the job's files go.
            fnames: the files.
            labels: one for each; lists of labels, or numbers with a fraction, make other blocks than CategoryBlock.
            valid_pct: share of the files for validation, 0..1.
            y_block: what the labels are; None to tell it from the labels.

        Raises:
            ArgumentError: if the lists differ in length.
            DataError: if they are empty, or a label is not usable; its file is named.
        """
        x = cls.input_block(x_block, img_cls)
        options = Options(x, seed, item_tfms, batch_tfms, bs, val_bs, num_workers, device, shuffle, cache)
        if len(fnames) != len(labels):
            raise ArgumentError(
                "fnames and labels differ in length",
                got=(len(fnames), len(labels)),
                expected=f"one label for each of the {cls.things}",
            )
        cls._check_found(fnames, path)
        block = as_y_block(y_block, labels)
        pairs = list(zip(fnames, labels, strict=True))
        splitter = RandomSplitter(valid_pct, seed)
        return options.loaders(path, pairs, block, splitter, ItemGetter(0), ItemGetter(1))

    @classmethod
    def _check_found(cls, fnames: Sequence[Any], path: str | Path) -> None:
        if not len(fnames):
            raise DataError(f"There are no {cls.things} in {path}", remedy="Check the path.")


def as_y_block(y_block: Block | type[Block] | None, labels: Any) -> Block | type[Block]:
    """Return the block for labels, unless one was given.

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


def _from_table(
    table: PhotoTable, path: Path, folder: str | None, suff: str, label_delim: str | None,
    y_block: Block | type[Block] | None, valid_pct: float, options: Options,
) -> DataLoaders:  # fmt: skip
    where = path if folder is None else path / folder
    rows = table.checked(lambda name: f"{where}{os.sep}{name}{suff}")
    if y_block is None and (label_delim is not None or len(table.labels) > 1):
        y_block = MultiCategoryBlock
    if y_block is None:
        categories = categories_of(table.column(table.labels[0]))
        y_block = CategoryBlock() if categories is None else CategoryBlock(vocab=categories, sort=False)
    splitter = RandomSplitter(valid_pct, options.seed) if table.marks is None else ColSplitter(table.marks)
    get_x = ColReader(table.file, pref=where, suff=suff)
    get_y = ColReader(list(table.labels), label_delim=label_delim)
    return options.loaders(path, rows, y_block, splitter, get_x, get_y)


def _line_name(index: int, first: int) -> str:
    return f"line {index + first}"


def _check_sides(path: Path, names: Sequence[str]) -> None:
    missing = [name for name in names if not (path / name).is_dir()]
    if missing and path.is_dir():
        folders = sorted(entry.name for entry in path.iterdir() if entry.is_dir())
        raise DataError(
            f"{path} has no folder {missing[0]!r}", expected=f"the folders that are there: {listed(folders)}",
            remedy="For one folder per class, pass valid_pct=0.2; for other names of the two sides, train= and valid=.",
        )  # fmt: skip
