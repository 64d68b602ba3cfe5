"""`gatera predict`: photos in, answers out, as a table, plain lines or JSON lines."""

from __future__ import annotations

import glob
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from gatera.cli.output import FAILED, Parser, at_least_one, show_error
from gatera.core.errors import DataError
from gatera.core.progress import console, track
from gatera.program.engines import ENGINES, PRECISIONS, EngineName
from gatera.program.photo import PHOTO_SUFFIXES
from gatera.program.prediction import Prediction
from gatera.program.program import Program, load_program

EXAMPLES = """\
examples:
  gatera predict cats.gatera photo.jpg
  gatera predict cats.gatera photos/ --json > answers.jsonl
  gatera predict cats.gatera "photos/*.jpg" --top 3

Photos that cannot be read are reported, the others go on, and the exit
status is 1 in the end.
"""

#: From so many photos on, "auto" may mean OpenVINO. Source: it starts 0.2 to 0.3 s later than ONNX Runtime and saves 0 to
#: 3 ms a photo (EfficientNet-Lite0 on two processors).
MANY_PHOTOS = 200


def predict(arguments: list[str]) -> int:
    """Say what photos show.

    Args:
        arguments: those of the command line, after the verb.

    Returns:
        The exit status: 0, or 1 if a photo could not be read.

    Raises:
        ProgramFileError: if the program cannot be used.
        DataError: if a folder or pattern holds no photo.
    """
    options = _parser().parse(arguments)
    photos = find_photos(options.inputs)
    engine = choose_for(len(photos), options.engine)
    program = load_program(options.program, engine=engine, precision=options.precision)
    answers = track(
        program.predict_stream(photos, options.batch_size, on_error="return"), "Predicting", total=len(photos)
    )
    unread: list[Path] = []
    good = _reporting(zip(answers, photos), unread)
    if options.json:
        for photo, answer in good:
            print(json.dumps({"file": str(photo), **answer.to_dict()}, ensure_ascii=False))
    elif sys.stdout.isatty():
        _print_table(good, options.top, program)
    else:
        _print_lines(good, options.top, max(len(str(photo)) for photo in photos))
    if unread and len(photos) > 1:
        print(f"{len(unread)} of {len(photos)} photos could not be read.", file=sys.stderr)
    return FAILED if unread else 0


def find_photos(inputs: Iterable[str]) -> list[Path]:
    """Return the photos that files, folders and patterns stand for.

    Folders are searched to the bottom in sorted order, hidden files and folders left out. Patterns are for shells that do
    not expand them. Other names are taken as they are: reading them will show whether they exist.

    Raises:
        DataError: if a folder holds no photo, or nothing matches a pattern.
    """
    photos: list[Path] = []
    for given in inputs:
        if glob.has_magic(given) and not os.path.lexists(given):
            matches = sorted(glob.glob(given, recursive=True))  # noqa: PTH207  # Path.glob takes no absolute patterns
            if not matches:
                raise DataError(f"no file matches {given}")
            photos += [photo for match in matches for photo in _photos_at(match)]
        else:
            photos += _photos_at(given)
    return photos


def choose_for(photos: int, engine: EngineName) -> EngineName:
    """Return the engine for a run over so many photos: "auto" is ONNX Runtime while starting up is what counts.

    Example:
        >>> choose_for(1, "auto"), choose_for(1000, "auto"), choose_for(1, "openvino")
        ('onnxruntime', 'auto', 'openvino')
    """
    return "onnxruntime" if engine == "auto" and photos < MANY_PHOTOS else engine


def answer_lines(answer: Prediction, top: int | None = None) -> list[tuple[str, str]]:
    """Return (label, number) pairs that say what a prediction is: the label or labels; the values of a regression.

    Args:
        answer: a prediction.
        top: show this many labels, likeliest first, whether they apply or not.

    Example:
        >>> answer_lines(Prediction("b", 1, np.array([0.25, 0.75]), ["a", "b"]), top=2)
        [('b', '0.7500'), ('a', '0.2500')]
    """
    if answer.task == "regression":
        return [("", f"{value:.6g}") for value in answer.probabilities]
    count = top or (len(answer.label) if answer.task == "multilabel" else 1)
    likeliest = np.argsort(-answer.probabilities, kind="stable")[:count]
    return [(str(answer.vocab[i]), f"{answer.probabilities[i]:.4f}") for i in likeliest] or [("(none)", "")]


def _parser() -> Parser:
    parser = Parser("predict", "Say what photos show.", EXAMPLES)
    parser.add_argument("program", metavar="PROGRAM", help="a program, e.g. cats.gatera")
    parser.add_argument("inputs", metavar="INPUTS", nargs="+", help="photos, folders of photos, patterns")
    parser.add_argument(
        "--json", action="store_true", help="write one JSON object a line, with all probabilities"
    )
    parser.add_argument("--top", type=at_least_one, metavar="K", help="show the K likeliest labels")
    parser.add_argument(
        "--engine", choices=ENGINES, default="auto", help=f"auto: onnxruntime below {MANY_PHOTOS} photos"
    )
    parser.add_argument(
        "--precision", choices=PRECISIONS, default="float32", help="fast: bf16 where the engine can"
    )
    parser.add_argument(
        "--batch-size", type=at_least_one, default=16, metavar="N", help="photos computed at once [16]"
    )
    return parser


def _photos_at(given: str) -> list[Path]:
    # Unlike Path.is_dir, this answers for names that no file can have, too.
    if not os.path.isdir(given):  # noqa: PTH112
        return [Path(given)]
    found = sorted(_walk(given))
    if not found:
        raise DataError(
            f"{given} holds no photos", allowed=f"files ending in {', '.join(sorted(PHOTO_SUFFIXES))}"
        )
    return found


def _walk(folder: str) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and Path(name).suffix.lower() in PHOTO_SUFFIXES:
                yield Path(parent, name)


def _reporting(
    answers: Iterable[tuple[Prediction | DataError | None, Path]], unread: list[Path]
) -> Iterator[tuple[Path, Prediction]]:
    """Yield what could be read; say of the rest why not, and add it to `unread`."""
    for answer, photo in answers:
        if isinstance(answer, Prediction):
            yield photo, answer
        elif answer is not None:
            unread.append(photo)
            show_error(answer)


def _print_lines(answers: Iterable[tuple[Path, Prediction]], top: int | None, widest: int) -> None:
    """Print one line a photo as soon as it is known: the whole file name, then labels and numbers, two spaces apart."""
    for photo, answer in answers:
        fields = [field for line in answer_lines(answer, top) for field in line if field]
        width = max((len(str(label)) for label in answer.vocab), default=0)
        print(f"{photo!s:<{widest}}", *(f"{field:<{width}}" for field in fields), sep="  ")


def _print_table(answers: Iterable[tuple[Path, Prediction]], top: int | None, program: Program) -> None:
    """Print a table; where the terminal is narrow, file names go over several lines."""
    from rich.table import Table

    rows = [(photo, answer_lines(answer, top)) for photo, answer in answers]
    if not rows:
        return
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("file", overflow="fold", style="cyan")
    if program.task != "regression":
        table.add_column("label", overflow="fold", style="bold")
    table.add_column(
        "value" if program.task == "regression" else "probability", justify="right", no_wrap=True
    )
    for photo, lines in rows:
        labels, numbers = ("\n".join(column) for column in zip(*lines))
        table.add_row(str(photo), *([labels] if program.task != "regression" else []), numbers)
    console().print(table)
