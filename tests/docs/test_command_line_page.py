"""The page on the command line, compared with the parsers that read it."""

from __future__ import annotations

import json
import re

import pytest
import typer
from pages import ROOT, blocks, read, section

from gatera.cli import info, output, predict
from gatera.cli.main import VERBS
from gatera.cli.train import train

PAGE = read("docs/command-line.md")

#: Options that every verb has; the page says so once.
EVERYWHERE = {"-h", "--help"}


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table row, heads and rulers left out."""
    lines = [line.strip().strip("|") for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines]
    return [row for row in cells if row[0].startswith("`")]


def described(verb: str) -> dict[str, str]:
    """Return option -> default as the page has them for a verb; options with two names stand as 'a, b'."""
    found = rows(section(PAGE, f"## gatera {verb}"))
    return {row[0].replace("`", ""): row[1].replace("`", "") for row in found if row[0].startswith("`-")}


def argparse_options(module) -> dict[str, object]:
    return {
        ", ".join(action.option_strings): action.default
        for action in module._parser()._actions
        if action.option_strings and not EVERYWHERE & set(action.option_strings)
    }


def typer_options() -> dict[str, object]:
    app = typer.Typer()
    app.command()(train)
    options = [option for option in typer.main.get_command(app).params if option.param_type_name == "option"]
    return {
        ", ".join([*option.opts, *option.secondary_opts]): option.default
        for option in options
        if not EVERYWHERE & set(option.opts) and option.name not in ("install_completion", "show_completion")
    }


PARSERS = {
    "train": typer_options,
    "predict": lambda: argparse_options(predict),
    "info": lambda: argparse_options(info),
}


def test_every_verb_has_a_section():
    assert set(PARSERS) == set(VERBS)
    for verb in VERBS:
        assert section(PAGE, f"## gatera {verb}")


def test_the_table_of_verbs_says_what_their_help_says():
    found = {re.search(r"gatera (\w+)", row[0])[1]: row[1] for row in _verb_rows()}
    assert found == {name: verb.summary for name, verb in VERBS.items()}


def _verb_rows() -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.splitlines()
        if line.startswith("| [`gatera")
    ]


@pytest.mark.parametrize("verb", PARSERS)
def test_the_page_has_exactly_the_options_of_the_parser_in_its_order(verb):
    assert list(described(verb)) == list(PARSERS[verb]())


@pytest.mark.parametrize("verb", PARSERS)
def test_the_page_has_the_defaults_of_the_parser(verb):
    for option, default in PARSERS[verb]().items():
        said = described(verb)[option]
        if default is False:
            assert said == "no", option
        elif default is not None:
            assert said == str(default), option
        else:
            assert said not in ("no", ""), option  # "none", or in words what is taken instead


def test_the_page_has_the_exit_statuses():
    stated = {int(row[0]) for row in _status_rows()}
    assert stated == {0, output.FAILED, output.MISUSED, output.INTERRUPTED}


def _status_rows() -> list[list[str]]:
    lines = [line for line in section(PAGE, "## Exit statuses").splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_page_has_every_environment_variable_of_ours():
    used = {
        name
        for path in (ROOT / "src").rglob("*.py")
        for name in re.findall(r"environ[\w.]*[\[(]\s*\"(GATERA_\w+)\"", path.read_text(encoding="utf-8"))
    }
    listed = {row[0].strip("`") for row in rows(section(PAGE, "## Environment variables"))}
    assert used <= listed
    assert {name for name in listed if name.startswith("GATERA_")} <= used


def test_every_example_of_json_is_json():
    for block in blocks(PAGE, "json"):
        parts = [block.text] if block.text.startswith("{\n") else block.text.splitlines()
        for part in parts:
            assert isinstance(json.loads(part), dict), f"line {block.line}"


def test_the_layouts_are_those_that_are_understood():
    from gatera.data.folders import labels_csv, sides

    text = section(PAGE, "### How the photos may lie")
    names = [*labels_csv.FILE_COLUMNS, *labels_csv.LABEL_COLUMNS, *sides.TRAIN_NAMES[1:], *sides.VALID_NAMES]
    assert [name for name in names if f"`{name}`" not in text] == []


@pytest.mark.slow
def test_the_examples_of_json_have_the_fields_of_a_real_run(photo_folder, tmp_path, capsys, monkeypatch):
    from gatera.cli.main import main

    monkeypatch.chdir(tmp_path)
    small = ["--size", "32", "--freeze-epochs", "0", "--out", "cats.gatera", "--json"]
    with pytest.raises(SystemExit, match="0"):
        main(["train", str(photo_folder), *small])
    trained = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    shown = [json.loads(line) for line in blocks(PAGE, "json")[0].text.splitlines()]
    by_event = {line["event"]: line for line in trained}
    assert {line["event"] for line in shown} == set(by_event)
    for line in shown:
        assert shape(by_event[line["event"]]) == shape(line)
    photo = next(photo_folder.rglob("*.jpg"))
    predicted = _json_of(["predict", "cats.gatera", str(photo), "--json"], capsys)
    assert shape(predicted) == shape(json.loads(blocks(PAGE, "json")[2].text))
    about = _json_of(["info", "cats.gatera", "--json"], capsys)
    example = json.loads(blocks(PAGE, "json")[3].text)
    assert list(about) == list(example)
    assert set(about["training"]) == set(example["training"])


def _json_of(arguments: list[str], capsys) -> dict:
    from gatera.cli.main import main

    with pytest.raises(SystemExit, match="0"):
        main(arguments)
    return json.loads(capsys.readouterr().out)


def shape(value: object) -> object:
    """Return what kind of value it is: its fields, but not those that are named after classes; lists by their first."""
    if isinstance(value, dict):
        names = [str(name) for name in value]
        if set(names) <= {"cat", "dog", "cats", "dogs"}:
            return "by class"
        return {
            name: shape(inner) for name, inner in value.items() if name not in ("skipped", "most_confused")
        }
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    if value is None or isinstance(value, str):
        return "text"
    return "number"


def test_shape_sees_a_missing_field():
    assert shape({"a": 1, "b": [1, 2]}) != shape({"a": 1})
