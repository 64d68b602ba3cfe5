"""A report page is whole, loads and runs nothing, and says each line of the command, whatever names and texts are in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gatera.core.escape import beside_units, escaped
from gatera.data.sources.items import BadFile
from gatera.evaluate.html_parts import Explained
from gatera.evaluate.html_report import ItemFacts, Picture, Report, ReportFacts, html_report
from gatera.evaluate.item_pictures import Shown
from gatera.evaluate.items import Example
from gatera.evaluate.outcomes import Outcome
from gatera.evaluate.section import Section
from gatera.measure.reports.baseline import most_frequent_class
from gatera.measure.reports.classes import ErrorReport
from gatera.measure.reports.label_sets import LabelSetReport
from gatera.measure.reports.masks import MaskReport
from gatera.measure.reports.numbers import NumberReport

#: Names as people and systems write them, and as nobody should.
NAMES = st.one_of(
    st.sampled_from(["<script>alert(1)</script>", "a&b", '"', "'", "</title>", "<!--", "&amp;", "<img src=x onerror=y>", "</pre>", "5 %", "\u202egpj", "\x1b[2J", "caf\udce9", "\u05e9\u05dc\u05d5\u05dd", "x" * 300, "", " ", "a\nb", "\x00", "e\u0301"]),
    st.text(max_size=8),
)  # fmt: skip


class Page(HTMLParser):
    """Reads a page; every element must be closed in its order, and none may load or run anything."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert len(given) == len(attrs) and not any(name.startswith("on") for name in given)
        assert tag not in ("script", "iframe", "link", "object", "a", "form") and "href" not in given
        if tag == "img":
            assert given["alt"] is not None and str(given["src"]).startswith("data:image/")
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def report_of(draw: st.DrawFn, vocab: list[str]) -> Report:
    k, n = len(vocab), draw(st.integers(1, 9))
    actual, found = (
        np.array(draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n))) for _ in range(2)
    )
    each = np.eye(k, dtype=bool)
    kinds = [
        lambda: ErrorReport.from_predictions(found, actual, vocab, most_frequent_class(actual, actual)),
        lambda: LabelSetReport.from_predictions(each[found], each[actual], vocab),
        lambda: NumberReport.from_predictions(found, actual, {draw(NAMES): 1.0}),
        lambda: MaskReport.from_masks([(found[None], actual[None])], vocab),
    ]
    return draw(st.sampled_from(kinds))()


@st.composite
def pages(draw: st.DrawFn) -> ReportFacts:
    def name() -> str:
        return draw(NAMES)

    def outcome() -> Outcome:
        wrong = draw(st.sampled_from([True, False, None]))
        return Outcome(Example(name(), "raw", "truth"), name(), name(), wrong, 0.5, name())

    def shown() -> Shown:
        return Shown(outcome(), draw(st.sampled_from([None, b"\xff\xd8 made up"])), name())

    parts = draw(st.lists(st.tuples(NAMES, st.floats(-1e6, 1e6)), max_size=14))
    report = report_of(draw, draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)))
    rows = [[name(), name()]] * draw(st.sampled_from([0, 1, 9]))
    explained = [Explained(name(), name(), parts, draw(st.booleans()))]
    return ReportFacts(
        name(), report, draw(st.none() | st.just(3)), report.n, {name(): name()}, [BadFile(Path(name()), name())],
        [Picture(name(), b"\x89PNG made up", name())], [{"epoch": 0, name(): 0.5, "phase": name()}], [{"op": name(), name(): name()}],
        {name(): name()}, name(), figures={name(): [*report.lines(), name()]}, card=name(),
        items=ItemFacts([shown()], [shown()], [outcome()], [("red", name())], name()),
        sections=[Section(name(), [name()], [name(), name()], rows, (1,), [shown()], explained=explained, note=name())],
    )  # fmt: skip


@given(pages())
def test_pages_are_whole_and_say_what_the_command_says(facts):
    page = html_report(facts)
    page.encode()  # names of files may hold halves of surrogate pairs
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", page)
    text = "".join(Page(page).text)
    for lines in facts.figures.values():
        for line in lines:
            assert beside_units(escaped(line, keep="\n\t")) in text
