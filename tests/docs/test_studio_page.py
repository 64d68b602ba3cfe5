"""The page on the studio: its commands are understood, its example runs, and it tells every key and queue."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from pages import blocks, read

from gatera.cli.commands.every import COMMANDS
from gatera.cli.commands.studio import KINDS
from gatera.cli.parser import parse
from gatera.labeling import sources
from gatera.studio.queues.filters import STATES
from gatera.studio.queues.orders import QUEUES

PAGE = read("docs/studio.md")
STATIC = Path(__file__).parents[2] / "src/gatera/studio/static"


def test_the_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for block in blocks(PAGE, "python"):
        exec(compile(block.text, "docs/studio.md", "exec"), {})
    assert "2 changed lines" in capsys.readouterr().out
    assert (tmp_path / "notes" / "labels.csv").read_text().count("pos") == 2


def test_its_commands_are_understood():
    lines = [shlex.split(line) for block in blocks(PAGE, "sh") for line in block.text.splitlines()]
    assert len(lines) == 5
    for line in lines:
        parse(COMMANDS[line[1]], line[2:])


def test_it_tells_every_key():
    usual = re.search(r"USUAL = \{(.*?)\};", (STATIC / "keys.js").read_text(), re.DOTALL)[1]
    of_masks = re.search(r"MASK_KEYS = \{(.*?)\};", (STATIC / "painting.js").read_text(), re.DOTALL)[1]
    keys = re.findall(r': "([^"]+)"', usual + of_masks)
    assert len(keys) == len(set(keys)) == 28
    spelled = {" ": "Space", "ArrowLeft": "←", "ArrowRight": "→"}
    missing = [key for key in keys if f"`{spelled.get(key, key)}`" not in PAGE]
    assert missing == []


def test_every_word_is_there_in_both_languages():
    text = (STATIC / "words_studio.js").read_text()
    words = re.findall(r'(\w+): "((?:[^"|\\]|\\.)+)\|((?:[^"|\\]|\\.)+)"', text)
    table = {key for key, _, _ in words}
    assert len(words) == len(table) == len(re.findall(r'\w+: "', text))
    holes = re.compile(r"\{\w+\}")
    assert [key for key, en, es in words if sorted(holes.findall(en)) != sorted(holes.findall(es))] == []
    used = set(re.findall(r'say\("(\w+)"', "".join(path.read_text() for path in STATIC.glob("*.js"))))
    used |= set(re.findall(r'data-words[a-z-]*="(\w+)"', (STATIC / "studio.html").read_text()))
    assert used <= table
    assert {*QUEUES} <= table


def test_it_tells_every_state_of_a_filter():
    assert all(f"`is:{state}`" in PAGE for state in STATES if state != "labelled")


def test_the_kinds_of_the_option_are_those_of_the_library():
    assert (*sources.KINDS, "masks") == KINDS
