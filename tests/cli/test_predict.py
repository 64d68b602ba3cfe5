from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from gatera.cli.commands import predicting
from gatera.cli.given.files import find_photos
from gatera.cli.inputs import Input
from gatera.cli.predict import _report_failures, answer_lines
from gatera.core.errors import DataError, ProgramFileError
from gatera.program.engines import ENGINES, PRECISIONS, EngineName, EngineSpec
from gatera.program.prediction import Prediction
from gatera.program.raw.photo import PHOTO_SUFFIXES
from gatera.program.recommend import Recommendation
from gatera.program.stream import threads_for

MULTILABEL = {
    "task": "multilabel", "decode": {"activation": "sigmoid", "vocab": ["warm", "cold"], "threshold": 0.5},
}  # fmt: skip
REGRESSION = {"task": "regression", "decode": {"activation": "none", "vocab": None}}


def test_plain_lines_are_aligned_and_whole(gatera, program, cat, dog):
    ran = gatera("predict", program, cat, dog)
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert re.fullmatch(rf"{cat}  cat  0\.9\d\d\d", lines[0])
    assert re.fullmatch(rf"{dog}  dog  0\.9\d\d\d", lines[1])


def test_a_long_file_name_is_never_cut(gatera, program, cat, tmp_path):
    path = tmp_path / ("long_name_" * 20 + ".jpg")
    path.write_bytes(cat.read_bytes())
    assert str(path) in gatera("predict", program, path).out


def test_top_shows_the_likeliest_labels_first(gatera, program, dog):
    fields = gatera("predict", program, dog, "--top", 2).out.split()
    assert fields[1::2] == ["dog", "cat"]
    assert float(fields[2]) + float(fields[4]) == pytest.approx(1, abs=1e-3)


def test_json_lines_hold_everything(gatera, program, cat, dog):
    ran = gatera("predict", program, cat, dog, "--json")
    first, second = map(json.loads, ran.out.splitlines())
    assert list(first) == ["file", "label", "index", "probability", "probabilities"]
    assert (first["file"], first["label"], first["index"]) == (str(cat), "cat", 0)
    assert first["probability"] == first["probabilities"]["cat"] > 0.9
    assert second["label"] == "dog"


def test_a_folder_is_searched_in_order(gatera, program, photo_folder):
    ran = gatera("predict", program, photo_folder)
    names = [line.split()[0] for line in ran.out.splitlines()]
    found = sorted(
        map(str, photo_folder.rglob("*.jpg")),
        key=lambda name: (name.split("_")[0], int(Path(name).stem.split("_")[1])),
    )
    assert names == found and len(names) == 24


@pytest.mark.parametrize("how", ["plain", "json", "table"])
def test_a_bad_photo_is_reported_and_the_others_go_on(how, gatera, program, cat, dog, tmp_path):
    empty, gone = tmp_path / "empty.jpg", tmp_path / "gone.jpg"
    empty.touch()
    options = ["--json"] if how == "json" else []
    ran = gatera("predict", program, cat, empty, dog, gone, *options, columns=400 if how == "table" else None)
    assert ran.status == 1
    expected = (
        f"Error: {empty} is empty (0 bytes). Download it again, or remove it.\n"
        f"Error: {gone} does not exist. Check its path.\n"
        "2 of 4 photos could not be read.\n"
    )
    assert ran.err == expected if how != "table" else ran.err.split() == expected.split()  # which is wrapped
    assert str(cat) in ran.out and str(dog) in ran.out and "empty" not in ran.out


def test_one_bad_photo_alone(gatera, program, tmp_path):
    path = tmp_path / "gone.jpg"
    assert gatera("predict", program, path) == (1, "", f"Error: {path} does not exist. Check its path.\n")
    assert gatera("predict", program, path, columns=400).out == ""


def test_a_missing_program(gatera, cat, program):
    path = program.with_name("format2.gatera")
    assert gatera("predict", path, cat) == (
        1, "", f"Error: {path} does not exist. Did you mean 'format1.gatera'?\n"
    )  # fmt: skip


def test_a_table_on_a_terminal(gatera, program, cat):
    ran = gatera("predict", program, cat, columns=200)
    heading, row = ran.out.splitlines()
    assert heading.split() == ["input", "label", "probability"]
    assert re.fullmatch(rf"{cat}  cat +0\.9\d\d\d", row)
    assert len(heading) == len(row)


def test_a_narrow_terminal_folds_file_names(gatera, program, cat):
    ran = gatera("predict", program, cat, "--top", 2, columns=40)
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 40
    folded = "".join(line[: lines[0].index("label")].strip() for line in lines[1:])
    assert folded == str(cat)
    assert re.search(r"cat +0\.9", ran.out) and re.search(r"dog +0\.0", ran.out)


def test_colours_only_where_they_are_wanted(gatera_raw, program, cat, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[36m" in gatera_raw("predict", program, cat, columns=80).out
    assert "\x1b" not in gatera_raw("predict", program, cat).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in gatera_raw("predict", program, cat, columns=80).out


HOSTILE = {
    "task": "classification",
    "decode": {"activation": "softmax", "vocab": ["c\x1b[2Jat", "d\u202eog"]},
}


@pytest.mark.parametrize("columns", [None, 80])
def test_a_class_cannot_move_the_cursor(gatera, make_program, cat, columns):
    out = gatera("predict", make_program(**HOSTILE), cat, "--top", 2, columns=columns).out
    assert "c\\x1b[2Jat" in out and "d\\u202eog" in out
    assert "\x1b" not in out and "\u202e" not in out


def test_json_of_hostile_names_is_the_same_and_shows_no_control(gatera, make_program, cat):
    vocab = ["c\x9bat", "d\u202eog"]
    path = make_program(**{**HOSTILE, "decode": {**HOSTILE["decode"], "vocab": vocab}})
    out = gatera("predict", path, cat, "--json").out
    assert "\x9b" not in out and "\u202e" not in out
    assert list(json.loads(out)["probabilities"]) == vocab


def test_many_labels(gatera, make_program, cat):
    path = make_program(**MULTILABEL)
    assert re.fullmatch(rf"{cat}  warm  0\.\d{{4}}\n", gatera("predict", path, cat).out)
    answer = json.loads(gatera("predict", path, cat, "--json").out)
    assert (answer["label"], answer["index"]) == (["warm"], [True, False])
    assert "warm" in gatera("predict", path, cat, columns=80).out


def test_no_label_at_all(gatera, make_program, cat):
    decode = {**MULTILABEL["decode"], "threshold": 0.9999}
    path = make_program(**{**MULTILABEL, "decode": decode})
    assert gatera("predict", path, cat).out == f"{cat}  (none)\n"


def test_a_regression(gatera, make_program, cat):
    path = make_program(**REGRESSION)
    assert re.fullmatch(rf"{cat}  [\d.]+  -[\d.]+\n", gatera("predict", path, cat).out)
    assert list(json.loads(gatera("predict", path, cat, "--json").out)) == ["file", "value"]
    table = gatera("predict", path, cat, columns=200).out
    assert "value" in table and "label" not in table


def test_engine_precision_and_batch_size(gatera, program, photo_folder):
    ran = gatera(
        "predict",
        program,
        photo_folder,
        "--engine",
        "onnxruntime",
        "--precision",
        "fast",
        "--batch-size",
        "5",
    )
    assert ran.status == 0 and len(ran.out.splitlines()) == 24


# ---- misuse


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], 'missing argument: PROGRAM. See "gatera predict --help".'),
        (["a.gatera"], 'missing argument: INPUT. See "gatera predict --help".'),
        (["a.gatera", "b.jpg", "--jsn"], "unknown option '--jsn'. Did you mean '--json'?"),
        (["a.gatera", "b.jpg", "--xyzzy=3"], "unknown option '--xyzzy=3'. See \"gatera predict --help\"."),
        (["a.gatera", "b.jpg", "-x"], "unknown option '-x'. See \"gatera predict --help\"."),
        (["a.gatera", "b.jpg", "--top"], '--top needs a value. See "gatera predict --help".'),
        (["a.gatera", "b.jpg", "--json=3"], '--json takes no value, got \'3\'. See "gatera predict --help".'),
        (["a.gatera", "b.jpg", "--engine", "onnx"],
         "--engine must be one of auto, onnxruntime, openvino; got 'onnx'. Did you mean 'onnxruntime'?"),
        (["a.gatera", "b.jpg", "--engine", "tpu"],
         "--engine must be one of auto, onnxruntime, openvino; got 'tpu'. See \"gatera predict --help\"."),
    ],
)  # fmt: skip
def test_misuse_is_one_line_and_status_2(gatera, arguments, sentence):
    assert gatera("predict", *arguments) == (2, "", f"Error: {sentence}\n")


def test_a_program_behind_its_input_is_misuse(gatera):
    assert gatera("predict", "b.jpg", "a.gatera") == (
        2, "", "Error: the program comes first: gatera predict a.gatera b.jpg\n"
    )  # fmt: skip


@pytest.mark.parametrize("number", ["0", "-1", "two", "1.5"])
def test_a_number_that_is_none(number, gatera):
    assert gatera("predict", "a.gatera", "b.jpg", f"--top={number}") == (
        2, "", f"Error: --top must be a whole number >= 1, got {number!r}. See \"gatera predict --help\".\n"
    )  # fmt: skip


def test_a_file_whose_name_begins_with_a_dash(gatera, program, cat, tmp_path, monkeypatch):
    (tmp_path / "-cat.jpg").write_bytes(cat.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert gatera("predict", program, "--", "-cat.jpg").out.startswith("-cat.jpg  cat")


def test_engines_and_precisions_are_those_of_the_library():
    assert predicting.ENGINES == get_args(EngineName) == ("auto", *ENGINES)
    assert tuple(PRECISIONS) == predicting.PRECISIONS


def test_options_may_stand_anywhere(gatera, program, cat, dog):
    ran = gatera("predict", "--json", program, cat, "--top", "1", dog)
    assert len(ran.out.splitlines()) == 2


# ---- finding photos


@pytest.fixture
def tree(tmp_path) -> Path:
    names = ("b.jpg", "a.PNG", "c.txt", ".hidden.jpg", "sub/d.webp", ".git/e.jpg", "[x].jpg")
    for name in (*names, "empty/readme.md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def test_folders_are_searched_to_the_bottom_without_hidden_files(tree):
    assert find_photos([str(tree)]) == [tree / "[x].jpg", tree / "a.PNG", tree / "b.jpg", tree / "sub/d.webp"]


def test_files_are_taken_as_they_are(tree):
    assert find_photos([str(tree / "c.txt"), "gone.jpg"]) == [tree / "c.txt", Path("gone.jpg")]


def test_patterns_are_expanded(tree):
    assert find_photos([str(tree / "*.jpg")]) == [tree / "[x].jpg", tree / "b.jpg"]
    assert find_photos([str(tree / "**" / "*.webp")]) == [tree / "sub/d.webp"]
    assert find_photos([str(tree / "s*")]) == [tree / "sub/d.webp"]


def test_a_file_whose_name_looks_like_a_pattern(tree):
    assert find_photos([str(tree / "[x].jpg")]) == [tree / "[x].jpg"]


def test_a_name_that_no_file_can_have():
    assert find_photos(["x" * 5000]) == [Path("x" * 5000)]


def test_a_folder_without_photos(tree):
    with pytest.raises(DataError) as err:
        find_photos([str(tree / "empty")])
    assert str(err.value) == (
        f"{tree / 'empty'} holds no photos. Expected: files ending in {', '.join(sorted(PHOTO_SUFFIXES))}."
    )


def test_a_pattern_that_matches_nothing(tree):
    with pytest.raises(DataError) as err:
        find_photos([str(tree / "*.gif")])
    assert str(err.value) == f"no file matches {tree / '*.gif'}."


@pytest.mark.parametrize(
    ("inputs", "batch_size", "threads"), [(1, None, None), (8, None, None), (9, None, 1), (10**6, 16, None)]
)
def test_many_inputs_are_computed_with_one_thread_each(inputs, batch_size, threads):
    assert threads_for(inputs, batch_size) == threads


@pytest.mark.parametrize("how", ["--json", "plain"])
def test_batches_change_nothing(how, gatera, program, photo_folder, tmp_path):
    """Nor does a bad file in the middle: it is reported, and the order is kept."""
    bad = photo_folder / "cat" / "c99.jpg"
    bad.write_bytes(b"no photo")
    options = ["--json"] if how == "--json" else []
    try:
        ran = [
            gatera("predict", program, photo_folder, *options, *batch)
            for batch in ([], ["--batch-size", 1], ["--batch-size", 5], ["--batch-size", 100])
        ]
    finally:
        bad.unlink()
    assert {each.status for each in ran} == {1} and len({each.err for each in ran}) == 1
    if how == "plain":
        assert len({each.out for each in ran}) == 1
    else:
        answers = [[json.loads(line) for line in each.out.splitlines()] for each in ran]
        for one, *others in zip(*answers, strict=True):
            for other in others:
                assert (other["file"], other["label"]) == (one["file"], one["label"])
                assert other["probability"] == pytest.approx(one["probability"], abs=1e-6)
    assert len(ran[0].out.splitlines()) == 24
    assert f"{bad} is not an image" in ran[0].err and "1 of 25 photos could not be read." in ran[0].err


def test_the_engine_that_is_taken_instead_is_said_once(gatera, program, photo_folder, monkeypatch):
    def refuses(model, precision, threads):
        raise ProgramFileError("quick refuses model.onnx (no LSTM)")

    monkeypatch.setitem(ENGINES, "quick", EngineSpec(refuses, package="json", priority=9))
    ran = gatera("predict", program, photo_folder)
    assert (ran.status, len(ran.out.splitlines())) == (0, 24)
    assert ran.err == "Note: quick refuses model.onnx (no LSTM): onnxruntime computes instead.\n"


def test_ties_keep_the_order_of_the_labels():
    answer = Prediction("a", 0, np.full(3, 1 / 3, np.float32), ["a", "b", "c"])
    assert [label for label, _ in answer_lines(answer, 3)] == ["a", "b", "c"]


def test_an_input_that_cannot_be_read_is_named_once(capsys):
    failed, row = [], Input({}, {"file": "new.csv", "row": 3}, line=7)
    answers = [
        (DataError("no date", got="2024-02-30"), row),
        (DataError("cat.jpg is empty"), Input("cat.jpg", {"file": "cat.jpg"})),
    ]
    assert list(_report_failures(answers, failed)) == [] and failed[0] is row
    assert capsys.readouterr().err == (
        "Error: Line 7 of new.csv: no date. Got: '2024-02-30'.\nError: cat.jpg is empty.\n"
    )


class Recommending:
    """Stands for a program of ratings."""

    def recommend(self, user: str, n: int) -> list[Recommendation]:
        return [Recommendation("Alien, 1979", 4.5), Recommendation(7, 3.25)][:n]


def test_recommendations_are_csv_where_that_is_asked_for_and_other_options_are_refused(gatera, monkeypatch):
    """`--csv` printed aligned lines, `--sure` and `--save` did nothing."""
    monkeypatch.setattr("gatera.cli.predict.load_program", lambda *given, **more: Recommending())
    ran = gatera("predict", "films.gatera", "--user", "ann", "--csv")
    assert ran.out == 'user,item,rating\nann,"Alien, 1979",4.5\nann,7,3.25\n'
    assert gatera("predict", "films.gatera", "--user", "ann", "--top", 1).out == "Alien, 1979  4.5\n"
    for option in (["--sure", 0.9], ["--save", "there"], ["--names"], ["-0"]):
        ran = gatera("predict", "films.gatera", "--user", "ann", *option)
        assert (ran.status, ran.err) == (2, f"Error: {option[0]} cannot be used with --user.\n")
