"""What names of files say of how to split them: repeated ids, frames in a row, dates."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.checks import listed
from gatera.evaluate.splitting.alike import more_alike, vectors
from gatera.evaluate.splitting.suggestion import Suggestion

#: Words that tell whose an id is. An id beside one of them names what several items have in common.
OWNERS = frozenset(
    ["patient", "pat", "lesion", "slide", "subject", "subj", "sub", "person", "user", "speaker", "spk", "actor", "animal", "cow", "pig", "plant", "tree", "leaf", "video", "vid", "clip", "movie", "session", "sess", "sequence", "seq", "scene", "site", "case", "series", "study", "visit", "family", "house", "household", "device", "camera", "customer", "client", "student", "author", "writer", "participant", "respondent", "member", "employee", "email", "id"]
)  # fmt: skip

#: Fewer groups than this are kinds of items rather than ids.
FEWEST_GROUPS = 5

#: Fewer numbers than this, or fewer words of one class each, are a rating or a kind, unless a word says that they are ids.
FEWEST_IDS = 12

#: Pairs of a group are more alike than others with at least this probability, if pictures show what groups are.
CLEARLY = 0.85

#: Successive frames are that alike on average (product of their unit vectors).
FRAMES = 0.5

#: Where nearly all names have the same number of parts, parts mean something.
SAME_FORM = 0.95

_TOKEN = r"[^\W_]+"
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")


def suggest_for_files(
    files: Sequence[Path], labels: Sequence[str], looks: Sequence[Any] = ()
) -> list[Suggestion]:
    """Return what speaks for another split than one at random, strong reasons first.

    Args:
        files: the files.
        labels: their classes.
        looks: their thumbnails, or none.
    """
    seen = vectors(looks) if looks and not isinstance(looks[0], str) else None
    found = [
        *_repeated_ids(files, labels, seen),
        *_owner_folders(files, labels, seen),
        *(_frames(files, labels, seen) if seen is not None else []),
        *_dates(files),
    ]
    return sorted(found, key=lambda suggestion: not suggestion.strong)


def _repeated_ids(files: Sequence[Path], labels: Sequence[str], seen: np.ndarray | None) -> list[Suggestion]:
    parts = [re.findall(_TOKEN, path.stem) for path in files]
    length, times = Counter(map(len, parts)).most_common(1)[0]
    if length < 2 or times < SAME_FORM * len(files):
        return []
    found = []
    for place in range(length):
        pattern = "^" + (rf"(?:{_TOKEN}[\W_]+){{{place}}}" if place else "") + f"({_TOKEN})"
        values = [words[place] if len(words) == length else "" for words in parts]
        owner = _owner(
            values, [words[place - 1] if place and len(words) == length else "" for words in parts]
        )
        suggestion = _of_groups(values, labels, seen, owner, "file names repeat", pattern)
        if suggestion is not None and (owner or _are_ids(values, labels)):
            found.append(suggestion)
    return (
        found[:1]
        if found and not found[0].strong
        else [each for each in found if each.strong][:1] or found[:1]
    )


def _owner(values: Sequence[str], before: Sequence[str]) -> bool:
    """Whether most values have a word of an owner in front: patient12, or patient and 12."""
    named = sum(
        bool(re.search(r"\d", value))
        and (value.rstrip("0123456789").lower() in OWNERS or (value.isdigit() and word.lower() in OWNERS))
        for value, word in zip(values, before, strict=True)
    )
    return named >= SAME_FORM * len(values)


def _are_ids(values: Sequence[str], labels: Sequence[str]) -> bool:
    """Whether values may be ids: they are not those of one class each, nor counted anew in each class."""
    classes: dict[str, set[str]] = defaultdict(set)
    for value, label in zip(values, labels, strict=True):
        classes[value].add(label)
    if len(classes) < FEWEST_IDS and (
        all(value.isdigit() for value in classes) or all(len(several) == 1 for several in classes.values())
    ):
        return False  # a rating, a part, a kind: 123_8.txt
    if all(value.isdigit() for value in values):
        in_class = Counter(zip(values, labels, strict=True))
        return max(in_class.values()) > 1  # else it counts the files of a class
    return any(len(several) > 1 for several in classes.values())


def _of_groups(
    values: Sequence[str], labels: Sequence[str], seen: np.ndarray | None, owner: bool, words: str, pattern: str | None
) -> Suggestion | None:  # fmt: skip
    counts = Counter(values)
    if not FEWEST_GROUPS <= len(counts) <= len(values) / 2 or _tells_class(values, labels):
        return None
    alike = None if seen is None else more_alike(seen, values, labels)
    strong = owner or (alike is not None and alike >= CLEARLY)
    names = listed([name for name, _ in counts.most_common(3)])
    how = "" if alike is None or alike < CLEARLY else ", whose pictures look alike"
    text = f"{words[:1].upper()}{words[1:]} {len(counts):,} ids ({names} and others){how}"
    return Suggestion("groups", values, text, strong, "group_by", pattern)


def _tells_class(values: Sequence[Hashable], labels: Sequence[Hashable]) -> bool:
    """Whether a value is as good as the class: both have as many names, and one follows from the other."""
    pairs = set(zip(values, labels, strict=True))
    return len(pairs) <= 1.1 * len(set(labels))


def _owner_folders(files: Sequence[Path], labels: Sequence[str], seen: np.ndarray | None) -> list[Suggestion]:
    """Suggest the folders that hold files, where they are inside those of the classes."""
    names = [path.parent.name for path in files]
    outside = [name for name, label in zip(names, labels, strict=True) if name.lower() != label.lower()]
    if len(outside) < SAME_FORM * len(files):
        return []
    folders = [str(path.parent) for path in files]
    owner = _owner(names, [path.parent.parent.name for path in files])
    found = _of_groups(folders, labels, seen, owner, "folders inside the classes hold files of", None)
    return [] if found is None else [found]


def _frames(files: Sequence[Path], labels: Sequence[str], seen: np.ndarray) -> list[Suggestion]:
    """Suggest runs of successive numbers whose pictures are alike: the frames of a film."""
    numbers = [re.search(r"(\d+)\D*$", path.stem) for path in files]
    if not all(numbers):
        return []
    keys = [
        (path.parent, path.stem[: match.start(1)], int(match[1]))
        for path, match in zip(files, numbers, strict=True)
        if match is not None
    ]
    order = sorted(range(len(files)), key=keys.__getitem__)
    runs, run = np.zeros(len(files), np.int64), 0
    likeness = []
    for before, place in pairwise(order):
        same = keys[before][:2] == keys[place][:2] and labels[before] == labels[place]
        product = float(seen[before] @ seen[place]) if same else 0.0
        if same:
            likeness.append(product)
        run += product < FRAMES / 2
        runs[place] = run
    alike = more_alike(seen, runs.tolist(), labels)
    clear = alike is not None and alike >= CLEARLY and np.mean(likeness) >= FRAMES
    if not clear or run + 1 < FEWEST_GROUPS or run + 1 > len(files) / 2:
        return []
    text = f"Files with consecutive numbers are alike, like frames of a film or parts of a recording: {run + 1:,} runs"
    return [Suggestion("groups", runs.tolist(), text, True, "group_by")]


def dates_in(files: Sequence[Path]) -> list[date] | None:
    """Return the date in the name of each file; None unless all names have one."""
    found = []
    for path in files:
        match = _DATE.search(path.stem)
        if match is None:
            return None
        try:
            found.append(date(int(match[1]), int(match[2]), int(match[3])))
        except ValueError:
            return None
    return found


def _dates(files: Sequence[Path]) -> list[Suggestion]:
    found = dates_in(files)
    if found is None or len(set(found)) < 2:
        return []
    text = f"File names have dates, {min(found)} to {max(found)}"
    return [Suggestion("time", found, text, False, "split", "time")]
