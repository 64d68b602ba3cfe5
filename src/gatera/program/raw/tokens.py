"""Turn a cleaned text into token numbers with a tokenizer that is data: a JSON document of the `tokenizers` package."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from gatera.core.checks import require
from gatera.core.errors import ProgramFileError, is_library_error, shorten
from gatera.core.threads import in_turn

#: Of a longer text only this many characters at each end are read: a text of a million takes as long as one of these.
MARGIN_CHARACTERS = 50_000

#: More tokens than this are never kept: a hostile program must not fill the memory.
MOST_TOKENS = 100_000

#: Characters at each end for every token that is kept there: no real tokenizer has longer tokens on average.
CHARACTERS_PER_TOKEN = 40


class TokenReader:
    """Turns a text into the numbers of its tokens, int64 [T]; the middle of a long one is skipped.

    Args:
        tokenizer: a `tokenizer.json` as the package `tokenizers` (Hugging Face) writes it, UTF-8.
        first: how many tokens are kept from the beginning, the tokenizer's own opening token among them.
        last: how many from the end.
        pad: the number that fills up shorter texts; not used by this class.

    Attributes:
        size: how many different tokens there are.
        n_cut: how many texts so far were cut.

    Raises:
        ProgramFileError: if `tokenizer` is not such a document.
        MissingExtraError: if the package `tokenizers` is not installed.
    """

    def __init__(self, tokenizer: bytes, first: int, last: int, pad: int = 0) -> None:
        self._tokenizer = load_tokenizer(tokenizer)
        self.first, self.last, self.pad = first, last, pad
        self.size: int = self._tokenizer.get_vocab_size(with_added_tokens=True)
        self.margin = max(MARGIN_CHARACTERS, CHARACTERS_PER_TOKEN * max(first, last))
        self.n_cut, self._said = 0, False

    def __call__(self, text: str) -> np.ndarray:
        """Return one text's tokens, int64 [T]; T is at most `first + last`."""
        with _explained():
            return self._cut(self._tokenizer.encode(self._within_margins(text)).ids)

    def many(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Return the tokens of each text, as calling for one after the other does, in several threads."""
        with _explained():
            found = self._tokenizer.encode_batch([self._within_margins(text) for text in texts])
        return [self._cut(encoding.ids) for encoding in found]

    def words(self, tokens: Sequence[int]) -> list[str]:
        """Return the tokens' words."""
        return [self._tokenizer.id_to_token(int(token)) for token in tokens]

    def text(self, tokens: Sequence[int]) -> str:
        """Return what the tokens stand for as one text, as far as the tokenizer can tell."""
        return str(self._tokenizer.decode([int(token) for token in tokens], skip_special_tokens=True))

    @property
    def vocab(self) -> list[str]:
        """All tokens' words, in the order of their numbers."""
        return self.words(range(self.size))

    def _within_margins(self, text: str) -> str:
        if len(text) <= 2 * self.margin:
            return text
        in_turn(partial(self._say_cut, len(text)))
        return f"{text[: self.margin]} {text[-self.margin :]}"

    def _say_cut(self, length: int) -> None:
        if not self._said:
            self._said = True
            warnings.warn(
                f"A text has {length:,} characters: only its first and last {self.margin:,} are read. This warning is shown once.",
                stacklevel=5,
            )

    def _cut(self, tokens: list[int]) -> np.ndarray:
        if len(tokens) > self.first + self.last:
            self.n_cut += 1
            tokens = tokens[: self.first] + (tokens[-self.last :] if self.last else [])
        return np.array(tokens, np.int64)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the package raises while it splits a text into the error of the tokenizer that made it do so."""
    try:
        yield
    except BaseException as err:
        if not is_library_error(err):
            raise
        raise ProgramFileError(f"the tokenizer fails ({shorten(str(err))})") from err


def load_tokenizer(content: bytes) -> Any:
    """Return a tokenizer from its JSON document, set to neither cut nor fill up.

    Raises:
        ProgramFileError: if `content` is not such a document.
        MissingExtraError: if the package `tokenizers` is not installed.
    """
    tokenizers = require("tokenizers", "text", "to read texts")
    try:
        tokenizer = tokenizers.Tokenizer.from_str(content.decode("utf-8"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
    except (
        BaseException
    ) as err:  # plain Exception for anything wrong with the document, and panics, which are none
        if not is_library_error(err):
            raise
        raise ProgramFileError(
            f"the tokenizer is not one that the package tokenizers reads ({shorten(str(err))})"
        ) from err
    return tokenizer
