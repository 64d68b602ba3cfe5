"""A linear model of words and word pairs as a module, alone or beside a network: what TF-IDF with logistic regression says.

ids int64 [N,T] -> buckets of words and pairs -> the sum of their weights, each bucket of a text once -> scores [N,K]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

#: Mixes the number of a pair's first word into the number of its bucket: odd, so that every bucket can be reached.
MIXER = 30_011

#: Numbers of pairs stay below this: OpenVINO computes whole numbers in 32 bits.
MOST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class Buckets:
    """How tokens and pairs of neighbours are numbered: a token by its id, a pair by a hash.

    Attributes:
        words: number of tokens in the vocabulary.
        pairs: number of buckets for pairs, a power of two; two pairs may share one.
        pad: id of the padding token, whose bucket also takes pairs with padding.
    """

    words: int
    pairs: int
    pad: int

    @property
    def n(self) -> int:
        """Number of buckets."""
        return self.words + self.pairs

    @property
    def mixer(self) -> int:
        """What the number of a pair's first word is multiplied with."""
        return min(MIXER, MOST_NUMBER // self.words - 2) | 1

    def of(self, ids: Tensor) -> Tensor:
        """Return the buckets of texts, int64 [N,T] -> [N,2T-1]."""
        first, second = ids[:, :-1], ids[:, 1:]
        pairs = (first * self.mixer + second) % self.pairs + self.words
        return torch.cat([ids, torch.where(second == self.pad, second, pairs)], dim=1)


class WordScores(nn.Module):
    """Score classes by the words and word pairs of a text: TF-IDF (each counted once), then a linear map.

    Args:
        buckets: how words and pairs are numbered.
        idf: inverse document frequency of each bucket, float32 [n]; 0 where it does not count.
        weights: float32 [n,K], to be multiplied with a text's normalised TF-IDF.
        bias: float32 [K].
    """

    idf: Tensor
    table: Tensor
    bias: Tensor

    def __init__(self, buckets: Buckets, idf: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> None:
        super().__init__()
        self.buckets = buckets
        # Half precision is exact enough for sums of hundreds of weights, and halves the file.
        self.register_buffer("idf", torch.from_numpy(idf.astype(np.float16)))
        self.register_buffer("table", torch.from_numpy((idf[:, None] * weights).astype(np.float16)))
        self.register_buffer("bias", torch.from_numpy(bias.astype(np.float32)))

    def forward(self, ids: Tensor) -> Tensor:
        """Return logits, float32 [N,K]."""
        found = self.buckets.of(ids).sort(dim=1).values  # equal ones are neighbours now
        repeated = torch.cat([torch.zeros_like(ids[:, :1]), (found[:, 1:] == found[:, :-1]).long()], dim=1)
        once = (1 - repeated).float()  # [N,2T-1]
        idf = self.idf[found].float() * once
        said = (self.table[found].float() * once.unsqueeze(-1)).sum(1)  # [N,2T-1,K] -> [N,K]
        length = (idf * idf).sum(1, keepdim=True).clamp(min=1e-12).sqrt()
        return said / length + self.bias

    def extra_repr(self) -> str:
        """Show how many words, buckets and outputs there are."""
        return f"words={self.buckets.words}, pairs={self.buckets.pairs}, outputs={len(self.bias)}"


def averaged(network: Tensor, words: Tensor) -> Tensor:
    """Return the mean of two models' logits, float32 [N,K]: their probabilities' geometric mean, up to a factor."""
    return (network + words) / 2


class TextMixture(nn.Module):
    """Answer by words, alone or together with a network: the mean of both logits.

    Args:
        words: reads whole texts.
        network: takes the same ids; None for words alone.
    """

    def __init__(self, words: WordScores, network: nn.Module | None = None) -> None:
        super().__init__()
        self.words, self.network = words, network

    def forward(self, ids: Tensor) -> Tensor:
        """Return logits, float32 [N,K]."""
        said = self.words(ids)
        return said if self.network is None else averaged(self.network(ids), said)
