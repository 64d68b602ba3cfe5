"""Choose the parts of a text classifier for an architecture: tokenized texts, body, parameter groups, callbacks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from gatera.core.errors import ArgumentError
from gatera.learn.callbacks.recurrent import ModelResetter, RNNRegularizer
from gatera.learn.options import TrainingOptions
from gatera.learn.state import Callback
from gatera.models.groups import Splitter
from gatera.models.text.awd_lstm import AWD_LSTM, CLASSIFIER, AwdLstmConfig, SentenceEncoder
from gatera.models.text.model import (
    TextBody,
    TransformerConfig,
    awd_lstm_groups,
    pad_of,
    pooled_body,
    transformer_body,
    transformer_groups,
)
from gatera.models.text.transformer import create_encoder
from gatera.models.weights.text import TextArchitecture, find_encoder, get_text_architecture
from gatera.text.block import MAX_WORDS, TextBlock
from gatera.text.encoders import find_language_model, load_words_and_layers
from gatera.text.loaders import TextLoaders

#: Types accepted as `arch`.
TextArch = str | TextArchitecture | type[AWD_LSTM]

#: Momenta for training AWD-LSTMs. Source: fastai.
RNN_MOMS = (0.8, 0.7, 0.8)

#: Weights of activation regularization and temporal activation regularization. Source: arXiv 1708.02182, section 5.
ALPHA, BETA = 2.0, 1.0

C = TypeVar("C")


@dataclass(frozen=True)
class ClassifierParts:
    """The parts of a text classifier, except its head.

    Attributes:
        dls: the texts, tokenized for the body.
        body: encoder and pooling.
        hidden: sizes of the head's hidden layers.
        dropouts: dropout before each linear layer of the head.
        first_bn: whether the head begins with batch norm.
        splitter: model -> parameter groups.
        options: options of the training.
        cbs: callbacks that the body needs.
    """

    dls: TextLoaders
    body: TextBody
    hidden: tuple[int, ...]
    dropouts: tuple[float, ...]
    first_bn: bool
    splitter: Splitter
    options: TrainingOptions
    cbs: tuple[Callback, ...] = ()


@dataclass(frozen=True)
class TextRequest:
    """Arguments of `text_classifier_learner` that determine the parts.

    Attributes:
        arch: the architecture.
        config: its settings, or None for the defaults.
        pretrained: True to find weights, an encoder's folder, or False for random weights.
        drop_mult: factor on every dropout of the encoder.
        seq_len: number of words that an AWD-LSTM reads at once.
        max_len: longest text in tokens, or None for the default.
        options: options of the training, or None for the defaults.
    """

    arch: TextArch
    config: AwdLstmConfig | TransformerConfig | None
    pretrained: bool | str | Path
    drop_mult: float
    seq_len: int
    max_len: int | None
    options: TrainingOptions | None


def build_parts(dls: TextLoaders, request: TextRequest) -> ClassifierParts:
    """Build the parts of a classifier; random values come from torch's global generator.

    Raises:
        ArgumentError: if an argument does not fit the architecture, or the architecture does not fit the loaders.
        PretrainedError: if no weights are found.
    """
    return _awd_lstm(dls, request) if is_awd_lstm(request.arch) else _transformer(dls, request)


def is_awd_lstm(arch: TextArch) -> bool:
    """Whether an architecture is `AWD_LSTM`, given as the class or by name."""
    return arch is AWD_LSTM or arch == AWD_LSTM.__name__


def checked_config(config: object, kind: type[C], default: C) -> C:
    """Return the config, or the default if it is None.

    Raises:
        ArgumentError: if it is of another kind.
    """
    if config is None:
        return default
    if not isinstance(config, kind):
        raise ArgumentError(
            "config is for another architecture", got=type(config).__name__, expected=kind.__name__
        )
    return config


def _awd_lstm(dls: TextLoaders, request: TextRequest) -> ClassifierParts:
    config = checked_config(request.config, AwdLstmConfig, CLASSIFIER)
    if not dls.block.of_words:
        raise ArgumentError("AWD_LSTM reads words, but these loaders have a tokenizer", remedy="Omit tok=.")
    words = list(dls.text_vocab)
    max_len = request.max_len or MAX_WORDS
    block = TextBlock(vocab=words, seq_len=request.seq_len, max_len=max_len, column=dls.block.column)
    scaled = replace(config.scaled(request.drop_mult), pad=block.padding)
    encoder = AWD_LSTM(len(words), scaled, remembers=False)
    source = "random"
    if request.pretrained:
        found = find_language_model()
        load_words_and_layers(encoder, found, words)
        source = found.source
    body = TextBody([SentenceEncoder(encoder, request.seq_len)], "AWD_LSTM", source, 3 * config.emb_sz)
    return ClassifierParts(
        dls.reread(block), body, (50,), (scaled.output_p, 0.1), True, awd_lstm_groups,  # Source of the head: fastai
        request.options or TrainingOptions(moms=RNN_MOMS), (ModelResetter(), RNNRegularizer(ALPHA, BETA)),
    )  # fmt: skip


def _transformer(dls: TextLoaders, request: TextRequest) -> ClassifierParts:
    arch = get_text_architecture(request.arch)  # type: ignore[arg-type]  # not AWD_LSTM, see build_parts
    config = checked_config(request.config, TransformerConfig, TransformerConfig())
    if config.sizes is None:
        files = find_encoder(arch, request.pretrained)
        _check_tokenizer_is_free(dls, arch.name, files.tokenizer)
        max_len = _max_length(request.max_len, config, files.longest, arch.name)
        block = TextBlock(tok=files.tokenizer, max_len=max_len, pad=pad_of(files), column=dls.block.column)
        body = transformer_body(arch.name, files, config, request.pretrained is not False, request.drop_mult)
    else:
        block, body = _random_transformer(dls, arch.name, config, request)
    options = request.options or TrainingOptions()
    if options.fine_tune_groups is None and config.fine_tune_layers is not None and request.pretrained:
        options = replace(options, fine_tune_groups=config.fine_tune_layers + 1)
    return ClassifierParts(
        dls.reread(block), body, (), (0.1,), False,
        partial(transformer_groups, layer_lr=config.layer_lr if request.pretrained else 1.0), options,
    )  # fmt: skip


def _random_transformer(
    dls: TextLoaders, name: str, config: TransformerConfig, request: TextRequest
) -> tuple[TextBlock, TextBody]:
    """Build block and body of a transformer of any size that reads the loaders' own words."""
    sizes, words, max_len = config.sizes, list(dls.text_vocab), request.max_len or config.max_len
    if (
        request.pretrained
        or sizes is None
        or sizes.vocab < len(words)
        or sizes.positions < (config.window or max_len)
    ):
        raise ArgumentError(
            "sizes in the config do not fit", got=f"{sizes}, pretrained={request.pretrained!r}",
            expected=f"at least {len(words)} words and {max_len} positions, and pretrained=False",
        )  # fmt: skip
    block = TextBlock(vocab=words, max_len=max_len, column=dls.block.column)
    padded = replace(sizes, pad=block.padding)
    layers = create_encoder(padded, config.dropout * request.drop_mult, config.window)
    return block, pooled_body(layers, name, "random", sizes.features, config)


def _max_length(requested: int | None, config: TransformerConfig, longest: int | None, name: str) -> int:
    """Return the longest text in tokens: the requested length, or the default if the encoder allows it."""
    if config.window is not None:
        if longest is not None and config.window > longest:
            raise ArgumentError(
                f"window is too large for {name}", got=config.window, expected=f"2 to {longest}"
            )
        return config.max_len if requested is None else requested
    if requested is None:
        return config.max_len if longest is None else min(config.max_len, longest)
    if longest is not None and requested > longest:
        raise ArgumentError(f"max_len is too large for {name}", got=requested, expected=f"2 to {longest}")
    return requested


def _check_tokenizer_is_free(dls: TextLoaders, name: str, tokenizer: bytes) -> None:
    """Raise ArgumentError if the user chose other tokens for the loaders than the architecture's."""
    block = dls.block
    if block.vocab is not None:
        raise ArgumentError(
            f"{name} has its own tokens, but these loaders have a fixed vocabulary",
            got=f"{len(block.vocab)} words",
            remedy="Omit text_vocab (vocab=), or use arch=AWD_LSTM.",
        )
    if not block.of_words and block.tokenizer != tokenizer:
        raise ArgumentError(
            f"{name} has its own tokenizer, but these loaders have another one", remedy="Omit tok=."
        )
