from __future__ import annotations

import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.program.raw.text import SPECIAL_WORDS, mark_words
from gatera.program.raw.tokens import TokenReader
from gatera.text.word_tokenizer import learn_words, word_tokenizer


def words_of(text: str) -> list[str]:
    words = [
        *SPECIAL_WORDS,
        "do",
        "n't",
        "ca",
        "we",
        "'s",
        "it",
        "1,000.5",
        "films",
        "well",
        "known",
        "!",
        "3",
        ".",
    ]
    read = TokenReader(word_tokenizer(words), first=99, last=0)
    return read.words(read(mark_words(text)))


def test_texts_are_split_into_words_and_short_forms():
    assert words_of("Don't! It's well-known.") == [
        "xxbos", "xxmaj", "do", "n't", "!", "xxmaj", "it", "'s", "well", "xxunk", "known", ".",
    ]  # fmt: skip
    assert words_of("we can't: 1,000.5 films!!!") == [
        "xxbos", "we", "ca", "n't", "xxunk", "1,000.5", "films", "xxrep", "3", "!",
    ]  # fmt: skip


def test_words_are_learned_by_their_frequency():
    texts = ["b b a", "a b", "c", "The a"]
    assert learn_words(texts, min_freq=2) == [*SPECIAL_WORDS, "a", "b"]
    assert learn_words(texts, min_freq=1, max_vocab=11) == [*SPECIAL_WORDS, "a", "b"]


def test_no_frequent_word():
    with pytest.raises(DataError) as err:
        learn_words(["a b"], min_freq=2)
    assert str(err.value) == (
        "No word occurs at least 2 times in the training texts. Got: '2 different words'. "
        "Use more texts, or TextBlock(min_freq=1)."
    )


@pytest.mark.parametrize("words", [["a", "b"], [*SPECIAL_WORDS, "a", "a"]])
def test_an_invalid_vocabulary_is_refused(words):
    with pytest.raises(ArgumentError) as err:
        word_tokenizer(words)
    assert str(err.value) == (
        f"the vocabulary is not usable. Got: '{len(words)} words, {len(set(words))} different ones'. "
        "Expected: different words, xxunk, xxpad, xxbos among them. Use the vocabulary of other loaders: vocab=dls_lm.vocab."
    )
