"""What a message recommends can be typed: each command exists, each option is one of that command, and names are quoted."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import gatera as package
from gatera.cli.commands import GROUPS
from gatera.cli.commands.every import COMMANDS
from gatera.cli.language import for_command, keywords_of
from gatera.cli.options import GLOBAL, Command
from gatera.cli.output import show_decision
from gatera.program.tables.notes import Note

ROOT = Path(package.__file__).parent

#: Stands in a text for what is put there when it is said: a name that a shell would divide where it is not quoted.
PUT_IN = "\0"

#: A command as a message has it, and what stands behind it, up to the end of the sentence or of the quotation.
RECOMMENDED = re.compile(
    r"(?<![.\w])gatera (?P<first>[a-z]+)(?: (?P<second>[a-z]+(?:-[a-z]+)?))?(?P<rest>[^;\"`\n]*)"
)

FLAG = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")

#: Modules whose texts are for shells or describe the commands themselves; the latter are tested in test_help.py.
OTHERS = ("cli/completions/", "cli/commands/", "cli/data/commands.py")

#: Rooms whose messages several commands show: an option that one of them lacks must not be named there.
SHOWN_BY = {
    "studio/": ("studio",),
    "serve/": ("serve",),
    "cli/serving/": ("serve",),
    "cli/mcp/": ("mcp",),
    "browser/": ("export",),
    "web/launch.py": ("serve", "studio"),
    "store/models/sync/hub.py": ("models push", "models pull"),
}


def texts() -> Iterator[tuple[str, str]]:
    """Yield every text of the library, but docstrings, with the place of its file."""
    for path in sorted(ROOT.rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        if not place.startswith(OTHERS):
            yield from ((place, text) for text in _texts_in(path))


@cache
def _texts_in(path: Path) -> list[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    left = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            left |= {id(part) for part in ast.walk(node) if part is not node}
    found = []
    for node in nodes:
        if isinstance(node, ast.JoinedStr) and id(node) not in left:
            found.append("".join(map(_said, node.values)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left:
            found.append(node.value)
    return found


def _said(part: ast.expr) -> str:
    """Return a part of an f-string; what is put in is a mark, or "NAME" if it is quoted or cannot need quotes."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    made = ast.unparse(part.value)
    safe = "quote(" in made or "shell_join(" in made or any(word in made for word in SAFE)
    return "NAME" if safe else PUT_IN


#: Parts of expressions that cannot need quotes: names of models, versions, tags and keys, and our own words.
SAFE = (
    "version",
    "model",
    "tag",
    "meant",
    "mine",
    "self.name",
    "name'",
    "command",
    "group",
    "history",
    "words",
    "gatera.",
)


def recommended() -> Iterator[tuple[str, str, Command | None, str]]:
    """Yield what texts recommend: the place, the text, the command (None where there is none), what stands behind it."""
    for place, text in texts():
        for found in RECOMMENDED.finditer(text):
            first, second = found["first"], found["second"]
            name = f"{first} {second}" if first in GROUPS else first
            rest = found["rest"] if first in GROUPS else f" {second or ''}{found['rest']}"
            yield place, text, COMMANDS.get(name), rest


def flags_of(command: Command) -> set[str]:
    return {flag for option in (*command.options, *GLOBAL) for flag in option.all_flags}


#: "gatera data" and so on where no command is meant.
NO_COMMANDS = (
    "as gatera data writes it", "written by gatera data;", "where git or gatera keeps", "gatera data, format",
    "from gatera import", "gatera data NAME NAME", "as gatera sent it",
)  # fmt: skip


def test_every_recommended_command_exists():
    """Each `gatera word` in a message is a command or a group."""
    unknown = {
        (place, text) for place, text, command, _ in recommended()
        if command is None and not any(words in text for words in NO_COMMANDS)
    }  # fmt: skip
    assert not unknown


def test_every_option_of_a_recommended_command_is_its_own():
    """`gatera train x --task recommend` in a message: train has --task."""
    wrong = {
        (place, command.name, flag) for place, _, command, rest in recommended() if command is not None
        for flag in FLAG.findall(re.split(r"[.)]\s|, (?:and|or|which) | \(", rest)[0]) if flag not in flags_of(command)
    }  # fmt: skip
    assert not wrong


def test_names_in_recommended_commands_are_quoted():
    """A name with blanks or brackets, put into a command that is to be typed, stands in quotes."""
    bare = {
        (place, text) for place, text, command, rest in recommended()
        if command is not None and PUT_IN in re.split(r"[.:,)]\s|\s\(|'", rest)[0]
    }  # fmt: skip
    assert not bare


@pytest.mark.parametrize("room", SHOWN_BY)
def test_rooms_name_options_of_the_commands_that_show_their_messages(room):
    """The studio names no option of the server, and so on."""
    known = set.intersection(*(flags_of(COMMANDS[name]) for name in SHOWN_BY[room]))
    named = {
        (place, flag) for place, text in texts() if place.startswith(room) and not re.search(r"\b(gatera|git|curl|npm) ", text)
        for flag in FLAG.findall(text) if flag.startswith("--")
    }  # fmt: skip
    assert not {(place, flag) for place, flag in named if flag not in known}


@pytest.mark.parametrize("name", COMMANDS)
def test_options_are_called_as_they_are_typed(name):
    """A message with the Python name of an option, as in `force=True`, shows the option."""
    flags = flags_of(COMMANDS[name])
    for word, flag in keywords_of(name).items():
        assert flag in flags
        assert for_command(f"Choose another, or pass {word}=3.", name) == f"Choose another, or pass {flag} 3."
    if any(option.name == "force" for option in COMMANDS[name].options):
        assert for_command("Choose another name, or pass force=True.", name).endswith("pass --force.")


@pytest.mark.parametrize("name", COMMANDS)
def test_decisions_name_the_option_that_changes_them_where_there_is_one(name, capsys):
    """`gatera explain` read a table with semicolons and recommended --delimiter, which it lacks."""
    note = Note("Columns are separated by ';'", "delimiter", ",")
    show_decision(note, name)
    shown = capsys.readouterr().err
    if any(option.name == "delimiter" for option in COMMANDS[name].options):
        assert shown == "Note: Columns are separated by ';' (to change: --delimiter ',').\n"
    else:
        assert shown == "Note: Columns are separated by ';'.\n"
        assert for_command(str(note), name) == "Columns are separated by ';'."


def test_every_decision_of_training_has_an_option_that_there_is():
    """What `gatera train` says "to change" of is a setting."""
    named = {
        node.args[1].value
        for path in ROOT.rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Note"
        and len(node.args) > 1 and isinstance(node.args[1], ast.Constant) and isinstance(node.args[1].value, str)
    }  # fmt: skip
    assert len(named) > 10 and named - {"rows", "side"} <= {
        option.name for option in COMMANDS["train"].options
    }
