from __future__ import annotations

import chapter
import pytest
from harness.session import Session


@pytest.mark.whole
def test_a_cell_of_the_chapter_answers_its_question(tmp_path):
    session = Session(tmp_path / "no-data", tmp_path / "out", repeats=1, quick=True)
    [line] = chapter.HEADS.measure(session)
    assert line.label == "median error / photo's width" and line.judged
    assert 0 < line.value < 1 and line.samples == {"gatera": [line.value]}
    assert line.facts["items"] == "22 to train on, 6 held out"
    assert line.facts["beside it"].startswith("breeds held out; always the mean position 0.")


def test_the_data_home_leads_to_the_data(tmp_path):
    (tmp_path / "data" / "coco_tiny").mkdir(parents=True)
    session = Session(tmp_path / "data", tmp_path / "out", repeats=1)
    for _ in range(2):  # a second run finds the link of the first
        home = chapter._home(session, "things")
    assert (home / "data" / "coco_tiny").resolve() == (tmp_path / "data" / "coco_tiny").resolve()
