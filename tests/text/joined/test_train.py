from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from gatera.models.text.model import TransformerConfig
from gatera.models.text.transformer import EncoderSizes
from gatera.models.text.word_scores import TextMixture
from gatera.models.weights.text import MiniLM
from gatera.program.program import load_program
from gatera.text.data import TextDataLoaders
from gatera.text.joined import train
from gatera.text.joined.train import TextTraining, train_texts
from gatera.text.learner import text_classifier_learner

SIZES = EncoderSizes(vocab=80, positions=16, features=16, heads=2, wide=32, layers=2)
CONFIG = TransformerConfig(sizes=SIZES, largest=True, window=12, max_len=40)


def learner(reviews, folder):
    dls = TextDataLoaders.from_folder(reviews, bs=8, seed=1, device="cpu")
    return text_classifier_learner(dls, MiniLM, config=CONFIG, pretrained=False, drop_mult=0.1, path=folder)


def trained(reviews, folder, model, **more):
    learn, notes = (
        learner(reviews, folder).to_fp32(),
        [],
    )  # a processor with bf16 keeps rounded outputs, which are computed again
    how = TextTraining(model, **({"epochs": 2, "freeze_epochs": 0, "lr": 2e-3, "seed": 0} | more))
    with learn.no_logging(), learn.no_bar():
        found = train_texts(learn, how, notes.append)
    return learn, found, [str(note) for note in notes]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["network", "words", "both", "best"])
def test_what_answers_and_what_it_says_of_the_validation_set(model, reviews, tmp_path):
    learn, found, notes = trained(reviews, tmp_path, model)
    expected = {"best": "both"}.get(model, model)
    assert found.facts["model"] == expected
    assert isinstance(learn.model, TextMixture) == (model != "network")
    if isinstance(learn.model, TextMixture):
        assert (learn.model.network is None) == (model == "words")
        assert found.valid_words == 0  # single words tell
    predictions, targets = learn.get_preds()
    torch.testing.assert_close(found.valid_outputs.softmax(1), predictions, atol=1e-5, rtol=1e-4)
    assert model == "network" or (predictions.argmax(1) == targets).all()
    assert len(notes) == (model == "best")


@pytest.mark.slow
@pytest.mark.parametrize("model", ["words", pytest.param("both", marks=pytest.mark.whole)])
def test_its_program_says_the_same(model, reviews, tmp_path):
    learn, _, _ = trained(reviews, tmp_path, model)
    program = load_program(learn.export("reviews.gatera"))
    questions = ["I liked the lovely film!", "It was dull. " * 30]
    for question, answer in zip(questions, program.predict_batch(questions), strict=True):
        np.testing.assert_allclose(answer.probabilities, learn.predict(question).probabilities, atol=1e-4)
    assert [answer.label for answer in program.predict_batch(questions)] == ["pos", "neg"]


@pytest.mark.slow
def test_words_that_do_not_help_leave_the_network_alone(reviews, tmp_path, monkeypatch):
    useless = train.fit_words

    def fit(*arguments):
        return replace(useless(*arguments), helps=False, wrong=30)

    monkeypatch.setattr(train, "fit_words", fit)
    learn, found, notes = trained(reviews, tmp_path, "best", epochs=1)
    assert found.facts == {"model": "network"} and not isinstance(learn.model, TextMixture)
    assert notes == [
        "Cross-validated on 48 training texts, a linear model of words gets 30 wrong, and the most frequent class 24. The "
        "program uses the network alone (to change: model='both')."
    ]


@pytest.mark.slow
def test_a_network_that_makes_it_worse_is_left_out(reviews, tmp_path):
    learn, found, notes = trained(reviews, tmp_path, "best", epochs=3, lr=50.0)
    assert found.facts["model"] == "words" and learn.model.network is None
    assert learn.epochs_done < 3
    assert notes[0].endswith("The program uses a linear model of words (to change: model='both').")
    said = re.search(r": a linear model of words (\S+) %, with the network (\S+) %", notes[0])
    assert said and 0 <= float(said[1]) < float(said[2]) <= 100
