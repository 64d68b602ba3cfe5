"""Files that were swapped or numbered anew: a label stays with its bytes, not with the name."""

from __future__ import annotations

import os

import pytest

from gatera.store.datasets import labelling
from gatera.store.datasets.merging import MergeConflictError


def labels(data):
    return {(data.root / row.file).read_text(): row.label for row in data.rows()}


@pytest.fixture
def named(data):
    """Each item has a label of its own."""
    for row in data.rows():
        data.label((data.root / row.file).read_text(), row.file)
    data.commit("Names")
    return data


def test_labels_go_with_the_bytes_of_swapped_and_renumbered_files(named):
    root = named.root
    (root / "cat/1.jpg").rename(root / "x")
    (root / "dog/1.jpg").rename(root / "cat/1.jpg")
    (root / "x").rename(root / "dog/1.jpg")
    (root / "cat/3.jpg").rename(root / "cat/4.jpg")
    (root / "cat/2.jpg").rename(root / "cat/3.jpg")
    (root / "dog/2.jpg").rename(root / "dog/3.jpg")  # over another, which is gone
    added = named.add()
    assert len(added.moved) == 5 and not added.changed and not added.new
    assert all(text == label for text, label in labels(named).items()) and len(labels(named)) == 5
    assert any("labels go with the bytes" in note for note in named.said)
    named.commit("Other names")
    assert named.status().is_clean


@pytest.mark.parametrize("by", ["Ben", None])
def test_swapped_files_keep_who_labelled_them(data, monkeypatch, by):
    monkeypatch.setattr(labelling, "now", lambda: "2026-01-01T00:00:00Z")
    for name, label in (("cat/1.jpg", "wolf"), ("dog/1.jpg", "fox")):  # in one second
        data.label(label, name, by=by)
    data.commit("Two labels")
    (data.root / "cat/1.jpg").rename(data.root / "x")
    (data.root / "dog/1.jpg").rename(data.root / "cat/1.jpg")
    (data.root / "x").rename(data.root / "dog/1.jpg")
    assert data.status().changed == ["cat/1.jpg", "dog/1.jpg"]  # which hashes them
    data.add()
    data.commit("Swapped")
    assert not [note for note in data.said if "edited in the table" in note or "object store" in note]
    assert {(row.by, row.at) for row in data.rows() if row.label in ("wolf", "fox")} == {
        (by or "Ann", "2026-01-01T00:00:00Z")
    }


def test_a_file_that_status_looked_at_is_no_file_that_git_left_behind(data):
    (data.root / "cat/1.jpg").write_bytes(b"edited")
    os.utime(data.root / "cat/1.jpg", (10**9, 10**9))  # old enough for its time to tell
    assert data.status().changed == ["cat/1.jpg"]
    assert data.add().changed == ["cat/1.jpg"] and not [note for note in data.said if "git" in note]


def test_an_edited_file_keeps_its_label(named):
    root = named.root
    (root / "cat/1.jpg").write_text("new")
    (root / "cat/2.jpg").write_text("dog 1")  # a copy: the dog is still there
    (root / "dog/2.jpg").write_text("same")
    (root / "dog/3.jpg").write_text("same")
    added = named.add()
    assert sorted(added.changed) == ["cat/1.jpg", "cat/2.jpg", "dog/2.jpg", "dog/3.jpg"] and not added.moved
    assert {row.file: row.label for row in named.rows()}["cat/2.jpg"] == "cat 2"


def test_masks_that_are_alike_are_not_moved_photos(data):
    root = data.root
    for number in (1, 2):
        for folder in ("images", "masks"):
            (root / folder).mkdir(exist_ok=True)
            (root / folder / f"{number}.png").write_text(f"{folder} {number}")
    data.add()
    before = {row.file: row.more for row in data.rows()}
    assert before["masks/1.png"] == ("images/1.png",)
    (root / "masks/1.png").write_text("masks 2")
    (root / "masks/2.png").write_text("masks 1")
    (root / "images/1.png").write_text("images 2")
    (root / "images/2.png").write_text("images 1")
    data.add()
    assert {row.file: row.more for row in data.rows()} == before


def test_what_one_side_says_of_a_name_is_not_given_to_another_item(data):
    root = data.root
    data.checkout("ben", new_branch=True)
    (root / "cat/3.jpg").rename(root / "cat/4.jpg")
    (root / "cat/2.jpg").rename(root / "cat/3.jpg")
    (root / "cat/1.jpg").rename(root / "cat/2.jpg")
    data.add()
    data.commit("Numbers from 2 on")
    data.checkout("main")
    data.label("fox", "cat/2.jpg")
    data.commit("A fox")
    for rule in (None, "mine", "theirs"):  # no rule knows that the fox is cat/3.jpg now
        with pytest.raises(MergeConflictError, match="the name belongs to another item on one side"):
            data.merge("ben", rule=rule)
    data.merge("ben", answers={"cat/2.jpg": "theirs"})
    data.label("fox", "cat/3.jpg")
    assert labels(data)["cat 2"] == "fox" and labels(data)["cat 1"] == "cat"


def test_a_person_who_confirms_a_label_counts_where_the_other_side_changed_something_else(data):
    data.label("cat", "cat/1.jpg", source="function:f@1", by="Ann", replace=True)
    data.commit("A function's")
    data.checkout("ben", new_branch=True)
    data.label("cat", "cat/1.jpg", by="Ben")
    data.commit("It is a cat")
    data.checkout("main")
    data.label(None, "cat/1.jpg", split="valid")
    data.commit("A side")
    data.merge("ben")
    row = next(data.rows())
    assert (row.label, row.giver, row.split) == ("cat", "Ben", "valid")
