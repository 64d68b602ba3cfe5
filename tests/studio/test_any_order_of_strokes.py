"""Whatever two people paint, take back and finish, in any order, beside whoever changes the masks: each sees what they painted, and nothing that was made is lost."""

from __future__ import annotations

import gzip
import itertools
import json
import tempfile
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from PIL import Image
from starlette.testclient import TestClient

from gatera.core.files import sha256_file
from gatera.studio.app.app import studio_app
from gatera.studio.studio import Studio, open_place

PEOPLE, PHOTOS, SIZE = ("Ann", "Ben"), 3, (4, 6)

people = st.sampled_from(PEOPLE)
places = st.integers(0, PHOTOS - 1)
boxes = st.tuples(*(st.integers(0, side) for side in (4, 6, 4, 6)))


class Record(NamedTuple):
    """What somebody decided of a mask: its pixels, None where the mask is right as it is; on which file; and what the drawing is called."""

    pixels: bytes | None
    base: str
    file: str


#: A step: a photo, and what was decided; None where the drawing was given up.
Step = tuple[int, Record | None]


class Strokes(RuleBasedStateMachine):
    """Two people with their pages, which may be old, and a model of what each painted."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name) / "streets"
        for name in ("images", "masks"):
            (self.root / name).mkdir(parents=True)
        for number in range(PHOTOS):
            Image.new("RGB", SIZE[::-1], (40 * number, 90, 120)).save(self.root / "images" / f"{number}.jpg")
        (self.root / "codes.txt").write_text("background\nroad\ncar\n")
        self.at_once = mock.patch("gatera.studio.studio.LOOK_SECONDS", 0.0)
        self.at_once.start()
        self.number, self.replaced = itertools.count(), set[str]()
        self.files: dict[int, bytes] = {}
        for number in range(PHOTOS - 1):
            self.change(number, 1 + number)
        self.left: dict[str, dict[int, Record | None]] = {who: {} for who in PEOPLE}
        self.done: dict[str, list[Step]] = {who: [] for who in PEOPLE}
        self.undone: dict[str, list[Step]] = {who: [] for who in PEOPLE}
        self.pages: dict[tuple[str, int], tuple[dict[str, Any], bytes]] = {}
        self.open()

    def open(self) -> None:
        self.studio = Studio(open_place(self.root, say=len), say=len)
        self.client = TestClient(studio_app(self.studio, "Ann"), base_url="http://127.0.0.1")
        self.listing = self.client.get("/api/state").json()["listing"]

    def teardown(self) -> None:
        self.studio.close()
        self.at_once.stop()
        self.folder.cleanup()

    # ---- the model

    def mask(self, place: int) -> Path:
        return self.root / "masks" / f"{place}.png"

    def base(self, place: int) -> str:
        return sha256_file(self.mask(place)) if self.mask(place).exists() else ""

    def said(self, who: str) -> dict[int, Record | None]:
        return self.left[who] | dict(self.done[who])

    def seen(self, who: str, place: int) -> bytes:
        mine = self.said(who).get(place)
        return mine.pixels if mine is not None and mine.pixels else self.files.get(place, bytes(24))

    def drawing(self, who: str, place: int) -> str:
        mine = self.said(who).get(place)
        return "" if mine is None else mine.file

    def do(self, who: str, place: int, record: Record | None) -> None:
        self.done[who].append((place, record))
        self.undone[who].clear()

    # ---- what people do

    def act(self, who: str, body: Any) -> Any:
        answer = self.client.post("/api/act", params={"as": who}, json=body)
        assert answer.status_code in (200, 400), answer.text
        return answer.json() if answer.status_code == 200 else None

    @rule(who=people, place=places)
    def look(self, who: str, place: int) -> None:
        answer = self.client.get(f"/mask/{place}", params={"as": who})
        head, _, pixels = answer.content.partition(b"\n")
        found = json.loads(head)
        assert pixels == self.seen(who, place)
        assert (found["base"], found["drawing"]) == (self.base(place), self.drawing(who, place))
        self.pages[who, place] = found, pixels

    @rule(who=people, place=places, box=boxes, value=st.integers(0, 2), looked=st.booleans())
    def paint(self, who: str, place: int, box: tuple[int, ...], value: int, looked: bool) -> None:
        """A brush, or a fill, on the page as it was last looked at."""
        if looked or (who, place) not in self.pages:
            self.look(who, place)
        found, pixels = self.pages[who, place]
        after = np.frombuffer(pixels, np.uint8).reshape(SIZE).copy()
        after[box[0] : box[2], box[1] : box[3]] = value
        self.send(who, place, found, after.tobytes())

    @rule(who=people, place=places)
    def right_as_it_is(self, who: str, place: int) -> None:
        if (who, place) in self.pages:
            self.send(who, place, self.pages[who, place][0], b"")

    def send(self, who: str, place: int, found: dict[str, Any], painted: bytes) -> None:
        current = (found["base"], found["drawing"]) == (self.base(place), self.drawing(who, place))
        nothing = not painted and not self.drawing(who, place) and not self.base(place)
        params = {"as": who, "base": found["base"], "drawing": found["drawing"], "id": f"{next(self.number)}"}
        for _ in range(2):  # sent again, it is done once
            answer = self.client.post(
                f"/api/mask/{place}", params=params, content=gzip.compress(painted), headers={"Content-Encoding": "gzip"}
            )  # fmt: skip
        assert answer.status_code == (409 if not current else 400 if nothing else 200), answer.text
        if answer.status_code == 200:
            mine = self.said(who).get(place)
            file = self.client.get(f"/mask/{place}", params={"as": who}).content.partition(b"\n")[0]
            pixels = painted or (mine.pixels if mine is not None else None)
            self.do(who, place, Record(pixels, found["base"], json.loads(file)["drawing"]))
            self.look(who, place)

    @rule(who=people, place=places)
    def give_up(self, who: str, place: int) -> None:
        assert self.act(who, {"what": "mask", "items": {str(place): ""}}) is not None
        self.do(who, place, None)

    @rule(who=people)
    def undo(self, who: str) -> None:
        assert (self.act(who, {"what": "undo"}) is not None) == bool(self.done[who])
        if self.done[who]:
            self.undone[who].append(self.done[who].pop())

    @rule(who=people)
    def redo(self, who: str) -> None:
        assert (self.act(who, {"what": "redo"}) is not None) == bool(self.undone[who])
        if self.undone[who]:
            self.done[who].append(self.undone[who].pop())

    @rule(who=people)
    def finish(self, who: str) -> None:
        answer = self.client.post("/api/leave", params={"as": who}, json={}).json()
        stay = {}
        if not self.said(who):  # nothing to finish: what was taken back can still be done again
            return
        for place, mine in self.said(who).items():
            now = self.base(place) if place not in self.written(who) else self.before[place]
            if mine is not None and now not in ("", mine.base, mine.file.removesuffix(".png")):
                stay[place] = mine
            elif mine is not None and mine.pixels is not None:
                self.files[place] = mine.pixels
                assert self.base(place) == mine.file.removesuffix(".png")
        assert answer["disputed"] == len(stay)
        kept = {sha256_file(path) for path in self.root.rglob("*.png")}
        self.replaced |= {self.before[place] for place in self.written(who) if self.before[place]}
        assert self.replaced <= kept
        assert {mine.file.removesuffix(".png") for mine in stay.values() if mine.file} <= kept
        self.left[who], self.done[who], self.undone[who] = stay, [], []

    def written(self, who: str) -> set[int]:
        """The masks that finishing changed."""
        return {place for place in range(PHOTOS) if self.base(place) != self.before.get(place, "")}

    @rule()
    def start_again(self) -> None:
        self.studio.close()
        self.open()

    @rule(place=places, value=st.integers(0, 2))
    def change(self, place: int, value: int) -> None:
        """Somebody else writes a mask."""
        pixels = np.full(SIZE, value, np.uint8)
        pixels[0, next(self.number) % 6] = 2
        Image.fromarray(pixels).save(self.mask(place))
        self.files[place] = pixels.tobytes()

    @invariant()
    def nothing_is_lost(self) -> None:
        """Masks hold what the model has, all that was made is somewhere, and counts are right."""
        self.before = {place: self.base(place) for place in range(PHOTOS)}
        for place, pixels in self.files.items():
            with Image.open(self.mask(place)) as file:
                assert np.asarray(file).tobytes() == pixels
        for who in PEOPLE:
            counts = self.client.get("/api/state", params={"as": who}).json()["counts"]
            assert (counts["waiting"], counts["undo"], counts["redo"]) == (len(self.said(who)), len(self.done[who]), len(self.undone[who]))  # fmt: skip


Strokes.TestCase.settings = settings(stateful_step_count=20)
TestStrokes = pytest.mark.whole(Strokes.TestCase)
