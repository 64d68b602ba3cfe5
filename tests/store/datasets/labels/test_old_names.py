"""A label that one side renamed and the other still gives is named after the merge."""

from __future__ import annotations

import pytest

from gatera.store.datasets.labels.old_names import labels_of
from gatera.store.datasets.labels.rows import Row, line_of
from gatera.store.datasets.labels.sheets import Sheet
from gatera.store.datasets.merging import MergeConflictError


def test_a_renamed_label_that_comes_back_is_said(four_cats):
    data = four_cats
    data.checkout("ben", new_branch=True)
    (data.root / "cat/5.jpg").write_bytes(b"cat 5")
    data.add(label="cat")
    data.label("fox", "dog/1.jpg")
    data.commit("Another cat, a fox")
    data.checkout("main")
    data.rename_label("cat", "large cat")
    data.commit("A clearer name")
    data.said.clear()
    data.merge("ben")
    assert data.said == [
        "The label 'cat' became 'large cat' on one side, and 1 item of the other still has it, so both exist now. If they are the same: gatera data label --rename 'cat=large cat'"
    ]
    data.said.clear()
    data.checkout("ben")
    data.label("dog", "cat/1.jpg")  # one cat of several: nothing was renamed
    data.label("dog", "dog/1.jpg")
    data.commit("No fox")
    data.merge("main", rule="mine")
    assert not any("became" in note and "'fox'" in note for note in data.said)


def test_a_renamed_label_does_not_outweigh_what_the_other_side_said_of_an_item(data):
    data.checkout("ben", new_branch=True)
    data.label("fox", "cat/1.jpg", by="Ben")
    data.commit("A fox")
    data.checkout("main")
    data.rename_label("cat", "feline")
    data.commit("A clearer name")
    data.checkout("other", new_branch=True)
    data.said.clear()
    data.merge("ben")
    after = {row.file: (row.label, row.by) for row in data.rows()}
    assert after["cat/1.jpg"] == ("fox", "Ben") and after["cat/2.jpg"] == ("feline", "Ann")
    assert data.said == [
        "1 item whose label one side only renamed: the other side's label counts, e.g. cat/1.jpg is fox."
    ]
    data.checkout("ben")
    data.merge("main")
    assert {row.file: (row.label, row.by) for row in data.rows()} == after
    data.checkout("main")
    data.label("wolf", "cat/1.jpg")
    data.commit("A wolf")
    with pytest.raises(MergeConflictError, match="wolf"):
        data.merge("other")  # both said something of the item


@pytest.mark.parametrize("by_git", [False, True], ids=["", "committed by git itself"])
def test_a_label_that_both_sides_renamed_is_a_conflict(data, by_git):
    data.checkout("ben", new_branch=True)
    data.rename_label("cat", "kitten")
    if by_git:
        data._work.git.run("commit", "-qam", "Ben's name")
    else:
        data.commit("Ben's name")
    data.checkout("main")
    data.rename_label("cat", "feline")
    data.commit("Ann's name")
    assert data.said == []  # nobody edited the table: who labelled the cats, and when, stays
    with pytest.raises(MergeConflictError) as error:
        data.merge("ben")
    assert len(error.value.conflicts) == 3


def test_a_rename_counts_until_git_puts_the_table_back(data):
    data.rename_label("cat", "kitten")
    data.rename_label("kitten", "small cat")
    data._work.git.run("checkout", "--", "labels.csv")
    data.rename_label("cat", "feline")
    data.rename_label("feline", "large cat")
    before = {row.file: row.at for row in data.rows()}
    data.commit("A clearer name")
    assert data.said == [] and {row.file: row.at for row in data.rows()} == before


def test_labels_are_counted_where_a_name_or_a_label_is_in_quotes():
    rows = [
        Row("a, b.jpg", "0" * 64, "large, cat"),
        Row("c.jpg", "1" * 64, "cat;dog"),
        Row("d.jpg", "2" * 64, "cat"),
    ]
    sheet = Sheet({row.file: line_of(row) for row in rows})
    assert labels_of(sheet) == {"large, cat": 1, "cat": 2, "dog": 1}
