"""The report page says which words and which columns answers come from; a program that sees one of them names that one."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
import torch
from tests import tiny_programs

import gatera
from gatera.core.errors import ArgumentError
from gatera.evaluate.html_parts import Explained
from gatera.interpret.answers_of_program import explained_row, explained_text
from gatera.program.program import load_program
from gatera.recipes.events import Events
from gatera.recipes.page.training import measured_on
from gatera.recipes.settings import Task


def section(page, heading: str) -> str:
    [found] = re.findall(rf"<h2>{heading}</h2>(.*?)</section>", page.read_text(), re.DOTALL)
    return found


def test_words_of_texts_are_marked_by_what_the_answer_loses_without_them(tmp_path):
    program = tiny_programs.write("texts", tmp_path / "a.gatera")
    for label, texts in {
        "positive": ["a good <b>film</b>", "poor film"],
        "negative": ["a bad film", "bad bad good"],
    }.items():
        for number, text in enumerate(texts):
            file = tmp_path / "texts" / label / f"{number}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    made = gatera.report(program, tmp_path / "texts", tmp_path / "page.html")
    found = section(made.path, "Which words it decides by")
    assert found.count("<figure") == 3  # the wrong one, and two of the right ones
    assert '<mark class="for" style="--w:100%">bad</mark>' in found
    assert '<mark class="against" style="--w:100%">good</mark>' in found
    assert "Labelled positive, answered negative" in found and "Most for it: poor." in found


def test_a_word_that_is_there_twice_counts_with_both_of_its_weights():
    parts = [("good", 2.0), ("film", 0.5), ("dull", -1.0), ("good", -0.1)]
    page = Explained("a", "Answered pos.", parts, running=True).html()
    assert "Most for it: good, film. Most against it: dull." in page


def test_a_program_that_is_mostly_wrong_names_no_labels_and_says_why(tmp_path):
    program = tiny_programs.write("texts", tmp_path / "a.gatera")
    for label, word in {"positive": "bad", "negative": "good"}.items():
        for number in range(8):
            file = tmp_path / "texts" / label / f"{number}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("a film " + f"{word} " * (number + 1))
    made = gatera.report(program, tmp_path / "texts", tmp_path / "page.html", inside=False)
    found = section(made.path, "Labels that look wrong")
    assert (
        "cannot judge labels. 16 of 16 predictions differ from the labels" in found and "<table" not in found
    )


def test_columns_of_rows_have_bars_of_what_they_add(tmp_path):
    program = tiny_programs.write("rows", tmp_path / "a.gatera")
    lines = [
        f"{'cook' if n % 2 else 'nurse'},40,{2000 + n % 5}-01-01,{'rich' if n % 3 else 'poor'}"
        for n in range(30)
    ]
    (tmp_path / "rows.csv").write_text("\n".join(["job,age,since,answer", *lines]) + "\n")
    made = gatera.report(program, tmp_path / "rows.csv", tmp_path / "page.html")
    found = section(made.path, "Which columns it decides by")
    assert 'class="scale columns"' in found and "job = " in found and "since = 200" in found
    assert "about 0" in found  # the age, which is the same everywhere
    assert "Usual: " in found and "by those of 15 other rows" in found
    none = gatera.report(program, tmp_path / "rows.csv", tmp_path / "other.html", inside=False)
    assert "Which columns it decides by" not in none.path.read_text()


def test_weights_of_columns_lead_from_what_is_usual_to_the_answer(tmp_path):
    program = load_program(tiny_programs.write("rows", tmp_path / "a.gatera"))
    rows = [
        {"job": job, "age": 40, "since": since}
        for job in ("cook", "nurse")
        for since in ("2019-01-01", "2021-01-01")
    ]
    others = torch.stack([torch.from_numpy(program.preprocess(row)) for row in rows])
    found = explained_row(program, {"job": "cook", "age": 40, "since": "2023-01-01"}, others)
    assert found.columns == ["job", "age", "since"] and found.label == "rich"
    assert found.weights[2] > abs(found.weights[0]) and found.weights[1] == 0
    assert found.completeness.holds
    assert (
        explained_row(program, {"job": "cook", "age": 40, "since": "2023-01-01"}, rows).weights.tolist()
        == found.weights.tolist()
    )
    with pytest.raises(ArgumentError, match="for programs that take texts"):
        explained_text(program, "good")


def test_a_long_text_is_left_out_in_stretches_whose_words_share_the_weight(tmp_path):
    program = load_program(tiny_programs.write("texts", tmp_path / "a.gatera"))
    text = "good film film film film film bad"
    each, stretches = explained_text(program, text), explained_text(program, text, pieces=3)
    assert each.label == "negative" or each.answer == 0.5
    assert stretches.weights[:3].tolist() == [each.weights[0] / 3] * 3
    assert stretches.weights[-1] == each.weights[-1] and len(stretches.words) == 7


def test_the_words_around_the_largest_weights_are_shown_and_the_others_of_a_table_summed():
    words = [(f"w{n}", 0.0) for n in range(400)]
    words[300] = ("here", 2.0)
    page = Explained("a", "b.", words, running=True).html()
    assert ">here</mark>" in page and "w10<" not in page and ">... w" in page and "w310" not in page
    columns = [(f"c{n} = 1", 0.5) for n in range(14)]
    assert "4 other columns together</span>" in Explained("a", "b", columns).html()


def test_weights_of_prices_are_written_as_prices():
    page = Explained("row 1", "Answered 1.4e6.", [("area", -101_234.0), ("rooms", 59_600.0)]).html()
    assert "-101,000" in page and "+59,600" in page and "e+" not in page.replace("1.4e6", "")


def test_only_photos_keep_the_best_epoch_so_only_there_it_was_chosen():
    learn = SimpleNamespace(recorder=SimpleNamespace(rows=[{}, {}]))
    assert measured_on(learn, "valid", Task.photos) == "validation set, on which the best epoch was chosen"
    assert measured_on(learn, "valid", Task.recommend) == "validation set, which no choice depended on"
    assert measured_on(learn, "test", Task.photos) == "test set, which no choice depended on"


@pytest.mark.whole
def test_the_page_of_a_training_shows_no_target_among_the_cells_and_no_empty_plot(tmp_path):
    table = tmp_path / "t.csv"
    rows = [f"{place % 7},{place % 3},{place % 7 + place % 3}" for place in range(120)]
    table.write_text("\n".join(["size,age,price", *rows]))
    trained = gatera.train(
        table, "price", model="trees", out=tmp_path / "a.gatera", report=tmp_path / "r", events=Events()
    )
    found = section(trained.page, "Examples")
    assert "size: " in found and "price: " not in found
    assert not (tmp_path / "r" / "loss.png").exists() and "<h2>Pictures</h2>" not in trained.page.read_text()
    if "<h2>Where it errs most" in trained.page.read_text():
        assert "price" not in section(trained.page, "Where it errs most")


def test_the_page_of_a_training_with_a_test_set_says_of_which_items_its_certainty_is(tmp_path):
    """Of the validation set it said "on these 24 items", where all else on the page was of the test set."""
    words = {"good": ["fine", "warm", "bright"], "bad": ["dull", "cold", "grey"]}
    for label, some in words.items():
        for number in range(60):
            file = tmp_path / "texts" / label / f"{number}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"number {number} was {some[number % 3]} and {some[number % 2]} to see")
    gatera.train(
        tmp_path / "texts", task="text", model="words", valid_pct=0.2, test_pct=0.25, split="random", check_leaks=False,
        out=tmp_path / "a.gatera", report=tmp_path / "r", events=Events(),
    )  # fmt: skip
    page = tmp_path / "r" / "report.html"
    assert "Calibration error on these 30 items" in section(page, "How sure it is")
    accuracy = section(page, "Accuracy")
    assert "How sure it is, by the validation set" in accuracy and "on 24 held-out items" in accuracy


def test_whole_numbers_are_whole_on_the_page_of_a_table_of_numbers(tmp_path):
    """The device 122 was 122.0 where all columns hold numbers, one of them with decimals."""
    table = tmp_path / "t.csv"
    rows = [f"{100 + place},{place % 40 / 4},{place % 9 + place / 7:.2f}" for place in range(120)]
    table.write_text("\n".join(["device,size,price", *rows]))
    options = {"numbers": ["device", "size"], "model": "linear", "events": Events()}
    trained = gatera.train(table, "price", out=tmp_path / "a.gatera", report=tmp_path / "r", **options)
    assert re.search(r"device: \d{3},", section(trained.page, "Examples"))
    assert not re.search(r"device[^<]{1,3}\d{3}\.0", trained.page.read_text())
