"""A transformer encoder (BERT's arithmetic) as a chain of layers, each of which takes and gives one tensor.

    ids int64 [N,T] -> TokenEmbedding -> TransformerLayer ... -> tokens float32 [N,T,F+1] -> pooling -> features [N,F]

The last of a token's F+1 numbers is 1 where there is a token and 0 where a shorter text was filled up. So nothing but one
tensor goes from layer to layer, and any beginning of the chain can be run once and its outputs kept while it is frozen.

Source: Vaswani et al., "Attention is all you need" (arXiv 1706.03762); Devlin et al., "BERT" (arXiv 1810.04805).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.core.errors import PretrainedError

#: Where each of our layer's parts lies in a BERT checkpoint.
PARTS = {
    "attention.inputs": ("attention.self.query", "attention.self.key", "attention.self.value"),
    "attention.output": ("attention.output.dense",),
    "attention_norm": ("attention.output.LayerNorm",),
    "wide": ("intermediate.dense",),
    "narrow": ("output.dense",),
    "norm": ("output.LayerNorm",),
}


@dataclass(frozen=True)
class EncoderSizes:
    """The sizes of a transformer encoder.

    Attributes:
        vocab: number of different tokens.
        positions: the longest text (tokens).
        features: numbers per token, F.
        heads: attention heads; they share the features.
        wide: features inside a layer's two dense parts.
        layers: how many layers.
        kinds: rows of the table of sentence kinds, of which the first is always used.
        norm_eps: added to the variance by normalisation.
        pad: id of the token that fills up shorter texts.
    """

    vocab: int
    positions: int
    features: int
    heads: int
    wide: int
    layers: int
    kinds: int = 2
    norm_eps: float = 1e-12
    pad: int = 0

    @staticmethod
    def of_bert(config: Mapping[str, Any]) -> EncoderSizes:
        """Return the sizes that a BERT model's config.json names."""
        return EncoderSizes(
            config["vocab_size"], config["max_position_embeddings"], config["hidden_size"],
            config["num_attention_heads"], config["intermediate_size"], config["num_hidden_layers"],
            config["type_vocab_size"], config["layer_norm_eps"], config.get("pad_token_id", 0),
        )  # fmt: skip


def with_mask(tokens: Tensor, mask: Tensor) -> Tensor:
    """Join tokens [N,T,F] and a mask [N,T], 1 where a token is, to [N,T,F+1]."""
    return torch.cat([tokens, mask.unsqueeze(-1).to(tokens.dtype)], dim=-1)


class TokenEmbedding(nn.Module):
    """Looks up tokens and their places: ids int64 [N,T] -> [N,T,F+1].

    Args:
        sizes: the encoder's sizes.
        dropout: share of the numbers that are left out in training, 0..1.
    """

    def __init__(self, sizes: EncoderSizes, dropout: float) -> None:
        super().__init__()
        self.pad = sizes.pad
        self.words = nn.Embedding(sizes.vocab, sizes.features)
        self.places = nn.Embedding(sizes.positions, sizes.features)
        self.kinds = nn.Embedding(sizes.kinds, sizes.features)
        self.norm = nn.LayerNorm(sizes.features, sizes.norm_eps)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor) -> Tensor:
        """Embed; [N,T] -> [N,T,F+1]."""
        places = torch.arange(ids.shape[1], device=ids.device)
        tokens = self.words(ids) + self.places(places) + self.kinds.weight[0]
        return with_mask(self.dropout(self.norm(tokens)), ids != self.pad)


class Attention(nn.Module):
    """Lets every token take from every other: [N,T,F], mask [N,1,1,T] -> [N,T,F].

    Args:
        features: F.
        heads: how many attend apart; they share the features.
    """

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.inputs = nn.Linear(features, 3 * features)  # queries, keys and values in one product
        self.output = nn.Linear(features, features)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Attend."""
        split = self.inputs(tokens).unflatten(-1, (3, self.heads, -1))  # [N,T,3F] -> [N,T,3,heads,F/heads]
        queries, keys, values = split.permute(2, 0, 3, 1, 4).unbind(0)  # each [N,heads,T,F/heads]
        mixed = F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
        return self.output(mixed.transpose(1, 2).flatten(2))  # [N,heads,T,F/heads] -> [N,T,F]


class TransformerLayer(nn.Module):
    """Attention, then two dense layers, each added to what it was given and normalised: [N,T,F+1] -> [N,T,F+1].

    There is dropout after both, but none of attention weights, for which the fast kernels of CPUs have no place.

    Args:
        sizes: the encoder's sizes.
        dropout: share of the numbers that are left out in training, 0..1.
    """

    def __init__(self, sizes: EncoderSizes, dropout: float) -> None:
        super().__init__()
        self.attention = Attention(sizes.features, sizes.heads)
        self.attention_norm = nn.LayerNorm(sizes.features, sizes.norm_eps)
        self.wide = nn.Linear(sizes.features, sizes.wide)
        self.narrow = nn.Linear(sizes.wide, sizes.features)
        self.norm = nn.LayerNorm(sizes.features, sizes.norm_eps)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Transform; [N,T,F+1] -> [N,T,F+1]."""
        tokens, mask = x[..., :-1], x[..., -1] > 0
        attended = self.attention(tokens, mask[:, None, None, :])
        tokens = self.attention_norm(tokens + self.dropout(attended))
        tokens = self.norm(tokens + self.dropout(self.narrow(F.gelu(self.wide(tokens)))))
        return with_mask(tokens, mask)


class PoolTokens(nn.Module):
    """Makes one vector of a text's tokens: their mean, and with `largest` their maximum after it.

    Args:
        largest: whether the maximum is taken as well: [N,T,F+1] -> [N,2F] instead of [N,F].
    """

    def __init__(self, largest: bool = True) -> None:
        super().__init__()
        self.largest = largest

    def forward(self, x: Tensor) -> Tensor:
        """Pool; [N,T,F+1] -> [N,F] or [N,2F]."""
        tokens, mask = x[..., :-1], x[..., -1:]
        mean = (tokens * mask).sum(1) / mask.sum(1).clamp(min=1)
        if not self.largest:
            return mean
        return torch.cat([mean, tokens.masked_fill(mask == 0, float("-inf")).amax(1)], dim=-1)


def create_encoder(sizes: EncoderSizes, dropout: float = 0.1) -> nn.Sequential:
    """Return embedding and layers with random parameters: ids int64 [N,T] -> [N,T,F+1].

    Args:
        sizes: the encoder's sizes.
        dropout: share of the numbers that are left out after each part in training, 0..1.
    """
    layers = [TransformerLayer(sizes, dropout) for _ in range(sizes.layers)]
    encoder = nn.Sequential(TokenEmbedding(sizes, dropout), *layers)
    for module in encoder.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)  # Source: BERT's initializer_range
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
    return encoder


def load_bert(encoder: nn.Sequential, weights: Mapping[str, Tensor], source: str) -> None:
    """Put a BERT checkpoint's weights into an encoder of the same sizes.

    Args:
        encoder: made by `create_encoder`.
        weights: by their names in the checkpoint, with or without "bert." before them.
        source: where they came from, for messages.

    Raises:
        PretrainedError: if a weight is missing or has another shape.
    """
    known = {name.removeprefix("bert."): value for name, value in weights.items()}
    names = {
        "0.words": "embeddings.word_embeddings", "0.places": "embeddings.position_embeddings",
        "0.kinds": "embeddings.token_type_embeddings", "0.norm": "embeddings.LayerNorm",
    }  # fmt: skip
    wanted: dict[str, tuple[str, ...]] = {ours: (theirs,) for ours, theirs in names.items()}
    for number in range(1, len(encoder)):
        layer = f"encoder.layer.{number - 1}"
        wanted |= {
            f"{number}.{ours}": tuple(f"{layer}.{part}" for part in theirs) for ours, theirs in PARTS.items()
        }
    state = {}
    for name, value in encoder.state_dict().items():
        part, kind = name.rsplit(".", 1)
        parts = [f"{theirs}.{kind}" for theirs in wanted[part]]
        missing = [theirs for theirs in parts if theirs not in known]
        if missing:
            raise PretrainedError(
                f"the weights from {source} are not a BERT encoder's: {missing[0]} is missing"
            )
        state[name] = torch.cat([known[theirs] for theirs in parts])
        if state[name].shape != value.shape:
            raise PretrainedError(
                f"the weights from {source} do not fit: {parts[0]} has another shape",
                received=list(state[name].shape), allowed=str(list(value.shape)),
            )  # fmt: skip
    encoder.load_state_dict(state)
