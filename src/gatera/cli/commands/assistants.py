"""The command `gatera mcp`."""

from __future__ import annotations

from gatera.cli.options import DEBUG, HELP, TRUSTED, Command, Option

MCP = Command(
    "mcp",
    "Offer programs as tools to an assistant, over standard input and output.",
    (
        Option(
            "programs", "Program files such as cats.gatera, or versions in the registry such as cats@production.", group="Arguments", metavar="PROGRAM",
            many=True, files=True,
        ),
        Option(
            "files", "Read photos and recordings only below this folder; may be repeated.", ("--files",), "Safety", "FOLDER",
            files=True, many=True, shown="anywhere that you can read",
        ),
        TRUSTED,
        HELP, DEBUG,
    ),
    "gatera.cli.mcp.run:mcp",
    about=(
        "Assistants start this command themselves; docs/deployment.md has their settings. It speaks the Model "
        "Context Protocol (MCP). Each program becomes a tool, predict_NAME; one trained on ratings also becomes recommend_NAME.",
    ),
    examples=(
        "gatera mcp cats.gatera",
        "gatera mcp cats.gatera films@production --files photos/",
    ),
    extra="mcp",
)  # fmt: skip

COMMANDS = (MCP,)
