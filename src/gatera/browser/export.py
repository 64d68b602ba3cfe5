"""Write the page of a program: a folder with the page, the model, and what computes it in the browser."""

from __future__ import annotations

import html
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from string import Template
from typing import Any

from gatera.browser.runtime import RUNTIME, runtime_files
from gatera.browser.supported import check_twins
from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, ExportError, OutputExistsError
from gatera.core.files import PARTIAL, human_bytes, put_in_place, set_mode, sha256_file, umask
from gatera.program.archive import MODEL, PROGRAM, TOKENIZER
from gatera.program.decode import Decoder
from gatera.program.description import certainty_of, read_description
from gatera.program.network.bounded import check_model
from gatera.program.network.wire import with_output
from gatera.program.package import Package, read_package
from gatera.program.preprocess import Preprocessing

#: The version of what is written; program.json of a page has it as "page".
PAGE = 2

#: Browsers give a WebAssembly module at most 4 GB, in which a model stands twice while it is loaded (bytes).
LARGEST_MODEL = 1_500_000_000


def export_web(
    program: str | Path,
    folder: str | Path,
    *,
    title: str | None = None,
    runtime: str | Path | None = None,
    force: bool = False,
    trusted: bool = False,
) -> Path:
    """Write a static page that predicts in the browser; any web server can serve it, from any path.

    Args:
        program: the program file.
        folder: where to write; it must be new or empty.
        title: the heading of the page; None for the name of the program's file.
        runtime: where onnxruntime-web is, see `runtime_files`; None to fetch it from npm once.
        force: replace a page that was written into `folder` before. Other folders are never replaced.
        trusted: take a program whose model is not checked, see `load_program`.

    Returns:
        The folder.

    Raises:
        ProgramFileError: if the file is not a sound program.
        ExportError: if the page cannot do what the program does (it says which operation is not implemented in JavaScript), or the folder
            cannot be written.
        OutputExistsError: if something is in the folder.
        ArgumentError, DownloadError: if onnxruntime-web is not to be had.
    """
    folder, package = Path(folder), read_package(program)
    preprocessing, decoder = read_description(package)
    _check(package, preprocessing, decoder, trusted)
    _check_free(folder, force)
    with _beside(folder) as new:  # a folder that cannot be written is refused before anything is fetched
        computing = runtime_files(runtime)
        with _taking_the_place_of(folder, new):
            _copy_page(new, title or package.path.stem)
            for name, path in computing.items():
                (new / "runtime").mkdir(exist_ok=True)
                shutil.copyfile(path, new / "runtime" / _served(name))
            _write_program(new, package, preprocessing, decoder)
    return folder


def _check(package: Package, preprocessing: Preprocessing, decoder: Decoder, trusted: bool) -> None:
    tokenizer = package.read(TOKENIZER) if TOKENIZER in package.names else None
    check_twins(decoder.task, preprocessing.config, tokenizer)
    certainty = certainty_of(package, decoder.vocab)
    if not trusted:
        check_model(package.read(MODEL), package.path, certainty.features)
    size = package.program["entries"][MODEL]["size"]
    if size > LARGEST_MODEL:
        raise ExportError(
            f"the model of {package.path} is too large for a browser", got=human_bytes(size),
            expected=f"at most {human_bytes(LARGEST_MODEL)}",
        )  # fmt: skip


def _check_free(folder: Path, force: bool) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputExistsError(f"{folder} is a file, not a folder", remedy="Choose another name.")
    there = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    if not there:
        return
    ours = written_before(folder)
    if ours is None:
        raise OutputExistsError(
            f"{folder} holds other files and was not changed", remedy="Name a new or empty folder."
        )
    if others := [name for name in there if name not in ours]:
        raise OutputExistsError(
            f"{folder} has a page, and files beside it that would be lost: {listed(others, 5)}",
            remedy="Move them elsewhere.",
        )
    if not force:
        raise OutputExistsError(
            f"{folder} has a page already and was not overwritten", remedy="Pass force=True."
        )


def written_before(folder: Path) -> list[str] | None:
    """Return the files of the page in a folder; None if there is no page of ours."""
    try:
        page = json.loads((folder / PROGRAM).read_bytes())
    except (OSError, ValueError):
        return None
    if (
        not isinstance(page, dict)
        or type(page.get("page")) is not int
        or not isinstance(page.get("written"), list)
    ):
        return None
    return [*page["written"], PROGRAM]


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """Yield a new folder beside another; what is still there in the end is removed."""
    parent = folder.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=PARTIAL, dir=parent))
    except OSError as err:
        raise ArgumentError(
            f"cannot create {folder} ({err.strerror})",
            remedy="Choose another folder, or make that one writable.",
        ) from err
    try:
        yield new
    finally:
        shutil.rmtree(new, ignore_errors=True)


@contextmanager
def _taking_the_place_of(folder: Path, new: Path) -> Iterator[None]:
    """Put a new folder in the place of `folder` if the block succeeds; what was there stays until then."""
    try:
        yield
        set_mode(new, 0o777 & ~umask())  # a web server of another user may read it
        put_in_place(new, folder)
    except OSError as err:
        raise ExportError(
            f"{folder} cannot be written ({err.strerror})",
            remedy="Its contents are unchanged. Free some disk space, or choose another folder.",
        ) from err


def _copy_page(new: Path, title: str) -> None:
    """Copy the page, its style and its scripts; base.css, words.js and drop.js are those of all pages."""
    with (
        as_file(files("gatera.browser") / "static") as static,
        as_file(files("gatera.web") / "static") as shared,
    ):
        for path in filter(Path.is_file, sorted(static.rglob("*"))):
            copy = new / path.relative_to(static)
            copy.parent.mkdir(exist_ok=True, parents=True)
            shutil.copyfile(path, copy)
        shutil.copyfile(shared / "base.css", new / "base.css")
        for name in ("words.js", "drop.js"):
            shutil.copyfile(shared / name, new / "js" / name)
    page = new / "index.html"
    page.write_text(
        Template(page.read_text("utf-8")).substitute(title=html.escape(title)), "utf-8", newline="\n"
    )


def _served(name: str) -> str:
    """Return a name that every web server knows the type of: nginx, for one, does not know .mjs, and browsers then refuse the script."""
    return name.removesuffix(".mjs") + ".js" if name.endswith(".mjs") else name


def _write_program(new: Path, package: Package, preprocessing: Preprocessing, decoder: Decoder) -> None:
    """Write the model and program.json: what predicting needs, and nothing of how the program was made."""
    stored = package.program.get("certainty")
    features = certainty_of(package, decoder.vocab).features
    model = package.read(MODEL)
    _write(new / MODEL, model if features is None else with_output(model, features))
    listed_files = [("model", MODEL), ("runtime", f"runtime/{RUNTIME.binary}")]
    if TOKENIZER in package.names:
        _write(new / TOKENIZER, package.read(TOKENIZER))
        listed_files.append(("tokenizer", TOKENIZER))
    written = sorted(path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file())
    described = {
        "page": PAGE,
        "task": decoder.task,
        "preprocess": [_needed(step) for step in preprocessing.config],
        "decode": {
            "vocab": decoder.vocab, "activation": decoder.activation, "threshold": decoder.threshold, "temperature": decoder.temperature,
        },
        "certainty": _needed_certainty(stored),
        "sha256": package.sha256,
        "gatera": package.program.get("gatera", ""),
        "runtime": f"runtime/{_served(RUNTIME.script)}",
        "files": [_file(new, name, path) for name, path in listed_files],
        "written": written,
    }  # fmt: skip
    _write(new / PROGRAM, json.dumps(described, ensure_ascii=False).encode())


def _file(folder: Path, name: str, path: str) -> dict[str, Any]:
    """Describe a file of a page; by its size and hash the page notices a half copy, or a cache that kept another program's."""
    return {
        "name": name,
        "path": path,
        "size": (folder / path).stat().st_size,
        "sha256": sha256_file(folder / path),
    }


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _needed(step: dict[str, Any]) -> dict[str, Any]:
    """Leave out who rated what: pages are read by strangers, and predict without it."""
    return {name: value for name, value in step.items() if name != "rated"}


def _needed_certainty(stored: Any) -> Any:
    """Leave out the features of held-out items, which only tell whether whole batches drift."""
    if not isinstance(stored, dict) or not isinstance(stored.get("features"), dict):
        return stored
    return {
        **stored,
        "features": {name: part for name, part in stored["features"].items() if name != "held_out"},
    }
