"""Git itself commits what it is given: labels from a spreadsheet, and merges that nobody finished. Every command still works."""

from __future__ import annotations

import subprocess

from gatera.store.datasets.labels.conflict_sides import sides_of


def git(data, *arguments):
    return subprocess.run(["git", "-C", data.root, *arguments], capture_output=True, check=False).returncode


def labels(data, commit=None):
    return {row.file: row.label for row in data.rows(commit)}


def test_a_spreadsheet_that_git_committed_is_read(data, open_data):
    first, table = data.head, data.root / "labels.csv"
    text = table.read_text().replace(",cat,", ",lynx,", 1).replace("\n", "\r\n")
    table.write_bytes(b"\xef\xbb\xbf" + text.encode())
    git(data, "commit", "-qam", "From a spreadsheet")
    second = data.head
    data = open_data(data.root)
    assert data.status().is_clean and labels(data)["cat/1.jpg"] == "lynx"
    assert data.said == [f"labels.csv at {second[:8]} was not written by gatera data; it is read as a table (the next commit writes it in order)."]  # fmt: skip
    data.label("fox", "cat/2.jpg")
    data.commit("Fox")
    assert [entry.sentence for entry in data.log()] == [
        "1 cat -> fox; by Ann",
        "1 cat -> lynx; by Ann",
        "6 added; by Ann",
    ]
    assert [step.commit.id for step in data.blame("cat/1.jpg")] == [second, first]
    data.checkout(second)
    assert labels(data)["cat/1.jpg"] == "lynx" and b"\r" not in subprocess.check_output(
        ["git", "-C", data.root, "show", "main:labels.csv"]
    )


def test_marks_that_were_committed_are_settled(data, open_data):
    data.checkout("ben", new_branch=True)
    data.label("fox", "cat/1.jpg")
    data.commit("Ben")
    data.checkout("main")
    data.label("wolf", "cat/1.jpg")
    data.commit("Ann")
    git(data, "config", "merge.gatera-labels.driver", "git merge-file %A %O %B")
    git(data, "merge", "ben")
    git(data, "commit", "-qam", "Unfinished")
    bad = data.head
    data = open_data(data.root)
    assert labels(data, bad)["cat/1.jpg"] == "wolf"
    assert [text.partition(";")[0] for text in data.said] == [
        f"labels.csv at {bad[:8]} was committed with the marks of a merge that was not finished"
    ]
    done = data.resolve("theirs")
    assert (done.settled, done.begun, done.summary.sentence()) == (1, None, "1 wolf -> fox; by Ann")
    data.commit("Settled")
    assert data.status().is_clean and labels(data)["cat/1.jpg"] == "fox"
    data.checkout(bad)
    data.checkout("main")


def test_the_sides_of_marks():
    text = b"a\n<<<<<<< HEAD\nb\n||||||| before\nc\n=======\nd\n>>>>>>> x\ne\n"
    assert sides_of(text) == (b"a\ne\n", b"a\nb\ne\n", b"a\nd\ne\n")
