"""Running the command in this process, and programs to run it on."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gatera.cli.main import main
from gatera.program.package import read_package, write_package

#: A classifier of the generated photos: see tests/program/conftest.py.
FORMAT1 = Path(__file__).parents[1] / "fixtures" / "format1.gatera"


#: The escape sequences that set colours and weights.
STYLES = re.compile(r"\x1b\[[0-9;]*m")


class Ran(NamedTuple):
    status: int
    out: str
    err: str


Gatera = Callable[..., Ran]


@pytest.fixture
def long_run(photo_folder: Path, tmp_path: Path) -> list[str]:
    """A command that trains for 500 epochs, on tiny photos, and writes `a.gatera` into the test's folder."""
    return [
        sys.executable, "-m", "gatera", "train", str(photo_folder), "--out", str(tmp_path / "a.gatera"),
        "--size", "32", "--freeze-epochs", "0", "--epochs", "500", "--device", "cpu",
    ]  # fmt: skip


@pytest.fixture
def gatera_raw(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Gatera:
    """Runs the command, and returns its output with the colours."""

    def run(*arguments: object, columns: int | None = None) -> Ran:
        with monkeypatch.context() as patch:
            if columns is not None:
                patch.setenv("COLUMNS", str(columns))
                patch.setenv("TERM", "xterm-256color")
                for stream in (sys.stdout, sys.stderr):
                    patch.setattr(stream, "isatty", lambda: True)
            with pytest.raises(SystemExit) as done:
                main([str(argument) for argument in arguments])
        return Ran(done.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def gatera(gatera_raw: Gatera) -> Gatera:
    """Runs the command: `gatera("predict", program, photo)`; `columns=40` makes stdout and stderr a terminal."""

    def run(*arguments: object, columns: int | None = None) -> Ran:
        ran = gatera_raw(*arguments, columns=columns)
        return Ran(ran.status, *(STYLES.sub("", text) for text in ran[1:]))

    return run


@pytest.fixture
def make_program(tmp_path: Path) -> Callable[..., Path]:
    """Writes the fixture's program again, with changes of its program.json."""

    def make(name: str = "other.gatera", card: str = "# Card", **changes: Any) -> Path:
        package = read_package(FORMAT1)
        entries = {"model.onnx": package.read("model.onnx"), "card.md": card.encode()}
        return write_package(tmp_path / name, {**package.program, **changes}, entries)

    return make


@pytest.fixture
def program() -> Path:
    return FORMAT1


@pytest.fixture
def cat(photo_folder: Path) -> Path:
    return photo_folder / "cat" / "cat_0.jpg"


@pytest.fixture
def dog(photo_folder: Path) -> Path:
    return photo_folder / "dog" / "dog_0.jpg"
