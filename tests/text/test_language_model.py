from __future__ import annotations

from typing import ClassVar

import pytest
import torch

from gatera.core.errors import ArgumentError, ExportError
from gatera.core.random import set_seed
from gatera.learn.state import Callback
from gatera.measure.metrics.perplexity import Perplexity
from gatera.measure.metrics.standard import accuracy
from gatera.models.text.awd_lstm import AWD_LSTM, AwdLstmConfig
from gatera.text.data import TextDataLoaders
from gatera.text.language_model import language_model_learner
from gatera.text.learner import text_classifier_learner

SMALL_RNN = AwdLstmConfig(emb_sz=12, n_hid=16, n_layers=2)


@pytest.fixture
def learn(reviews, tmp_path):
    dls = TextDataLoaders.from_folder(reviews, is_lm=True, bs=8, seq_len=10, seed=1, device="cpu")
    return language_model_learner(
        dls,
        AWD_LSTM,
        SMALL_RNN,
        drop_mult=0.1,
        pretrained=False,
        metrics=[accuracy, Perplexity()],
        path=tmp_path,
    )


def test_a_model_begins_as_the_seed_of_its_loaders_says(reviews, tmp_path):
    def weights(seed: int) -> torch.Tensor:
        dls = TextDataLoaders.from_folder(reviews, is_lm=True, bs=8, seq_len=10, seed=seed, device="cpu")
        learn = language_model_learner(dls, AWD_LSTM, SMALL_RNN, pretrained=False, path=tmp_path)
        return next(learn.model.parameters())

    assert torch.equal(weights(1), weights(1)) and not torch.equal(weights(1), weights(2))


def test_loaders_move_to_a_device_and_are_returned(reviews):
    dls = TextDataLoaders.from_folder(reviews, is_lm=True, bs=8, seq_len=10, seed=0, device="cpu")
    assert dls.to("meta") is dls
    assert {str(each.device) for each in (dls, dls.train, dls.valid)} == {"meta"}


@pytest.mark.slow
def test_it_learns_to_write_and_its_encoder_helps_a_classifier(learn, reviews, tmp_path):
    with learn.no_logging():
        learn.fit_one_cycle(15, 2e-2)
    first, last = learn.recorder.rows[0], learn.recorder.rows[-1]
    assert last["perplexity"] < 5 < first["perplexity"]
    assert last["perplexity"] == pytest.approx(learn.validate()[2], rel=1e-3)
    set_seed(0)
    written = learn.predict("The film", 12, temperature=0.5)
    assert written.startswith("The film was ") and "xx" not in written
    learn.save_encoder("encoder")
    dls = TextDataLoaders.from_folder(reviews, bs=8, seed=1, device="cpu", text_vocab=learn.dls.vocab)
    classifier = text_classifier_learner(
        dls, AWD_LSTM, config=SMALL_RNN, pretrained=False, drop_mult=0.1, metrics=accuracy, path=tmp_path
    )
    classifier.load_encoder("encoder")
    with classifier.no_logging():
        for n, lr in ((-1, 5e-2), (-2, slice(1e-2, 3e-2)), (0, slice(5e-3, 2e-2))):
            classifier.freeze_to(n)
            classifier.fit_one_cycle(8, lr)
    assert classifier.validate()[1] >= 0.9


def test_each_word_is_drawn_as_likely_as_the_model_says(learn):
    set_seed(0)
    logits = torch.full((len(learn.dls.vocab),), -20.0)
    numbers = learn.dls.text_vocab.o2i
    for word, score in (("film", 1.0), ("music", 0.0), ("xxunk", 9.0), ("xxpad", 9.0)):
        logits[numbers[word]] = score

    def share(**settings):
        asked = {"no_unk": True, "temperature": 1.0, "min_p": None} | settings
        drawn = [learn._drawn(logits, **asked) for _ in range(400)]
        return drawn.count(numbers["film"]) / 400, drawn.count(numbers["xxunk"]) / 400

    assert share()[0] == pytest.approx(0.73, abs=0.07) and share()[1] == 0
    assert share(temperature=0.2)[0] > 0.97
    assert share(no_unk=False)[1] > 0.97


def test_words_written_in_the_middle_of_an_epoch_do_not_end_its_dropout(learn):
    class Writes(Callback):
        modes: ClassVar[list[bool]] = []

        def after_batch(self, state):
            learn.predict("The film", 1)
            self.modes.append(learn.model.training)

    with learn.no_logging():
        learn.fit(1, 1e-3, cbs=Writes())
    assert all(Writes.modes[: len(learn.dls.train)])


def test_unlikely_words_can_be_left_out(learn):
    logits = torch.zeros(len(learn.dls.vocab))
    logits[9] = 3.0
    assert learn._drawn(logits, True, 1.0, 0.2) == 9


def test_an_encoder_knows_words_by_name(learn, reviews, tmp_path):
    learn.save_encoder("encoder")
    words = [*reversed(learn.dls.vocab)]
    dls = TextDataLoaders.from_folder(reviews, bs=8, text_vocab=words, device="cpu")
    classifier = text_classifier_learner(dls, AWD_LSTM, config=SMALL_RNN, pretrained=False, path=tmp_path)
    classifier.load_encoder("encoder")
    assert classifier.encoder.words.weight.equal(learn.encoder.words.weight.flip(0))


def test_a_language_model_is_no_program(learn):
    with pytest.raises(ExportError) as err:
        learn.export()
    assert str(err.value) == (
        "a language model cannot be exported as a program. "
        "Save it with learn.save, or transfer its encoder to a classifier with save_encoder and load_encoder."
    )


def test_loaders_and_architectures_of_another_kind(reviews):
    dls = TextDataLoaders.from_folder(reviews, bs=8)
    with pytest.raises(ArgumentError) as err:
        language_model_learner(dls, pretrained=False)
    assert str(err.value) == (
        "language_model_learner needs language model loaders. Got: 'TextLoaders'. "
        "Create them with TextDataLoaders.from_folder(path, is_lm=True)."
    )
    with pytest.raises(ArgumentError) as err:
        language_model_learner(TextDataLoaders.from_folder(reviews, is_lm=True, bs=8), "GPT")
    assert str(err.value) == "unknown language model. Got: 'GPT'. Expected: AWD_LSTM."


@pytest.mark.parametrize(
    ("settings", "name"),
    [({"n_words": 0}, "n_words"), ({"temperature": 0}, "temperature"), ({"min_p": 2}, "min_p")],
)
def test_numbers_out_of_their_range(learn, settings, name):
    with pytest.raises(ArgumentError, match=f"^{name} must be "):
        learn.predict("The film", **settings)
