"""Text classifiers: an encoder with pooling (the body) and a head."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from torch import Tensor, nn

from gatera.core.checks import check_at_least, check_count, check_fraction, require
from gatera.models.groups import ParameterGroup
from gatera.models.text.awd_lstm import AWD_LSTM, SentenceEncoder
from gatera.models.text.transformer import EncoderSizes, PoolTokens, both_ends, create_encoder, load_bert
from gatera.models.weights.files import read_checkpoint
from gatera.models.weights.text import EncoderFiles


@dataclass(frozen=True)
class TransformerConfig:
    """Settings of a transformer classifier; the encoder's sizes come with its weights.

    Attributes:
        dropout: dropout after each part of a layer, 0..1; multiplied by the learner's `drop_mult`.
        largest: pool by maximum as well as by mean.
        layer_lr: factor on the learning rates of the pretrained layers; a rate that suits a new head destroys them.
        fine_tune_layers: number of last layers that `fine_tune` trains besides the head; None for all.
        max_len: longest text in tokens, if the encoder allows it; half are taken from the beginning, half from the end.
        window: how many of these the encoder reads, again half from each end; None for all. Other parts of the model, such as
            `WordScores`, may read more than the encoder allows.
        sizes: sizes of an encoder with random parameters, for `pretrained=False`; it uses the loaders' own words.
    """

    dropout: float = 0.1
    largest: bool = False
    layer_lr: float = 0.1
    fine_tune_layers: int | None = 3
    max_len: int = 512
    window: int | None = None
    sizes: EncoderSizes | None = None

    def __post_init__(self) -> None:
        check_fraction("dropout", self.dropout)
        check_at_least("layer_lr", self.layer_lr, 0)
        check_count("max_len", self.max_len, 2)
        if self.window is not None:
            check_count("window", self.window, 2)
        if self.fine_tune_layers is not None:
            check_count("fine_tune_layers", self.fine_tune_layers, 0)


class TextBody(nn.Sequential):
    """An encoder followed by pooling: ids int64 [N,T] -> features [N,F].

    Args:
        layers: the encoder's layers, then the pooling.
        architecture: the architecture's name.
        source: where its weights came from, in words.
        num_features: F.
    """

    def __init__(
        self, layers: Iterable[nn.Module], architecture: str, source: str, num_features: int
    ) -> None:
        super().__init__(*layers)
        self.architecture, self.source, self.num_features = architecture, source, num_features


class HuggingFaceEncoder(nn.Module):
    """Wrap any encoder of the transformers package as one layer: ids int64 [N,T] -> [N,T,F].

    Args:
        model: a model made by transformers' AutoModel.
        pad: id of the padding token.
        window: of longer texts only so many tokens are read, half from each end; None for all.
    """

    def __init__(self, model: nn.Module, pad: int, window: int | None = None) -> None:
        super().__init__()
        self.model, self.pad, self.window = model, pad, window

    def forward(self, ids: Tensor) -> Tensor:
        """Encode."""
        if self.window is not None:
            ids = both_ends(ids, self.window, self.pad)
        mask = ids != self.pad
        tokens = self.model(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        return tokens * mask.unsqueeze(-1)  # padding becomes zeros, as in Gatera's own layers

    def parts(self) -> list[nn.Module]:
        """Return its layers, in order: the longest list of modules in the model."""
        lists = [list(module) for module in self.model.modules() if isinstance(module, nn.ModuleList)]
        return max(lists, key=len, default=[])


def pad_of(files: EncoderFiles) -> int:
    """Return the id of the padding token."""
    pad = files.config.get("pad_token_id")
    return 0 if pad is None else int(pad)


def is_bert(files: EncoderFiles) -> bool:
    """Whether an encoder is a BERT model, which Gatera's own layers can run."""
    config = files.config
    return (
        config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder", False)
    )


def transformer_body(
    name: str, files: EncoderFiles, config: TransformerConfig, pretrained: bool, drop_mult: float
) -> TextBody:
    """Build the body of a transformer from its files.

    Args:
        name: the architecture's name.
        files: its files.
        config: settings of the classifier.
        pretrained: load its weights rather than use random ones.
        drop_mult: factor on every dropout.

    Raises:
        PretrainedError: if its weights do not fit.
        MissingExtraError: if it is not a BERT model and the package transformers is not installed.
    """
    source = files.source if pretrained else "random"
    if is_bert(files):
        sizes = EncoderSizes.of_bert(files.config)
        layers = create_encoder(sizes, config.dropout * drop_mult, config.window)
        if pretrained:
            load_bert(layers, read_checkpoint(files.weights), files.source)
        return pooled_body(layers, name, source, sizes.features, config)
    transformers = require("transformers", "text", f"for {name}")
    settings = transformers.AutoConfig.from_pretrained(files.folder)
    for dropout in ("hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout"):
        if isinstance(getattr(settings, dropout, None), float):
            setattr(settings, dropout, getattr(settings, dropout) * drop_mult)
    if pretrained:
        model = transformers.AutoModel.from_pretrained(files.folder, config=settings)
    else:
        model = transformers.AutoModel.from_config(settings)
    features = settings.hidden_size if hasattr(settings, "hidden_size") else settings.dim
    encoder = HuggingFaceEncoder(model, pad_of(files), config.window)
    return pooled_body([encoder], name, source, features, config)


def pooled_body(
    layers: Iterable[nn.Module], name: str, source: str, features: int, config: TransformerConfig
) -> TextBody:
    """Build a body from an encoder's layers and a pooling layer."""
    width = 2 * features if config.largest else features
    return TextBody([*layers, PoolTokens(config.largest)], name, source, width)


def transformer_groups(model: nn.Module, layer_lr: float) -> list[ParameterGroup]:
    """Return the parameter groups of `Sequential(body, head)`: embeddings, each layer, head.

    Args:
        model: the classifier.
        layer_lr: `lr_mult` of all groups but the head.
    """
    body, head = model.children()
    first = next(body.children())
    layers = first.parts() if isinstance(first, HuggingFaceEncoder) else list(body.children())[1:]
    in_layers = {id(p) for layer in layers for p in layer.parameters()}
    rest = tuple(p for p in body.parameters() if id(p) not in in_layers)
    groups = [ParameterGroup("embeddings", rest, layer_lr)]
    for number, layer in enumerate(layers):
        groups.append(ParameterGroup(f"layer_{number}", tuple(layer.parameters()), layer_lr))
    groups.append(ParameterGroup("head", tuple(head.parameters())))
    return [group for group in groups if group.parameters]


def awd_lstm_groups(model: nn.Module) -> list[ParameterGroup]:
    """Return the parameter groups of an AWD-LSTM classifier or language model.

    A classifier has the groups embedding, each layer, head. A language model has each layer, then embedding and decoder
    together, because they share weights.
    """
    first, last = model.children()
    if isinstance(first, TextBody):
        first = next(first.children())
    encoder = first.encoder if isinstance(first, SentenceEncoder) else first
    assert isinstance(encoder, AWD_LSTM)  # for the type checker
    words = ParameterGroup("embeddings", tuple(encoder.words.parameters()))
    layers = [
        ParameterGroup(f"layer_{number}", tuple(layer.parameters()))
        for number, layer in enumerate(encoder.layers)
    ]
    if isinstance(first, SentenceEncoder):
        return [words, *layers, ParameterGroup("head", tuple(last.parameters()))]
    both = {id(p): p for p in chain(words.parameters, last.parameters())}
    return [*layers, ParameterGroup("words", tuple(both.values()))]
