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
from gatera.evaluate import html_page as html
from gatera.measure.reports.classes import ErrorReport, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Longer tables show only their first rows, and the whole table in a fold; the same for a training history.
LONG_TABLE, LONG_HISTORY = 8, 30


@dataclass(frozen=True)
class Picture:
    """A picture of the report.

    Attributes:
        title: a few words.
        png: the picture as a PNG file.
        caption: what it shows.
        wide: use the full width of the page, e.g. for a large confusion matrix.
    """

    title: str
    png: bytes
    caption: str = ""
    wide: bool = False


@dataclass(frozen=True)
class ReportFacts:
    """The content of a report page.

    Attributes:
        title: the program's name, or the classes it distinguishes.
        report: the error with interval and baseline.
        n_train: number of photos in the training set.
        n_valid: number of photos in the validation set.
        data: where the photos came from and how they were split: name -> text.
        bad_files: skipped files, with reasons.
        pictures: sample batch, results, confusion matrix, loss curve.
        history: one row per epoch: column -> value.
        preprocessing: the preprocessing steps, as in `program.json`.
        commands: next commands to run: explanation -> command.
        made_with: one line about versions and time.
    """

    title: str
    report: ErrorReport
    n_train: int
    n_valid: int
    data: Mapping[str, str] = field(default_factory=dict)
    bad_files: Sequence[BadFile] = ()
    pictures: Sequence[Picture] = ()
    history: Sequence[Mapping[str, float]] = ()
    preprocessing: Sequence[Mapping[str, Any]] = ()
    commands: Mapping[str, str] = field(default_factory=dict)
    made_with: str = ""


def html_report(facts: ReportFacts) -> str:
    """Return the page as HTML. File and class names are escaped, and the page loads and runs nothing."""
    blocks = [
        html.element("h1", facts.title),
        html.section("Accuracy", _headline(facts.report)),
        html.section("Pictures", _pictures(facts.pictures)),
        html.section("Errors", _mistakes(facts.report)),
        html.section("Training", _history(facts.history)),
        html.section("Data", _data(facts)),
        html.section("Preprocessing", _preprocessing(facts.preprocessing)),
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
        partial.write_text(html_report(facts), encoding="utf-8")
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


def _headline(report: ErrorReport) -> list[str]:
    low, high = (percent(end, report.n) for end in report.interval)
    tone = "bad" if report.beats_baseline is False else "good"
    return [
        html.element("p", f"{percent(report.error, report.n)} wrong", f"headline {tone}"),
        html.element(
            "p",
            f"{report.errors} of {report.n} photos of the validation set were labelled wrong. "
            f"Expect an error of {low} to {high} on more photos of this kind (95 % interval).",
        ),
        *_scale(report),
    ]


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
    sentence = (
        f"The baseline always predicts {report.baseline_label}, the most frequent class of the training set, and is wrong on {base}."
    )
    if not report.beats_baseline:
        sentence += " The model is not clearly better."
    return ['<div class="scale">' + "".join(rows) + "</div>", html.element("p", sentence, "soft")]


def _pictures(pictures: Sequence[Picture]) -> list[str]:
    if not pictures:
        return []
    inner = "\n".join(html.picture(one.png, one.title, one.caption, one.wide) for one in pictures)
    return [f'<div class="pictures">\n{inner}\n</div>']


def _mistakes(report: ErrorReport) -> list[str]:
    rows = [(pair.actual, pair.predicted, pair.n) for pair in report.confused]
    worst = sorted(report.per_class, key=lambda row: (-row.errors / max(row.n, 1), str(row.label)))
    classes = [
        (row.label, row.n, row.errors, "no photos" if not row.n else percent(row.error, row.n))
        for row in worst
    ]
    return [
        *_folding(("actual", "predicted as", "times"), rows, (2,), "all confusions"),
        *([] if rows else [html.element("p", "No misclassified photos.")]),
        html.details("Error per class", html.table(("class", "photos", "wrong", "error"), classes, (1, 2, 3))),
    ]  # fmt: skip


def _history(history: Sequence[Mapping[str, float]]) -> list[str]:
    if not history:
        return []
    columns = list(dict.fromkeys(name for row in history for name in row))
    rows = [[_number(name, row.get(name, math.nan)) for name in columns] for row in history]
    return _folding(columns, rows, range(len(columns)), "all epochs", LONG_HISTORY)


def _number(name: str, value: float) -> str:
    if name == "epoch":
        return str(int(value))
    if name == "time":
        return f"{int(value) // 60}:{int(value) % 60:02}"
    return f"{value:.4f}"


def _data(facts: ReportFacts) -> list[str]:
    rows = [
        ("training photos", facts.n_train),
        ("validation photos", facts.n_valid),
        *facts.data.items(),
        ("skipped files", len(facts.bad_files)),
    ]
    block = html.table(("", ""), rows)
    bad = [(file.path, file.reason) for file in facts.bad_files]
    return [block, *_folding(("skipped file", "reason"), bad, (), "all skipped files")]


def _preprocessing(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = []
    for step in steps:
        options = [
            f"{name.replace('_', ' ')} {_short(value)}" for name, value in step.items() if name != "op"
        ]
        rows.append((str(step["op"]).replace("_", " "), ", ".join(options)))
    return [html.table(("step", "how"), rows)] if rows else []


def _commands(commands: Mapping[str, str]) -> list[str]:
    return [html.element("p", why) + html.element("pre", command) for why, command in commands.items()]


def _folding(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    numbers: Sequence[int],
    summary: str,
    limit: int = LONG_TABLE,
) -> list[str]:
    """Return a table of the first rows, and below it all rows in a fold if there are more than `limit`."""
    if not rows:
        return []
    short = html.table(columns, rows[:limit], numbers)
    if len(rows) <= limit:
        return [short]
    return [short, html.details(f"{summary} ({len(rows)})", html.table(columns, rows, numbers))]


def _short(value: object) -> str:
    if isinstance(value, list | tuple):
        return " x ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value)
