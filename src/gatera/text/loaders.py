"""Text loaders: labelled texts for classifiers, and streams of text for language models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

import numpy as np
import torch

from gatera.core.checks import check_count, require
from gatera.core.errors import DataError
from gatera.core.random import rng
from gatera.data.blocks.vocab import Vocab
from gatera.data.loading.dataset import Dataset
from gatera.data.loading.describe import describe_loader
from gatera.data.loading.loader import ORDER, Batch
from gatera.data.loading.loaders import DataLoader, DataLoaders
from gatera.program.raw.tokens import TokenReader

if TYPE_CHECKING:
    import pandas as pd


class ReadsText(Protocol):
    """The part of `TextBlock` that loaders use."""

    vocab: Sequence[str] | None
    max_len: int
    seq_len: int
    column: str | None

    @property
    def of_words(self) -> bool:
        """Whether texts are split into words."""

    @property
    def padding(self) -> int:
        """Id of the padding token."""

    @property
    def tokenizer(self) -> bytes:
        """The tokenizer.json."""

    @property
    def tokens(self) -> TokenReader:
        """The tokenizer: from cleaned text to token ids."""

    def read(self, raw: Any) -> str:
        """Return the cleaned text."""

    def encode(self, value: str) -> np.ndarray:
        """Return the ids of a text's tokens, int64 [T]."""

    def decode(self, encoded: Any) -> str:
        """Return the text of token ids."""


class TextLoaders(DataLoaders):
    """Loaders of texts with labels. `vocab` lists the classes, `text_vocab` the words."""

    @classmethod
    def of(cls, dls: DataLoaders) -> Self:
        """Create text loaders with the same batches as `dls`."""
        return cls(dls.train, dls.valid, dls.test, path=dls.path)

    @property
    def block(self) -> ReadsText:
        """The block that reads the texts."""
        return cast(ReadsText, self.train_ds.fields.x)

    @property
    def text_vocab(self) -> Vocab:
        """The words, or pieces of words, in the order of their ids; learned on first use."""
        return Vocab(self.block.tokens.vocab)


class StreamLoader:
    """Yield pieces of text (x, y), both int64 [N,T], in which y is x shifted by one word.

    All texts are concatenated and split into N streams of equal length; each batch is the next piece of every stream. A model
    that keeps its state between batches so reads whole texts in the course of an epoch.

    Args:
        dataset: the texts.
        bs: number of streams N; reduced if they would be shorter than a piece.
        seq_len: words in a piece T; the last one is shorter.
        shuffle: reorder the texts in every epoch.
        seed: determines that order.
        device: the device of the batches.

    Raises:
        DataError: if there are fewer than two words.
    """

    def __init__(
        self, dataset: Dataset, bs: int, seq_len: int, shuffle: bool, seed: int, device: torch.device
    ) -> None:
        check_count("bs", bs, 1)
        check_count("seq_len", seq_len, 1)
        self.dataset, self.seq_len, self.shuffle, self.seed, self.device = (
            dataset,
            seq_len,
            shuffle,
            seed,
            device,
        )
        self.epoch, self.n = 0, len(dataset)
        self.words = sum(len(array) for array in dataset.arrays)
        if self.words < 2:
            raise DataError("The training texts have fewer than two words")
        self.bs = max(1, min(bs, (self.words - 1) // seq_len))
        self.stream_words = (self.words - 1) // self.bs

    def __repr__(self) -> str:
        return f"<StreamLoader: {self.words:,} words of {self.n:,} texts in {describe_loader(self)} pieces, on {self.device}>"

    def __len__(self) -> int:
        """Return the number of batches."""
        return -(-self.stream_words // self.seq_len)

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, which determines the order of the next iteration."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[Batch]:
        order = np.arange(self.n)
        if self.shuffle:
            order = rng(self.seed, self.epoch, ORDER).permutation(self.n)
        text = torch.from_numpy(np.concatenate([self.dataset.arrays[int(i)] for i in order]))
        used = self.bs * self.stream_words
        x, y = (text[start : start + used].view(self.bs, -1) for start in (0, 1))  # [N, words of a stream]
        rows = torch.arange(self.bs)
        for start in range(0, self.stream_words, self.seq_len):
            piece = slice(start, start + self.seq_len)
            yield Batch((x[:, piece].to(self.device), y[:, piece].to(self.device)), rows)

    def one_batch(self) -> Batch:
        """Return the first batch of the current epoch."""
        return next(iter(self))

    def reading(self, dataset: Dataset) -> StreamLoader:
        """Return a loader of another data set in the same way, e.g. of the same texts with the numbers of other words."""
        return StreamLoader(dataset, self.bs, self.seq_len, self.shuffle, self.seed, self.device)


class LanguageModelLoaders(DataLoaders):
    """Loaders of a language model. `vocab` lists the words.

    Args:
        train: training pieces.
        valid: validation pieces, or None.
        block: the block that reads the texts.
        path: folder for files written in training.
        seed: determines everything else that is random in training.
    """

    def __init__(
        self,
        train: StreamLoader,
        valid: StreamLoader | None,
        block: ReadsText,
        path: str | Path,
        seed: int | None,
    ) -> None:
        super().__init__(
            train, valid, path=path, device=train.device, seed=seed, vocab=Vocab(block.tokens.vocab), task="classification"
        )  # fmt: skip
        self.block = block

    @classmethod
    def of(cls, texts: DataLoaders, seq_len: int) -> Self:
        """Create language model loaders from the texts of other loaders; labels are not used.

        Args:
            texts: the loaders; their block must not truncate texts.
            seq_len: words in a piece.
        """

        def stream(loader: DataLoader | None) -> StreamLoader | None:
            if loader is None:
                return None
            return StreamLoader(
                loader.dataset, loader.bs, seq_len, loader.shuffle, loader.options.seed, loader.device
            )

        train, valid = stream(texts.train), stream(texts.valid)
        assert train is not None  # for the type checker
        return cls(train, valid, texts.train_ds.fields.x, texts.path, texts.seed)

    @property
    def text_vocab(self) -> Vocab:
        """The words in the order of their ids: the same as `vocab`."""
        return cast(Vocab, self.vocab)

    def to(self, device: str | torch.device) -> Self:
        """Move future batches to another device; returns these loaders."""
        super().to(device)
        for loader in self:
            loader.device = self.device
        return self

    def show_batch(
        self,
        max_n: int = 9,
        nrows: int | None = None,
        ncols: int | None = None,
        figsize: tuple[float, float] | None = None,
        unique: bool = False,
    ) -> pd.DataFrame:
        """Return a table of training pieces: the model's input and its target. Only `max_n` is used."""
        check_count("max_n", max_n, 1)
        x, y = self.train.one_batch()
        rows = [
            {"text": self.block.decode(a), "text_": self.block.decode(b)}
            for a, b in zip(x[:max_n], y[:max_n], strict=True)
        ]
        return require("pandas", "train", "to show a table").DataFrame(rows)
