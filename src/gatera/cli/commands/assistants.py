"""The command `gatera mcp`."""

from __future__ import annotations

from gatera.cli.options import DEBUG, HELP, TRUSTED, Command, Option

MCP = Command(
    "mcp",
    "Offer programs as tools to an assistant, over standard input and output.",
    (
        Option(
            "programs", "Programs, for example cats.gatera, or cats@production of the registry.", group="Arguments", metavar="PROGRAM",
            many=True, files=True,
        ),
        Option(
            "files", "Read photos and recordings below this folder only; several are allowed.", ("--files",), "Safety", "FOLDER",
            files=True, many=True, shown="wherever you may read",
        ),
        TRUSTED,
        HELP, DEBUG,
    ),
    "gatera.cli.mcp.run:mcp",
    about=(
        "Assistants start this command themselves; docs/deployment.md has their settings. It speaks the Model "
        "Context Protocol (MCP). Each program is a tool, predict_NAME; one of ratings is recommend_NAME, too.",
    ),
    examples=(
        "gatera mcp cats.gatera",
        "gatera mcp cats.gatera films@production --files photos/",
    ),
    extra="mcp",
)  # fmt: skip

COMMANDS = (MCP,)
