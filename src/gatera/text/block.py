"""The block for texts: reads and cleans them as programs do, and encodes them as token ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from gatera.core.checks import check_count
from gatera.core.errors import ArgumentError
from gatera.core.progress import note, track
from gatera.data.blocks.base import InputBlock
from gatera.data.blocks.batch_size import TEXTS
from gatera.data.item_errors import naming_item
from gatera.program.archive import TOKENIZER
from gatera.program.raw.text import PADDING, mark_words, read_text, unmark_words
from gatera.program.raw.tokens import MOST_TOKENS, TokenReader
from gatera.text.loaders import LanguageModelLoaders, TextLoaders
from gatera.text.word_tokenizer import MAX_VOCAB, MIN_FREQ, learn_words, word_tokenizer

#: Default length limit in words. Source: fastai's 72 * 20.
MAX_WORDS = 1440

#: So many texts are read and split at once, in several threads: the progress bar moves with each.
READ_TOGETHER = 256


@dataclass(frozen=True, repr=False)
class TextBlock(InputBlock):
    """A text: a str, or the Path of a text file.

    Without a tokenizer (`tok`), texts are split into words. The vocabulary is learned from the training set when it is first
    needed, because a learner whose architecture has its own tokenizer reads the texts again.

    Args:
        tok: a tokenizer.json (its bytes, or a Path) of the tokenizers package; None to split into words.
        vocab: the words, in the order of their ids; None to learn them from the training set.
        is_lm: the texts are for a language model, which reads them as one stream.
        seq_len: number of words that a language model or `AWD_LSTM` reads at once.
        max_len: longest text in tokens; of longer texts half are taken from the beginning, half from the end.
        min_freq: rarer words become unknown ("xxunk").
        max_vocab: largest number of words.
        pad: id of the padding token; None for that of the word "xxpad".
        column: the column that holds the text, where programs are given rows of a table.
    """

    tok: bytes | str | Path | None = None
    vocab: Sequence[str] | None = None  # a vocabulary of the input; other blocks have one of labels
    is_lm: bool = False
    seq_len: int = 72
    max_len: int = MAX_WORDS
    min_freq: int = MIN_FREQ
    max_vocab: int = MAX_VOCAB
    pad: int | None = None
    column: str | None = None
    training: Sequence[Any] = field(default=(), repr=False, compare=False)
    storage = "memory"
    batch_rule = TEXTS

    def __post_init__(self) -> None:
        check_count("seq_len", self.seq_len, 1)
        check_count("max_len", self.max_len, 2)
        if self.tok is not None and self.vocab is not None:
            raise ArgumentError(
                "TextBlock got both tok and vocab", remedy="Omit vocab: a tokenizer has its own."
            )
        if self.tok is not None and self.pad is None:
            raise ArgumentError(
                "TextBlock(tok=) needs a padding token",
                remedy="Pass pad=, the id of the tokenizer's padding token.",
            )
        if self.tok is None and self.pad is None:
            object.__setattr__(self, "pad", 1 if self.vocab is None else _place_of_padding(self.vocab))

    @staticmethod
    def from_folder(
        path: str | Path = ".", vocab: Sequence[str] | None = None, is_lm: bool = False, seq_len: int = 72,
        min_freq: int = MIN_FREQ, max_vocab: int = MAX_VOCAB,
    ) -> TextBlock:  # fmt: skip
        """Create a block for text files, one text each; nothing is read yet, and nothing is written beside them.

        Args:
            path: folder of the files; accepted for fastai's signature and not used, since items are paths.
            vocab: as in `TextBlock`; likewise the other arguments.
        """
        return TextBlock(None, vocab, is_lm, seq_len, min_freq=min_freq, max_vocab=max_vocab)

    @staticmethod
    def from_df(
        text_cols: str | int = 0, vocab: Sequence[str] | None = None, is_lm: bool = False, seq_len: int = 72,
        min_freq: int = MIN_FREQ, max_vocab: int = MAX_VOCAB,
    ) -> TextBlock:  # fmt: skip
        """Create a block for texts in a column of a table; pass `get_x=ColReader(text_cols)` to the `DataBlock`.

        Args:
            text_cols: the column; accepted for fastai's signature and not used.
            vocab: as in `TextBlock`; likewise the other arguments.
        """
        return TextBlock(None, vocab, is_lm, seq_len, min_freq=min_freq, max_vocab=max_vocab)

    def fit(self, values: Sequence[Any]) -> Self:
        """Return a copy that keeps the training texts, to learn their vocabulary when it is needed."""
        return self if self.tok is not None or self.vocab is not None else replace(self, training=values)

    @property
    def of_words(self) -> bool:
        """Whether texts are split into words rather than by a given tokenizer."""
        return self.tok is None

    @property
    def codes(self) -> Any:
        """The tokenizer, which knows the words in their order."""
        return self.tokenizer

    @property
    def padding(self) -> int:
        """Id of the padding token: `pad`, which is always set by now."""
        return 0 if self.pad is None else self.pad

    @cached_property
    def tokenizer(self) -> bytes:
        """The tokenizer.json.

        Raises:
            DataError: if a training text cannot be read, or no word is frequent enough.
            ArgumentError: if the vocabulary must be learned and the block has not been fitted.
        """
        if self.tok is not None:
            return self.tok if isinstance(self.tok, bytes) else Path(self.tok).read_bytes()
        if self.vocab is not None:
            return word_tokenizer(self.vocab)
        if not len(self.training):
            raise ArgumentError("This TextBlock has not been fitted", remedy="Call fit(texts) first.")
        texts = (self._read(f"training item {number}", raw) for number, raw in enumerate(self.training))
        return word_tokenizer(learn_words(texts, self.min_freq, self.max_vocab))

    @cached_property
    def tokens(self) -> TokenReader:
        """The tokenizer: from cleaned text to token ids."""
        last = self.max_len // 2
        return TokenReader(self.tokenizer, self.max_len - last, last)

    def read(self, raw: Any) -> str:
        """Return the cleaned text.

        Raises:
            TextError: if it is empty, its file is missing or not UTF-8, or `raw` is not text; the message names the file.
        """
        return read_text(raw)

    def encode(self, value: str) -> np.ndarray:
        """Return the ids of a text's tokens, int64 [T]."""
        return self.tokens(mark_words(value) if self.of_words else value)

    def encode_all(self, raws: Sequence[Any], name: Callable[[int], str]) -> list[np.ndarray]:
        """Return the token ids of many texts, int64 [T] each, and print how many were truncated.

        Raises:
            DataError: if a text cannot be used; the message names its item.
        """
        before, arrays = self.tokens.n_cut, []
        starts = range(0, len(raws), READ_TOGETHER)
        for start in track(starts, "reading texts"):
            some = range(start, min(start + READ_TOGETHER, len(raws)))
            texts = [self._read(partial(name, i), raws[i]) for i in some]
            arrays += self.tokens.many([mark_words(text) for text in texts] if self.of_words else texts)
        cut = self.tokens.n_cut - before
        if cut:
            note(
                f"{cut:,} of {len(raws):,} texts are longer than max_len={self.max_len:,} tokens; their middle is skipped."
            )
        return arrays

    def _read(self, item: str | Callable[[], str], raw: Any) -> str:
        """Read a text; errors name its file, or else its item."""
        with naming_item("read", item, raw if isinstance(raw, Path) else None):
            return self.read(raw)

    def decode(self, encoded: Any) -> str:
        """Return the text of token ids, without padding; cleaning and unknown words cannot be undone."""
        numbers = [number for number in np.asarray(encoded).tolist() if number != self.padding]
        return unmark_words(self.tokens.words(numbers)) if self.of_words else self.tokens.text(numbers)

    def columns(self, value: str) -> dict[str, Any]:
        """Return the cell that shows a text."""
        return {"text": value}

    def config(self) -> list[dict[str, Any]]:
        """Return the operations that read a text."""
        last = self.max_len // 2
        mark = [{"op": "mark_words"}] if self.of_words else []
        tokenize = {
            "op": "tokenize",
            "tokenizer": TOKENIZER,
            "first": self.max_len - last,
            "last": last,
            "pad": self.padding,
        }
        read = {"op": "read_text"} if self.column is None else {"op": "read_text", "column": self.column}
        return [read, *mark, tokenize]

    def entries(self) -> Mapping[str, bytes]:
        """Return the tokenizer."""
        return {TOKENIZER: self.tokenizer}

    @property
    def batches_items(self) -> bool:
        """See `InputBlock`."""
        return not self.is_lm

    def finish(self, dls: Any) -> Any:
        """Return `LanguageModelLoaders` for a language model, else `TextLoaders`."""
        if not self.is_lm:
            return TextLoaders.of(dls)
        whole = replace(self, max_len=MOST_TOKENS)
        return LanguageModelLoaders.of(dls.reread(whole), self.seq_len)


def _place_of_padding(vocab: Sequence[str]) -> int:
    words = list(vocab)
    if PADDING not in words:
        raise ArgumentError(
            f"vocab has no padding word {PADDING!r}", got=f"{len(words)} words",
            remedy="Use the vocabulary of other loaders: vocab=dls_lm.vocab.",
        )  # fmt: skip
    return words.index(PADDING)
