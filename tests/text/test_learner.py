from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from gatera.core.errors import ArgumentError, PretrainedError
from gatera.measure.metrics.standard import accuracy
from gatera.models.text.awd_lstm import AWD_LSTM, AwdLstmConfig
from gatera.models.text.model import TransformerConfig
from gatera.models.text.transformer import EncoderSizes
from gatera.models.weights import text as text_files
from gatera.models.weights.text import MiniLM
from gatera.program.program import load_program
from gatera.text.data import TextDataLoaders
from gatera.text.learner import text_classifier_learner
from gatera.text.word_tokenizer import word_tokenizer

SMALL_RNN = AwdLstmConfig(emb_sz=12, n_hid=16, n_layers=2)
SMALL_SIZES = EncoderSizes(vocab=80, positions=64, features=16, heads=2, wide=32, layers=2)
QUESTIONS = [
    "I really liked the lovely film!",
    "It was dull.",
    "The music was awful. " * 40,
    "ein schöner Film ☃",
]
SMALL = TransformerConfig(sizes=SMALL_SIZES, max_len=48)


def loaders(reviews, **settings):
    return TextDataLoaders.from_folder(reviews, bs=8, seed=1, device="cpu", **settings)


def small_learner(reviews, arch, tmp_path, **settings):
    config = SMALL_RNN if arch is AWD_LSTM else SMALL
    return text_classifier_learner(
        loaders(reviews),
        arch,
        config=config,
        pretrained=False,
        drop_mult=0.1,
        metrics=accuracy,
        path=tmp_path,
        **settings,
    )


@pytest.mark.slow
@pytest.mark.parametrize(("arch", "lr", "epochs"), [(AWD_LSTM, 2e-2, 16), (MiniLM, 5e-3, 6)])
def test_it_learns_and_its_program_answers_the_same(arch, lr, epochs, reviews, tmp_path):
    learn = small_learner(reviews, arch, tmp_path)
    with learn.no_logging():
        learn.fit_one_cycle(epochs, lr)
    assert learn.validate()[1] >= 0.9
    program = load_program(learn.export("reviews.gatera"))
    answers = program.predict_batch(QUESTIONS)
    for question, answer in zip(QUESTIONS, answers, strict=True):
        expected = learn.predict(question)
        assert answer.label == expected.label
        np.testing.assert_allclose(answer.probabilities, expected.probabilities, atol=1e-5)


@pytest.mark.whole
def test_minilm_learns_and_its_program_needs_no_torch(reviews, tmp_path):
    learn = text_classifier_learner(loaders(reviews), drop_mult=0.5, metrics=accuracy, path=tmp_path)
    with learn.no_logging():
        learn.fine_tune(1, 1e-2)
    assert learn.validate()[1] >= 0.9
    path = learn.export("reviews.gatera")
    code = (
        "import sys; from gatera.program.program import load_program\n"
        f"answers = load_program({str(path)!r}).predict_batch({QUESTIONS!r})\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)\n"
        "print([answer.probabilities.tolist() for answer in answers])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = np.array(eval(run.stdout))
    expected = np.stack([learn.predict(question).probabilities for question in QUESTIONS])
    assert np.abs(found - expected).max() <= 1e-4


def test_the_learner_reads_the_texts_anew_and_leaves_the_loaders_alone(reviews, tmp_path):
    dls = loaders(reviews)
    words = dls.text_vocab
    learn = text_classifier_learner(dls, MiniLM, config=SMALL, pretrained=False, path=tmp_path, max_len=32)
    assert learn.dls is not dls and learn.dls.block.max_len == 32
    assert dls.text_vocab == words == learn.dls.text_vocab
    assert learn.dls.train_ds.items is dls.train_ds.items


def test_the_same_seed_gives_the_same_model(reviews, tmp_path):
    first, second = (small_learner(reviews, AWD_LSTM, tmp_path) for _ in range(2))
    assert all(a.equal(b) for a, b in zip(first.model.parameters(), second.model.parameters(), strict=True))


def test_groups_go_from_the_embedding_to_the_head(reviews, tmp_path):
    names = [group.name for group in small_learner(reviews, MiniLM, tmp_path).groups]
    assert names == ["embeddings", "layer_0", "layer_1", "head"]
    names = [group.name for group in small_learner(reviews, AWD_LSTM, tmp_path).groups]
    assert names == ["embeddings", "layer_0", "layer_1", "head"]


@pytest.mark.slow
def test_an_encoder_goes_from_one_learner_to_another(reviews, tmp_path):
    for arch in (MiniLM, AWD_LSTM):
        first, second = (small_learner(reviews, arch, tmp_path) for _ in range(2))
        with first.no_logging():
            first.fit(1, 1e-2)
        first.save_encoder("encoder")
        assert second.load_encoder("encoder") is second
        assert second.n_frozen == len(second.groups) - 1
        a, b = first.encoder.state_dict(), second.encoder.state_dict()
        assert all(a[name].equal(b[name]) for name in a)


def test_an_encoder_of_other_tokens(reviews, tmp_path):
    learn = small_learner(reviews, MiniLM, tmp_path)
    learn.save_encoder("encoder")
    content = torch.load(tmp_path / "models" / "encoder.pth")
    torch.save({**content, "words": ["a"]}, tmp_path / "models" / "encoder.pth")
    with pytest.raises(ArgumentError) as err:
        learn.load_encoder("encoder")
    n = len(learn.dls.text_vocab)
    assert str(err.value) == (
        f"the encoder in {tmp_path / 'models' / 'encoder.pth'} has a different vocabulary from this learner's. Got: '1 tokens'. "
        f"Expected: {n} tokens, the same ones. Create the learner with the architecture that was saved."
    )


def test_a_file_without_an_encoder(reviews, tmp_path):
    learn = small_learner(reviews, AWD_LSTM, tmp_path)
    learn.save("all")
    with pytest.raises(ArgumentError) as err:
        learn.load_encoder("all")
    assert str(err.value) == (
        f"{tmp_path / 'models' / 'all.pth'} does not contain an encoder. For a file written by learn.save use learn.load."
    )


def test_loaders_of_another_kind(reviews):
    with pytest.raises(ArgumentError) as err:
        text_classifier_learner(TextDataLoaders.from_folder(reviews, is_lm=True, bs=4))
    assert str(err.value) == (
        "text_classifier_learner needs loaders of labelled texts. Got: 'LanguageModelLoaders'. "
        "Create them with TextDataLoaders.from_folder(path, text_vocab=dls_lm.vocab)."
    )
    with pytest.raises(ArgumentError) as err:
        text_classifier_learner([1])
    assert str(err.value) == (
        "text_classifier_learner needs loaders of labelled texts. Got: 'list'. Create them with TextDataLoaders."
    )


def test_a_config_of_another_architecture(reviews):
    with pytest.raises(ArgumentError) as err:
        text_classifier_learner(loaders(reviews), AWD_LSTM, config=TransformerConfig(), pretrained=False)
    assert str(err.value) == (
        "config is for another architecture. Got: 'TransformerConfig'. Expected: AwdLstmConfig."
    )
    with pytest.raises(ArgumentError, match=r"Got: 'AwdLstmConfig'\. Expected: TransformerConfig"):
        text_classifier_learner(loaders(reviews), config=AwdLstmConfig())


def test_sizes_that_do_not_fit(reviews):
    with pytest.raises(
        ArgumentError, match=r"sizes in the config do not fit\. .*at least \d+ words and 512 positions, and"
    ):
        text_classifier_learner(
            loaders(reviews), config=TransformerConfig(sizes=SMALL_SIZES), pretrained=False
        )


def test_words_that_were_fixed_go_with_no_tokenizer(reviews):
    dls = loaders(reviews, text_vocab=["xxunk", "xxpad", "xxbos"])
    with pytest.raises(ArgumentError) as err:
        text_classifier_learner(dls)
    assert str(err.value) == (
        "MiniLM has its own tokens, but these loaders have a fixed vocabulary. Got: '3 words'. "
        "Omit text_vocab (vocab=), or use arch=AWD_LSTM."
    )


def test_a_tokenizer_of_ones_own_goes_with_no_other(reviews, monkeypatch, tmp_path):
    dls = loaders(reviews)
    own, others = (word_tokenizer(["xxunk", "xxpad", "xxbos", word]) for word in ("film", "music"))
    pieces = dls.reread(type(dls.block)(tok=own, pad=1))
    config = {"model_type": "bert", "hidden_act": "gelu"}
    files = text_files.EncoderFiles(tmp_path, config, others, tmp_path, "a test")
    monkeypatch.setattr(text_files, "PLACES", (lambda arch: files,))
    with pytest.raises(ArgumentError) as err:
        text_classifier_learner(pieces)
    assert str(err.value) == ("MiniLM has its own tokenizer, but these loaders have another one. Omit tok=.")


def test_an_awd_lstm_reads_words(reviews):
    dls = loaders(reviews)
    pieces = dls.reread(type(dls.block)(tok=word_tokenizer(["xxunk", "xxpad", "xxbos"]), pad=1))
    with pytest.raises(ArgumentError) as err:
        text_classifier_learner(pieces, AWD_LSTM, pretrained=False)
    assert str(err.value) == "AWD_LSTM reads words, but these loaders have a tokenizer. Omit tok=."


def test_weights_that_are_nowhere_are_never_replaced_in_silence(reviews, monkeypatch):
    monkeypatch.setattr(text_files, "PLACES", ())
    with pytest.raises(PretrainedError, match="no tokenizer and weights were found for someone/tiny"):
        text_classifier_learner(loaders(reviews), "someone/tiny")
