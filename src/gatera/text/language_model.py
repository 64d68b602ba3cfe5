"""Language models: a learner that predicts the next word and generates text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack, cast

import torch
from torch import Tensor, nn

from gatera.core.checks import check_at_least, check_count, check_fraction
from gatera.core.errors import ArgumentError, ExportError
from gatera.core.random import torch_seeded
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.loading.loaders import DataLoaders
from gatera.learn.arithmetic import evaluating
from gatera.learn.callbacks.recurrent import ModelResetter, RNNRegularizer
from gatera.learn.export.program import ExportOptions
from gatera.learn.options import LEARNER_DEFAULTS, LearnerArguments, TrainingOptions
from gatera.learn.state import as_callbacks
from gatera.models.text.awd_lstm import (
    AWD_LSTM,
    LANGUAGE_MODEL,
    AwdLstmConfig,
    LinearDecoder,
    create_language_model,
)
from gatera.models.text.model import awd_lstm_groups
from gatera.program.raw.text import PADDING, UNKNOWN
from gatera.text.classifier_parts import ALPHA, BETA, RNN_MOMS, checked_config, is_awd_lstm
from gatera.text.encoders import find_language_model, load_words_and_layers
from gatera.text.learner import TextLearner
from gatera.text.loaders import LanguageModelLoaders


class LMLearner(TextLearner):
    """A `Learner` whose model predicts the next word. It cannot be exported; its encoder can be used in a classifier."""

    dls: LanguageModelLoaders

    def predict(  # type: ignore[override]  # takes and returns text
        self,
        text: str,
        n_words: int = 1,
        no_unk: bool = True,
        temperature: float = 1.0,
        min_p: float | None = None,
        only_last_word: bool = False,
    ) -> str:
        """Continue a text, sampling one word at a time from the model's probabilities.

        Args:
            text: the beginning.
            n_words: number of words to generate.
            no_unk: never sample "xxunk".
            temperature: below 1, likely words become more likely; above 1, probabilities become more uniform.
            min_p: words with a smaller probability are not sampled, unless no others are left.
            only_last_word: feed the model only the last word.

        Returns:
            The text with the new words.

        Raises:
            TextError: if `text` is empty.
            ArgumentError: if a number is out of range.
        """
        check_count("n_words", n_words, 1)
        check_at_least("temperature", temperature, 1e-6)
        if min_p is not None:
            check_fraction("min_p", min_p)
        block = self.dls.block
        read = block.encode(block.read(text)).tolist()
        encoder, decoder = self._parts()
        states: list[Any] = [None] * len(encoder.layers)
        waiting = read[-1:] if only_last_word else read
        with evaluating(self.model), torch.inference_mode():
            for _ in range(n_words):
                ids = torch.tensor([waiting], device=self.arithmetic.device)  # [1,T]
                outputs, states = encoder.read(ids, states)
                word = self._drawn(decoder(outputs[0, -1]).float(), no_unk, temperature, min_p)
                read.append(word)
                waiting = [word]
        return block.decode(read)

    def _parts(self) -> tuple[AWD_LSTM, LinearDecoder]:
        encoder, decoder = cast(nn.Sequential, self.model)
        assert isinstance(encoder, AWD_LSTM) and isinstance(decoder, LinearDecoder)  # for the type checker
        return encoder, decoder

    def _drawn(self, logits: Tensor, no_unk: bool, temperature: float, min_p: float | None) -> int:
        """Sample the id of the next word, given logits [K]."""
        vocab = self.dls.text_vocab.o2i
        probabilities = (logits / temperature).softmax(0)
        for word in (PADDING, *((UNKNOWN,) if no_unk else ())):
            probabilities[vocab[word]] = 0
        if min_p is not None and bool((probabilities >= min_p).any()):
            probabilities[probabilities < min_p] = 0
        return int(torch.multinomial(probabilities, 1))

    def export(
        self,
        fname: str | Path = "export.gatera",
        force: bool = False,
        options: ExportOptions | None = None,
        *,
        embeddings: bool = False,
    ) -> Path:
        """Raise ExportError: a language model cannot be exported.

        Raises:
            ExportError: always.
        """
        raise ExportError(
            "a language model cannot be exported as a program",
            remedy="Save it with learn.save, or transfer its encoder to a classifier with save_encoder and load_encoder.",
        )


@spelled_out(LearnerArguments, LEARNER_DEFAULTS)
def language_model_learner(
    dls: DataLoaders,
    arch: str | type[AWD_LSTM] = AWD_LSTM,
    config: AwdLstmConfig | None = None,
    drop_mult: float = 1.0,
    pretrained: bool = True,
    pretrained_fnames: Sequence[str | Path] | None = None,
    **arguments: Unpack[LearnerArguments],
) -> LMLearner:
    """Create a learner that predicts the next word of a text.

    Args:
        dls: from `TextDataLoaders.from_folder(..., is_lm=True)`.
        arch: `AWD_LSTM`.
        config: sizes and dropouts.
        drop_mult: factor on every dropout.
        pretrained: start from fastai's Wikipedia language model, downloaded if necessary, with all layers frozen except
            embedding and decoder. False starts from random weights.
        pretrained_fnames: two files to use instead: weights, and a pickled list of words.
        arguments: loss_func, opt_func, lr, splitter, cbs, metrics, path, class_weights, options; see `LearnerArguments`.
            The default loss is the cross-entropy of each word.

    Raises:
        ArgumentError: if `dls` or `arch` is of another kind.
        PretrainedError: if no weights are found; the message lists what to do.
    """
    check_arguments(language_model_learner, arguments)
    if not isinstance(dls, LanguageModelLoaders):
        raise ArgumentError(
            "language_model_learner needs language model loaders", got=type(dls).__name__,
            remedy="Create them with TextDataLoaders.from_folder(path, is_lm=True).",
        )  # fmt: skip
    if not is_awd_lstm(arch):
        raise ArgumentError("unknown language model", got=arch, expected="AWD_LSTM")
    words = list(dls.vocab or [])
    settings = replace(
        checked_config(config, AwdLstmConfig, LANGUAGE_MODEL).scaled(drop_mult), pad=dls.block.padding
    )
    with torch_seeded(dls.seed or 0):  # the same seed gives the same model, independent of what ran before
        model = create_language_model(len(words), settings)
    arguments["splitter"] = arguments.get("splitter") or awd_lstm_groups
    arguments["cbs"] = [ModelResetter(), RNNRegularizer(ALPHA, BETA), *as_callbacks(arguments.get("cbs"))]
    arguments["options"] = arguments.get("options") or TrainingOptions(moms=RNN_MOMS)
    learn = LMLearner(dls, model, **arguments)
    if pretrained or pretrained_fnames is not None:
        encoder, decoder = learn._parts()
        load_words_and_layers(encoder, find_language_model(pretrained_fnames), words, decoder.decoder)
        learn.freeze()
    return learn
