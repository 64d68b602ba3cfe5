"""A repository and a remote that were made with the first format open for ever. Never make these fixtures again: add others."""

from __future__ import annotations

import tarfile
from pathlib import Path

from gatera.store import DataRepository

FIXTURES = Path(__file__).parents[2] / "fixtures"

ITEMS = {
    "cat/1.jpg": "fox", "cat/2.jpg": "cat", "cat/3.jpg": "dog", "cat/two\nlines, é.jpg": "cat", "dog/1.jpg": "dog", "dog/2.jpg": "dog", "dog/3.jpg": "dog",
}  # fmt: skip


def check(data):
    rows = {row.file: row for row in data.rows()}
    assert {name: row.label for name, row in rows.items()} == ITEMS
    assert (
        rows["cat/3.jpg"].note == 'a "note", with\nlines'
        and rows["cat/3.jpg"].giver == "has_whiskers@a1b2c3d4"
    )
    assert rows["dog/1.jpg"].split == "test" and data.read(rows["dog/1.jpg"].sha256) == b"dog 1"
    assert [step.change.words for step in data.blame("cat/1.jpg")] == ["cat -> fox", "added"]
    assert data.verify(history=True).problems == [] and data.status().is_clean


def test_a_repository_of_format_1(tmp_path, open_data):
    with tarfile.open(FIXTURES / "data_repository_format1.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    check(open_data(tmp_path / "photos"))


def test_a_remote_of_format_1(tmp_path):
    with tarfile.open(FIXTURES / "data_remote_format1.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    check(DataRepository.clone(str(tmp_path / "remote1"), tmp_path / "photos", on_note=lambda text: None))
