"""A BERT encoder as a chain of layers, each of which maps one tensor to one tensor.

    ids int64 [N,T] -> TokenEmbedding -> TransformerLayer ... -> tokens float32 [N,T,F] -> pooling -> features [N,F]

Padding tokens have all-zero vectors, which real tokens never have, so no mask is passed from layer to layer. While the first
layers of the chain are frozen, they can run once and their outputs be kept.

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
from gatera.models.layers import PlacewiseDropout

#: Largest size of a layer's attention weights that `attend` computes explicitly (bytes).
MOST_WEIGHT_BYTES = 2**28

#: Part of our layer -> its name in a BERT checkpoint.
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
        vocab: number of tokens in the vocabulary.
        positions: longest text (tokens).
        features: hidden width F.
        heads: attention heads; they split the features.
        wide: width of a layer's feed-forward part.
        layers: number of layers.
        kinds: rows of the token type embedding; only the first is used.
        norm_eps: epsilon of the layer norms.
        pad: id of the padding token.
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
        """Read the sizes from a BERT model's config.json."""
        return EncoderSizes(
            config["vocab_size"], config["max_position_embeddings"], config["hidden_size"],
            config["num_attention_heads"], config["intermediate_size"], config["num_hidden_layers"],
            config["type_vocab_size"], config["layer_norm_eps"], config.get("pad_token_id", 0),
        )  # fmt: skip


def is_token(tokens: Tensor) -> Tensor:
    """Return which positions of [N,T,F] hold a token rather than padding, bool [N,T,1]."""
    return (tokens != 0).any(dim=-1, keepdim=True)


def both_ends(ids: Tensor, window: int, pad: int) -> Tensor:
    """Return the first and last tokens of each text, `window` in all; int64 [N,T] -> [N,min(T,window)].

    Args:
        ids: the tokens; shorter texts are padded at the end.
        window: how many are kept; of an odd number one more from the beginning.
        pad: id of the padding token.

    Example:
        >>> both_ends(torch.tensor([[1, 2, 3, 4, 5], [6, 7, 8, 0, 0]]), 3, pad=0)
        tensor([[1, 2, 5],
                [6, 7, 8]])
    """
    skipped = ((ids != pad).sum(1, keepdim=True) - window).clamp(min=0)  # [N,1]
    places = torch.arange(ids.shape[1], device=ids.device)[:window]
    late = (places >= window - window // 2).long()
    return ids.gather(1, places + late * skipped)


class TokenEmbedding(nn.Module):
    """Embed tokens and their positions: ids int64 [N,T] -> [N,T,F].

    Args:
        sizes: the encoder's sizes.
        dropout: dropout probability, 0..1.
        window: of longer texts only so many tokens are embedded, half from each end; None for all.
    """

    def __init__(self, sizes: EncoderSizes, dropout: float, window: int | None = None) -> None:
        super().__init__()
        self.pad, self.window = sizes.pad, window
        self.words = nn.Embedding(sizes.vocab, sizes.features)
        self.places = nn.Embedding(sizes.positions, sizes.features)
        self.kinds = nn.Embedding(sizes.kinds, sizes.features)
        self.norm = nn.LayerNorm(sizes.features, sizes.norm_eps)
        self.dropout = PlacewiseDropout(dropout)

    def forward(self, ids: Tensor) -> Tensor:
        """Embed; [N,T] -> [N,T,F], or with a window [N,min(T,window),F]."""
        places = torch.arange(ids.shape[1], device=ids.device)
        if self.window is not None:
            ids, places = both_ends(ids, self.window, self.pad), places[: self.window]
        tokens = self.words(ids) + self.places(places) + self.kinds.weight[0]
        return self.dropout(self.norm(tokens)) * (ids != self.pad).unsqueeze(-1)


class Attention(nn.Module):
    """Multi-head self-attention: [N,T,F], mask [N,1,1,T] -> [N,T,F].

    Args:
        features: F.
        heads: number of heads; they split the features.
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
        mixed = attend(queries, keys, values, mask)
        return self.output(mixed.transpose(1, 2).flatten(2))  # [N,heads,T,F/heads] -> [N,T,F]


def attend(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """Scaled dot-product attention; queries, keys and values [N,heads,T,F/heads], mask bool [N,1,1,T].

    The same as torch's `scaled_dot_product_attention`, whose backward pass is slow in bf16 on a CPU: written out, 64 texts
    of 64 tokens take 27 ms instead of 143, and 16 texts of 256 tokens take 67 ms instead of 139.
    """
    n_bytes = 2 * queries.numel() // queries.shape[-1] * queries.shape[-2]
    if queries.device.type != "cpu" or queries.dtype != torch.bfloat16 or n_bytes > MOST_WEIGHT_BYTES:
        return F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
    weights = (queries * queries.shape[-1] ** -0.5) @ keys.transpose(-2, -1)  # [N,heads,T,T]
    weights += torch.zeros_like(mask, dtype=weights.dtype).masked_fill(~mask, float("-inf"))
    return torch.softmax(weights, dim=-1, dtype=weights.dtype) @ values


class TransformerLayer(nn.Module):
    """One encoder layer: self-attention and a feed-forward part, each with a residual and a norm: [N,T,F] -> [N,T,F].

    Dropout follows both parts, with the same mask at every position of a text; attention weights have none.

    Args:
        sizes: the encoder's sizes.
        dropout: dropout probability, 0..1.
    """

    def __init__(self, sizes: EncoderSizes, dropout: float) -> None:
        super().__init__()
        self.attention = Attention(sizes.features, sizes.heads)
        self.attention_norm = nn.LayerNorm(sizes.features, sizes.norm_eps)
        self.wide = nn.Linear(sizes.features, sizes.wide)
        self.narrow = nn.Linear(sizes.wide, sizes.features)
        self.norm = nn.LayerNorm(sizes.features, sizes.norm_eps)
        self.dropout = PlacewiseDropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer; [N,T,F] -> [N,T,F]."""
        there = is_token(x)
        attended = self.attention(x, there.transpose(1, 2).unsqueeze(1))  # mask [N,1,1,T]
        tokens = self.attention_norm(x + self.dropout(attended))
        return self.norm(tokens + self.dropout(self.narrow(F.gelu(self.wide(tokens))))) * there


class PoolTokens(nn.Module):
    """Pool a text's tokens into one vector: their mean and, with `largest`, their maximum.

    Args:
        largest: append the maximum: [N,T,F] -> [N,2F] instead of [N,F].
    """

    def __init__(self, largest: bool = True) -> None:
        super().__init__()
        self.largest = largest

    def forward(self, x: Tensor) -> Tensor:
        """Pool; [N,T,F] -> [N,F] or [N,2F]."""
        there = is_token(x)
        mean = x.sum(1) / there.sum(1).clamp(min=1)
        if not self.largest:
            return mean
        return torch.cat([mean, x.masked_fill(~there, float("-inf")).amax(1)], dim=-1)


def create_encoder(sizes: EncoderSizes, dropout: float = 0.1, window: int | None = None) -> nn.Sequential:
    """Build the embedding and the layers with random parameters: ids int64 [N,T] -> [N,T,F].

    Args:
        sizes: the encoder's sizes.
        dropout: dropout after each part, 0..1.
        window: see `TokenEmbedding`.
    """
    layers = [TransformerLayer(sizes, dropout) for _ in range(sizes.layers)]
    encoder = nn.Sequential(TokenEmbedding(sizes, dropout, window), *layers)
    for module in encoder.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)  # Source: BERT's initializer_range
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
    return encoder


def load_bert(encoder: nn.Sequential, weights: Mapping[str, Tensor], source: str) -> None:
    """Load a BERT checkpoint's weights into an encoder of the same sizes.

    Args:
        encoder: an encoder made by `create_encoder`.
        weights: weights by their names in the checkpoint, with or without the prefix "bert.".
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
                f"the weights from {source} do not belong to a BERT encoder: {missing[0]} is missing"
            )
        state[name] = torch.cat([known[theirs] for theirs in parts])
        if state[name].shape != value.shape:
            raise PretrainedError(
                f"the weights from {source} do not fit: {parts[0]} has another shape",
                got=list(state[name].shape), expected=str(list(value.shape)),
            )  # fmt: skip
    encoder.load_state_dict(state)
