"""Copies that git makes: shallow clones, working folders, bare repositories; and folders that are no place for a data repository."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from gatera.core.errors import ArgumentError, DataError, RemoteError
from gatera.store import DataRepository


def git(folder, *arguments):
    subprocess.run(["git", "-C", folder, *arguments], capture_output=True, check=True)


@pytest.fixture
def shallow(data, tmp_path, open_data):
    data.label("fox", "cat/1.jpg")
    data.commit("Fox")
    git(tmp_path, "clone", "--depth", "1", data.root.as_uri(), "shallow")
    return open_data(tmp_path / "shallow")


def test_what_a_shallow_clone_does_not_know_is_not_made_up(shallow, data, tmp_path):
    assert [entry.sentence for entry in shallow.log()] == [
        "what came before was not fetched (git fetch --unshallow)"
    ]
    with pytest.raises(DataError, match=r"what came before [0-9a-f]{8} is not here.*git fetch --unshallow"):
        shallow.revert("HEAD")  # would remove every item
    with pytest.raises(DataError, match="this clone is shallow, and its commits cannot be sent"):
        shallow.push(tmp_path / "remote")
    shallow.label("wolf", "cat/2.jpg")
    shallow.commit("Wolf")
    assert [step.change.words for step in shallow.blame("cat/2.jpg")] == ["cat -> wolf", "added"]
    git(shallow.root, "fetch", "--unshallow")
    assert [entry.sentence for entry in shallow.log()] == [
        "1 cat -> wolf; by Ann",
        "1 cat -> fox; by Ann",
        "6 added; by Ann",
    ]


def test_branches_of_a_shallow_clone_are_not_merged_as_if_they_had_nothing_in_common(shallow, data):
    git(shallow.root, "fetch", "--depth", "1", "origin", data.log()[1].commit.id)
    with pytest.raises(DataError, match="in common is not here, because this clone is shallow"):
        shallow.merge("FETCH_HEAD")


def test_a_working_folder_of_git_shares_the_objects(data, tmp_path, open_data):
    git(data.root, "worktree", "add", tmp_path / "beside", "-b", "ben")
    beside = open_data(tmp_path / "beside")
    assert beside.restore(beside.root) == 6 and beside.status().is_clean and beside.verify().problems == []
    (beside.root / "cat/9.jpg").write_bytes(b"new")
    beside.add()
    beside.commit("New")
    data.merge("ben")
    assert (data.root / "cat/9.jpg").read_bytes() == b"new"


def test_folders_that_are_no_place_for_a_data_repository(data, tmp_path):
    git(tmp_path, "clone", "--bare", data.root, "bare.git")
    with pytest.raises(DataError, match="where git keeps its own files"):
        DataRepository.init(tmp_path / "bare.git")
    with pytest.raises(DataError, match="is inside the data repository"):
        DataRepository.init(data.root / "cat")
    with pytest.raises(DataError, match="There is no folder"):
        DataRepository(data.root / "nowhere")
    with pytest.raises(
        RemoteError, match=r"is a git repository, not what gatera data push makes\. Clone it with git"
    ):
        DataRepository.clone(str(tmp_path / "bare.git"), tmp_path / "copy")
    with pytest.raises(
        RemoteError, match=r"is a git repository, not what.*Fetch its labels with git: git pull"
    ):
        data.pull(str(tmp_path / "bare.git"))
    (data.root / ".git" / "HEAD").write_text("")  # as services that synchronise folders leave files
    with pytest.raises(DataError, match=r"git cannot read .*\.git: it is damaged, or somebody else's"):
        DataRepository(data.root)
    shutil.rmtree(data.root / ".git")
    with pytest.raises(
        DataError, match=r"has labels, but no git repository that keeps them.*The labels stay"
    ):
        DataRepository(data.root)


def test_nothing_is_sent_into_a_folder_that_people_work_in(data, tmp_path):
    """Objects and lists of branches were written among a colleague's photos, or into a bare repository, and "Sent 1 commit" was said."""
    git(tmp_path, "clone", "--bare", data.root, "bare.git")
    (tmp_path / "app" / "photos" / "cat").mkdir(parents=True)
    git(tmp_path / "app", "init", "-q")
    DataRepository.init(tmp_path / "app" / "photos", on_note=lambda text: None)
    before = sorted(tmp_path.rglob("*"))
    for place, what in (
        ("bare.git", "is a git repository, whose files"),
        ("app/photos", "is a data repository that somebody works in, whose files"),
        ("app/photos/cat", "is inside the data repository"),
    ):
        with pytest.raises(ArgumentError, match=what):
            data.push(str(tmp_path / place))
    assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(
        RemoteError,
        match=r"photos is a data repository that somebody works in, not what.*Send it first, there",
    ):
        data.pull(str(tmp_path / "app" / "photos"))


def test_a_repository_that_git_does_not_trust_is_not_taken_for_an_empty_one(data, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(
        DataError, match=r"git does not trust this folder, which belongs to another user.*safe\.directory"
    ):
        DataRepository(data.root).status()


def test_no_repository_is_made_inside_one_that_git_does_not_trust(tmp_path, monkeypatch):
    """The labels went into a git of their own inside a project of somebody else's, unsaid."""
    subprocess.run(("git", "init", "-q", tmp_path), check=True)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(DataError, match=r"git does not trust this folder.*safe\.directory"):
        DataRepository.init(tmp_path / "photos")
    assert not (tmp_path / "photos" / ".git").exists()


@pytest.mark.parametrize("path", [".git", ".gatera", ".git/HEAD"])
def test_files_of_git_and_of_ours_are_no_items(data, path):
    with pytest.raises(ArgumentError, match="is where git or gatera keeps its own files"):
        data.add(data.root / path)


def test_names_that_are_no_items_are_said(data):
    with pytest.raises(ArgumentError, match="nowhere is neither an item nor a folder of items"):
        data.restore("nowhere")
    for path in ("cat", data.root):
        with pytest.raises(ArgumentError, match="is a folder, not an item"):
            data.blame(path)


def test_names_that_the_locale_cannot_read_are_refused(data, monkeypatch):
    (data.root / "cat/\u00e4.jpg").write_bytes(b"x")
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "iso8859-1")
    with pytest.raises(DataError, match="cannot be read rightly in this locale"):
        data.add()


def test_a_repository_begun_in_a_second_working_folder_keeps_its_files_when_the_main_one_gets_its_labels(
    tmp_path, open_data
):
    main, second = tmp_path / "main", tmp_path / "second"
    git(tmp_path, "init", "-q", "main")
    git(main, "commit", "-q", "--allow-empty", "-m", "Code")
    git(main, "worktree", "add", "-q", second, "-b", "labels")
    (second / "cat").mkdir()
    (second / "cat/1.jpg").write_bytes(b"cat 1")
    data = DataRepository.init(second, on_note=lambda text: None)
    data.add()
    data.commit("Cats and dogs")
    git(main, "merge", "-q", "labels")
    open_data(main).status()
    assert open_data(second).verify().problems == []
