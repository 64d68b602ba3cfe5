"""Write an HTML report on a trained model: one file that loads nothing, for phones and dark mode too."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatera.core.files import atomic_write, check_free_to_write
from gatera.data.sources.items import BadFile
from gatera.evaluate import html_items
from gatera.evaluate import html_page as html
from gatera.evaluate.item_pictures import Shown
from gatera.evaluate.outcomes import Outcome, Report
from gatera.evaluate.section import Picture, Section, folding, side_by_side
from gatera.measure.reports.certainty import in_plain_words
from gatera.measure.reports.classes import ErrorReport, percent
from gatera.measure.reports.label_sets import LabelSetReport
from gatera.measure.reports.masks import MaskReport

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What the phases of a training history are.
PHASES = (
    "frozen: only the last layers, the head, are trained; unfrozen: earlier layers too. Training minimizes the loss: "
    "train_loss is measured on the training set, valid_loss on the validation set. Time is in minutes and seconds."
)

#: Of a longer training history only the first rows are shown, and all in a fold.
LONG_HISTORY = 30


@dataclass(frozen=True)
class ItemFacts:
    """Single items of the test set.

    Attributes:
        examples: some of them, chosen evenly, with pictures or excerpts.
        wrong: the worst of those that are wrong, likewise.
        others: all others that are wrong, the worst first.
        colours: what colours in the pictures mean: (CSS colour, words).
        about: a sentence on the pictures.
    """

    examples: Sequence[Shown] = ()
    wrong: Sequence[Shown] = ()
    others: Sequence[Outcome] = ()
    colours: Sequence[tuple[str, str]] = ()
    about: str = ""


@dataclass(frozen=True)
class ReportFacts:
    """The content of a report page.

    Attributes:
        title: the program's name, or the classes it distinguishes.
        report: the error with interval and baseline.
        n_train: number of items in the training set; None if nothing was trained.
        n_valid: number of items that were measured.
        data: where the items came from and how they were chosen, date, duration and the like: name -> text.
        bad_files: skipped files, with reasons.
        pictures: sample batch, loss curve.
        history: one row per epoch: column -> value, and the phase.
        preprocessing: the preprocessing steps, as in `program.json`.
        commands: next commands to run: explanation -> command.
        made_with: one line about versions and time.
        things: what messages call the items.
        set_name: which items were measured, e.g. "validation set".
        figures: heading -> the lines that the command prints.
        items: single items with their answers.
        sections: what else is known: copies, labels that look wrong, slices, the inside of the network.
        card: the program's card.
    """

    title: str
    report: Report
    n_train: int | None
    n_valid: int
    data: Mapping[str, str] = field(default_factory=dict)
    bad_files: Sequence[BadFile] = ()
    pictures: Sequence[Picture] = ()
    history: Sequence[Mapping[str, Any]] = ()
    preprocessing: Sequence[Mapping[str, Any]] = ()
    commands: Mapping[str, str] = field(default_factory=dict)
    made_with: str = ""
    things: str = "photos"
    set_name: str = "validation set"
    figures: Mapping[str, Sequence[str]] = field(default_factory=dict)
    items: ItemFacts = field(default_factory=ItemFacts)
    sections: Sequence[Section] = ()
    card: str = ""


def html_report(facts: ReportFacts) -> str:
    """Return the page as HTML. File and class names are escaped, and the page loads and runs nothing."""
    blocks = [
        html.element("h1", facts.title),
        html.section("Accuracy", [*_headline(facts), *_figures(facts.figures)]),
        html.section("Examples", _examples(facts)),
        html.section("Pictures", side_by_side(facts.pictures)),
        html.section("Errors", _mistakes(facts)),
        *(section.html() for section in facts.sections),
        html.section("Training", _history(facts.history)),
        html.section("Data", _data(facts)),
        html.section("Preprocessing", _preprocessing(facts.preprocessing)),
        html.section("The program's card", _card(facts.card)),
        html.section("Next steps", _commands(facts.commands)),
        f"<footer>{html.element('p', facts.made_with)}</footer>",
    ]
    return html.document(facts.title, filter(None, blocks))


def write_html_report(path: str | Path, facts: ReportFacts, force: bool = False) -> Path:
    """Write the page to a file, atomically.

    Args:
        path: the file to write, e.g. "report.html".
        facts: the content.
        force: overwrite `path` if it exists.

    Raises:
        OutputExistsError: if the file exists and `force` is not set.
    """
    path = Path(path)
    check_free_to_write(path, force)
    with atomic_write(path) as partial:
        partial.write_text(html_report(facts), encoding="utf-8", newline="\n")
    return path


def figure_png(figure: Figure, dpi: float = 110) -> bytes:
    """Return a matplotlib figure as a PNG file.

    Args:
        figure: the figure.
        dpi: dots per inch.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, facecolor="white")
    return buffer.getvalue()


def _headline(facts: ReportFacts) -> list[str]:
    report = facts.report
    if not isinstance(report, ErrorReport):
        return []  # the figures say it
    expect = f"Expect an error of {report.interval_ends} on more {facts.things} of this kind ({_how_known(report)})."
    if report.grouped is not None and report.grouped.n < 2:
        expect = f"They are all from 1 {report.grouped.by}: how others differ is unknown."
    tone = "bad" if report.beats_baseline is False else "good"
    return [
        html.element("p", f"{percent(report.error, report.n)} wrong", f"headline {tone}"),
        html.element(
            "p",
            f"{report.errors} of {report.n} {facts.things} of the {facts.set_name} were misclassified. {expect}",
        ),
        *_scale(report),
    ]


def _how_known(report: ErrorReport) -> str:
    return f"95 % interval{'' if report.grouped is None else report.grouped.words}"


def _figures(figures: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the lines that the command prints."""
    blocks = []
    for heading, lines in figures.items():
        inner = "".join(html.element("p", in_plain_words(line)) for line in lines)
        blocks.append(f'<div class="figures">{html.element("h3", heading)}{inner}</div>')
    return blocks


def _examples(facts: ReportFacts) -> list[str]:
    items = facts.items
    if not items.examples:
        return []
    return [html_items.legend(items.colours, items.about), html_items.gallery(items.examples)]


def _scale(report: ErrorReport) -> list[str]:
    """Draw error and baseline on one scale."""
    if report.baseline is None:
        return []
    low, high = report.interval
    top = max(report.baseline.error, high) or 1.0
    tone = "var(--good)" if report.beats_baseline else "var(--bad)"
    base = percent(report.baseline.error, report.n)
    rows = [
        html.bar(
            "this model", percent(report.error, report.n), low / top, high / top, tone, report.error / top
        ),
        html.bar("baseline", base, 0, report.baseline.error / top, "var(--base)"),
    ]
    sentence = f"The baseline always predicts {report.baseline_label}, the most frequent class, and is wrong on {base}."
    if report.verdict:
        sentence += f" {report.verdict}"
    return ['<div class="scale">' + "".join(rows) + "</div>", html.element("p", sentence, "soft")]


def _mistakes(facts: ReportFacts) -> list[str]:
    report, items = facts.report, facts.items
    n = len(items.wrong) + len(items.others)
    every = (
        "Every wrong item" if isinstance(report, ErrorReport | LabelSetReport) else "Every item, worst first"
    )
    listed = html_items.wrong_items(items.wrong, items.others, f"{every} ({n:,})")
    if isinstance(report, LabelSetReport):
        return [_labels(report), *listed]
    if isinstance(report, MaskReport):
        rows = [
            (name, f"{overlap:.3f}")
            for name, overlap in sorted(report.overlaps.items(), key=lambda row: row[1])
        ]
        about = html.element(
            "p",
            "Intersection over union: of the pixels labelled or predicted as a class, the share that are both.",
            "soft",
        )
        return [about, *folding(("class", "intersection over union"), rows, (1,), "all classes"), *listed]
    return [*_confusions(report, facts.things), *listed] if isinstance(report, ErrorReport) else listed


def _confusions(report: ErrorReport, things: str) -> list[str]:
    rows = [(pair.actual, pair.predicted, pair.n) for pair in report.confused]
    worst = sorted(report.per_class, key=lambda row: (-row.errors / max(row.n, 1), str(row.label)))
    classes = [
        (row.label, row.n, row.errors, f"no {things}" if not row.n else percent(row.error, row.n))
        for row in worst
    ]
    matrix = html_items.confusion_matrix(report)
    return [
        *folding(("actual", "predicted as", "times"), rows, (2,), "all confusions"),
        *([] if rows else [html.element("p", f"No misclassified {things}.")]),
        *([html.details("Confusion matrix: rows are labels, columns are predictions", matrix)] if matrix else []),
        html.details("Error per class", html.table(("class", things, "wrong", "error"), classes, (1, 2, 3))),
    ]  # fmt: skip


def _labels(report: LabelSetReport) -> str:
    rows = [
        (
            row.label,
            row.n,
            *("" if value != value else f"{value:.2f}" for value in (row.precision, row.recall, row.f1)),
        )
        for row in sorted(report.rows, key=lambda row: row.f1 if row.n else 2.0)
    ]
    about = (
        "Precision: the share of a label's predictions that are right; recall: the share of its items that were found; "
        "F1 combines both."
    )
    names = ("label", "items", "precision", "recall", "F1")
    return html.element("p", about, "soft") + html.table(names, rows, (1, 2, 3, 4))


def _history(history: Sequence[Mapping[str, Any]]) -> list[str]:
    if not history:
        return []
    columns = list(dict.fromkeys(name for row in history for name in row))
    rows = [[_number(name, row.get(name, math.nan)) for name in columns] for row in history]
    words = [html.element("p", PHASES, "soft")] if "phase" in columns else []
    return [*folding(columns, rows, range(len(columns)), "all epochs", LONG_HISTORY), *words]


def _number(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if name == "epoch":
        return str(int(value))
    if name == "time":
        return f"{int(value) // 60}:{int(value) % 60:02}"
    return f"{value:.4f}"


def _data(facts: ReportFacts) -> list[str]:
    sizes = [(f"measured {facts.things}", facts.n_valid)]
    if facts.n_train is not None:
        sizes = [(f"training {facts.things}", facts.n_train), (f"validation {facts.things}", facts.n_valid)]
    rows = [
        *sizes,
        *facts.data.items(),
        ("skipped files", len(facts.bad_files)),
    ]
    block = html.table(("", ""), rows)
    bad = [(file.path, file.reason) for file in facts.bad_files]
    return [block, *folding(("skipped file", "reason"), bad, (), "all skipped files")]


def _preprocessing(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = []
    for step in steps:
        options = [
            f"{name.replace('_', ' ')} {_short(value)}" for name, value in step.items() if name != "op"
        ]
        rows.append((str(step["op"]).replace("_", " "), ", ".join(options)))
    return [html.table(("step", "how"), rows)] if rows else []


def _card(card: str) -> list[str]:
    return (
        [html.details("What it is, for whom, and what it was trained on", html.element("pre", card))]
        if card
        else []
    )


def _commands(commands: Mapping[str, str]) -> list[str]:
    return [html.element("p", why) + html.element("pre", command) for why, command in commands.items()]


def _short(value: object) -> str:
    if isinstance(value, list | tuple):
        return " x ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value)
