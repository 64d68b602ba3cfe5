"""Create text classifiers: a pretrained transformer or an AWD-LSTM with a new head."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self, Unpack

from torch import nn

from gatera.core.errors import ArgumentError
from gatera.core.random import torch_seeded
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.loading.loaders import DataLoaders
from gatera.learn.callbacks.recurrent import encoders
from gatera.learn.checkpoints import saved as checkpoint
from gatera.learn.learner import Learner
from gatera.learn.options import LEARNER_DEFAULTS, LearnerArguments, number_of_outputs
from gatera.learn.state import as_callbacks
from gatera.models.target_scale import scale_for
from gatera.models.text.awd_lstm import AWD_LSTM, AwdLstmConfig
from gatera.models.text.model import TransformerConfig
from gatera.models.text.word_scores import TextMixture
from gatera.models.vision.heads import create_head
from gatera.models.weights.text import MiniLM
from gatera.text.classifier_parts import TextArch, TextRequest, build_parts
from gatera.text.encoders import PretrainedLanguageModel, load_words_and_layers
from gatera.text.loaders import LanguageModelLoaders, TextLoaders


class TextLearner(Learner):
    """A `Learner` whose items are texts."""

    dls: TextLoaders | LanguageModelLoaders

    @property
    def encoder(self) -> nn.Module:
        """The encoder, which `save_encoder` saves.

        Raises:
            ArgumentError: if the model has none.
        """
        found = encoders(self.model)
        if found:
            return found[0]
        network = self.model.network if isinstance(self.model, TextMixture) else self.model
        if network is None:
            raise ArgumentError("this learner's model has no encoder: its predictions come from words alone")
        return network[0]  # type: ignore[index]

    def save_encoder(self, file: str | Path) -> Path:
        """Save the encoder's parameters with their vocabulary; returns the path."""
        content = {"model": self.encoder.state_dict(), "words": list(self.dls.text_vocab)}
        return checkpoint.write(self.model_path(file), content)

    def load_encoder(self, file: str | Path) -> Self:
        """Load an encoder saved by `save_encoder`, then freeze all but the head; returns the learner.

        An AWD-LSTM's words are matched by name; words unknown to the saved encoder start from the mean embedding.

        Raises:
            DataError: if the file is missing or not a checkpoint.
            ArgumentError: if it does not contain an encoder, or one with another tokenizer.
            PretrainedError: if it is an AWD-LSTM of other sizes.
        """
        path = self.model_path(file)
        content = checkpoint.read(path, self.dls.device)
        if "words" not in content:
            raise ArgumentError(
                f"{path} does not contain an encoder",
                remedy="For a file written by learn.save use learn.load.",
            )
        words, encoder = list(self.dls.text_vocab), self.encoder
        if isinstance(encoder, AWD_LSTM):
            saved = PretrainedLanguageModel(content["model"], content["words"], str(path))
            load_words_and_layers(encoder, saved, words)
        elif content["words"] != words:
            raise ArgumentError(
                f"the encoder in {path} has a different vocabulary from this learner's",
                got=f"{len(content['words']):,} tokens", expected=f"{len(words):,} tokens, the same ones",
                remedy="Create the learner with the architecture that was saved.",
            )  # fmt: skip
        else:
            checkpoint.load_model(encoder, content["model"], path)
        self.body = self.model[0]  # type: ignore[index]
        self.freeze()
        return self


@spelled_out(LearnerArguments, LEARNER_DEFAULTS)
def text_classifier_learner(
    dls: DataLoaders,
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
    """Create a text classifier: an encoder, frozen if pretrained, and a new head.

    Args:
        dls: texts and their labels. The learner tokenizes them again as `arch` requires; these loaders do not change, and
            `learn.dls` are the new ones.
        arch: `MiniLM`, `AWD_LSTM`, or the name of any encoder on the Hugging Face hub.
        seq_len: number of words that an AWD-LSTM reads at once in training.
        config: an `AwdLstmConfig` or a `TransformerConfig`.
        pretrained: True to find weights, an encoder's folder, or False for random weights.
        drop_mult: factor on every dropout of the encoder.
        n_out: number of outputs; by default derived from the data.
        lin_ftrs: sizes of the head's hidden layers.
        ps: dropout before each linear layer of the head but the first.
        max_len: longest text in tokens, half taken from each end; by default 512, or 1,440 words for an AWD-LSTM.
        y_range: squash outputs into this range, for regression.
        arguments: loss_func, opt_func, lr, splitter, cbs, metrics, path, class_weights, options; see `LearnerArguments`.
            The default `splitter` makes the groups embeddings, each layer, head.

    Raises:
        ArgumentError: if `dls` holds no labelled texts, an argument does not go with `arch`, or the number of outputs is
            unknown.
        PretrainedError: if no weights are found; the message lists where it looked and what to do.
    """
    check_arguments(text_classifier_learner, arguments)
    if not isinstance(dls, TextLoaders):
        raise ArgumentError(
            "text_classifier_learner needs loaders of labelled texts", got=type(dls).__name__,
            remedy="Create them with TextDataLoaders.from_folder(path, text_vocab=dls_lm.vocab)."
            if isinstance(dls, LanguageModelLoaders)
            else "Create them with TextDataLoaders.",
        )  # fmt: skip
    outputs = number_of_outputs(dls, n_out)
    with torch_seeded(dls.seed or 0):  # the same seed gives the same model, independent of what ran before
        parts = build_parts(
            dls, TextRequest(arch, config, pretrained, drop_mult, seq_len, max_len, arguments.get("options"))
        )
        hidden = parts.hidden if lin_ftrs is None else lin_ftrs
        dropouts = parts.dropouts if ps is None else (parts.dropouts[0], *ps)
        scale = scale_for(dls, outputs, y_range)
        head = create_head(
            parts.body.num_features,
            outputs,
            hidden,
            dropouts,
            pool=False,
            first_bn=parts.first_bn,
            y_range=y_range,
        )
        if scale is not None:
            head.append(scale)
    arguments["splitter"] = arguments.get("splitter") or parts.splitter
    arguments["cbs"] = [*parts.cbs, *as_callbacks(arguments.get("cbs"))]
    arguments["options"] = parts.options
    model = nn.Sequential(parts.body, head)
    learn = TextLearner(parts.dls, model, body=parts.body if pretrained else None, **arguments)
    if pretrained:
        learn.freeze()
    return learn
