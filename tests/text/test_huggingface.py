"""An encoder of the package transformers: tiny, random, made on the spot."""

from __future__ import annotations

import numpy as np
import pytest

from gatera.core.errors import ArgumentError
from gatera.program.program import load_program
from gatera.text.data import TextDataLoaders
from gatera.text.learner import text_classifier_learner
from gatera.text.word_tokenizer import word_tokenizer


@pytest.mark.whole
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_any_encoder_of_the_hub_can_read(reviews, tmp_path, capfd):
    transformers = pytest.importorskip("transformers")
    dls = TextDataLoaders.from_folder(reviews, bs=8, seed=1, device="cpu")
    words = list(dls.text_vocab)
    sizes = transformers.DistilBertConfig(
        vocab_size=len(words),
        dim=16,
        n_heads=2,
        n_layers=2,
        hidden_dim=32,
        pad_token_id=1,
        max_position_embeddings=300,
    )
    transformers.AutoModel.from_config(sizes).save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_bytes(word_tokenizer(words))
    learn = text_classifier_learner(dls, "distil", pretrained=tmp_path, path=tmp_path)
    assert [group.name for group in learn.groups] == ["embeddings", "layer_0", "layer_1", "head"]
    with learn.no_logging():
        learn.fine_tune(1, 1e-2)
    program = load_program(learn.export("reviews.gatera"))
    for text in ("the film was dull", "music " * 40):
        np.testing.assert_allclose(
            program.predict(text).probabilities, learn.predict(text).probabilities, atol=1e-5
        )
    with pytest.raises(ArgumentError) as err:
        text_classifier_learner(dls, "distil", pretrained=tmp_path, max_len=400)
    assert str(err.value) == "max_len is too large for distil. Got: 400. Expected: 2 to 300."
