"""Repositories go to a remote and come back whole, or not at all."""

from __future__ import annotations

import json
import subprocess

import pytest

from gatera.core.errors import ArgumentError, DataError, RemoteError
from gatera.store import DataRepository
from gatera.store.datasets import moving, sending
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.merging import MergeConflictError
from gatera.store.datasets.with_git import cloning
from gatera.store.remotes.transfer import fetch_objects


def quiet(text):
    pass


@pytest.fixture
def remote(tmp_path):
    return str(tmp_path / "remote")


@pytest.fixture
def other(data, remote, tmp_path):
    data.push(remote)
    return DataRepository.clone(remote, tmp_path / "other", on_note=quiet)


def test_a_clone_has_labels_files_and_history(data, other):
    assert list(other.rows()) == list(data.rows()) and other.head == data.head and other.status().is_clean
    assert other.verify(history=True).problems == [] and other.log() == data.log()
    assert (other.root / "cat/1.jpg").read_bytes() == b"cat 1"


def test_only_what_is_new_goes_and_comes(data, other, remote):
    assert data.push().commits == 0
    (data.root / "new.jpg").write_bytes(b"new")
    data.add(label="cat")
    data.label("fox", "dog/1.jpg")
    data.commit("One more")
    sent = data.push()
    assert (sent.commits, sent.objects) == (1, 1)
    fetched = other.pull()
    assert (
        fetched.objects == 1
        and fetched.result.forward
        and fetched.result.summary.sentence() == "1 added, 1 dog -> fox; by Ann"
    )
    assert (other.root / "new.jpg").read_bytes() == b"new" and other.pull().result.commit is None


def test_who_is_behind_pulls_and_merges_first(data, other):
    data.label("fox", "cat/1.jpg")
    data.commit("Fox")
    data.push()
    other.label("wolf", "dog/1.jpg")
    other.commit("Wolf")
    with pytest.raises(
        RemoteError,
        match=r"has commits on main that are not here. Fetch and merge them first: gatera data pull",
    ):
        other.push()
    assert other.pull().result.summary.sentence() == "1 cat -> fox; by Ann"
    other.push()
    assert data.pull().result.forward and list(data.rows()) == list(other.rows())


def test_a_conflict_keeps_what_was_fetched(data, other):
    data.label("fox", "cat/1.jpg")
    data.commit("Fox")
    data.push()
    other.label("wolf", "cat/1.jpg")
    other.commit("Wolf")
    with pytest.raises(MergeConflictError):
        other.pull()
    assert other.status().is_clean and other.merge("gatera/main", answers={"cat/1.jpg": "lynx"}).settled == 1
    other.push()


@pytest.mark.parametrize("branch", ["main", "ben"])
def test_two_pushes_at_once_do_not_lose_one(data, other, remote, tmp_path, monkeypatch, branch):
    if branch == "ben":
        other.checkout("ben", new_branch=True)
    other.label("wolf", "dog/1.jpg")
    other.commit("Wolf")
    data.label("fox", "cat/1.jpg")
    data.commit("Fox")
    from gatera.store.datasets import sending

    send = sending.send_new

    def meanwhile(*arguments):
        monkeypatch.setattr(sending, "send_new", send)
        other.push()
        return send(*arguments)

    monkeypatch.setattr(sending, "send_new", meanwhile)
    if branch == "ben":  # nobody is in the way of this branch
        assert data.push().commits == 1
        for name, head in (("main", data.head), ("ben", other.head)):
            assert DataRepository.clone(remote, tmp_path / name, branch=name, on_note=quiet).head == head
        return
    with pytest.raises(RemoteError, match=r"has commits on main that are not here.*gatera data pull"):
        data.push()
    data.pull()
    assert data.push().commits == 2


def test_a_push_or_pull_that_breaks_off_goes_on(data, tmp_path, remote, monkeypatch):
    from gatera.store.remotes.folder import FolderRemote

    put, count = FolderRemote._put, [0]

    def breaks(self, source, key):
        count[0] += 1
        if count[0] > 3:
            raise RemoteError("the cable")
        put(self, source, key)

    monkeypatch.setattr(FolderRemote, "_put", breaks)
    with pytest.raises(RemoteError, match=r"the cable; 3 of 6 objects had arrived"):
        data.push(remote)
    with pytest.raises(RemoteError, match=r"holds no data repository yet. Send one: gatera data push"):
        DataRepository.clone(remote, tmp_path / "other", on_note=quiet)
    assert not (tmp_path / "other").exists()
    monkeypatch.setattr(FolderRemote, "_put", put)
    sent = data.push(remote)
    assert sent.commits == 1 and sent.objects < 6
    DataRepository.clone(remote, tmp_path / "other", on_note=quiet)


def test_damage_on_the_remote_is_refused(data, remote, tmp_path):
    data.push(remote)
    sha256 = next(data.rows()).sha256
    path = tmp_path / "remote/objects" / sha256[:2] / sha256[2:]
    path.chmod(0o644)
    path.write_bytes(b"cat 9")
    said: list[str] = []
    without = DataRepository.clone(remote, tmp_path / "without", on_note=said.append)
    assert any(
        "lacks 1 file of this commit, or has it damaged: cat/1.jpg. All else was fetched." in each
        for each in said
    )
    assert without.status().missing == ["cat/1.jpg"] and sha256 not in without._work.objects
    refs = tmp_path / "remote/data/refs/000001.json"
    refs.write_text("{}")
    with pytest.raises(
        RemoteError, match=r"data/refs/000001.json is damaged \('format'\). .* gatera data push --again$"
    ):
        data.push()
    assert data.push(again=True).objects == 6
    copy = DataRepository.clone(remote, tmp_path / "other", on_note=quiet)
    assert list(copy.rows()) == list(data.rows()) and copy.head == data.head


def test_a_damaged_list_of_branches_leaves_the_one_before(data, remote, tmp_path):
    data.push(remote)
    data.checkout("ben", new_branch=True)
    data.push()
    data.label("fox", "cat/1.jpg")
    data.commit("Fox")
    data.push()
    newest = tmp_path / "remote/data/refs/000003.json"
    newest.write_bytes(b"")
    (newest.parent / "000003 (Ann's conflicted copy).json").write_bytes(b"{}")
    data.said.clear()
    data.push(again=True)
    assert "000003.json is damaged" in data.said[0] and "the list before it counts" in data.said[0]
    assert sorted(json.loads((newest.parent / "000004.json").read_text())["branches"]) == ["ben", "main"]
    assert DataRepository.clone(remote, tmp_path / "b", "ben", on_note=quiet).head == data.head
    assert DataRepository.clone(remote, tmp_path / "m", on_note=quiet).head == data.commit_of("main")


def test_a_branch_that_git_cannot_keep_beside_another_is_not_sent(data, remote, tmp_path):
    data.checkout("exp", new_branch=True)
    data.push(remote)
    data.checkout("main")
    data._work.git.run("branch", "-m", "exp", "exp/one")
    data.checkout("exp/one")
    with pytest.raises(RemoteError, match=r"has a branch 'exp', beside which git cannot keep 'exp/one'"):
        data.push()
    data._work.git.run("branch", "-m", "experiment")
    data.push()
    assert DataRepository.clone(remote, tmp_path / "other", "experiment", on_note=quiet).head == data.head


def test_files_that_are_damaged_or_gone_on_the_remote_are_sent_again(data, remote, tmp_path):
    """dvc 11011, 10498: what was sent is not looked at, and `push` said that it is there."""
    data.push(remote)
    gone, broken, *_ = sorted(
        path for path in (tmp_path / "remote/objects").rglob("*") if path.name in _names(data)
    )
    gone.unlink()
    broken.chmod(0o644)
    broken.write_bytes(b"x" * broken.stat().st_size)
    said: list[str] = []
    DataRepository.clone(remote, tmp_path / "broken", on_note=said.append)
    assert "lacks 2 files of this commit, or has them damaged" in said[0]
    assert "Where they are whole: gatera data push --again; then here: gatera data pull" in said[0]
    said = []
    data._work.say = said.append
    assert data.push().objects == 1  # the damaged one has the right size: that takes again=True
    assert "1 file of commits that were sent earlier is not there, or damaged (" in said[0]
    sent = data.push(again=True)
    assert (sent.commits, sent.objects) == (0, 6)
    assert not DataRepository.clone(remote, tmp_path / "whole", on_note=quiet).verify().problems


@pytest.mark.parametrize(("of_ben", "gone"), [(False, False), (False, True), (True, False)])
def test_commits_that_are_damaged_or_gone_on_the_remote_are_sent_again(
    data, other, remote, tmp_path, of_ben, gone
):
    other.checkout("ben", new_branch=True)
    other.label("fox", "dog/1.jpg")
    other.commit("Ben")
    other.push()
    refs = json.loads(max((tmp_path / "remote/data/refs").iterdir()).read_text())
    sha256 = refs["bundles"][of_ben]
    bundle = tmp_path / "remote/objects" / sha256[:2] / sha256[2:]
    bundle.chmod(0o644)
    bundle.unlink() if gone else bundle.write_bytes(b"x" * bundle.stat().st_size)
    with pytest.raises(RemoteError, match="gatera data push --again"):
        DataRepository.clone(remote, tmp_path / "broken", branch="ben", on_note=quiet)
    notes: list[str] = []
    data._work.say = notes.append
    data.push(again=not gone)
    assert DataRepository.clone(remote, tmp_path / "whole", on_note=quiet).head == data.head
    if of_ben:
        assert any("the commits of ben are damaged or gone, and are not here" in note for note in notes)
        other.push(again=True)
    ben = DataRepository.clone(remote, tmp_path / "ben", branch="ben", on_note=quiet)
    assert ben.head == other.head and not ben.verify(history=True).problems


def test_a_file_to_send_that_is_not_here_is_named(data, remote):
    row = next(data.rows())
    data._work.objects.remove(row.sha256)
    with pytest.raises(RemoteError, match=rf"1 of the 6 objects to send is not in the store.*{row.file}"):
        data.push(remote)


def _names(data):
    return {row.sha256[2:] for row in data.rows()}


def test_names_that_lead_out_are_not_written(data, remote, tmp_path):
    data.put_rows([Row("../evil.jpg", next(data.rows()).sha256, "cat")])
    data.commit("Evil")
    data.push(remote)
    with pytest.raises(ValueError, match=r"is not the name of a file in this repository"):
        DataRepository.clone(remote, tmp_path / "other", on_note=quiet)
    assert not (tmp_path / "evil.jpg").exists()


def test_wrong_addresses_are_refused(data, tmp_path):
    with pytest.raises(ArgumentError, match=r"there is no remote yet. Expected: its address"):
        data.push()
    with pytest.raises(RemoteError, match=r"does not exist, nor does its parent folder"):
        data.push(str(tmp_path / "a/b"))
    with pytest.raises(ArgumentError, match=r"is not empty. To fetch into it: gatera data pull -C .*photos"):
        DataRepository.clone(str(tmp_path / "x"), data.root, on_note=quiet)
    with pytest.raises(ArgumentError, match=r"is not empty. Choose a new folder."):
        DataRepository.clone(str(tmp_path / "x"), data.root / "cat", on_note=quiet)


def test_the_address_of_a_folder_means_the_same_from_everywhere(data, tmp_path, monkeypatch):
    """A relative one was looked up from wherever the next command ran, and a second remote was made there."""
    monkeypatch.chdir(data.root / "cat")
    data.push("../../kept/")
    monkeypatch.chdir(tmp_path)
    data.label("fox", "cat/1.jpg")
    data.commit("Fox")
    assert data.push().objects == 0
    other = DataRepository.clone("kept", "deep/other", on_note=quiet)
    monkeypatch.chdir(other.root / "dog")
    assert other.push().commits == 0 and other.pull().result is not None
    assert [path.parent.parent for path in tmp_path.rglob("data/refs")] == [tmp_path / "kept"]
    data._work.git.run("config", "gatera.remote", "../kept")  # by hand: from the repository, as git's own are
    assert data.push().commits == 0


@pytest.mark.parametrize("address", [".", "cat", "file://{root}/kept", "../{name}/kept"])
def test_a_remote_inside_the_repository_is_refused(data, address, monkeypatch):
    monkeypatch.chdir(data.root)
    with pytest.raises(ArgumentError, match="is inside the repository"):
        data.push(address.format(root=data.root, name=data.root.name))
    assert not (data.root / "objects").exists() and not (data.root / "kept").exists()


def test_files_of_older_commits_come_when_they_are_needed(data, remote, tmp_path):
    """git-lfs 4127: a clone has the files of one commit only, and no command fetched the others."""
    (data.root / "cat/1.jpg").write_bytes(b"new")
    data.add()
    data.commit("Another photo")
    data.push(remote)
    notes: list[str] = []
    clone = DataRepository.clone(remote, tmp_path / "clone", on_note=notes.append)
    clone.checkout("HEAD~1")
    assert (clone.root / "cat/1.jpg").read_bytes() == b"cat 1" and clone.status().is_clean
    assert notes[-1] == f"Fetched 1 file that was not here yet from {remote}."
    third = DataRepository.clone(remote, tmp_path / "third", on_note=quiet)
    third.push(str(tmp_path / "second"))
    whole = DataRepository.clone(str(tmp_path / "second"), tmp_path / "whole", on_note=notes.append)
    (tmp_path / "second").rename(tmp_path / "away")
    whole.checkout("HEAD~1")
    assert (
        "1 file of this commit is not in the object store (cat/1.jpg), and missing or damaged on" in notes[-1]
    )


def test_a_remote_that_is_empty_now_is_not_made_anew_unasked(data, remote, tmp_path):
    data.push(remote)
    (tmp_path / "remote").rename(tmp_path / "unmounted")
    with pytest.raises(
        RemoteError, match=r"holds nothing of this repository.*Mount its disk.*data push --again$"
    ):
        data.push()
    assert not (tmp_path / "remote").exists()
    assert data.push(str(tmp_path / "unmounted")).commits == 0
    assert data.push(again=True).objects == 6
    assert DataRepository.clone(remote, tmp_path / "copy", on_note=quiet).head == data.head


def test_a_password_is_neither_shown_nor_written_down(data):
    data.push("memory://ann:secret@host/photos")
    assert data.said == ["memory://ann:***@host/photos is not remembered as the remote, because passwords are not stored: name it each time."]  # fmt: skip
    assert "secret" not in (data.root / ".git/config").read_text()
    with pytest.raises(RemoteError) as raised:
        data.pull("memory://ann:secret@host/photos", branch="ben")
    assert "secret" not in str(raised.value)


def test_a_clone_takes_the_branch_that_is_meant(data, remote, tmp_path):
    subprocess.run(["git", "-C", data.root, "branch", "-M", "dev"], check=True)
    data.push(remote)
    assert DataRepository.clone(remote, tmp_path / "only", on_note=quiet).branch == "dev"
    data.checkout("exp", new_branch=True)
    sent = data.push(remote)
    assert (sent.commits, sent.moved) == (0, True) and not data.push(remote).moved
    with pytest.raises(RemoteError, match=r"no branch 'main'.*dev, exp.*--branch"):
        DataRepository.clone(remote, tmp_path / "which", on_note=quiet)
    data.checkout("master", new_branch=True)
    data.push(remote)
    notes: list[str] = []
    assert DataRepository.clone(remote, tmp_path / "usual", on_note=notes.append).branch == "master"
    assert notes[0] == "The branch is master; there are also dev, exp (to take another: branch=NAME)."


def test_what_the_store_lost_comes_from_the_remote_where_the_files_are_others(data, other, tmp_path):
    rows = {row.file: row.sha256 for row in other.rows()}
    gone, damaged = (other._work.objects.path(rows[name]) for name in ("cat/1.jpg", "cat/2.jpg"))
    gone.unlink()
    damaged.unlink()
    damaged.write_bytes(b"damaged")
    for name in ("cat/1.jpg", "cat/2.jpg"):
        (other.root / name).write_bytes(b"edited since")
    found = other.verify()
    assert len(found.problems) == 2 and found.remedy.endswith("gatera data verify --repair")
    (tmp_path / "remote").rename(tmp_path / "unplugged")
    found = other.verify(repair=True)
    assert (
        len(found.problems) == 2 and "too. Put a copy" in found.remedy and damaged.read_bytes() == b"damaged"
    )
    (tmp_path / "unplugged").rename(tmp_path / "remote")
    found = other.verify(repair=True)
    assert (sorted(found.repaired), found.problems, found.remedy) == (["cat/1.jpg", "cat/2.jpg"], [], "")
    assert (gone.read_bytes(), damaged.read_bytes()) == (b"cat 1", b"cat 2")
    assert (other.root / "cat/1.jpg").read_bytes() == b"edited since"


def test_pull_writes_the_files_of_a_copy_that_git_itself_cloned(data, remote, tmp_path):
    data.push(remote)
    subprocess.run(["git", "clone", "-q", data.root, tmp_path / "plain"], check=True)
    said = []
    plain = DataRepository(tmp_path / "plain", said.append)
    assert len(plain.status().missing) == 6
    assert plain.pull(remote).objects == 6 and plain.status().is_clean
    assert said[-1] == "6 files that were missing are written."
    (plain.root / "cat/1.jpg").unlink()  # on purpose, or not: it said "Nothing new" alone
    plain.pull()
    assert plain.status().missing == ["cat/1.jpg"]
    assert said[-1].startswith(
        "1 file is missing in this folder: cat/1.jpg (to write them again: gatera data ch"
    )


def test_labels_of_a_copy_without_files_are_sent(data, remote, tmp_path):
    """Whoever labels in a plain clone, of files that the remote has, was told to fetch them first."""
    data.push(remote)
    subprocess.run(["git", "clone", "-q", data.root, tmp_path / "plain"], check=True)
    plain = DataRepository(tmp_path / "plain", quiet)
    plain.label("fox", "cat/1.jpg")
    plain.commit("Fox")
    assert plain.push(remote)[:3] == (plain.head, 1, 0)
    assert DataRepository.clone(remote, tmp_path / "copy", on_note=quiet).head == plain.head


def test_a_folder_of_a_project_is_fetched_into_a_clone_that_git_made(tmp_path, remote):
    """Its clone was left without files: "is not in a data repository. Make one"; that the project's code was sent, nobody said."""
    project, plain = tmp_path / "project", tmp_path / "plain"
    (project / "photos").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", project], check=True)
    said = []
    data = DataRepository.init(project / "photos", said.append)
    (data.root / "1.jpg").write_bytes(b"1")
    data.add(label="cat")
    data.commit("One")
    data.push(remote)
    (line,) = [each for each in said if "sent whole" in each]
    assert line.startswith(f"The commits of {project} are sent whole, with the other files that git keeps")
    with pytest.raises(
        DataError, match=r"is a folder in it\. Available: photos\. Clone the project with git"
    ):
        DataRepository.clone(remote, tmp_path / "clone", on_note=quiet)
    assert not (tmp_path / "clone").exists()
    subprocess.run(["git", "clone", "-q", project, plain], check=True)
    copy = DataRepository.init(plain / "photos", quiet)
    assert copy.pull(remote).objects == 1 and (copy.root / "1.jpg").read_bytes() == b"1"


def test_two_data_sets_that_become_one_are_told(data, tmp_path, open_data):
    """Two projects sent to one folder: the second was told to pull, which made one data set of both, unsaid."""
    data.push(tmp_path / "remote")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/1.jpg").write_bytes(b"street")
    DataRepository.init(tmp_path / "other", on_note=lambda text: None)
    other = open_data(tmp_path / "other")
    other.add(label="street")
    other.commit("Streets")
    with pytest.raises(RemoteError, match="If they are another data set's, send to another folder"):
        other.push(tmp_path / "remote")
    before = other.head
    other.pull(tmp_path / "remote")
    assert (
        f"have no commit in common: two data sets become one (to go back after that: git reset --hard {before[:8]})"
        in " ".join(other.said)
    )


def test_labels_that_are_not_committed_are_said_not_to_be_sent(data, remote):
    """A push said "the remote has it already" of labels that nobody had committed."""
    said = []
    data._work.say = said.append
    data.push(remote)
    assert not any("not committed" in text for text in said)
    data.label("fox", "cat/1.jpg")
    assert data.push().commits == 0
    assert said[-1].startswith("There are changes of labels that are not committed; they are not sent")


def test_the_branch_of_the_remote_is_named_where_a_commit_is_not_known(data, tmp_path):
    """`gatera data agree origin/main`, as git calls it, was told of "main" alone."""
    data.add()
    data.commit("First")
    data.push(tmp_path / "remote")
    data.pull(tmp_path / "remote")
    with pytest.raises(ArgumentError, match="Available: main, gatera/main"):
        data.labels_apart("main", "origin/main")


def test_a_clone_that_was_stopped_goes_on(data, remote, tmp_path, monkeypatch):
    """huggingface_hub 3371, git-lfs 3608: what had come was thrown away, or the folder "is not empty. Choose a new folder"."""
    data.push(remote)

    def some(store, there, wanted, all_else):
        fetch_objects(store, there, list(wanted)[:4])
        raise RemoteError("the connection is gone")

    said = []
    with monkeypatch.context() as patch:
        patch.setattr(sending, "fetch_objects", some)
        with pytest.raises(RemoteError, match="connection"):
            DataRepository.clone(remote, tmp_path / "copy", on_note=said.append)
    assert said[-1] == f"What has come is kept in {tmp_path / 'copy'}: the same command goes on there."
    came = []

    def the_rest(*given, **how):
        came.append(fetch_objects(*given, **how))
        return came[0]

    monkeypatch.setattr(sending, "fetch_objects", the_rest)
    copy = DataRepository.clone(remote, tmp_path / "copy", on_note=quiet)
    assert came[0].objects == 2 and list(copy.rows()) == list(data.rows()) and copy.status().is_clean


@pytest.mark.parametrize("where", ["check_git", "set_up", "pull", "_tree", "_finish"])
def test_a_clone_that_was_killed_goes_on(data, remote, tmp_path, monkeypatch, where):
    data.push(remote)

    def killed(*_):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(cloning if hasattr(cloning, where) else moving, where, killed)
        patch.setattr(cloning, "remove_folder", quiet)
        with pytest.raises(SystemExit):
            DataRepository.clone(remote, tmp_path / "copy", on_note=quiet)
    copy = DataRepository.clone(remote, tmp_path / "copy", on_note=quiet)
    assert list(copy.rows()) == list(data.rows()) and copy.status().is_clean and copy.head == data.head


def test_one_object_that_a_remote_lost_stops_nothing_else(data, remote, tmp_path):
    """The whole clone ended, and only a hash said why."""
    (data.root / "dog/2.jpg").unlink()
    (data.root / "copy.jpg").write_bytes(b"dog 1")
    data.add(removed=True)
    data.commit("A copy")
    data.push(remote)
    rows = {row.file: row.sha256 for row in data.rows()}
    lost = tmp_path / "remote/objects" / rows["dog/1.jpg"][:2] / rows["dog/1.jpg"][2:]
    whole = lost.read_bytes()
    lost.unlink()
    said: list[str] = []
    other = DataRepository.clone(remote, tmp_path / "other", on_note=said.append)
    assert (
        "lacks 2 files of this commit, or has them damaged: copy.jpg, dog/1.jpg. All else was fetched"
        in "".join(said)
    )
    assert list(other.rows()) == list(data.rows()) and other.head == data.head
    assert (
        other.status().missing == ["copy.jpg", "dog/1.jpg"]
        and (other.root / "dog/3.jpg").read_bytes() == b"dog 3"
    )
    assert other.verify().problems == [f"copy.jpg ({rows['dog/1.jpg'][:12]}) is not in the object store."]
    assert other.pull().lacking == ("copy.jpg", "dog/1.jpg")
    lost.write_bytes(whole)
    done = other.pull()
    assert (done.lacking, done.objects) == ((), 1)
    assert other.verify().problems == [] and other.status().is_clean


def test_a_pull_into_labels_of_ones_own_goes_on_without_a_lost_object(data, other, remote, tmp_path):
    (data.root / "cat/8.jpg").write_bytes(b"cat 8")
    (data.root / "cat/9.jpg").write_bytes(b"cat 9")
    data.add(label="cat")
    data.commit("Two more")
    data.push()
    sha256 = {row.file: row.sha256 for row in data.rows()}["cat/8.jpg"]
    lost = tmp_path / "remote/objects" / sha256[:2] / sha256[2:]
    lost.unlink()
    other.label("fox", "dog/1.jpg")
    other.commit("A fox")
    assert other.pull().lacking == ("cat/8.jpg",)
    assert {row.file: row.label for row in other.rows()}["dog/1.jpg"] == "fox"
    assert (other.root / "cat/9.jpg").exists() and other.status().missing == ["cat/8.jpg"]
    data.push(again=True)
    assert other.pull().objects == 1 and other.status().is_clean
