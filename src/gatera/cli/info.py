"""`gatera info`: the card of a program, and the facts of its file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gatera.cli.given.program import program_path
from gatera.cli.language import for_command
from gatera.cli.output import print_json, print_line, wrapped
from gatera.cli.terminal.card import card_lines
from gatera.cli.terminal.style import paint, width
from gatera.cli.terminal.text import escaped, filled, padded
from gatera.core.checks import listed
from gatera.core.files import atomic_write, check_free_to_write, human_bytes
from gatera.program.archive import CARD, MODEL
from gatera.program.decode import Decoder
from gatera.program.description import package_info, read_description
from gatera.program.network.bounded import check_model
from gatera.program.package import Package, read_package
from gatera.program.preprocess import Preprocessing
from gatera.program.tasks import TASKS


def info(options: argparse.Namespace) -> int:
    """Show what a program does, how good it is and how it was made.

    Raises:
        ProgramFileError: if the file is not a sound program.
    """
    package = read_package(program_path(options.program))
    preprocessing, decoder = read_description(package)
    if not options.trusted:
        check_model(package.read(MODEL), package.path)
    if options.onnx is not None:
        _take_out(package, Path(options.onnx), options.force, said=not options.json)
    if options.json:
        print_json(package_info(package), indent=1)
        return 0
    if options.onnx is not None:
        return 0
    card = package.read(CARD).decode("utf-8", errors="replace").strip() if CARD in package.names else ""
    card = "\n".join(for_command(line, "predict") for line in card.splitlines())  # "With --sure 0.95, ..."
    card = card.replace("`sure=`", "`--sure`")  # as programs of an earlier version have it
    for line in _lines(card, facts(package, preprocessing, decoder)):
        print_line(line)
    return 0


def _take_out(package: Package, path: Path, force: bool, said: bool) -> None:
    """Write the network as an ONNX file, and, if it is to be `said`, what goes in and comes out."""
    check_free_to_write(path, force)
    with atomic_write(path) as partial:
        partial.write_bytes(package.read(MODEL))
    if not said:
        return
    model = package.program.get("model")
    about = model if isinstance(model, dict) else {}
    print_line(f"Saved {escaped(path)} ({human_bytes(path.stat().st_size)}).")
    for name in ("input", "output"):
        print_line(f"  {name:<6}  {escaped(_tensor_in_words(about.get(name)))}")
    takes = "It takes what the program's preprocessing gives; gatera info --json shows the steps."
    for line in wrapped(takes, sys.stdout):
        print_line(line)


def _tensor_in_words(about: object) -> str:
    """Return what a program says of an input or output: "input, uint8 [N, 64, 64, 3]"; the description may be anything."""
    if not isinstance(about, dict):
        return "(unknown)"
    shape = about.get("shape")
    sizes = f"[{', '.join(map(str, shape))}]" if isinstance(shape, list) else ""
    typed = " ".join(str(part) for part in (about.get("dtype"), sizes) if part)
    return ", ".join(part for part in (str(about.get("name", "")), typed) if part) or "(unknown)"


def facts(package: Package, preprocessing: Preprocessing, decoder: Decoder) -> dict[str, str]:
    """Return what there is to know about a program file, in words, by name."""
    program, entries = package.program, package.program["entries"]
    sizes = ", ".join(f"{name} {human_bytes(entries[name]['size'])}" for name in sorted(entries))
    return {
        "file": f"{package.path} ({human_bytes(package.size_bytes)})",
        "task": decoder.task,
        "labels": f"{len(decoder.vocab)}: {listed(decoder.vocab)}" if decoder.vocab else "none",
        "model": _model(program.get("model")),
        "input": ", then ".join(preprocessing.words),
        "output": _output(decoder),
        **_sureness(program.get("certainty")),
        "made by": f"gatera {program.get('gatera', '(unknown)')} on {program.get('created', '(unknown day)')}",
        "versions": _pairs(program.get("versions")),
        "format": str(program["format"]),
        "entries": sizes,
        "sha256": package.sha256,
    }


def _model(model: Any) -> str:
    about = model if isinstance(model, dict) else {}
    return f"{about.get('architecture', '(unknown)')}, ONNX opset {about.get('opset', '(unknown)')}"


def _output(decoder: Decoder) -> str:
    words = {"none": "the model's own values"}.get(decoder.activation, decoder.activation)
    if decoder.temperature != 1:
        words += f", temperature {decoder.temperature:g}"
    if TASKS[decoder.task].labels_per_item != "any":
        return words
    if isinstance(decoder.threshold, tuple):
        each = (f"{label} {above:g}" for label, above in zip(decoder.vocab, decoder.threshold, strict=True))
        return f"{words}, labels above: {', '.join(each)}"
    return f"{words}, labels above {decoder.threshold:g}"


def _sureness(known: Any) -> dict[str, str]:
    """Return what a program knows of how sure it is, in words; nothing if it does not."""
    if not isinstance(known, dict):
        return {}
    names = {"labels": "prediction sets", "numbers": "intervals", "features": "novelty and drift"}
    found = [words for name, words in names.items() if known.get(name)]
    return {"sure": f"{listed(found)}, from {known.get('held_out')} held-out items"} if found else {}


def _pairs(versions: Any) -> str:
    return (
        ", ".join(f"{name} {version}" for name, version in versions.items())
        if isinstance(versions, dict)
        else "none"
    )


def _lines(card: str, named: dict[str, str]) -> Iterator[str]:
    """Yield the card and the facts: wrapped on a terminal, else as they are, a fact a line."""
    terminal = sys.stdout.isatty()
    if card:
        yield from card_lines(card) if terminal else escaped(card, keep="\n").splitlines()
        yield ""
    column = max(len(name) for name in named) + 2
    for name, value in named.items():
        if terminal:
            first, rest = padded(paint(name, "bold"), column), " " * column
            yield from filled(escaped(value), width(), first, rest, break_words=True)
        else:
            yield f"{name:<{column}}{escaped(value)}"
