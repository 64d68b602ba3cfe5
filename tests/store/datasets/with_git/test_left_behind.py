"""Files that git leaves as they were where it changes labels without a commit of its own: squashed merges, `git cherry-pick -n`, `revert -n`."""

from __future__ import annotations

import subprocess

import pytest

from gatera.core.errors import DataError


def git(data, *arguments):
    subprocess.run(["git", "-C", data.root, *arguments], capture_output=True, check=True)


@pytest.fixture
def bens(data):
    """The repository, with a branch on which Ben changed a photo and added one."""
    data.checkout("ben", new_branch=True)
    (data.root / "cat/1.jpg").write_bytes(b"Ben's photo")
    (data.root / "cat/9.jpg").write_bytes(b"new")
    data.add()
    data.commit("Ben")
    data.checkout("main")
    return data


def finish(data, open_data, how):
    if how == "git commit":
        git(data, "commit", "-qm", "Ben's work")  # which looks like a commit of what lay in the folder
        return open_data(data.root)
    there = open_data(data.root)
    if how == "add":
        assert there.status().changed == ["cat/1.jpg"]
        there.add(removed=True)
    there.commit("Ben's work")
    return there


@pytest.mark.parametrize("how", ["git commit", "commit", "add"])
@pytest.mark.parametrize(
    "step", [("merge", "--squash", "ben"), ("cherry-pick", "-n", "ben")], ids=lambda step: step[0]
)
def test_files_come_with_labels_that_git_changed(bens, open_data, step, how):
    """`add` took the photos of before for edits, and undid what was picked; files that were to come were dropped."""
    git(bens, *step)
    there = finish(bens, open_data, how)
    assert there.status().is_clean
    assert [(there.root / name).read_bytes() for name in ("cat/1.jpg", "cat/9.jpg")] == [
        b"Ben's photo",
        b"new",
    ]
    assert "git changed the labels of 2 files that nobody touched" in " ".join(there.said)


def test_files_come_back_with_a_revert_that_a_plain_commit_finishes(bens, open_data):
    bens.checkout("ben")
    git(bens, "revert", "-n", "HEAD")
    git(bens, "commit", "-qm", "Undo")
    there = open_data(bens.root)
    assert (there.root / "cat/1.jpg").read_bytes() == b"cat 1" and there.status().new == ["cat/9.jpg"]


def test_files_whose_rows_git_removed_are_named_where_they_are_added_again(bens, open_data):
    """What Ben had removed became items again, with the label of the folder, as if they were new."""
    bens.checkout("ben")
    (bens.root / "cat/1.jpg").unlink()
    bens.add(removed=True)
    bens.commit("Not a cat")
    bens.checkout("main")
    git(bens, "merge", "--squash", "ben")
    git(bens, "commit", "-qm", "Ben's work")
    there = open_data(bens.root)
    (there.root / "cat/10.jpg").write_bytes(b"another")
    there.add()
    assert (
        "1 file was an item before, had no row any more and is one again: cat/1.jpg (if they are to stay out: delete the files"
        in " ".join(there.said)
    )


def test_what_somebody_touched_stays(bens, open_data):
    git(bens, "merge", "--squash", "ben")
    (bens.root / "cat/1.jpg").write_bytes(b"mine")
    git(bens, "commit", "-qm", "Ben's work")
    there = open_data(bens.root)
    assert there.status().changed == ["cat/1.jpg"] and (there.root / "cat/1.jpg").read_bytes() == b"mine"


@pytest.mark.parametrize("how", ["git commit", "commit"])
def test_an_earlier_photo_that_somebody_put_back_stays(data, open_data, how):
    (data.root / "cat/1.jpg").write_bytes(b"another cat")
    data.add()
    (data.root / "cat/1.jpg").write_bytes(b"cat 1")
    data.status()  # which hashes it
    if how == "git commit":
        git(data, "commit", "-qam", "Another cat")
        data = open_data(data.root)
    else:
        data.commit("Another cat")
    assert data.status().changed == ["cat/1.jpg"] and (data.root / "cat/1.jpg").read_bytes() == b"cat 1"


def test_names_that_an_editor_of_tables_mixed_up_change_no_file(data):
    table = data.root / "labels.csv"
    one, two = (row.sha256 for row in list(data.rows())[:2])
    table.write_text(table.read_text().replace(one, "-").replace(two, one).replace("-,", f"{two},", 1))
    data.add()
    assert (data.root / "cat/1.jpg").read_bytes() == b"cat 1" and data.status().is_clean


def test_labels_that_are_gone_are_not_items_that_are_gone(four_cats, open_data):
    """A sparse checkout, or a slip, took away all labels; `add` made others of the folders' names, and a commit removed every item."""
    data = four_cats
    data.label("fox", "cat/1.jpg")
    data.commit("A fox")
    paths = list((data.root / "labels").glob("*.csv")) or [data.root / "labels.csv"]
    for path in paths:
        path.unlink()
    for do in (
        data.status,
        data.add,
        lambda: data.commit("Nothing"),
        lambda: data.label("a", "cat/2.jpg"),
        lambda: list(data.diff()),
    ):
        with pytest.raises(
            DataError,
            match=r"is not there, and has \d items? in the last commit. Restore it as committed: git checkout HEAD -- labels",
        ):
            do()
    git(data, "add", "-A")  # where the index would give them back no more
    git(data, "checkout", "HEAD", "--", "labels" if len(paths) > 1 else "labels.csv")
    assert data.status().is_clean and next(data.rows()).label in ("fox", "cat", "dog")
    if len(paths) > 1:
        git(data, "sparse-checkout", "set", "cat")
        with pytest.raises(DataError, match=r"\(sparse checkout\). Bring it: git sparse-checkout disable"):
            open_data(data.root).status()
