"""`gatera info`: the card of a program, and the facts of its file."""

from __future__ import annotations

import json
import sys
from typing import Any

from gatera.cli.output import Parser
from gatera.core.checks import listed
from gatera.core.files import human_bytes
from gatera.core.progress import console
from gatera.program.archive import CARD
from gatera.program.decode import Decoder
from gatera.program.description import package_info, read_description
from gatera.program.package import Package, read_package
from gatera.program.preprocess import Preprocessing
from gatera.program.tasks import TASKS

EXAMPLES = """\
examples:
  gatera info cats.gatera
  gatera info cats.gatera --json
"""


def info(arguments: list[str]) -> int:
    """Show what a program is and how it was trained.

    Args:
        arguments: those of the command line, after the verb.

    Returns:
        The exit status, 0.

    Raises:
        ProgramFileError: if the file is not a sound program.
    """
    options = _parser().parse(arguments)
    package = read_package(options.program)
    preprocessing, decoder = read_description(package)
    if options.json:
        print(json.dumps(package_info(package), indent=1, ensure_ascii=False))
        return 0
    card = package.read(CARD).decode("utf-8", errors="replace").strip() if CARD in package.names else ""
    _print(card, facts(package, preprocessing, decoder))
    return 0


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
        "made by": f"gatera {program.get('gatera', '(unknown)')} on {program.get('created', '(unknown day)')}",
        "versions": _pairs(program.get("versions")),
        "format": str(program["format"]),
        "entries": sizes,
        "sha256": package.sha256,
    }


def _parser() -> Parser:
    parser = Parser("info", "Show what a program is and how it was trained.", EXAMPLES)
    parser.add_argument("program", metavar="PROGRAM", help="a program, e.g. cats.gatera")
    parser.add_argument("--json", action="store_true", help="write all of it as one JSON object")
    return parser


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


def _pairs(versions: Any) -> str:
    return (
        ", ".join(f"{name} {version}" for name, version in versions.items())
        if isinstance(versions, dict)
        else "none"
    )


def _print(card: str, named: dict[str, str]) -> None:
    if not sys.stdout.isatty():
        width = max(len(name) for name in named)
        lines = [f"{name:<{width}}  {value}" for name, value in named.items()]
        print("\n".join([card, "", *lines] if card else lines))
        return
    from rich.markdown import Markdown
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in named.items():
        table.add_row(name, value)
    shown = console()
    if card:
        shown.print(Markdown(card))
        shown.print()
    shown.print(table)
