"""`gatera predict PROGRAM DATA@COMMIT`: the files or rows of a commit of a data repository."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gatera.cli.given.commits import with_commits
from gatera.core.errors import ArgumentError
from gatera.store import DataRepository


def quiet(text):
    pass


def test_the_photos_of_a_commit_are_predicted(gatera, program, cat, dog, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pets").mkdir()
    shutil.copy(cat, "pets/1.jpg")
    data = DataRepository.init("pets", on_note=quiet)
    data.add()
    data.commit("A cat")
    shutil.copy(dog, "pets/2.jpg")
    data.add()
    data.commit("And a dog")
    status, out, err = gatera("predict", str(program), "pets@HEAD~1", "--json")
    (line,) = out.splitlines()
    assert status == 0 and json.loads(line)["file"].endswith("pets/1.jpg") and "data commit" in err
    assert len(gatera("predict", str(program), "pets@main", "--json")[1].splitlines()) == 2
    assert "there is no commit 'nothing'" in gatera("predict", str(program), "pets@nothing")[2]


def test_the_rows_of_a_repository_are_a_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text("id,age,label\na,20,yes\nb,30,no\n")
    data = DataRepository.init("rows", on_note=quiet)
    data.add_rows("people.csv")
    data.commit("Two")
    said = []
    (table,) = with_commits(["rows@main"], said.append, of_rows=True)
    assert (
        table.endswith(".csv")
        and Path(table).read_text().count("\n") == 3
        and said[0].startswith("data commit")
    )
    assert with_commits(["rows"], quiet, of_rows=True)[0].endswith(".csv")
    with pytest.raises(ArgumentError, match="there is no commit"):
        with_commits(["rows@nothing"], quiet)


def test_other_words_stay_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    DataRepository.init("rows", on_note=quiet)
    (tmp_path / "plain").mkdir()
    words = [
        "me@home",
        "rows",
        "rows@home is a text",
        "plain@main",
        "https://a.b/c@d",
        '{"a": "b@c"}',
        "-",
        "",
        "@",
    ]
    assert with_commits(words, quiet) == words
