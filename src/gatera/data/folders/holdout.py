"""Choose the validation set, and where there is enough a test set, of labelled files: class by class, or by whole groups."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError
from gatera.data.folders.label_tables import TABLE
from gatera.data.folders.labelled import Kind, LabelledFiles, first_groups
from gatera.data.folders.labels_csv import BY_FOLDERS
from gatera.data.folders.split_folders import with_validation_set
from gatera.data.splits.by_class import not_measured
from gatera.data.splits.by_group_and_class import keep_together
from gatera.data.splits.by_value import GroupSplitter, TimeSplitter, TrainTestSplitter
from gatera.data.splits.split import SET_NAMES, Splits
from gatera.program.tables.notes import Note
from gatera.program.tables.numbers import plain_number

#: From this many items on, half of the validation set is kept for the end, where the other half chooses something.
ENOUGH_TO_HALVE = 400

#: Half of a validation set suffices beside a test set, where it only chooses, if that half has so many files.
ENOUGH_TO_CHOOSE = 100

#: More labels than this that are all numbers may be meant as numbers.
MOST_NUMBERS = 20

#: Is called with each decision.
OnNote = Callable[[Note], None]


def hold_out(
    found: LabelledFiles,
    valid_pct: float,
    seed: int,
    group_by: str | None = None,
    test_pct: float | None = None,
    on_note: OnNote | None = None,
    chooses: bool = False,
    less_beside_test: bool = False,
) -> LabelledFiles:
    """Choose a validation set, unless the folder has one; the test set stays as it is.

    The only file of a class is trained on. Files of one of `found.groups` are held out together, and of `found.times` the newest.

    Args:
        found: as read.
        valid_pct: the share of every class to hold out, between 0 and 1.
        seed: of the random choice.
        group_by: a regular expression; files whose names have the same first group (a speaker, an animal) are held out
            together, so that the shares are those of the groups.
        test_pct: the share to hold out as a test set besides; 0 for none, None for half of a large validation set if something
            is chosen on that.
        on_note: is called with what was decided.
        chooses: whether the training chooses something on the validation set, such as the best epoch.
        less_beside_test: hold out half of that share where the folder is large and has a test set of its own.

    Raises:
        DataError: if there are too few classes, files or groups for a training and a validation set.
        ArgumentError: if `group_by` is not a regular expression with a group, or the folder has what is asked for.
    """
    check_classes(found)
    say: OnNote = on_note or (lambda note: None)
    _say_singles(found, say)
    _say_doubtful_labels(found, say)
    _check_not_given(found, group_by, test_pct)
    drawn = "valid" not in found.split
    if drawn:
        share = _less_beside_test(found, valid_pct, say) if less_beside_test else valid_pct
        newest = (test_pct or 0.0) if found.times else 0.0  # the newest of all become the test set
        held = _validation_set(found, share + newest, seed, group_by)
    else:
        by = BY_FOLDERS if found.table is None else f"by {found.table}"
        share, held = valid_pct, replace(found, split_by=found.split_by or by)
    if "test" not in held.split:
        if test_pct and found.times and drawn:
            held = _newest_for_test(held, test_pct / (share + test_pct))
        elif test_pct:
            held = _test_set(held, test_pct, seed, group_by)
        elif test_pct is None and drawn and chooses and group_by is None:
            held = _halved(held, seed, say)
    if group_by is not None:
        _check_groups(held)
    _say_unmeasured(held, say, singles_said=drawn)
    sides = () if found.times else ("valid", "test")
    return replace(held, at_random=[side for side in sides if side in held.split and side not in found.split])


def _check_not_given(found: LabelledFiles, group_by: str | None, test_pct: float | None) -> None:
    """Raise ArgumentError if a side is to be chosen that the folder has."""
    if group_by is not None and "valid" in found.split:
        by_folders = found.table is None or found.split_by
        out = (
            f"move the {found.kind.things} out of the train and valid folders"
            if by_folders
            else f"take the sides out of {found.table}"
        )
        raise ArgumentError(
            "group_by= chooses a validation set, but the folder already has one", got=group_by, remedy=f"Omit group_by=, or {out}.",
        )  # fmt: skip
    if test_pct and "test" in found.split:
        raise ArgumentError(
            "test_pct= chooses a test set, but the folder already has one", got=test_pct, remedy="Omit test_pct=.",
        )  # fmt: skip


def _less_beside_test(found: LabelledFiles, valid_pct: float, say: OnNote) -> float:
    """Return half of the share, where that is enough files to choose by and the folder has a test set to measure with; else the share."""
    n = len(found.split) - found.split.count("test")
    if n == len(found.split) or valid_pct / 2 * n < ENOUGH_TO_CHOOSE:
        return valid_pct
    said = f"The validation set is {50 * valid_pct:.0f} % of every class, because there is a test set"
    say(Note(said, "valid_pct", valid_pct))
    return valid_pct / 2


def _check_groups(held: LabelledFiles) -> None:
    """Raise DataError if all groups that have a class were held out."""
    train = {held.labels[index] for index in held.indices("train")}
    gone = sorted({*held.labels} - train)
    if gone:
        raise DataError(
            f"all groups that have {held.kind.things} of the class {gone[0]!r} were drawn for the validation or test set",
            available=listed(sorted(train), 5),
            remedy="Draw other groups: seed=. A class of a single group cannot be both learned and measured: leave it out, or omit "
            "group_by=.",
        )


def _validation_set(found: LabelledFiles, valid_pct: float, seed: int, group_by: str | None) -> LabelledFiles:
    if group_by is not None:
        return _hold_out_groups(found, valid_pct, seed, group_by)
    if found.times:
        return _hold_out_newest(found, valid_pct)
    words = f"{100 * valid_pct:.0f} % of every class at random, seed {seed}"
    if found.groups:
        words += "; files that belong together are on the same side"
    choose = _by_class(found, valid_pct, seed, "valid_pct")
    return replace(found, split=with_validation_set(found.split, choose), split_by=words)


def _hold_out_newest(found: LabelledFiles, share: float) -> LabelledFiles:
    def choose(others: Sequence[int]) -> Splits:
        return TimeSplitter([found.times[index] for index in others], share)(others)

    held = replace(found, split=with_validation_set(found.split, choose))
    if gone := sorted({*held.labels} - {held.labels[index] for index in held.indices("train")}):
        raise DataError(
            f"the class {gone[0]!r} occurs only in the newest {found.kind.things}, which are held out",
            remedy="Split at random: split='random'.",
        )
    first = min(found.times[index] for index in held.indices("valid"))
    return replace(held, split_by=f"by time: from {first} on")


def _of_one_time(held: LabelledFiles) -> bool:
    """Whether all files of the validation set are of one time."""
    return len({held.times[index] for index in held.indices("valid")}) < 2


def _newest_for_test(held: LabelledFiles, share: float) -> LabelledFiles:
    """Turn the newest part of the validation set into the test set."""
    split, valid = list(held.split), held.indices("valid")
    if _of_one_time(held):
        raise DataError(
            f"all {held.kind.things} that are held out are of {held.times[valid[0]]}, so that none of them are newer, for a test set",
            remedy="Omit test_pct=, or raise valid_pct=.",
        )
    for place in TimeSplitter([held.times[index] for index in valid], share)(valid).valid:
        split[valid[int(place)]] = "test"
    return replace(held, split=split, split_by=f"{held.split_by}; the newest of them for the test set")


def _test_set(found: LabelledFiles, test_pct: float, seed: int, group_by: str | None) -> LabelledFiles:
    share = test_pct * len(found.split) / max(1, len(found.indices("train")))
    if not 0 < share < 1:
        raise DataError(
            f"with test_pct={test_pct:g}, no {found.kind.thing} is left to train on",
            remedy="Lower test_pct=, or valid_pct=.",
        )
    if group_by is not None:
        choose = _by_group(found, share, seed + 1, group_by)
    else:
        choose = _by_class(found, share, seed + 1, "test_pct", test_pct / share)
    split = with_validation_set(found.split, choose, "test")
    return replace(found, split=split, split_by=f"{found.split_by}; {100 * test_pct:.0f} % for the test set")


def _halved(found: LabelledFiles, seed: int, say: OnNote) -> LabelledFiles:
    """Turn half of a large validation set into the test set, class by class as far as there are two files of a class."""
    valid = found.indices("valid")
    if len(valid) < ENOUGH_TO_HALVE or (found.times and _of_one_time(found)):
        return found
    if found.times:
        say(
            Note(
                "The newer half of the validation set becomes the test set, which no choice depends on",
                "test_pct",
                0,
            )
        )
        return _newest_for_test(found, 0.5)
    split = list(found.split)
    labels = [found.labels[index] for index in valid]
    counts = Counter(labels)
    several = [index for index, label in zip(valid, labels, strict=True) if counts[label] > 1]
    kept = [found.labels[index] for index in several]
    # many classes: of most there is one file, which may fall on either side
    if 2 * len(several) < len(valid):
        several, kept = valid, [label if counts[label] > 1 else "one of its class" for label in labels]
    drawn = TrainTestSplitter(0.5, seed + 1, kept)(several)
    if found.groups:
        drawn = keep_together(drawn, kept, [found.groups[index] for index in several], 0.5, seed + 1)
    for place in drawn.valid:
        split[several[int(place)]] = "test"
    say(Note("Half of the validation set becomes the test set, which no choice depends on", "test_pct", 0))
    return replace(found, split=split, split_by=f"{found.split_by}; half of them for the test set")


def _by_class(
    found: LabelledFiles, share: float, seed: int, argument: str, scale: float = 1.0
) -> Callable[[Sequence[int]], Splits]:
    """Return a splitter that takes a share of every class; classes of one file are not touched.

    Args:
        found: the files.
        share: the share of the files that the splitter gets.
        seed: of the random choice.
        argument: what the share comes from, for messages.
        scale: the value of that argument for a share of 1.
    """

    def choose(others: Sequence[int]) -> Splits:
        counts = Counter(found.labels[index] for index in others)
        places = [place for place, index in enumerate(others) if counts[found.labels[index]] > 1]
        labels = [found.labels[others[place]] for place in places]
        _check_share(share, labels, found.kind, (argument, scale))
        drawn = TrainTestSplitter(share, random_state=seed, stratify=labels)(places)
        valid = np.array(places)[drawn.valid]
        splits = Splits(np.setdiff1d(np.arange(len(others)), valid), valid)
        if not found.groups:
            return splits
        all_labels, groups = ([values[index] for index in others] for values in (found.labels, found.groups))
        return keep_together(splits, all_labels, groups, share, seed)

    return choose


def _by_group(
    found: LabelledFiles, share: float, seed: int, group_by: str
) -> Callable[[Sequence[int]], Splits]:
    """Return a splitter that takes whole groups."""
    groups = first_groups("group_by", group_by, found.files, found.columns)
    return lambda others: GroupSplitter([groups[index] for index in others], share, seed)(others)


def _hold_out_groups(found: LabelledFiles, valid_pct: float, seed: int, group_by: str) -> LabelledFiles:
    groups = first_groups("group_by", group_by, found.files, found.columns)
    held_out = replace(
        found, split=with_validation_set(found.split, _by_group(found, valid_pct, seed, group_by))
    )
    names = sorted({groups[index] for index in held_out.indices("valid")})
    return replace(held_out, split_by=f"by whole groups ({listed(names)} held out)")


def check_classes(found: LabelledFiles) -> None:
    """Raise DataError unless there are two classes, one of several files, and the training set has all of the validation set's."""
    counts, kind = Counter(found.labels), found.kind
    if len(counts) < 2:
        raise DataError(
            f"all {kind.count(len(found.labels))} have the label {next(iter(counts), None)!r}",
            expected="at least two classes",
            remedy="Choose another part of the file names: label_from=."
            if found.in_names
            else f"Add a folder with {kind.things} of another class; labels that a list holds go into {TABLE}, with the columns file,label.",
        )  # fmt: skip
    train = {label for label, side in zip(found.labels, found.split, strict=True) if side in ("train", "")}
    for side in ("valid", "test"):
        if unseen := sorted({found.labels[i] for i in found.indices(side)} - train):
            raise DataError(
                f"the class {unseen[0]!r} is in the {SET_NAMES[side]} but not in the training set",
                available=listed(sorted(train)),
                remedy=f"Add training {kind.things} of it, or remove it from the {SET_NAMES[side]}.",
            )
    if "valid" not in found.split and max(counts.values()) == 1 and _are_numbers(found):
        raise DataError(
            f"the labels are numbers that each occur only once, but {kind.things} are sorted into classes here",
            got=listed(counts, 4),
            remedy="To predict a number, use a DataBlock with RegressionBlock in Python; else name the column of the classes: "
            "target=.",
        )  # fmt: skip
    if "valid" not in found.split and max(counts.values()) == 1:
        raise DataError(
            f"each of the {len(counts):,} classes has only one {kind.thing}",
            expected=f"at least two {kind.things} of a class, one for training and one for validation",
            remedy="If folders above those name the classes, choose them with class_level=.",
        )


def _say_singles(found: LabelledFiles, say: OnNote) -> None:
    single = sorted(label for label, count in Counter(found.labels).items() if count == 1)
    if single and "valid" not in found.split:
        which = (
            f"class {single[0]!r} has"
            if len(single) == 1
            else f"{len(single):,} classes ({listed(single, 5)}) have"
        )
        say(Note(f"The {which} only one {found.kind.thing}, which is trained on and not measured"))


def _say_unmeasured(found: LabelledFiles, say: OnNote, singles_said: bool = False) -> None:
    """Say which classes the validation or test set does not have: its error tells nothing of them."""
    single = [label for label, count in Counter(found.labels).items() if count == 1 and singles_said]
    for side in ("valid", "test"):
        there = {found.labels[index] for index in found.indices(side)}
        said = not_measured(found.labels, there, SET_NAMES[side], single) if there else None
        if said is not None:
            say(Note(said))


def _are_numbers(found: LabelledFiles) -> bool:
    """Whether a table or the names of files have the labels, and they are numbers."""
    return _are_written(found) and all(plain_number(label) is not None for label in set(found.labels))


def _are_written(found: LabelledFiles) -> bool:
    """Whether a table or the names of files have the labels; else folders have."""
    return found.table is not None or found.in_names


def _say_doubtful_labels(found: LabelledFiles, say: OnNote) -> None:
    """Say where labels in a table, or in names of files, may be numbers to predict, or several labels in one cell."""
    if not _are_written(found):
        return
    labels = sorted(set(found.labels))
    if len(labels) > MOST_NUMBERS and _are_numbers(found):
        say(
            Note(f"The labels are {len(labels):,} different numbers, each of which is a class; RegressionBlock in Python predicts numbers")
        )  # fmt: skip
    several = [label for label in labels if re.search(r"[^;|]+[;|][^;|]+", label)] or _of_words(labels)
    if several:
        text = f"Labels such as {several[0]!r} are one class each; MultiCategoryBlock in Python learns several labels of a file"
        say(Note(text))


def _of_words(labels: Sequence[str]) -> list[str]:
    """Return the labels that are several with blanks between, as in "clear road water"; none where they are names of two words.

    Their words must be few, and most of them labels by themselves, or labels of one, two, three and more of them: "red apple" and
    "green pear" are not lists of labels.
    """
    several = [label for label in labels if len(label.split()) > 1]
    words = {word for label in several for word in label.split()}
    mostly_alone = len(words) < len(labels) and 2 * len(words & set(labels)) > len(words)
    any_number = 2 * len(words) < len(labels) and len({len(label.split()) for label in labels}) > 2
    return several if len(several) > 1 and (mostly_alone or any_number) else []


def _check_share(share: float, labels: Sequence[str], kind: Kind, told: tuple[str, float]) -> None:
    argument, scale = told
    n, k = len(labels), len(set(labels))
    n_valid = math.ceil(share * n)
    name = "validation" if argument == "valid_pct" else "test"
    for side, count, raise_it in ((name, n_valid, True), ("training", n - n_valid, False)):
        if count < k:
            wanted = math.ceil(1000 * k / n) / 1000 if raise_it else math.floor(1000 * (n - k) / n) / 1000
            raise DataError(
                f"with {argument}={share * scale:g}, the {side} set would have {count} of {n} {kind.things}, fewer than "
                f"there are classes ({k})",
                expected=f"at least one {kind.thing} of every class",
                remedy=f"{'Raise' if raise_it else 'Lower'} {argument}= to {wanted * scale:g}, or add {kind.things} of every class.",
            )
