"""Open a program by its file or by its name in the registry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gatera.core.checks import nearest
from gatera.core.errors import ArgumentError, RegistryError
from gatera.core.escape import shell_quote
from gatera.core.lazy import later
from gatera.program.archive import SUFFIX
from gatera.program.engines import EngineName, EnginePrecision
from gatera.program.program import Program
from gatera.program.program import load_program as load_file
from gatera.store.models.names import NAME, is_reference
from gatera.store.models.withdrawn import say_withdrawn

if TYPE_CHECKING:
    from gatera.store.models.registry import ModelRegistry


def load_program(
    path: str | Path,
    *,
    engine: EngineName = "auto",
    precision: EnginePrecision = "float32",
    threads: int | None = None,
    trusted: bool = False,
) -> Program:
    """Load a program. Nothing in it is executed or unpickled, and PyTorch is not needed.

    Args:
        path: a file that `learn.export` or `gatera train` wrote; or a version in the registry: "cats@v3", "cats@production",
            "cats@latest".
        engine: "onnxruntime", "openvino", or "auto"; see `make_engine`.
        precision: "float32", or "fast": the quickest the processor has (bf16 shifts probabilities by up to 5e-3).
        threads: the number of threads that compute one prediction; None for one per core, and where there are many inputs for
            one input per core.
        trusted: also take models with operators that are not on the list, or that need much memory or time. Such a model
            can keep the machine busy, or fill its memory; it still cannot run code.

    Raises:
        ProgramFileError: if the file is missing, damaged, tampered with, or too new, or its model is not allowed.
        RegistryError: if the registry has no such version.
        MissingExtraError: if the engine is named and not installed.
        ArgumentError: if a choice is unknown.
    """
    file = program_file(path)
    program = load_file(file, engine=engine, precision=precision, threads=threads, trusted=trusted)
    program.version = None if file == Path(path) else str(path)
    return program


def program_file(name: str | Path, registry: ModelRegistry | None = None, quiet: bool = False) -> Path:
    """Return the file that a name stands for: the file of that name, or else the version of a program.

    Args:
        name: a path, or a name such as "cats@production".
        registry: where versions are; by default the user's own.
        quiet: do not say that the version is withdrawn.

    Raises:
        RegistryError: if it is neither, and looks like a version or an address.
        ArgumentError: if it is not a name at all.
    """
    if not isinstance(name, str | os.PathLike):
        raise ArgumentError(
            f"a program cannot come as {type(name).__name__}", expected="the path of a file, or a version such as cats@v3",
            remedy="Save it as a file first: the file is read again by other processes.",
        )  # fmt: skip
    path = Path(name)
    if isinstance(name, str) and "://" in name and not path.exists():
        raise RegistryError(
            f"{name!r} is an address, and a program is opened from a file or from the registry",
            remedy="Download the file first."
            if path.suffix == SUFFIX
            else f"Fetch it first, then name its version: gatera models pull NAME --remote {shell_quote(name)}",
        )
    if isinstance(name, Path) or path.suffix == SUFFIX or path.exists():
        return path
    if is_reference(name):
        there = registry or _own()
        version = there.find(str(name))
        if not quiet:
            say_withdrawn(there.files, version)
        return there.file_of(version)
    model, at, which = name.partition("@")
    if at and NAME.fullmatch(model) and model in (registry or _own()).models():
        raise RegistryError(
            f"{name!r} names no version of {model}", got=which,
            expected=f"one of them, such as {model}@v1, {model}@latest or a tag; ranges of versions are not supported",
        )  # fmt: skip
    if NAME.fullmatch(name) and not path.suffix:
        models = (registry or _own()).models()
        meant = name if name in models else nearest(name, models)
        if meant is not None:
            raise RegistryError(
                f"{name!r} is not a file, and as the name of a program it lacks the version",
                remedy=f"Did you mean '{meant}@latest'? gatera models list {meant} shows its versions and tags.",
            )
    return path


def _own() -> ModelRegistry:
    """Open the user's own registry, which is only imported where a name is not a file's."""
    registry: ModelRegistry = later("gatera.store.models.registry", "ModelRegistry")()
    return registry
