"""The learner of a language model: it learns which word comes next, and goes on writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack, cast

import torch
from torch import Tensor, nn

from gatera.core.checks import check_at_least, check_fraction
from gatera.core.errors import ArgumentError, ExportError
from gatera.core.random import torch_seeded
from gatera.core.signatures import check_arguments, spelled_out
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
from gatera.text.encoders import find_language_model, load_words_and_layers
from gatera.text.learner import TextLearner
from gatera.text.loaders import LanguageModelLoaders
from gatera.text.plans import ALPHA, BETA, RNN_MOMS, checked_config, is_awd_lstm


class LMLearner(TextLearner):
    """A `Learner` whose model says the next word. It has no program: its encoder goes into a classifier."""

    dls: LanguageModelLoaders

    def predict(  # type: ignore[override]  # a text goes on as a text
        self,
        text: str,
        n_words: int = 1,
        no_unk: bool = True,
        temperature: float = 1.0,
        min_p: float | None = None,
        only_last_word: bool = False,
    ) -> str:
        """Go on with a text, word by word, each drawn with the probability that the model gives it.

        Args:
            text: the beginning.
            n_words: how many words to add.
            no_unk: never draw "xxunk".
            temperature: below 1 likely words become likelier still, above 1 all become more alike.
            min_p: words of a smaller probability are not drawn, if others are left.
            only_last_word: let the model see the last word only.

        Returns:
            The text with the new words.

        Raises:
            TextError: if `text` is empty.
            ArgumentError: if a number is out of its range.
        """
        check_at_least("n_words", n_words, 1)
        check_at_least("temperature", temperature, 1e-6)
        if min_p is not None:
            check_fraction("min_p", min_p)
        block = self.dls.block
        read = block.encode(block.read(text)).tolist()
        encoder, decoder = self._parts()
        self.model.eval()
        states: list[Any] = [None] * len(encoder.layers)
        waiting = read[-1:] if only_last_word else read
        with torch.inference_mode():
            for _ in range(n_words):
                ids = torch.tensor([waiting], device=self.dls.device)  # [1,T]
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
        """Return the number of the next word, given logits [K]."""
        vocab = self.dls.text_vocab.o2i
        probabilities = (logits / temperature).softmax(0)
        for word in (PADDING, *((UNKNOWN,) if no_unk else ())):
            probabilities[vocab[word]] = 0
        if min_p is not None and bool((probabilities >= min_p).any()):
            probabilities[probabilities < min_p] = 0
        return int(torch.multinomial(probabilities, 1))

    def export(
        self, fname: str | Path = "export.gatera", force: bool = False, options: ExportOptions | None = None
    ) -> Path:
        """A language model cannot become a program.

        Raises:
            ExportError: always.
        """
        raise ExportError(
            "a language model is no program: it writes, and does not answer",
            remedy="Keep it with learn.save, or give its encoder to a classifier: save_encoder, load_encoder.",
        )


@spelled_out(LearnerArguments, LEARNER_DEFAULTS)
def language_model_learner(
    dls: LanguageModelLoaders,
    arch: str | type[AWD_LSTM] = AWD_LSTM,
    config: AwdLstmConfig | None = None,
    drop_mult: float = 1.0,
    pretrained: bool = True,
    pretrained_fnames: Sequence[str | Path] | None = None,
    **arguments: Unpack[LearnerArguments],
) -> LMLearner:
    """Make a learner that predicts the next word of a text.

    Args:
        dls: from `TextDataLoaders.from_folder(..., is_lm=True)`.
        arch: `AWD_LSTM`.
        config: sizes and dropouts.
        drop_mult: multiplies every dropout.
        pretrained: begin with fastai's language model of Wikipedia, fetched if need be; all but words and decoder frozen.
            False begins with random values.
        pretrained_fnames: two files of your own instead: weights, and a pickled list of words.
        arguments: loss_func, opt_func, lr, splitter, cbs, metrics, path, class_weights, options; see `LearnerArguments`.
            The default loss is the cross-entropy of each word.

    Raises:
        ArgumentError: if `dls` or `arch` is of another kind.
        PretrainedError: if no weights are found; it says what to do.
    """
    check_arguments(language_model_learner, arguments)
    if not isinstance(dls, LanguageModelLoaders):
        raise ArgumentError(
            "language_model_learner needs loaders of running text", got=type(dls).__name__,
            remedy="Make them with TextDataLoaders.from_folder(path, is_lm=True).",
        )  # fmt: skip
    if not is_awd_lstm(arch):
        raise ArgumentError("there is no such language model", got=arch, expected="AWD_LSTM")
    words = list(dls.vocab or [])
    settings = replace(
        checked_config(config, AwdLstmConfig, LANGUAGE_MODEL).scaled(drop_mult), pad=dls.block.padding
    )
    with torch_seeded(dls.seed or 0):  # the same seed gives the same model, whatever ran before
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
