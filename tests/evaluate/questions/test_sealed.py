from __future__ import annotations

import errno
import json
import os
from argparse import Namespace
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gatera.cli.measuring.several import what_to_measure
from gatera.core.errors import DataError, OutputExistsError
from gatera.evaluate.questions.sealed import TestSet, seal_folder


@pytest.fixture
def folder(tmp_path) -> Path:
    for name in ("cat/1.jpg", "cat/2.jpg", "dog/3.jpg", "labels.csv"):
        (tmp_path / "june" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "june" / name).write_text(name, encoding="utf-8")
    return tmp_path / "june"


def test_every_opening_is_counted_dated_and_names_its_programs(folder, tmp_path):
    (tmp_path / "a.gatera").write_bytes(b"a")
    sealed = seal_folder(folder)
    assert (sealed.path.name, sealed.count) == ("june.sealed", 4)
    assert sealed.sentence() == "The sealed test set june has never been opened."
    assert sealed.open(tmp_path / "a.gatera") == folder.resolve()
    TestSet(sealed.path).open("b.gatera")  # another run
    first, second = TestSet(sealed.path).openings
    assert first["programs"][0]["name"] == "a.gatera" and len(first["programs"][0]["sha256"]) == 64
    assert second["programs"] == [{"name": "b.gatera", "sha256": None}]
    assert "has been opened 2 times (2" in repr(sealed) and "The more often" in repr(sealed)


def test_a_changed_test_set_is_refused_and_the_changes_are_named(folder):
    sealed = seal_folder(folder)
    (folder / "cat" / "1.jpg").write_text("other", encoding="utf-8")
    (folder / "dog" / "3.jpg").unlink()
    (folder / "dog" / "4.jpg").write_text("new", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        sealed.open("a.gatera")
    assert str(caught.value) == (
        f"the test set {folder.resolve()} has changed since it was sealed: 1 changed (cat/1.jpg); 1 missing (dog/3.jpg); 1 new "
        "(dog/4.jpg). Restore its files. A new seal (gatera seal --force) makes it another test set, with no record of earlier "
        "openings."
    )
    assert sealed.openings == []


def test_a_photo_moved_to_another_class_is_a_change(folder):
    sealed = seal_folder(folder)
    (folder / "cat" / "1.jpg").rename(folder / "dog" / "1.jpg")
    with pytest.raises(DataError, match="1 missing"):
        sealed.check()


def test_seals_are_not_overwritten_and_stand_beside_their_folder(folder, tmp_path):
    seal_folder(folder)
    with pytest.raises(OutputExistsError):
        seal_folder(folder)
    seal_folder(folder, force=True)
    with pytest.raises(DataError, match="beside its folder"):
        seal_folder(folder, tmp_path / "elsewhere" / "x.sealed")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no files to seal"):
        seal_folder(tmp_path / "empty")


def test_a_file_that_is_no_seal_or_was_edited_is_refused(folder, tmp_path):
    with pytest.raises(DataError, match=r"cannot be read .*gatera seal FOLDER"):
        TestSet(tmp_path / "none.sealed")
    sealed = seal_folder(folder)
    content = json.loads(sealed.path.read_text())
    content["files"]["cat/1.jpg"] = "0" * 64
    sealed.path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="is not a seal, or was changed"):
        TestSet(sealed.path)


def test_names_in_another_form_and_what_systems_leave_are_no_change(folder):
    (folder / "cat" / "café.jpg").write_text("a", encoding="utf-8")
    sealed = seal_folder(folder)
    (folder / "cat" / "café.jpg").rename(folder / "cat" / "cafe\u0301.jpg")
    for name in ("Thumbs.db", ".DS_Store", "cat/desktop.ini"):
        (folder / name).write_bytes(b"x")
    (folder / "cat" / "1.jpg").touch()
    sealed.check()
    sealed.open("a.gatera")
    assert sealed.count == 5


def test_openings_cannot_be_edited_away(folder):
    sealed = seal_folder(folder)
    sealed.open("a.gatera")
    content = json.loads(sealed.path.read_text())
    sealed.path.write_text(json.dumps(content | {"openings": []}))
    with pytest.raises(DataError, match="is not a seal, or was changed"):
        TestSet(sealed.path)


def test_seals_of_the_first_format_open_and_are_written_in_the_new_one(folder):
    sealed = seal_folder(folder)
    content = json.loads(sealed.path.read_text())
    del content["record"]
    sealed.path.write_text(json.dumps(content | {"format": 1}))
    TestSet(sealed.path).open("a.gatera")
    content = json.loads(sealed.path.read_text())
    assert content["format"] == 2
    assert len(TestSet(sealed.path).openings) == 1


def test_of_openings_at_the_same_time_none_is_lost(folder):
    sealed = seal_folder(folder)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(sealed.open, [f"{i}.gatera" for i in range(16)]))
    assert len(sealed.openings) == 16


def test_links_that_lead_nowhere_are_an_error_that_names_them(folder):
    (link := folder / "gone.jpg").symlink_to(folder / "nothing.jpg")
    with pytest.raises(DataError) as err:
        seal_folder(folder)
    assert str(err.value) == (
        f"{link} cannot be read (No such file or directory), so changes to it could not be detected. "
        "Make it readable, or move it elsewhere."
    )
    (loop := folder.parent / "loop").symlink_to(loop)
    with pytest.raises(DataError, match="does not exist"):
        seal_folder(loop)


@pytest.mark.parametrize(
    ("names", "source"),
    [(["june.csv"], "june/june.csv"), (["a.csv", "b.csv"], "june"), (["labels.csv"], "june")],
)
def test_a_table_alone_in_its_folder_is_what_programs_are_measured_on(tmp_path, names, source):
    """Programs of rows take a table, so no sealed set could be measured."""
    (tmp_path / "june").mkdir()
    for name in names:
        (tmp_path / "june" / name).write_text("a,b\n1,2\n")
    test_set = seal_folder(tmp_path / "june")
    assert test_set.source == tmp_path / source
    options = Namespace(program=["a.gatera"], source=None, sealed=test_set.path, csv=False, report=None)
    assert what_to_measure(options)[1] == tmp_path / source


def test_a_folder_that_cannot_be_listed_is_not_left_out(folder, monkeypatch):
    """Of a test set whose folder dog was somebody else's, the other half was sealed, unsaid."""
    real = os.scandir

    def scandir(path):
        if str(path).endswith("dog"):
            raise OSError(errno.EACCES, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(DataError, match=r"dog cannot be listed \(Permission denied\)"):
        seal_folder(folder)
