"""Learners for texts: a transformer that comes trained, or an AWD-LSTM, with a new head."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self, Unpack

from torch import nn

from gatera.core.errors import ArgumentError
from gatera.core.random import torch_seeded
from gatera.core.signatures import check_arguments, spelled_out
from gatera.learn import checkpoint
from gatera.learn.callbacks.recurrent import encoders
from gatera.learn.learner import Learner
from gatera.learn.options import LEARNER_DEFAULTS, LearnerArguments
from gatera.learn.state import as_callbacks
from gatera.models.text.awd_lstm import AWD_LSTM, AwdLstmConfig
from gatera.models.text.model import TransformerConfig
from gatera.models.vision.heads import create_head
from gatera.models.weights.text import MiniLM
from gatera.text.encoders import PretrainedLanguageModel, load_words_and_layers
from gatera.text.loaders import LanguageModelLoaders, TextLoaders
from gatera.text.plans import TextArch, Wishes, make_plan


class TextLearner(Learner):
    """A `Learner` whose items are texts."""

    dls: TextLoaders | LanguageModelLoaders

    @property
    def encoder(self) -> nn.Module:
        """The part of the model that reads: what `save_encoder` keeps."""
        found = encoders(self.model)
        return found[0] if found else self.model[0]  # type: ignore[index]

    def save_encoder(self, file: str | Path) -> Path:
        """Save the encoder's parameters with the words they are for; returns the path."""
        content = {"model": self.encoder.state_dict(), "words": list(self.dls.text_vocab)}
        return checkpoint.write(self.model_path(file), content)

    def load_encoder(self, file: str | Path) -> Self:
        """Load what `save_encoder` wrote, then freeze all but the head; returns the learner.

        An AWD-LSTM's words are matched by name: one that the saved encoder does not know begins as the mean of all.

        Raises:
            DataError: if the file is missing or no checkpoint.
            ArgumentError: if it holds no encoder, or one of another model.
            PretrainedError: if an AWD-LSTM of other sizes was saved.
        """
        path = self.model_path(file)
        content = checkpoint.read(path, self.dls.device)
        if "words" not in content:
            raise ArgumentError(
                f"{path} holds no encoder", remedy="Use learn.load for what learn.save wrote."
            )
        words, encoder = list(self.dls.text_vocab), self.encoder
        if isinstance(encoder, AWD_LSTM):
            saved = PretrainedLanguageModel(content["model"], content["words"], str(path))
            load_words_and_layers(encoder, saved, words)
        elif content["words"] != words:
            raise ArgumentError(
                f"the encoder in {path} reads other tokens than this one",
                got=f"{len(content['words']):,} tokens", expected=f"these {len(words):,}",
                remedy="Make the learner with the architecture that it was saved with.",
            )  # fmt: skip
        else:
            checkpoint.load_model(encoder, content["model"], path)
        self.body = self.model[0]  # type: ignore[index]
        self.freeze()
        return self


@spelled_out(LearnerArguments, LEARNER_DEFAULTS)
def text_classifier_learner(
    dls: TextLoaders,
    arch: TextArch = MiniLM,
    seq_len: int = 72,
    config: AwdLstmConfig | TransformerConfig | None = None,
    pretrained: bool | str | Path = True,
    drop_mult: float = 0.5,
    n_out: int | None = None,
    lin_ftrs: Sequence[int] | None = None,
    ps: Sequence[float] | None = None,
    max_len: int | None = None,
    y_range: tuple[float, float] | None = None,
    **arguments: Unpack[LearnerArguments],
) -> TextLearner:
    """Make a learner that tells what a text is about: an encoder and a new head, encoder frozen if it is pretrained.

    Args:
        dls: texts and their labels. The learner reads them anew, with the tokens that `arch` knows; these loaders stay as
            they are, and `learn.dls` are the new ones.
        arch: `MiniLM`, `AWD_LSTM`, or the name of any encoder on the Hugging Face hub.
        seq_len: words that an AWD-LSTM reads at once while it is trained.
        config: an `AwdLstmConfig` or a `TransformerConfig`.
        pretrained: True looks for weights, False starts from random ones, a path names an encoder's folder.
        drop_mult: multiplies every dropout of the encoder.
        n_out: outputs; by default as many as the data asks for.
        lin_ftrs: sizes of the head's hidden layers.
        ps: dropout before each linear layer of the head but the first.
        max_len: tokens of a text that are read, half from each end; by default 512, or 1,440 words for an AWD-LSTM.
        y_range: keep outputs within these bounds, for regression.
        arguments: loss_func, opt_func, lr, splitter, cbs, metrics, path, class_weights, options; see `LearnerArguments`.
            The default `splitter` makes the groups embeddings, each layer, head.

    Raises:
        ArgumentError: if `dls` holds no labelled texts, an argument does not go with `arch`, or the number of outputs is
            not known.
        PretrainedError: if no weights are found, saying where was looked and what to do.
    """
    check_arguments(text_classifier_learner, arguments)
    if not isinstance(dls, TextLoaders):
        raise ArgumentError(
            "text_classifier_learner needs loaders of labelled texts", got=type(dls).__name__,
            remedy="Make them with TextDataLoaders.from_folder(path, text_vocab=dls_lm.vocab)."
            if isinstance(dls, LanguageModelLoaders)
            else "Make them with TextDataLoaders.",
        )  # fmt: skip
    outputs = dls.c if n_out is None else n_out
    if outputs is None:
        raise ArgumentError("the data does not say how many outputs it needs", remedy="Pass n_out=.")
    with torch_seeded(dls.seed or 0):  # the same seed gives the same model, whatever ran before
        plan = make_plan(
            dls, Wishes(arch, config, pretrained, drop_mult, seq_len, max_len, arguments.get("options"))
        )
        hidden = plan.hidden if lin_ftrs is None else lin_ftrs
        dropouts = plan.dropouts if ps is None else (plan.dropouts[0], *ps)
        head = create_head(
            plan.body.num_features,
            outputs,
            hidden,
            dropouts,
            pool=False,
            first_bn=plan.first_bn,
            y_range=y_range,
        )
    arguments["splitter"] = arguments.get("splitter") or plan.splitter
    arguments["cbs"] = [*plan.cbs, *as_callbacks(arguments.get("cbs"))]
    arguments["options"] = plan.options
    model = nn.Sequential(plan.body, head)
    learn = TextLearner(plan.dls, model, body=plan.body if pretrained else None, **arguments)
    if pretrained:
        learn.freeze()
    return learn
