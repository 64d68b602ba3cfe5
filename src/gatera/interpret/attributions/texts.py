"""Attributions of texts: a weight for each word, shown in the text."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from gatera.core.errors import ArgumentError
from gatera.core.escape import escaped
from gatera.core.figures import Pictured, drawn_name, new_figure
from gatera.core.progress import track
from gatera.interpret.attributions.integrated_gradients import Completeness, integrated_gradients
from gatera.interpret.plots import draw_bars
from gatera.interpret.subject import Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Texts computed at once where words are hidden.
BATCH = 32

#: Colours of words for and against the answer: red and blue, as in the maps (RGB).
FOR, AGAINST = (178, 24, 43), (33, 102, 172)

#: Words that a figure's bars show.
SHOWN = 20

#: Tokens that are not words of the text: "[SEP]". An unknown word, "[UNK]", is one of it.
_SPECIAL = re.compile(r"\[(?!UNK\])[A-Z]+\]")


@dataclass(frozen=True, repr=False)
class TextAttribution(Pictured):
    """How much each word speaks for an answer.

    Attributes:
        words: the text's words, as the model reads them.
        weights: one per word, float32 [W]; above 0 speaks for the answer.
        label: the class (or output).
        answer: its probability, or the value.
        method: "integrated_gradients" or "occlusion".
        completeness: of integrated gradients, else None.
    """

    words: list[str]
    weights: np.ndarray
    label: str
    answer: float
    method: str
    completeness: Completeness | None = None

    def __repr__(self) -> str:
        first = sorted(self.weighed(), key=lambda pair: -abs(pair[1]))[:5]
        best = [f"{word!r} {weight:+.3f}" for word, weight in first]
        return f"TextAttribution({self.method}, {self.label}: {self.answer:.3f}; {', '.join(best)})"

    def weighed(self) -> list[tuple[str, float]]:
        """Return the words and their weights, without tokens that mark where the text ends."""
        pairs = zip(self.words, self.weights.tolist(), strict=True)
        return [(word, weight) for word, weight in pairs if not _SPECIAL.fullmatch(word)]

    def html(self) -> str:
        """Return the text as HTML: words for the answer on red, against it on blue, deeper for larger weights."""
        parts = []
        for word, weight in self._relative():
            colour = FOR if weight > 0 else AGAINST
            shade = f"background:rgba({colour[0]},{colour[1]},{colour[2]},{0.75 * abs(weight):.2f})"
            parts.append(f'<span style="{shade}" title="{weight:+.2f}">{html.escape(escaped(word))}</span>')
        head = html.escape(escaped(f"{self.label}: {self.answer:.2f} ({self.method})"))
        return f'<p><b>{head}</b></p>\n<p style="line-height:1.8">{" ".join(parts)}</p>\n'

    def _repr_html_(self) -> str:
        """Return `html()`, for notebooks."""
        return self.html()

    def terminal(self, colour: bool = True) -> str:
        """Return the text for a terminal: coloured, or with + and - around words without colour.

        Args:
            colour: use colours (24 bits).
        """
        parts = []
        for raw, weight in self._relative():
            word = escaped(raw)
            if abs(weight) < 0.1:
                parts.append(word)
            elif colour:
                shown = tuple(
                    round(255 - (255 - c) * 0.75 * abs(weight)) for c in (FOR if weight > 0 else AGAINST)
                )
                parts.append("\x1b[30;48;2;{};{};{}m{}\x1b[0m".format(*shown, word))
            else:
                sign = ("+" if weight > 0 else "-") * (1 + (abs(weight) > 0.5))
                parts.append(f"{sign}{word}{sign}")
        return f"{escaped(self.label)}: {self.answer:.2f}\n{' '.join(parts)}"

    def plot(self) -> Figure:
        """Draw the words with the largest weights as bars, in the text's order."""
        words = self.weighed()
        order = sorted(sorted(range(len(words)), key=lambda place: -abs(words[place][1]))[:SHOWN])
        figure = new_figure((6, 0.9 + 0.24 * len(order)))
        axes = figure.subplots()
        values = [words[place][1] for place in order]
        title = f"{drawn_name(self.label)}: {self.answer:.2f} ({self.method})"
        names = [drawn_name(words[place][0]) for place in order]
        draw_bars(axes, names, values, title, "weight: against the answer (left), for it (right)")
        return figure

    def _relative(self) -> list[tuple[str, float]]:
        """Return the words of `weighed`, and their weights beside the largest of them."""
        words = self.weighed()
        largest = max((abs(weight) for _, weight in words), default=0.0) or 1.0
        return [(word, weight / largest) for word, weight in words]


def text_attribution(
    subject: Subject,
    item: Any,
    method: str,
    label: Any,
    words_of: Callable[[Sequence[int]], list[str]],
    pad: int,
    steps: int = 50,
    pieces: int | None = None,
) -> TextAttribution:
    """Return how much each word of a text speaks for an answer.

    Args:
        subject: the model, in evaluation mode.
        item: a raw text.
        method: "integrated_gradients" from a text of nothing but padding, or "occlusion": the answer's score without the word.
        label: the class; None for the predicted one.
        words_of: ids of tokens -> the tokens, one text for each.
        pad: id of the padding token.
        steps: steps of integrated gradients.
        pieces: by "occlusion", leave out at most so many stretches of the text, one after the other; their words share what that
            takes away. None leaves out each word by itself.
    """
    ids = subject.encode(item)
    with torch.no_grad():
        answers = subject.answers(subject.model(ids))
    output, check = subject.output_of(label, answers), None

    def score(inputs: Tensor) -> Tensor:
        return subject.model(inputs).reshape(len(inputs), -1)[:, output]

    if method == "integrated_gradients":
        nothing = torch.full_like(ids, pad)
        found, check = integrated_gradients(score, ids, nothing, steps, embedding_of(subject.model, ids))
        weights = _over_the_text(found.sum(-1)[0], ids.shape[1])
    else:
        weights = _without_each(score, ids, pieces)
    tokens = words_of(ids[0].tolist())
    words, summed = joined_pieces(tokens, weights.cpu().numpy())
    return TextAttribution(words, summed, subject.name(output), float(answers[0, output]), method, check)


def _over_the_text(weights: Tensor, n_tokens: int) -> Tensor:
    """Return a weight for each token of a text of which the network reads only both ends: 0 in the middle."""
    if len(weights) == n_tokens:
        return weights
    whole, last = weights.new_zeros(n_tokens), len(weights) // 2
    whole[: len(weights) - last] = weights[: len(weights) - last]
    whole[n_tokens - last :] = weights[len(weights) - last :]
    return whole


def embedding_of(model: nn.Module, ids: Tensor) -> nn.Module:
    """Return the layer that turns ids of words into vectors: the largest embedding that is given something else for another text.

    One of places may have more rows than there are words, and is given the same places for every text of that length.

    Args:
        model: the model.
        ids: a text, int64 [1,T].

    Raises:
        ArgumentError: if there is none.
    """
    found = [module for module in model.modules() if isinstance(module, nn.Embedding)]
    if not found:
        raise ArgumentError(
            "integrated gradients need a network that embeds words, and this model has none", got=type(model).__name__,
            remedy='Use method="occlusion".',
        )  # fmt: skip
    other = ids.flip(1)
    if torch.equal(other, ids):
        other = torch.where(ids > 0, ids - 1, ids + 1)
    with torch.no_grad():
        one, two = (_given(model, found, text) for text in (ids, other))
    words = [module for module, was, then in zip(found, one, two, strict=True) if not _alike(was, then)]
    return max(words or found, key=lambda module: module.num_embeddings)


def _given(model: nn.Module, layers: Sequence[nn.Module], ids: Tensor) -> list[list[Tensor]]:
    """Return what each layer is given, in order, when the model reads a text."""
    seen: list[list[Tensor]] = [[] for _ in layers]
    hooks = [
        layer.register_forward_pre_hook(lambda module, given, place=place: seen[place].append(given[0]))
        for place, layer in enumerate(layers)
    ]
    try:
        model(ids)
    finally:
        for hook in hooks:
            hook.remove()
    return seen


def _alike(some: Sequence[Tensor], others: Sequence[Tensor]) -> bool:
    return len(some) == len(others) and all(map(torch.equal, some, others))


def _without_each(score: Callable[[Tensor], Tensor], ids: Tensor, pieces: int | None = None) -> Tensor:
    """Return by how much the score falls where each token, or each of so many stretches, is left out, float [T]."""
    n = ids.shape[1]
    if n < 2:
        return torch.zeros(n)
    long = 1 if pieces is None else min(n - 1, -(-n // pieces))
    starts = list(range(0, n - n % long, long))
    batches = [starts[place : place + BATCH] for place in range(0, len(starts), BATCH)]
    if n % long:
        batches.append([n - n % long])  # the last is shorter, so that its text is longer
    falls = []
    with torch.no_grad():
        whole = score(ids)[0]
        for left_out in track(batches, "leaving words out"):
            shorter = torch.stack([torch.cat([ids[0, :i], ids[0, i + long :]]) for i in left_out])
            lost = whole - score(shorter)  # [B,T-long] -> [B]
            share = min(long, n - left_out[-1])
            falls.append((lost / share).repeat_interleave(share))
    return torch.cat(falls)


def joined_pieces(tokens: Sequence[str], weights: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Join pieces of words ("##ing") with the words they belong to, summing their weights.

    Example:
        >>> words, sums = joined_pieces(["un", "##happy", "man"], np.array([1.0, 2.0, 0.5]))
        >>> words, sums.tolist()
        (['unhappy', 'man'], [3.0, 0.5])
    """
    words: list[str] = []
    sums: list[float] = []
    for token, weight in zip(tokens, weights.tolist(), strict=True):
        if token.startswith("##") and words:
            words[-1] += token[2:]
            sums[-1] += weight
        else:
            words.append(token)
            sums.append(weight)
    return words, np.array(sums, np.float32)
