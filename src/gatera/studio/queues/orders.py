"""The queues: which items, in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from gatera.core.checks import check_choice
from gatera.core.errors import ArgumentError
from gatera.core.lazy import later
from gatera.studio.desk.desk import Desk
from gatera.studio.guesses import Suspect
from gatera.studio.queues.filters import matcher
from gatera.studio.queues.uncertain import nearest, uncertain_first
from gatera.studio.studio import Studio

#: Every queue, in the order in which a page lists them.
QUEUES = ("unlabelled", "suspects", "uncertain", "disagreements", "served", "flagged", "all")

#: Those whose order is by what a model says, the most useful items first.
BY_MODEL = ("suspects", "uncertain")


#: Imported when that queue is opened: functions and their model take as long to load as all the rest.
RULES = ("gatera.studio.queues.function_disputes", "disputed_by_rules")


class Order(NamedTuple):
    """A queue as it is at a moment.

    Attributes:
        positions: the items, int64 [m].
        why: a reason for single items, by position; some queues have none.
    """

    positions: np.ndarray
    why: dict[int, str]


def order_of(studio: Studio, by: str, queue: str, filter: str = "", like: int | None = None) -> Order:
    """Return the items of a queue.

    Args:
        studio: the studio.
        by: who asks.
        queue: one of `QUEUES`.
        filter: words that the item's name, label or text must have; see `matcher`.
        like: the position of an item; those most like it come first.

    Raises:
        ArgumentError: if the queue is unknown, or what it needs is missing.
    """
    check_choice("queue", queue, QUEUES)
    with studio.lock:
        desk = studio.people.desk(by)
        if like is not None:
            found = Order(_like(studio, like), {})
        else:
            found = MAKERS[queue](studio, desk, by)
        if filter.strip():
            keep = matcher(studio, desk, by, filter)
            kept = [position for position in found.positions.tolist() if keep(position)]
            found = Order(np.array(kept, np.int64), found.why)
    return found


def queue_counts(studio: Studio, desk: Desk, by: str, counts: Mapping[str, int]) -> dict[str, int | None]:
    """Return how many items are in each queue, as a page lists them; None where guesses are needed first. Disagreements take longer to
    find and are left out, and what a server saw where there is no log. `counts` are those of the studio.
    """
    others = set[str]()
    mine = studio.given(desk)
    for _, other in studio.people.others(by):
        others |= studio.given(other).keys() - mine.keys()
    known, places = studio.place.known, studio.place.places
    busy = sum(1 for name in others if name in places and not (name in known and known[name].label))
    unlabelled = counts["items"] - counts["labelled"] - busy
    served = {"served": len(_unseen(studio, desk))} if studio.served else {}
    return {
        "unlabelled": unlabelled, "suspects": None if studio.guesses is None else len(_suspected(studio, desk, by)),
        "uncertain": None if studio.guesses is None else unlabelled,
        "flagged": counts["flagged"], "all": counts["items"], **served,
    }  # fmt: skip


def _like(studio: Studio, position: int) -> np.ndarray:
    features = None if studio.guesses is None else studio.guesses.features
    if not 0 <= position < len(studio.place):
        raise ArgumentError("there is no such item", got=position)
    if features is None:
        raise ArgumentError(
            "what items look like is not known yet",
            remedy="Press Train again, or start the studio with --program PROGRAM.",
        )
    return nearest(features, position)


def _positions(studio: Studio, keep: Callable[[str], bool]) -> np.ndarray:
    names = studio.place.names
    return np.array([place for place in studio.place.as_shown if keep(names[place])], np.int64)


def _unlabelled(studio: Studio, desk: Desk, by: str) -> Order:
    """Items without a label that nobody else is labelling; those that were skipped come last."""
    known, mine, skipped = studio.place.known, studio.given(desk), desk.said["skip"]
    others = set().union(*(studio.given(other) for _, other in studio.people.others(by)))

    def keep(name: str) -> bool:
        if name in mine and (mine[name].value or studio.place.masks is None):
            return not mine[name].value
        return not (name in known and known[name].label) and name not in others

    found = _positions(studio, keep)
    if skipped:
        later = np.array([studio.place.names[place] in skipped for place in found], bool)
        found = np.concatenate([found[~later], found[later]])
    return Order(found, {})


def _suspects(studio: Studio, desk: Desk, by: str) -> Order:
    if studio.guesses is None:
        return Order(np.zeros(0, np.int64), {})
    found = _suspected(studio, desk, by)
    why = {each.place: f"looks like {each.looks_like}, {each.margin:.2f} more probable" for each in found}
    return Order(np.array([each.place for each in found], np.int64), why)


def _suspected(studio: Studio, desk: Desk, by: str) -> list[Suspect]:
    """Return the items whose label looked wrong and that have it still, unless a person said since that it is right.

    Labels that the person gave in this session, before the training, are among them.
    """
    guesses, names = studio.guesses, studio.place.names
    assert guesses is not None
    judged = guesses.judged | {name for name, said in desk.labels.items() if guesses.judges(said)}
    return [
        each for each in guesses.suspects
        if names[each.place] not in judged and studio.label(desk, by, names[each.place]).value == each.label
    ]  # fmt: skip


def _uncertain(studio: Studio, desk: Desk, by: str) -> Order:
    if studio.guesses is None:
        return Order(np.zeros(0, np.int64), {})
    worth = np.full(len(studio.place), -1.0)
    open_ones = _unlabelled(studio, desk, by).positions
    worth[open_ones] = studio.guesses.entropies()[open_ones]
    return Order(uncertain_first(worth, studio.guesses.features), {})


def _disagreements(studio: Studio, desk: Desk, by: str) -> Order:
    names = studio.disputed(desk, by)
    places, of_people, of_rules = studio.place.places, dict[int, str](), dict[int, str]()
    for name in names:
        of_people[places[name]] = ", ".join(
            f"{who}: {label or '-'}" for who, label in studio.differing(desk, by, name)
        )
    for place, reason in later(*RULES)(studio.place):
        if place not in of_people and studio.place.names[place] not in desk.labels:
            of_rules[place] = reason
    order = [place for why in (of_people, of_rules) for place in studio.place.as_shown if place in why]
    return Order(np.array(order, np.int64), of_people | of_rules)


def _served(studio: Studio, desk: Desk, by: str) -> Order:
    """What a server answered, the least sure first: what it did not know, then by probability."""
    places = studio.place.places
    found = sorted((studio.served[name].probability, places[name]) for name in _unseen(studio, desk))
    why = {
        place: f"p={p:.2f}" if studio.served[studio.place.names[place]].label else "the server did not know"
        for p, place in found
    }
    return Order(np.array([place for _, place in found], np.int64), why)


def _unseen(studio: Studio, desk: Desk) -> list[str]:
    """Return what a server was asked about and no person has labelled since, or taken the answer."""

    def seen(name: str, at: str) -> bool:
        known = studio.known(name)
        given = known.by_person or known.source.startswith("program:")
        return name in desk.labels or name in studio.judged or (given and known.at > at)

    places = studio.place.places
    return [name for name, each in studio.served.items() if name in places and not seen(name, each.at)]


def _flagged(studio: Studio, desk: Desk, by: str) -> Order:
    flags = desk.flags
    return Order(_positions(studio, flags.__contains__), {})


def _all(studio: Studio, desk: Desk, by: str) -> Order:
    return Order(np.array(studio.place.as_shown, np.int64), {})


MAKERS: dict[str, Callable[[Studio, Desk, str], Order]] = dict(
    zip(QUEUES, (_unlabelled, _suspects, _uncertain, _disagreements, _served, _flagged, _all), strict=True)
)
