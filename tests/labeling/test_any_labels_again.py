"""Labels of functions, given again after others: counted votes give what they give at once, and people's labels stay."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gatera.labeling import ABSTAIN, LabelingFunction
from gatera.labeling.labelled import label_source
from gatera.labeling.save_labels import save_labels

ITEMS = 6
VOTES = st.lists(st.sampled_from(["cat", "dog", "fox", ABSTAIN]), min_size=ITEMS, max_size=ITEMS)
FUNCTIONS = st.lists(VOTES, min_size=2, max_size=3).filter(
    lambda votes: len({each for column in votes for each in column} - {ABSTAIN}) > 1
)


def function_of(number, votes):
    said = {f"text {place}": vote for place, vote in enumerate(votes) if vote is not ABSTAIN}
    return LabelingFunction(lambda text: said.get(text, ABSTAIN), f"f{number}")


def labelled(table, functions, majority):
    made = [function_of(number, votes) for number, votes in enumerate(functions)]
    quiet = {"on_line": lambda text: None}
    path, _ = save_labels(label_source(made, table, majority=majority, **quiet), table, **quiet)
    with path.open(newline="", encoding="utf-8") as file:
        return [row["label"] for row in csv.DictReader(file)]


def written(folder, people):
    path = Path(folder, "t.csv")
    path.write_text("text,label\n" + "".join(f"text {i},{label}\n" for i, label in enumerate(people)))
    return path


@settings(max_examples=20)
@given(
    st.lists(st.tuples(FUNCTIONS, st.booleans()), max_size=3),
    FUNCTIONS,
    st.lists(st.sampled_from(["", "", "cat", "wolf"]), min_size=ITEMS, max_size=ITEMS),
)
def test_counted_votes_give_the_same_whatever_was_labelled_before(earlier, last, people):
    """Other functions and the model may have labelled before; a person's label is never changed."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        table = written(one, people)
        for functions, majority in earlier:
            labelled(table, functions, majority)
        found = labelled(table, last, True)
        assert found == labelled(written(other, people), last, True)
        assert all(label in ("", given_label) for label, given_label in zip(people, found, strict=True))
        votes = np.array(last, dtype=object).T
        for row, label, given_label in zip(votes, people, found, strict=True):
            counts = {name: (row == name).sum() for name in ("cat", "dog", "fox")}
            assert label or counts.get(given_label, 0) == max(counts.values())
