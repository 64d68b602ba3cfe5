"""`gatera label`: labels with their source, people's labels left alone, a changed function changes only what it voted on."""

from __future__ import annotations

import csv
import json
import shutil

import pytest

from gatera.cli.commands.labelling import ON_FAULT
from gatera.cli.main import main
from gatera.labeling import applying
from gatera.store.datasets.repository import DataRepository

FUNCTIONS = """
from gatera.labeling import ABSTAIN, labeling_function

@labeling_function
def praises(text):
    return "positive" if "good" in text else ABSTAIN

@labeling_function
def complains(text):
    return "negative" if "bad" in text else ABSTAIN
"""

TEXTS = {
    "a.txt": "good food", "b.txt": "bad food", "c.txt": "so good", "d.txt": "too bad", "e.txt": "a menu", "f.txt": "good and bad",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "texts").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "texts" / name).write_text(text)
    (tmp_path / "functions.py").write_text(FUNCTIONS)
    return tmp_path


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main(["label", *map(str, arguments)])
    out, err = capsys.readouterr()
    return stop.value.code, out, err


def rows(folder):
    with (folder / "texts" / "labels.csv").open(newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def apply(folder, capsys, *more):
    return run(capsys, "apply", folder / "functions.py", folder / "texts", *more)


def test_labels_name_function_version_and_person(folder, capsys):
    code, out, _ = apply(folder, capsys)
    assert code == 0 and "2 functions voted on 5 of 6 items" in out and "5 added, 0 changed" in out
    text = (folder / "texts" / "labels.csv").read_bytes().decode()
    assert text.startswith("file,sha256,label,split,group,source,by,at,note\n") and "\r" not in text
    found = rows(folder)
    assert list(found) == ["a.txt", "b.txt", "c.txt", "d.txt", "f.txt"]
    assert found["a.txt"]["label"] == "positive" and found["d.txt"]["label"] == "negative"
    assert found["a.txt"]["source"].startswith("function:praises@") and len(found["a.txt"]["source"]) == 25
    assert len(found["a.txt"]["sha256"]) == 64 and found["a.txt"]["at"].endswith("Z") and found["a.txt"]["by"]


def test_a_label_by_a_person_is_never_changed(folder, capsys, monkeypatch):
    table = "file,sha256,label,split,group,source,by,at,note,stars\na.txt,,negative,valid,g1,,Ann,,mine,3\n"
    (folder / "texts" / "labels.csv").write_text(table)
    code, out, _ = apply(folder, capsys)
    assert code == 0 and "4 added" in out and "1 by people left alone" in out
    found = rows(folder)["a.txt"]
    assert (found["label"], found["split"], found["by"], found["note"], found["stars"]) == (
        "negative",
        "valid",
        "Ann",
        "mine",
        "3",
    )
    code, out, _ = run(capsys, "report", folder / "texts")
    assert code == 0 and "0 of 1 right" in out
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    code, narrow, _ = run(capsys, "report", folder / "texts")
    assert (
        code == 0 and max(map(len, narrow.splitlines())) <= 60 and "0 of 1 right" in " ".join(narrow.split())
    )


def test_a_changed_function_changes_only_the_labels_of_what_it_votes_on(folder, capsys):
    apply(folder, capsys)
    before = rows(folder)
    (folder / "functions.py").write_text(
        FUNCTIONS.replace('"bad" in text', '"bad" in text or "menu" in text')
    )
    code, out, err = apply(folder, capsys)
    after = rows(folder)
    assert (
        code == 0
        and "1 added, 0 changed, 0 removed, 5 unchanged" in out
        and "6 of 12 answers were kept" in err
    )
    assert "pass --again" in err
    assert {name: after[name] for name in before} == before
    assert after["e.txt"]["source"] != before["b.txt"]["source"] and after["e.txt"]["label"] == "negative"
    (folder / "functions.py").write_text(FUNCTIONS.replace('"bad" in text', '"too bad" in text'))
    code, out, _ = apply(folder, capsys)
    assert code == 0 and "2 removed" in out
    assert rows(folder)["b.txt"]["label"] == "" and rows(folder)["a.txt"] == before["a.txt"]


def test_a_table_gets_a_table_beside_it(folder, capsys):
    table = folder / "reviews.csv"
    table.write_text("id,review,label\n1,good food,positive\n2,bad food,\n3,a menu,\n")
    code, out, _ = run(capsys, "apply", folder / "functions.py", table)
    assert code == 0 and "1 added" in out and "1 by people left alone" in out
    with (folder / "reviews-labelled.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["label"] for row in found] == ["positive", "negative", ""] and found[1]["source"].startswith(
        "function:complains@"
    )
    code, out, _ = run(capsys, "apply", folder / "functions.py", table)
    assert "1 unchanged" in out
    code, out, _ = run(capsys, "next", table, "-n", "1", "--json")
    assert json.loads(out)["file"] == "row 3"


def test_a_copy_whose_rows_are_others_now_gives_no_row_the_label_of_another(folder, capsys):
    table, copy = folder / "moved.csv", folder / "moved-labelled.csv"
    table.write_text("id,review\n1,good food\n2,a menu\n")
    run(capsys, "apply", folder / "functions.py", table)
    table.write_text("id,review\n0,bad food\n1,good food\n2,a menu\n")
    code, _, _ = run(capsys, "apply", folder / "functions.py", table)
    assert code == 0, "labels of functions are made again"
    copy.write_text(copy.read_text().replace("2,a menu,,,", "2,a menu,positive,person,"))
    table.write_text("id,review\n0,bad food\n1,good food\n2,a menu\n3,soup\n")
    code, _, _ = run(capsys, "apply", folder / "functions.py", table)
    assert code == 0 and "2,a menu,positive" in copy.read_text(), "a row at the end does no harm"
    kept = copy.read_text()
    table.write_text("id,review\n9,no food\n0,bad food\n1,good food\n2,a menu\n3,soup\n")
    code, _, err = run(capsys, "apply", folder / "functions.py", table)
    assert (
        code == 1
        and "moved-labelled.csv has different rows from moved.csv" in err
        and copy.read_text() == kept
    )


def test_a_copy_keeps_the_tables_own_columns_and_what_the_studio_wrote(folder, capsys):
    (folder / "own.csv").write_text("review,source\ngood food,twitter\nbad food,mail\na menu,mail\n")
    (folder / "own-labelled.csv").write_text(
        "review,source,label,label_source,label_by,label_at,label_note,label_seconds,label_flag\n"
        "good food,twitter,,,,,,,\nbad food,mail,positive,,Ann,2026-11-29T10:00:00Z,odd,1.5,yes\na menu,mail,,,,,,,\n"
    )
    code, out, _ = run(capsys, "apply", folder / "functions.py", folder / "own.csv")
    assert code == 0 and "1 by people left alone" in out
    with (folder / "own-labelled.csv").open(newline="") as file:
        first, second, _ = csv.DictReader(file)
    assert (first["source"], first["label"], first["label_source"][:9]) == (
        "twitter",
        "positive",
        "function:",
    )
    assert [second[f"label_{name}"] for name in ("by", "at", "note", "seconds", "flag")] == [
        "Ann", "2026-11-29T10:00:00Z", "odd", "1.5", "yes",
    ]  # fmt: skip


def test_report_and_next_run_no_functions(folder, capsys):
    apply(folder, capsys)
    (folder / "functions.py").write_text("raise SystemExit('was run')")
    code, out, _ = run(capsys, "report", folder / "texts", "--json")
    made = json.loads(out)
    assert (
        code == 0
        and [each["name"] for each in made["functions"]] == ["praises", "complains"]
        and made["covered"] == 5
    )
    (folder / "texts" / "g.txt").write_text("new and good")
    code, out, err = run(capsys, "next", folder / "texts")
    assert code == 0 and "f.txt" in out and "praises and complains disagree" in out
    assert "praises has no vote that was kept on 1 item:" in err


def test_a_report_changes_nothing(folder, capsys):
    apply(folder, capsys)
    votes = folder / "texts" / ".gatera" / "votes.sqlite"
    before = votes.read_bytes()
    for command in ("report", "next"):
        assert run(capsys, command, folder / "texts")[0] == 0
        assert votes.read_bytes() == before


def test_the_command_to_run_first_can_be_typed(folder, capsys):
    (folder / "texts").rename(folder / "my texts")
    _, _, err = run(capsys, "report", folder / "my texts")
    assert f"gatera label apply FUNCTIONS '{folder}/my texts'" in " ".join(err.split())


def test_faults_are_counted_or_stop(folder, capsys):
    (folder / "functions.py").write_text(
        FUNCTIONS + "\n@labeling_function\ndef breaks(text):\n    return 1 / 0\n"
    )
    code, _, err = apply(folder, capsys)
    assert code == 0 and "breaks failed on 6 of 6 items" in err and "pass --on-fault raise" in err
    code, _, err = apply(folder, capsys, "--on-fault", "raise")
    assert code == 1 and "The labelling function breaks failed on a.txt: ZeroDivisionError" in err


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("x = 1", "defines no labelling function"), ("x = ", "failed in line 1: SyntaxError"),
        ("import this_is_not_there", "failed in line 1: ModuleNotFoundError"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_file_of_functions(folder, capsys, source, says):
    (folder / "functions.py").write_text(source)
    code, _, err = apply(folder, capsys)
    assert code == 1 and says in err


def test_only_sure_labels_and_wrong_arguments(folder, capsys):
    code, out, _ = apply(folder, capsys, "--at-least", "0.9999", "--majority")
    assert code == 0 and "4 added" in out and "f.txt" not in rows(folder)
    for arguments, says in (
        (("apply", folder / "none.py", folder / "texts"), "none.py does not exist"),
        (("apply", folder / "functions.py", folder / "none"), "does not exist"),
        (
            ("apply", folder / "functions.py", folder / "texts", "--text", "x"),
            "--text names a column of a table",
        ),
        (("report", folder), "No functions have labelled"),
    ):
        code, _, err = run(capsys, *arguments)
        assert code == 1 and says in err
    (folder / "texts" / "labels.csv").write_text("file,label\na.txt,x\na.txt,y\n")
    code, _, err = apply(folder, capsys)
    assert code == 1 and "names a.txt twice (line 3)" in err


def test_odd_names_and_a_spreadsheets_file_stay_what_they_are(folder, capsys):
    for name in ("two\nlines.txt", 'a, b "c".txt', "\U0001f431.txt"):
        (folder / "texts" / name).write_text("good")
    table = "\ufefffile,label,source\r\na.txt,negative,\r\n"
    (folder / "texts" / "labels.csv").write_bytes(table.encode())
    code, out, _ = apply(folder, capsys)
    assert code == 0 and "7 added" in out and "1 by people left alone" in out
    found = rows(folder)
    assert (
        found[r"two\nlines.txt"]["label"]  # as data repositories write it
        == found['a, b "c".txt']["label"]
        == found["\U0001f431.txt"]["label"]
        == "positive"
    )
    assert (
        found["a.txt"]["label"] == "negative"
        and "\r" not in (folder / "texts" / "labels.csv").read_bytes().decode()
    )
    code, out, _ = run(capsys, "next", folder / "texts")
    assert code == 0 and "two\\x0alines.txt" in out


def test_in_a_data_repository_labels_are_a_commit_that_names_functions(folder, capsys):
    texts = folder / "texts"
    data = DataRepository.init(texts)
    data.add()
    data.label("negative", texts / "a.txt", by="Ann")
    data.commit("Texts")
    code, out, _ = apply(folder, capsys)
    assert code == 0 and "4 added" in out and "1 by people left alone" in out
    newest = data.log()[0]
    assert "Label by functions: praises@" in str(newest)
    rows_of = {row.file: row for row in data.rows()}
    assert rows_of["c.txt"].source.startswith("function:praises@") and rows_of["a.txt"].label == "negative"
    assert rows_of["a.txt"].by == "Ann" and next(data.diff(), None) is None
    count = len(data.log())
    apply(folder, capsys)
    assert len(data.log()) == count
    data.label("positive", texts / "e.txt")
    (folder / "functions.py").write_text(FUNCTIONS.replace('"bad" in text', '"too bad" in text'))
    code, _, err = apply(folder, capsys)
    assert code == 0 and "not committed either" in err and len(data.log()) == count
    (texts / "sub").mkdir()
    for name in ("good", "too bad"):
        (texts / "sub" / f"{name}.txt").write_text(name)
    code, _, err = run(capsys, "apply", folder / "functions.py", texts / "sub")
    assert code == 1 and "inside a data repository" in err


def test_the_choices_of_the_option_are_those_of_the_library():
    assert ON_FAULT == applying.ON_FAULT


def test_labels_that_git_brought_are_not_those_of_these_votes(folder, capsys):
    """After a revert, or on another branch: the labels of an older function stayed, and counted "as before"."""
    data = DataRepository.init(folder / "texts")
    data.add()
    data.commit("Texts")
    apply(folder, capsys)
    turned = (
        FUNCTIONS.replace('"positive"', '"-"')
        .replace('"negative"', '"positive"')
        .replace('"-"', '"negative"')
    )
    (folder / "functions.py").write_text(turned)
    apply(folder, capsys)
    labels = {row.file: (row.label, row.source) for row in data.rows()}
    for back in (lambda: data.revert("HEAD"), lambda: data.checkout("HEAD~1")):
        back()
        assert {row.file: (row.label, row.source) for row in data.rows()} != labels
        code, out, _ = apply(folder, capsys)
        assert code == 0 and "0 unchanged" in out
        assert {row.file: (row.label, row.source) for row in data.rows()} == labels
    # a label that somebody edited by hand, in a folder without git, stays
    texts = folder / "plain"
    shutil.copytree(folder / "texts", texts, ignore=shutil.ignore_patterns(".g*", "labels.csv"))
    run(capsys, "apply", folder / "functions.py", texts)
    table = (texts / "labels.csv").read_text()
    (texts / "labels.csv").write_text(edited := table.replace(",negative,", ",positive,", 1))
    code, out, _ = run(capsys, "apply", folder / "functions.py", texts)
    assert code == 0 and "0 changed" in out and (texts / "labels.csv").read_text() == edited


def test_a_tie_is_said(folder, capsys):
    """snorkel 1450: of equal votes the first class was written, and nothing said so."""
    code, _, err = apply(folder, capsys, "--majority")
    assert (
        code == 0
        and "For 1 item, classes are equally probable, and the first one is written, e.g. f.txt" in err
    )
    assert rows(folder)["f.txt"]["label"] == "negative"
    _, _, err = apply(folder, capsys, "--majority", "--at-least", "0.51")
    assert "equally" not in err and rows(folder)["f.txt"]["label"] == ""
    (folder / "texts" / "labels.csv").write_text("file,label\nf.txt,positive\n")  # a person decides
    _, _, err = apply(folder, capsys, "--majority")
    assert "equally" not in err and rows(folder)["f.txt"]["label"] == "positive"


def test_a_label_that_no_function_gave_is_said(tmp_path, capsys):
    """What one function alone had said was turned round, unsaid, and a function that was silent was named as the source."""
    texts = [("odd", 1), ("odd", 2), *(("good" if i % 2 else "bad", i) for i in range(3, 80))]
    (tmp_path / "t.csv").write_text("text,n\n" + "".join(f"{word} one,{n}\n" for word, n in texts))
    said = "'pos' if '{}' in row['text'] else 'neg' if '{}' in row['text'] else None"
    (tmp_path / "functions.py").write_text(
        "from gatera.labeling import labeling_function\n"
        + "".join(
            f"\n\n@labeling_function\ndef {name}(row):\n    return {says}\n"
            for name, says in {
                **{name: said.format("good", "bad") for name in "abc"},
                "wrong": said.format("bad", "good").replace("None", "'pos'"),
            }.items()
        )
    )
    code, _, err = run(capsys, "apply", tmp_path / "functions.py", tmp_path / "t.csv")
    assert code == 0 and "2 items get a label that no function gave, e.g. row 1: " in err
    with (tmp_path / "t-labelled.csv").open() as file:
        found = list(csv.DictReader(file))[:3]
    assert [row["label"] for row in found] == ["neg", "neg", "pos"]
    assert [row["source"].split("@")[0] == "function:wrong" for row in found] == [True, True, False]
    assert "no function said so" in found[0]["note"] and "no function" not in found[2]["note"]
    _, _, err = run(capsys, "apply", tmp_path / "functions.py", tmp_path / "t.csv", "--majority")
    assert "no function gave" not in err
