"""All files of a repository are sent and come to a clone, whatever program wrote labels.csv, and whatever its cells hold."""

from __future__ import annotations

import csv
import hashlib
import subprocess

import pytest

from gatera.store import DataRepository


def by_another_program(path, how):
    table = [*csv.reader(path.read_text(encoding="utf-8").splitlines())]
    if how == "hash last":
        table = [[*cells[:1], *cells[2:], cells[1]] for cells in table]
    delimiter = {"semicolons": ";", "tabs": "\t"}.get(how, ",")
    with path.open("w", newline="", encoding="utf-8-sig" if how == "mark" else "utf-8") as file:
        quoting = csv.QUOTE_ALL if how == "quotes" else csv.QUOTE_MINIMAL
        csv.writer(file, delimiter=delimiter, quoting=quoting).writerows(table)


@pytest.mark.parametrize("how", ["semicolons", "tabs", "quotes", "mark", "hash last"])
def test_new_files_of_a_table_that_git_committed_as_a_spreadsheet_saved_it(how, data, tmp_path):
    """What `git commit` took as another program wrote it names files too."""
    data.push(str(tmp_path / "remote"))
    names = ["cat/9.jpg", "x, y; z.jpg", 'say "a".jpg']
    for name in names:
        (data.root / name).write_bytes(name.encode())
    data.add(label="cat")
    by_another_program(data.root / "labels.csv", how)
    subprocess.run(["git", "commit", "-qam", "By git"], cwd=data.root, check=True)
    assert data.push().objects == len(names)
    copy = DataRepository.clone(str(tmp_path / "remote"), tmp_path / "copy", on_note=lambda text: None)
    assert all((copy.root / name).read_bytes() == name.encode() for name in names) and copy.status().is_clean


def test_hashes_in_cells_of_tables_are_not_files_to_send(data, tmp_path):
    """A table of hashes can be sent, and so can a note that is one."""
    table = tmp_path / "people.csv"
    hashes = [hashlib.sha256(name).hexdigest() for name in (b"a", b"b")]
    table.write_text(f"id,digest\na,{hashes[0]}\nb,{hashes[1]}\n")
    data.add_rows(table)
    data.label(None, "cat/1.jpg", note=hashes[0])
    data.commit("Hashes")
    assert data.push(str(tmp_path / "remote")).objects == 6
    copy = DataRepository.clone(str(tmp_path / "remote"), tmp_path / "copy", on_note=lambda text: None)
    assert list(copy.rows()) == list(data.rows())
