"""Changed files: a new program is taken into service, a bad one never."""

from __future__ import annotations

import asyncio

import pytest

from gatera.serve.watch import Source, Watcher
from gatera.store.models.registry import ModelRegistry

NURSE = {"job": "nurse", "age": 41, "since": "2021-05-01"}


class Watched:
    """A watcher of a made server, looked with by hand."""

    def __init__(self, made) -> None:
        self.service, self.said = made.service, []
        self.watcher = Watcher(
            made.sources,
            made.service.find,
            made.service.replace,
            self.said.append,
            made.service.refused_reload,
        )

    def look(self, times: int = 2) -> list[str]:
        async def looks() -> None:
            for name in [loaded.name for loaded in self.service.programs]:
                for _ in range(times):
                    await self.watcher.look(name)

        asyncio.run(looks())
        said, self.said[:] = list(self.said), []
        return said


@pytest.fixture
def watched(made):
    def make(*kinds):
        server = made(*kinds)
        return Watched(server)

    return make


def test_a_changed_file_is_taken_into_service(watched, tiny_programs, tmp_path):
    found = watched("rows")
    (before,) = found.service.programs
    assert found.look() == []
    tiny_programs.write("rows", tmp_path / "rows.gatera", created="2026-12-01T00:00:00Z")
    (said,) = found.look()
    (after,) = found.service.programs
    assert said == f"rows is {after.version} now, and was {before.version}."
    assert after.answers([NURSE], None)[0].found.label == "rich"
    assert b'gatera_reloads_total{program="rows",result="used"} 1.0' in found.service.metrics.text()
    assert found.look() == []


def test_other_labels_are_said(watched, tiny_programs, tmp_path):
    found = watched("photos")
    decode = {"activation": "softmax", "vocab": ["kitten", "puppy"], "threshold": None, "temperature": 1.0}
    tiny_programs.write("photos", tmp_path / "photos.gatera", decode=decode)
    assert found.look()[0].endswith("Its labels have changed.")


@pytest.mark.parametrize("sure", [True, False])
def test_a_program_that_no_longer_knows_how_sure_it_is(watched, tiny_programs, tmp_path, sure):
    found = watched("careful")
    found.watcher._sure = sure
    tiny_programs.write("photos", tmp_path / "careful.gatera")
    assert ("not used: it does not know how sure" if sure else "?sure= are refused") in found.look()[0]
    assert found.service.programs[0].can_be_unsure is sure


@pytest.mark.parametrize("what", ["cut", "empty", "text", "other kind", "other columns", "folder"])
def test_a_bad_file_never_replaces_a_good_one(watched, tiny_programs, tmp_path, what):
    found = watched("rows")
    (before,) = found.service.programs
    path = tmp_path / "rows.gatera"
    content = path.read_bytes()
    if what == "folder":
        path.unlink()
        path.mkdir()
    elif what == "other kind":
        tiny_programs.write("photos", path)
    elif what == "other columns":
        row = {**tiny_programs._row(), "numbers": [{"name": "weight", "fill": 1.0, "had_empty": True, "mean": 0.0, "std": 1.0},
                                                   {"name": "size", "fill": 1.0, "had_empty": True, "mean": 0.0, "std": 1.0}]}  # fmt: skip
        tiny_programs.write("rows", path, preprocess=[row])
    else:
        path.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "text": b"hello"}[what])
    (said,) = found.look()
    assert "changed and is not used" in said
    assert said.endswith(f"rows continues with {before.version}.")
    assert found.service.programs == [before]
    assert found.look() == []  # said once
    if what == "folder":
        path.rmdir()
    path.write_bytes(content)
    assert found.look() == []  # the same program again
    assert b'result="refused"} 1.0' in found.service.metrics.text()


def test_a_file_that_is_still_written_is_left_alone(watched, tiny_programs, tmp_path):
    found = watched("rows")
    path = tmp_path / "rows.gatera"
    path.write_bytes(path.read_bytes() + b"1")
    assert found.look(1) == []
    path.write_bytes(path.read_bytes() + b"2")
    assert found.look(1) == []
    tiny_programs.write("rows", path, created="2026-12-01T00:00:00Z")
    assert "is rows@" in found.look(2)[0]


def test_a_file_that_is_gone_is_said_and_comes_back(watched, tiny_programs, tmp_path):
    found = watched("rows")
    (tmp_path / "rows.gatera").unlink()
    assert found.look(3) == [f"{tmp_path / 'rows.gatera'} is gone. rows continues with what was loaded."]
    tiny_programs.write("rows", tmp_path / "rows.gatera", created="2026-12-01T00:00:00Z")
    assert "is rows@" in found.look(2)[0]


def test_a_tag_that_moves_brings_its_version(tiny_programs, tmp_path):
    registry = ModelRegistry()
    registry.add(tiny_programs.write("rows", tmp_path / "a.gatera"), "rows")
    registry.tag("rows@v1", "production")
    source = Source("rows@production")
    first = source.stamp()
    registry.add(tiny_programs.write("rows", tmp_path / "b.gatera", created="2026-12-01T00:00:00Z"), "rows")
    assert source.stamp() == first
    registry.tag("rows@v2", "production")
    assert source.stamp() != first
    assert Source("rows@none").stamp() is None
    newest = Source("rows@latest")
    for name in ("rows@v1", "rows@v2"):
        assert newest.stamp() is not None
        registry.withdraw(name)
    assert newest.stamp() is None and newest.missing.startswith("every version of rows is withdrawn")
