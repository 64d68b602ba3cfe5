"""`TextDataLoaders`: build loaders of texts, labelled or for a language model, from folders and tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

from gatera.core.checks import missing_column
from gatera.core.errors import DataError
from gatera.core.signatures import check_arguments, spelled_out
from gatera.core.walk import OnLeftOut
from gatera.data.arguments import (
    LOADER_DEFAULTS,
    READ_DEFAULTS,
    LoaderArguments,
    ReadArguments,
    loader_arguments,
    read_arguments,
)
from gatera.data.blocks.base import Block
from gatera.data.blocks.category import CategoryBlock, MultiCategoryBlock
from gatera.data.datablock import DataBlock
from gatera.data.from_files import check_sides
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

Getter = Callable[[Any], Any]
Splitter = Callable[[Any], Any]

#: Folders of the book's data sets that contain unlabelled texts.
UNLABELLED = "unsup"


def get_text_files(
    path: str | Path,
    recurse: bool = True,
    folders: str | Sequence[str] | None = None,
    on_left_out: OnLeftOut | None = None,
) -> Items[Path]:
    """List the text files (.txt) in a folder, sorted; see `get_files`."""
    return get_files(path, TEXT_SUFFIXES, recurse, folders, on_left_out)


class TextArguments(LoaderArguments, total=False):
    """Arguments of `TextDataLoaders` constructors besides `LoaderArguments`.

    Attributes:
        text_vocab: the words in the order of their ids, e.g. `dls_lm.vocab`; None to learn them.
        is_lm: whether the texts are for a language model, which needs no classes.
        seq_len: number of words that are read at once.
    """

    text_vocab: Sequence[str] | None
    is_lm: bool
    seq_len: int


TEXT_DEFAULTS = TextArguments(text_vocab=None, is_lm=False, seq_len=72, **LOADER_DEFAULTS)


class TextTableArguments(TextArguments, total=False):
    """Additional arguments of the constructors that read a table.

    Attributes:
        label_delim: separator of several labels in one cell.
        y_block: block of the labels; None for one class per text, or several if there are several label columns.
        valid_col: a column that marks validation rows, instead of a random split.
    """

    label_delim: str | None
    y_block: Block | type[Block] | None
    valid_col: str | int | None


TEXT_TABLE_DEFAULTS = TextTableArguments(label_delim=None, y_block=None, valid_col=None, **TEXT_DEFAULTS)


class TextCsvArguments(TextTableArguments, ReadArguments, total=False):
    """Additional arguments of `TextDataLoaders.from_csv`."""


class TextDataLoaders:
    """Create loaders of texts: `TextLoaders`, or `LanguageModelLoaders` with `is_lm=True`.

    The tokenizer is not fixed yet: a learner reads the texts as its architecture needs. `text_vocab` fixes the words beforehand,
    for a classifier that starts from a language model's encoder.
    """

    @staticmethod
    @spelled_out(TextArguments, TEXT_DEFAULTS)
    def from_folder(
        path: str | Path, train: str = "train", valid: str = "valid", valid_pct: float | None = None,
        seed: int | None = None, vocab: Sequence[Any] | None = None, **options: Unpack[TextArguments],
    ) -> TextLoaders | LanguageModelLoaders:  # fmt: skip
        """Load texts in files (.txt), in a folder per class: under train/ and valid/, or split at random.

        Args:
            path: the folder.
            train: name of the training folder in it.
            valid: name of the validation folder.
            valid_pct: split all texts under `path` at random instead, with this share for validation, 0..1.
            seed: determines the random split and shuffling.
            vocab: the classes in the model's order; None for those of the training texts, sorted.
            **options: see `TextArguments` and `LoaderArguments`.

        Raises:
            ArgumentError: if an argument is unknown.
            DataError: if a folder is missing, there are no texts, or a class occurs only in the validation set.
        """
        check_arguments(TextDataLoaders.from_folder, options)
        path = Path(path)
        if valid_pct is None:
            check_sides(path, (train, valid))
            names = [train, valid, *(["test"] if (path / "test").is_dir() and valid != "test" else [])]
            files, splitter = get_text_files(path, folders=names), GrandparentSplitter(train, valid)
        else:
            files, splitter = get_text_files(path), RandomSplitter(valid_pct, seed)  # type: ignore[assignment]
        if not options.get("is_lm"):
            files = files.filter(lambda file: file.parent.name != UNLABELLED)
        if not files:
            raise DataError(
                f"There are no texts in {path}", expected="files whose names end in .txt",
                remedy="Check the path.",
            )  # fmt: skip
        block = _recipe(CategoryBlock(vocab=vocab), splitter, None, parent_label, options)
        return _loaders(block, files, path, seed, options)

    @staticmethod
    @spelled_out(TextTableArguments, TEXT_TABLE_DEFAULTS)
    def from_df(
        df: pd.DataFrame, path: str | Path = ".", valid_pct: float = 0.2, seed: int | None = None,
        text_col: str | int = 0, label_col: str | int | Sequence[str | int] = 1, **options: Unpack[TextTableArguments],
    ) -> TextLoaders | LanguageModelLoaders:  # fmt: skip
        """Load texts in a column of a DataFrame, which is not changed.

        Args:
            df: the table.
            path: folder for files written in training.
            valid_pct: share of the rows for validation, 0..1.
            seed: determines the random split and shuffling.
            text_col: the texts' column, by name or position.
            label_col: the labels' column or columns.
            **options: see `TextTableArguments`, `TextArguments` and `LoaderArguments`.

        Raises:
            DataError: if a column is missing, or a text or label cannot be used; the message names the row.
            ArgumentError: if `df` is not a table, or an argument is unknown.
        """
        check_arguments(TextDataLoaders.from_df, options)
        check_frame(df)
        given: TextTableArguments = {**TEXT_TABLE_DEFAULTS, **options}
        names = list(df.columns)
        label_cols = [label_col] if isinstance(label_col, str | int) else list(label_col)
        labels = [] if given["is_lm"] else [_column(names, col, "label_col") for col in label_cols]
        text = _column(names, text_col, "text_col")
        check_columns(df, "text_col", [text])
        check_columns(df, "label_col", labels)
        several = given["label_delim"] is not None or len(labels) > 1
        y_block = given["y_block"] or (MultiCategoryBlock if several else CategoryBlock)
        marks = None if given["valid_col"] is None else _column(names, given["valid_col"], "valid_col")
        if marks is not None:
            check_columns(df, "valid_col", [marks])
        splitter: Splitter = RandomSplitter(valid_pct, seed) if marks is None else ColSplitter(marks)
        get_y = ColReader(labels or text, label_delim=given["label_delim"])
        return _loaders(_recipe(y_block, splitter, ColReader(text), get_y, options), df, path, seed, options)

    @staticmethod
    @spelled_out(TextCsvArguments, {**READ_DEFAULTS, **TEXT_TABLE_DEFAULTS})
    def from_csv(
        path: str | Path, csv_fname: str | Path = "labels.csv", delimiter: str | None = None, valid_pct: float = 0.2,
        seed: int | None = None, text_col: str | int = 0, label_col: str | int | Sequence[str | int] = 1,
        **options: Unpack[TextCsvArguments],
    ) -> TextLoaders | LanguageModelLoaders:  # fmt: skip
        """Load texts in a column of a CSV file; see `from_df` for the other arguments.

        Args:
            path: folder of the CSV file, and for files written in training.
            csv_fname: name of the file in `path`.
            delimiter: separator of the columns; None to detect it.

        Raises:
            DataError: if the file is missing or not a table; and as `from_df`.
        """
        check_arguments(TextDataLoaders.from_csv, options)
        df = read_table(Path(path) / csv_fname, delimiter, **read_arguments(options))
        rest = {name: value for name, value in options.items() if name not in READ_DEFAULTS}
        return TextDataLoaders.from_df(
            df, path, valid_pct, seed, text_col, label_col, **cast(TextTableArguments, rest)
        )


def _recipe(
    y_block: Block | type[Block], splitter: Splitter, get_x: Getter | None, get_y: Getter, options: TextArguments
) -> DataBlock:  # fmt: skip
    """Return the `DataBlock` for texts and their labels; language models have no labels."""
    given: TextArguments = {**TEXT_DEFAULTS, **options}
    block = TextBlock(vocab=given["text_vocab"], is_lm=given["is_lm"], seq_len=given["seq_len"])
    if block.is_lm:
        return DataBlock((block,), splitter=splitter, get_x=get_x)
    return DataBlock((block, y_block), splitter=splitter, get_x=get_x, get_y=get_y)


def _loaders(
    block: DataBlock, source: Any, path: str | Path, seed: int | None, options: TextArguments
) -> TextLoaders | LanguageModelLoaders:
    loading = loader_arguments({**TEXT_DEFAULTS, **options})
    dls = block.dataloaders(source, path, seed=seed, **loading)
    assert isinstance(dls, TextLoaders | LanguageModelLoaders)  # TextBlock.finish made them
    return dls


def _column(names: Sequence[Any], col: str | int, role: str) -> str:
    """Return a column's name, given its name or position.

    Raises:
        DataError: if the position does not exist.
    """
    if isinstance(col, str):
        return col
    if not -len(names) <= col < len(names):
        raise missing_column(col, names, role=role)
    return str(names[col])
