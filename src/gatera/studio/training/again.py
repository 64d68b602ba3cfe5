"""A linear head on frozen features of all items: error without each item, guesses for all, labels that look wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gatera.core.checks import counted
from gatera.core.errors import DataError
from gatera.learn.head_start import fit_ridge, scale_of_scores
from gatera.measure.intervals import wilson_interval
from gatera.measure.questions.label_errors import suspects, why_no_judge
from gatera.program.raw.text import read_text
from gatera.store.who import now
from gatera.studio.guesses import Guesses, Suspect
from gatera.studio.jobs import Job
from gatera.studio.looking import unit
from gatera.studio.media.photos import stamp_of
from gatera.studio.places.table import TablePlace
from gatera.studio.studio import Studio
from gatera.studio.trained import Trained
from gatera.studio.training.kept_features import features_of
from gatera.studio.training.pictures import Pictures
from gatera.studio.training.words import row_features, text_features

#: The fewest labels to learn from.
LEAST = 4


def train_again(studio: Studio, by: str, job: Job) -> Trained:
    """Fit a head to the labels that a person sees.

    Args:
        studio: the studio.
        by: the person.
        job: is told how far it is.

    Raises:
        DataError: if there are too few labels.
    """
    studio.place.check_there()
    at, labels = now(), _labels(studio, by)
    if len(labels) < LEAST or len(set(labels.values())) < 2:
        raise DataError(
            "there are too few labels to train on", got=counted(len(labels), "label"),
            expected=f"{LEAST} labels, of two classes",
        )  # fmt: skip
    pictures = (
        Pictures(studio.place.kind == "recordings") if studio.place.kind in ("photos", "recordings") else None
    )
    x, why = _features(studio, pictures, job)
    readable = ~np.isnan(x[:, 0])
    places = np.array([place for place in labels if readable[place]])
    job.step("fitting the head")
    classes = sorted({labels[int(place)] for place in places})
    given = torch.tensor([classes.index(labels[int(place)]) for place in places])
    trained = _fitted(x, readable, places, given, classes, pictures)
    trained.guesses.at = at
    if not why:
        return trained
    return replace(
        trained,
        sentence=f"{trained.sentence} The features could not be saved ({why}), so training again will take as long. Free some disk space.",
    )


def _labels(studio: Studio, by: str) -> dict[int, str]:
    with studio.lock:
        desk = studio.people.desk(by)
        found = {place: studio.label(desk, by, name).value for place, name in enumerate(studio.place.names)}
        for name in set(studio.replaced(desk)) & desk.labels.keys():
            found[studio.place.places[name]] = ""  # it was given to another file
    return {place: label for place, label in found.items() if label}


def _features(studio: Studio, pictures: Pictures | None, job: Job) -> tuple[np.ndarray, str]:
    """Return the features of all items, and why they are not kept; "" where they are, or need not be."""
    place, n = studio.place, len(studio.place)
    if pictures is None:
        job.step("reading the items")
        if isinstance(place, TablePlace):
            rows = [place.row(position) for position in range(n)]
            if place.text_column:
                return text_features([str(row[place.text_column]) for row in rows]), ""
            return row_features(rows), ""
        return text_features([_text(place.path(position)) for position in range(n)]), ""
    stamps = [f"{name} {stamp_of(place.home / name)}" for name in place.names]

    def compute(positions: Sequence[int]) -> np.ndarray:
        return pictures.compute([place.path(position) for position in positions])

    file = studio.folder / f"features-{pictures.name}.npz"
    return features_of(
        file, stamps, compute, job, f"{pictures.name} looks at the {place.kind}", pictures.made_by
    )


def _text(path: object) -> str:
    try:
        return read_text(path)
    except DataError:
        return ""


def _fitted(
    x: np.ndarray, readable: np.ndarray, places: np.ndarray, given: Tensor, classes: list[str], pictures: Pictures | None
) -> Trained:  # fmt: skip
    wanted = F.one_hot(given, len(classes))
    ridge = fit_ridge(torch.from_numpy(x[places]), wanted)
    factor, offset = scale_of_scores(ridge.left_out, wanted, "classification")
    weight, bias = ridge.weight * factor, (ridge.bias - offset) * factor
    rows = np.full((len(x), len(classes)), np.nan)
    rows[readable] = (torch.from_numpy(x[readable]).double() @ weight + bias).softmax(1).numpy()
    left_out = (ridge.left_out * factor).softmax(1).numpy()
    rows[places] = left_out
    found = left_out.argmax(1)
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(confusion, (given.numpy(), found), 1)
    wrong = int((found != given.numpy()).sum())
    version = hashlib.sha256(weight.numpy().tobytes()).hexdigest()[:8]
    features = unit(np.nan_to_num(x))
    why_not = why_no_judge(left_out, given.numpy())
    suspected = suspects(left_out, given.numpy()) if len(set(given.tolist())) > 1 and not why_not else []
    guesses = Guesses(
        f"studio@{version}", classes, rows, features,
        [Suspect(int(places[each.place]), classes[int(given[each.place])], classes[each.looks_like], each.margin) for each in suspected],
    )  # fmt: skip
    interval = wilson_interval(wrong, len(places))
    sentence = (
        f"Trained on {counted(len(places), 'label')}: {wrong:,} guessed wrong in cross-validation "
        f"({100 * wrong / len(places):.1f} %, 95 % interval {100 * interval.low:.1f} to {100 * interval.high:.1f}). "
        + (why_not or f"{counted(len(suspected), 'label looks', 'labels look')} wrong.")
    )
    unread = int((~readable).sum())
    if unread:
        sentence += f" {counted(unread, 'item')} could not be read."
    return Trained(
        guesses, len(places), wrong, interval, confusion, weight.numpy(), bias.numpy(), pictures, sentence
    )
