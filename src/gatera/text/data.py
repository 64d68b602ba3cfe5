"""`TextDataLoaders`: loaders of labelled texts, or of a language model's, from folders and tables."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.base import Block
from gatera.data.blocks.category import CategoryBlock, MultiCategoryBlock
from gatera.data.datablock import DataBlock
from gatera.data.loading.row_tables import check_columns, check_frame
from gatera.data.sources.items import Items, get_files
from gatera.data.sources.labels import ColReader, parent_label
from gatera.data.sources.tables import read_table
from gatera.data.splits.by_position import GrandparentSplitter, RandomSplitter
from gatera.data.splits.by_value import ColSplitter
from gatera.program.raw.text import TEXT_SUFFIXES
from gatera.text.block import TextBlock
from gatera.text.loaders import LanguageModelLoaders, TextLoaders

if TYPE_CHECKING:
    import pandas as pd

Device = str | torch.device | None

#: Folders of the book's data that hold texts without labels.
UNLABELLED = "unsup"


def get_text_files(
    path: str | Path, recurse: bool = True, folders: str | Sequence[str] | None = None
) -> Items[Path]:
    """List the texts of a folder (files whose names end in .txt), sorted; see `get_files`."""
    return get_files(path, TEXT_SUFFIXES, recurse, folders)


@dataclass(frozen=True)
class Options:
    """What all constructors of `TextDataLoaders` take alike."""

    seed: int | None
    bs: int
    val_bs: int | None
    device: Device
    shuffle: bool

    def loaders(
        self,
        path: str | Path,
        source: Any,
        blocks: tuple[TextBlock, Block | type[Block]],
        splitter: Callable[[Any], Any],
        get_x: Callable[[Any], Any] | None,
        get_y: Callable[[Any], Any],
    ) -> TextLoaders | LanguageModelLoaders:
        """Make loaders of texts; a language model's have no labels."""
        if blocks[0].is_lm:
            block = DataBlock(blocks[:1], splitter=splitter, get_x=get_x)
        else:
            block = DataBlock(blocks, splitter=splitter, get_x=get_x, get_y=get_y)
        with warnings.catch_warnings():
            if blocks[0].is_lm:  # whose batches are made of words, not of texts
                warnings.filterwarnings("ignore", "The training set has")
            dls = block.dataloaders(
                source, path, self.bs, self.val_bs, seed=self.seed, device=self.device, shuffle=self.shuffle
            )
        assert isinstance(dls, TextLoaders | LanguageModelLoaders)  # TextBlock.finish made them
        return dls


class TextDataLoaders:
    """Loaders of texts. Every constructor returns `TextLoaders`, or with `is_lm=True` `LanguageModelLoaders`.

    How texts are split into tokens need not be known yet: a learner reads them as its architecture wants them. `text_vocab`
    fixes the words beforehand, for a classifier that is to begin with a language model's encoder.
    """

    @staticmethod
    def from_folder(
        path: str | Path, train: str = "train", valid: str = "valid", valid_pct: float | None = None,
        seed: int | None = None, vocab: Sequence[Any] | None = None, text_vocab: Sequence[str] | None = None,
        is_lm: bool = False, *, seq_len: int = 72, bs: int = 64, val_bs: int | None = None, device: Device = None,
        shuffle: bool = True,
    ) -> TextLoaders | LanguageModelLoaders:  # fmt: skip
        """Texts in files (.txt), in a folder per class: under train/ and valid/, or split at random.

        Args:
            path: the folder.
            train: name of the training folder in it.
            valid: name of the validation folder.
            valid_pct: split all texts under `path` at random instead, with this share for validation, 0..1.
            seed: keys the random split and shuffling.
            vocab: the classes in the model's order; None for those of the training texts, sorted.
            text_vocab: the words in the order of their numbers, e.g. `dls_lm.vocab`; None to learn them.
            is_lm: for a language model, which needs no classes.
            seq_len: words in a piece of text that is read at once.
            bs: texts per training batch.
            val_bs: texts per validation batch; None for the same.
            device: where batches are put; None for the best at hand.
            shuffle: bring training texts in another order in every epoch.

        Raises:
            DataError: if a folder is missing, there are no texts, or a class is only among the validation texts.
        """
        path = Path(path)
        if valid_pct is None:
            _check_sides(path, (train, valid))
            names = [train, valid, *(["test"] if (path / "test").is_dir() and valid != "test" else [])]
            files, splitter = get_text_files(path, folders=names), GrandparentSplitter(train, valid)
        else:
            files, splitter = get_text_files(path), RandomSplitter(valid_pct, seed)  # type: ignore[assignment]
        if not is_lm:
            files = files.filter(lambda file: file.parent.name != UNLABELLED)
        if not files:
            raise DataError(
                f"There are no texts in {path}",
                expected="files whose names end in .txt",
                remedy="Check the path.",
            )
        blocks = TextBlock(vocab=text_vocab, is_lm=is_lm, seq_len=seq_len), CategoryBlock(vocab=vocab)
        return Options(seed, bs, val_bs, device, shuffle).loaders(
            path, files, blocks, splitter, None, parent_label
        )

    @staticmethod
    def from_df(
        df: pd.DataFrame, path: str | Path = ".", valid_pct: float = 0.2, seed: int | None = None,
        text_col: str | int = 0, label_col: str | int | Sequence[str | int] = 1, label_delim: str | None = None,
        y_block: Block | type[Block] | None = None, text_vocab: Sequence[str] | None = None, is_lm: bool = False,
        valid_col: str | int | None = None, *, seq_len: int = 72, bs: int = 64, val_bs: int | None = None,
        device: Device = None, shuffle: bool = True,
    ) -> TextLoaders | LanguageModelLoaders:  # fmt: skip
        """Texts in a column of a DataFrame, which stays as it is; see `from_folder` for the other arguments.

        Args:
            df: the table.
            path: folder where the job's files go.
            valid_pct: share of the rows for validation, 0..1.
            text_col: the texts' column, by name or position.
            label_col: the labels' column or columns.
            label_delim: what separates several labels in one cell.
            y_block: how labels are read; None for one class per text, or several where there are several columns.
            valid_col: a column that marks validation rows, instead of a random split.

        Raises:
            DataError: if a column is missing, or a text or label is not usable; the row is named.
            ArgumentError: if `df` is no table.
        """
        check_frame(df)
        names = list(df.columns)
        label_cols = [label_col] if isinstance(label_col, str | int) else list(label_col)
        labels = [] if is_lm else [_column(names, col) for col in label_cols]
        text = _column(names, text_col)
        check_columns(df, "text_col", [text])
        check_columns(df, "label_col", labels)
        if y_block is None:
            y_block = MultiCategoryBlock() if label_delim is not None or len(labels) > 1 else CategoryBlock()
        marks = None if valid_col is None else _column(names, valid_col)
        if marks is not None:
            check_columns(df, "valid_col", [marks])
        splitter: Callable[[Any], Any] = (
            RandomSplitter(valid_pct, seed) if marks is None else ColSplitter(marks)
        )
        blocks = TextBlock(vocab=text_vocab, is_lm=is_lm, seq_len=seq_len), y_block
        return Options(seed, bs, val_bs, device, shuffle).loaders(
            path, df, blocks, splitter, ColReader(text), ColReader(labels or text, label_delim=label_delim)
        )

    @staticmethod
    def from_csv(
        path: str | Path, csv_fname: str | Path = "labels.csv", delimiter: str = ",", valid_pct: float = 0.2,
        seed: int | None = None, text_col: str | int = 0, label_col: str | int | Sequence[str | int] = 1,
        label_delim: str | None = None, y_block: Block | type[Block] | None = None,
        text_vocab: Sequence[str] | None = None, is_lm: bool = False, valid_col: str | int | None = None, *,
        seq_len: int = 72, bs: int = 64, val_bs: int | None = None, device: Device = None, shuffle: bool = True,
    ) -> TextLoaders | LanguageModelLoaders:  # fmt: skip
        """Texts in a column of a CSV file; see `from_df` for the other arguments.

        Args:
            path: folder where the job's files go.
            csv_fname: the file, in `path`.
            delimiter: what separates the columns.

        Raises:
            DataError: if the file is missing or no table; and as `from_df`.
        """
        df = read_table(Path(path) / csv_fname, delimiter)
        return TextDataLoaders.from_df(
            df, path, valid_pct, seed, text_col, label_col, label_delim, y_block, text_vocab, is_lm, valid_col,
            seq_len=seq_len, bs=bs, val_bs=val_bs, device=device, shuffle=shuffle,
        )  # fmt: skip


def _column(names: Sequence[Any], col: str | int) -> str:
    """Return a column's name; a position that the table has not is complained of as a name would be."""
    if isinstance(col, str):
        return col
    if not -len(names) <= col < len(names):
        raise ArgumentError(
            "The table has no column of that position", got=col, expected=f"0 to {len(names) - 1}"
        )
    return str(names[col])


def _check_sides(path: Path, names: Sequence[str]) -> None:
    missing = [name for name in names if not (path / name).is_dir()]
    if missing and path.is_dir():
        folders = sorted(entry.name for entry in path.iterdir() if entry.is_dir())
        raise DataError(
            f"{path} has no folder {missing[0]!r}", expected=f"the folders that are there: {listed(folders)}",
            remedy="For one folder per class, pass valid_pct=0.2; for other names of the two sides, train= and valid=.",
        )  # fmt: skip
