"""`gatera mcp`: answer an assistant over standard input and output."""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

import gatera
from gatera.cli.given.program import load_program
from gatera.cli.mcp.tools import Tool, tools_of, unpacked
from gatera.core.checks import counted, listed
from gatera.core.errors import ArgumentError, GateraError, is_library_error, shorten
from gatera.core.progress import note


def mcp(options: argparse.Namespace) -> int:
    """Load the programs, then answer until standard input ends.

    Raises:
        ArgumentError: if a folder of --files does not exist, or two programs have one name.
        ProgramFileError: if a file is not a sound program.
    """
    folders = [Path(folder).expanduser() for folder in options.files or ()]
    for folder in folders:
        if not folder.is_dir():
            raise ArgumentError(
                f"there is no folder {folder}", remedy="Name a folder whose files may be read."
            )
    tools = load_tools(options.programs, folders, options.trusted)
    where = (
        f"below {listed(folders)}"
        if folders
        else "anywhere that you can read (--files FOLDER says otherwise)"
    )
    note(f"{counted(len(tools), 'tool')}: {listed(tools)}. Files are read {where}.")
    anyio.run(_serve, tools)
    return 0


def load_tools(programs: list[str], folders: list[Path], trusted: bool) -> dict[str, Tool]:
    """Return the tools of all programs by name.

    Raises:
        ArgumentError: if two have one name.
    """
    tools: dict[str, Tool] = {}
    for given in programs:
        program = load_program(given, trusted=trusted)
        name = Path(given).stem if given.endswith(".gatera") else given
        for tool in tools_of(name, program, folders):
            if tool.name in tools:
                raise ArgumentError(
                    f"two programs would be the tool {tool.name}",
                    got=given,
                    remedy="Rename one of the files.",
                )
            tools[tool.name] = tool
    return tools


async def _serve(tools: dict[str, Tool]) -> None:
    async with stdio_server() as (incoming, outgoing):
        server = make_server(tools)
        await server.run(incoming, outgoing, server.create_initialization_options())


def make_server(tools: dict[str, Tool]) -> Server[Any]:
    """Return the server of tools."""
    one_at_a_time = anyio.Lock()  # a program uses every core for one input

    async def list_tools(_: Any, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        reads = types.ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        )
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=tool.name, description=tool.description, input_schema=tool.schema, annotations=reads
                )
                for tool in tools.values()
            ]
        )

    async def call_tool(_: Any, asked: types.CallToolRequestParams) -> types.CallToolResult:
        async with one_at_a_time:
            return await to_thread.run_sync(answer, tools, asked.name, asked.arguments or {})

    return Server(
        "gatera", version=gatera.__version__, on_list_tools=list_tools, on_call_tool=call_tool,
        instructions="Trained programs that answer for one input at a time. They run on this machine.",
    )  # fmt: skip


def answer(tools: dict[str, Tool], name: str, given: dict[str, Any]) -> types.CallToolResult:
    """Call a tool; what goes wrong is an answer of its own, which the assistant reads."""
    try:
        if name not in tools:
            raise ArgumentError(f"there is no tool {name!r}", available=listed(tools))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is decided about an input is in the answer's notes
            found = tools[name].call(unpacked(given, tools[name].schema))
    except GateraError as err:
        return _failed(str(err))
    except BaseException as err:
        # a tool never ends the server, whatever an input makes a library do
        if not is_library_error(err):
            raise
        return _failed(f"the input could not be predicted ({shorten(str(err)) or type(err).__name__})")
    text = json.dumps(found, ensure_ascii=False)
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=found)


def _failed(message: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=message)], is_error=True)
