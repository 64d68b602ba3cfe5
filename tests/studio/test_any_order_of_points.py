"""Whatever points two people drag, take back and finish, in any order, beside whoever edits labels.csv: they are shown and written as last placed."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from starlette.testclient import TestClient

from gatera.labeling.labels.table import LabelRow, read_labels_file, write_labels_file
from gatera.studio.app.app import studio_app
from gatera.studio.studio import Studio, open_place

PEOPLE, NAMES = ("Ann", "Ben"), ("0.jpg", "1.jpg")

Points = list[list[float]]

people, names = st.sampled_from(PEOPLE), st.sampled_from(NAMES)
shares = st.sampled_from([0.0, -0.0, 1.0, 0.5, 0.25, 0.3333])
points = st.lists(st.tuples(shares, shares).map(list), max_size=2)


class Placed(NamedTuple):
    """Points that somebody placed, and those that were kept when they saw them."""

    points: Points
    saw: list[Points]


class Placing(RuleBasedStateMachine):
    """Two people with their pages, which may be old, and a model of what each placed."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name) / "photos"
        self.root.mkdir()
        for name in NAMES:
            (self.root / name).write_bytes(b"photo")
        (self.root / "labels.csv").write_text('file,label,points\n0.jpg,,"[[0.5,1]]"\n')
        self.at_once = mock.patch("gatera.studio.studio.LOOK_SECONDS", 0.0)
        self.at_once.start()
        self.kept: dict[str, Points] = {"0.jpg": [[0.5, 1.0]], "1.jpg": []}
        self.left: dict[str, dict[str, Placed]] = {who: {} for who in PEOPLE}
        self.done: dict[str, list[tuple[str, Placed]]] = {who: [] for who in PEOPLE}
        self.undone: dict[str, list[tuple[str, Placed]]] = {who: [] for who in PEOPLE}
        self.pages: dict[tuple[str, str], Points] = {}
        self.open()

    def open(self) -> None:
        self.studio = Studio(open_place(self.root, say=len), say=len)
        self.client = TestClient(studio_app(self.studio, "Ann"), base_url="http://127.0.0.1")

    def teardown(self) -> None:
        self.studio.close()
        self.at_once.stop()
        self.folder.cleanup()

    # ---- the model

    def said(self, who: str) -> dict[str, Placed]:
        return self.left[who] | dict(self.done[who])

    def otherwise(self, name: str, mine: Placed | None) -> bool:
        """Whether somebody else placed points that a person did not see who placed some."""
        return mine is not None and self.kept[name] not in (mine.points, *mine.saw)

    def shown(self, who: str, name: str) -> Points:
        mine = self.said(who).get(name)
        return self.kept[name] if mine is None or self.otherwise(name, mine) else mine.points

    # ---- what people do

    def ask(self, who: str, address: str, body: Any = None, **query: str) -> Any:
        params = {"as": who, **query}
        answer = self.client.get(address, params=params) if body is None else self.client.post(address, params=params, json=body)  # fmt: skip
        assert answer.status_code in (200, 400, 409), answer.text
        return answer.json() if answer.status_code == 200 else None

    @rule(who=people)
    def look(self, who: str) -> None:
        order = self.ask(who, "/api/order", queue="all")["order"]
        for item in self.ask(who, "/api/items", order=order)["items"]:
            name = item["name"]
            assert item["points"] == self.shown(who, name)
            told = "Somebody else placed these points" in item.get("said", "")
            assert told == self.otherwise(name, self.said(who).get(name))
            self.pages[who, name] = item["points"]

    @rule(who=people, name=names, value=points, looked=st.booleans())
    def drag(self, who: str, name: str, value: Points, looked: bool) -> None:
        """On the page as it was last looked at."""
        if looked or (who, name) not in self.pages:
            self.look(who)
        page, mine = self.pages[who, name], self.said(who).get(name)
        place = str(self.studio.place.places[name])
        body = {"what": "points", "items": {place: value}, "saw": {place: [json.dumps(page)]}}
        taken = self.ask(who, "/api/act", body) is not None
        assert taken == (mine is None or self.otherwise(name, mine) or page == mine.points)
        if taken:
            self.done[who].append((name, Placed(value, [*(mine.saw if mine else ()), page])))
            self.undone[who].clear()
            self.look(who)

    @rule(who=people)
    def undo(self, who: str) -> None:
        assert (self.ask(who, "/api/act", {"what": "undo"}) is not None) == bool(self.done[who])
        if self.done[who]:
            self.undone[who].append(self.done[who].pop())

    @rule(who=people)
    def redo(self, who: str) -> None:
        assert (self.ask(who, "/api/act", {"what": "redo"}) is not None) == bool(self.undone[who])
        if self.undone[who]:
            self.done[who].append(self.undone[who].pop())

    @rule(who=people)
    def finish(self, who: str) -> None:
        answer, said = self.ask(who, "/api/leave", {}), self.said(who)
        if not said:
            return
        stay = {name: mine for name, mine in said.items() if self.otherwise(name, mine)}
        assert answer["disputed"] == len(stay)
        self.kept |= {name: mine.points for name, mine in said.items() if name not in stay}
        self.left[who], self.done[who], self.undone[who] = stay, [], []

    @rule()
    def start_again(self) -> None:
        self.studio.close()
        self.open()

    @rule(
        name=names,
        value=points,
        written=st.sampled_from([json.dumps, lambda value: json.dumps(value, separators=(",", ":"))]),
    )
    def edit(self, name: str, value: Points, written: Any) -> None:
        """Somebody else writes labels.csv."""
        rows = read_labels_file(self.root / "labels.csv")
        row = rows.get(name) or LabelRow(name)
        more = {**dict(row.more), "points": written(value) if value else ""}
        write_labels_file(
            self.root / "labels.csv", ({**rows, name: replace(row, more=tuple(more.items()))}).values()
        )
        self.kept[name] = value

    @invariant()
    def kept_and_counted(self) -> None:
        rows = read_labels_file(self.root / "labels.csv")
        for name, value in self.kept.items():
            cell = dict(rows[name].more).get("points", "") if name in rows else ""
            assert (json.loads(cell) if cell else []) == value
        for who in PEOPLE:
            state, said = self.ask(who, "/api/state"), self.said(who)
            counts = state["counts"]
            assert (counts["waiting"], counts["undo"], counts["redo"]) == (len(said), len(self.done[who]), len(self.undone[who]))  # fmt: skip
            assert state["queues"]["disagreements"] == sum(
                self.otherwise(name, mine) for name, mine in said.items()
            )


Placing.TestCase.settings = settings(stateful_step_count=20)
TestPlacing = pytest.mark.whole(Placing.TestCase)
