"""What a classifier of texts is made of: the reading half for each kind of architecture, and what goes with it."""

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

#: What may be given as `arch`.
TextArch = str | TextArchitecture | type[AWD_LSTM]

#: Momenta with which AWD-LSTMs are trained. Source: fastai.
RNN_MOMS = (0.8, 0.7, 0.8)

#: Weights of the two penalties on an AWD-LSTM's outputs. Source: arXiv 1708.02182, section 5.
ALPHA, BETA = 2.0, 1.0

C = TypeVar("C")


@dataclass(frozen=True)
class Plan:
    """A classifier's parts, all but the head.

    Attributes:
        dls: the texts, read with the tokens that the body knows.
        body: what reads.
        hidden: sizes of the head's hidden layers.
        dropouts: dropout before each linear layer of the head.
        first_bn: whether the head begins with batch norm.
        splitter: model -> parameter groups.
        options: for training.
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
class Wishes:
    """What the caller of a learner function asked for.

    Attributes:
        arch: the architecture.
        config: its settings, or None.
        pretrained: whether weights are looked for, or an encoder's folder.
        drop_mult: multiplies every dropout of the encoder.
        seq_len: words that an AWD-LSTM reads at once.
        max_len: tokens of a text that are read, or None.
        options: settings of the learner, or None.
    """

    arch: TextArch
    config: AwdLstmConfig | TransformerConfig | None
    pretrained: bool | str | Path
    drop_mult: float
    seq_len: int
    max_len: int | None
    options: TrainingOptions | None


def make_plan(dls: TextLoaders, wishes: Wishes) -> Plan:
    """Return the parts of a classifier, random values drawn from torch's global generator.

    Raises:
        ArgumentError: if an argument does not go with the architecture, or the architecture with the loaders.
        PretrainedError: if no weights are found.
    """
    return _awd_lstm(dls, wishes) if is_awd_lstm(wishes.arch) else _transformer(dls, wishes)


def is_awd_lstm(arch: TextArch) -> bool:
    """Whether an architecture is `AWD_LSTM`, by itself or by its name."""
    return arch is AWD_LSTM or arch == AWD_LSTM.__name__


def checked_config(config: object, kind: type[C], default: C) -> C:
    """Return a config, or the default for None.

    Raises:
        ArgumentError: if it is of another kind.
    """
    if config is None:
        return default
    if not isinstance(config, kind):
        raise ArgumentError(
            "config is of another architecture", got=type(config).__name__, expected=kind.__name__
        )
    return config


def _awd_lstm(dls: TextLoaders, wishes: Wishes) -> Plan:
    config = checked_config(wishes.config, AwdLstmConfig, CLASSIFIER)
    if not dls.block.of_words:
        raise ArgumentError(
            "AWD_LSTM reads words, and these loaders have a tokenizer", remedy="Leave out tok=."
        )
    words = list(dls.text_vocab)
    block = TextBlock(vocab=words, seq_len=wishes.seq_len, max_len=wishes.max_len or MAX_WORDS)
    scaled = replace(config.scaled(wishes.drop_mult), pad=block.padding)
    encoder = AWD_LSTM(len(words), scaled, remembers=False)
    source = "random"
    if wishes.pretrained:
        found = find_language_model()
        load_words_and_layers(encoder, found, words)
        source = found.source
    body = TextBody([SentenceEncoder(encoder, wishes.seq_len)], "AWD_LSTM", source, 3 * config.emb_sz)
    return Plan(
        dls.reread(block), body, (50,), (scaled.output_p, 0.1), True, awd_lstm_groups,  # Source of the head: fastai
        wishes.options or TrainingOptions(moms=RNN_MOMS), (ModelResetter(), RNNRegularizer(ALPHA, BETA)),
    )  # fmt: skip


def _transformer(dls: TextLoaders, wishes: Wishes) -> Plan:
    arch = get_text_architecture(wishes.arch)  # type: ignore[arg-type]  # not AWD_LSTM, see make_plan
    config = checked_config(wishes.config, TransformerConfig, TransformerConfig())
    if config.sizes is None:
        files = find_encoder(arch, wishes.pretrained)
        _check_free(dls, arch.name, files.tokenizer)
        max_len = _length(wishes.max_len, config.max_len, files.longest, arch.name)
        block = TextBlock(tok=files.tokenizer, max_len=max_len, pad=pad_of(files))
        body = transformer_body(arch.name, files, config, wishes.pretrained is not False, wishes.drop_mult)
    else:
        block, body = _random_transformer(dls, arch.name, config, wishes)
    options = wishes.options or TrainingOptions()
    if options.fine_tune_groups is None and config.fine_tune_layers is not None and wishes.pretrained:
        options = replace(options, fine_tune_groups=config.fine_tune_layers + 1)
    return Plan(
        dls.reread(block), body, (), (0.1,), False,
        partial(transformer_groups, layer_lr=config.layer_lr if wishes.pretrained else 1.0), options,
    )  # fmt: skip


def _random_transformer(
    dls: TextLoaders, name: str, config: TransformerConfig, wishes: Wishes
) -> tuple[TextBlock, TextBody]:
    """Return block and body of a transformer of any size that reads the loaders' own words."""
    sizes, words, max_len = config.sizes, list(dls.text_vocab), wishes.max_len or config.max_len
    if wishes.pretrained or sizes is None or sizes.vocab < len(words) or sizes.positions < max_len:
        raise ArgumentError(
            "sizes in the config do not fit", got=f"{sizes}, pretrained={wishes.pretrained!r}",
            expected=f"at least {len(words)} words and {max_len} positions, and pretrained=False",
        )  # fmt: skip
    block = TextBlock(vocab=words, max_len=max_len)
    layers = create_encoder(replace(sizes, pad=block.padding), config.dropout * wishes.drop_mult)
    return block, pooled_body(layers, name, "random", sizes.features, config)


def _length(asked: int | None, usual: int, longest: int | None, name: str) -> int:
    """Return how many tokens of a text are read: what was asked for, or the usual number where the encoder can."""
    if asked is None:
        return usual if longest is None else min(usual, longest)
    if longest is not None and asked > longest:
        raise ArgumentError(f"max_len is more than {name} can read", got=asked, expected=f"2 to {longest}")
    return asked


def _check_free(dls: TextLoaders, name: str, tokenizer: bytes) -> None:
    """Raise ArgumentError if the user chose other tokens for the loaders than the architecture's."""
    block = dls.block
    if block.vocab is not None:
        raise ArgumentError(
            f"{name} brings its own tokens, and the words of these loaders were fixed",
            got=f"{len(block.vocab)} words",
            remedy="Leave text_vocab (vocab=) out, or use arch=AWD_LSTM.",
        )
    if not block.of_words and block.tokenizer != tokenizer:
        raise ArgumentError(
            f"{name} brings its own tokenizer, and these loaders have another one", remedy="Leave out tok=."
        )
