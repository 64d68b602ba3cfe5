"""Whatever two people decide, in any order, beside whoever edits labels.csv and the files: it is shown, counted and written as each last said."""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from starlette.testclient import TestClient

from gatera.labeling.labels.table import LabelRow, read_labels_file, write_labels_file
from gatera.studio.app.app import studio_app
from gatera.studio.studio import Studio, open_place

NAMES = ["0.jpg", '=x,"q".jpg', "b c.jpg", "u\u0308.jpg", "x/0.jpg", "\u00fc.jpg"]
PEOPLE = ("Ann", "Ben")
ABOUT = ("label", "flag", "note")

#: Filters, and the label that each asks for.
FILTERS = {
    "label:cat": "cat", 'label:"\u00fc, \\"x\\""': '\u00fc, "x"', "label:=1+1": "=1+1", "is:labelled": None, "is:unlabelled": None, "is:mine": None,
    "is:flagged": None, "0.jpg": None, '"b c"': None,
}  # fmt: skip

people = st.sampled_from(PEOPLE)
names = st.sampled_from(NAMES)
some = st.lists(names, min_size=1, max_size=3, unique=True)
labels = st.sampled_from(["cat", "dog", "Cat", '\u00fc, "x"', "=1+1", ""])


class Said(NamedTuple):
    """What somebody said of an item: when, what, which labels they had seen on it, and of which contents."""

    turn: int
    value: Any
    seen: frozenset[str]
    content: bytes


class Line(NamedTuple):
    """A line of labels.csv."""

    label: str = ""
    source: str = ""
    by: str = ""

    @property
    def by_person(self) -> bool:
        return bool(self.label) and not self.source.startswith("function:")


class Sessions(RuleBasedStateMachine):
    """Two people, in one process or in two, and a model of what each decided."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name) / "photos"
        self.turn, self.content = itertools.count(1), dict[str, bytes]()
        self.at_once = mock.patch("gatera.studio.studio.LOOK_SECONDS", 0.0)
        self.at_once.start()
        for name in NAMES:
            self.put(name)
        self.studios: dict[str, Studio] = {}
        self.clients: dict[str, TestClient] = {}
        self.kept: dict[str, Line] = {}
        self.left: dict[str, dict[str, dict[str, Said]]] = {
            who: {what: {} for what in ABOUT} for who in PEOPLE
        }
        self.done: dict[str, list[tuple[str, dict[str, Said]]]] = {who: [] for who in PEOPLE}
        self.undone: dict[str, list[tuple[str, dict[str, Said]]]] = {who: [] for who in PEOPLE}

    @initialize(together=st.booleans())
    def begin(self, together: bool) -> None:
        self.together = together
        self.open()

    def open(self) -> None:
        for name in NAMES:
            if name not in self.content:  # the studio has the files that are there when it begins
                self.put(name)
        for who in PEOPLE:
            if self.studios and self.together:
                self.studios[who], self.clients[who] = self.studios[PEOPLE[0]], self.clients[PEOPLE[0]]
                continue
            studio = Studio(open_place(self.root, say=len), ["cat", "dog"], len)
            self.studios[who] = studio
            self.clients[who] = TestClient(studio_app(studio, who), base_url="http://127.0.0.1")

    def close(self) -> None:
        for studio in {id(each): each for each in self.studios.values()}.values():
            studio.close()
        self.studios.clear()

    def teardown(self) -> None:
        self.close()
        self.at_once.stop()
        self.folder.cleanup()

    # ---- the model

    def said(self, who: str) -> dict[str, dict[str, Said]]:
        """What somebody last said of each item, that is not written yet."""
        found = {what: dict(given) for what, given in self.left[who].items()}
        for what, given in self.done[who]:
            found[what] |= given
        return found

    def line(self, name: str) -> Line:
        return self.kept.get(name, Line())

    def otherwise(self, name: str, mine: Said) -> bool:
        """Whether somebody gave a label in labels.csv that I did not see."""
        line = self.line(name)
        return line.by_person and line.label not in (mine.value, *mine.seen)

    def differing(self, who: str, name: str) -> set[str]:
        """The labels on an item where people disagree; none where they do not."""
        found = {each["label"][name].value for each in map(self.said, PEOPLE) if name in each["label"]}
        mine = self.said(who)["label"].get(name)
        if (mine is not None and self.otherwise(name, mine)) or (
            mine is None and self.line(name).by_person and self.line(name).by == who
        ):
            found.add(self.line(name).label)
        return found if len(found) > 1 else set()

    def shown(self, who: str, name: str) -> str:
        mine = self.said(who)["label"].get(name)
        return self.line(name).label if mine is None else mine.value

    def replaced(self, said: dict[str, dict[str, Said]], name: str) -> bool:
        """Whether the file is another than the one that was decided about."""
        about = (
            [said["label"][name]]
            if name in said["label"]
            else [max(said[what][name] for what in ABOUT if name in said[what])]
        )
        return any(each.content != self.content.get(name) for each in about)

    def fits(self, who: str, name: str, words: str) -> bool:
        """Whether an item has what a filter asks for."""
        states = {
            "is:labelled": bool(self.shown(who, name)), "is:unlabelled": not self.shown(who, name), "is:mine": name in self.said(who)["label"],
            "is:flagged": name in self.said(who)["flag"] and self.said(who)["flag"][name].value,
        }  # fmt: skip
        label, words = FILTERS.get(words), words.strip('"')
        return (
            states[words]
            if words in states
            else self.shown(who, name).lower() == label
            if label
            else words in name
        )

    # ---- what people do

    def ask(self, who: str, address: str, body: Any = None, **query: str) -> Any:
        client, params = self.clients[who], {"as": who, **query}
        answer = (
            client.get(address, params=params)
            if body is None
            else client.post(address, params=params, json=body)
        )
        assert answer.status_code in (200, 400), answer.text
        return answer.json() if answer.status_code == 200 else None

    def decide(self, who: str, what: str, about: list[str], value: Any) -> None:
        places = self.studios[who].place.places
        answer = self.ask(
            who, "/api/act", {"what": what, "items": {str(places[name]): value for name in about}}
        )
        assert {item["name"] for item in answer["items"]} == set(about)
        said, given = self.said(who), {}
        for name in about:
            earlier = said["label"].get(name)
            seen = {self.line(name).label, *self.differing(who, name), *(earlier.seen if earlier else ())}
            given[name] = Said(
                next(self.turn),
                value,
                frozenset(seen if what == "label" else ()),
                self.content.get(name, b""),
            )
        self.done[who].append((what, given))
        self.undone[who].clear()

    @rule(who=people, about=some, value=labels)
    def label(self, who: str, about: list[str], value: str) -> None:
        self.decide(who, "label", about, value)

    @rule(who=people, about=some, value=st.booleans())
    def flag(self, who: str, about: list[str], value: bool) -> None:
        self.decide(who, "flag", about, value)

    @rule(who=people, about=names, text=st.sampled_from(["", "blurred"]))
    def note(self, who: str, about: str, text: str) -> None:
        self.decide(who, "note", [about], text)

    @rule(who=people)
    def undo(self, who: str) -> None:
        answer = self.ask(who, "/api/act", {"what": "undo"})
        assert (answer is not None) == bool(self.done[who])
        if answer is not None:
            self.undone[who].append(self.done[who].pop())
            assert {item["name"] for item in answer["items"]} == set(self.undone[who][-1][1])

    @rule(who=people)
    def redo(self, who: str) -> None:
        answer = self.ask(who, "/api/act", {"what": "redo"})
        assert (answer is not None) == bool(self.undone[who])
        if answer is not None:
            self.done[who].append(self.undone[who].pop())

    @rule(who=people)
    def finish(self, who: str) -> None:
        answer, said = self.ask(who, "/api/leave", {}), self.said(who)
        waiting = set().union(*said.values())
        if not waiting:  # nothing to finish: what was taken back can still be done again
            return
        gone = {name for name in waiting if self.replaced(said, name)}
        disputed = {
            name for name, mine in said["label"].items() if name not in gone and self.otherwise(name, mine)
        }
        for name, mine in said["label"].items():
            line = self.line(name)
            if name not in gone | disputed and (
                mine.value != line.label or (mine.value and not line.by_person)
            ):
                self.kept[name] = Line(mine.value, "", who)
        assert answer["disputed"] == len(disputed)
        stay = gone | disputed
        self.left[who] = {
            what: {name: each for name, each in given.items() if name in stay} for what, given in said.items()
        }
        self.done[who], self.undone[who] = [], []
        found = read_labels_file(self.root / "labels.csv")
        written = {name: Line(row.label, row.source, row.by) for name, row in found.items() if row.label}
        assert written == {name: line for name, line in self.kept.items() if line.label}

    @rule()
    def start_again(self) -> None:
        self.close()
        self.open()

    # ---- what others do

    @rule(
        name=names,
        label=labels,
        source=st.sampled_from(["", "function:f@12345678"]),
        by=st.sampled_from(["Ann", "Zoe"]),
    )
    def edit(self, name: str, label: str, source: str, by: str) -> None:
        path = self.root / "labels.csv"
        rows = read_labels_file(path)
        rows[name] = replace(
            rows.get(name, LabelRow(name)), label=label, source=source, by=by, at="2030-01-01T00:00:00Z"
        )
        write_labels_file(path, rows.values())
        self.kept[name] = Line(label, source, by)

    @rule()
    def remove_labels(self) -> None:
        (self.root / "labels.csv").unlink(missing_ok=True)
        self.kept.clear()

    @rule(name=names)
    def put(self, name: str) -> None:
        """Another file of that name."""
        self.content[name] = f"photo {next(self.turn)}".encode()
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content[name])

    @rule(name=names)
    def remove(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)
        self.content.pop(name, None)

    # ---- what is seen

    @rule(
        who=people,
        queue=st.sampled_from(["all", "flagged", "disagreements"]),
        words=st.sampled_from([*FILTERS, ""]),
    )
    def look(self, who: str, queue: str, words: str) -> None:
        self.ask(who, "/api/state")
        order = self.ask(who, "/api/order", queue=queue, filter=words)["order"]
        items, said = self.ask(who, "/api/items", order=order)["items"], self.said(who)
        flags = {name for name, each in said["flag"].items() if each.value}
        wanted = {"all": set(NAMES), "flagged": flags}.get(
            queue, {name for name in NAMES if self.differing(who, name)}
        )
        assert {item["name"] for item in items} == {name for name in wanted if self.fits(who, name, words)}
        waiting = set().union(*said.values())
        for item in items:
            name = item["name"]
            assert item["label"] == self.shown(who, name)
            another = name in waiting and name in self.content and self.replaced(said, name)
            assert ("replaced since you decided" in item.get("said", "")) == another

    @invariant()
    def counted(self) -> None:
        for who in PEOPLE:
            counts, said = self.ask(who, "/api/state")["counts"], self.said(who)
            assert counts == {
                "items": len(NAMES), "labelled": sum(bool(self.shown(who, name)) for name in NAMES),
                "waiting": len(set().union(*said.values())), "flagged": sum(each.value for each in said["flag"].values()),
                "undo": len(self.done[who]), "redo": len(self.undone[who]),
            }  # fmt: skip


Sessions.TestCase.settings = settings(stateful_step_count=20)
TestSessions = pytest.mark.whole(Sessions.TestCase)
