"""The page on the command line: its tables are those of the parser and the help."""

from __future__ import annotations

import json
import re

import pytest
from option_tables import table
from pages import ROOT, blocks, read, section

from gatera.cli import output
from gatera.cli.commands import GROUPS
from gatera.cli.commands.every import COMMANDS
from gatera.cli.help import STATUSES
from gatera.cli.main import main
from gatera.cli.parser import parse

PAGE = read("docs/command-line.md")


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table row, heads and rulers left out."""
    lines = [line.strip().strip("|") for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines]
    return [row for row in cells if row[0].startswith("`")]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "help"])
def test_the_table_of_a_command_is_the_one_of_its_options(name):
    # python tests/docs/option_tables.py writes it
    assert table(name) in section(PAGE, f"## gatera {name}")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_lists_every_command_with_its_summary(name):
    heading = "" if name == "help" else f"(#gatera-{name.replace(' ', '-')})"
    assert f"`gatera {name}`" in PAGE and f" | {COMMANDS[name].summary} | " in PAGE and heading in PAGE


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "help"])
def test_the_page_has_the_examples_of_the_help(name):
    for example in COMMANDS[name].examples:
        assert example in section(PAGE, f"## gatera {name}")


def test_every_command_line_in_the_page_is_understood():
    groups = "|".join(rf"{group} [\w-]+" for group in GROUPS)
    of_group = (
        rf"(?:{groups})(?=$| )|" if groups else ""
    )  # such a command may stand alone: gatera models list
    lines = re.findall(rf"^(?:\$ |  )?gatera ({of_group}\w+(?= )) ?(.*)$", PAGE, re.MULTILINE)
    assert len(lines) >= 20
    for name, rest in lines:
        words = re.findall(r"\"[^\"]*\"|'[^']*'|\S+", rest.partition(" > ")[0])
        if name != "tran":  # which shows what is said of it
            parse(COMMANDS[name], [word.strip("\"'") for word in words])


def test_the_page_has_the_exit_statuses():
    lines = [line for line in section(PAGE, "## Exit statuses").splitlines() if re.match(r"\| \d", line)]
    stated = {int(line.strip("|").split("|")[0]) for line in lines}
    known = {0, output.FAILED, output.MISUSED, output.HUNG_UP, output.INTERRUPTED, output.TERMINATED}
    assert stated == known == set(map(int, STATUSES))


def test_nothing_else_looks_like_an_option():
    known = {flag for command in COMMANDS.values() for option in command.options for flag in option.all_flags}
    named = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", PAGE))
    assert named <= known | {"--version"}


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
    from gatera.data.folders import labels_csv, split_folders

    text = section(PAGE, "### Folders of photos")
    names = [
        *labels_csv.FILE_COLUMNS,
        *labels_csv.LABEL_COLUMNS,
        *split_folders.TRAIN_NAMES[1:],
        *split_folders.VALID_NAMES,
    ]
    assert [name for name in names if f"`{name}`" not in text] == []


@pytest.mark.whole
def test_the_examples_of_json_have_the_fields_of_a_real_run(photo_folder, tmp_path, capsys, monkeypatch):
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
    example = json.loads(blocks(PAGE, "json")[2].text)
    # so few photos do not say what is odd
    assert {"novelty", "novel"} <= set(example) and "novelty" not in predicted
    assert shape(predicted) == shape({k: v for k, v in example.items() if k not in ("novelty", "novel")})
    about = _json_of(["info", "cats.gatera", "--json"], capsys)
    example = json.loads(blocks(PAGE, "json")[3].text)
    assert list(about) == list(example)
    assert set(about["training"]) == set(example["training"])


def _json_of(arguments: list[str], capsys) -> dict:
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
