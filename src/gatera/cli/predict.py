"""`gatera predict`: photos, recordings, texts or rows in, answers out, as a table, plain lines or JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator

from gatera.cli.inputs import Input, find_inputs, first_operation
from gatera.cli.output import FAILED, Parser, at_least_one, notes, show_error
from gatera.core.errors import DataError
from gatera.core.progress import console, track
from gatera.program.engines import ENGINES, PRECISIONS, EngineName
from gatera.program.prediction import Prediction
from gatera.program.program import Program, load_program
from gatera.program.tasks import TASKS

EXAMPLES = """\
examples:
  gatera predict cats.gatera photo.jpg
  gatera predict cats.gatera photos/ --json > answers.jsonl
  gatera predict cats.gatera "photos/*.jpg" --top 3
  gatera predict reviews.gatera "I really liked that movie!"
  gatera predict income.gatera people.csv

What cannot be read is reported, the others go on, and the exit status is 1
in the end.
"""

#: From so many photos on, "auto" may mean OpenVINO. Source: it starts 0.2 to 0.3 s later than ONNX Runtime and saves 0 to
#: 3 ms a photo (EfficientNet-Lite0 on two processors).
MANY_PHOTOS = 200


def predict(arguments: list[str]) -> int:
    """Say what photos, recordings, texts or rows are.

    Args:
        arguments: those of the command line, after the verb.

    Returns:
        The exit status: 0, or 1 if an input could not be read.

    Raises:
        ProgramFileError: if the program cannot be used.
        DataError: if a folder or pattern holds nothing for it, or a table cannot be read.
    """
    options = _parser().parse(arguments)
    inputs, things = find_inputs(options.inputs, first_operation(options.program))
    if not inputs:
        raise DataError(f"there are no {things} in {', '.join(options.inputs)}")
    engine = choose_for(len(inputs), options.engine)
    program = load_program(options.program, engine=engine, precision=options.precision)
    raws = [each.raw for each in inputs]
    answers = track(
        program.predict_stream(raws, options.batch_size, on_error="return"), "Predicting", total=len(raws)
    )
    unread: list[Input] = []
    good = _reporting(zip(answers, inputs), unread)
    with notes():
        if options.json:
            for each, answer in good:
                print(json.dumps({**each.where, **answer.to_dict()}, ensure_ascii=False))
        elif sys.stdout.isatty():
            _print_table(good, options.top, program)
        else:
            _print_lines(good, options.top, max(len(str(each)) for each in inputs))
    if unread and len(inputs) > 1:
        print(f"{len(unread)} of {len(inputs)} {things} could not be read.", file=sys.stderr)
    return FAILED if unread else 0


def choose_for(photos: int, engine: EngineName) -> EngineName:
    """Return the engine for a run over so many photos: "auto" is ONNX Runtime while starting up is what counts.

    Example:
        >>> choose_for(1, "auto"), choose_for(1000, "auto"), choose_for(1, "openvino")
        ('onnxruntime', 'auto', 'openvino')
    """
    return "onnxruntime" if engine == "auto" and photos < MANY_PHOTOS else engine


def answer_lines(answer: Prediction, top: int | None = None) -> list[tuple[str, str]]:
    """Return (label, number) pairs that say what a prediction is.

    The label or labels with their probabilities; the values of a regression; the classes of a mask with their shares of the
    photo; points as their x and y.

    Args:
        answer: a prediction.
        top: show this many labels, likeliest first, whether they apply or not.

    Example:
        >>> answer_lines(Prediction("b", 1, np.array([0.25, 0.75]), ["a", "b"]), top=2)
        [('b', '0.7500'), ('a', '0.2500')]
    """
    return TASKS[answer.task].lines(answer, answer.vocab, top)


def _parser() -> Parser:
    parser = Parser("predict", "Say what photos, recordings, texts or rows are.", EXAMPLES)
    parser.add_argument("program", metavar="PROGRAM", help="a program, e.g. cats.gatera")
    parser.add_argument(
        "inputs",
        metavar="INPUTS",
        nargs="+",
        help="files, folders, patterns; texts; CSV files or JSON objects; - for lines of stdin",
    )
    parser.add_argument(
        "--json", action="store_true", help="write one JSON object a line, with all probabilities"
    )
    parser.add_argument("--top", type=at_least_one, metavar="K", help="show the K likeliest labels")
    parser.add_argument(
        "--engine",
        choices=("auto", *ENGINES),
        default="auto",
        help=f"auto: onnxruntime below {MANY_PHOTOS} photos",
    )
    parser.add_argument(
        "--precision", choices=PRECISIONS, default="float32", help="fast: bf16 where the engine can"
    )
    parser.add_argument(
        "--batch-size", type=at_least_one, default=16, metavar="N", help="photos computed at once [16]"
    )
    return parser


def _reporting(
    answers: Iterable[tuple[Prediction | DataError | None, Input]], unread: list[Input]
) -> Iterator[tuple[Input, Prediction]]:
    """Yield what could be read; say of the rest why not, and add it to `unread`."""
    for answer, each in answers:
        if isinstance(answer, Prediction):
            yield each, answer
        elif answer is not None:
            unread.append(each)
            show_error(answer)


def _print_lines(answers: Iterable[tuple[Input, Prediction]], top: int | None, widest: int) -> None:
    """Print one line a photo as soon as it is known: the whole file name, then labels and numbers, two spaces apart."""
    for photo, answer in answers:
        fields = [field for line in answer_lines(answer, top) for field in line if field]
        width = max((len(str(label)) for label in answer.vocab), default=0)
        print(f"{photo!s:<{widest}}", *(f"{field:<{width}}" for field in fields), sep="  ")


def _print_table(answers: Iterable[tuple[Input, Prediction]], top: int | None, program: Program) -> None:
    """Print a table; where the terminal is narrow, file names go over several lines."""
    from rich.table import Table

    rows = [(photo, answer_lines(answer, top)) for photo, answer in answers]
    if not rows:
        return
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("input", overflow="fold", style="cyan")
    kind = TASKS[program.task]
    if kind.needs_vocab:
        table.add_column("label", overflow="fold", style="bold")
    table.add_column(kind.number_heading, justify="right", no_wrap=True)
    for photo, lines in rows:
        labels, numbers = ("\n".join(column) for column in zip(*lines))
        table.add_row(str(photo), *([labels] if kind.needs_vocab else []), numbers)
    console().print(table)
