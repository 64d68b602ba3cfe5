from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from onnx import TensorProto, helper

from gatera.core.errors import ArgumentError, OutputExistsError, ProgramFileError
from gatera.program import package
from gatera.program.package import read_package, write_package

DAMAGED = "Copy or download it again; if that does not help, export it again."
NAMES = "program.json, model.onnx, card.md, weights.safetensors"


def external_model() -> bytes:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="/etc/passwd")
    return helper.make_model(helper.make_graph([], "g", [], [], [tensor])).SerializeToString()


EXTERNAL = external_model()


def message(path: Path) -> str:
    with pytest.raises(ProgramFileError) as err:
        read_package(path)
    return str(err.value)


# ---- writing


def test_what_is_written_is_read_again(tmp_path):
    source = tmp_path / "weights"
    source.write_bytes(b"w" * 3_000_000)
    path = write_package(
        tmp_path / "a.gatera",
        {"task": "classification"},
        {"model.onnx": b"model", "card.md": b"", "weights.safetensors": source},
    )
    opened = read_package(path)
    assert opened.names == ("program.json", "model.onnx", "card.md", "weights.safetensors")
    assert (opened.program["format"], opened.program["task"]) == (1, "classification")
    assert opened.read("model.onnx") == b"model" and opened.read("card.md") == b""
    assert opened.read("weights.safetensors") == source.read_bytes()
    assert json.loads(opened.read("program.json")) == opened.program
    assert opened.size_bytes == path.stat().st_size


def test_large_entries_are_not_held_in_memory(program_file):
    assert set(read_package(program_file).held) == {"program.json", "model.onnx", "card.md"}


def test_what_is_not_kept_is_checked_in_little_memory(tmp_path):
    path = write_package(
        tmp_path / "a.gatera", {}, {"model.onnx": b"model", "weights.safetensors": b"w" * 12_000_000}
    )
    tracemalloc.start()
    read_package(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6_000_000


def test_the_file_is_an_ordinary_zip_of_stored_entries(program_file):
    with zipfile.ZipFile(program_file) as opened:
        assert opened.testzip() is None
        assert {info.compress_type for info in opened.infolist()} == {zipfile.ZIP_STORED}
        assert opened.comment == b"sha256:" + hashlib.sha256(opened.read("program.json")).hexdigest().encode()


def test_the_same_content_gives_the_same_file(make_program):
    assert make_program("a.gatera").read_bytes() == make_program("b.gatera").read_bytes()


def test_an_existing_file_is_kept(make_program):
    path = make_program()
    before = path.read_bytes()
    with pytest.raises(OutputExistsError) as err:
        make_program(task="regression")
    assert str(err.value) == (
        f"{path} already exists and was not overwritten. Choose another name, or pass force=True."
    )
    assert path.read_bytes() == before


def test_force_overwrites(tmp_path):
    path = tmp_path / "a.gatera"
    path.write_text("old")
    write_package(path, {}, {"model.onnx": b"model"}, force=True)
    assert read_package(path).read("model.onnx") == b"model"


def test_nothing_is_left_behind_when_writing_fails(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(package.shutil, "copyfileobj", full)
    with pytest.raises(OSError, match="No space left"):
        write_package(tmp_path / "a.gatera", {}, {"model.onnx": b"model"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("program", "entries", "text"),
    [
        ({}, {"card.md": b""}, "a program file needs the entry model.onnx. Got: ['card.md']."),
        ({}, {"model.onnx": b"", "run.py": b""},
         "unknown entry of a program file. Got: 'run.py'. Expected: model.onnx, tokenizer.json, card.md, weights.safetensors."),
        ({}, {"model.onnx": b"", "program.json": b""},
         "unknown entry of a program file. Got: 'program.json'. "
         "Expected: model.onnx, tokenizer.json, card.md, weights.safetensors."),
        ({}, {"model.onnx": b"", "card.md": b"x" * 4_000_001},
         "card.md is too large for a program file. Got: 4000001. Expected: at most 4.0 MB."),
        ({"a": {1, 2}}, {"model.onnx": b""},
         "the program contains a value that JSON does not have (Object of type set is not JSON serializable)."),
        ({}, {"model.onnx": EXTERNAL},
         "model.onnx keeps weights in other files. Save it in one piece: torch.onnx.export(external_data=False)."),
        ({}, {"model.onnx": b"onnx"}, "model.onnx is not an ONNX model (unknown wire type 7)."),
    ],
)  # fmt: skip
def test_what_cannot_be_written(program, entries, text, tmp_path):
    with pytest.raises(ArgumentError) as err:
        write_package(tmp_path / "a.gatera", program, entries)
    assert str(err.value) == text
    assert list(tmp_path.iterdir()) == []


def test_nan_cannot_be_written(tmp_path):
    program = {"error_rate": float("nan")}
    with pytest.raises(ValueError) as python:  # its words differ between versions of Python
        json.dumps(program, indent=1, allow_nan=False)
    with pytest.raises(ArgumentError) as err:
        write_package(tmp_path / "a.gatera", program, {"model.onnx": b"model"})
    assert str(err.value) == f"the program contains a value that JSON does not have ({python.value})."


# ---- reading: the whole message each time


@pytest.mark.parametrize("name", ["program.json", "model.onnx", "card.md", "weights.safetensors"])
def test_one_changed_bit_in_any_entry_is_noticed(name, program_file):
    with zipfile.ZipFile(program_file) as opened:
        content = opened.read(name)
    data = bytearray(program_file.read_bytes())
    at = bytes(data).index(content)
    data[at + len(content) // 2] ^= 1
    program_file.write_bytes(data)
    assert message(program_file) == (
        f"{program_file} was tampered with or damaged: {name} does not match its hash. {DAMAGED}"
    )


def test_no_single_changed_byte_makes_it_crash_otherwise(program_file):
    data = program_file.read_bytes()
    for at in range(0, len(data), 17):
        changed = bytearray(data)
        changed[at] ^= 0xFF
        program_file.write_bytes(changed)
        try:
            opened = read_package(program_file)
        except ProgramFileError:
            continue
        assert opened.read("model.onnx") == read_again(data, "model.onnx")


def read_again(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return opened.read(name)


def test_another_size_than_declared(pack):
    path = pack([("model.onnx", b"models")])
    assert message(path) == (
        f"{path} was tampered with or damaged: model.onnx does not have the size in program.json. "
        f"Got: 6. Expected: 5 bytes. {DAMAGED}"
    )


def test_a_wrong_hash(pack):
    path = pack([("model.onnx", b"modem")])
    assert (
        message(path) == f"{path} was tampered with or damaged: model.onnx does not match its hash. {DAMAGED}"
    )


def test_a_newer_format(pack):
    path = pack(format=2, gatera="3.0")
    assert message(path) == (
        f"{path} was made by a newer Gatera (3.0). Got: 2. Expected: format 1 to 1. "
        "Update with: pip install -U gatera"
    )


@pytest.mark.parametrize("version", ["1", True, 0, -1, 1.0])
def test_a_format_that_is_none(version, pack):
    path = pack(format=version)
    assert message(path) == f"{path} does not name its format. Got: {version!r}. Expected: 1 to 1."


def test_not_json(pack):
    path = pack(text=b"{'a'}")
    assert message(path) == (
        f"program.json of {path} is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))."
    )


def test_json_nested_without_end(pack):
    path = pack(text=b"[" * 100_000)
    assert message(path) == f"program.json of {path} is not JSON (it is nested too deeply)."


def test_json_that_is_no_object(pack):
    path = pack(text=b"[1]")
    assert message(path) == f"program.json of {path} is not an object. Got: [1]."


@pytest.mark.parametrize("entries", [{}, {"model.onnx": {}, "card.md": {}}])
def test_other_entries_than_declared(entries, pack):
    path = pack(entries=entries)
    assert message(path) == (
        f"{path} was tampered with or damaged: program.json does not list the entries of the file. "
        f"Got: {sorted(entries)!r}. Expected: model.onnx. {DAMAGED}"
    )


def test_no_entries_declared(pack):
    path = pack(text=b'{"format": 1}')
    assert message(path) == (
        f"{path} was tampered with or damaged: program.json does not list the entries of the file. "
        f"Expected: model.onnx. {DAMAGED}"
    )


@pytest.mark.parametrize("facts", [[], {"size": "5", "sha256": ""}, {"size": 5}])
def test_no_size_or_hash_declared(facts, pack):
    path = pack(entries={"model.onnx": facts})
    assert message(path) == (f"program.json of {path} lacks size and sha256 of model.onnx. Got: {facts!r}.")


def test_a_model_with_external_data(make_program, monkeypatch):
    with monkeypatch.context() as lenient:
        lenient.setattr(package, "has_external_data", lambda model: False)
        path = make_program(model=EXTERNAL)
    assert message(path) == (
        f"{path} is refused: its model.onnx keeps weights in other files. "
        "Export it again; a program file contains everything it needs."
    )


def test_a_model_that_is_none(pack):
    facts = {"size": 4, "sha256": hashlib.sha256(b"onnx").hexdigest()}
    path = pack([("model.onnx", b"onnx")], entries={"model.onnx": facts})
    assert message(path) == f"model.onnx of {path} is not an ONNX model (unknown wire type 7)."


def test_reading_an_entry_that_is_not_there(make_program):
    opened = read_package(make_program())
    with pytest.raises(ArgumentError) as err:
        opened.read("cat.jpg")
    assert str(err.value) == (f"{opened.path} has no such entry. Got: 'cat.jpg'. Expected: {NAMES}.")


def test_a_file_that_changes_after_it_was_opened(make_program):
    opened = read_package(make_program(weights=b"w" * 1000))
    opened.path.write_bytes(opened.path.read_bytes().replace(b"w" * 1000, b"v" * 1000))
    with pytest.raises(ProgramFileError) as err:
        opened.read("weights.safetensors")
    assert str(err.value) == (
        f"{opened.path} was tampered with or damaged: weights.safetensors does not match its hash. {DAMAGED}"
    )
