"""What a reader of tables decides is printed with the option that changes it: every such option exists."""

from __future__ import annotations

import ast
import re
import shlex
import warnings
from pathlib import Path

import pytest
from PIL.Image import DecompressionBombWarning

import gatera
from gatera.cli.commands.every import COMMANDS
from gatera.cli.inputs import AS_FOUND
from gatera.cli.main import main
from gatera.cli.output import notes, show_note
from gatera.cli.parser import UsageError, parse
from gatera.cli.training.printer import Printer
from gatera.program.tables.notes import Note
from gatera.program.tables.reader import open_table, read_table
from gatera.recipes.events import Events
from gatera.recipes.settings import READING

SOURCE = Path(gatera.__file__).parent


def named_options() -> set[str]:
    """Return the options that notes name anywhere in the source."""
    named = [
        node
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    calls = [call for call in named if call.func.id == "Note"]
    handed_on = [
        call.args[-1].elts[0] for call in named if call.func.id == "say_copies"
    ]  # of (option, value)
    given = [
        argument
        for call in calls
        for argument in [
            *call.args[1:2],
            *(word.value for word in call.keywords if word.arg == "option"),
        ]
    ]
    assert len(calls) >= 10
    return {
        argument.value
        for argument in [*given, *handed_on]
        if isinstance(argument, ast.Constant) and argument.value
    }


def test_every_option_that_a_note_names_exists():
    flags = {
        flag
        for name in ("train", "test", "explain")
        for option in COMMANDS[name].options
        for flag in option.all_flags
    }
    of_folders = {"class_level", "mask_values", "test_pct"}
    ours = {
        "target",
        "classes",
        "numbers",
        "task",
        "user",
        "rating",
        "text",
        "model",
        "epochs",
        "valid_pct",
        "drop",
        "side",
        "split",
        "check_leaks",
        "rows",  # of gatera explain
        *of_folders,
    }
    assert named_options() == {*READING, *ours}
    assert {f"--{name.replace('_', '-')}" for name in named_options()} <= flags


#: A file's bytes -> the options that what is said of it names.
FILES = [
    ("age;income\n30;1,5\n", {"--delimiter", "--decimal"}),
    ("age\tincome\n30\t15\n", {"--delimiter"}),
    ("a|b\n1|2\n", {"--delimiter"}),
    ("1,7\n2,7\n3,7\n", {"--header"}),
    ('price,n\n"1,200",1\n"3,400",2\n', {"--decimal"}),
    ("name,n\nJos\u00e9,1\n", {"--encoding"}),
]


@pytest.mark.parametrize(("text", "flags"), FILES)
def test_what_a_note_proposes_is_understood(tmp_path, text, flags):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode("cp1252"))
    notes = [note for note in read_table(path).notes if note.option]
    proposed = [
        shlex.split(note.for_shell().partition("(to change: ")[2].removesuffix(").")) for note in notes
    ]
    assert {flag for flag, _ in proposed} == flags
    for note, words in zip(notes, proposed, strict=True):
        assert getattr(parse(COMMANDS["train"], ["t.csv", *words]), str(note.option)) == note.value
    for note in open_table(path).notes:
        if note.option:
            assert note.option in AS_FOUND  # predict has it too
            parse(COMMANDS["predict"], ["a.gatera", "t.csv", f"--{note.option}", str(note.value)])


@pytest.mark.parametrize("value", ["note", "size, m2", 'a "b", c', ["a", "size, m2"]])
def test_columns_that_a_note_names_are_understood_also_with_commas(value):
    _, _, words = Note("Leave it out", "drop", value).for_shell().partition("(to change: --drop ")
    options = parse(COMMANDS["train"], ["t.csv", "--drop", *shlex.split(words.removesuffix(")."))])
    assert options.drop == ([value] if isinstance(value, str) else value)


@pytest.mark.parametrize(
    ("options", "values"),
    [
        (["--delimiter", "tab"], {"delimiter": "\t"}),
        (["--delimiter", "\\t"], {"delimiter": "\t"}),
        (["--delimiter=;"], {"delimiter": ";"}),
        (["--header", "none"], {"header": None}),
        (["--header", "auto"], {"header": "auto"}),
        (["--header", "2"], {"header": 2}),
        (["--decimal", ","], {"decimal": ","}),
    ],
)
def test_how_they_are_written(options, values):
    parsed = vars(parse(COMMANDS["train"], ["t.csv", *options]))
    assert {name: parsed[name] for name in values} == values


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--delimiter", ";;"], "--delimiter must be one ASCII character, tab, :: or blanks; got ';;'."),
        (["--delimiter", ""], "--delimiter must be one ASCII character, tab, :: or blanks; got ''."),
        (["--decimal", ";"], "--decimal must be . or a comma, got ';'."),
        (
            ["--header", "first"],
            "--header must be auto, none or the number of a row, from 0 on; got 'first'.",
        ),
        (["--header", "-1"], "--header must be auto, none or the number of a row, from 0 on; got '-1'."),
    ],
)
def test_values_that_are_refused(options, sentence):
    with pytest.raises(UsageError) as err:
        parse(COMMANDS["train"], ["t.csv", *options])
    assert str(err.value) == f'{sentence} See "gatera train --help".'


def test_a_decision_is_an_event_too(events_of):
    note = Note("Columns are separated by a tab", "delimiter", ",")
    assert events_of(False, note) == "Columns are separated by a tab (to change: --delimiter ',').\n"
    assert events_of(True, note) == (
        '{"event": "note", "text": "Columns are separated by a tab", "option": "delimiter", "value": ","}\n'
    )


@pytest.fixture
def events_of(capsys):
    def run(as_json: bool, note: Note) -> str:
        Printer(as_json).on_note(note)
        return capsys.readouterr().out

    return run


def test_warnings_of_pillow_that_name_no_file_are_not_shown(capsys):
    with notes():
        warnings.simplefilter("always")
        warnings.warn("Image size exceeds limit", DecompressionBombWarning, stacklevel=1)
        warnings.warn_explicit("Truncated File Read", UserWarning, str(Path("x/PIL/TiffImagePlugin.py")), 1)
        warnings.warn("ours", UserWarning, stacklevel=1)
    assert capsys.readouterr().err == "Note: ours\n"


def test_notes_are_broken_between_words_on_a_terminal_only(monkeypatch, capsys):
    said = "Columns are separated by a semicolon (to change: --delimiter ',')."
    show_note(said)
    assert capsys.readouterr().err == f"Note: {said}\n"
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    show_note(said)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().err).splitlines()
    assert len(lines) == 3 and all(len(line) <= 30 for line in lines)
    assert " ".join(line.strip() for line in lines) == f"Note: {said}"


def test_a_warning_names_the_option_where_a_script_has_an_argument(capsys):
    with notes("train"):
        warnings.simplefilter("always")
        warnings.warn("The training set has 453 items, fewer than bs=512: they make one.", stacklevel=1)
    assert "fewer than --batch-size 512: they make one." in capsys.readouterr().err


def test_the_studio_says_what_it_decided_in_the_words_of_the_command_line(tmp_path, capsys):
    path = tmp_path / "said.csv"
    path.write_text("number,said\n1," + "A long tale of a cat at a door. " * 5 + "\n")
    with pytest.raises(SystemExit):
        main(["studio", str(path), "--finish", "--by", "Ann"])
    assert "column 'said', whose cells are the longest; pass --text for another." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "python", "shell"),
    [
        ("bs", None, "bs=", "--batch-size"),
        ("bs", 64, "bs=64", "--batch-size 64"),
        ("restart", True, "restart=True", "--restart"),
        ("check_leaks", False, "check_leaks=False", "--no-check-leaks"),
        ("weights", "my file.pth", "weights='my file.pth'", "--weights 'my file.pth'"),
    ],
)
def test_an_argument_is_written_as_its_reader_writes_it(name, value, python, shell):
    assert Events().argument(name, value) == python
    assert Printer(as_json=False).argument(name, value) == shell
