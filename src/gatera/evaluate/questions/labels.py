"""Labels that look wrong: items whose neighbours say that they are of another class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from gatera.core.errors import DataError
from gatera.data.loading.loader import DataLoader
from gatera.data.show.photos import show_photos
from gatera.evaluate.items import item_name
from gatera.evaluate.questions.features import out_of_fold
from gatera.learn.head_start import scale_of_scores
from gatera.learn.learner import Learner
from gatera.measure.questions.label_errors import HALF, suspects, why_no_judge
from gatera.program.raw.photo import read_photo
from gatera.program.tasks import task_kind

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Suspects that are named after a training must be that clear.
CLEAR = 0.5

#: Who judges items with any number of labels.
SEVERAL = "Export the learner: gatera report PROGRAM --data SOURCE judges each of several labels, of items that the program has not seen."


@dataclass(frozen=True)
class LabelSuspect:
    """An item whose label looks wrong.

    Attributes:
        side: "train" or "valid".
        place: its position on that side.
        name: how people call it.
        label: what it is labelled.
        looks_like: the class that it looks like.
        margin: how much more probable that class is, 0..1.
        raw: the item.
        confident: whether that class is at least as probable as it usually is for its own items.
    """

    side: str
    place: int
    name: str
    label: str
    looks_like: str
    margin: float
    raw: Any
    confident: bool = True

    def __str__(self) -> str:
        return f"{self.name} (labelled {self.label}, looks like {self.looks_like})"


@dataclass(frozen=True)
class LabelErrors(Sequence[LabelSuspect]):
    """Items whose label looks wrong, the most suspicious first. Made by `label_errors`.

    Attributes:
        suspects: those.
        n: number of items looked at.
        things: what they are called.
        why_not: why the answers cannot judge labels, a sentence; "" where they can.
        clear_from: how much more probable the other class of those is that a training run names, 0..1.
    """

    suspects: Sequence[LabelSuspect]
    n: int
    things: str = "items"
    why_not: str = ""
    clear_from: float = CLEAR

    def __getitem__(self, index: Any) -> Any:
        return self.suspects[index]

    def __len__(self) -> int:
        return len(self.suspects)

    def line(self, most: int = 3, how: str = "") -> str:
        """Return it in one line; "" without suspects. `how` wrong they look: "clearly "."""
        if not self.suspects:
            return ""
        many = len(self.suspects)
        named = "; ".join(str(suspect) for suspect in self.suspects[:most])
        looks = "labels looks" if many == 1 else "labels look"
        return f"{many:,} of {self.n:,} {looks} {how}wrong: {named}{'; ...' if many > most else ''}. {HALF}"

    def __repr__(self) -> str:
        return self.line() or self.why_not or f"None of {self.n:,} labels looks wrong."

    def clear(self, margin: float | None = None) -> LabelErrors:
        """Return only those that look like another class by a wide margin: more probable by so much, 0..1; None for `clear_from`."""
        margin = self.clear_from if margin is None else margin
        kept = [suspect for suspect in self.suspects if suspect.confident and suspect.margin >= margin]
        return replace(self, suspects=kept)

    def confident(self) -> LabelErrors:
        """Return only those whose other class is at least as probable as it usually is for its own items."""
        return replace(self, suspects=[suspect for suspect in self.suspects if suspect.confident])

    def show(self, max_n: int = 12) -> Figure:
        """Draw the most suspicious photos with their label and what they look like.

        Raises:
            DataError: if there are none, or they are not photos.
        """
        shown = [suspect for suspect in self.suspects[:max_n] if isinstance(suspect.raw, Path)]
        if not shown:
            raise DataError("there are no photos whose label looks wrong to show")
        titles = [f"{suspect.label}\nlooks like {suspect.looks_like}" for suspect in shown]
        return show_photos([read_photo(suspect.raw, at_least=(224, 224)) for suspect in shown], titles)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        rows = [
            {"side": s.side, "item": s.name, "label": s.label, "looks_like": s.looks_like, "margin": round(s.margin, 4)}
            for s in self.suspects
        ]  # fmt: skip
        return {"n": self.n, "suspects": rows}


def label_errors(learn: Learner) -> LabelErrors:
    """Find labels of the training and validation set that look wrong, by predictions that did not see them.

    Args:
        learn: a learner of one class per item: texts, rows, or photos and recordings by a network with a linear head.

    Raises:
        DataError: if items have no single class; see `out_of_fold`.

    Source: Northcutt, Jiang and Chuang 2021, "Confident Learning", JAIR 70.

    Example:
        found = label_errors(learn)
        print(found)
        found.show()
    """
    kind = task_kind(learn.dls.task)
    if kind is not None and kind.labels_per_item == "any":
        raise DataError(
            "label errors are looked for among items with one class per item",
            got=learn.dls.task,
            remedy=SEVERAL,
        )
    ours = _loaders(learn)
    probabilities, labels = out_of_fold(learn, list(ours.values()))
    where = [(side, place) for side, loader in ours.items() for place in range(len(loader.dataset))]
    return _named(learn, probabilities, labels, where)


class HeldOut(NamedTuple):
    """What a model said of items that it did not learn from.

    Attributes:
        side: "train" or "valid".
        places: their positions on that side, int64 [n].
        scores: logits, or logarithms of probabilities, float [n,K].
    """

    side: str
    places: np.ndarray
    scores: np.ndarray


def label_errors_among(
    learn: Learner, parts: Sequence[HeldOut], row_of: Callable[[int], int] = int
) -> LabelErrors:
    """Find labels that look wrong by answers that are known already; they are scaled to be as sure as they are right.

    Args:
        learn: a learner of one class per item.
        parts: the answers, each by a model that did not learn from the item.
        row_of: the position of an item among all -> its row in the table, from 0.
    """
    ours = _loaders(learn)
    said = np.concatenate([part.scores for part in parts])
    # the factors that are tried begin at 1/2, and trees may be surer than that
    scores = torch.from_numpy(said).float() / 4
    labels = torch.cat([ours[part.side].dataset.targets[torch.from_numpy(part.places)] for part in parts])
    factor, _ = scale_of_scores(scores, F.one_hot(labels, scores.shape[1]), "classification")
    where = [(part.side, place) for part in parts for place in part.places.tolist()]
    return _named(learn, (scores * factor).softmax(1).numpy(), labels.numpy(), where, row_of)


def _loaders(learn: Learner) -> dict[str, DataLoader]:
    loaders = {"train": learn.dls.train, "valid": learn.dls.valid}
    return {side: loader for side, loader in loaders.items() if isinstance(loader, DataLoader)}


def _named(
    learn: Learner,
    probabilities: np.ndarray,
    labels: np.ndarray,
    where: Sequence[tuple[str, int]],
    row_of: Callable[[int], int] = int,
) -> LabelErrors:
    """Return the suspects by name; `where` has side and position of each item."""
    vocab, ours, found = [str(label) for label in learn.dls.vocab or ()], _loaders(learn), []
    every = suspects(probabilities, labels)
    if why := why_no_judge(probabilities, labels):
        return LabelErrors([], len(labels), why_not=why)
    for suspect in every:
        side, place = where[suspect.place]
        dataset = ours[side].dataset
        found.append(
            LabelSuspect(
                side,
                place,
                item_name(dataset.inputs[place], row_of(int(dataset.positions[place]))),
                vocab[suspect.label],
                vocab[suspect.looks_like],
                suspect.margin,
                dataset.inputs[place],
                suspect.confident,
            )
        )
    return LabelErrors(found, len(labels))
