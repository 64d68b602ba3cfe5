"""A remote lost files of others, or has them damaged: what is whole still comes and goes, and what was lost comes back later."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatera.core.errors import DataError
from gatera.store import DataRepository


@pytest.fixture
def remote(tmp_path):
    return tmp_path / "remote"


@pytest.fixture
def heard():
    return list[str]()


@pytest.fixture
def other(data, remote, tmp_path, heard):
    """A clone whose remote lost two files that came after: one that was changed, one that is new."""
    data.push(str(remote))
    other = DataRepository.clone(str(remote), tmp_path / "other", on_note=heard.append)
    for name in ("cat/1.jpg", "cat/8.jpg", "cat/9.jpg"):
        (data.root / name).write_bytes(f"later {name}".encode())
    data.add(label="cat")
    data.commit("Two more")
    data.push()
    lose(data, remote, "cat/1.jpg")
    lose(data, remote, "cat/8.jpg").write_bytes(b"damaged")
    heard.clear()
    return other


def lose(data: DataRepository, remote: Path, name: str) -> Path:
    sha256 = {row.file: row.sha256 for row in data.rows()}[name]
    path = remote / "objects" / sha256[:2] / sha256[2:]
    path.unlink()
    return path


def test_a_file_that_was_lost_takes_the_place_of_the_old_one_once_it_comes(data, other):
    other.label("fox", "dog/1.jpg")
    other.commit("A fox")
    assert other.pull().lacking == ("cat/1.jpg", "cat/8.jpg")
    assert (other.root / "cat/1.jpg").read_bytes() == b"cat 1"
    data.push(again=True)
    assert other.pull().objects == 2 and other.status().is_clean
    assert (other.root / "cat/1.jpg").read_bytes() == b"later cat/1.jpg"


def test_what_somebody_put_in_its_place_stays(data, other):
    other.pull()
    (other.root / "cat/1.jpg").write_bytes(b"my own")
    data.push(again=True)
    other.pull()
    assert (other.root / "cat/1.jpg").read_bytes() == b"my own"


def test_that_files_are_lacking_is_said_once(other, heard):
    other.pull()
    assert len([text for text in heard if "cat/1.jpg" in text]) == 1


def test_a_checkout_of_files_writes_what_is_there_and_names_the_rest(other):
    other.pull()
    (other.root / "cat/9.jpg").unlink()
    with pytest.raises(
        DataError,
        match=r"2 files are not in the object store \(cat/1.jpg, cat/8.jpg\), and missing or damaged on",
    ):
        other.restore(other.root)
    assert (other.root / "cat/9.jpg").read_bytes() == b"later cat/9.jpg"


def test_own_commits_can_be_sent_though_the_remote_lost_files_of_others(data, other, heard):
    other.label("fox", "dog/1.jpg")
    other.commit("A fox")
    other.pull()
    heard.clear()
    other.push()
    assert "lacks 2 files of others (cat/1.jpg, cat/8.jpg)" in heard[0]
    data.pull()
    assert {row.file: row.label for row in data.rows()}["dog/1.jpg"] == "fox"


def test_a_repair_says_what_the_remote_has_not_whole_either(other, remote):
    other.pull()
    found = other.verify(repair=True)
    assert f"2 files of them are missing or damaged on {remote} too." in found.remedy
