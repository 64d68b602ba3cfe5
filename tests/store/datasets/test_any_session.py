"""Any sessions of two clones of one remote, in random order, against a simple model: what is in each folder after every step."""

from __future__ import annotations

import contextlib
import hashlib
import random

import pytest

from gatera.core.errors import RemoteError
from gatera.store import DataRepository
from gatera.store.datasets.labels.rows import Row
from gatera.store.datasets.merging import MergeConflictError

STAMPED = ("label", "source", "by", "at")


def cells(base, mine, theirs, rule):
    """Return the row that a merge of one item gives, and whether it asks."""
    asks, given = False, {}
    said = [tuple(getattr(row, name) for name in STAMPED) for row in (base, mine, theirs)]
    other = mine.label != theirs.label and theirs.label != base.label
    if said[2] != said[0] and (said[1] == said[0] or (other and mine.label == base.label)):
        given |= dict(zip(STAMPED, said[2], strict=True))
    elif said[2] != said[0] and other:
        asks = True
        given |= dict(zip(STAMPED, said[2], strict=True)) if rule == "theirs" else {}
    for name in ("sha256", "note"):
        was, here, there = (getattr(row, name) for row in (base, mine, theirs))
        if there not in (was, here):
            asks |= here != was
            given |= {name: there} if here == was or rule == "theirs" else {}
    return mine._replace(**given), asks


def now_called(base, side):
    """Return item -> its row on a side, None where it is gone; names are never used again, and bytes are unique."""
    moved = {row.sha256: row for name, row in side.items() if name not in base}
    return {name: side.get(name) or moved.get(row.sha256) for name, row in base.items()}


def merged(base, mine, theirs, rule):
    """Return the rows that a merge gives, and the names that it asks about."""
    here, there = now_called(base, mine), now_called(base, theirs)
    known = {row.file for row in (*here.values(), *there.values()) if row is not None}
    found, asked = {}, set()
    for name, was in base.items():
        rows = here[name], there[name]
        if None in rows:
            left = rows[0] or rows[1]
            if left not in (None, was):
                asked.add(left.file)
                left = rows[rule == "theirs"]
            elif left == was:
                left = None
            if left is not None:
                found[left.file] = left
            continue
        names = [row.file for row in rows if row.file != name][:: -1 if rule == "theirs" else 1] or [name]
        row, asks = cells(was, *rows, rule)
        asked |= {names[0]} if asks else set()
        found[names[0]] = row._replace(file=names[0])
    for name in (mine.keys() | theirs.keys()) - known:
        if name in mine and name in theirs:
            row, asks = cells(Row(name), mine[name], theirs[name], rule)
            found[name], asked = row, asked | ({name} if asks else set())
        else:
            found[name] = mine.get(name) or theirs[name]
    return found, asked


class Session:
    """Two clones, what must be in each, and the labels of every commit."""

    def __init__(self, seed, folder):
        self.draw, self.count, self.said = random.Random(seed), 0, []
        one = folder / "0"
        one.mkdir()
        for _ in range(4):
            self.write(one / self.name())
        first = DataRepository.init(one, on_note=self.said.append)
        first.add(label="cat")
        commit, _ = first.commit("Four cats")
        first.push(str(folder / "remote"))
        self.clones = [
            first,
            DataRepository.clone(str(folder / "remote"), folder / "1", on_note=self.said.append),
        ]
        self.at = {commit: {row.file: row for row in first.rows()}}
        self.must = [dict(self.at[commit]) for _ in self.clones]

    def name(self):
        self.count += 1
        return f"{self.draw.choice(['', 'a/', 'b/c/'])}{self.count}.jpg"

    def write(self, path):
        self.count += 1
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"bytes %d" % self.count)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def step(self):
        self.who = self.draw.randrange(2)
        self.data, self.rows = self.clones[self.who], self.must[self.who]
        steps = (self.label, self.label, self.note, self.add, self.move, self.edit, self.remove)
        steps += (self.commit, self.git_commit, self.push, self.pull, self.pull, self.revert, self.branch)
        did = self.draw.choice(steps)
        did(self.draw.choice(sorted(self.rows)))
        self.clones[self.who] = self.data = DataRepository(self.data.root, on_note=self.said.append)
        self.check(did.__name__)

    def check(self, did):
        assert {row.file: row for row in self.data.rows()} == self.must[self.who], did
        there = {
            path.relative_to(self.data.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.data.root.rglob("*.jpg")
        }
        assert there == {name: row.sha256 for name, row in self.must[self.who].items()}, did
        assert not [text for text in self.said if "edited in the table" in text], did

    def label(self, name):
        label = self.draw.choice(["cat", "dog", "fox"])
        self.data.label(label, self.data.root / name, by=f"Person {self.who}")
        row = next(row for row in self.data.rows() if row.file == name)
        assert row.label == label
        self.rows[name] = row

    def note(self, name):
        self.data.label(None, self.data.root / name, note=f"note {self.count}")
        self.rows[name] = self.rows[name]._replace(note=f"note {self.count}")

    def add(self, _):
        name = self.name()
        sha256 = self.write(self.data.root / name)
        self.data.add(label="dog")
        row = next(row for row in self.data.rows() if row.file == name)
        assert (row.sha256, row.label) == (sha256, "dog")
        self.rows[name] = row

    def move(self, name):
        new = self.name()
        (self.data.root / new).parent.mkdir(parents=True, exist_ok=True)
        (self.data.root / name).rename(self.data.root / new)
        self.data.add(label_from_folders=False)
        self.rows[new] = self.rows.pop(name)._replace(file=new)

    def edit(self, name):
        self.rows[name] = self.rows[name]._replace(sha256=self.write(self.data.root / name))
        self.data.add()

    def remove(self, name):
        if len(self.rows) > 2:
            (self.data.root / name).unlink()
            self.data.add(removed=True)
            del self.rows[name]

    def commit(self, _=None):
        before = self.at[self.data.head]
        assert (self.data.commit("Some changes") is None) == (before == self.rows)
        self.at[self.data.head] = dict(self.rows)

    def git_commit(self, _):
        self.data._work.git.ask("commit", "-qam", "By git")
        self.at[self.data.head] = dict(self.rows)

    def push(self, _):
        with contextlib.suppress(RemoteError):  # it is behind, or the branch is not there
            self.data.push()

    def merge(self, how, base, mine, theirs):
        """Merge without a rule, which may ask, and then by one."""
        for rule in (None, self.draw.choice(["mine", "theirs"])):
            try:
                how(rule)
                asked_of = None
            except MergeConflictError as error:
                asked_of = {each.file for each in error.conflicts}
            rows, asked = merged(self.at[base()], self.at[mine], self.at[theirs()], rule)
            if asked_of is None:
                assert rule is not None or not asked
                self.must[self.who], self.at[self.data.head] = rows, dict(rows)
                return
            assert rule is None and asked_of == asked and self.data.head == mine

    def pull(self, _):
        self.commit()
        git, mine = self.data._work.git, self.data.head
        fetched = f"refs/remotes/gatera/{self.data.branch}"

        def pull(rule):
            if rule is None:
                self.data.pull()
            else:
                self.data.merge(fetched, rule=rule)

        def theirs():
            return git.run("rev-parse", fetched).decode().strip()

        with contextlib.suppress(RemoteError):  # the branch is not there
            self.merge(pull, lambda: git.run("merge-base", mine, fetched).decode().strip(), mine, theirs)

    def revert(self, _):
        self.commit()
        git, mine = self.data._work.git, self.data.head
        undone = self.draw.choice(git.run("rev-list", "--no-merges", "-n4", "HEAD").decode().split())
        before = git.ask("rev-parse", "--verify", "--quiet", f"{undone}^")
        if before:
            self.merge(lambda rule: self.data.revert(undone, rule=rule), lambda: undone, mine, lambda: before)

    def branch(self, _):
        self.commit()
        git = self.data._work.git
        names = git.run("for-each-ref", "--format=%(refname:short)", "refs/heads").decode().split()
        if len(names) < 2:
            self.data.checkout("other", new_branch=True)
        elif self.draw.random() < 0.5:
            git.run("switch", "-q", next(name for name in names if name != self.data.branch))
        else:
            self.data.checkout(next(name for name in names if name != self.data.branch))
        self.must[self.who] = dict(self.at[self.data.head])


@pytest.mark.parametrize(
    ("seed", "steps"),
    [
        (3, 8),
        pytest.param(8, 12, marks=pytest.mark.slow),
        *(pytest.param(n, 25, marks=pytest.mark.whole) for n in (24, 25)),
    ],
)
def test_any_session_gives_what_a_simple_model_gives(seed, steps, tmp_path):
    session = Session(seed, tmp_path)
    for _ in range(steps):
        session.step()
    for data in session.clones:
        assert not data.verify().problems and data.status().is_clean == (
            session.at[data.head] == {row.file: row for row in data.rows()}
        )
