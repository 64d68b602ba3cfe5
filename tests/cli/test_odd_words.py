"""Words that no command can take: each is refused in one line that names the option, and nothing is written."""

from __future__ import annotations

import os
import sys

import pytest

from gatera.cli.commands import GROUPS

#: From Python 3.14 on, a name that no file can have is one that is not there.
NO_SUCH = sys.version_info >= (3, 14)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["info", "PROGRAM", "--onnx", "a.txt/b.onnx"], "Error: a.txt cannot be used (it is not a folder)."),
        (["data", "status", "-C", "x" * 300], "There is no folder" if NO_SUCH else "x cannot be used ("),
        (["data", "clone", "folder", "a.txt"], "a.txt cannot be used (Not a directory)."),
        (["data", "init", "a.txt"], "a.txt is not a folder, and a data repository is one."),
        (["data", "status", "-C", "a.txt"], "a.txt is a file, and a data repository is a folder."),
        (["my cats.gatera"], """Did you mean "gatera predict 'my cats.gatera'"?"""),
        (["x" * 300], "Error: unknown command 'xxx"),
    ],
)
def test_a_name_that_no_file_can_have_is_an_error_of_one_line(
    gatera, program, tmp_path, monkeypatch, words, said
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "folder").mkdir()
    ran = gatera(*(str(program) if word == "PROGRAM" else word for word in words))
    assert ran.status in (1, 2) and said in ran.err and ran.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "folder"]


def test_a_registry_whose_name_no_folder_can_have(gatera, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = gatera("models", "list", "--registry", "x" * 300)
    if NO_SUCH:
        assert ran.out.startswith("No programs in xxx")
    else:
        assert ran.status == 1 and ran.err.startswith(f"Error: {'x' * 300} cannot be used (")


@pytest.mark.parametrize(
    "words",
    [["predict", "a", "b", "--batch-size", "9" * 19], ["predict", "a", "b", "--top", "9" * 5000],
     ["predict", "a", "b", "--header", "9" * 5000], ["explain", "a", "b", "--rows", "9" * 5000],
     ["train", "a", "--drop", "a\nb"]],
)  # fmt: skip
def test_numbers_and_lists_that_are_too_long_are_refused_in_our_words(gatera, words):
    ran = gatera(*words)
    assert (ran.status, ran.out) == (2, "") and ran.err.startswith(f"Error: {words[-2]} must be ")


@pytest.mark.parametrize(
    "words",
    [["models", "add", "a", "--by"], ["models", "tag", "a@v1", "b", "--note"], ["models", "push", "--remote"],
     ["data", "commit", "-m"], ["data", "label"], ["train", "a.csv", "--target"], ["label", "apply", "a", "b", "--text"]],
)  # fmt: skip
def test_texts_of_a_terminal_in_latin_1_are_refused(gatera, words):
    """Python has bytes that are not UTF-8 as halves of surrogate pairs, which no file that we write can hold."""
    ran = gatera(*words, os.fsdecode(b"Jos\xe9"))
    assert (ran.status, ran.out) == (2, "") and "must be text in UTF-8, got 'Jos\\udce9'" in ran.err


def test_names_of_files_may_have_any_bytes(gatera):
    name = os.fsdecode(b"Jos\xe9.gatera")
    assert "UTF-8" not in gatera("info", name).err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "t.csv", "--target", "y", "--group-by", ""], "--group-by needs a value, got ''"),
        (["train", "photos", "--arch", " "], "--arch needs a value, got ' '"),
        (["models", "push", "--remote", ""], "--remote needs a value, got ''"),
        (["models", "add", "a.gatera", "--data", ""], "--data needs a value, got ''"),
        (["serve", "a.gatera", "--host", ""], "--host needs a value, got ''"),
        (["data", "clone", "there", "here", "--branch", ""], "--branch needs a value, got ''"),
        (["data", "diff", ""], "BEFORE needs a value, got ''"),
    ],
)
def test_an_empty_value_is_not_taken_for_none(gatera, words, said):
    """As of a variable of the shell that is not set: --group-by "$PERSON" trained without groups, and said nothing."""
    assert gatera(*words) == (
        2,
        "",
        f'Error: {said}. See "gatera {" ".join(words[: 1 + (words[0] in GROUPS)])} --help".\n',
    )


def test_an_empty_text_is_a_value_where_it_means_something(gatera):
    for words in (
        ["data", "label", "", "a.jpg"],
        ["data", "label", "cat", "a.jpg", "--group", "", "--note", ""],
    ):
        assert "needs a value" not in gatera(*words).err
