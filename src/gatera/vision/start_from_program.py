"""Start from a program: a file or a version in the registry instead of an architecture or a file of weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from gatera.core.errors import PretrainedError
from gatera.core.files import sha256_file
from gatera.models.backbones.architectures import Architecture
from gatera.models.vision.body import Body
from gatera.models.weights.files import PROGRAM
from gatera.program.description import facts_in
from gatera.program.operations import OPERATIONS
from gatera.program.package import read_package
from gatera.store.models.names import is_reference
from gatera.store.models.registry import ModelRegistry

Arch = str | Architecture | Callable[..., object]


class Start(NamedTuple):
    """What a learner starts from.

    Attributes:
        arch: the architecture.
        pretrained: True, False, or a file.
        name: what messages call the program that it starts from; None if it is none.
    """

    arch: Arch
    pretrained: bool | str | Path
    name: str | None = None


def start_of(arch: Arch, pretrained: bool | str | Path) -> Start:
    """Return what a learner starts from, where a program may be named instead of an architecture or of weights.

    Args:
        arch: an architecture; or a program ("cats.gatera", "cats@v3"), whose architecture and weights are taken.
        pretrained: as for `vision_learner`; a version in the registry is one of the files.

    Raises:
        RegistryError: if the registry has no such version.
        ProgramFileError: if the file is not a sound program.
        PretrainedError: if it does not say which architecture it has.
    """
    if isinstance(arch, str) and names_program(arch):
        path, name = _file_of(arch)
        program = read_package(path).program
        operation = OPERATIONS.get(program["preprocess"][0]["op"])
        if operation is not None and operation.accepts is not None and operation.accepts.given_as != "files":
            raise PretrainedError(
                f"{name} takes {operation.accepts.things}: training on photos or recordings cannot start from it"
            )
        found = facts_in(program, "model").get("architecture")
        if not isinstance(found, str):
            raise PretrainedError(f"{name} does not say which architecture it has", remedy="Name it: arch=.")
        if pretrained is True:
            return Start(found, path, name)
        arch = found
    if not isinstance(pretrained, bool) and names_program(str(pretrained)):
        path, name = _file_of(str(pretrained))
        return Start(arch, path, name)
    return Start(arch, pretrained)


def names_program(text: str) -> bool:
    """Whether a text names a program: a file "cats.gatera", or a version "cats@v3"."""
    path = Path(text)
    return path.suffix == PROGRAM or (is_reference(text) and not path.expanduser().exists())


def note_start(body: Body, path: str | Path, name: str, what: str) -> None:
    """Note in a body which program its weights come from, for the card and the file of what is trained.

    Args:
        body: the body.
        path: the program file.
        name: what it is called.
        what: what was taken: "body and head".
    """
    body.program, body.source = name, f"{name} ({what})"
    body.started_from = {"sha256": sha256_file(Path(path).expanduser())}
    if is_reference(name):
        body.started_from["version"] = name


def _file_of(text: str) -> tuple[Path, str]:
    if Path(text).suffix == PROGRAM:
        return Path(text).expanduser(), text
    registry = ModelRegistry()
    version = registry.find(text)
    return registry.file_of(version), version.name
