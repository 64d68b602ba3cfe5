"""Any sequence of our verbs, of git's, and of edits of files: what is said of a repository is so, and nothing that a user made is lost."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from gatera.core.errors import GateraError
from gatera.store import DataRepository
from gatera.store.datasets.labels.rows import COLUMNS, Row, unescape

NAMES = st.sampled_from(
    [
        "cat/1.jpg",
        "cat/2.jpg",
        "dog/1.jpg",
        "dog/3.jpg",
        "new/é 1.jpg",
        "e\u0301.jpg",
        'x, "y".jpg',
        "back\\n.jpg",
        "CAT/1.jpg",
    ]
)
LABELS = st.sampled_from(["cat", "dog", "red;round", "a, b", "", "née"])
BRANCHES, RULES = (
    st.sampled_from(["main", "ben"]),
    st.sampled_from([None, "mine", "theirs", "newest", "person"]),
)
BY_GIT = st.sampled_from([
    "commit -qam x", "commit --amend -qam y", "stash", "stash pop", "checkout -- labels.csv", "switch -q main", "switch -q ben",
    "merge -q ben", "merge -q main", "merge --squash ben", "merge --abort", "cherry-pick ben", "cherry-pick -n ben", "cherry-pick --abort",
    "revert -n HEAD", "reset -q --hard", "reset -q HEAD~1", "reset -q --hard HEAD~1", "rebase -q main", "rebase --abort",
])  # fmt: skip
BUSY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge")


def sha(data):
    return hashlib.sha256(data).hexdigest()


def rows_in(text):
    """Return file -> row, read without our code; None of what another program wrote."""
    head, *lines = csv.reader(io.StringIO(text, newline=""))
    rows = [[unescape(cell) for cell in cells] for cells in lines]
    return {cells[0]: Row(*cells) for cells in rows} if tuple(head) == COLUMNS and "\r" not in text else None


def machine_of(template):
    class Session(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.folder = Path(tempfile.mkdtemp())
            self.root = Path(shutil.copytree(template, self.folder / "photos"))
            self.mine = {}  # what the user wrote and did not add: name -> bytes

        def teardown(self):
            shutil.rmtree(self.folder)

        def git(self, *words):
            return subprocess.run(["git", *words], cwd=self.root, capture_output=True)

        def open(self):
            return DataRepository(self.root, on_note=lambda text: None)

        def files(self):
            ours = ("labels.csv", ".gitignore", ".gitattributes")
            paths = (
                path
                for path in self.root.rglob("*")
                if path.is_file() and not {".git", ".gatera"} & {*path.parts}
            )
            found = {path.relative_to(self.root).as_posix(): path.read_bytes() for path in paths}
            return {name: data for name, data in found.items() if name not in ours}

        def state(self):
            return self.files(), (self.root / "labels.csv").read_bytes(), self.git("rev-parse", "HEAD").stdout

        @contextmanager
        def refused_leaves_all_as_it_was(self):
            with suppress(GateraError):
                self.open()  # which may bring files along
            before = self.state()
            try:
                yield
            except GateraError:
                assert self.state() == before

        @rule(name=NAMES, number=st.integers(0, 3))
        def write(self, name, number):
            (self.root / name).parent.mkdir(exist_ok=True)
            self.mine[name] = f"{name} {number}".encode()
            (self.root / name).write_bytes(self.mine[name])

        @rule(name=NAMES)
        def delete(self, name):
            self.mine.pop(name, None)
            (self.root / name).unlink(missing_ok=True)

        @rule(one=NAMES, other=NAMES)
        def move(self, one, other):
            if one != other and (self.root / one).is_file():
                self.write(other, 0)
                self.mine[other] = (self.root / one).read_bytes()
                (self.root / one).replace(self.root / other)
                self.mine.pop(one, None)

        @rule(removed=st.booleans(), label=st.none() | LABELS)
        def add(self, removed, label):
            with self.refused_leaves_all_as_it_was():
                data = self.open()
                before = {row.file: row for row in data.rows()}
                data.add(label=label, removed=removed)
                after = {row.file: row for row in data.rows()}
                there = {name: sha(data) for name, data in self.files().items()}
                assert {name: after[name].sha256 for name in there} == there
                assert all(
                    after[name] == row for name, row in before.items() if there.get(name) == row.sha256
                )
                self.mine.clear()

        @rule(name=NAMES, label=LABELS)
        def label(self, name, label):
            with self.refused_leaves_all_as_it_was():
                data = self.open()
                before = {row.file: row for row in data.rows()}
                data.label(label, name)
                after = {row.file: row for row in data.rows()}
                assert after.pop(name).label == label and after.items() <= before.items()

        @rule(
            quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]), label=LABELS, place=st.integers(0, 9)
        )
        def spreadsheet(self, quoting, label, place):
            path = self.root / "labels.csv"
            text = path.read_bytes().decode() if path.is_file() else ""
            rows = rows_in(text) if text and "<<<<<<<" not in text else None
            if rows:
                table = [*csv.reader(io.StringIO(text, newline=""))]
                cells = table[1 + place % len(rows)]
                cells[2] = label
                with path.open("w", newline="", encoding="utf-8-sig") as file:
                    csv.writer(file, quoting=quoting).writerows([table[0], *table[:0:-1]])
                with suppress(GateraError):
                    name = unescape(cells[0])
                    assert {**rows, name: rows[name]._replace(label=label)} == {
                        row.file: row for row in self.open().rows()
                    }

        @rule()
        def commit(self):
            with self.refused_leaves_all_as_it_was():
                self.open().commit("Some changes")
                assert not self.open().status().summary.total

        @rule(name=BRANCHES, new=st.booleans())
        def checkout(self, name, new):
            with self.refused_leaves_all_as_it_was():
                self.open().checkout(name, new_branch=new)

        @rule(name=BRANCHES, how=RULES)
        def merge(self, name, how):
            with self.refused_leaves_all_as_it_was():
                self.open().merge(name, rule=how)

        @rule(back=st.integers(0, 2), how=RULES)
        def revert(self, back, how):
            with self.refused_leaves_all_as_it_was():
                self.open().revert(f"HEAD~{back}", rule=how)

        @rule(words=BY_GIT)
        def by_git(self, words):
            self.git(*words.split())

        @rule()
        def verify(self):
            if not any((self.root / ".git" / name).exists() for name in BUSY):
                with suppress(GateraError):
                    assert self.open().verify(history=True).problems == []

        @invariant()
        def what_is_said_is_so(self):
            try:
                data = self.open()
                status, rows = data.status(), {row.file: row for row in data.rows()}
            except GateraError:  # a merge that git could not finish
                return
            there = {name: sha(content) for name, content in self.files().items()}
            assert {name: sha(content) for name, content in self.mine.items()}.items() <= there.items()
            assert status.changed == [
                n for n, row in rows.items() if row.sha256 and there.get(n, row.sha256) != row.sha256
            ]
            assert status.missing == [name for name, row in rows.items() if row.sha256 and name not in there]
            assert status.new == sorted(there.keys() - rows.keys())
            base = rows_in(self.git("show", "HEAD:labels.csv").stdout.decode())
            if base is not None:
                assert status.summary.total == sum(
                    rows.get(name) != base.get(name) for name in rows.keys() | base.keys()
                )
                for change in data.diff():
                    assert (change.before, change.after) == (
                        base.pop(change.file, None),
                        rows.pop(change.file, None),
                    )
                assert rows == base

    return Session


@pytest.mark.whole
def test_any_verbs_and_git(made):
    chosen = settings(max_examples=12, stateful_step_count=12)
    run_state_machine_as_test(machine_of(made), settings=chosen)
