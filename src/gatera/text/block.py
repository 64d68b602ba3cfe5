"""`TextBlock`: a text is read and cleaned as a program does it, then turned into the numbers of its tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from gatera.core.checks import check_at_least
from gatera.core.errors import ArgumentError
from gatera.core.progress import note
from gatera.data.blocks.base import InputBlock
from gatera.data.item_errors import naming_item
from gatera.program.archive import TOKENIZER
from gatera.program.raw.text import PADDING, mark_words, read_text, unmark_words
from gatera.program.raw.tokens import MOST_TOKENS, TokenReader
from gatera.text.loaders import LanguageModelLoaders, TextLoaders
from gatera.text.words import MAX_VOCAB, MIN_FREQ, learn_words, word_tokenizer

#: Words of a text that are read where nothing else is said. Source: fastai's 72 * 20.
MAX_WORDS = 1440


@dataclass(frozen=True, repr=False)
class TextBlock(InputBlock):
    """A text: a str, or a Path of a file that holds one.

    Without a tokenizer of its own (`tok`) it splits texts into words. The words are learned from the training set, but
    only when they are needed: a learner whose architecture brings a tokenizer reads the texts again.

    Args:
        tok: a tokenizer.json (its bytes, or a Path) of the package tokenizers; None for words.
        vocab: the words, in the order of their numbers; None to learn them from the training set.
        is_lm: the texts are for a language model, which reads them one after the other.
        seq_len: words in a piece of text that is read at once: by a language model, or by `AWD_LSTM`.
        max_len: tokens of a text that are read: half of them from its beginning, half from its end.
        min_freq: words that occur more rarely are unknown ones.
        max_vocab: how many words there may be.
        pad: number of the token that pads shorter texts; None for that of the word "xxpad".
    """

    tok: bytes | str | Path | None = None
    vocab: Sequence[str] | None = None  # of the input, where other blocks have labels
    is_lm: bool = False
    seq_len: int = 72
    max_len: int = MAX_WORDS
    min_freq: int = MIN_FREQ
    max_vocab: int = MAX_VOCAB
    pad: int | None = None
    training: Sequence[Any] = field(default=(), repr=False, compare=False)
    storage = "memory"

    def __post_init__(self) -> None:
        check_at_least("seq_len", self.seq_len, 1)
        check_at_least("max_len", self.max_len, 2)
        if self.tok is not None and self.vocab is not None:
            raise ArgumentError(
                "TextBlock got both tok and vocab", remedy="Leave vocab out: a tokenizer has its own."
            )
        if self.tok is not None and self.pad is None:
            raise ArgumentError(
                "TextBlock(tok=) does not say which token fills up shorter texts",
                remedy="Pass pad=, the number of the tokenizer's padding token.",
            )
        if self.tok is None and self.pad is None:
            object.__setattr__(self, "pad", 1 if self.vocab is None else _place_of_padding(self.vocab))

    @staticmethod
    def from_folder(
        path: str | Path = ".", vocab: Sequence[str] | None = None, is_lm: bool = False, seq_len: int = 72,
        min_freq: int = MIN_FREQ, max_vocab: int = MAX_VOCAB,
    ) -> TextBlock:  # fmt: skip
        """Return a block for texts in files, one text each; nothing is read yet, and nothing is ever written beside them.

        Args:
            path: where they are, for readers of the code: the items that the block is given are what counts.
            vocab: as in `TextBlock`, as are the others.
        """
        return TextBlock(None, vocab, is_lm, seq_len, min_freq=min_freq, max_vocab=max_vocab)

    @staticmethod
    def from_df(
        text_cols: str | int = 0, vocab: Sequence[str] | None = None, is_lm: bool = False, seq_len: int = 72,
        min_freq: int = MIN_FREQ, max_vocab: int = MAX_VOCAB,
    ) -> TextBlock:  # fmt: skip
        """Return a block for texts in a column of a table; pass `get_x=ColReader(text_cols)` to the `DataBlock`.

        Args:
            text_cols: the column, for readers of the code.
            vocab: as in `TextBlock`, as are the others.
        """
        return TextBlock(None, vocab, is_lm, seq_len, min_freq=min_freq, max_vocab=max_vocab)

    def fit(self, values: Sequence[Any]) -> Self:
        """Return a copy that remembers the texts of the training set, to learn their words when they are needed."""
        return self if self.tok is not None or self.vocab is not None else replace(self, training=values)

    @property
    def of_words(self) -> bool:
        """Whether texts are split into words, rather than by a tokenizer that was given."""
        return self.tok is None

    @property
    def padding(self) -> int:
        """Number of the token that fills up shorter texts: `pad`, which is always known by now."""
        return 0 if self.pad is None else self.pad

    @cached_property
    def tokenizer(self) -> bytes:
        """The tokenizer.json.

        Raises:
            DataError: if a training text cannot be read, or no word occurs often enough.
            ArgumentError: if the words are to be learned and the block has not been fitted.
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
        """What makes numbers of texts."""
        last = self.max_len // 2
        return TokenReader(self.tokenizer, self.max_len - last, last)

    def read(self, raw: Any) -> str:
        """Return the cleaned text.

        Raises:
            TextError: if it is empty, its file is missing or not in UTF-8, or `raw` is no text; a file is named.
        """
        return read_text(raw)

    def encode(self, value: str) -> np.ndarray:
        """Return the numbers of a text's tokens, int64 [T]."""
        return self.tokens(mark_words(value) if self.of_words else value)

    def encode_all(self, raws: Sequence[Any], name: Callable[[int], str]) -> list[np.ndarray]:
        """Return the tokens of many texts, int64 [T] each; a line says how many were cut.

        Raises:
            DataError: if a text is not usable; its item is named.
        """
        texts = [self._read(partial(name, i), raw) for i, raw in enumerate(raws)]
        before = self.tokens.n_cut
        arrays = self.tokens.many([mark_words(text) for text in texts] if self.of_words else texts)
        cut = self.tokens.n_cut - before
        if cut:
            note(
                f"{cut:,} of {len(texts):,} texts have more than {self.max_len:,} tokens: their middle is skipped (max_len)."
            )
        return arrays

    def _read(self, item: str | Callable[[], str], raw: Any) -> str:
        """Read a text; an error names its file, or else its item."""
        with naming_item("read", item, raw if isinstance(raw, Path) else None):
            return self.read(raw)

    def decode(self, encoded: Any) -> str:
        """Return the text that numbers stand for, as far as they tell; padding is skipped."""
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
        return [{"op": "read_text"}, *mark, tokenize]

    def entries(self) -> Mapping[str, bytes]:
        """Return the tokenizer."""
        return {TOKENIZER: self.tokenizer}

    def finish(self, dls: Any) -> Any:
        """Return loaders that know their words: of a language model's pieces, or of labelled texts."""
        if not self.is_lm:
            return TextLoaders.of(dls)
        whole = replace(self, max_len=MOST_TOKENS)
        return LanguageModelLoaders.of(dls.reread(whole), self.seq_len)


def _place_of_padding(vocab: Sequence[str]) -> int:
    words = list(vocab)
    if PADDING not in words:
        raise ArgumentError(
            f"vocab lacks the word {PADDING!r}, which fills up shorter texts", got=f"{len(words)} words",
            remedy="Take the vocabulary of other loaders: vocab=dls_lm.vocab.",
        )  # fmt: skip
    return words.index(PADDING)
