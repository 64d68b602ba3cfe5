"""Photos that are cropped or turned copies of training photos: those drawn at random are trained on, the others are named.

Hashes do not find them, features do, and these are there only once photos are split. So the split is changed afterwards, before
anything is trained.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from gatera.core.errors import DataError
from gatera.data.folders.labelled import LabelledFiles
from gatera.data.loading.loaders import DataLoader, DataLoaders
from gatera.data.splits.split import SIDES
from gatera.evaluate.findings.copies import THUMBNAILS
from gatera.evaluate.leaking.by_features import CHANGED, leaks_by_features
from gatera.evaluate.leaking.found import Leak, Leaks
from gatera.evaluate.questions.features import features_of_sides
from gatera.learn.checkpoints.tensor_file import read_entry
from gatera.learn.learner import Learner
from gatera.measure.duplicates.pairs import Pair
from gatera.program.tables.notes import Note
from gatera.recipes.events import Events
from gatera.recipes.labelled_files import report_sides
from gatera.recipes.settings import TrainSettings
from gatera.recipes.splitting.files import names_of, report_leaks, sides_of, warn_of_two_labels

#: What a checkpoint has of the copies that were found by features: those "left" on both sides, the names of files that were "moved", and
#: the "pairs" of names because of which they were.
KEPT = "changed_copies"

#: A side that would lose more of its files keeps them all: too little would be left to measure with.
MOST_MOVED = 0.5

#: Why nobody looked.
AUGMENTED = "training changes the photos at random, so that no features are kept"
NO_HEAD = "the network has no linear head whose features are kept"


@dataclass(frozen=True)
class ChangedCopies:
    """What a closer look at photos found.

    Attributes:
        files: the files; those that were moved are on the side "train".
        left: pairs that are on both sides all the same; None where nobody looked.
        split: how the split was changed, in words; "" where it was not.
        remark: what is to be said of the search; "" for nothing.
    """

    files: LabelledFiles
    left: Leaks | None = None
    split: str = ""
    remark: str = ""


def train_on_changed_copies(
    learn: Learner,
    found: LabelledFiles,
    known: Leaks | None,
    resume: Path | None,
    settings: TrainSettings,
    events: Events,
    loaders: Callable[[LabelledFiles], DataLoaders],
) -> ChangedCopies:
    """Find held-out photos that are also in the training set, cropped or turned, by the features that training computes anyway.

    Those that were drawn at random are moved to the training set, with all that belongs to them; the others are named in a warning.
    Called before anything is trained. Checkpoints of the run keep what is found.

    Args:
        learn: the learner; its loaders have the files in their order, and are replaced where files are moved.
        found: the files, split.
        known: what `file_leaks` found.
        resume: the checkpoint that training goes on from.
        settings: what is asked for.
        events: where to report.
        loaders: makes the loaders of files that are split.
    """
    if not found.looks or not settings.check_leaks:
        return ChangedCopies(found)
    if settings.augment:
        return ChangedCopies(found, remark=THUMBNAILS.format(AUGMENTED))
    names = names_of(found, settings.source)
    kept = None if resume is None else kept_copies(resume)
    if kept is not None:
        left, moved, pairs = kept
        now = _moved(found, [place for place, name in enumerate(names) if name in moved])
    else:
        features = _features(learn, found)
        if features is None:
            return ChangedCopies(found, remark=THUMBNAILS.format(NO_HEAD))
        now, left, pairs = _together(found, known, features, settings, resume is None)
    places = [place for place, side in enumerate(now.split) if side != found.split[place]]
    if places:
        _replace_loaders(learn, found, now, loaders)
    if learn.keeper is not None:
        moved = [names[place] for place in places]
        learn.keeper.facts[KEPT] = {"left": asdict(left), "moved": moved, "pairs": pairs}
    report_leaks(left, events, known)
    return ChangedCopies(now, left, _said(now, places, pairs, names, events))


def kept_copies(checkpoint: Path) -> tuple[Leaks, list[str], list[list[str]]] | None:
    """Return what a run found before it was stopped, see `KEPT`; None if its checkpoint has nothing of it."""
    try:
        kept = read_entry(checkpoint, KEPT)
    except DataError:  # whether the file can be read at all is said where training goes on from it
        return None
    left = kept["left"]
    found = Leaks(**{**left, "pairs": [Leak(**pair) for pair in left["pairs"]]})
    return found, kept["moved"], kept["pairs"]


def _features(learn: Learner, found: LabelledFiles) -> np.ndarray | None:
    """Return what the frozen body makes of each file, float32 [n,F]; None where nothing is kept of that."""
    by_side = features_of_sides(learn, _loaders_of(learn.dls))
    if by_side is None:
        return None
    features = np.empty((len(found.files), next(iter(by_side.values())).shape[1]), np.float32)
    for side, rows in by_side.items():
        features[found.indices(side)] = rows
    return features


def _loaders_of(dls: DataLoaders) -> dict[str, DataLoader]:
    return {side: loader for side in SIDES if (loader := getattr(dls, side)) is not None}


def _together(
    found: LabelledFiles, known: Leaks | None, features: np.ndarray, settings: TrainSettings, moves: bool
) -> tuple[LabelledFiles, Leaks, list[list[str]]]:
    """Return the files with copies on the side "train", the pairs that are left, and the names of those that are not."""
    now = found
    pairs: list[list[str]] = []
    while True:  # what is trained on now may itself have copies that are held out
        sides = {side: places for side in SIDES if (places := now.indices(side))}
        by_side = {side: features[places] for side, places in sides.items()}
        left = leaks_by_features(sides_of(now, settings), by_side, known)
        places = [sides[side][place] for side in now.drawn for place in left.places(side).tolist()]
        then = _moved(now, places)
        few = any(then.counts[side] < (1 - MOST_MOVED) * found.counts[side] for side in found.drawn)
        if not moves or not places or few:
            return now, left, pairs
        pairs += [[leak.name, leak.train_name] for leak in left.pairs if leak.side in now.drawn]
        now = then


def _moved(found: LabelledFiles, places: Sequence[int]) -> LabelledFiles:
    """Return the files with some on the side "train", and all that belong to these, if they are on sides that were drawn."""
    together = {found.groups[place] for place in places} if found.groups else set()
    those = {place for place, group in enumerate(found.groups) if group in together} | {*places}
    split = [
        "train" if place in those and side in found.drawn else side for place, side in enumerate(found.split)
    ]
    return replace(found, split=split)


def _replace_loaders(
    learn: Learner, found: LabelledFiles, now: LabelledFiles, loaders: Callable[[LabelledFiles], DataLoaders]
) -> None:
    """Give the learner loaders of the files as they are split now; what was computed of them is kept."""
    before, learn.dls = _loaders_of(learn.dls), loaders(now)
    row = {place: row for row, place in enumerate(place for side in before for place in found.indices(side))}
    after = _loaders_of(learn.dls)
    rows = [np.array([row[place] for place in now.indices(side)], np.int64) for side in after]
    learn.feature_cache.rearrange([*before.values()], [*after.values()], rows)


def _said(
    now: LabelledFiles,
    places: Sequence[int],
    pairs: Sequence[Sequence[str]],
    names: Sequence[str],
    events: Events,
) -> str:
    """Say which files were moved, and which of them have another label; returns it for the card."""
    if not places:
        return ""
    one, thing, things = len(places) == 1, now.kind.thing, now.kind.things
    many = f"{len(places):,} held-out {thing if one else things}"
    are = f"is a copy of a training {thing}" if one else f"are copies of training {things}"
    belong = f" or {'belongs' if one else 'belong'} to one" if len(places) > len(pairs) else ""
    text = (
        f"{many} {are}, {CHANGED},{belong} e.g. {pairs[0][0]} of {pairs[0][1]}; copies stay on the same side of the split, so "
        f"{'it is' if one else 'they are'} trained on"
    )
    events.on_note(Note(text, "split", "random"))
    report_sides(events, now.counts)
    place = {name: place for place, name in enumerate(names)}
    linked = [Pair(place[first], place[second], 1.0) for first, second in pairs]
    warn_of_two_labels(things, linked, now.labels, names.__getitem__, events)
    return f"{many} moved to the training set, as {'a copy' if one else 'copies'} of its {things}"
