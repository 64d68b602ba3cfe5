"""Build a word tokenizer from the training texts, for models without a tokenizer of their own, such as `AWD_LSTM`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from gatera.core.checks import check_count, require
from gatera.core.errors import ArgumentError, DataError
from gatera.program.raw.text import BEGINNING, PADDING, SPECIAL_WORDS, UNKNOWN, mark_words

#: One word: a number, a contraction such as "n't" or "'s", letters and digits, or a single other character.
WORD = r"\d+(?:[.,]\d+)*|\w+(?=n't\b)|n't\b|'(?:s|m|d|re|ve|ll)\b|\w+|[^\w\s]"

#: Default minimum frequency and maximum vocabulary; other words become unknown. Source: fastai.
MIN_FREQ, MAX_VOCAB = 3, 60_000


def word_tokenizer(words: Sequence[str]) -> bytes:
    """Build a tokenizer.json with a given vocabulary: texts start with "xxbos", and unknown words become "xxunk".

    Args:
        words: the words in the order of their ids; "xxunk", "xxpad" and "xxbos" must be among them.

    Raises:
        ArgumentError: if one of those is missing, or a word is there twice.
    """
    numbers = {word: number for number, word in enumerate(words)}
    missing = [word for word in (UNKNOWN, PADDING, BEGINNING) if word not in numbers]
    if missing or len(numbers) < len(words):
        raise ArgumentError(
            "the vocabulary is not usable", got=f"{len(words)} words, {len(numbers)} different ones",
            expected="different words, " + ", ".join(SPECIAL_WORDS[:3]) + " among them",
            remedy="Use the vocabulary of other loaders: vocab=dls_lm.vocab.",
        )  # fmt: skip
    tokenizer = _splitter()
    parts = require("tokenizers", "text", "to read texts")
    tokenizer.model = parts.models.WordLevel(numbers, unk_token=UNKNOWN)
    tokenizer.post_processor = parts.processors.TemplateProcessing(
        single=f"{BEGINNING} $A", special_tokens=[(BEGINNING, numbers[BEGINNING])]
    )
    return tokenizer.to_str().encode()


def learn_words(texts: Iterable[str], min_freq: int = MIN_FREQ, max_vocab: int = MAX_VOCAB) -> list[str]:
    """Return the special words, then the words of the training texts, the most frequent first.

    Args:
        texts: cleaned texts.
        min_freq: rarer words are skipped.
        max_vocab: largest number of words.

    Raises:
        DataError: if no word is frequent enough.
        ArgumentError: if a limit is below 1.
    """
    check_count("min_freq", min_freq, 1)
    check_count("max_vocab", max_vocab, len(SPECIAL_WORDS) + 1)
    split, counts = word_splitter(), Counter[str]()
    for text in texts:
        counts.update(word for word, _ in split(mark_words(text)))
    known = sorted(
        (word for word, count in counts.items() if count >= min_freq and word not in SPECIAL_WORDS),
        key=lambda word: (-counts[word], word),
    )
    if not known:
        raise DataError(
            f"No word occurs at least {min_freq} times in the training texts", got=f"{len(counts)} different words",
            remedy="Use more texts, or TextBlock(min_freq=1).",
        )  # fmt: skip
    return [*SPECIAL_WORDS, *known[: max_vocab - len(SPECIAL_WORDS)]]


def word_splitter() -> Any:
    """Return a function from a text to its words, each with its place: [(word, (start, end)), ...]."""
    return _splitter().pre_tokenizer.pre_tokenize_str


def _splitter() -> Any:
    """Create a tokenizer that splits texts into words, with an empty vocabulary."""
    parts = require("tokenizers", "text", "to read texts")
    tokenizer = parts.Tokenizer(parts.models.WordLevel({UNKNOWN: 0}, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = parts.pre_tokenizers.Split(parts.Regex(WORD), "removed", invert=True)
    return tokenizer
