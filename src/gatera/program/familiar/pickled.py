"""Send a program to another process: by its file, which is opened there again, as none of the engines can be pickled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from gatera.core.errors import ProgramFileError


class Opened(NamedTuple):
    """How a program was opened.

    Attributes:
        path: the file, absolute: another process may be in another folder.
        engine: see `load_program`, as all below.
        precision: see there.
        threads: see there.
        trusted: see there.
    """

    path: Path
    engine: str
    precision: str
    threads: int | None
    trusted: bool


def reduced(load: Callable[..., Any], sha256: str, opened: Opened | None) -> tuple[Any, ...]:
    """Return what pickle keeps of a program.

    Args:
        load: what opens it.
        sha256: the hash by which it is known again.
        opened: how it was opened.

    Raises:
        TypeError: if it was not opened from a file.
    """
    if opened is None:
        raise TypeError(
            "only a program from load_program can be pickled or copied: what is kept is the name of its file"
        )
    return open_again, (load, sha256, opened)


def open_again(load: Callable[..., Any], sha256: str, opened: Opened) -> Any:
    """Open a program that was pickled.

    Raises:
        ProgramFileError: if the file is gone, or holds another program by now.
    """
    path, *how = opened
    program = load(path, **dict(zip(Opened._fields[1:], how, strict=True)))
    if program.info["sha256"] != sha256:
        raise ProgramFileError(
            f"{path} holds a different program from the one that was pickled",
            remedy="Load it and pickle it again.",
        )
    return program
