from __future__ import annotations

import json

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from gatera.core.errors import ProgramFileError
from gatera.program.preprocess import Preprocessing
from gatera.program.raw import tokens
from gatera.program.raw.tokens import TokenReader

WORDS = {
    "[pad]": 0,
    "[start]": 1,
    "?": 2,
    **{word: number for number, word in enumerate("abcdefghij", start=3)},
}


def document() -> bytes:
    tokenizer = Tokenizer(WordLevel(WORDS, unk_token="?"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(single="[start] $A", special_tokens=[("[start]", 1)])
    tokenizer.enable_truncation(3)
    return tokenizer.to_str().encode()


def test_words_become_numbers():
    read = TokenReader(document(), first=9, last=0)
    assert (read("a b z").tolist(), read("a b z").dtype) == ([1, 3, 4, 2], np.int64)
    assert read.words([1, 3, 4, 2]) == ["[start]", "a", "b", "?"]
    assert read.vocab[:4] == ["[pad]", "[start]", "?", "a"]


def test_the_middle_of_a_long_text_is_left_out():
    read = TokenReader(document(), first=3, last=2)
    assert read.words(read("a b c d e")) == ["[start]", "a", "b", "d", "e"]
    assert read.words(read("a b c d")) == ["[start]", "a", "b", "c", "d"]
    assert read.words(TokenReader(document(), first=2, last=0)("a b c")) == ["[start]", "a"]


def test_many_are_read_as_one_after_the_other():
    read, texts = TokenReader(document(), first=3, last=2), ["a", "a b c d e f", "z"]
    assert [array.tolist() for array in read.many(texts)] == [read(text).tolist() for text in texts]


def test_a_very_long_text_is_cut_and_that_is_said_once(monkeypatch):
    monkeypatch.setattr(tokens, "MARGIN_CHARACTERS", 10)
    read = TokenReader(document(), first=2, last=1)
    text = "a b c d e " + "f " * 500_000 + " g h i j"
    with pytest.warns(UserWarning) as said:
        assert read.words(read(text)) == ["[start]", "a", "j"]
        read(text)
    assert [str(warning.message) for warning in said] == [
        "A text has 1,000,018 characters: only its first and last 80 are read. This warning is shown once."
    ]


def test_no_tokenizer():
    with pytest.raises(ProgramFileError) as err:
        TokenReader(b'{"version": "1.0"}', first=1, last=0)
    assert str(err.value).startswith("the tokenizer is not one that the package tokenizers reads (")


def preprocessing(**entries: bytes) -> Preprocessing:
    ops = [{"op": "read_text"}, {"op": "mark_words"}, {"op": "tokenize", "first": 4, "last": 4, "pad": 0}]
    return Preprocessing(ops, {name.replace("_", "."): content for name, content in entries.items()})


def test_a_program_reads_texts():
    prepare = preprocessing(tokenizer_json=document())
    assert prepare("a <br>b").tolist() == [1, 3, 4]
    assert prepare.pad == 0
    assert json.loads(json.dumps(prepare.config))[2] == {
        "op": "tokenize", "tokenizer": "tokenizer.json", "first": 4, "last": 4, "pad": 0,
    }  # fmt: skip
    assert prepare.words[2] == "split it into tokens, and keep the first 4 and the last 4"


def test_the_tokenizer_is_missing():
    with pytest.raises(ProgramFileError) as err:
        preprocessing()
    assert str(err.value) == "preprocessing step 3 (tokenize) needs the entry tokenizer.json."


def test_a_text_is_no_end():
    with pytest.raises(ProgramFileError) as err:
        Preprocessing([{"op": "read_text"}])
    assert (
        str(err.value) == "the preprocessing ends with a text, which a model cannot take. Got: 'read_text'."
    )


@pytest.mark.parametrize(("field", "value"), [("first", 0), ("last", -1), ("pad", True), ("tokenizer", "x")])
def test_a_value_that_is_not_allowed(field, value):
    ops = [{"op": "read_text"}, {"op": "tokenize", "first": 4, "last": 4, "pad": 0, field: value}]
    with pytest.raises(ProgramFileError, match=f"'{field}' of preprocessing step 2"):
        Preprocessing(ops, {"tokenizer.json": document()})
