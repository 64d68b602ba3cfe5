from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from gatera.core.errors import OutputExistsError
from gatera.data.sources.items import BadFile
from gatera.evaluate.html_parts import MOST_COLUMNS, _bars
from gatera.evaluate.html_report import (
    Picture,
    ReportFacts,
    _scale,
    figure_png,
    html_report,
    write_html_report,
)
from gatera.measure.reports.baseline import most_frequent_class
from gatera.measure.reports.classes import ErrorReport

TARGETS = np.repeat([0, 1], 350)
PREDICTED = TARGETS.copy()
PREDICTED[[3, 4, 5, 6, 400, 401]] ^= 1
EVIL = "<script>alert('x')</script>"


def report_of(*vocab: str) -> ErrorReport:
    return ErrorReport.from_predictions(PREDICTED, TARGETS, vocab, most_frequent_class([0], TARGETS))


FACTS = ReportFacts(
    title="cats.gatera",
    report=report_of("cat", "dog"),
    n_train=1600,
    n_valid=700,
    data={"layout": "a folder per class"},
    bad_files=[BadFile(Path("photos/a.jpg"), "zero bytes")],
    pictures=[Picture("Results", b"\x89PNG made up", "Wrong ones have a cross."), Picture("Loss", b"", wide=True)],
    history=[{"epoch": 0, "train_loss": 0.31234, "error_rate": 0.0143, "time": 74.6}],
    preprocessing=[{"op": "read_photo", "mode": "RGB", "at_least": [224, 224]}, {"op": "resize", "size": [224, 256], "antialias": True}],
    commands={"Judge a photo:": "gatera predict cats.gatera photo.jpg"},
    made_with="Made by Gatera 0.1.0.",
)  # fmt: skip


class Checker(HTMLParser):
    """Collects tags and text, and insists that every tag is closed in order."""

    VOID = ("meta", "img", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def test_the_page_says_what_matters_in_plain_words() -> None:
    words = Checker(html_report(FACTS)).words
    assert "0.9 % wrong" in words
    assert "6 of 700 photos of the validation set were misclassified." in words
    assert "Expect an error of 0.4 % to 1.9 % on more photos of this kind (95 % interval)." in words
    assert "The baseline always predicts cat, the most frequent class, and is wrong on 50.0 %." in words
    assert "cat dog 4 dog cat 2" in words  # the mistakes
    assert "epoch train_loss error_rate time 0 0.3123 0.0143 1:14" in words
    assert "training photos 1600 validation photos 700 layout a folder per class skipped files 1" in words
    assert "photos/a.jpg zero bytes" in words
    assert "read photo mode RGB, at least 224 x 224 resize size 224 x 256, antialias true" in words
    assert "gatera predict cats.gatera photo.jpg" in words
    assert "Made by Gatera 0.1.0." in words


def test_the_page_is_one_file_that_fetches_and_runs_nothing() -> None:
    page = html_report(FACTS)
    tags = Checker(page).tags
    assert not {"script", "link", "iframe", "object", "base", "form"} & {tag for tag, _ in tags}
    addresses = [value for _, attrs in tags for name, value in attrs.items() if name in ("src", "href")]
    assert all(address.startswith("data:image/png;base64,") for address in addresses) and len(addresses) == 2
    assert not re.search(r"url\(|@import|https?://", page)
    policy = next(attrs for _, attrs in tags if attrs.get("http-equiv"))
    assert policy["content"].startswith("default-src 'none'; img-src data:;")


def test_pictures_are_inside_the_page_with_words_for_those_who_cannot_see_them() -> None:
    images = [attrs for tag, attrs in Checker(html_report(FACTS)).tags if tag == "img"]
    assert [image["alt"] for image in images] == ["Results", "Loss"]
    assert base64.b64decode(images[0]["src"].partition(",")[2]) == b"\x89PNG made up"
    assert '<figure class="whole"><img alt="Loss"' in html_report(FACTS)


def test_it_suits_phones_and_dark_screens() -> None:
    page = html_report(FACTS)
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    assert "@media (prefers-color-scheme: dark)" in page


def test_whatever_files_and_classes_are_called_stays_text() -> None:
    evil = ReportFacts(
        title=EVIL, report=report_of(EVIL, '"><img src=x onerror=alert(1)>'), n_train=1, n_valid=1,
        data={EVIL: EVIL}, bad_files=[BadFile(Path(EVIL), EVIL)], pictures=[Picture('"' + EVIL, b"", EVIL)],
        history=[{EVIL: 1.0}], preprocessing=[{"op": EVIL, EVIL: EVIL}], commands={EVIL: EVIL}, made_with=EVIL,
    )  # fmt: skip
    checked = Checker(html_report(evil))
    assert "script" not in {tag for tag, _ in checked.tags}
    assert not any(name.startswith("on") for _, attrs in checked.tags for name in attrs)
    assert [attrs["alt"] for tag, attrs in checked.tags if tag == "img"] == ['"' + EVIL]
    assert checked.words.count(EVIL) >= 12


def test_a_model_no_better_than_its_baseline_is_not_shown_in_green() -> None:
    always_cat = ErrorReport.from_predictions(
        TARGETS * 0, TARGETS, ["cat", "dog"], most_frequent_class([0], TARGETS)
    )
    page = html_report(replace(FACTS, report=always_cat))
    assert '<p class="headline bad">50.0\N{NO-BREAK SPACE}% wrong</p>' in page
    assert "The model is not clearly better." in page
    assert '<p class="headline good">' in html_report(FACTS)


def bars_of(page: str) -> list[list[float]]:
    """Where each bar begins, its width, and where its mark is, in percent of the track."""
    tracks = re.findall(r'<span class="track">(.*?)</span>', page)
    return [
        [float(number) for number in re.findall(r"(?:left|[^-]width):([\d.]+)%", track)] for track in tracks
    ]


def test_bars_end_where_their_numbers_are() -> None:
    report = FACTS.report
    (low, high), error = report.interval, report.error
    model, baseline = bars_of("".join(_scale(report)))
    assert model == pytest.approx(
        [200 * low, 200 * (high - low), 200 * error], abs=0.02
    )  # the baseline's 50 % fill the track
    assert baseline == [0, 100]
    columns = bars_of(_bars([("age", 0.1), ("town", -0.2), ("job", 0.0)]))
    assert columns == [[0, 50, 50], [50, 25, 50], [50, 0, 50]]
    many = bars_of(_bars([(str(place), 1.0) for place in range(MOST_COLUMNS + 3)]))
    assert (
        len(many) == MOST_COLUMNS + 1
        and many[-1] == [50, 50, 50]
        and many[0] == pytest.approx([50, 50 / 3, 50], abs=0.01)
    )


def test_sections_without_content_are_left_out() -> None:
    faultless = ErrorReport.from_predictions(TARGETS, TARGETS, ["cat", "dog"])
    page = html_report(ReportFacts(title="bare", report=faultless, n_train=1, n_valid=2))
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings == ["Accuracy", "Errors", "Data"]
    words = Checker(page).words
    assert "No misclassified photos." in words and "baseline" not in words.lower().replace("baseline;", "")
    assert "skipped files 0" in words


def test_a_class_without_photos_has_no_error_to_show() -> None:
    assert (
        "fox 0 0 no photos"
        in Checker(html_report(replace(FACTS, report=report_of("cat", "dog", "fox")))).words
    )


def test_long_lists_show_their_beginning_and_fold_the_rest_away() -> None:
    many = [BadFile(Path(f"photos/{i}.jpg"), "zero bytes") for i in range(20)]
    page = html_report(replace(FACTS, bad_files=many))
    assert "<summary>all skipped files (20)</summary>" in page
    assert page.count("photos/3.jpg") == 2 and page.count("photos/13.jpg") == 1


def test_figures_become_png_files() -> None:
    figure = Figure(figsize=(2, 1))
    png = figure_png(figure, dpi=50)
    assert png.startswith(b"\x89PNG") and int.from_bytes(png[16:20], "big") == 100  # width in pixels


def test_the_page_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_html_report(tmp_path / "out" / "report.html", FACTS)
    assert path.read_text(encoding="utf-8") == html_report(FACTS)
    monkeypatch.setattr(
        Path, "write_text", lambda *args, **kwargs: (_ for _ in ()).throw(OSError("disk full"))
    )
    with pytest.raises(OSError, match="disk full"):
        write_html_report(path, replace(FACTS, title="other"), force=True)
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]
    assert "<h1>cats.gatera</h1>" in path.read_text(encoding="utf-8")


def test_message_for_a_page_that_is_already_there(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("mine")
    with pytest.raises(OutputExistsError) as err:
        write_html_report(path, FACTS)
    assert str(err.value) == (
        f"{path} already exists and was not overwritten. Choose another name, or pass force=True."
    )
    assert (
        write_html_report(path, FACTS, force=True).read_text(encoding="utf-8").startswith("<!doctype html>")
    )
