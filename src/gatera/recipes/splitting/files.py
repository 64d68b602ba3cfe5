"""Decide which files stay on one side of the split, and find those that are on both."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatera.core.errors import ArgumentError, DataError
from gatera.data.folders.labelled import LabelledFiles, first_groups
from gatera.data.splits.split import SIDES
from gatera.evaluate.items import item_name
from gatera.evaluate.leaking.contents import COMPARE
from gatera.evaluate.leaking.find import Side, find_leaks
from gatera.evaluate.leaking.found import Leaks
from gatera.evaluate.splitting.columns import alone_without_id, date_columns_of_files, group_columns_of_files
from gatera.evaluate.splitting.names import suggest_for_files
from gatera.evaluate.splitting.suggestion import Suggestion, first_of_each_kind
from gatera.measure.duplicates.pairs import Pair, groups_of
from gatera.measure.grouped import UNNAMED
from gatera.program.tables.notes import Note
from gatera.recipes.events import Events
from gatera.recipes.settings import SplitKind, TrainSettings
from gatera.recipes.splitting.given import warn_of_ids_on_both_sides

#: Pairs of copies with different labels that are named.
MOST_NAMED = 3


def choose_split(found: LabelledFiles, settings: TrainSettings, events: Events) -> LabelledFiles:
    """Return files with `groups` or `times`, if they should be split by those, and say why.

    Args:
        found: the files, whose split may be decided already.
        settings: what is asked for.
        events: where to report.

    Raises:
        ArgumentError: if a way to split is asked for that cannot be used with the others.
        DataError: if nothing tells groups or times that are asked for.
    """
    kind, asked, given = settings.split, settings.group_by, "valid" in found.split
    usable = (SplitKind.auto,) if asked is None else (SplitKind.auto, SplitKind.groups)
    if (given or asked is not None) and kind not in usable:
        why = "the folder is split already" if asked is None else "group_by= says how to split"
        raise ArgumentError(f"split={kind} cannot be used: {why}", remedy="Omit split=.")
    if settings.check_leaks and not found.groups:
        _warn_of_ids(found, None if given else asked, events)
    if given or (asked is not None and asked not in found.columns):
        return found
    if asked is not None:
        groups = _numbers(alone_without_id(found.columns[asked]))
        return replace(_with_copies(found, groups, settings, events), grouped_by=asked)
    if kind is SplitKind.random:
        return replace(found, groups=())
    if found.groups and kind is not SplitKind.time:
        return replace(_with_copies(found, _numbers(found.groups), settings, events), grouped_by="")
    seen = _columns_of_ids(found) + date_columns_of_files(found.columns)
    seen += suggest_for_files(found.files, found.labels, found.looks)
    suggestion = _chosen(seen, kind, found, events)
    if suggestion is not None and suggestion.kind == "time":
        return replace(found, times=suggestion.values, groups=())
    groups = [] if suggestion is None else _numbers(suggestion.values)
    by = None if suggestion is None else suggestion.value or ""
    return replace(_with_copies(found, groups, settings, events), grouped_by=by)


def _warn_of_ids(found: LabelledFiles, asked: str | None, events: Events) -> None:
    """Warn of ids on both sides of a split that the folder or its table gives, as far as columns, names or the user tell ids."""
    held_out = [side in ("valid", "test") for side in found.split]
    if not any(held_out):
        return
    ids = {f"column {told.value!r}": told.values for told in _columns_of_ids(found)}
    for told in suggest_for_files(found.files, found.labels, found.looks):
        if told.kind == "groups" and told.strong and told.value:
            ids["the names of files"] = told.values
    if asked is not None and asked in found.columns:
        ids[f"column {asked!r}"] = alone_without_id(found.columns[asked])
    elif asked is not None:
        ids["the names of files"] = first_groups("group_by", asked, found.files, found.columns)
    warn_of_ids_on_both_sides(ids, held_out, found.kind.things, events)


def _columns_of_ids(found: LabelledFiles) -> list[Suggestion]:
    return group_columns_of_files(found.columns, found.labels, found.kind.thing, found.looks)


def _with_copies(
    found: LabelledFiles, groups: Sequence[int], settings: TrainSettings, events: Events
) -> LabelledFiles:
    """Return files with groups in which copies are together too."""
    copies = _copies(found, settings, events)
    if not groups and not copies:
        return found
    linked = [(pair.first, pair.second) for pair in copies]
    first: dict[int, int] = {}
    linked += [(first.setdefault(group, place), place) for place, group in enumerate(groups)]
    return replace(found, groups=groups_of(len(found.files), linked).tolist())


def _chosen(
    suggestions: Sequence[Suggestion], kind: SplitKind, found: LabelledFiles, events: Events
) -> Suggestion | None:
    """Return the suggestion to follow: a strong one, or any of the kind that is asked for. It is said, and so are weak ones."""
    if kind is not SplitKind.auto:
        asked = [each for each in suggestions if each.kind == kind.value]
        if not asked:
            what = "ids that repeat" if kind is SplitKind.groups else "a date each"
            of_table = f", or such a column in {found.table}" if found.table else ""
            raise DataError(
                f"split={kind} needs names of {found.kind.things} with {what}{of_table}", got=found.files[0].name,
                remedy="Name the groups with group_by=, or omit split=." if kind is SplitKind.groups else "Omit split=.",
            )  # fmt: skip
        events.on_note(Note(_sentence(asked[0], found), "split", "random"))
        return asked[0]
    for each in suggestions:
        if each.strong:
            events.on_note(Note(_sentence(each, found), "split", "random"))
            return each
    for each in first_of_each_kind(suggestions):
        unsaid = "the split is random nevertheless, as nothing else says that they belong together"
        if each.kind == "time":
            unsaid = "the split is random nevertheless; the newest can be held out instead"
        option = (each.option, each.value) if each.value else ("split", each.kind)
        events.on_note(Note(f"{each.seen}; {unsaid}", *option))
    return None


def _sentence(suggestion: Suggestion, found: LabelledFiles) -> str:
    if suggestion.kind == "time":
        done = "the newest files are held out"
    elif "test" in found.split:
        done = "none is in both the training and the validation set"
    else:
        done = "each stays on one side of the split"
    return f"{suggestion.seen}; {done}"


def _numbers(values: Sequence[object]) -> list[int]:
    numbers: dict[object, int] = {}
    return [numbers.setdefault(value, len(numbers)) for value in values]


def _copies(found: LabelledFiles, settings: TrainSettings, events: Events) -> list[Pair]:
    """Return the pairs of copies among the files that are split, and say that they stay on one side; name copies with two labels."""
    if not found.looks or not settings.check_leaks:
        return []
    pairs = COMPARE[found.kind.things](found.looks, None)
    if not pairs:
        return []
    names = names_of(found, settings.source)
    warn_of_two_labels(found.kind.things, pairs, found.labels, names.__getitem__, events)
    # copies or not, files of a given test set stay there
    given = {place for place, side in enumerate(found.split) if side == "test"}
    pairs = [pair for pair in pairs if not {pair.first, pair.second} & given]
    if not pairs:
        return []
    say_copies(found.kind.things, pairs, names.__getitem__, events, ("split", "random"))
    return pairs


def say_copies(
    things: str, pairs: Sequence[Pair], name_of: Callable[[int], str], events: Events, change: tuple[str, Any]
) -> None:
    """Say that copies stay on one side of the split.

    Args:
        things: what they are called: "photos".
        pairs: the copies.
        name_of: place of an item -> what messages call it.
        events: where to.
        change: the setting that lets them be, and its value.
    """
    many = len({place for pair in pairs for place in (pair.first, pair.second)})
    example = f"{name_of(pairs[0].first)} and {name_of(pairs[0].second)}"
    text = (
        f"{many:,} {things} are copies of others, e.g. {example}; copies stay on the same side of the split"
    )
    events.on_note(Note(text, *change))


def warn_of_two_labels(
    things: str,
    pairs: Sequence[Pair],
    labels: Sequence[object],
    name_of: Callable[[int], str],
    events: Events,
) -> None:
    """Warn if copies have different labels.

    Args:
        things: what they are called; equal "rows" need not be the same thing, others are.
        pairs: the copies.
        labels: of each item.
        name_of: place of an item -> what messages call it.
        events: where to.
    """
    differ = [pair for pair in pairs if labels[pair.first] != labels[pair.second]]
    if differ:
        named = "; ".join(
            f"{name_of(pair.first)} ({labels[pair.first]}) and {name_of(pair.second)} ({labels[pair.second]})"
            for pair in differ[:MOST_NAMED]
        )
        more = "; ..." if len(differ) > MOST_NAMED else ""
        sure = (
            "one of each pair may be wrong, and no model tells them apart"
            if things == "rows"
            else "one of which must be wrong"
        )
        what = "Equal rows" if things == "rows" else "Copies"
        events.on_warning(f"{what} with different labels, {sure}: {named}{more}.")


def names_of(found: LabelledFiles, source: Path) -> list[str]:
    """Return what messages call each file."""
    return [item_name(path, place, source) for place, path in enumerate(found.files)]


def file_leaks(found: LabelledFiles, settings: TrainSettings, events: Events) -> Leaks | None:
    """Return which files of the validation and test set are also in the training set, and report them.

    None where nobody looked: the user does not want it, nothing was kept of the files, or copies were kept together and there is
    no test set whose files the folder names.
    """
    if not found.looks or not settings.check_leaks or (found.groups and "test" not in found.split):
        return None
    sides = sides_of(found, settings)
    leaks = report_leaks(find_leaks(sides, found.kind.things), events)
    warn_of_seen_test_items(sides, found.kind.things, leaks, events)
    return leaks


def warn_of_seen_test_items(sides: Mapping[str, Side], things: str, leaks: Leaks, events: Events) -> None:
    """Warn of items of the test set that are also in the validation set, on which training chooses.

    Args:
        sides: of the split; nothing is said without a validation and a test set.
        things: what the items are called.
        leaks: items that are also in the training set, which were named before.
        events: where to report.
    """
    if not {"valid", "test"} <= {*sides}:
        return
    told = set(leaks.places("test").tolist())
    seen = find_leaks({"train": sides["valid"], "test": sides["test"]}, things)
    pairs = [pair for pair in seen.pairs if pair.place not in told]
    if pairs:
        named = "; ".join(map(str, pairs[:MOST_NAMED])) + ("; ..." if len(pairs) > MOST_NAMED else ".")
        are = "is" if len(pairs) == 1 else "are"
        events.on_warning(
            f"{len(pairs):,} of {seen.counts['test']:,} {things} of the test set {are} also in the validation set, on which training chooses: "
            f"{named}\n  The error on {things} that are new may be larger."
        )


def sides_of(found: LabelledFiles, settings: TrainSettings) -> dict[str, Side]:
    """Return what is compared of the files on each side that has any, with their names and labels."""
    names, sides = names_of(found, settings.source), {}
    for side in SIDES:
        places = found.indices(side)
        if places:
            sides[side] = Side(
                [found.looks[i] for i in places],
                [names[i] for i in places],
                [found.labels[i] for i in places],
            )
    return sides


def facts_of_files(found: LabelledFiles) -> dict[str, Any]:
    """Return what `program.json` says of files: how many were skipped and, where names kept some together, by what."""
    grouped = {} if found.grouped_by is None else {"grouped_by": found.grouped_by}
    return {"skipped": len(found.skipped), **grouped}


def groups_of_files(
    split: Callable[[], LabelledFiles], settings: TrainSettings
) -> Callable[[str], tuple[Sequence[Hashable], str]]:
    """Return a function that returns the group of each file on a side, in their order, and what they are called.

    Args:
        split: returns the files; training may still move some of them.
        settings: may say how names group files.
    """

    def groups(side: str) -> tuple[Sequence[Hashable], str]:
        found = split()
        pattern = pattern_of_names(found, settings)
        names = (
            found.groups if pattern is None else first_groups("group_by", pattern, found.files, found.columns)
        )
        by = found.grouped_by if found.grouped_by in found.columns else UNNAMED
        return [names[place] for place in found.indices(side)] if names else (), by or UNNAMED

    return groups


def pattern_of_names(found: LabelledFiles, settings: TrainSettings) -> str | None:
    """Return the regular expression over file names that `group_by` is; None if there is none, or it names the column that groups them."""
    return None if found.grouped_by == settings.group_by else settings.group_by


def report_leaks(leaks: Leaks, events: Events, besides: Leaks | None = None) -> Leaks:
    """Report what was found, if anything was, besides what was reported before; returns it."""
    if leaks:
        how = events.argument("check_leaks", False)
        said = f"  The error is given with and without them ({how} does not look)."
        events.on_warning("\n".join([*leaks.lines(besides=besides), said]))
        events.on_event("leaks", leaks.to_dict())
    return leaks
