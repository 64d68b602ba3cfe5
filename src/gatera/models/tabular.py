"""A network for tabular data: one embedding per category column, concatenated with the numbers, then dense layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from gatera.core.checks import check_count, check_fraction, did_you_mean, listed
from gatera.core.errors import ArgumentError
from gatera.models.layers import SigmoidRange
from gatera.models.target_scale import TargetScale

#: Standard deviation of initial embeddings. Source: fastai 2.8.
EMBEDDING_STD = 0.01

#: Largest embedding width that `emb_sz_rule` returns. Source: fastai 2.8.
WIDEST = 600


class HasClasses(Protocol):
    """The part of a table or its loaders that `get_emb_sz` uses."""

    @property
    def classes(self) -> Mapping[str, Sequence[Any]]:
        """Category column -> its labels, "#na#" first."""


def emb_sz_rule(n_cat: int) -> int:
    """Return the embedding width for `n_cat` categories. Source: fastai 2.8's rule of thumb.

    Example:
        >>> [emb_sz_rule(n) for n in (2, 10, 100, 1000, 100_000)]
        [2, 6, 21, 77, 600]
    """
    return min(WIDEST, round(1.6 * n_cat**0.56))


def get_emb_sz(to: HasClasses, sz_dict: Mapping[str, int] | None = None) -> list[tuple[int, int]]:
    """Return (number of categories, width) of the embedding of each category column.

    Args:
        to: a `TabularPandas`, or loaders of tables or ratings.
        sz_dict: column -> width, for columns that should not follow `emb_sz_rule`.

    Raises:
        ArgumentError: if `sz_dict` names a column that is not a category column.
    """
    widths = dict(sz_dict or {})
    for name in widths:
        if name not in to.classes:
            raise ArgumentError(
                "emb_szs names a column that is not a category column", got=name, expected=listed(to.classes),
                remedy=did_you_mean(name, to.classes),
            )  # fmt: skip
    return [(len(labels), widths.get(name, emb_sz_rule(len(labels)))) for name, labels in to.classes.items()]


class Embedding(nn.Embedding):
    """An embedding initialised from a normal distribution truncated at two standard deviations.

    Args:
        ni: number of categories.
        nf: embedding width.
        std: standard deviation.
    """

    def __init__(self, ni: int, nf: int, std: float = EMBEDDING_STD) -> None:
        super().__init__(ni, nf)
        # The bounds are relative to the standard deviation, as in fastai; those of nn.init are absolute.
        nn.init.trunc_normal_(self.weight, std=std, a=-2 * std, b=2 * std)


@dataclass(frozen=True)
class TabularConfig:
    """Settings of a `TabularModel` besides the sizes of its layers.

    Attributes:
        ps: dropout after each dense layer: one probability for all, or one per layer; 0..1.
        embed_p: dropout on the embeddings, 0..1.
        y_range: squash outputs into this range.
        use_bn: batch norm after each dense layer but the last.
        bn_final: batch norm after the last layer, too.
        bn_cont: batch norm on the continuous inputs.
        act_cls: class of the activation between dense layers.
        lin_first: dense layer, activation, batch norm, dropout; else batch norm and dropout come first.
    """

    ps: float | Sequence[float] = 0.0
    embed_p: float = 0.0
    y_range: tuple[float, float] | None = None
    use_bn: bool = True
    bn_final: bool = False
    bn_cont: bool = True
    act_cls: Callable[[], nn.Module] = nn.ReLU
    lin_first: bool = True

    def __post_init__(self) -> None:
        check_fraction("embed_p", self.embed_p, open_high=True)
        for p in self.ps if isinstance(self.ps, Sequence) else [self.ps]:
            check_fraction("ps", p, open_high=True)

    def shares(self, n_layers: int) -> list[float]:
        """Return the dropout of each layer before the last.

        Raises:
            ArgumentError: if `ps` is a list of another length.
        """
        shares = list(self.ps) if isinstance(self.ps, Sequence) else [self.ps] * n_layers
        if len(shares) != n_layers:
            raise ArgumentError(
                "ps must be one number or have one value per layer",
                got=self.ps,
                expected=f"one number, or {n_layers} of them",
            )
        return shares


def tabular_config(
    ps: float | Sequence[float] = 0.0,
    embed_p: float = 0.0,
    y_range: tuple[float, float] | None = None,
    use_bn: bool = True,
    bn_final: bool = False,
    bn_cont: bool = True,
    act_cls: Callable[[], nn.Module] = nn.ReLU,
    lin_first: bool = True,
) -> TabularConfig:
    """Create a `TabularConfig`; fastai's name for it."""
    return TabularConfig(ps, embed_p, y_range, use_bn, bn_final, bn_cont, act_cls, lin_first)


class TabularModel(nn.Module):
    """Embed the category columns, concatenate with the batch-normalised numbers, apply dense layers.

    Args:
        emb_szs: (number of categories, width) of each category column.
        n_cont: number of continuous columns.
        out_sz: number of outputs.
        layers: sizes of the dense layers before the last.
        config: all other settings.
        scale: gives the outputs the unit of the targets; for numbers without a `y_range`.

    Attributes:
        embeds: the embeddings, in the order of the category columns.
        layers: the layers after the concatenation.

    Raises:
        ArgumentError: if there is neither a category nor a continuous column, or a size is below 1.
    """

    def __init__(
        self,
        emb_szs: Sequence[tuple[int, int]],
        n_cont: int,
        out_sz: int,
        layers: Sequence[int] = (200, 100),
        config: TabularConfig | None = None,
        scale: TargetScale | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(layers, Sequence) or isinstance(layers, str):
            raise ArgumentError("layers must be a list of sizes", got=layers, expected="such as [200, 100]")
        self.config = config or TabularConfig()
        self.embeds = nn.ModuleList([Embedding(ni, nf) for ni, nf in emb_szs])
        self.n_emb, self.n_cont = sum(width for _, width in emb_szs), n_cont
        if not self.n_emb and not n_cont:
            raise ArgumentError("the table has neither category nor number columns to train on")
        self.emb_drop = nn.Dropout(self.config.embed_p)
        self.bn_cont = nn.BatchNorm1d(n_cont) if self.config.bn_cont and n_cont else nn.Identity()
        self.layers = _dense_layers(self.n_emb + n_cont, list(layers), out_sz, self.config)
        if scale is not None:
            self.layers.append(scale)

    def forward(self, x: Tensor | tuple[Tensor, Tensor], x_cont: Tensor | None = None) -> Tensor:
        """Compute outputs, float [N,K].

        Args:
            x: a pair of category codes, int64 [N,C], and numbers, float32 [N,F]; or only the codes.
            x_cont: the numbers, if `x` is only the codes.
        """
        codes, numbers = (x, x_cont) if isinstance(x, Tensor) else x
        parts = []
        if self.n_emb:
            vectors = [embed(codes[:, column]) for column, embed in enumerate(self.embeds)]
            parts.append(self.emb_drop(torch.cat(vectors, dim=1)))  # [N,C] -> [N,E]
        if self.n_cont:
            parts.append(self.bn_cont(numbers))
        return self.layers(torch.cat(parts, dim=1) if len(parts) > 1 else parts[0])  # [N,E+F] -> [N,K]


def _dense_layers(n_in: int, sizes: list[int], n_out: int, config: TabularConfig) -> nn.Sequential:
    for size in (*sizes, n_out):
        check_count("layers", size, 1)
    ends = [n_in, *sizes, n_out]
    shares = [*config.shares(len(sizes)), 0.0]
    blocks: list[nn.Module] = []
    for number, share in enumerate(shares):
        last = number == len(sizes)
        norm = config.use_bn and (config.bn_final if last else True)
        blocks.append(_dense(ends[number], ends[number + 1], norm, share, None if last else config))
    if config.y_range is not None:
        blocks.append(SigmoidRange(*config.y_range))
    return nn.Sequential(*blocks)


def _dense(n_in: int, n_out: int, norm: bool, share: float, inner: TabularConfig | None) -> nn.Sequential:
    """Build a dense layer with its batch norm, dropout and activation; `inner` is None for the last, which has neither."""
    linear: list[nn.Module] = [nn.Linear(n_in, n_out, bias=not norm)]  # a batch norm has its own bias
    linear += [] if inner is None else [inner.act_cls()]
    lin_first = inner is None or inner.lin_first
    rest: list[nn.Module] = [nn.BatchNorm1d(n_out if lin_first else n_in)] if norm else []
    rest += [nn.Dropout(share)] if share else []
    return nn.Sequential(*(linear + rest if lin_first else rest + linear))
