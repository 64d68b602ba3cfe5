"""Labelling functions beside people who label the same items at the same time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gatera.core.errors import DataError
from gatera.labeling import LabelingFunction
from gatera.labeling.labelled import label_source, recall_source
from gatera.labeling.labels.place import keep_labels, labels_of
from gatera.labeling.save_labels import save_labels
from gatera.store.datasets.repository import DataRepository
from gatera.store.datasets.work import lock
from gatera.studio.places.repository import RepositoryPlace
from gatera.studio.places.table import TablePlace


@pytest.fixture
def repository(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text(name)
    made = DataRepository.init(tmp_path, lambda _: None)
    made.add("a.txt", "b.txt")
    made.commit("Texts")
    return made


def test_a_label_that_a_person_gave_meanwhile_stays(repository):
    """In a data repository the functions' label took its place."""
    before = labels_of(repository.root)
    rows = [replace(row, label="cat", source="function:f@01234567") for row in before.values()]
    rows.append(replace(rows[0], file="c.txt"))
    repository.label("dog", "a.txt")
    repository.commit("A dog")
    said = []
    keep_labels(repository.root, before, rows, on_line=said.append)
    assert [row.label for row in repository.rows()] == ["dog", "cat"]
    assert (
        "1 item got another label in the meantime, which stays, e.g. a.txt." in said and "1 file" in said[0]
    )


def test_the_studio_and_functions_share_a_lock_for_a_table_in_a_data_repository(repository, monkeypatch):
    table = repository.root / "t.csv"
    table.write_text("text\ngood\nbad\n")
    place = TablePlace(table, None, print)
    labelled = label_source([LabelingFunction(lambda text: "yes" if text == "good" else "no", "f")], table)
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.1)
    with lock.labels_alone(repository.root, print):
        for write in (
            lambda: place.write(["row 1"], lambda *_: {"label": "x"}, ""),
            lambda: save_labels(labelled, table),
        ):
            with pytest.raises(DataError, match="another process"):
                write()


def test_the_rows_of_a_data_repository_are_labelled(tmp_path):
    """It was refused: "holds nothing to label"."""
    (tmp_path / "said.csv").write_text(
        "id,text,stars,label\na,good,5,yes\nb,good film,4,\nc,bad,1,\nd,dull,2,\n"
    )
    data = DataRepository.init(tmp_path / "said", lambda _: None)
    data.add_rows(tmp_path / "said.csv")
    data.commit("Rows")
    quiet = {"on_line": lambda line: None}

    def praises(text):
        return "yes" if "good" in text else None

    def few_stars(row):
        return "no" if int(row["stars"]) < 3 else None

    for n in (2, 0):  # and nothing more the second time
        found = label_source([praises, few_stars], data.root, **quiet)
        assert found.gold == ["yes", None, None, None] and found.items.names == ["a", "b", "c", "d"]
        place, change = save_labels(found, data.root, **quiet)
        assert (place, change.person, change.added) == (data.root, 1, 3 if n else 0)
    rows = {row.file: (row.label, row.source.partition("@")[0], row.more) for row in data.rows()}
    assert rows["a"] == ("yes", "", ("good", "5"))
    assert rows["b"] == ("yes", "function:praises", ("good film", "4"))
    assert rows["d"] == ("no", "function:few_stars", ("dull", "2"))
    assert len(list(data.log())) == 2
    assert recall_source(data.root, **quiet).items.names == ["a", "b", "c", "d"]
    with pytest.raises(DataError, match=r"the items of .* are rows of a table"):
        RepositoryPlace(data.root, None, lambda line: None)
