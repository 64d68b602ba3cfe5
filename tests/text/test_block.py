from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.data.datablock import DataBlock
from gatera.data.sources.labels import ColReader
from gatera.program.preprocess import Preprocessing
from gatera.text.block import TextBlock
from gatera.text.data import TextDataLoaders
from gatera.text.word_tokenizer import word_tokenizer

TEXTS = ["A fine film, a FINE film.", "A dull <br /> film.", "Fine."]


def fitted(**settings) -> TextBlock:
    return TextBlock(min_freq=1, **settings).fit(TEXTS)


def test_a_program_reads_a_text_as_the_block_does():
    block = fitted()
    prepare = Preprocessing(block.config(), block.entries())
    for text in TEXTS:
        assert np.array_equal(prepare(text), block.encode(block.read(text)))
    assert prepare.pad == block.pad == 1


def test_texts_are_encoded_together_as_one_by_one():
    block = fitted()
    together = block.encode_all(TEXTS, str)
    assert [array.tolist() for array in together] == [
        block.encode(block.read(text)).tolist() for text in TEXTS
    ]


def test_words_come_back():
    block = fitted()
    assert block.decode([*block.encode(block.read("A FINE thing")), 1, 1]) == "a FINE xxunk"


def test_truncated_texts_are_reported(capsys):
    block = fitted(max_len=6)
    block.encode_all(TEXTS, str)
    assert capsys.readouterr().err == (
        "1 of 3 texts are longer than max_len=6 tokens; their middle is skipped.\n"
    )
    assert block.decode(block.encode(block.read(TEXTS[0]))) == "a fine fine film."


def test_words_are_not_learned_before_they_are_needed(tmp_path):
    block = TextBlock().fit([tmp_path / "missing.txt"])
    with pytest.raises(DataError) as err:
        block.encode("a")
    assert str(err.value) == (
        f"There is no file {tmp_path / 'missing.txt'}. A Path is a file; pass the text itself as a str."
    )


def test_an_unusable_text_is_named(tmp_path):
    block = fitted()
    with pytest.raises(DataError) as err:
        block.encode_all(["a", ""], lambda i: f"item {i}")
    assert str(err.value) == "A text is empty for item 1. Remove it, or write a text into it."
    file = tmp_path / "latin.txt"
    file.write_bytes(b"caf\xe9")
    with pytest.raises(DataError) as err:
        block.encode_all([file], lambda i: f"item {i}")
    assert str(err.value) == f"The file {file} is not in UTF-8 (byte 0xe9 at place 3). Save it as UTF-8."


def test_a_tokenizer_of_ones_own(tmp_path):
    document = word_tokenizer(["xxbos", "xxunk", "xxpad", "film"])
    (tmp_path / "tokenizer.json").write_bytes(document)
    for tok in (document, tmp_path / "tokenizer.json"):
        block = TextBlock(tok=tok, pad=2).fit(TEXTS)
        assert block.encode("film Film").tolist() == [0, 3, 1]
        assert [op["op"] for op in block.config()] == ["read_text", "tokenize"]


def test_a_vocabulary_of_other_loaders():
    block = TextBlock(vocab=["xxunk", "xxbos", "xxpad", "film"]).fit(TEXTS)
    assert block.encode("film x").tolist() == [1, 3, 0]
    assert block.pad == 2


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"tok": b"{}", "vocab": ["a"]}, "TextBlock got both tok and vocab. Omit vocab: a tokenizer has its own."),
        ({"tok": b"{}"}, "TextBlock(tok=) needs a padding token. "
                         "Pass pad=, the id of the tokenizer's padding token."),
        ({"vocab": ["a"]}, "vocab has no padding word 'xxpad'. Got: '1 words'. "
                           "Use the vocabulary of other loaders: vocab=dls_lm.vocab."),
        ({"max_len": 1}, "max_len must be at least 2. Got: 1."),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit(settings, text):
    with pytest.raises(ArgumentError) as err:
        TextBlock(**settings)
    assert str(err.value) == text


def test_a_block_without_texts():
    with pytest.raises(ArgumentError) as err:
        TextBlock().encode("a")
    assert str(err.value) == "This TextBlock has not been fitted. Call fit(texts) first."


def test_few_long_texts_are_as_many_streams_of_a_language_model_as_many_are():
    """As many streams as texts made an epoch of five books 695 updates long; few texts in a block were warned of as few items."""
    frame = pd.DataFrame({"text": ["a cat sat " * 2000] * 5})
    dls = TextDataLoaders.from_df(frame, text_col="text", is_lm=True, seed=1)
    assert (dls.train.bs, len(dls.train)) == (64, 6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DataBlock((TextBlock(is_lm=True),), get_x=ColReader("text")).dataloaders(frame, seed=1)
