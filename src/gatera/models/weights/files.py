"""Read weights from a file without executing anything in it."""

from __future__ import annotations

import pickle
import re
import struct
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from gatera.core.checks import did_you_mean_file, listed, require
from gatera.core.errors import GateraError, PretrainedError, is_library_error, lacks_memory, shorten
from gatera.core.files import sha256_file
from gatera.program.archive import begins_as_program
from gatera.program.package import read_package

PICKLED = (".pth", ".pt", ".bin")
SAFE = ".safetensors"
PROGRAM = ".gatera"
SUFFIXES = (SAFE, *PICKLED, PROGRAM)
#: The entry of a program file that holds the learner's weights.
PROGRAM_ENTRY = "weights.safetensors"

#: What torch raises for damaged files. Source: a fuzz run with 3,000 truncated and altered checkpoints.
DAMAGE = (
    RuntimeError, pickle.UnpicklingError, EOFError, ValueError, LookupError, TypeError, AttributeError, AssertionError,
    OverflowError, OSError, struct.error,
)  # fmt: skip
#: torch's messages when a file holds more than tensors and plain containers; the object's name is group 1.
REFUSED = re.compile(
    r"(?:Unsupported (?:global|class)|Trying to \w+):? (?:GLOBAL |unsupported \w+ )?([\w.]+)"
)
#: torch's convention: "resnet34-b627a593.pth" has the beginning of the file's SHA-256. A date, "-20261123.pth", is not a hash.
HASH_IN_NAME = re.compile(r"-(?!20\d\d[01]\d[0-3]\d\.)([0-9a-f]{8,64})\.\w+$")
#: Keys under which training scripts store the weights in a checkpoint.
WRAPPERS = ("state_dict", "model_state_dict", "model", "state_dict_ema", "net")
#: Prefixes before the backbone's own names: DataParallel's, and that of a whole Gatera model (Sequential(body, head)).
BODY_PREFIX, HEAD_PREFIX = "0.backbone.", "1."
PARALLEL_PREFIX = "module."

ANOTHER = "Delete it and download it again, or choose another file."


def read_checkpoint(path: str | Path) -> dict[str, Tensor]:
    """Read the weights in a file, on the CPU.

    Args:
        path: `.safetensors`; `.pth`, `.pt` or `.bin` written by `torch.save(model.state_dict(), path)`, or a checkpoint in
            which the weights are one entry; or a `.gatera` program. From a whole Gatera model only the body is returned.

    Returns:
        Name -> tensor.

    Raises:
        PretrainedError: if the file is missing, of another kind or damaged, holds anything but weights, holds pickled Python
            objects, or does not match the SHA-256 in its name.
    """
    path = Path(path)
    _check_file(path)
    check_hash(path)
    kind = suffix_of(path)
    if kind == PROGRAM:
        content: object = _read_program(path)
    elif kind == SAFE:
        content = _read_safetensors(path)
    else:
        content = _read_pickled(path)
    return _unprefixed(_weights_in(content, path))


def suffix_of(path: Path) -> str:
    """Return the suffix that says what a file is; programs in a registry have none, and are told by how they begin."""
    return PROGRAM if not path.suffix and begins_as_program(path) else path.suffix


def read_head(path: str | Path) -> dict[str, Tensor]:
    """Read the head's weights from a program; empty if its model is not a body and a head.

    Raises:
        PretrainedError: if the program is missing, damaged, or was exported without weights.
    """
    path = Path(path)
    _check_file(path)
    weights = _read_program(path)
    return {n.removeprefix(HEAD_PREFIX): w for n, w in weights.items() if n.startswith(HEAD_PREFIX)}


def check_hash(path: Path) -> None:
    """Raise PretrainedError if the file does not match the SHA-256 in its name."""
    announced = HASH_IN_NAME.search(path.name)
    if announced and not (actual := sha256_file(path)).startswith(announced[1]):
        raise PretrainedError(
            f"{path} is damaged or misnamed: its SHA-256 does not begin with {announced[1]}",
            got=actual[:16], remedy="Download it again. If the number in its name is not a hash, rename the file.",
        )  # fmt: skip


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise PretrainedError(
            f"pretrained is a folder: {path}", expected=f"a file ending in {listed(SUFFIXES)}"
        )
    if not path.exists():
        there = [other.name for other in path.parent.glob("*") if other.suffix in SUFFIXES]
        raise PretrainedError(
            f"pretrained must be an existing file: {path} does not exist",
            remedy=did_you_mean_file(path.name, there, "Pass pretrained=True to find weights automatically."),
        )
    try:
        path.open("rb").close()
    except OSError as err:
        raise PretrainedError(f"pretrained cannot be read: {path} ({err.strerror})") from err
    if suffix_of(path) not in SUFFIXES:
        raise PretrainedError(
            f"pretrained has an unknown file type: {path}",
            got=path.suffix,
            expected=listed(SUFFIXES),
        )


def _read_program(path: Path) -> dict[str, Tensor]:
    safetensors = require("safetensors.torch", "train", "to read weights")
    try:
        package = read_package(path)
        content = package.read(PROGRAM_ENTRY) if PROGRAM_ENTRY in package.names else None
    except GateraError as err:
        raise PretrainedError(f"cannot read weights from the program: {err}") from err
    if content is None:
        raise PretrainedError(
            f"{path} was exported without weights", remedy="Export it again without slim=True."
        )
    try:
        return safetensors.load(content)
    except BaseException as err:  # the library is written in Rust, and may panic
        if not is_library_error(err):
            raise
        raise PretrainedError(
            f"the weights in {path} are damaged ({_first_line(err)})", remedy=ANOTHER
        ) from err


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    safetensors = require("safetensors.torch", "train", "to read weights")
    try:
        return safetensors.load_file(path)
    except BaseException as err:
        if not is_library_error(err):
            raise
        raise PretrainedError(f"{path} is damaged or truncated ({_first_line(err)})", remedy=ANOTHER) from err


def _read_pickled(path: Path) -> object:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except DAMAGE as err:
        if lacks_memory(err):
            raise
        refused = REFUSED.search(str(err)) if isinstance(err, pickle.UnpicklingError) else None
        if refused:
            raise PretrainedError(
                f"{path} contains pickled Python objects ({refused[1]}), which can run arbitrary code and are never loaded",
                remedy="Save only the weights: torch.save(model.state_dict(), path).",
            ) from err
        raise PretrainedError(f"{path} is damaged or truncated ({_first_line(err)})", remedy=ANOTHER) from err


def _first_line(err: BaseException) -> str:
    # torch's messages continue with advice to load the file unsafely; the first sentence is the cause.
    return shorten((str(err) or type(err).__name__).splitlines()[0].split(". ")[0].rstrip("."), 120)


def _weights_in(content: object, path: Path) -> dict[str, Tensor]:
    for wrapper in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
            break
    if not isinstance(content, Mapping) or not content:
        raise PretrainedError(
            f"{path} contains no weights",
            got=type(content).__name__,
            expected="a dictionary of tensors by name",
        )
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise PretrainedError(
                f"{path} contains something other than weights under {name!r}",
                got=type(value).__name__, expected="a dictionary of tensors by name",
            )  # fmt: skip
    return dict(content)


def _unprefixed(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Remove a training wrapper's prefix, and extract the body of a whole Gatera model."""
    if all(name.startswith(PARALLEL_PREFIX) for name in weights):
        weights = {name.removeprefix(PARALLEL_PREFIX): value for name, value in weights.items()}
    if any(name.startswith(BODY_PREFIX) for name in weights):
        weights = {
            name.removeprefix(BODY_PREFIX): value
            for name, value in weights.items()
            if name.startswith(BODY_PREFIX)
        }
    return weights
