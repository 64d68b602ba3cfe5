"""What one side moved is still the same item for the other, and comes once."""

from __future__ import annotations

import hashlib

import pytest

from gatera.store.datasets.labels import changes
from gatera.store.datasets.labels.changes import Change, summarise, with_moves
from gatera.store.datasets.labels.moves import follow_moves
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.labels.sheets import Sheet
from gatera.store.datasets.labels.three_way import Parts, merge_sheets, settle

CAT = Row("old", hashlib.sha256(b"cat").hexdigest(), "cat", by="Ann", at="2026-01-01T00:00:00Z")
OTHER = Row("z", hashlib.sha256(b"z").hexdigest(), "dog")


def brought_together(mine, theirs, their_names=False):
    """Merge sheets that began with CAT and OTHER; returns the labels after it, the conflicts and what was followed."""
    sheets = []
    for rows in ([CAT, OTHER], mine, theirs):
        made = Sheet()
        made.put(rows)
        sheets.append(made)
    merged, own = merge_sheets(*sheets), sheets[1]
    done = follow_moves(Parts({"": (merged, own)}, lambda name: "", lambda part: own), list, their_names)
    settle(merged, None, {})
    merged.put_into(own)
    return {row.file: row.label for row in own.rows()}, [each.words() for each in merged.conflicts], done


def moved(to, **changed):
    return [CAT._replace(file=to, **changed), OTHER]


def test_a_label_follows_its_item_to_the_new_name():
    dog = CAT._replace(label="dog", by="Ben")
    for mine, theirs in ((moved("new"), [dog, OTHER]), ([dog, OTHER], moved("new"))):
        after, conflicts, done = brought_together(mine, theirs)
        assert after == {"new": "dog", "z": "dog"} and not conflicts and done.moved == {"old": "new"}
    after, conflicts, _ = brought_together(moved("new", label="fox"), [dog, OTHER])
    assert conflicts == ["label: fox (by Ann) or dog (by Ben), was cat"]
    assert brought_together(moved("new"), [CAT, OTHER])[2][:2] == ({}, {})  # only moved


@pytest.mark.parametrize(("their_names", "kept"), [(False, "here"), (True, "there")])
def test_an_item_that_both_moved_comes_once(their_names, kept):
    after, conflicts, done = brought_together(moved("here"), moved("there", label="fox"), their_names)
    assert after == {kept: "fox", "z": "dog"} and not conflicts and done.twice["old"][0] == kept
    assert "one name is kept" in done.sentences()[0]


def test_removing_what_the_other_side_moved_is_a_conflict():
    assert brought_together([OTHER], moved("new"))[1] == ["removed here, moved there (cat)"]
    assert brought_together(moved("new"), [OTHER])[1] == ["moved here, removed there (cat)"]


def test_a_name_that_another_item_has_is_left_to_the_person():
    mine = [*moved("new"), CAT._replace(file="there", sha256="f" * 64)]
    assert brought_together(mine, moved("there"))[1]


def test_moves_are_followed_in_a_merge_and_a_revert(four_cats):
    data = four_cats
    data.checkout("ben", new_branch=True)
    (data.root / "cat/1.jpg").rename(data.root / "cat/ben.jpg")
    (data.root / "dog/1.jpg").rename(data.root / "dog/ben.jpg")
    data.add()
    data.commit("Ben's names")
    data.checkout("main")
    (data.root / "dog/1.jpg").rename(data.root / "dog/main.jpg")
    data.add()
    data.label("fox", "cat/1.jpg")
    data.commit("A fox")
    data.merge("ben")
    after = {row.file: row.label for row in data.rows()}
    assert after["cat/ben.jpg"] == "fox" and len(after) == 7
    assert {"cat/1.jpg", "dog/1.jpg", "dog/ben.jpg"}.isdisjoint(after) and data.status().is_clean
    assert any("both sides moved" in note for note in data.said)
    data.label("wolf", "cat/ben.jpg")
    data.commit("A wolf")
    data.revert("ben")  # the names go back, the label stays
    assert {row.file: row.label for row in data.rows()}["cat/1.jpg"] == "wolf"
    count = len(data.log())
    assert data.revert("ben").commit is None and len(data.log()) == count  # all of it is undone already
    steps = [step.change.words for step in data.blame("cat/1.jpg")]
    assert steps == ["moved from cat/ben.jpg", "fox -> wolf", "moved from cat/1.jpg", "cat -> fox", "added"]


def test_a_move_is_said_in_the_sentences(four_cats):
    """It was "2 added, 2 removed; by Ann", as if she had given the labels, where git says "renamed"."""
    data = four_cats
    (data.root / "cat" / "1.jpg").rename(data.root / "cat" / "ben.jpg")
    (data.root / "cat" / "2.jpg").rename(data.root / "cat" / "zoe.jpg")
    data.add(removed=True)
    assert data.status().summary.sentence() == "2 moved" and not data.status().is_clean
    data.label("fox", "cat/zoe.jpg")
    assert data.status().summary.sentence().startswith("1 cat -> fox, 1 moved; by ")
    data.commit("Move")
    data._work.cache._try(lambda base: base.execute("DELETE FROM commits") and base.commit(), None)
    assert data.log()[0].sentence.startswith("1 cat -> fox, 1 moved; by ")
    for name, words in (
        ("cat/ben.jpg", "moved from cat/1.jpg"),
        ("cat/zoe.jpg", "moved from cat/2.jpg, cat -> fox"),
    ):
        assert [step.change.words for step in data.blame(name)] == [words, "added"]


def test_what_else_is_new_of_a_moved_item_is_said(four_cats):
    """It was "1 moved", where the split was another one, too."""
    data = four_cats
    (data.root / "cat" / "1.jpg").rename(data.root / "cat" / "ben.jpg")
    data.add(removed=True)
    part = next(path for path in data.root.rglob("*.csv") if "cat/ben.jpg," in path.read_text())
    line = next(line for line in part.read_text().splitlines() if line.startswith("cat/ben.jpg,"))
    cells = line.split(",")
    part.write_text(part.read_text().replace(line, ",".join([*cells[:3], "test", *cells[4:]])))
    assert data.status().summary.sentence() == "1 moved, with another split"
    assert data.status().summary.total == 1
    data.commit("Move")
    assert data.log()[0].sentence == "1 moved, with another split"
    steps = [step.change.words for step in data.blame("cat/ben.jpg")]
    assert steps == ["moved from cat/1.jpg, split (none) -> test", "added"]


def test_other_columns_and_very_many_are_not_taken_for_moves(monkeypatch):
    rows = [Row(f"{side}/{i}.jpg", f"{i:064x}", "cat") for side in "ab" for i in range(3)]
    ends = [Change(row, None) for row in rows[:3]] + [Change(None, row) for row in rows[3:]]
    assert (
        summarise(ends).sentence() == "3 moved"
        and next(c.words for c in with_moves(ends)) == "moved from a/0.jpg"
    )
    wider = [*ends[:3], *(Change(None, change.after, ("site",)) for change in ends[3:])]
    assert summarise(wider).sentence() == "3 added, 3 removed"
    monkeypatch.setattr(changes, "MOST_MOVED", 4)
    assert summarise(ends).sentence() == "3 added, 3 removed"
    assert with_moves([]) == []
