"""The report page of a measurement: which items are shown, in which order, in how much room."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from pathlib import Path

import gatera
from gatera.core.escape import shell_join
from gatera.data.sources.items import BadFile
from gatera.evaluate import html_items
from gatera.evaluate.html_report import ItemFacts, ReportFacts
from gatera.evaluate.item_pictures import Shown, legend, shown
from gatera.evaluate.items import source_name
from gatera.evaluate.measure_source import Measurement
from gatera.evaluate.outcomes import Outcome
from gatera.evaluate.section import Section
from gatera.program.program import Program

#: How many examples are shown, and how many of the wrong items with pictures at most.
EXAMPLES, MOST_WRONG = 12, 150

#: What pictures show, by task; by the first operation for sounds.
ABOUT = {
    "segmentation": "Left: as labelled; right: as predicted.",
    "points": "Points on the photo.",
    "read_sound": "Each picture is the spectrogram that the network gets: time to the right, pitch upwards, louder is brighter.",
}


def program_facts(
    program: Program, measured: Measurement, source: Path, seconds: float, sections: Sequence[Section]
) -> ReportFacts:
    """Return the content of the page of a program.

    Args:
        program: the program.
        measured: the items that it was measured on.
        source: where they came from.
        seconds: how long it took.
        sections: what else was found.
    """
    items, path = measured.items, Path(str(program.info["path"]))
    data = {"test set": items.how, **when(seconds)}
    if measured.latency:
        data["time per item"] = str(measured.latency)
    return ReportFacts(
        title=program.version or path.stem, report=measured.report, n_train=None, n_valid=len(measured.outcomes), data=data,
        bad_files=bad_files([*items.skipped, *measured.failed], source),
        preprocessing=program.preprocess.config if items.things != "rows" else (),
        commands={"Measure it again:": "gatera test " + shell_join([program.version or path.name, source_name(source)])},
        made_with=f"Made by Gatera {gatera.__version__}, {program.engine.name}.", things=items.things,
        set_name="validation set" if items.side == "valid" else "test set",
        figures={"Test set": measured.lines()}, items=item_facts(program, measured.outcomes), sections=sections, card=program.card,
    )  # fmt: skip


def item_facts(program: Program, outcomes: Sequence[Outcome]) -> ItemFacts:
    """Return the items for a page: some examples, and everything that is wrong, with pictures as far as there is room."""
    step = max(1, len(outcomes) // EXAMPLES)
    examples = [shown(program, outcome) for outcome in outcomes[::step][:EXAMPLES]]
    ordered = worst_first(outcomes)
    wrong: list[Shown] = []
    used = html_items.size_of(examples)
    for outcome in ordered[:MOST_WRONG]:
        item = shown(program, outcome)
        used += html_items.size_of([item])
        if used > html_items.PICTURE_BYTES:
            break
        wrong.append(item)
    first = program.preprocess.config[0]["op"]
    about = ABOUT.get(first, ABOUT.get(program.task, ""))
    return ItemFacts(examples, wrong, ordered[len(wrong) :], legend(program), about)


def worst_first(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the wrong items, the worst first; all of them where nothing is plainly right or wrong."""
    wrong = [outcome for outcome in outcomes if outcome.wrong is not False]
    return sorted(wrong, key=lambda outcome: -outcome.badness)


def to_explain(outcomes: Sequence[Outcome], wrong: int, right: int) -> list[Outcome]:
    """Return some items whose answers are worth explaining: the worst ones, then the best; each once."""
    best = sorted((each for each in outcomes if not each.wrong), key=lambda each: each.badness)
    chosen = [*worst_first(outcomes)[:wrong], *best[:right]]
    return list({id(each): each for each in chosen}.values())


def when(seconds: float) -> dict[str, str]:
    """Return the date of now and a duration, for the facts of a page."""
    now = datetime.datetime.now(datetime.UTC).astimezone()
    return {"date": now.strftime("%Y-%m-%d %H:%M"), "duration": in_words(seconds)}


def in_words(seconds: float) -> str:
    """Return a duration: "8.4 s", "12 min 30 s".

    Example:
        >>> in_words(8.41), in_words(750)
        ('8.4 s', '12 min 30 s')
    """
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60} s"


def bad_files(bad: Iterable[BadFile], folder: Path) -> list[BadFile]:
    """Return files that are not used, and why, without the path of a folder; see `without_folder`."""
    listed = list(bad)
    names = without_folder([str(each.path) for each in listed], folder)
    reasons = without_folder([each.reason for each in listed], folder)
    return [BadFile(Path(name), reason) for name, reason in zip(names, reasons, strict=True)]


def without_folder(texts: Iterable[str], folder: Path) -> list[str]:
    """Return texts without the path of a folder: a page or card is passed on, and nobody needs to know where it was made.

    Example:
        >>> without_folder(["/home/me/photos/cat/1.jpg is empty."], Path("/home/me/photos"))
        ['cat/1.jpg is empty.']
    """
    places = {f"{place}/" for place in (folder, folder.absolute(), folder.resolve()) if str(place) != "."}
    found = []
    for text in texts:
        for place in sorted(places, key=len, reverse=True):
            text = text.replace(place, "")
        found.append(text)
    return found
