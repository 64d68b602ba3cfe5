"""Only what both sides changed, and differently, is a conflict."""

from __future__ import annotations

import pytest

from gatera.core.errors import ArgumentError
from gatera.measure.agreement import agreement
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.labels.sheets import Sheet
from gatera.store.datasets.labels.three_way import merge_sheets, settle
from gatera.store.datasets.merging import MergeConflictError

BASE = Row("1", "h", "cat", note="old", by="Ann", at="2026-01-01T00:00:00Z", more=("30", "red"))


def merged(base, mine, theirs, extra=("age", "colour")):
    sheets = []
    for row in (base, mine, theirs):
        made = Sheet({}, extra)
        made.put([] if row is None else [row])
        sheets.append(made)
    return merge_sheets(*sheets)


def test_what_one_side_changed_is_taken():
    theirs = BASE._replace(label="dog", by="Ben")
    assert merged(BASE, BASE, theirs).rows == {"1": theirs}
    assert merged(BASE, BASE, None).rows == {"1": None} and merged(None, None, BASE).rows == {"1": BASE}
    assert merged(BASE, theirs, BASE).rows == {} == merged(BASE, theirs, theirs).rows


def test_different_cells_of_one_row_are_joined():
    mine = BASE._replace(label="dog", by="Ben", at="2026-02-02T00:00:00Z", more=("31", "red"))
    theirs = BASE._replace(note="blurred", more=("30", "blue"))
    found = merged(BASE, mine, theirs)
    assert not found.conflicts
    assert found.rows == {"1": mine._replace(note="blurred", more=("31", "blue"))}
    assert merged(BASE, theirs, mine).rows == found.rows


def test_the_same_label_of_two_people_is_no_conflict():
    found = merged(BASE, BASE._replace(label="dog", by="Ann"), BASE._replace(label="dog", by="Ben"))
    assert found.rows == {} and not found.conflicts


NONE = Row("1", "h")
BY_RULE = Row(
    "1",
    "h",
    "pos",
    source="function:f@12345678",
    by="Ann",
    at="2026-02-01T00:00:00Z",
    note="p=0.998; also g@12345678",
)
BY_BEN = Row("1", "h", "pos", by="Ben", at="2026-01-31T00:00:00Z")


def test_the_word_of_a_person_is_kept_where_a_function_says_the_same():
    """The function's stayed: it was no known label any more, and the next functions might change it."""
    assert merged(NONE, BY_RULE, BY_BEN, ()).rows == {"1": BY_BEN}
    assert merged(NONE, BY_BEN, BY_RULE, ()).rows == {}
    noted = BY_BEN._replace(note="sure")
    assert merged(NONE, BY_RULE, noted, ()).rows == {"1": noted}
    taken = BY_BEN._replace(
        source="program:cats@12345678"
    )  # a guess that a person took in the studio: a known label for functions
    assert merged(NONE, BY_RULE, taken, ()).rows == {"1": taken}
    assert merged(NONE, taken, BY_RULE, ()).rows == {}
    assert merged(NONE, taken, BY_BEN, ()).rows == {"1": BY_BEN}


def test_what_a_person_confirmed_is_not_changed_by_a_function_unasked():
    before = BY_RULE._replace(at="2026-01-01T00:00:00Z")
    again = BY_RULE._replace(label="neg", source="function:f@87654321")
    for mine, theirs in ((BY_BEN, again), (again, BY_BEN)):
        found = merged(before, mine, theirs, ())
        assert [each.columns for each in found.conflicts] == [("label",)]
        assert settle(found, "person", {}) == [] and found.rows["1"] == BY_BEN
    # as where a commit of labels by functions is reverted
    found = merged(before, BY_BEN, NONE, ())
    assert [each.words() for each in found.conflicts] == ["label: pos (by Ben) or (none), was pos"]
    assert settle(found, "person", {}) == [] and found.rows["1"] == BY_BEN
    # a person who gives another one is not asked
    fox = BY_BEN._replace(label="fox")
    assert merged(before, again._replace(label="pos"), fox, ()).rows == {"1": fox}


def test_a_person_wins_over_a_function_and_not_over_another_person():
    """The current branch's stood, unsaid, though its help says that a person wins over a function."""
    ann = BY_BEN._replace(label="neg", by="Ann")
    found = merged(NONE, ann, BY_BEN, ())
    assert settle(found, "person", {}) == found.conflicts and not found.rows
    assert settle(found, "person", {"1": "theirs"}) == [] and found.rows["1"] == BY_BEN
    found = merged(BY_RULE, NONE, BY_RULE._replace(label="neg"), ())  # a label that somebody removed
    assert settle(found, "person", {}) == []
    for mine, theirs in ((ann, NONE), (NONE, ann)):  # Ann gave another, and a commit was reverted
        found = merged(BY_RULE, mine, theirs, ())
        assert settle(found, "person", {}) == [] and found.rows["1"] == ann
    newer = BY_RULE._replace(label="neg", source="function:other@99999999")
    found = merged(NONE, newer, BY_RULE, ())  # nobody's: the current branch's label stood, unsaid
    assert settle(found, "person", {}) == found.conflicts and len(found.conflicts) == 1


def test_odds_go_with_the_label_of_their_function():
    """They stayed beside the label that a person gave; and two runs of rules were in conflict about them, item by item."""
    ben = BY_BEN._replace(label="neg")
    for mine, theirs in ((BY_RULE, ben), (ben, BY_RULE)):
        for answer, row in (
            ("neg", ben),
            ("pos", BY_RULE),
            ("fox", Row("1", "h", "fox", by=mine.by, at=mine.at)),
        ):
            found = merged(NONE, mine, theirs, ())
            assert found.conflicts[0].columns == ("label",)
            assert settle(found, None, {"1": answer}) == [] and found.rows["1"] == row
    other = BY_RULE._replace(source="function:g@12345678", note="p=0.900")
    found = merged(NONE, BY_RULE, other, ())
    assert not found.conflicts and found.rows == {}


def test_different_labels_are_a_conflict_that_is_settled_by_rule_or_answer():
    mine = BASE._replace(label="dog", by="Ann", at="2026-03-01T00:00:00Z", note="mine")
    theirs = BASE._replace(label="fox", by="Ben", at="2026-02-01T00:00:00Z", source="function:f@12345678")
    answers = {
        ("mine", None): "dog", ("theirs", None): "fox", ("newest", None): "dog", ("person", None): "dog", (None, "theirs"): "fox", (None, "wolf"): "wolf",
        ("mine", "theirs"): "fox",
    }  # fmt: skip
    for (rule, answer), label in answers.items():
        found = merged(BASE, mine, theirs)
        assert [conflict.words() for conflict in found.conflicts] == [
            "label: dog (by Ann) or fox (by f@12345678), was cat"
        ]
        assert settle(found, rule, {"1": answer} if answer else {}) == []
        row = found.rows["1"]
        assert (row.label, row.note) == (label, "mine")
        assert row.source == ("function:f@12345678" if label == "fox" else "")
    found = merged(BASE, mine, theirs)
    assert settle(found, None, {}) == found.conflicts
    with pytest.raises(ArgumentError, match=r"2 is not in conflict. Available: 1."):
        settle(found, None, {"2": "mine"})


def test_removed_here_and_changed_there_is_a_conflict():
    theirs = BASE._replace(label="fox")
    found = merged(BASE, None, theirs)
    assert found.conflicts[0].words() == "removed here, changed there (fox)"
    with pytest.raises(
        ArgumentError, match=r"1 was removed on one side. Got: 'wolf'. Expected: mine or theirs."
    ):
        settle(found, None, {"1": "wolf"})
    assert settle(found, "newest", {}) == [] and found.rows == {"1": theirs}
    assert settle(merged(BASE, theirs, None), "theirs", {}) == []


def test_columns_that_only_one_side_has_are_kept():
    mine, theirs = Sheet(), Sheet({}, ("age",))
    mine.put([Row("1", label="cat")])
    theirs.put([Row("1", label="cat", more=("3",))])
    base = Sheet()
    base.put([Row("1", label="cat")])
    found = merge_sheets(base, mine, theirs)
    assert found.extra == ("age",) and found.rows == {"1": Row("1", label="cat", more=("3",))}


@pytest.mark.parametrize("dropped_by", ["mine", "theirs"])
def test_a_column_that_one_side_dropped_does_not_come_back_empty(dropped_by):
    base, one, other = Sheet({}, ("age", "shop")), Sheet({}, ("age",)), Sheet({}, ("age", "shop"))
    base.put([Row("1", label="cat", more=("3", "x")), Row("2", more=("4", "y"))])
    one.put([Row("1", label="cat", more=("3",)), Row("2", more=("4",))])
    other.put([Row("1", label="dog", more=("3", "x")), Row("2", more=("4", "q"))])
    mine, theirs = (one, other) if dropped_by == "mine" else (other, one)
    found = merge_sheets(base, mine, theirs)
    assert [each.columns for each in found.conflicts] == [("shop",)]
    assert settle(found, dropped_by, {}) == []
    found.put_into(mine)
    assert mine.extra == ("age",)
    assert mine.row("1") == Row("1", label="dog", more=("3",)) and mine.row("2") == Row("2", more=("4",))


def test_mine_and_theirs_are_the_sides_where_a_label_is_called_so_too():
    mine = BASE._replace(label="rock", by="Ann", at="2026-02-02T00:00:00Z")
    theirs = BASE._replace(label="mine", by="Ben", at="2026-02-03T00:00:00Z")
    for rule, answers, label in (("mine", {}, "rock"), ("theirs", {}, "mine"), (None, {"1": "mine"}, "rock")):
        found = merged(BASE, mine, theirs)
        assert settle(found, rule, answers) == []
        assert (found.rows["1"] or mine).label == label


def test_the_order_of_several_labels_means_nothing(data):
    """Two people who said the same were in conflict, and `agree` counted it as a disagreement."""
    data.checkout("ben", new_branch=True)
    data.label("red;round", "cat/1.jpg", "cat/2.jpg", by="Ben")
    data.commit("Ben")
    data.checkout("main")
    data.label("round;red", "cat/1.jpg")
    data.label("round", "cat/2.jpg")
    data.commit("Ann")
    found = agreement(data.labels_apart("main", "ben"))
    assert (found.n, list(found.disputed)) == (2, ["cat/2.jpg"])
    with pytest.raises(MergeConflictError) as caught:
        data.merge("ben")
    assert [each.file for each in caught.value.conflicts] == ["cat/2.jpg"]
    data.merge("ben", "mine")
    assert [row.label for row in data.rows()][:2] == ["round;red", "round"]


def test_agreement_of_people_leaves_out_what_functions_said(data):
    """Their labels counted as those of the person on whose branch they were."""
    data.checkout("ben", new_branch=True)
    data.label("fox", "cat/1.jpg", "cat/2.jpg", by="Ben")
    data.commit("Ben")
    data.checkout("main")
    data.label("dog", "cat/1.jpg")
    data.label("fox", "cat/2.jpg", source="function:f@12345678", replace=True)
    data.commit("Ann and a rule")
    assert data.labels_apart("main", "ben")["main"] == {"cat/1.jpg": "dog"}
    assert data.said[-1] == "1 label of functions on main is not compared: agreement is that of people."
    data.label("fox", "cat/1.jpg", source="function:f@12345678", replace=True)
    data.commit("A rule alone")
    assert len(data.labels_apart("main", "ben")["main"]) == 2
