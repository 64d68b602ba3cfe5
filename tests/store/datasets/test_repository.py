"""A data repository from its beginning: files are kept, labels are committed, and both come back."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time

import pytest

from gatera.core.errors import ArgumentError, DataError
from gatera.store import DataRepository
from gatera.store.datasets import checking, labelling, merging
from gatera.store.datasets.labels.changes import Change, summarise
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.labels.sheets import Sheet
from gatera.store.datasets.work import lock
from gatera.store.datasets.work.git import _error as git_error
from gatera.store.objects import CHUNK


def git(data, *arguments):
    return subprocess.run(
        ["git", "-C", data.root, *arguments], capture_output=True, text=True, check=True
    ).stdout


def labels(data, commit=None):
    return {row.file: row.label for row in data.rows(commit)}


def test_files_become_items_with_the_labels_of_their_folders(data):
    assert repr(data) == f"DataRepository({str(data.root)!r})"
    rows = list(data.rows())
    assert [row.file for row in rows] == [
        "cat/1.jpg",
        "cat/2.jpg",
        "cat/3.jpg",
        "dog/1.jpg",
        "dog/2.jpg",
        "dog/3.jpg",
    ]
    assert [row.label for row in rows] == ["cat"] * 3 + ["dog"] * 3 and {row.by for row in rows} == {"Ann"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row.at) for row in rows)
    assert data.read(rows[0].sha256) == b"cat 1"
    assert data.status().is_clean and data.verify().problems == []
    assert (
        git(data, "status", "--porcelain") == ""
        and git(data, "ls-files") == ".gitattributes\n.gitignore\nlabels.csv\n"
    )


def test_what_is_decided_is_said(tmp_path, open_data):
    (tmp_path / "new/cat").mkdir(parents=True)
    (tmp_path / "new/dog/train").mkdir(parents=True)
    for name in ("cat/1.jpg", "cat/2.jpg", "dog/train/1.jpg", "cat/A.jpg", "cat/a.jpg"):
        (tmp_path / "new" / name).write_bytes(b"" if name == "cat/2.jpg" else name[:5].encode())
    (tmp_path / "new/cat/link.jpg").symlink_to("1.jpg")
    DataRepository.init(tmp_path / "new", on_note=lambda text: None)
    data = open_data(tmp_path / "new")
    added = data.add()
    assert added.sentence() == "5 added." and data.add().sentence() == "Nothing new."
    assert labels(data)["dog/train/1.jpg"] == "dog" and [row.split for row in data.rows()].count("train") == 1
    assert data.said == [
        "Labels are taken from the names of the folders: cat/1.jpg -> cat (2 labels), and the split from train (to change: label_from_folders=False).",
        "git ignores the files themselves (.gitignore); it keeps labels.csv, and .gatera/objects keeps the files.",
        "1 file is empty: cat/2.jpg.",
        "cat/A.jpg and cat/a.jpg differ only in upper and lower case: on Windows and macOS one replaces the other. Rename one.",
        "cat/link.jpg was left out: it is a symbolic link, not a file.",
        "cat/link.jpg was left out: it is a symbolic link, not a file.",
    ]
    later = time.time() + 5
    os.utime(tmp_path / "new/cat/2.jpg", (later, later))  # it is read again, and as empty as it was
    assert data.add().sentence() == "Nothing new." and sum("empty" in line for line in data.said) == 1


def test_one_folder_tells_no_classes(tmp_path, open_data):
    (tmp_path / "new/all").mkdir(parents=True)
    (tmp_path / "new/all/1.jpg").write_bytes(b"1")
    DataRepository.init(tmp_path / "new", on_note=lambda text: None)
    data = open_data(tmp_path / "new")
    data.add()
    assert labels(data) == {"all/1.jpg": ""} and data.said[0] == (
        "All new files are in one folder, 'all', so they have no labels yet (to take its name: gatera data label all all)."
    )
    (tmp_path / "new/all/2.jpg").write_bytes(b"2")
    data.add("all", label_from_folders=True)
    (tmp_path / "new/3.jpg").write_bytes(b"3")
    data.add("3.jpg", label="fox", by="Ben")
    assert labels(data) == {"3.jpg": "fox", "all/1.jpg": "", "all/2.jpg": "all"}


def test_changed_moved_and_missing_files_are_seen(data):
    (data.root / "cat/1.jpg").write_bytes(b"another")
    (data.root / "cat/2.jpg").rename(data.root / "moved.jpg")
    (data.root / "dog/1.jpg").unlink()
    (data.root / "new.jpg").write_bytes(b"new")
    found = data.status()
    assert (found.changed, found.missing, found.new) == (
        ["cat/1.jpg"],
        ["cat/2.jpg", "dog/1.jpg"],
        ["moved.jpg", "new.jpg"],
    )
    added = data.add()
    assert (added.changed, added.moved, added.missing, added.new) == (
        ["cat/1.jpg"],
        {"cat/2.jpg": "moved.jpg"},
        ["dog/1.jpg"],
        ["new.jpg"],
    )
    assert labels(data)["moved.jpg"] == "cat" and labels(data)["cat/1.jpg"] == "cat"
    assert data.add(removed=True).removed == ["dog/1.jpg"] and "dog/1.jpg" not in labels(data)
    assert data.status().summary.sentence() == "1 added, 1 file changed, 1 moved, 1 removed"


def test_a_file_that_only_looks_the_same_is_hashed_again(data):
    path = data.root / "cat/1.jpg"
    before = path.stat()
    data.status()
    path.write_bytes(b"cat 9")  # the same size
    assert data.status().changed == ["cat/1.jpg"]
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert data.status().changed == ["cat/1.jpg"]


def test_labels_are_given_changed_and_renamed(data):
    assert data.label("dog", "cat/3.jpg", "cat/1.jpg") == 2 and data.label("dog", "cat/3.jpg") == 0
    assert data.label(None, "cat", split="test", note="a\nnote") == 3
    assert data.label("dog", "cat/2.jpg", source="function:f@12345678", by="Ben", replace=True) == 1
    made = data.commit("One dog")
    assert made is not None and made[1].sentence() == "3 cat -> dog; by Ann; 1 by f@12345678"
    assert data.commit("again") is None
    assert data.rename_label("dog", "wolf") == 6 and set(labels(data).values()) == {"wolf"}
    assert next(data.rows()).by == "Ann" and next(data.rows()).note == "a\nnote"
    with pytest.raises(ArgumentError, match=r"no item has the label 'cat'. Available: wolf."):
        data.rename_label("cat", "dog")


def test_spaces_and_case_of_labels_are_said(data):
    data.label(" fox ", "cat/1.jpg")
    data.label("Fox", "cat/2.jpg")
    assert [labels(data)[f"cat/{n}.jpg"] for n in (1, 2)] == ["fox", "Fox"]
    assert data.said == [
        "The spaces around the label ' fox ' were dropped.",
        "There is also the label 'fox', which differs from 'Fox' only in upper and lower case. "
        "If they are the same: gatera data label --rename Fox=fox",
    ]


def test_who_gave_a_label_stays_when_it_is_renamed_and_committed(data):
    data.label("wolf;cub", "cat/1.jpg", "cat/2.jpg", by="Ben")
    data.commit("Ben's")
    before = {row.file: (row.by, row.at) for row in data.rows()}
    data.rename_label("wolf", "hound")
    data.rename_label("hound", "dog")
    table = data.root / "labels.csv"
    table.write_text(
        table.read_text()
        .replace("cat/2.jpg", "CAT")
        .replace("dog;cub", "whelp", 2)
        .replace("CAT", "cat/2.jpg")
    )
    table.write_text(table.read_text().replace("whelp", "dog;cub", 1))  # cat/2.jpg is edited by hand
    data.commit("Renamed")
    rows = {row.file: row for row in data.rows()}
    assert rows["cat/1.jpg"].label == "dog;cub" and rows["cat/2.jpg"].label == "whelp"
    assert (
        (rows["cat/1.jpg"].by, rows["cat/1.jpg"].at) == before["cat/1.jpg"] == ("Ben", before["cat/1.jpg"][1])
    )
    assert rows["cat/2.jpg"].by == "Ann"


def test_labels_come_from_a_table(data, tmp_path):
    table = tmp_path / "answers.csv"
    table.write_text("file;label;split\ncat/1.jpg;dog;\ncat/2.jpg;;test\n")
    assert data.label_from(table, by="Ben") == 2
    rows = {row.file: row for row in data.rows()}
    assert (rows["cat/1.jpg"].label, rows["cat/1.jpg"].by, rows["cat/2.jpg"].split, rows["cat/2.jpg"].by) == (
        "dog",
        "Ben",
        "test",
        "Ann",
    )
    table.write_text("file,label\ncat/9.jpg,dog\n")
    with pytest.raises(
        DataError, match=r"answers.csv names 'cat/9.jpg', which is not in the repository. Add the files first"
    ):
        data.label_from(table)
    table.write_text("file,split\ncat/1.jpg,tset\n")
    with pytest.raises(
        DataError,
        match=r"answers.csv has an unknown split in line 2. Got: 'tset'. Expected: one of train, valid, test",
    ):
        data.label_from(table)


def test_labels_of_a_table_go_to_the_contents_that_it_names(data, tmp_path):
    rows = {row.file: row for row in data.rows()}
    table = tmp_path / "log.csv"
    one, other = rows["cat/1.jpg"], rows["cat/2.jpg"]
    # another photo of that name, as a phone has it, and one that is called by its hash
    table.write_text(f"file,sha256,label\ncat/1.jpg,{other.sha256},seal\n{one.sha256},{one.sha256},otter\n")
    data.label_from(table)
    found = {row.file: row.label for row in data.rows()}
    assert (found["cat/2.jpg"], found["cat/1.jpg"]) == ("seal", "otter")
    # the studio labelled it among the inputs of the log
    table.write_text(f"file,sha256,label\ninputs/{one.sha256[:2]}/{one.sha256}.jpg,,walrus\n")
    data.label_from(table)
    found = {row.file: row.label for row in data.rows()}
    assert (found["cat/2.jpg"], found["cat/1.jpg"]) == ("seal", "walrus")
    table.write_text(f"file,sha256,label\ncat/1.jpg,{'0' * 64},whelp\n")
    with pytest.raises(
        DataError, match=r"line 2 of .*log.csv is for another file that was called 'cat/1.jpg'"
    ):
        data.label_from(table)
    table.write_text("file,label\ncat/1.jpg,a\ncat/1.jpg,b\n")
    with pytest.raises(
        DataError, match=r"lines 2 and 3 of .*log.csv contradict each other about 'cat/1.jpg'"
    ):
        data.label_from(table)
    assert {row.file: row.label for row in data.rows()} == found


def test_labels_of_a_table_keep_what_gave_them(data, tmp_path):
    names = [row.file for row in data.rows()][:3]
    table = tmp_path / "kept.csv"
    lines = [f"{names[0]},seal,program:pets@0123abcd", f"{names[1]},seal,person", f"{names[2]},seal,"]
    table.write_text("\n".join(["file,label,source", *lines]) + "\n")
    assert data.label_from(table, replace=True) == 3
    assert [row.source for row in data.rows() if row.label == "seal"] == [
        "program:pets@0123abcd",
        "person",
        "",
    ]
    data.label_from(table, source="function:all@0123abcd", replace=True)
    assert {row.source for row in data.rows() if row.label == "seal"} == {"function:all@0123abcd"}


def test_a_log_that_is_read_again_leaves_what_people_gave_since(data, tmp_path):
    """Its older answers came back instead of people's labels, unsaid."""
    log = tmp_path / "log.csv"
    head, old = "file,label,source,at,note\n", "2020-01-01T00:00:00.123456Z"
    log.write_text(
        head
        + f"cat/1.jpg,dog,program:pets@0123abcd,{old},answer a\ncat/2.jpg,cat,program:pets@0123abcd,{old},\n"
    )
    said = data.said
    assert data.label_from(log) == 0  # people gave them since: the same label is still theirs
    assert said[-1].endswith(
        "not taken: 2, e.g. of cat/1.jpg (to take it: gatera data label LABEL cat/1.jpg)."
    )
    assert {row.file: (row.label, row.source, row.note) for row in data.rows()}["cat/1.jpg"] == (
        "cat",
        "",
        "",
    )
    # answers that are newer, of functions' labels, or whose time a spreadsheet rewrote
    data.label("fox", "cat/2.jpg", source="function:all@0123abcd", replace=True)
    log.write_text(
        head
        + f"cat/1.jpg,dog,,2999-01-01T00:00:00Z,\ncat/2.jpg,dog,,{old},\ncat/3.jpg,dog,,01.01.2020 00:00,\n"
    )
    assert data.label_from(log) == 3


def test_an_edit_of_the_table_is_recorded_with_name_and_time(data):
    table = data.root / "labels.csv"
    (data.root / "hand.jpg").write_bytes(b"by hand")
    table.write_text(
        table.read_text().replace(",cat,", ",lynx,", 1).replace("Ann", "Old") + "hand.jpg,,cat,,,,,,\n"
    )
    (data.root / "hand.jpg").write_bytes(b"by hand")
    made = data.commit("By hand")
    rows = {row.file: row for row in data.rows()}
    assert (
        made is not None and rows["hand.jpg"].by == "Ann" and data.read(rows["hand.jpg"].sha256) == b"by hand"
    )
    assert data.said[0].startswith("1 label was edited in the table; recorded as given by Ann")
    assert data.status().is_clean and git(data, "log", "--format=%s") == "By hand\nCats and dogs\n"


def test_labels_of_one_second_are_told_from_an_edit_of_the_table(data, monkeypatch):
    monkeypatch.setattr(labelling, "now", lambda: "2091-01-01T00:00:00Z")
    for label in ("fox", "wolf", "lynx"):
        data.label(label, "cat/1.jpg", by="Ben")
        data.label("", "cat/2.jpg", by="Ben")
        data.label(label, "cat/2.jpg", by="Ben")
        data.commit(label)
    rows = {row.file: row for row in data.rows()}
    assert data.said == [] and {rows[name].by for name in ("cat/1.jpg", "cat/2.jpg")} == {"Ben"}
    assert rows["cat/1.jpg"].at == "2091-01-01T00:00:02Z"
    table = data.root / "labels.csv"
    table.write_text(table.read_text().replace(",lynx,", ",seal,"))
    data.commit("By hand, long after")
    assert data.said[0].startswith("2 labels were edited") and "2091" not in table.read_text()


def test_labels_are_read_a_few_times_whatever_the_number_of_items(data, monkeypatch):
    reads = []
    read = Sheet.read
    monkeypatch.setattr(Sheet, "read", lambda *given, **named: reads.append(1) or read(*given, **named))
    data.label("fox", *(row.file for row in data.rows()))
    labelled = len(reads)
    table = data.root / "labels.csv"
    table.write_text(table.read_text().replace(",fox,", ",lynx,"))
    data.commit("All six by hand")
    assert labelled <= 4 and len(reads) - labelled <= 4


def test_an_empty_file_of_labels_does_not_remove_all_items(data):
    (data.root / "labels.csv").write_bytes(b"")
    for do in (data.status, lambda: data.commit("Nothing"), data.add):
        with pytest.raises(
            DataError, match=r"is empty, without even a header.*git checkout HEAD -- labels\.csv"
        ):
            do()


def test_git_reads_well(data):
    data.label("dog", "cat/3.jpg")
    shown = git(data, "diff", "-U0", "labels.csv")
    assert sum(line.startswith(("+cat", "-cat")) for line in shown.splitlines()) == 2


def test_every_commit_of_an_item_is_found(data):
    data.label("dog", "cat/3.jpg", source="function:f@12345678", replace=True)
    data.commit("One dog")
    data.label("fox", "cat/1.jpg")
    second = data.commit("A fox")
    steps = data.blame("cat/3.jpg")
    assert [(step.commit.subject, step.change.words, step.change.giver) for step in steps] == [
        ("One dog", "cat -> dog", "f@12345678"), ("Cats and dogs", "added", "Ann"),
    ]  # fmt: skip
    assert [(entry.commit.subject, entry.sentence) for entry in data.log(most=2)] == [
        ("A fox", "1 cat -> fox; by Ann"), ("One dog", "1 cat -> dog; by f@12345678"),
    ]  # fmt: skip
    data.close()
    (data.root / ".gatera/cache.sqlite").write_bytes(b"damaged" * 1000)  # found again
    assert data.blame("cat/3.jpg") == steps and data.blame("cat/1.jpg")[0].commit.id == second[0]
    assert [change.words for change in data.diff("HEAD~2", "HEAD")] == ["cat -> fox", "cat -> dog"]
    with pytest.raises(ArgumentError, match=r"there is no item 'cat/9.jpg'. Did you mean 'cat/3.jpg'?"):
        data.blame("cat/9.jpg")


def test_where_a_commit_changed_very_much_its_labels_are_read(data, monkeypatch):
    monkeypatch.setattr("gatera.store.datasets.work.cache.BULK", 1)
    shutil.rmtree(data.root / ".gatera")
    again = DataRepository(data.root, on_note=lambda text: None)
    assert [step.change.words for step in again.blame("cat/3.jpg")] == ["added"]


def test_going_back_brings_labels_and_files(data):
    (data.root / "cat/1.jpg").write_bytes(b"another")
    (data.root / "new.jpg").write_bytes(b"new")
    data.add()
    with pytest.raises(
        DataError,
        match=r"there are changes of labels that are not committed, and another version would mix them up",
    ):
        data.checkout("HEAD")
    data.commit("New bytes")
    data.checkout("HEAD~1")
    assert (
        (data.root / "cat/1.jpg").read_bytes() == b"cat 1"
        and not (data.root / "new.jpg").exists()
        and data.status().is_clean
    )
    assert data.status().branch is None
    (data.root / "cat/1.jpg").write_bytes(b"nobody kept this")
    data.checkout("main")
    assert (data.root / "cat/1.jpg").read_bytes() == b"nobody kept this" and (
        data.root / "new.jpg"
    ).read_bytes() == b"new"
    assert data.said[-1] == "Not updated, because they were changed and not added: cat/1.jpg."
    assert data.restore("cat") == 1 and data.status().is_clean
    with pytest.raises(ArgumentError, match=r"there is no commit 'nowhere' in .* Available: main"):
        data.checkout("nowhere")


@pytest.mark.parametrize(
    "name", ["../out.jpg", "/tmp/out.jpg", ".git/hooks/post-checkout", ".gatera/x", "sub/../../out.jpg"]
)
def test_no_name_leads_out_of_the_repository(data, name):
    data.put_rows([Row(name, next(data.rows()).sha256, "cat")])
    data.commit("Bad")
    with pytest.raises(DataError, match=r"is not the name of a file in this repository"):
        data.restore("")
    assert any("is not the name of a file inside" in problem for problem in data.verify().problems)
    assert (
        not (data.root.parent / "out.jpg").exists() and not (data.root / ".git/hooks/post-checkout").exists()
    )


def test_damage_is_found_and_repaired_from_the_files(data):
    rows = list(data.rows())
    store = data._work.objects
    for row, content in ((rows[0], b"damaged"), (rows[1], None), (rows[2], b"")):
        path = store.path(row.sha256)
        path.unlink()
        if content is not None:
            path.write_bytes(content)
    (data.root / "cat/3.jpg").write_bytes(b"other")
    found = data.verify()
    assert (
        len(found.problems) == 3 and "cat/1.jpg" in found.problems[1] + found.problems[0] + found.problems[2]
    )
    found = data.verify(repair=True)
    assert (
        sorted(found.repaired) == ["cat/1.jpg", "cat/2.jpg"]
        and len(found.problems) == 1
        and "cat/3.jpg" in found.problems[0]
    )


def test_an_object_that_cannot_be_read_is_not_called_damaged(data, monkeypatch):
    """Somebody else's in a shared store, or on a disk with faults; `--repair` gave a traceback where the file could not be read either."""

    def failing(path):
        raise OSError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(checking, "sha256_file", failing)
    for repair in (False, True):
        problems = data.verify(repair=repair).problems
        assert problems and all(
            "cannot be read in the object store (Permission denied)." in each for each in problems
        )


def test_a_copy_that_is_read_only_can_be_verified(data, monkeypatch):
    """A backup, a snapshot: "lock cannot be written (Read-only file system)". `--repair` needs the lock."""
    (data.root / ".gatera" / "lock").unlink()
    (data.root / ".gatera" / "lock").mkdir()  # nobody can write it
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert data.verify().problems == []
    with pytest.raises(IsADirectoryError):
        data.verify(repair=True)


def test_what_hard_links_cost_is_noticed(tmp_path, open_data):
    (tmp_path / "new").mkdir()
    (tmp_path / "new/1.jpg").write_bytes(b"only once on the disk")
    DataRepository.init(tmp_path / "new", on_note=lambda text: None)
    data = open_data(tmp_path / "new")
    data.add(how="link", label="x")
    path = data.root / "1.jpg"
    assert path.stat().st_nlink == 2 and not path.stat().st_mode & 0o222
    path.chmod(0o644)
    path.write_bytes(b"edited in place")
    assert len(data.verify().problems) == 1


def test_a_repository_inside_another_keeps_to_itself(tmp_path, open_data):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "code.py").write_text("1")
    subprocess.run(["git", "-C", tmp_path, "add", "code.py"], check=True)
    (tmp_path / "data/cat").mkdir(parents=True)
    (tmp_path / "data/cat/1.jpg").write_bytes(b"1")
    said = []
    data = DataRepository.init(tmp_path / "data", said.append)
    data.add(label="cat")
    data.commit("Labels")
    assert said[0].startswith(f"The git repository {tmp_path} keeps the labels")
    assert git(data, "show", "--name-only", "--format=", "HEAD").split() == [
        "data/.gitattributes",
        "data/.gitignore",
        "data/labels.csv",
    ]
    assert git(data, "status", "--porcelain").split() == ["A", "../code.py"] or "code.py" in git(
        data, "status", "--porcelain"
    )
    data.checkout("other", new_branch=True)
    data.label("dog", "cat/1.jpg")
    data.commit("Dog")
    data.checkout(git(data, "rev-parse", "HEAD~1").strip())
    assert labels(data) == {"cat/1.jpg": "cat"} and open_data(tmp_path / "data/cat").root == data.root


def test_labels_that_were_there_are_taken_over(tmp_path, open_data):
    (tmp_path / "new").mkdir()
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / "new" / name).write_bytes(name.encode())
    (tmp_path / "new/labels.csv").write_text("file,label,age\n1.jpg,cat,3\n2.jpg,dog,5\n")
    DataRepository.init(tmp_path / "new", on_note=lambda text: None)
    data = open_data(tmp_path / "new")
    data.add()
    data.commit("As they were")
    assert [(row.label, row.more, len(row.sha256)) for row in data.rows()] == [
        ("cat", ("3",), 64),
        ("dog", ("5",), 64),
    ]


def test_many_items_are_in_parts(data, monkeypatch):
    monkeypatch.setattr("gatera.store.datasets.work.workspace.MOST_IN_ONE", 5)
    before = labels(data)
    (data.root / "new.jpg").write_bytes(b"new")
    data.add(label="cat")
    assert data.said[0].startswith("7 items are more than 5, so the labels are in labels/00.csv to ff.csv")
    assert not (data.root / "labels.csv").exists() and len(list((data.root / "labels").iterdir())) == 256
    assert labels(data) == {**before, "new.jpg": "cat"}
    made = data.commit("In parts")
    assert made is not None and made[1].sentence() == "1 added; by Ann" and data.status().is_clean
    data.label("dog", "cat/3.jpg")
    data.commit("One dog")
    assert len(git(data, "show", "--name-only", "--format=", "HEAD").split()) == 1
    assert [step.change.words for step in data.blame("cat/3.jpg")] == ["cat -> dog", "added"]
    data.checkout("HEAD~2")
    assert labels(data) == before and not (data.root / "labels").exists()
    data.checkout("main")
    (data.root / "labels.csv").write_text("file,label\n")
    with pytest.raises(DataError, match=r"has its labels both in labels.csv and in labels/, and they differ"):
        data.status()


@pytest.mark.parametrize(
    "name",
    ["two\nlines.jpg", '😀, "quoted".jpg', "\udcff.jpg", " .jpg", "back\\slash.jpg", "#1.jpg", "é.jpg"],
)
def test_strange_names_come_back(data, name):
    try:
        (data.root / name).write_bytes(b"strange")
    except (OSError, UnicodeEncodeError):
        pytest.skip("this disk takes no such name")
    data.add(label="odd")
    data.commit("Strange")
    assert data.status().is_clean and data.blame(name)[0].change.words == "added"
    data.checkout("HEAD~1")
    assert not (data.root / name).exists()
    data.checkout("main")
    assert (data.root / name).read_bytes() == b"strange" and data.status().is_clean


def test_wrong_arguments_are_refused(data, tmp_path, open_data, monkeypatch):
    with pytest.raises(
        ArgumentError, match=r"there is no file or folder nothing.jpg. Items whose files are gone"
    ):
        data.add("nothing.jpg")
    with pytest.raises(ArgumentError, match=r"is outside the repository"):
        data.add(tmp_path)
    with pytest.raises(ArgumentError, match=r"the message is empty. Say what changed: -m TEXT."):
        data.commit(" ")
    with pytest.raises(
        ArgumentError, match=r"split must be one of train, valid, test, . Got: 'tset'. Did you mean 'test'?"
    ):
        data.label(None, "cat", split="tset")
    with pytest.raises(
        ArgumentError, match=r"nothing to change was given. Expected: label=, split=, group= or note="
    ):
        data.label(None, "cat")
    (data.root / "later.jpg").write_bytes(b"1")
    with pytest.raises(
        ArgumentError,
        match=r"later.jpg is not in the repository yet. Add it first: gatera data add later.jpg",
    ):
        data.label("cat", "later.jpg")
    with pytest.raises(DataError, match=r"is not in a data repository. Make one: gatera data init"):
        open_data(tmp_path)
    with pytest.raises(DataError, match=r"is already a data repository"):
        DataRepository.init(data.root)
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"):
        monkeypatch.delenv(name)
    with pytest.raises(
        DataError,
        match=r"git does not know who you are, and a label records who gave it. Tell it once: git config",
    ):
        data.label("dog", "cat/1.jpg")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        DataError, match=r"git is not installed, and data repositories are kept by it. Install it"
    ):
        open_data(data.root)


def test_a_later_format_is_refused(data, open_data):
    path = data.root / ".gitattributes"
    path.write_text(path.read_text().replace("format 1", "format 2"))
    with pytest.raises(
        DataError,
        match=r"is a data repository of format 2, and this version reads up to 1. Install a newer Gatera.",
    ):
        open_data(data.root)


def test_blame_follows_the_branch_whose_label_it_is(data, monkeypatch):
    data.checkout("ben", new_branch=True)
    data.label("fox", "cat/1.jpg", "cat/2.jpg", by="Ben")
    data.commit("Two foxes")
    data.checkout("main")
    data.label("wolf", "cat/1.jpg")
    data.commit("A wolf")
    before = next(row for row in data.rows() if row.file == "cat/1.jpg")
    monkeypatch.setattr(merging, "now", lambda: "2030-01-01T00:00:00Z")
    data.merge("ben", answers={"cat/1.jpg": "wolf"})
    assert before in data.rows()  # as "mine" would say: the label stays Ann's
    assert [step.change.words for step in data.blame("cat/1.jpg")] == ["cat -> wolf", "added"]
    assert [(step.change.words, step.change.giver) for step in data.blame("cat/2.jpg")] == [
        ("cat -> fox", "Ben"), ("added", "Ann"),
    ]  # fmt: skip


def full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device", "labels.csv")


def test_a_full_disk_is_a_sentence_and_the_lock_needs_no_space(data, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(lock.os, "pwrite", full)
        assert data.label("fox", "cat/1.jpg") == 1
    with monkeypatch.context() as patch:
        patch.setattr(labelling, "label", full)
        with pytest.raises(
            DataError, match=r"labels.csv cannot be read or written \(No space left on device\)"
        ):
            data.label("wolf", "cat/1.jpg")
    assert labels(data)["cat/1.jpg"] == "fox"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("fatal: sha1 file '/r/.git/index.lock' write error. Out of diskspace", "the disk is full"),
        ("fatal: unable to write loose object file: No space left on device", "the disk is full"),
        (
            "error: couldn't write '/r/.git/refs/heads/main.lock'",
            "git commit could not write (couldn't write '/r/.git/refs/heads/main.lock'). Free some disk space",
        ),
        ("fatal: Unable to create '/r/.git/index.lock': File exists.", "delete /r/.git/index.lock"),
    ],
)
def test_what_git_says_is_understood(said, meant):
    assert meant in str(git_error(["commit"], said))


def test_a_git_that_was_killed_in_an_index_of_ours_blocks_nothing(data):
    data.label("dog", "cat/1.jpg")
    data.commit("One dog")
    (data.root / ".gatera/index.lock").write_bytes(b"half")
    data.revert("HEAD")
    assert data.status().is_clean and labels(data)["cat/1.jpg"] == "cat"


@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_a_move_that_was_stopped_while_git_wrote_the_labels_is_finished(data, open_data, share):
    first = data.head
    data.label("dog", "cat/1.jpg")
    second, _ = data.commit("One dog")
    facts = {"from": second, "to": first, "branch": None, "how": "checkout"}
    (data.root / ".gatera/moving.json").write_text(json.dumps(facts))
    new = git(data, "show", f"{first}:labels.csv").encode()
    (data.root / "labels.csv").write_bytes(new[: int(share * len(new))])
    again = open_data(data.root)
    assert again.said == ["checkout was interrupted, and is finished now."]
    assert again.status().is_clean and again.head == first


def test_commits_that_no_branch_has_are_named_before_they_are_left(data, open_data):
    data.checkout(data.head)
    data.label("fox", "cat/1.jpg")
    lost, _ = data.commit("On no branch")
    data.checkout("main")
    assert data.said == [f"Commit {lost[:8]} is on no branch, and git forgets it in the end (to keep it: git branch NAME {lost[:8]})."]  # fmt: skip


@pytest.mark.parametrize("name", ["index.lock", "objects/maintenance.lock"])
def test_locks_of_git_that_a_killed_command_left_are_cleared(data, name):
    (data.root / ".gatera/lock").write_text("1")  # whoever wrote this did not come to the end
    left = data.root / ".git" / name
    left.write_bytes(b"")
    bundle = data.root / ".gatera/tmp1a2b3c/bundle"  # half of what was being fetched
    bundle.parent.mkdir()
    bundle.write_bytes(b"half")
    data.label("dog", "cat/1.jpg")
    assert not bundle.parent.exists()
    assert not left.exists() and data.said == [
        f"Cleared what an interrupted command left behind: {left.name}."
    ]


def test_many_files_are_added_by_several_processes(tmp_path):
    """In a process with one thread, as the command line is."""
    folder = tmp_path / "photos"
    for name in (f"{label}/{number}.jpg" for label in ("cat", "dog") for number in range(1, 301)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "cat" / "large.jpg").write_bytes(b"x" * (CHUNK + 1))
    (folder / "cat" / "copy.jpg").write_bytes(b"cat/1.jpg")
    code = (
        "import sys; from gatera.store.datasets.work import processes; processes.usable_processors = lambda: 3\n"
        "from gatera.store import DataRepository; from gatera.store.datasets.work import tree\n"
        "def threads(*_): raise AssertionError('threads')\n"
        "tree._in_threads = threads\n"
        "data = DataRepository.init(sys.argv[1], on_note=lambda text: None)\n"
        "print(len(data.add().new)); data.commit('All'); print(data.verify().problems == [], len(list(data.rows())))\n"
    )
    said = subprocess.run((sys.executable, "-c", code, str(folder)), capture_output=True, text=True)
    assert said.stdout.split() == ["602", "True", "602"], said.stderr
    rows = {row.file: row for row in DataRepository(folder).rows()}
    assert rows["cat/large.jpg"].sha256 == hashlib.sha256(b"x" * (CHUNK + 1)).hexdigest()
    assert rows["cat/copy.jpg"].sha256 == rows["cat/1.jpg"].sha256 != rows["dog/300.jpg"].sha256


def test_half_objects_of_killed_commands_are_removed_by_a_later_add(data):
    old, young = (data.root / ".gatera" / "objects" / f".{name}.partial" for name in ("1-0-ab", "2-0-cd"))
    for half in (old, young):
        half.write_bytes(b"half")
    os.utime(old, (0, 0))
    data.add()
    assert not old.exists() and young.exists()  # another process may be writing it


def test_a_file_becomes_a_folder_and_the_other_way_round(data):
    """dvc 9534: only one of them can be there."""
    (data.root / "thing").write_text("one")
    data.add("thing")
    file = data.commit("A file")[0]
    (data.root / "thing").unlink()
    (data.root / "thing").mkdir()
    (data.root / "thing" / "1.jpg").write_text("two")
    (data.root / "cat").rename(data.root / "cats")
    (data.root / "cat").write_text("three")
    done = data.add(removed=True)
    assert done.removed == ["thing"] and sorted(done.new) == ["cat", "thing/1.jpg"] and len(done.moved) == 3
    folder = data.commit("A folder")[0]
    for _ in range(2):
        data.checkout(file)
        assert (data.root / "thing").read_text() == "one" and (data.root / "cat" / "1.jpg").is_file()
        assert not (data.root / "cats").exists() and not data.status().missing
        data.checkout(folder)
        assert (data.root / "thing" / "1.jpg").read_text() == "two" and (
            data.root / "cat"
        ).read_text() == "three"
        assert not data.status().missing and not data.status().new


def test_what_is_in_the_way_of_a_file_stays_and_is_named(data):
    before = data.head
    for name in ("dog/1.jpg", "cat/1.jpg", "cat/2.jpg", "cat/3.jpg"):
        (data.root / name).unlink()
    (data.root / "cat").rmdir()
    data.add(removed=True)
    data.commit("No cats")
    (data.root / "cat").write_text("mine")
    (data.root / "dog" / "1.jpg").mkdir()
    said = []
    data._work.say = said.append
    data.checkout(before)
    assert (data.root / "cat").read_text() == "mine" and (data.root / "dog" / "1.jpg").is_dir()
    assert any(
        "the file cat, which is not an item, is in the way" in text and "3 more" in text for text in said
    )
    with pytest.raises(DataError, match=r"cat/1.jpg cannot be written, because the file cat is in the way"):
        data.restore("cat/1.jpg")
    with pytest.raises(DataError, match=r"because the folder dog/1.jpg is in the way"):
        data.restore("dog")
    (data.root / "cat").unlink()
    assert data.restore("cat") == 3


def test_files_whose_objects_were_deleted_are_kept_again(data):
    """dvc 1079: they look as they did, but nothing keeps them."""
    for path in data.root.rglob("*.jpg"):
        os.utime(path, (1e9, 1e9))
    data.add()
    shutil.rmtree(data.root / ".gatera" / "objects")
    said = []
    data._work.say = said.append
    assert data.add().sentence() == "Nothing new." and not data.verify().problems
    kept = ["6 files were not in the object store, and are kept now."]
    assert said == kept
    # nor had they ever been kept where functions wrote labels.csv, and `status` looked at them
    (data.root / ".gatera" / "cache.sqlite").unlink()
    shutil.rmtree(data.root / ".gatera" / "objects")
    data.status()
    said.clear()
    data.add()
    assert said == kept
    said.clear()
    data.add()
    assert said == []


def test_a_file_behind_a_link_is_not_an_item(data):
    (data.root / "cat" / "dogs").symlink_to("../dog")
    for path in ("cat/dogs/1.jpg", "cat/dogs/"):
        added = data.add(path)
        assert not added.new and "symbolic link" in added.left_out[path.rstrip("/")]
    assert not data.status().missing


def test_what_is_not_text_is_refused_in_a_sentence(data):
    for call in (
        lambda: data.label(5, "cat/1.jpg"),
        lambda: data.label("dog", "cat/1.jpg", group=1),
        lambda: data.rename_label("dog", 3),
        lambda: data.add(label=3),
        lambda: data.commit(7),
    ):
        with pytest.raises(ArgumentError, match="must be text"):
            call()
    with pytest.raises(ArgumentError, match="one by one"):
        data.label("dog", ["cat/1.jpg", "cat/2.jpg"])
    with pytest.raises(ArgumentError, match="renamed to nothing"):
        data.rename_label("dog", "")
    assert data.status().is_clean


def test_a_label_that_was_changed_and_changed_back(data):
    """It was said to have "another by", where only the time is another."""
    data.add()
    row = next(iter(data.rows()))
    again = row._replace(at="2030-01-01T00:00:00Z")
    change = Change(row, again)
    assert (summarise([change]).sentence(), change.words) == ("1 labelled again", "labelled again")
    assert summarise([Change(row, again._replace(by="Zoe"))]).sentence() == "1 with another by"


def _answer(table, name, answer):
    text = table.read_text()
    assert f"{name},," in text
    table.write_text(text.replace(f"{name},,", f"{name},{answer},"))


def _relabelled_by_both(data, names, mine, theirs, by_git):
    """Let two branches label items differently, and git merge them if it is to; returns what settles the conflicts with answers."""
    data.add()
    data.commit("First")
    for branch, label in (("ben", theirs), ("main", mine)):
        data.checkout(branch, new_branch=branch == "ben")
        data.label(label, *names)
        data.commit(label)
    if by_git:
        subprocess.run(["git", "merge", "-q", "ben"], cwd=data.root, capture_output=True)

    def settle(answers=None):
        return data.resolve(answers=answers) if by_git else data.merge("ben", answers=answers)

    return settle


@pytest.mark.parametrize("by_git", [False, True])
def test_answers_are_given_in_several_sittings(data, by_git):
    """Each refusal wrote the table anew, without the answers: those of the first sitting were asked for again, and so on for ever."""
    names = ["cat/1.jpg", "cat/2.jpg", "dog/1.jpg"]
    settle = _relabelled_by_both(data, names, "wolf", "fox", by_git)
    table = data.root / ".gatera" / "conflicts.csv"
    with pytest.raises(merging.MergeConflictError):
        settle()
    _answer(table, names[0], "lynx")
    with pytest.raises(merging.MergeConflictError):  # not named: it is not taken, nor lost
        settle()
    with pytest.raises(merging.MergeConflictError) as error:
        settle(table)
    assert [conflict.file for conflict in error.value.conflicts] == names[1:]
    with pytest.raises(merging.MergeConflictError):
        settle({names[1]: "mine"})
    _answer(table, names[2], "theirs")
    settle(table)
    labels = {row.file: row.label for row in data.rows()}
    assert [labels[name] for name in names] == ["lynx", "wolf", "fox"] and not table.exists()


@pytest.mark.parametrize("by_git", [False, True])
def test_an_answer_is_not_taken_for_another_conflict(data, by_git):
    """ "theirs" was given to a note, and was taken for another note that came meanwhile; so it was with labels."""
    data.add()
    data.commit("First")
    name, other, table = "cat/1.jpg", "cat/2.jpg", data.root / ".gatera" / "conflicts.csv"

    def settle(answers=None):
        return data.resolve(answers=answers) if by_git else data.merge("ben", answers=answers)

    def said_by_ben(label, note):
        data.checkout("ben")
        data.label(label, other)
        data.label(None, name, note=note)
        data.commit("Ben")
        data.checkout("main")
        if by_git:
            subprocess.run(["git", "merge", "-q", "ben"], cwd=data.root, capture_output=True)
        with pytest.raises(merging.MergeConflictError):
            settle()

    data.checkout("ben", new_branch=True)
    data.checkout("main")
    data.label("wolf", other)
    data.label(None, name, note="blurred")
    data.commit("Ann")
    said_by_ben("fox", "dark")
    for each in (name, other):
        _answer(table, each, "theirs")
    filled = table.read_text()
    if by_git:
        subprocess.run(["git", "merge", "--abort"], cwd=data.root, check=True)
    said_by_ben("lynx", "two of them")
    assert f"{name},," in table.read_text() and f"{other},," in table.read_text()
    table.write_text(filled)
    data._work.say = (said := []).append
    with pytest.raises(merging.MergeConflictError) as error:
        settle(table)
    assert [conflict.file for conflict in error.value.conflicts] == [name, other]
    assert said[-1].startswith(
        "2 answers of the table are not taken, because the conflict has changed since, e.g. of cat/1.jpg"
    )
    settle({name: "theirs", other: "theirs"})
    assert {row.file: (row.label, row.note) for row in data.rows()}[name][1] == "two of them"


@pytest.mark.parametrize("by_git", [False, True])
def test_answers_of_a_spreadsheet_are_taken(data, by_git):
    """Excel writes TRUE for the label "true", and 7 for "007": then each answer was said to be to another conflict, for ever."""
    names, table = ["cat/1.jpg", "cat/2.jpg"], data.root / ".gatera" / "conflicts.csv"
    settle = _relabelled_by_both(data, names, "007", "true", by_git)
    with pytest.raises(merging.MergeConflictError):
        settle()
    _answer(table, names[0], "theirs")
    table.write_text(table.read_text().replace(",007,true,", ",7,TRUE,"))
    with pytest.raises(merging.MergeConflictError):  # the table is written anew, with the first answer
        settle()
    _answer(table, names[1], "mine")
    table.write_text(table.read_text().replace(",007,true,", ",7,TRUE,"))
    settle(table)
    labels = {row.file: row.label for row in data.rows()}
    assert [labels[name] for name in names] == ["true", "007"]


@pytest.mark.parametrize("by_git", [False, True])
def test_an_answer_that_differs_from_a_label_in_case_is_told(data, by_git):
    """Excel writes TRUE for an answer "true", which became a label of its own, unsaid."""
    settle = _relabelled_by_both(data, ["cat/1.jpg", "cat/2.jpg"], "false", "true", by_git)
    data._work.say = (said := []).append
    settle({"cat/1.jpg": "TRUE", "cat/2.jpg": "theirs"})
    assert any(
        each.startswith("There is also the label 'true', which differs from 'TRUE' only in") for each in said
    )
    assert "gatera data label --rename TRUE=true" in said[-1]


def test_labels_of_a_spreadsheet_that_differ_in_case_are_told(data, tmp_path):
    """Excel writes TRUE for "true", which became another class unsaid; "data label TRUE" told."""
    data.add()
    data.label("true", "cat/1.jpg", "cat/2.jpg")
    data._work.say = (said := []).append
    (tmp_path / "t.csv").write_text("file,label\ncat/1.jpg,TRUE\ncat/2.jpg,\n")
    data.label_from(tmp_path / "t.csv")
    assert said[-1].startswith("There is also the label 'true', which differs from 'TRUE' only in")
    (tmp_path / "t.csv").write_text("file,label\ncat/1.jpg,true\n")
    said.clear()
    data.label_from(tmp_path / "t.csv")
    assert not said
