"""What the library says to a script, the command says in its own words."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import fields
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

import gatera as package
from gatera.cli.commands.every import COMMANDS
from gatera.cli.language import ONLY_WITH, OTHER_NAMES, PHRASES, for_command, keywords_of
from gatera.cli.training.printer import Printer
from gatera.learn.doctor.findings import from_curves, from_errors
from gatera.recipes.settings import TrainSettings

#: Rooms whose errors no command can show.
UNREACHABLE = ("testing/", "interpret/knowledge/")


@cache
def texts(part: str = "") -> list[str]:
    """Return every text in the library that may be part of a message and has `part` in it: all but docstrings and HTML."""
    if part:
        return [text for text in texts() if part in text]
    root, found = Path(package.__file__).parent, []
    for path in root.rglob("*.py"):
        if path.relative_to(root).as_posix().startswith(UNREACHABLE) or path.name == "language.py":
            continue
        tree = ast.parse(path.read_text())
        alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone
        ]
    return sorted({text for text in found if "<" not in text})


@pytest.mark.parametrize("command", COMMANDS)
def test_no_message_names_an_argument_that_has_an_option(command):
    names = "|".join(keywords_of(command)) or "-"
    left = {
        said for said in (for_command(text, command) for text in texts("="))
        if re.search(rf"(?<=\s)({names})=(?!=)", said)
    }  # fmt: skip
    assert not left


@pytest.mark.parametrize("command", OTHER_NAMES)
def test_every_other_name_stands_for_an_option_that_there_is(command):
    flags = {flag for option in COMMANDS[command].options for flag in option.flags}
    assert set(OTHER_NAMES[command].values()) <= flags
    assert not set(OTHER_NAMES[command]) & {option.name for option in COMMANDS[command].options}


def test_every_setting_of_training_has_an_option():
    # it is given by its place
    assert {field.name for field in fields(TrainSettings)} - set(keywords_of("train")) == {"source"}


def test_every_phrase_is_still_said_somewhere():
    everything = "\n".join(texts())
    said = [pattern for pattern, _ in PHRASES] + [pattern for _, pattern, _ in ONLY_WITH]
    stale = [pattern for pattern in said if not re.search(pattern.replace(r"(?=resume=)", ""), everything)]
    assert not stale


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"train"}))
def test_advice_for_training_on_folders_is_not_given_by_other_commands(command):
    shown = {for_command(text, command) for text in texts("class_level=")}
    assert not {
        text for text in shown if "class_level=" in text.split()
    }  # a word of its own, as advice has it
    assert not {text for text in shown if "class_level=." in text}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("bs must be at least 1.", "--batch-size must be at least 1."),
        ("3 items, fewer than bs=64.", "3 items, fewer than --batch-size 64."),
        (
            "weights must be an existing file: a.pth does not exist.",
            "--weights must be an existing file: a.pth does not exist.",
        ),
        ("device is not usable on this machine.", "--device is not usable on this machine."),
        ("arch is unknown.", "--arch is unknown."),
        ("Choose another name, or pass force=True.", "Choose another name, or pass --force."),
        ("Pass arch='efficientnet_lite0' (or 1, 2).", "Pass --arch efficientnet_lite0 (or 1, 2)."),
        ('Use weights="FILE" with a file.', "Use --weights FILE with a file."),
        ("Make them one size: item_tfms=Resize(224, 'squish').", "Make them one size: --size 224."),
        ("Or label_from='^(.+)_\\d+' takes cat.", "Or --label-from '^(.+)_\\d+' takes cat."),
        ("Use item_tfms=Resize(224), or Resize(224, 'squish') to avoid cropping.", "Use --size 224."),
        ("Name its column: y_names=.", "Name its column: --target."),
        ("For one folder per class, pass valid_pct=0.2.", "For one folder per class, pass --valid-pct 0.2."),
        (
            "Omit weights= to find weights automatically.",
            "Omit --weights to find weights automatically.",
        ),
        ("Lower lr=0.1 to lr=1e-3.", "Lower --lr 0.1 to --lr 1e-3."),
        (
            "model=words can only be used with task=text, not with task=table.",
            "--model words can only be used with --task text, not with --task table.",
        ),
        (
            "target= can only be used with task=table, not with task=recommend.",
            "--target can only be used with --task table, not with --task recommend.",
        ),
        (
            "no checkpoint a. learn.save(name) writes one.",
            "no checkpoint a. Check its name: a training that was stopped with "
            "Ctrl-C says where its checkpoint is.",
        ),
        (
            "Expected: a file written by learn.save.",
            "Expected: the checkpoint of a training that was stopped.",
        ),
        (
            "a.pth was written by learn.save, not by an interrupted fit. Use learn.load for it.",
            "a.pth is not the checkpoint of a training that was stopped. Start from its weights instead: --weights.",
        ),
        ("timm.list_models() lists all names.", "https://huggingface.co/timm lists all names."),
        (
            "Give it a class in codes= or mask_values=, or correct it.",
            "Give it a class in --mask-values, or correct it.",
        ),
        ("user: no column 'nope' in the table.", "--user: no column 'nope' in the table."),
        ("y_names=: no column 'nope' in the table.", "--target: no column 'nope' in the table."),
        (
            "class_level names no folder of the photos in a. Got: 5.",
            "--class-level names no folder of the photos in a. Got: 5.",
        ),
        (
            "Did you mean 'weight, kg', which has a comma in it?",
            "Did you mean 'weight, kg'? In a list, put it in quotes: '\"A, B\"'",
        ),
        (
            "It is one name: say what separates the columns with delimiter=.",
            "It is one name: say what separates the columns with --delimiter.",
        ),
        # not an argument
        ("The target is empty.", "The target is empty."),
        ("a.jpg: size=3 and tags=4.", "a.jpg: --size 3 and tags=4."),
        ("https://example.org/?size=3", "https://example.org/?size=3"),
        ("size=3.jpg is empty.", "size=3.jpg is empty."),
        ("photos/size=3.jpg is empty.", "photos/size=3.jpg is empty."),
        # nothing that a command could do
        (
            "Lower the learning rate (learn.lr_find() suggests one), clip gradients with cbs=GradientClip(1.0), train with "
            "precision='float32', or check these items for labels that are NaN.",
            "Lower the learning rate with --lr or check these items for labels that are NaN.",
        ),
    ],
)
def test_examples_of_train(said, shown):
    assert for_command(said, "train") == shown


def test_predict_has_other_options_than_train():
    assert for_command('Or try engine="openvino".', "predict") == "Or try --engine openvino."
    assert for_command("split=time cannot be used with group_by=.", "train") == (
        "--split time cannot be used with --group-by."
    )
    assert for_command("split=groups finds no column", "train") == "--split groups finds no column"
    assert for_command("Pass arch='resnet18'.", "predict") == "Pass arch='resnet18'."
    assert for_command("It is not a program. learn.export writes program files.", "info") == (
        "It is not a program. gatera train writes program files."
    )
    assert for_command("engine is not one of its choices.", "info") == "engine is not one of its choices."


def test_what_a_training_says_of_answers_names_the_option_of_predict(tmp_path, capsys):
    lines = ["With sure=0.8, 83.3 % of them are answered.", "sure=0.95 needs 19 held-out items; there are 6."]
    (tmp_path / "p.gatera").write_bytes(b"")
    trained = SimpleNamespace(
        sections=lambda: {"How sure it is": lines}, path=tmp_path / "p.gatera", page=None, example=[]
    )
    Printer(as_json=False).result(trained)
    shown = capsys.readouterr().out
    assert "  With --sure 0.8, 83.3 % of" in shown and "  --sure 0.95 needs 19 held-out" in shown
    Printer(as_json=True).on_event("result", {"calibration": {"n": 6, "remarks": lines[1:]}})
    assert json.loads(capsys.readouterr().out)["calibration"]["remarks"][0].startswith("--sure 0.95 needs 19")


def test_what_went_wrong_in_a_training_is_said_without_python(capsys):
    labels = from_errors([0, 1] * 20, [True] * 20, [0, 1] * 10, "ab")
    loss = from_curves([], [1.0] * 40 + [float("nan")])
    for finding in (*labels, *loss):
        Printer(as_json=False).on_warning(str(finding))
    shown = capsys.readouterr().out
    assert "Look at items with their labels, and whether" in shown and "Try a tenth of it (--lr)." in shown


def test_an_error_speaks_the_commands_language(gatera, program, cat, tmp_path):
    (tmp_path / "a.gatera").write_text("mine")
    ran = gatera("train", cat.parent.parent, "--out", tmp_path / "a.gatera")
    assert ran.status == 1 and "pass --force." in ran.err and "force=" not in ran.err
