"""Two registries and a remote, in any order of verbs, against dictionaries: a tag means the program that it was given to, wherever it is."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from itertools import groupby, takewhile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from gatera.core.errors import RegistryError
from gatera.program.package import read_package, write_package
from gatera.store.models.check import verify_registry
from gatera.store.models.registry import ModelRegistry
from gatera.store.models.sync import pull as pulling
from gatera.store.models.sync.pull import pull_model
from gatera.store.models.sync.push import push_model
from gatera.store.remotes.folder import FolderRemote

FORMAT1 = Path(__file__).parents[2] / "fixtures" / "format1.gatera"
WHO, TAGS = st.integers(0, 1), st.sampled_from(["production", "beta"])


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    folder, package = tmp_path_factory.mktemp("programs"), read_package(FORMAT1)
    entries = {each: package.read(each) for each in package.names if each != "program.json"}
    facts = {key: value for key, value in package.program.items() if key not in ("format", "entries")}
    return [
        write_package(folder / f"{run}.gatera", {**facts, "training": {"run": run}}, entries)
        for run in range(5)
    ]


class Known:
    """A registry, and what must be in it: number -> hash of the program, and tag -> (who moved it, hash or None)."""

    def __init__(self, folder):
        self.registry, self.versions, self.moves = ModelRegistry(folder), {}, {}

    def moved(self, tag, by, sha256):
        moves = self.moves.setdefault(tag, [])
        if not moves or moves[-1][1] != sha256:
            moves.append((by, sha256))


def beginning(one, other):
    return len([*takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))])


def machine_of(programs):
    class TwoRegistries(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.folder, self.count = Path(tempfile.mkdtemp()), 0
            self.both = [Known(self.folder / name) for name in "ab"]
            self.there = Known(self.folder / "remote")
            self.remote = FolderRemote(self.folder / "remote")

        def teardown(self):
            shutil.rmtree(self.folder)

        def by(self):
            self.count += 1
            return f"somebody {self.count}"

        @rule(who=WHO, program=st.integers(0, 4), tag=st.none() | TAGS)
        def add(self, who, program, tag):
            known, by = self.both[who], self.by()
            version = known.registry.add(programs[program], "cats", by=by, tag=tag)
            assert known.versions.setdefault(version.number, version.sha256) == version.sha256
            if tag:
                known.moved(tag, by, version.sha256)

        @rule(who=WHO, number=st.integers(1, 4), tag=TAGS)
        def tag(self, who, number, tag):
            known, by = self.both[who], self.by()
            if number in known.versions:
                known.registry.tag(f"cats@v{number}", tag, by=by)
                known.moved(tag, by, known.versions[number])

        @rule(who=WHO, tag=TAGS)
        def rollback(self, who, tag):
            known, by = self.both[who], self.by()
            with suppress(RegistryError):  # it stood for no other
                number = known.registry.rollback("cats", tag, by=by).version
                sha256 = known.versions.get(number) or self.there.versions[number]
                assert sha256 in [each for _, each in known.moves[tag][:-1]]
                known.moved(tag, by, sha256)

        @rule(who=WHO)
        def push(self, who):
            known, there = self.both[who], self.there
            other = any(there.versions.get(number, sha) != sha for number, sha in known.versions.items())
            pairs = [(moves, there.moves.get(tag, [])) for tag, moves in known.moves.items()]
            apart = any(beginning(*pair) < min(map(len, pair)) for pair in pairs)
            try:
                push_model(known.registry, self.remote, "cats", quiet=True)
            except RegistryError:
                assert other or apart or not known.versions
                return
            assert not other and not apart
            there.versions |= known.versions
            there.moves |= {
                tag: moves for tag, moves in known.moves.items() if len(moves) > len(there.moves.get(tag, []))
            }
            there.moves = {tag: [*moves] for tag, moves in there.moves.items()}

        @rule(
            who=WHO,
            which=st.sampled_from(["", "@latest", "@v1", "@v2", "@production"]),
            renumber=st.booleans(),
        )
        def pull(self, who, which, renumber):
            known, there = self.both[who], self.there
            try:
                pull_model(known.registry, self.remote, f"cats{which}", renumber=renumber, quiet=True)
            except RegistryError:
                return
            found = {each.number: each.sha256 for each in known.registry.versions("cats")}
            assert (
                {*known.versions.values()}
                <= {*found.values()}
                <= {*known.versions.values(), *there.versions.values()}
            )
            assert renumber or known.versions.items() <= found.items()
            assert which or there.versions.items() <= found.items()
            known.versions = found
            for tag in known.moves.keys() | there.moves.keys():
                mine, theirs = known.moves.get(tag, []), there.moves.get(tag, [])
                known.moves[tag] = [*theirs, *mine[beginning(mine, theirs) :]]

        @invariant()
        def each_has_what_it_must(self):
            for known in (*self.both, self.there):
                registry = ModelRegistry(known.registry.folder)
                assert {each.number: each.sha256 for each in registry.versions("cats")} == known.versions
                for tag, moves in known.moves.items():
                    assert [each.by for each in registry.history("cats", tag)] == [by for by, _ in moves]
                    sha256 = moves[-1][1] if moves else None
                    if sha256 in known.versions.values():
                        assert registry.find(f"cats@{tag}").sha256 == sha256
                    elif known.versions:
                        with pytest.raises(RegistryError):  # it was not fetched, or the tag was removed
                            registry.find(f"cats@{tag}")

    return TwoRegistries


def test_a_tag_means_the_program_that_it_was_given_to(programs):
    """After any verbs, versions and tags are those of the dictionaries."""
    chosen = settings(max_examples=25, stateful_step_count=12)
    run_state_machine_as_test(machine_of(programs), settings=chosen)


def test_a_version_that_only_a_tag_names_is_no_free_number(programs, tmp_path):
    """Of a remote, all tags may be here and one version: what is added next is not what they stand for."""
    ours, other = ModelRegistry(tmp_path / "a"), ModelRegistry(tmp_path / "b")
    remote = FolderRemote(tmp_path / "remote")
    first = ours.add(programs[0], "cats")
    second = ours.add(programs[1], "cats", tag="production")
    push_model(ours, remote, "cats", quiet=True)
    pull_model(other, remote, "cats@v1", quiet=True)
    assert other.add(programs[2], "cats").number == 3
    assert other.history("cats", "production")[-1].version == 2 and first.number == 1
    with pytest.raises(RegistryError, match=r"has no version v2\..*To fetch it: gatera models pull cats@v2"):
        other.find("cats@production")
    # a version of mine has the number that their tag names: it is not fetched on top
    own = ModelRegistry(tmp_path / "c")
    own.add(programs[0], "cats")
    mine = own.add(programs[3], "cats")
    with pytest.raises(RegistryError, match="cats@v2 is a different program"):
        pull_model(own, remote, "cats@v1", quiet=True)
    pull_model(own, remote, "cats@v1", renumber=True, quiet=True)
    assert own.find("cats@production").sha256 == second.sha256 and own.find("cats@v3").sha256 == mine.sha256
    assert verify_registry(own, quiet=True) == (3, [])


@pytest.mark.parametrize("after", range(1, 6))
def test_moves_of_a_tag_outlive_a_pull_that_is_stopped(after, programs, tmp_path, monkeypatch):
    """After any number of writes, every move of mine is still there, and the next pull brings both histories together."""
    ours, other = ModelRegistry(tmp_path / "a"), ModelRegistry(tmp_path / "b")
    remote = FolderRemote(tmp_path / "remote")
    for program in programs[:3]:
        ours.add(program, "cats")
    push_model(ours, remote, "cats", quiet=True)
    pull_model(other, remote, "cats", quiet=True)
    ours.tag("cats@v3", "beta", by="Ann")
    push_model(ours, remote, "cats", quiet=True)
    for number in (1, 2, 1):
        other.tag(f"cats@v{number}", "beta", by=f"Ben {number}")
    written: list[object] = []

    def write(registry, model, move, write=pulling._write_move):
        written.append(move)
        if len(written) > after:
            raise KeyboardInterrupt
        write(registry, model, move)

    monkeypatch.setattr(pulling, "_write_move", write)
    with suppress(KeyboardInterrupt):
        pull_model(other, remote, "cats", quiet=True)
    versions = [each.version for each in other.history("cats", "beta")]
    assert [number for number, _ in groupby(versions)][-3:] == [1, 2, 1]  # one may be there twice
    monkeypatch.undo()
    pull_model(other, remote, "cats", quiet=True)
    moves = [each.by for each in other.history("cats", "beta")]
    assert [by for by, _ in groupby(moves)] == ["Ann", "Ben 1", "Ben 2", "Ben 1"]
