"""A seal, the log of a server, the journal of a studio and a lock file, written in November 2026: every later version reads them.

The fixtures are never made anew. What a later version writes is refused as such, not as damaged.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from gatera.core.errors import DataError
from gatera.evaluate.questions.sealed import TestSet
from gatera.serve.log.answers import AnswerLog, read_answers
from gatera.store.models.sync.lock import read_lock
from gatera.studio.desk.desk import Desk
from gatera.studio.desk.journal import parsed
from gatera.studio.people import People

FIXTURE = Path(__file__).parents[1] / "fixtures" / "november2026"
ANSWER = "zzP9oqZ_DD7M2aDY"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURE, tmp_path / "old"))


def test_a_seal(old):
    seal = TestSet(old / "june.sealed")
    seal.open()
    assert seal.openings[0]["opened"].startswith("2026-11-30") and len(seal.openings) == 2
    (old / "june" / "cat" / "1.txt").write_text("another\n")
    with pytest.raises(DataError, match=r"1 changed \(cat/1.txt\)"):
        seal.check()


def test_a_seal_of_a_later_version_is_not_said_to_be_changed(old):
    seal = old / "june.sealed"
    seal.write_text(json.dumps({**json.loads(seal.read_text()), "format": 3}))
    with pytest.raises(DataError, match=r"june.sealed was written by a newer Gatera. Got: 3"):
        TestSet(seal)


def test_the_log_of_a_server(old):
    entry = next(read_answers(old / "log"))
    assert (entry.id, entry.program, entry.answer) == (ANSWER, "k_texts@18aedbd6", "positive")
    assert entry.probability == pytest.approx(0.99752736)
    log = AnswerLog(old / "log")
    log.label(ANSWER, "negative", "Ben")
    log.close()
    lines = (old / "log" / "labels.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2 and ",negative,,,person,Ben," in lines[1]


def test_fields_of_a_later_log_are_passed_over(old):
    file = next((old / "log" / "answers").iterdir())
    file.write_text(json.dumps({**json.loads(file.read_text()), "weather": "rain"}) + "\n", encoding="utf-8")
    assert next(read_answers(old / "log")).answer == "positive"


def test_the_journal_of_a_studio(old):
    desk = Desk(parsed((old / "Ann.jsonl").read_bytes(), old))
    assert {name: each.value for name, each in desk.labels.items()} == {"0.txt": "cat", "1.txt": "dog"}
    assert desk.labels["0.txt"].mark == "7-95f4ce5e6fb5"
    assert (desk.flags, desk.said["note"]["2.txt"].value) == ({"2.txt"}, "which one?")
    assert desk.can_redo() == 0 and desk.said["skip"]["4.txt"].value is True


def test_a_journal_of_a_later_version_is_not_worked_on(old):
    """Its decisions of a new kind would be passed over, and the next commit would take them for done."""
    journal = old / "Ann.jsonl"
    with journal.open("a") as file:
        file.write('{"n":8,"at":"2027-01-01T00:00:00Z","what":"box","items":{"0.txt":[1,2,3,4]}}\n')
    before = journal.read_bytes()
    people = People(old, print)
    with pytest.raises(DataError, match=re.escape("Ann.jsonl was written by a newer Gatera. Got: 'box'")):
        people.desk("Ann")
    assert journal.read_bytes() == before
    assert people.desk("Ben").n == 0


def test_a_lock_file():
    lock = read_lock(FIXTURE / "gatera.lock")
    assert [(each.name, each.sha256[:8], each.size, each.key) for each in lock.models] == [
        ("cats@v1", "ad00fa9f", 1406, None)
    ]
