"""What nothing names can be removed; what a commit, a stash, git's log, its index or a working folder names stays."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from multiprocessing import get_context

import pytest

from gatera.core.errors import DataError
from gatera.store import DataRepository


def git(data, *words):
    subprocess.run(("git", "-C", data.root, *words), check=True, capture_output=True)


def kept(data):
    return set(data._work.objects)


def edit(data, text, name="cat/1.jpg"):
    """Give a file other bytes and add it; returns its hash."""
    (data.root / name).parent.mkdir(exist_ok=True)
    (data.root / name).write_bytes(text.encode())
    data.add()
    return {row.file: row.sha256 for row in data.rows()}[name]


def test_what_was_added_over_and_never_committed_is_counted_and_removed_when_asked(data):
    lost, last = edit(data, "first try"), edit(data, "second")
    assert (data.prune().objects, data.prune().size_bytes) == (1, 9) and lost in kept(data)
    assert data.prune(remove=True).removed and data.prune().objects == 0
    assert lost not in kept(data) and last in kept(data) and data.verify(history=True).problems == []
    data.commit("Second")
    (data.root / "cat/1.jpg").write_bytes(b"first try")
    data.add()
    assert lost in kept(data) and data.verify().problems == []


def test_what_a_stopped_fetch_left_goes_unless_a_pull_would_go_on_with_it(data):
    whole = {row.file: row.sha256 for row in data.rows()}["cat/1.jpg"]
    objects = data._work.objects
    needed = {row.file: row.sha256 for row in data.rows()}["cat/2.jpg"]
    objects.remove(needed)
    left = [
        objects.path(each).with_name(f".{objects.path(each).name}.partial")
        for each in (whole, needed, "ab" * 32)
    ]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"part")
    assert (data.prune().objects, data.prune(remove=True).size_bytes) == (2, 8)
    assert [path.exists() for path in left] == [False, True, False]


def test_what_git_can_still_bring_back_stays(data):
    """A tag, a branch, a stash, and the index."""
    start, named = data.head, set()
    for name, after in (("side", "commit"), ("stashed", "stash"), ("amended", "commit"), ("staged", "add")):
        if name == "amended":
            git(data, "checkout", "-q", "-b", "other")
        named.add(edit(data, name))
        git(
            data,
            *{"commit": ("commit", "-qam", name), "stash": ("stash",), "add": ("add", "labels.csv")}[after],
        )
        if name == "side":
            git(data, "tag", "kept")
            git(data, "reset", "-q", "--hard", start)
    earlier = subprocess.check_output(("git", "-C", data.root, "show", f"{start}:labels.csv"))
    (data.root / "labels.csv").write_bytes(earlier)
    data.prune(remove=True)
    assert named <= kept(data)


def test_a_side_branch_that_a_merge_threw_away_stays_whole_and_is_verified(data):
    data.checkout("ben", new_branch=True)
    theirs = edit(data, "Ben's")
    data.commit("Ben's")
    data.checkout("main")
    edit(data, "mine")
    data.commit("Mine")
    data.merge("ben", rule="mine")
    git(data, "branch", "-D", "ben")
    git(data, "reflog", "expire", "--expire=now", "--all")
    assert data.prune(remove=True).objects == 0 and theirs in kept(data)
    data._work.objects.remove(theirs)
    assert len(data.verify(history=True).problems) == 1


def test_commits_that_git_has_forgotten_let_their_files_go(data):
    lost = edit(data, "a mistake")
    data.commit("A mistake")
    git(data, "reset", "-q", "--hard", "HEAD~1")
    git(data, "update-ref", "-d", "ORIG_HEAD")
    assert data.prune().objects == 0
    git(data, "reflog", "expire", "--expire=now", "--all")
    assert data.prune(remove=True).objects == 1 and lost not in kept(data)


def test_labels_of_another_working_folder_count_too(data, tmp_path):
    git(data, "worktree", "add", "-q", tmp_path / "second", "-b", "second")
    second = DataRepository(tmp_path / "second", on_note=lambda text: None)
    theirs = edit(second, "not committed", "cat/2.jpg")
    assert data.prune(remove=True).objects == 0 and theirs in kept(data)
    (tmp_path / "second").rename(tmp_path / "unplugged")
    with pytest.raises(DataError, match="which shares the object store, is not there"):
        data.prune(remove=True)


@pytest.mark.parametrize("verb", ["rebase", "merge"])
def test_what_git_put_aside_for_a_rebase_or_a_merge_stays(data, verb):
    git(data, "branch", "side")
    edit(data, "mine")
    data.commit("Mine")
    git(data, "checkout", "-q", "side")
    edit(data, "theirs")
    data.commit("Theirs")
    aside = edit(data, "put aside", "cat/2.jpg")
    with pytest.raises(subprocess.CalledProcessError):
        git(data, verb, "--autostash", "main")
    data.resolve(rule="mine")
    assert data.prune(remove=True).objects == 0 and aside in kept(data)


def test_what_is_staged_or_fetched_in_another_working_folder_stays_without_a_file_of_labels(data, tmp_path):
    git(data, "worktree", "add", "-q", "--detach", tmp_path / "second")
    second = DataRepository(tmp_path / "second", on_note=lambda text: None)
    named = [edit(second, "fetched", "cat/2.jpg")]
    git(second, "commit", "-qam", "Fetched")
    own = data.root / ".git/worktrees/second"
    (own / "FETCH_HEAD").write_text(f"{second.head}\t\tbranch 'theirs' of elsewhere\n", encoding="utf-8")
    git(second, "checkout", "-q", "HEAD~1")
    (own / "logs/HEAD").unlink()
    named.append(edit(second, "staged", "cat/2.jpg"))
    git(second, "add", "labels.csv")
    (second.root / "labels.csv").unlink()
    data.prune(remove=True)
    assert {*named} <= kept(data)


def test_a_store_that_others_may_keep_files_in_is_left_alone(data, tmp_path):
    edit(data, "never committed")
    edit(data, "after it")
    before = kept(data)
    (data.root / ".gatera/registry.json").touch()
    with pytest.raises(DataError, match="is a registry of programs too, whose files no label names"):
        data.prune(remove=True)
    (data.root / ".gatera/registry.json").unlink()
    (data.root / ".gatera/objects").rename(tmp_path / "shared")
    (data.root / ".gatera/objects").symlink_to(tmp_path / "shared")
    with pytest.raises(DataError, match="shared, where other repositories may keep"):
        data.prune(remove=True)
    assert kept(data) == before


def test_labels_of_a_spreadsheet_count_as_they_are(data):
    named = edit(data, "edited")
    table = data.root / "labels.csv"
    table.write_bytes(
        table.read_text(encoding="utf-8").upper().replace("FILE,SHA256", "file,sha256").encode("utf-16")
    )
    with suppress(DataError):
        data.prune(remove=True)
    assert named in kept(data)


def _add_much(root):
    data = DataRepository(root, on_note=lambda text: None)
    for round_ in range(8):
        for number in range(40):
            (root / f"cat/new{number}.jpg").write_bytes(b"%d %d" % (round_, number))
        data.add()
        data.commit(f"Round {round_}")


def test_an_add_at_the_same_time_loses_nothing(data):
    process = get_context("spawn").Process(target=_add_much, args=(data.root,))
    process.start()
    while process.is_alive():
        data.prune(remove=True)
    process.join()
    assert process.exitcode == 0 and data.verify(history=True).problems == []
