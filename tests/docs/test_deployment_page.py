"""The page on deployment: its command lines are understood, its settings are JSON, and it says what the files say."""

from __future__ import annotations

import json
import re

import pytest
from pages import ROOT, blocks, read

from gatera.cli.commands.assistants import MCP
from gatera.cli.parser import parse

PAGE = read("docs/deployment.md")
DEPLOY = ROOT / "examples" / "deploy"


def test_the_settings_of_assistants_start_the_command():
    (settings,) = blocks(PAGE, "json")
    name, *arguments = json.loads(settings.text)["mcpServers"]["cats"]["args"]
    given = parse(MCP, arguments)
    assert (name, given.programs, given.files) == ("mcp", ["/srv/gatera/cats.gatera"], ["/srv/photos"])


@pytest.mark.parametrize(
    "start, name",
    [("docker build", "Dockerfile"), ("docker run", "Dockerfile"), ("gatera serve", "nginx.conf")],
)
def test_the_commands_are_those_of_the_files(start, name):
    found = re.search(rf"^\$ ({start} .*)$", PAGE, re.M)
    assert found and f"#     {found[1]}\n" in (DEPLOY / name).read_text()


def test_the_image_is_below_its_limit():
    (printed,) = blocks(PAGE, "")
    parts = [int(size) for size in re.findall(r"(\d+) MB", printed.text)]
    assert len(parts) == 4
    assert sum(parts[:3]) == parts[3] < 350
