"""Git's own merge, rebase and stash on labels: item by item where gatera is there, line by line where it is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

import pytest

from gatera.core.errors import DataError
from gatera.store import DataRepository
from gatera.store.datasets.labels import sheets
from gatera.store.datasets.merging import MergeConflictError
from gatera.store.datasets.work import workspace


@pytest.fixture(autouse=True)
def on_the_path(tmp_path, monkeypatch):
    """Put `gatera` on the PATH: this one, whatever is installed."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "gatera"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gatera "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    return script


def git(data, *arguments, fails=False):
    done = subprocess.run(["git", "-C", data.root, *arguments], capture_output=True, text=True, check=False)
    assert bool(done.returncode) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def labels(data):
    return {row.file: row.label for row in data.rows()}


def apart(data, ours, theirs):
    """Label on main and on the branch ben: item -> label."""
    data.checkout("ben", new_branch=True)
    for item, label in theirs.items():
        data.label(label, item, by="Ben")
    data.commit("Ben")
    data.checkout("main")
    for item, label in ours.items():
        data.label(label, item)
    data.commit("Ann")


NEIGHBOURS = {"cat/1.jpg": "wolf"}, {"cat/2.jpg": "fox"}
SAME = {"cat/1.jpg": "wolf", "cat/3.jpg": "lynx"}, {"cat/1.jpg": "fox", "cat/2.jpg": "puma"}


def test_neighbours_are_no_conflict(data):
    apart(data, *NEIGHBOURS)
    git(data, "merge", "--no-edit", "ben")
    assert labels(data) | {"cat/1.jpg": "wolf", "cat/2.jpg": "fox"} == labels(data)
    assert data.status().is_clean and list(data.root.glob(".merge_file*")) == []


def test_where_gatera_is_not_there_git_merges_line_by_line(data, on_the_path):
    on_the_path.unlink()
    apart(data, {"cat/1.jpg": "wolf"}, {"dog/2.jpg": "fox"})
    git(data, "merge", "--no-edit", "ben")
    assert (labels(data)["cat/1.jpg"], labels(data)["dog/2.jpg"]) == ("wolf", "fox")


@pytest.mark.slow
def test_where_gatera_is_not_there_or_fails_a_conflict_has_gits_marks(data, on_the_path):
    apart(data, *NEIGHBOURS)
    on_the_path.write_text("#!/bin/sh\nexit 1\n")
    git(data, "merge", "--no-edit", "ben", fails=True)
    assert (data.root / "labels.csv").read_text().count("<<<<<<< HEAD\n") == 1
    assert data.resolve().settled == 0  # there was nothing to ask about
    assert labels(data) | {"cat/1.jpg": "wolf", "cat/2.jpg": "fox"} == labels(data)


def test_a_conflict_stands_between_marks_and_everything_else_is_merged(data):
    apart(data, *SAME)
    said = git(data, "merge", "--no-edit", "ben", fails=True)
    assert "labels.csv: 1 item was changed differently on both sides, e.g. cat/1.jpg (label: wolf (by Ann) or fox (by Ben), was cat)." in said  # fmt: skip
    lines = (data.root / "labels.csv").read_text().splitlines()
    assert [line.split(",")[2] if "," in line else line for line in lines[1:8]] == [
        "<<<<<<< HEAD", "wolf", "=======", "fox", ">>>>>>> the other side", "puma", "lynx",
    ]  # fmt: skip
    for call in (data.status, lambda: data.commit("x")):
        with pytest.raises(DataError, match=r"holds the conflict markers of a merge .* gatera data resolve"):
            call()
    with pytest.raises(
        DataError, match=r"git is in the middle of a merge.*gatera data resolve.*git merge --abort"
    ):
        data.checkout("ben")
    with pytest.raises(MergeConflictError, match="settling the conflicts needs 1 answer"):
        data.resolve()
    with pytest.raises(DataError, match=r"cat/2\.jpg is not in conflict\. Available: cat/1\.jpg"):
        data.resolve(answers={"cat/2.jpg": "mine"})
    done = data.resolve("theirs")
    assert (done.settled, done.begun, done.left) == (1, "merge", [])
    assert done.summary.sentence() == "1 cat -> puma, 1 wolf -> fox; by Ben"
    git(data, "commit", "--no-edit")
    assert data.status().is_clean and [labels(data)[f"cat/{i}.jpg"] for i in (1, 2, 3)] == [
        "fox",
        "puma",
        "lynx",
    ]
    assert len(data.log()[0].commit.parents) == 2


@pytest.mark.slow
def test_our_commit_finishes_gits_merge(data):
    apart(data, *SAME)
    git(data, "merge", "ben", fails=True)
    data.resolve(answers={"cat/1.jpg": "coyote"})
    commit, _ = data.commit("Ann and Ben")
    assert len(git(data, "rev-list", "--parents", "-1", commit).split()) == 3
    row = next(data.rows())
    assert (row.label, row.by) == ("coyote", "Ann") and git(data, "status", "--porcelain") == ""


def test_what_was_settled_by_hand_counts(data):
    apart(data, {"cat/1.jpg": "wolf", "dog/1.jpg": "husky"}, {"cat/1.jpg": "fox", "dog/1.jpg": "poodle"})
    git(data, "merge", "ben", fails=True)
    table = data.root / "labels.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([lines[0], lines[4], *lines[6:], ""]))  # Ben's line of the first conflict
    assert data.resolve("mine").settled == 2
    assert (labels(data)["cat/1.jpg"], labels(data)["dog/1.jpg"]) == ("fox", "husky")
    assert table.read_bytes().count(b"\n") == 7


def test_in_a_rebase_mine_is_the_commit_that_is_moved(data):
    apart(data, *SAME)
    git(data, "rebase", "ben", fails=True)
    with pytest.raises(DataError, match=r"git is in the middle of a rebase.*git rebase --continue"):
        data.merge("ben")
    done = data.resolve("mine")
    assert done.begun == "rebase" and any(
        '"mine" is the commit that is being moved' in text for text in data.said
    )
    with pytest.raises(DataError, match="git is in the middle of a rebase"):
        data.commit("x")
    git(data, "-c", "core.editor=true", "rebase", "--continue")
    assert [labels(data)[f"cat/{i}.jpg"] for i in (1, 2, 3)] == ["wolf", "puma", "lynx"]


@pytest.mark.slow
def test_a_conflict_of_a_stash_is_settled_too(data):
    apart(data, {"cat/1.jpg": "wolf"}, {"cat/2.jpg": "fox"})
    data.label("lynx", "cat/1.jpg")
    git(data, "stash")
    data.label("puma", "cat/1.jpg")
    data.commit("Puma")
    git(data, "stash", "pop", fails=True)
    assert data.resolve("theirs").begun is None and labels(data)["cat/1.jpg"] == "lynx"


@pytest.mark.slow
def test_crossed_branches_have_no_marks_in_what_they_are_compared_with(data):
    apart(data, *SAME)
    git(data, "branch", "ann")
    data.merge("ben", rule="mine")
    data.checkout("ben")
    data.merge("ann", rule="theirs")  # two merges of the same two commits, with the same answer
    data.label("bear", "dog/3.jpg")
    data.commit("Bear")
    data.checkout("main")
    data.label("seal", "dog/1.jpg")
    data.commit("Seal")
    git(data, "merge", "--no-edit", "ben")
    assert labels(data) == {
        "cat/1.jpg": "wolf", "cat/2.jpg": "puma", "cat/3.jpg": "lynx", "dog/1.jpg": "seal", "dog/2.jpg": "dog", "dog/3.jpg": "bear",
    }  # fmt: skip


@pytest.mark.slow
def test_columns_added_by_one_side_are_merged(data):
    data.checkout("ben", new_branch=True)
    table = data.root / "labels.csv"
    head, *lines = table.read_text().splitlines()
    table.write_text("\n".join([f"{head},light", *(f"{line},day" for line in lines), ""]))
    data.commit("Light")
    data.checkout("main")
    data.label("wolf", "cat/2.jpg")
    data.commit("Ann")
    git(data, "merge", "--no-edit", "ben")
    assert data.columns() == ("light",) and {row.more for row in data.rows()} == {("day",)}
    assert labels(data)["cat/2.jpg"] == "wolf"


@pytest.mark.slow
def test_labels_in_parts_merge_and_conflict(data, monkeypatch):
    for module in (sheets, workspace):
        monkeypatch.setattr(module, "MOST_IN_ONE", 5)
    data.put_rows([next(data.rows())._replace(note="many")])
    with pytest.raises(DataError, match=r"rm labels/[?]{2}\.csv; git checkout HEAD -- labels\.csv[)]"):
        data.checkout("main")
    data.commit("Many")
    data.label("wolf", "cat/1.jpg")
    with pytest.raises(DataError, match=r"git checkout HEAD -- labels[)]"):
        data.checkout("main")
    git(data, "checkout", "HEAD", "--", "labels")
    assert (data.root / "labels/4c.csv").is_file() and not (data.root / "labels.csv").exists()
    apart(data, *SAME)
    said = git(data, "merge", "ben", fails=True)
    assert said.count("changed differently on both sides") == 1
    assert data.resolve("newest").settled == 1
    git(data, "commit", "--no-edit")
    assert data.status().is_clean and [labels(data)[f"cat/{i}.jpg"] for i in (2, 3)] == ["puma", "lynx"]


@pytest.mark.whole
@pytest.mark.parametrize("forward", [True, False])
def test_one_side_went_into_parts(data, monkeypatch, forward):
    data.checkout("ben", new_branch=True)
    data.label("fox", "cat/1.jpg", "cat/2.jpg", by="Ben")
    data.commit("Ben")
    data.checkout("main")
    data.label("wolf", "cat/1.jpg")
    with monkeypatch.context() as patch:
        for module in (sheets, workspace):
            patch.setattr(module, "MOST_IN_ONE", 5)
        data.put_rows([list(data.rows())[3]._replace(note="many")])
    data.commit("Many")
    if not forward:
        data.checkout("ben")
    git(data, "merge", "ben" if forward else "main", fails=True)
    with pytest.raises(MergeConflictError):
        data.resolve()
    assert data.resolve("mine").settled == 1
    git(data, "commit", "--no-edit")
    assert data.status().is_clean and not (data.root / "labels.csv").exists()
    assert (labels(data)["cat/1.jpg"], labels(data)["cat/2.jpg"]) == ("wolf" if forward else "fox", "fox")
    assert [row.file for row in data.rows() if row.note == "many"] == ["dog/1.jpg"]


def test_files_follow_where_git_moved_the_labels(data, open_data):
    data.checkout("ben", new_branch=True)
    (data.root / "cat/1.jpg").write_bytes(b"Ben's photo")
    (data.root / "cat/9.jpg").write_bytes(b"new")
    (data.root / "dog/3.jpg").unlink()
    data.add(removed=True)
    data.commit("Ben")
    data.checkout("main")
    data.label("wolf", "cat/2.jpg")
    data.commit("Ann")
    git(data, "merge", "--no-edit", "ben")
    again = open_data(data.root)
    assert (data.root / "cat/1.jpg").read_bytes() == b"Ben's photo" and (data.root / "cat/9.jpg").exists()
    assert not (data.root / "dog/3.jpg").exists() and again.status().is_clean
    assert any(
        text.endswith(": 2 files were written as the labels have them now, 1 file was removed.")
        for text in again.said
    )
    git(data, "checkout", "HEAD~1")
    (data.root / "dog/2.jpg").write_bytes(b"mine, not added")
    assert open_data(data.root).status().changed == ["dog/2.jpg"]
    assert (data.root / "cat/1.jpg").read_bytes() == b"cat 1" and (data.root / "dog/3.jpg").exists()


@pytest.mark.parametrize(
    "away", [("revert", "--no-edit", "HEAD"), ("switch", "-q", "ben")], ids=["revert", "switch"]
)
def test_files_follow_from_what_git_itself_committed(data, open_data, away):
    git(data, "branch", "ben")
    (data.root / "cat/1.jpg").write_bytes(b"another cat")
    (data.root / "new.jpg").write_bytes(b"new")
    data.add()
    for _ in range(2):  # no command of ours between what git does
        git(data, "commit", "-qam", "A better photo", "--allow-empty")
    git(data, "tag", "better")
    if away[0] == "revert":
        away = (*away[:-1], "HEAD~1")
    git(data, *away)
    there = open_data(data.root)
    assert (there.root / "cat/1.jpg").read_bytes() == b"cat 1" and not (there.root / "new.jpg").exists()
    assert there.status().is_clean
    git(data, "checkout", "-q", "better")
    assert open_data(data.root).status().is_clean and (data.root / "new.jpg").exists()


@pytest.mark.parametrize("how", ["--soft", "--mixed", "--hard"])
def test_files_stay_with_the_labels_that_a_reset_leaves(data, open_data, how):
    (data.root / "cat/1.jpg").write_bytes(b"another cat")
    (data.root / "new.jpg").write_bytes(b"new")
    (data.root / "dog/3.jpg").unlink()
    data.add(removed=True)
    data.commit("Three changes")
    git(data, "reset", "-q", how, "HEAD~1")
    status = open_data(data.root).status()
    assert (status.changed, status.new, status.missing) == ([], [], [])
    assert (data.root / "new.jpg").exists() == (how != "--hard") != (data.root / "dog/3.jpg").exists()


def test_files_that_git_left_behind_are_named_where_they_are_added(data, open_data):
    (data.root / "cat/1.jpg").write_bytes(b"a better photo")
    data.add()
    git(data, "stash", "-q")
    there = open_data(data.root)
    assert there.status().changed == ["cat/1.jpg"]
    there.add()
    assert "1 file has bytes that were kept before" in there.said[-1]


def test_files_follow_a_revert_that_needed_an_answer(data, open_data):
    (data.root / "cat/1.jpg").write_bytes(b"another cat")
    data.add()
    data.label("fox", "cat/2.jpg")
    data.commit("Two changes")
    data.label("wolf", "cat/2.jpg")
    data.commit("A wolf")
    git(data, "revert", "--no-edit", "HEAD~1", fails=True)
    data.resolve("mine")
    git(data, "-c", "core.editor=true", "revert", "--continue")
    there = open_data(data.root)
    assert (there.root / "cat/1.jpg").read_bytes() == b"cat 1" and there.status().is_clean


def test_files_come_with_a_merge_that_our_commit_finishes(data, open_data):
    data.checkout("ben", new_branch=True)
    (data.root / "cat/1.jpg").write_bytes(b"Ben's photo")
    (data.root / "new.jpg").write_bytes(b"new")
    data.add()
    data.commit("Ben")
    data.checkout("main")
    data.label("wolf", "cat/2.jpg")
    data.commit("Ann")
    git(data, "merge", "--no-commit", "ben")
    there = open_data(data.root)
    assert there.status().begun == "merge" and there.status().changed == ["cat/1.jpg"]
    with pytest.raises(DataError, match="in the middle of a merge"):
        there.add()  # which would bring the old photo back
    there.commit("Both")
    assert (there.root / "cat/1.jpg").read_bytes() == b"Ben's photo" and there.status().is_clean


def test_a_file_stays_where_its_row_was_only_committed_away(data, open_data):
    table = data.root / "labels.csv"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:-1]))
    git(data, "commit", "-am", "Without the last")
    assert open_data(data.root).status().new == ["dog/3.jpg"] and (data.root / "dog/3.jpg").exists()


def test_a_file_stays_whose_row_is_gone_from_the_table_alone(data, open_data):
    git(
        data, "switch", "-q", "-c", "ben"
    )  # goes nowhere, so what follows is a commit of what lies in the folder
    table = data.root / "labels.csv"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:-1]))
    git(data, "commit", "-qam", "Without the last")
    assert open_data(data.root).status().new == ["dog/3.jpg"]
    git(data, "commit", "-qm", "Nothing", "--allow-empty")
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:-1]))
    git(data, "switch", "-q", "-C", "main", "HEAD~1")  # the same labels; those of the folder go along
    assert open_data(data.root).status().new == ["dog/2.jpg", "dog/3.jpg"]


def test_a_file_that_the_store_never_had_is_kept_before_it_goes(data, open_data):
    git(data, "branch", "first")
    (data.root / "new.jpg").write_bytes(b"new")
    (data.root / "cat/1.jpg").write_bytes(b"better")
    data.add()
    data.commit("Another, and a better one")
    for sha256 in (of_new := [row.sha256 for row in data.rows() if row.file in ("new.jpg", "cat/1.jpg")]):
        data._work.objects.remove(sha256)  # as beside a clone of git's, into which somebody copied the photos
    git(data, "switch", "-q", "first")
    there = open_data(data.root)
    assert there.status().is_clean and not (data.root / "new.jpg").exists()
    assert [there.read(sha256) for sha256 in of_new] == [b"better", b"new"]


def test_removed_files_are_said(data, open_data):
    (data.root / "new.jpg").write_bytes(b"new")
    data.add()
    data.commit("One more")
    git(data, "checkout", "-q", "HEAD~1")
    said = open_data(data.root).said
    assert not (data.root / "new.jpg").exists() and said[-1].endswith(": 1 file was removed.")


@pytest.mark.slow
def test_a_plain_clone_is_set_up_by_init(data, tmp_path, open_data):
    git(data, "clone", "--quiet", data.root, tmp_path / "copy")
    copy = open_data(tmp_path / "copy")
    said: list[str] = []
    assert not copy.status().git_merges_items
    DataRepository.init(copy.root, on_note=said.append)
    assert copy.status().git_merges_items
    assert said == [f"{copy.root} is already a data repository. From now on git merges its labels item by item in this copy."]  # fmt: skip
    apart(copy, *NEIGHBOURS)
    git(copy, "merge", "--no-edit", "ben")
    with pytest.raises(DataError, match="is already a data repository"):
        DataRepository.init(copy.root)
    shutil.rmtree(copy.root / ".git")  # a copy without its history
    assert DataRepository.init(copy.root, on_note=said.append).head is None


def test_folders_that_git_ignores_are_merged(data):
    data.checkout("ben", new_branch=True)
    (data.root / "fox").mkdir()
    (data.root / "fox/1.jpg").write_bytes(b"fox")
    data.add()
    data.commit("Fox")
    data.checkout("main")
    (data.root / "wolf").mkdir()
    (data.root / "wolf/1.jpg").write_bytes(b"wolf")
    data.add()
    data.commit("Wolf")
    git(data, "branch", "before")
    data.merge("ben")
    ignored = (data.root / ".gitignore").read_text().splitlines()
    assert {"/fox/", "/wolf/"} < set(ignored) and len(set(ignored)) == len(ignored)
    assert git(data, "status", "--porcelain") == ""
    data.checkout("before")
    git(data, "merge", "--no-edit", "ben")
    assert {"/fox/", "/wolf/"} < set((data.root / ".gitignore").read_text().splitlines())


def test_nothing_to_resolve_is_said(data):
    with pytest.raises(DataError, match="no labels are in conflict"):
        data.resolve()


#: A hook as the program pre-commit and others are: a child in Python gets no descriptors that its parent does not know of.
HOOK_IN_PYTHON = """#!{python}
import subprocess
subprocess.run(["sh", "-c", {line!r}])
"""


@pytest.mark.parametrize("kind", ["sh", "python"])
@pytest.mark.parametrize("command", ["data push ../remote", "data status"])
def test_a_hook_that_calls_us_does_not_wait_for_its_own_parent(data, open_data, tmp_path, command, kind):
    """After `gatera data commit` it waited for a minute, and then failed unseen: nothing was sent."""
    hook = data.root / ".git/hooks/post-commit"
    hook.parent.mkdir(exist_ok=True)
    line = f"gatera {command} >{tmp_path}/said 2>&1; echo rc $? >>{tmp_path}/said"
    hook.write_text(
        f"#!/bin/sh\n{line}\n" if kind == "sh" else HOOK_IN_PYTHON.format(python=sys.executable, line=line)
    )
    hook.chmod(0o755)
    data.label("fox", "cat/1.jpg")
    start = time.monotonic()
    made, _ = data.commit("A fox")
    said = (tmp_path / "said").read_text()
    assert time.monotonic() - start < 30 and "rc 0" in said and made[:8] in said
    data.label("wolf", "cat/1.jpg")  # the lock is free again
    assert data.commit("A wolf") is not None and open_data(data.root).status().is_clean
