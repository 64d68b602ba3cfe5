"""`gatera studio`: a data set in the browser, until Ctrl-C."""

from __future__ import annotations

import argparse

from gatera.cli.language import for_command
from gatera.cli.output import INTERRUPTED, notes, print_line
from gatera.cli.terminal.text import escaped
from gatera.core.checks import require
from gatera.core.lazy import later
from gatera.core.progress import note


def run(options: argparse.Namespace) -> int:
    """Label until Ctrl-C, or write what was decided; return the exit status.

    Raises:
        GateraError: if the data cannot be opened, or the server cannot start.
    """
    if options.finish:
        finish = later("gatera.studio.opening", "finish")
        print_line(escaped(finish(options.data, options.by, options.kind, options.text, _say)))
        return 0
    for module in ("starlette", "uvicorn", "httptools"):
        require(module, "serve", "for gatera studio")
    settings = later("gatera.studio.app.run", "Settings")(
        by=options.by, labels=options.labels, kind=options.kind, text=options.text, program=options.program, log=options.log,
        host=options.host, port=options.port, browser=options.browser, token_file=options.token_file, open=options.open,
    )  # fmt: skip
    with notes("studio"):
        finished = later("gatera.studio.app.run", "run_studio")(options.data, settings, _say)
    return 0 if finished else INTERRUPTED


def _say(line: str) -> None:
    note(for_command(line, "studio"))
