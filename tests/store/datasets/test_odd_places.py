"""Folders and names that are somebody else's too: `labels/`, `.git`, another repository, copies that were moved."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import tempfile
import time
from types import SimpleNamespace

import pytest

from gatera.core.errors import DataError
from gatera.store import DataRepository, add_by_hard_link
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.work import keeping, placing, tree
from gatera.store.datasets.work.conflict_table import answers_of
from gatera.store.datasets.work.moved import paired
from gatera.store.datasets.work.placing import is_safe
from gatera.store.objects import ObjectStore


def git(data, *arguments):
    return subprocess.run(
        ["git", "-C", str(data.root), *arguments], capture_output=True, text=True, check=True
    ).stdout


def test_a_folder_called_labels_is_a_folder_of_items(data, tmp_path):
    for name in ("1.txt", "01.csv"):  # the boxes of photos, as YOLO has them
        (data.root / "labels").mkdir(exist_ok=True)
        (data.root / "labels" / name).write_text("0 0.5 0.5 0.1 0.1\n")
    assert data.status().new == ["labels/01.csv", "labels/1.txt"]
    assert data.add().new == ["labels/01.csv", "labels/1.txt"]
    data.commit("Boxes")
    assert git(data, "ls-files").split() == [".gitattributes", ".gitignore", "labels.csv"]
    (data.root / "labels/1.txt").write_text("1 0.5 0.5 0.1 0.1\n")
    assert data.add().changed == ["labels/1.txt"]
    assert data.status().changed == []
    data.commit("Another box")
    data.push(str(tmp_path / "remote"))
    copy = DataRepository.clone(str(tmp_path / "remote"), tmp_path / "copy", on_note=lambda text: None)
    assert (copy.root / "labels/1.txt").read_text()[0] == "1" and copy.status().is_clean


def test_files_of_labels_that_an_older_version_let_git_keep_are_items_still(data):
    (data.root / "labels").mkdir()
    (data.root / "labels/1.txt").write_text("0")
    data.add()
    git(data, "add", "--force", "labels")
    data.commit("Boxes")
    (data.root / "labels/1.txt").write_text("1")
    assert data.add().changed == ["labels/1.txt"]


def test_folders_that_only_spread_hashes_give_no_labels(data):
    """The log of a server becomes a repository: its inputs were labelled 1c, 83, ..."""
    for text in ("a", "b", "c"):
        name = hashlib.sha256(text.encode()).hexdigest()
        (data.root / "inputs" / name[:2]).mkdir(parents=True)
        (data.root / "inputs" / name[:2] / f"{name}.txt").write_text(text)
    assert data.add("inputs").labelled == 0
    assert data.said[0].startswith("All new files are in one folder, 'inputs', so they have no labels yet")


def test_photos_that_git_keeps_are_said_to_be_left_out(data):
    (data.root / "cat/9.jpg").write_bytes(b"9")
    git(data, "add", "--force", "cat/9.jpg")
    assert data.add().sentence() == "Nothing new."
    assert data.said == [
        "1 file was left out, because git itself keeps it: cat/9.jpg (to make items of it: git rm -r --cached FOLDER, then add again)."
    ]


def test_moved_copies_keep_the_label_of_their_own_name(data):
    (data.root / "cat/7.jpg").write_bytes(b"both")
    (data.root / "dog/7.jpg").write_bytes(b"both")
    data.add()
    (data.root / "moved").mkdir()
    (data.root / "cat").rename(data.root / "moved/katzen")
    (data.root / "dog").rename(data.root / "moved/hunde")
    data.said.clear()
    assert len(data.add().moved) == 8
    found = {row.file: row.label for row in data.rows()}
    assert (found["moved/katzen/7.jpg"], found["moved/hunde/7.jpg"]) == ("cat", "dog")
    assert not any("guessed" in text for text in data.said)


def test_a_label_that_was_the_folders_follows_a_file_into_another_folder(data):
    """A photo that somebody put from cat/ into dog/ stayed a cat, unsaid, and was trained on as one."""
    data.label("owl", "cat/3.jpg")
    data.label("cat", "cat/1.jpg", source="function:meows@1a2b3c4d", note="p=0.990", replace=True)
    data.commit("Owl")
    for old, new in (("cat/1.jpg", "dog/9.jpg"), ("cat/2.jpg", "new/2.jpg"), ("cat/3.jpg", "dog/8.jpg")):
        (data.root / new).parent.mkdir(exist_ok=True)
        (data.root / old).rename(data.root / new)
    data.said.clear()
    assert data.add(by="Ben").sentence() == "3 moved."
    found = {row.file: (row.label, row.giver, row.note) for row in data.rows()}
    assert found["dog/9.jpg"] == ("dog", "Ben", "")  # not with the odds of the function
    assert found["new/2.jpg"] == ("cat", "Ann", "") and found["dog/8.jpg"] == ("owl", "Ann", "")
    assert data.said[:2] == [
        "1 moved file has the label of the new folder, e.g. dog/9.jpg: cat -> dog (to give another: gatera data label LABEL dog/9.jpg).",
        "1 moved file keeps its label, e.g. new/2.jpg: cat (to give another: gatera data label LABEL new).",
    ]
    data.commit("Sorted")
    (data.root / "dog/9.jpg").rename(data.root / "cat/1.jpg")
    data.add(label_from_folders=False)
    assert {row.file: row.label for row in data.rows()}["cat/1.jpg"] == "dog"


def test_photos_of_an_inbox_that_are_sorted_into_folders_have_their_labels(data, tmp_path):
    """Photos added before anybody sorted them stayed without a label, unsaid, and so did those of a folder that became a label with them."""
    said = []
    inbox = DataRepository.init(tmp_path / "sorted", said.append)
    for name in ("inbox/1.jpg", "inbox/2.jpg", "3.jpg", "inbox/4.jpg"):
        (inbox.root / name).parent.mkdir(exist_ok=True)
        (inbox.root / name).write_text(name)
    inbox.add()
    inbox.label("owl", "inbox/4.jpg")
    for old, new in (("inbox/1.jpg", "cat/1.jpg"), ("inbox/2.jpg", "dog/2.jpg"), ("3.jpg", "dog/3.jpg"), ("inbox/4.jpg", "dog/4.jpg")):  # fmt: skip
        (inbox.root / new).parent.mkdir(exist_ok=True)
        (inbox.root / old).rename(inbox.root / new)
    said.clear()
    assert inbox.add(by="Ben").sentence() == "4 moved."
    assert [(row.file, row.label, row.by) for row in inbox.rows()] == [
        ("cat/1.jpg", "cat", "Ben"), ("dog/2.jpg", "dog", "Ben"), ("dog/3.jpg", "dog", "Ben"), ("dog/4.jpg", "owl", "Ann"),
    ]  # fmt: skip
    assert said[0].startswith("Labels are taken from the names of the folders: ") and "(2 labels)" in said[0]
    (data.root / "fox").mkdir()  # a new label, of new photos and one that was a cat
    (data.root / "fox/1.jpg").write_text("a fox")
    (data.root / "owl").mkdir()
    (data.root / "owl/1.jpg").write_text("an owl")
    (data.root / "cat/1.jpg").rename(data.root / "fox/2.jpg")
    data.add()
    assert {row.file: row.label for row in data.rows()}["fox/2.jpg"] == "fox"


def test_a_sorted_photo_that_was_given_no_label_has_the_one_that_add_is_told(data):
    (data.root / "inbox").mkdir()
    for name in ("1", "2"):
        (data.root / f"inbox/{name}.jpg").write_text(f"inbox {name}")
    data.add("inbox")
    assert data.said[-2].endswith(
        "so they have no labels yet (to take its name: gatera data label inbox inbox)."
    )
    (data.root / "inbox/1.jpg").rename(data.root / "cat/7.jpg")
    data.add("cat", label="lynx")
    (data.root / "inbox/2.jpg").rename(data.root / "inbox/3.jpg")
    data.add(label="lynx")
    found = {row.file: row.label for row in data.rows()}
    assert (found["cat/7.jpg"], found["inbox/3.jpg"]) == ("lynx", "")


def test_the_side_of_a_split_follows_a_file_into_another_folder(tmp_path):
    """Photos that were put from train/ into test/ were trained on."""
    for side in ("train", "test"):
        for label in ("cat", "dog"):
            (tmp_path / "sides" / side / label).mkdir(parents=True)
            (tmp_path / "sides" / side / label / f"{side}.jpg").write_bytes(f"{side} {label}".encode())
    data = DataRepository.init(tmp_path / "sides", on_note=lambda text: None)
    data.add()
    data.label("", "train/dog/train.jpg", split="valid")  # which is not its folder's
    for label in ("cat", "dog"):
        (data.root / f"train/{label}/train.jpg").rename(data.root / f"test/{label}/9.jpg")
    data.add()
    found = {row.file: row.split for row in data.rows()}
    assert (found["test/cat/9.jpg"], found["test/dog/9.jpg"]) == ("test", "valid")
    said = []
    data = DataRepository(data.root, said.append)
    (data.root / "cat").mkdir()
    (data.root / "test/cat/9.jpg").rename(data.root / "cat/9.jpg")
    data.add()
    assert said[0].startswith(
        "1 moved file keeps its side of the split, e.g. cat/9.jpg: test (to give another: gat"
    )


def test_moved_copies_of_two_labels_are_guessed_aloud(data):
    (data.root / "cat/1.jpg").write_bytes(b"both")
    (data.root / "dog/2.jpg").write_bytes(b"both")
    data.add()
    (data.root / "cat/1.jpg").rename(data.root / "a.jpg")
    (data.root / "dog/2.jpg").rename(data.root / "b.jpg")
    assert data.add().moved == {"cat/1.jpg": "a.jpg", "dog/2.jpg": "b.jpg"}
    assert any(
        "2 moved files have the bytes of another that was labelled differently" in text for text in data.said
    )


def test_pairs_of_moved_files():
    rows = [Row("a/x/1", "h", "cat"), Row("a/y/1", "h", "dog")]
    assert paired({"h": rows}, {"h": ["b/y/1", "b/x/1"]}) == ({"a/x/1": "b/x/1", "a/y/1": "b/y/1"}, {})
    assert paired({"h": rows}, {"h": ["c/1", "d"]})[1] == {"a/x/1": "c/1", "a/y/1": "d"}
    same = [row._replace(label="cat") for row in rows]
    assert paired({"h": same}, {"h": ["c"]}) == (
        {"a/x/1": "c"},
        {},
    )  # the other is gone, and its label with it


@pytest.mark.parametrize(
    "name", ["x/.git/config", "x/.GIT/config", "a/b/.git", "x/.git /c", "x/git~1/c", "x/.g\u200cit/c", "x/.gatera/lock", "labels.csv"]
)  # fmt: skip
def test_labels_name_no_files_of_git(name):
    assert not is_safe(name)


def test_labels_may_name_other_files():
    assert all(is_safe(name) for name in ("gitarre/1.jpg", "x/.github/a.jpg", "x/.gitkeep", "é/1.jpg", "x/labels.csv"))  # fmt: skip


def test_labels_that_name_files_of_git_are_not_pulled(data, tmp_path, open_data):
    data.push(str(tmp_path / "remote"))
    copy = DataRepository.clone(str(tmp_path / "remote"), tmp_path / "copy", on_note=lambda text: None)
    content = b"[core]\nfsmonitor = touch pwned\n"
    sha256 = hashlib.sha256(content).hexdigest()
    data._work.objects.put_bytes(content)
    data.put_rows([Row("x/.git/config", sha256)])
    data.commit("Evil")
    data.push()
    with pytest.raises(DataError, match=r"'x/.git/config' is not the name of a file in this repository"):
        copy.pull()
    assert not (copy.root / "x").exists()
    assert copy.label("dog", "cat/1.jpg") == 1  # it goes on as before
    assert copy.commit("Mine") is not None


def test_the_repository_of_a_hook_is_not_taken_for_ours(data, tmp_path, monkeypatch):
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "other")], check=True)
    before = data.head
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other/.git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "other/.git/index"))
    data.label("dog", "cat/1.jpg")
    data.commit("One dog")
    with data._work.git.reading():
        assert {row.label for row in data.rows("HEAD~1")} == {"cat", "dog"}
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert git(data, "rev-parse", "HEAD~1").strip() == before
    assert not os.path.exists(tmp_path / "other/.git/index")  # noqa: PTH110


def test_settings_of_users_change_nothing(data, tmp_path):
    for setting, value in (("log.showRoot", "false"), ("core.autocrlf", "true"), ("core.safecrlf", "true")):
        git(data, "config", setting, value)
    (data.root / "new.jpg").write_bytes(b"new")
    data.add()
    data.commit("One more")
    assert data.push(str(tmp_path / "remote")).objects == 7


def test_names_that_macos_takes_for_one(data):
    try:
        for name in ("\u00e9.jpg", "e\u0301.jpg"):
            (data.root / name).write_bytes(name.encode())
    except OSError:
        pytest.skip("this disk takes no such names")
    data.add()
    assert any("or in how accents are written" in text for text in data.said)


def test_a_table_that_says_two_things_of_an_item_is_refused(data, tmp_path):
    table = tmp_path / "answers.csv"  # of two annotators
    table.write_text("file,label\ncat/1.jpg,dog\ncat/2.jpg,dog\ncat/1.jpg,fox\n")
    with pytest.raises(
        DataError, match=r"lines 2 and 4 of .* contradict each other about 'cat/1.jpg'.*Keep one of them"
    ):
        data.label_from(table)
    assert data.status().is_clean
    table.write_text("file,label\ncat/1.jpg,dog\ncat/1.jpg,dog\n")
    assert data.label_from(table) == 1
    table.write_text("file,answer\ncat/1.jpg,mine\ncat/1.jpg,theirs\n")
    with pytest.raises(DataError, match=r"has two answers for cat/1.jpg, one of them in line 3"):
        answers_of(table, print)


def test_the_odds_of_a_function_go_with_its_label(data):
    rows = {row.file: row for row in data.rows()}
    by = {"source": "function:f@1a2b3c4d", "at": "2026-01-01T00:00:00Z"}
    data.put_rows(
        [
            rows["cat/1.jpg"]._replace(note="p=0.997; also g@1", **by),
            rows["cat/2.jpg"]._replace(note="blurred", **by),
            rows["cat/3.jpg"]._replace(note="p=0.600", **by),
        ]
    )
    data.commit("By a function")
    data.label("dog", "cat/1.jpg", "cat/2.jpg")
    table = data.root / "labels.csv"
    table.write_text("\n".join(_as_dog(line) for line in table.read_text().split("\n")))
    data.commit("By hand")
    found = {row.file: row for row in data.rows()}
    assert [found[f"cat/{n}.jpg"].note for n in (1, 2, 3)] == ["", "blurred", ""]
    assert [found[f"cat/{n}.jpg"].label for n in (1, 2, 3)] == ["dog"] * 3


def _as_dog(line):
    return line.replace(",cat,", ",dog,") if line.startswith("cat/3.jpg") else line


def test_labels_in_a_project_that_gives_its_tables_to_git_lfs_are_kept_as_they_are(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name, value in {"clean": "sed s/^/PTR/", "smudge": "sed s/^PTR//", "required": "true"}.items():
        subprocess.run(["git", "-C", tmp_path, "config", f"filter.lfs.{name}", value], check=True)
    (tmp_path / ".gitattributes").write_text("*.csv filter=lfs diff=lfs merge=lfs -text\n")
    (tmp_path / "photos/cat").mkdir(parents=True)
    (tmp_path / "photos/cat/1.jpg").write_bytes(b"cat 1")
    said = []
    data = DataRepository.init(tmp_path / "photos", said.append)
    attributes = data.root / ".gitattributes"
    attributes.write_text(attributes.read_text().replace(" -filter diff", ""))  # as older versions made it
    data.add(label="cat")
    data.commit("A cat")
    assert git(data, "show", "HEAD:./labels.csv").startswith("file,sha256,label")
    assert "git gave the labels to its filter 'lfs'" in said[-1] and data.status().is_clean
    (tmp_path / ".git/info/attributes").write_text("labels.csv filter=lfs\n")
    data.label("dog", "cat/1.jpg")
    with pytest.raises(DataError, match=r"filter 'lfs'.*\n?.*info/attributes"):
        data.commit("A dog")


def test_a_data_repository_in_a_folder_of_another_keeps_its_files(data, tmp_path):
    (data.root / "new").mkdir()
    (data.root / "new/1.jpg").write_bytes(b"new 1")
    data.push(str(tmp_path / "remote"))
    inner = data.root / "inner"
    DataRepository.clone(str(tmp_path / "remote"), inner, on_note=lambda text: None)
    assert data.status().new == ["new/1.jpg"]
    for paths in ((), (inner,), (inner / "cat/1.jpg",)):
        added = data.add(*paths)
        assert added.left_out == {"inner": "it is a data repository of its own"}
    assert sorted(row.file for row in data.rows())[-1] == "new/1.jpg"
    (inner / ".gitattributes").write_text("")
    data.add(inner / "cat/1.jpg")  # an item of the outer one stays its item
    (inner / ".gitattributes").write_text("# gatera data, format 1\n")
    (inner / "cat/1.jpg").write_bytes(b"another")
    assert data.add().changed == ["inner/cat/1.jpg"]


def test_pointers_of_git_lfs_are_not_taken_for_photos(data):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"
    for name in ("cat/1.jpg", "cat/9.jpg"):
        (data.root / name).write_bytes(pointer)
    before = list(data.rows())
    assert "git lfs pull" in data.add().left_out["cat/9.jpg"] and list(data.rows()) == before


@pytest.mark.parametrize("most", [100, 2], ids=["labels in one file", "labels that became many"])
def test_the_remedy_for_changes_that_are_not_committed_undoes_them(most, data, monkeypatch):
    monkeypatch.setattr("gatera.store.datasets.work.workspace.MOST_IN_ONE", most)
    (data.root / "cat/4.jpg").write_bytes(b"cat 4")
    data.add(label="cat")
    with pytest.raises(DataError, match="are not committed, and another version would") as error:
        data.checkout("HEAD")
    undo = error.value.remedy.partition("undo them (")[2].rpartition(")")[0]
    subprocess.run(undo, shell=True, cwd=data.root, check=True)
    assert list(data.rows()) == list(data.rows("HEAD")) and data.checkout("HEAD") == data.head


def failing(*_, **__):
    raise OSError(errno.ESTALE, "Stale file handle")


@pytest.fixture
def lost(data, monkeypatch):
    """Two folders with an item each; a network disk has lost one of the folders, and the file in the other."""
    for name in ("kept", "gone"):
        (data.root / name).mkdir()
        (data.root / name / "1.txt").write_text(name)
    data.add()
    data.commit("Both")
    real = os.scandir

    class Listing(list):
        __enter__, __exit__ = (lambda self: self), (lambda *_: None)

    def scandir(path):
        if str(path).endswith("gone"):
            failing()
        if str(path).endswith("kept"):
            return Listing([SimpleNamespace(name="1.txt", is_file=failing, is_dir=failing)])
        return real(path)

    monkeypatch.setattr(tree.os, "scandir", scandir)
    return data


def test_what_cannot_be_looked_at_is_not_called_missing(lost):
    """`gatera data status` said "Files missing: ... (or gatera data add --removed)", or ended in a traceback."""
    found = lost.status()
    assert (found.missing, found.changed, found.new, found.is_clean) == ([], [], [], False)
    assert found.unreadable == {
        "gone": "it cannot be listed (Stale file handle)", "kept/1.txt": "it cannot be listed (Stale file handle)"
    }  # fmt: skip
    assert lost.add(removed=True).removed == []


@pytest.mark.parametrize("readable", [True, False])
def test_a_file_that_cannot_be_read_is_no_fault_of_the_store(data, monkeypatch, readable):
    """ "the object store cannot be written (Input/output error). Make room": one bad sector in a photo kept all from being added."""
    for name in ("1.txt", "2.txt"):
        (data.root / name).write_text(name)
    real = keeping.keep_one

    def keep_one(objects, how, path):
        if path.endswith("2.txt"):
            raise OSError(errno.EIO, "Input/output error")
        return real(objects, how, path)

    monkeypatch.setattr(keeping, "keep_one", keep_one)
    if readable:
        with pytest.raises(DataError, match=r"the object store .* cannot be written"):
            data.add()
    else:
        monkeypatch.setattr(keeping, "sha256_file", failing)
        added = data.add()
        assert added.new == ["1.txt"]
        assert added.left_out == {"2.txt": "it cannot be read (Input/output error)"}


def test_a_file_that_changed_within_the_tick_of_a_memory_card_is_seen(data, monkeypatch):
    """FAT and exFAT keep every other second: "Nothing differs from the commit", and `add` did not take it."""
    path = data.root / "1.txt"
    even = 2 * int(time.time() / 2 - 1000)

    def write(text, now):
        monkeypatch.setattr(add_by_hard_link.time, "time_ns", lambda: int((even + now) * 1e9))
        path.write_text(text)
        os.utime(path, ns=(even * 10**9, even * 10**9))

    write("one", 0.5)
    data.add()
    write("two", 1.9)
    assert data.status().changed == ["1.txt"]
    assert data.add().changed == ["1.txt"]
    monkeypatch.setattr(add_by_hard_link.time, "time_ns", lambda: int((even + 2.1) * 1e9))
    assert data.status().changed == []
    monkeypatch.setattr(tree, "sha256_file", failing)  # from now on it is not read again
    assert "1.txt" not in data.status().unreadable


def test_files_that_were_just_written_out_are_not_read_again(data, monkeypatch):
    """`status` read every file again after `clone`: only disks of whole seconds need that."""
    for name in ("1.txt", "2.txt"):
        (data.root / name).write_text(name)
    data.add()
    for name in ("1.txt", "2.txt"):
        (data.root / name).unlink()
    data.restore("1.txt", "2.txt")
    monkeypatch.setattr(tree, "sha256_file", failing)
    assert data.status().unreadable == {}
    (data.root / "1.txt").write_text("other")
    assert [*data.status().unreadable] == ["1.txt"]


def test_copies_of_the_labels_are_no_items(data):
    """Services that synchronise folders keep both of two files that conflict."""
    (data.root / "1.txt").write_text("one")
    (data.root / "table.csv").write_text("file,label")
    for name in ("labels (Ann's conflicted copy).csv", "labels.sync-conflict-1.csv"):
        (data.root / name).write_bytes((data.root / "labels.csv").read_bytes())
    added = data.add()
    assert added.new == ["1.txt", "table.csv"]
    assert [*added.left_out] == ["labels (Ann's conflicted copy).csv", "labels.sync-conflict-1.csv"]
    assert {*added.left_out.values()} == {"it is a copy of labels.csv, not an item"}


def test_a_name_that_a_disk_cannot_hold_is_told(data, tmp_path, monkeypatch):
    """exFAT: "cannot be read or written (No such file or directory)", of a name that we made."""
    (data.root / "q?.txt").write_text("one")
    data.add()
    data.commit("Odd")
    data.push(str(tmp_path / "remote"))
    real = tempfile.mkstemp

    def mkstemp(prefix="", **more):
        if "?" in prefix:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", prefix)
        return real(prefix=prefix, **more)

    monkeypatch.setattr(tempfile, "mkstemp", mkstemp)
    with pytest.raises(DataError, match=r"'q\?\.txt' cannot be the name of a file on this disk"):
        DataRepository.clone(str(tmp_path / "remote"), tmp_path / "copy", on_note=lambda text: None)


def test_two_items_that_are_one_file_on_a_disk_are_told(data, tmp_path, monkeypatch):
    """Disks of Windows and macOS, memory cards: the second was written over the first, unsaid."""
    for name in ("Cat.txt", "cat.txt"):
        (data.root / name).write_text(name)
    data.add()
    data.commit("Both")
    data.push(str(tmp_path / "remote"))
    real = ObjectStore.place
    monkeypatch.setattr(
        ObjectStore,
        "place",
        lambda self, sha256, target: real(self, sha256, str(target).replace("Cat", "cat")),
    )
    monkeypatch.setattr(placing, "state_of", lambda path: tree.state_of(str(path).replace("Cat", "cat")))
    here = placing.is_here
    monkeypatch.setattr(
        placing, "is_here", lambda work, name, sha256: here(work, name.replace("Cat", "cat"), sha256)
    )
    said = []
    DataRepository.clone(str(tmp_path / "remote"), tmp_path / "copy", on_note=said.append)
    assert any("Cat.txt and cat.txt are one file on this disk" in each for each in said)
