"""The studio without its page: items, labels, people, and what they decide. It may be used from several threads."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from gatera.core.checks import counted, is_missing
from gatera.core.errors import ArgumentError, DataError
from gatera.core.escape import shell_quote
from gatera.core.files import where_to_look
from gatera.core.progress import note
from gatera.store.datasets.making import is_repository
from gatera.store.who import now
from gatera.studio.desk.desk import Decision, Desk
from gatera.studio.guesses import Guess, Guesses
from gatera.studio.masks.differing import differing_masks
from gatera.studio.masks.drawn import Drawings
from gatera.studio.masks.found import has_masks
from gatera.studio.masks.proposed import Proposals
from gatera.studio.page_requests import Asked
from gatera.studio.people import People
from gatera.studio.places.folder import FolderPlace
from gatera.studio.places.masks import MaskPlace
from gatera.studio.places.place import HIDDEN, Known, Place
from gatera.studio.places.repository import RepositoryPlace
from gatera.studio.places.table import TablePlace
from gatera.studio.points import placed_since, plain
from gatera.studio.replaced_files import Marks
from gatera.studio.trained import Trained
from gatera.web.errors import Refused

#: Seconds between two looks at what others wrote.
LOOK_SECONDS = 0.5


def open_place(
    source: str | Path, kind: str | None = None, text: str | None = None, say: Callable[[str], None] = note
) -> Place:
    """Open a folder, a data repository, or a table.

    Args:
        source: its path.
        kind: which files of a folder are shown: "photos", "texts", "recordings", or "masks" with their photos; None for masks where
            `gatera train` would learn from them, else for those that there are most of.
        text: the column of a table that holds a text; None to find it.
        say: takes lines about what was decided.

    Raises:
        DataError: if there is nothing to label, or the labels cannot be read.
    """
    path = Path(source)
    if not path.exists():
        raise DataError(f"{path} does not exist", remedy=where_to_look(path, "Check the path."))
    if not path.is_dir():
        return TablePlace(path, text, say)
    if text is not None:
        raise ArgumentError("--text names a column of a table, and this is a folder", got=str(path))
    if is_repository(path):
        if kind == "masks" or (kind is None and has_masks(path)):
            say(
                "Masks are corrected only in a plain folder, not in a data repository: photos and masks are items, each with a label."
            )
        return RepositoryPlace(path, None if kind == "masks" else kind, say)
    root = next((each for each in path.absolute().parents if is_repository(each)), None)
    if root is not None:
        raise DataError(
            f"{path} is inside a data repository, whose labels are in its root",
            remedy=f"Open all of it: gatera studio {shell_quote(str(root))}; the filter then shows a folder.",
        )
    if kind == "masks" or (kind is None and has_masks(path)):
        return MaskPlace(path, say)
    return FolderPlace(path, kind, say)


class Label(NamedTuple):
    """The label that a person sees on an item; `mine` if it is theirs and not committed yet."""

    value: str
    by: str
    source: str
    mine: bool


def labelled_since(mine: Decision, by: str, kept: Known) -> bool:
    """Whether the label that is kept is another than a person gave, who did not see it. Their own of before, in another tab, is none."""
    return (
        kept.by_person
        and kept.label not in (mine.value, *mine.saw)
        and not (kept.by == by and kept.at <= mine.at)
    )


class Studio:
    """Items and everybody's decisions about them.

    Args:
        place: the items.
        classes: labels that can be given, before those that items have.
        say: takes lines about what was decided.

    Attributes:
        guesses: what a model thinks; None without.
        trained: the last training; None without.
        served: what a server answered about items, by name; see `served_items`.
        judged: names of items whose label people kept, or gave, and finished.
        drawings: the masks that people drew.
        proposals: the masks that a program proposes; None without.
        marks: tells items from others that came in their places.
        lock: hold it to see several things at one moment.
        closed: whether it has ended: then nobody looks at pictures of the model any more.
    """

    def __init__(self, place: Place, classes: Sequence[str] = (), say: Callable[[str], None] = note) -> None:
        self.place, self.say = place, say
        self.marks = Marks(place)
        self.folder = place.home / HIDDEN
        self.people = People(self.folder / "people" / place.key, say, self._check_same)
        self.lock = threading.RLock()
        self.closed = False
        self.guesses: Guesses | None = None
        self.trained: Trained | None = None
        self.served: Mapping[str, Guess] = {}
        self.judged: set[str] = set()
        self.drawings = Drawings(self.folder / "drawings", say)
        self.proposals: Proposals | None = None
        if place.masks is not None and classes:
            raise ArgumentError(
                "--labels names labels of whole photos, and these have masks", got=list(classes),
                remedy="The classes of masks are their values; name them in codes.txt. To label whole photos: --kind photos.",
            )  # fmt: skip
        self._given = [name for name in classes if not is_missing(name)]
        self._listed: dict[str, None] = {}
        self._looked = 0.0
        self.version = 0
        self._stamp = place.stamp()
        self._count_known()

    def _check_same(self, desk: Desk) -> None:
        """Raise where somebody decided about rows that moved since. Files that were replaced are told one by one; see `replaced_files`."""
        if self.place.kind == "rows" and (moved := self.replaced(desk)):
            raise DataError(
                f"{self.place.root} has different rows from those that were labelled, {moved[0]} for one",
                got=f"{counted(len(moved), 'decision')} that are not written yet",
                remedy=f"Put the table back as it was and finish with --finish, or give them up: remove their journal in {self.people.folder}",
            )

    def replaced(self, desk: Desk) -> list[str]:
        """Return the items that are others now than when a person last decided about them, under their old names."""
        return self.marks.replaced(desk)

    def _count_known(self) -> None:
        names = self.place.places
        self._labelled = sum(1 for name, each in self.place.known.items() if each.label and name in names)
        self._known_classes = sorted({each.label for each in self.place.known.values() if each.label})
        self.version += 1

    def refresh(self, always: bool = False) -> None:
        """Look at what others wrote, unless that was a moment ago."""
        with self.lock:
            if not always and time.monotonic() - self._looked < LOOK_SECONDS:
                return
            committed, stamp = self.people.refresh(), self.place.stamp()
            if committed or stamp != self._stamp:
                self._stamp = stamp
                with suppress(DataError):  # somebody is writing them, or wrote what Finish will refuse
                    self.place.known = self.place.read_known()
                    self._count_known()
            self._looked = time.monotonic()

    def reread(self) -> None:
        """Take the labels that the place has now, after it was written."""
        with self.lock:  # `refresh` looks once more: somebody may have written since they were read
            self._count_known()

    @property
    def classes(self) -> list[str]:
        """Every label there is: those given first, then known, then guessed ones; of masks the classes of pixels.

        A label keeps its place while the studio runs, whatever is added or written: its place decides its key.
        """
        if self.place.masks is not None:
            return [str(name) for name in self.place.masks.classes.names]
        found = dict.fromkeys((*self._given, *self._known_classes))
        found |= dict.fromkeys(() if self.guesses is None else map(str, self.guesses.classes))
        found |= dict.fromkeys(sorted({each.label for each in self.served.values() if each.label}))
        with self.lock:
            for _, desk in self.people.others(""):
                found |= dict.fromkeys(desk.classes)
                found |= dict.fromkeys(each.value for each in desk.labels.values() if each.value)
            self._listed = dict.fromkeys((*self._listed, *found))
            return [label for label in self._listed if label in found]

    def known(self, name: str) -> Known:
        """Return what labels.csv says of an item."""
        return self.place.known.get(name) or Known()

    def label(self, desk: Desk, by: str, name: str) -> Label:
        """Return the label that a person sees on an item: their own, else the one that is kept."""
        mine = desk.labels.get(name)
        if mine is not None:
            return Label(mine.value, by, mine.source, True)
        kept = self.known(name)
        return Label(kept.label, kept.by, kept.source, False)

    def judge(self, labels: Mapping[str, Decision]) -> None:
        """Note that people looked at items, and finished what they said of their labels."""
        self.judged |= labels.keys()
        if self.guesses is not None:
            self.guesses.judged |= {name for name, said in labels.items() if self.guesses.judges(said)}

    def guess(self, position: int) -> Guess | None:
        """Return what an item is thought to be: as the server answered it, else as the model does."""
        answered = self.served.get(self.place.names[position])
        if answered is not None and answered.label:
            return answered
        return None if self.guesses is None else self.guesses.of(position)

    def differing(self, desk: Desk, by: str, name: str) -> list[tuple[str, str]]:
        """Return who labelled an item otherwise than others did: (name, label) of all who labelled it; none where they agree."""
        if self.place.masks is not None:
            return differing_masks(self.place.masks, desk, by, self.people.others(by), name)
        said = [
            (who, other.labels[name].value) for who, other in self.people.others(by) if name in other.labels
        ]
        mine, kept = desk.labels.get(name), self.known(name)
        if mine is not None:
            said.insert(0, (by, mine.value))
            if labelled_since(mine, by, kept):
                said.append((kept.by or "labels.csv", kept.label))
        elif kept.by_person and kept.by == by:
            said.insert(0, (by, kept.label))
        return said if len({label for _, label in said}) > 1 else []

    def given(self, desk: Desk) -> Mapping[str, Decision]:
        """Return what a person decided of the items, by name: their labels, or their masks."""
        return desk.labels if self.place.masks is None else desk.said["mask"]

    def disputed(self, desk: Desk, by: str) -> list[str]:
        """Return the items on which people disagree, in order."""
        names = set(self.given(desk))
        for _, other in self.people.others(by):
            names |= set(self.given(other))
        places = self.place.places
        found = [name for name in names if name in places and self.differing(desk, by, name)]
        placed = [
            name for name, each in desk.said["points"].items() if placed_since(each, self.known(name).points)
        ]
        found = [*dict.fromkeys((*found, *(name for name in placed if name in places)))]
        return sorted(found, key=places.__getitem__)

    def check_there(self) -> None:
        """See that the folder is where it was, and that nothing drawn is gone from it.

        Raises:
            DataError: if it is not, or if what is gone cannot be written again.
        """
        self.place.check_there()
        self.drawings.put_back()

    def act(self, by: str, asked: Asked) -> list[int]:
        """Keep what a person decided; it is on the disk when this returns. The same `id` again changes nothing.

        Returns:
            The positions of the items that changed, the first time or now.

        Raises:
            ArgumentError: if it cannot be done.
            DataError: if it cannot be written.
        """
        with self.lock:
            desk = self.people.desk(by)
            if asked.id and asked.id in desk.ids:
                return [self.place.places[name] for name in desk.ids[asked.id] if name in self.place.places]
            self.check_there()
            if asked.what in ("label", "class", "points") and self.place.masks is not None:
                raise ArgumentError(
                    "these photos have masks, not labels", remedy="To label whole photos: --kind photos."
                )
            entry: dict[str, Any] = {"n": desk.n + 1, "at": now(), "what": asked.what}
            if asked.id:
                entry["id"] = asked.id
            if asked.label:
                entry["label"] = asked.label
            if asked.what in ("label", "points") and asked.saw is not None:
                self._check_seen(desk, asked.what, asked.saw)
            if asked.items:
                names = {self.place.names[place]: value for place, value in asked.items.items()}
                if asked.what == "note" and asked.saw is not None:
                    names = self._with_unseen_notes(desk, names, asked.saw)
                entry |= {"items": names, "seconds": round(asked.seconds, 3)}
                entry["marks"] = {name: self.marks.decided(name) for name in names}
                if asked.what == "label":
                    entry |= self._about_labels(desk, by, asked, names)
                elif asked.what in ("points", "note"):
                    entry["saw"] = self._saw_kept(desk, asked, names)
            changed = self.people.write(by, entry)
            places = self.place.places
            return [places[name] for name in changed if name in places]

    def _check_seen(self, desk: Desk, what: str, saw: Mapping[int, Sequence[str]]) -> None:
        """Raise Refused, 409, where a page does not show the label, or the points, that the person gave since, in another tab."""
        for place, shown in saw.items():
            name = self.place.names[place]
            mine = desk.said[what].get(name)
            if mine is None or (what == "points" and placed_since(mine, self.known(name).points)):
                continue
            given, seen = (
                (mine.value, shown) if what == "label" else (json.dumps(mine.value), map(plain, shown))
            )
            if given not in seen:
                raise Refused(
                    409, f"you gave {name} other {'points' if what == 'points' else 'labels'} in another tab",
                    remedy="They are shown now: decide again.",
                )  # fmt: skip

    def _with_unseen_notes(
        self, desk: Desk, names: Mapping[str, str], saw: Mapping[int, Sequence[str]]
    ) -> dict[str, str]:
        """Return notes behind those that the person wrote since, in another tab."""
        found = {}
        for name, text in names.items():
            mine = desk.said["note"].get(name)
            unseen = mine is not None and mine.value not in ("", text, *saw.get(self.place.places[name], ()))
            found[name] = f"{mine.value}; {text}" if mine is not None and unseen and text else text
        return found

    def _about_labels(self, desk: Desk, by: str, asked: Asked, names: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the person saw on each item, and whose guess was taken."""
        saw = {
            name: self._seen(desk, by, name, None if asked.saw is None else asked.saw.get(place, ()))
            for place, name in zip(asked.items, names, strict=True)
        }
        found: dict[str, Any] = {"saw": {name: labels for name, labels in saw.items() if labels}}
        if asked.guessed:
            taken = {
                name: self._taken(desk, place, name, asked)
                for place, name in zip(asked.items, names, strict=True)
            }
            found["guess"] = {name: guess for name, (guess, _) in taken.items() if guess}
            found["source"] = {name: source for name, (_, source) in taken.items() if source != "person"}
        return found

    def _taken(self, desk: Desk, place: int, name: str, asked: Asked) -> tuple[str, str]:
        """Return whose guess the label of an item is, "" for the person's own, and what its source is."""
        label, earlier, kept = asked.items[place], desk.labels.get(name), self.known(name)
        if earlier is not None and earlier.value == label:
            return earlier.guess, earlier.source
        if kept.label == label and kept.source.startswith("program:"):
            return "", kept.source
        shown = asked.guessed.get(place) if isinstance(asked.guessed, Mapping) else self.guess(place)
        if shown is None or shown.label != label:
            return "", "person"
        return f"{shown.by} (p={shown.probability:.2f})", shown.source

    def _seen(self, desk: Desk, by: str, name: str, shown: Sequence[str] | None) -> list[str]:
        """Return the labels that a person saw on an item; a page may show an item as it was before others decided."""
        there = [self.known(name).label, *(label for _, label in self.differing(desk, by, name))]
        earlier = desk.labels.get(name)
        labels = [
            *(earlier.saw if earlier else ()),
            *(each for each in there if shown is None or each in shown),
        ]
        return [*dict.fromkeys(label for label in labels if label)]

    def _saw_kept(self, desk: Desk, asked: Asked, names: Iterable[str]) -> dict[str, list[str]]:
        """Return the points, or notes, that a person saw on each item, in this decision and in earlier ones that wait."""
        found = {}
        for place, name in zip(asked.items, names, strict=True):
            known, earlier = self.known(name), desk.said[asked.what].get(name)
            points = asked.what == "points"
            kept = (known.points or "[]") if points else known.note
            shown = [kept] if asked.saw is None else asked.saw.get(place, ())
            seen = [plain(each) for each in shown if each.startswith("[")] if points else shown
            found[name] = [*dict.fromkeys([*(earlier.saw if earlier else ()), *seen])]
        return found

    def counts(self, desk: Desk) -> dict[str, int]:
        """Return how many items there are, are labelled, and wait to be committed."""
        places = self.place.places
        labelled = self._labelled + sum(
            bool(each.value) - bool(self.known(name).label)
            for name, each in self.given(desk).items()
            if name in places and (each.value or self.place.masks is None)
        )
        return {
            "items": len(self.place), "labelled": labelled, "waiting": desk.waiting, "flagged": len(desk.flags),
            "undo": desk.can_undo(), "redo": desk.can_redo(),
        }  # fmt: skip

    def close(self) -> None:
        """Let other processes go on."""
        self.closed = True
        with self.lock:
            self.people.close()
