"""The options of `gatera train` are the fields of its settings."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from gatera.cli.commands.every import COMMANDS
from gatera.cli.commands.reading import LABEL_FROM, READING
from gatera.cli.parser import UsageError, parse
from gatera.cli.training.settings_from_files import apply_chosen
from gatera.core.errors import ProgramFileError
from gatera.program.program import load_program
from gatera.recipes import run
from gatera.recipes.settings import Task, TrainSettings

TRAIN = COMMANDS["train"]


def test_every_setting_has_an_option_with_its_default():
    parsed = vars(parse(TRAIN, ["photos"]))
    for field in fields(TrainSettings):
        assert field.name in parsed
        if field.default is not MISSING:
            assert parsed[field.name] == field.default
    assert parsed["source"] == Path("photos") and parsed["out"] is None


def test_values_have_the_types_of_their_fields():
    line = (
        "photos --task table --epochs 3 --lr 1e-3 --bs 8 --out a.gatera --no-augment -f --json --resume a.pth"
    )
    parsed = parse(TRAIN, line.split())
    assert (parsed.task, parsed.epochs, parsed.lr, parsed.bs) == (Task.table, 3, 0.001, 8)
    assert (parsed.out, parsed.resume) == (Path("a.gatera"), Path("a.pth"))
    assert (parsed.augment, parsed.force, parsed.json, parsed.slim) == (False, True, True, False)


def test_two_spellings_are_one_option():
    assert parse(TRAIN, ["p", "--batch-size", "8"]) == parse(TRAIN, ["p", "--bs", "8"])
    assert parse(TRAIN, ["p", "--learning-rate", "1"]) == parse(TRAIN, ["p", "--lr", "1"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--epochs", "0"], "--epochs must be a whole number >= 1, got '0'."),
        (["--bs", "x"], "--batch-size must be a whole number >= 1, got 'x'."),
        (["--lr", "-1"], "--lr must be a number >= 0, got '-1'."),
        (["--lr", "nan"], "--lr must be a number >= 0, got 'nan'."),
        (["--lr", "inf"], "--lr must be a number >= 0, got 'inf'."),
        (["--valid-pct", "20"], "--valid-pct must be a number from 0.01 to 0.9, got '20'."),
        (["-o"], "--out needs a value."),
        (["--target", "-x"], "--target needs a value; one that begins with a dash is written --target=-x."),
        (
            ["--user", "-user-1"],
            "--user needs a value; one that begins with a dash is written --user=-user-1.",
        ),
        (["--target", "--epochs", "3"], "--target needs a value."),
        (["--augment=yes"], "--augment takes no value, got 'yes'."),
        (["more"], "unexpected argument 'more'."),
        (["--epoch", "3"], "unknown option '--epoch'. Did you mean '--epochs'?"),
    ],
)
def test_misuse(options, sentence):
    with pytest.raises(UsageError) as err:
        parse(TRAIN, ["photos", *options])
    see = "" if sentence.endswith("?") else ' See "gatera train --help".'
    assert str(err.value) == sentence + see


@pytest.mark.parametrize(
    ("command", "option"),
    [(one, option) for one in COMMANDS.values() for option in one.options if option.metavar == "TEXT"],
    ids=lambda one: one.name,
)
def test_a_text_may_begin_with_a_dash(command, option):
    """As in git: commit -m "-x" has the message "-x". An option of the command says that the text was forgotten."""
    needed = ["x" for each in command.options if not each.flags and not each.optional]
    other = next(each.flags[0] for each in command.options if each.flags and each is not option)
    for flag in option.flags:
        for text in ("-x", "- first", "--- all ---", "-1", "-x: y=z"):
            assert getattr(parse(command, [*needed, flag, text]), option.name) == text
        with pytest.raises(UsageError, match="needs a value"):
            parse(command, [*needed, flag, other])


def test_a_misspelt_task_offers_the_nearest():
    with pytest.raises(UsageError) as err:
        parse(TRAIN, ["photos", "--task", "photo"])
    assert str(err.value) == (
        "--task must be one of auto, photos, masks, sound, text, table, recommend; got 'photo'. Did you mean 'photos'?"
    )


def test_tables_are_read_in_the_words_of_training():
    mine = {option.name: option for option in TRAIN.options}
    for option in (*READING, LABEL_FROM):
        theirs = mine[option.name]
        assert option == theirs._replace(help=theirs.help.replace(", or of labels.csv", ""))


@pytest.mark.parametrize(
    "flags", [["--out=~/cats.gatera", "--report=~/page"], ["--out", "~/cats.gatera", "--report", "~/page"]]
)
def test_a_tilde_that_the_shell_left_is_the_users_folder_and_no_folder_of_that_name(
    flags, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    options = parse(TRAIN, ["~/photos", *flags])
    assert (options.source, options.out) == (tmp_path / "photos", tmp_path / "cats.gatera")
    config = tmp_path / "run.toml"
    config.write_text('out = "~/dogs.gatera"\nreport = "~/page"\ntarget = "~/x"\n')
    chosen = parse(TRAIN, ["photos", "--config", "~/run.toml"])
    apply_chosen(chosen, TRAIN.options)
    assert (chosen.out, chosen.report, chosen.target) == (tmp_path / "dogs.gatera", tmp_path / "page", "~/x")
    assert parse(COMMANDS["predict"], ["a.gatera", "~/a text"]).inputs == ["~/a text"]


def test_a_tilde_in_python_is_the_users_folder_too(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setattr(run, "run", lambda settings, events: settings)
    settings = run.train("~/photos", out="~/cats.gatera", report="~/page")
    assert (settings.source, settings.out, settings.report) == (
        tmp_path / "photos", tmp_path / "cats.gatera", tmp_path / "page",
    )  # fmt: skip
    with pytest.raises(ProgramFileError, match=re.escape(str(tmp_path / "cats.gatera"))):
        load_program("~/cats.gatera")
