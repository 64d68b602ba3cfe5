"""Write and read program files. A file is written atomically, and checked completely before it is used.

It is a zip of stored (uncompressed) entries; docs/program-format.md specifies it:

    program.json         preprocessing, vocabulary, decoding, facts about training; size and SHA-256 of the other entries
    model.onnx           the model, without external data
    tokenizer.json       the tokenizer, a document of the package tokenizers (programs for text only)
    card.md              the model card (optional)
    weights.safetensors  the parameters, to continue training (optional)

The zip's comment holds "sha256:" and the hash of program.json, so the hashes cover every byte that is used. They detect damage
and careless changes. They are not a signature: anyone who can write the file can write new hashes. Therefore nothing in it
is ever executed or unpickled.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import math
import os
import shutil
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, ProgramFileError, shorten
from gatera.core.files import at_home, atomic_write, check_free_to_write, human_bytes, sha256_file
from gatera.program.archive import (
    CARD,
    CHUNK_BYTES,
    COMMENT,
    DAMAGED,
    LARGEST,
    MODEL,
    PROGRAM,
    TOKENIZER,
    WEIGHTS,
    Archive,
)
from gatera.program.network.wire import has_external_data

#: The version of the file format that this code writes. It reads all versions from 1 on.
FORMAT = 1

#: program.json is nested no deeper; ours has 6 levels.
MOST_LEVELS = 32
#: A model larger than this (bytes) is looked at before it is read.
LARGE_MODEL = 64_000_000


class Package(NamedTuple):
    """An opened program file; all its entries have been checked.

    Attributes:
        path: the file.
        program: the content of program.json.
        names: the entries.
        size_bytes: size of the whole file.
        sha256: hash of program.json, which holds the hashes of all other entries.
        held: the entries kept in memory: all but the weights.
    """

    path: Path
    program: dict[str, Any]
    names: tuple[str, ...]
    size_bytes: int
    sha256: str
    held: Mapping[str, bytes]

    def __repr__(self) -> str:
        return f"Package({str(self.path)!r}, sha256={self.sha256!r})"

    def read(self, name: str) -> bytes:
        """Return one entry.

        Raises:
            ArgumentError: if there is no such entry.
            ProgramFileError: if the file has changed since it was opened.
        """
        if name not in self.names:
            raise ArgumentError(f"{self.path} has no such entry", got=name, expected=listed(self.names))
        if name in self.held:
            return self.held[name]
        return Archive(self.path).verified(name, **_facts(self.path, name, self.program["entries"][name]))


def write_package(
    path: str | Path, program: Mapping[str, Any], entries: Mapping[str, bytes | Path], force: bool = False
) -> Path:
    """Write a program file, atomically.

    Args:
        path: the file, usually with the suffix `.gatera`.
        program: the content of program.json. "format" and "entries" (sizes and hashes) are added to it.
        entries: "model.onnx", and optionally "tokenizer.json", "card.md", "weights.safetensors": their bytes, or files to
            copy.
        force: overwrite `path` if it exists.

    Returns:
        The path.

    Raises:
        OutputExistsError: if `path` exists and `force` is not set.
        ArgumentError: if an entry has another name or is too large, "model.onnx" is missing or keeps its weights in other
            files, or `program` contains values that JSON does not have (NaN included).
    """
    path = Path(path)
    check_free_to_write(path, force)
    _check_entries(entries)
    facts = {
        name: {"size": _size_of(content), "sha256": _sha256(content)} for name, content in entries.items()
    }
    try:
        described = {**program, "format": FORMAT, "entries": facts}
        text = json.dumps(described, indent=1, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as err:
        raise ArgumentError(f"the program contains a value that JSON does not have ({err})") from err
    with atomic_write(path) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = COMMENT + hashlib.sha256(text).hexdigest().encode()
        for name, content in {PROGRAM: text, **entries}.items():
            _store(archive, name, content)
    return path


def read_package(path: str | Path) -> Package:
    """Open a program file and check all of it: structure, names, sizes, hashes, format, no external data.

    Raises:
        ProgramFileError: if a check fails; each has its own message.
    """
    path = at_home(path)
    archive = Archive(path)
    text = archive.read(PROGRAM)
    if hashlib.sha256(text).hexdigest() != archive.program_sha256:
        raise ProgramFileError(
            f"{path} was tampered with or damaged: program.json does not match its hash", remedy=DAMAGED
        )
    program = parsed(path, text)
    _check_format(path, program)
    declared = _declared(path, program, set(archive.names) - {PROGRAM})
    if archive.size(MODEL) > LARGE_MODEL:
        # before it is read into memory; its hash is checked afterwards
        with archive.view(MODEL) as view:
            _check_model(path, view)
    # Hashing releases the interpreter lock, so model and weights are checked in parallel. The weights are not kept, as
    # prediction does not need them.
    with ThreadPoolExecutor(max_workers=2) as pool:
        contents = list(
            pool.map(lambda name: archive.verified(name, **declared[name], keep=name != WEIGHTS), declared)
        )
    held = {PROGRAM: text, **{name: content for name, content in zip(declared, contents) if name != WEIGHTS}}
    _check_model(path, held[MODEL])
    return Package(path, program, archive.names, archive.size_bytes, archive.program_sha256, held)


def change_card(path: str | Path, card: str) -> None:
    """Replace the model card of a program file, atomically; every other entry keeps its bytes.

    Raises:
        ProgramFileError: if the file is not a program.
        PermissionError: if the file is read-only, although its folder may not be.
    """
    path = Path(path).resolve()  # a link stays one
    package = read_package(path)
    if not path.stat().st_mode & 0o222 or not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "it is read-only", str(path))
    entries = {name: package.read(name) for name in package.names if name not in (PROGRAM, CARD)}
    described = {name: value for name, value in package.program.items() if name not in ("format", "entries")}
    write_package(path, described, {**entries, CARD: card.encode()}, force=True)


def parsed(path: Path, text: bytes) -> dict[str, Any]:
    """Return program.json, in which every number is finite and fits 64 bits.

    Raises:
        ProgramFileError: if it is not JSON, not an object, or has other numbers or deeper nesting.
    """
    try:
        program = json.loads(text, parse_int=_whole, parse_float=_finite, parse_constant=_finite)
        deep = _deeper_than(program, MOST_LEVELS)
    except (ValueError, RecursionError) as err:
        said = "it is nested too deeply" if isinstance(err, RecursionError) else shorten(str(err))
        raise ProgramFileError(f"program.json of {path} is not JSON ({said})") from err
    if not isinstance(program, dict):
        raise ProgramFileError(f"program.json of {path} is not an object", got=program)
    if deep:
        raise ProgramFileError(f"program.json of {path} is nested more than {MOST_LEVELS} levels deep")
    return program


def _whole(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) >= 1 << 63:
        raise ValueError(f"the number {shorten(digits, 40)} does not fit 64 bits")
    return int(digits)


def _finite(digits: str) -> float:
    if not math.isfinite(float(digits)):
        raise ValueError(f"the number {shorten(digits, 40)} is not finite")
    return float(digits)


def _deeper_than(value: Any, levels: int) -> bool:
    """Whether lists and objects are nested more than `levels` deep."""
    layer = [value]
    for _ in range(levels):
        layer = [
            inner
            for outer in layer
            for inner in (
                outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ()
            )
            if isinstance(inner, dict | list)
        ]
    return bool(layer)


def _check_format(path: Path, program: Mapping[str, Any]) -> None:
    version = program.get("format")
    if type(version) is not int or version < 1:
        raise ProgramFileError(f"{path} does not name its format", got=version, expected=f"1 to {FORMAT}")
    if version > FORMAT:
        raise ProgramFileError(
            f"{path} was made by a newer Gatera ({program.get('gatera', 'version unknown')})",
            got=version, expected=f"format 1 to {FORMAT}", remedy="Update with: pip install -U gatera",
        )  # fmt: skip


def _declared(path: Path, program: Mapping[str, Any], present: set[str]) -> dict[str, dict[str, Any]]:
    """Return size and hash of the other entries from program.json, the largest first; it must name exactly those."""
    entries = program.get("entries")
    if not isinstance(entries, dict) or set(entries) != present:
        raise ProgramFileError(
            f"{path} was tampered with or damaged: program.json does not list the entries of the file",
            got=sorted(entries) if isinstance(entries, dict) else entries,
            expected=listed(sorted(present)), remedy=DAMAGED,
        )  # fmt: skip
    declared = {}
    for name in (MODEL, WEIGHTS, TOKENIZER, CARD):
        if name in entries:
            declared[name] = _facts(path, name, entries[name])
    return declared


def _check_model(path: Path, model: bytes | memoryview) -> None:
    try:
        external = has_external_data(model)
    except ValueError as err:
        raise ProgramFileError(f"model.onnx of {path} is not an ONNX model ({err})") from err
    if external:
        raise ProgramFileError(
            f"{path} is refused: its model.onnx keeps weights in other files",
            remedy="Export it again; a program file contains everything it needs.",
        )


def _facts(path: Path, name: str, facts: Any) -> dict[str, Any]:
    if isinstance(facts, dict) and type(facts.get("size")) is int and isinstance(facts.get("sha256"), str):
        return {"size": facts["size"], "sha256": facts["sha256"]}
    raise ProgramFileError(f"program.json of {path} lacks size and sha256 of {name}", got=facts)


def _check_entries(entries: Mapping[str, bytes | Path]) -> None:
    allowed = [name for name in LARGEST if name != PROGRAM]
    for name, content in entries.items():
        if name not in allowed:
            raise ArgumentError("unknown entry of a program file", got=name, expected=listed(allowed))
        if _size_of(content) > LARGEST[name]:
            raise ArgumentError(
                f"{name} is too large for a program file",
                got=_size_of(content), expected=f"at most {human_bytes(LARGEST[name])}",
            )  # fmt: skip
    if MODEL not in entries:
        raise ArgumentError(f"a program file needs the entry {MODEL}", got=sorted(entries))
    model = entries[MODEL]
    try:
        external = has_external_data(model if isinstance(model, bytes) else model.read_bytes())
    except ValueError as err:
        raise ArgumentError(f"{MODEL} is not an ONNX model ({err})") from err
    if external:
        raise ArgumentError(
            f"{MODEL} keeps weights in other files",
            remedy="Save it in one piece: torch.onnx.export(external_data=False).",
        )


def _sha256(content: bytes | Path) -> str:
    return sha256_file(content) if isinstance(content, Path) else hashlib.sha256(content).hexdigest()


def _size_of(content: bytes | Path) -> int:
    return content.stat().st_size if isinstance(content, Path) else len(content)


def _store(archive: zipfile.ZipFile, name: str, content: bytes | Path) -> None:
    info = zipfile.ZipInfo(name)  # dated 1980: the same content gives the same file
    info.file_size = _size_of(content)
    info.external_attr = 0o644 << 16
    source = content.open("rb") if isinstance(content, Path) else io.BytesIO(content)
    with source, archive.open(info, "w") as target:
        shutil.copyfileobj(source, target, CHUNK_BYTES)
