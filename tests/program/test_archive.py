from __future__ import annotations

import errno
import io
import mmap
import struct
import zipfile
from pathlib import Path

import pytest

from gatera.core.errors import ProgramFileError
from gatera.program.archive import LARGEST, Archive
from gatera.program.package import read_package

DAMAGED = "Copy or download it again; if that does not help, export it again."
NAMES = "program.json, model.onnx, tokenizer.json, card.md, weights.safetensors"


def message(path: Path) -> str:
    with pytest.raises(ProgramFileError) as err:
        read_package(path)
    return str(err.value)


def test_a_missing_file_offers_the_nearest(make_program):
    path = make_program("cats.gatera").with_name("cat.gatera")
    assert message(path) == f"{path} does not exist. Did you mean 'cats.gatera'?"


def test_a_missing_file_in_an_empty_folder(tmp_path):
    assert message(tmp_path / "a.gatera") == f"{tmp_path / 'a.gatera'} does not exist."


def test_a_folder_is_refused_with_the_programs_in_it(tmp_path):
    assert message(tmp_path) == f"{tmp_path} is a folder. Expected: a program file (*.gatera)."
    (tmp_path / "cats.gatera").touch()
    assert message(tmp_path).endswith(f" It holds {tmp_path / 'cats.gatera'}.")


def test_an_empty_file(tmp_path):
    path = tmp_path / "a.gatera"
    path.touch()
    assert message(path) == f"{path} is not a program file: it is empty. learn.export writes program files."


def test_not_a_zip(tmp_path):
    path = tmp_path / "a.gatera"
    path.write_bytes(b"\x80\x04pickle")
    assert message(path) == (
        f"{path} is not a program file: it begins with b'\\x80\\x04pi'. learn.export writes program files."
    )


def test_another_zip(pack):
    path = pack(comment=b"")
    assert message(path) == f"{path} is truncated, or was not written by Gatera. {DAMAGED}"


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_truncated_file(kept, program_file):
    data = program_file.read_bytes()
    program_file.write_bytes(data[: int(len(data) * kept)])
    assert message(program_file) == f"{program_file} is truncated, or was not written by Gatera. {DAMAGED}"


def test_a_file_that_lost_its_middle(program_file):
    data = program_file.read_bytes()
    program_file.write_bytes(data[:100] + data[200:])
    assert (
        message(program_file)
        == f"{program_file} is truncated or damaged: program.json is incomplete. {DAMAGED}"
    )


def test_a_compressed_entry(pack):
    path = pack(compression=zipfile.ZIP_DEFLATED)
    assert message(path) == (
        f"{path} is refused: program.json is compressed or encrypted. Expected: stored entries. "
        "Do not repack it with other tools."
    )


def in_directory(path: Path, name: bytes, field: int, value: int) -> None:
    """Change a 32-bit field of an entry in the zip's central directory; offsets as in the zip specification, 4.3.12."""
    data = bytearray(path.read_bytes())
    at = data.rindex(name) - 46
    assert data[at : at + 4] == b"PK\1\2"
    struct.pack_into("<L", data, at + field, value)
    path.write_bytes(data)


def test_an_entry_that_promises_too_much(pack):
    path = pack()
    in_directory(path, b"program.json", 24, 3_000_000_000)
    assert message(path) == (
        f"{path} is refused: program.json is too large. Got: 3000000000. Expected: at most 16.0 MB."
    )


def test_an_entry_that_promises_more_than_there_is(pack):
    path = pack()
    for field in (20, 24):
        in_directory(path, b"model.onnx", field, 3_000_000_000)
    assert message(path) == f"{path} is truncated or damaged: model.onnx is incomplete. {DAMAGED}"


def test_an_entry_that_does_not_begin_where_the_directory_says(pack):
    path = pack()
    in_directory(path, b"model.onnx", 42, 7)
    assert message(path) == f"{path} is truncated or damaged: model.onnx is incomplete. {DAMAGED}"


def test_an_unknown_entry(pack):
    path = pack([("model.onnx", b"model"), ("run.py", b"import os")])
    assert message(path) == f"{path} has an unknown entry. Got: 'run.py'. Expected: {NAMES}."


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "..\\x", "\\x", "C:x"])
def test_a_name_that_leads_out(name, pack):
    path = pack([("model.onnx", b"model"), (name, b"x")])
    assert message(path) == f"{path} is refused: an entry's name points outside the file. Got: {name!r}."


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice(pack):
    path = pack([("model.onnx", b"model"), ("model.onnx", b"other")])
    assert message(path) == f"{path} is refused: it has model.onnx twice."


def test_too_many_entries(pack):
    path = pack([(f"{number}.txt", b"") for number in range(9)])
    assert message(path) == f"{path} has too many entries. Got: 10. Expected: at most 5."


def test_no_model(pack):
    path = pack([])
    assert message(path) == f"{path} is not a program file: model.onnx is missing."


def test_no_program(tmp_path):
    path = tmp_path / "a.gatera"
    with zipfile.ZipFile(path, "w") as target:
        target.comment = b"sha256:" + b"0" * 64
        target.writestr("model.onnx", b"model")
    assert message(path) == f"{path} is not a program file: program.json is missing."


def test_the_limits_are_those_of_the_format():
    assert LARGEST == {
        "program.json": 16_000_000, "model.onnx": 4_000_000_000, "tokenizer.json": 64_000_000, "card.md": 4_000_000,
        "weights.safetensors": 4_000_000_000,
    }  # fmt: skip


@pytest.mark.parametrize("readable", [3, 100, 2000])
def test_a_disk_that_fails_in_the_middle_is_an_error_of_the_file(make_program, monkeypatch, readable):
    """ "the output cannot be written (Input/output error)", where a program could not be read."""
    path = make_program("cats.gatera")

    class Failing(io.FileIO):
        def read(self, size=-1, /):
            if self.tell() + max(size, 0) > readable:
                raise OSError(errno.EIO, "Input/output error")
            return super().read(size)

    monkeypatch.setattr(Path, "open", lambda self, mode="r", *_, **__: Failing(self, mode))
    assert "cats.gatera" in message(path) and "Input/output error" in message(path)


def test_programs_are_read_where_the_disk_maps_no_files(make_program, monkeypatch):
    """Shared folders of virtual machines."""
    archive = Archive(make_program("cats.gatera"))
    with archive.view("model.onnx") as view:
        content = bytes(view)

    def refuse(*_, **__):
        raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr(mmap, "mmap", refuse)
    with archive.view("model.onnx") as view:
        assert bytes(view) == content
