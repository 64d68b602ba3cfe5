"""`gatera serve`: programs behind HTTP until a signal."""

from __future__ import annotations

import argparse

from gatera.cli.output import INTERRUPTED, show_line
from gatera.core.checks import require
from gatera.core.lazy import later


def check_installed(options: argparse.Namespace) -> None:
    """Say which extra is missing, before anything is loaded."""
    for module in ("starlette", "uvicorn", "httptools", "prometheus_client", "python_multipart"):
        require(module, "serve", "for gatera serve")


def run(options: argparse.Namespace) -> int:
    """Serve; return the exit status: 0, or 130 if a second Ctrl-C cut something off.

    Raises:
        GateraError: if it cannot start.
    """
    check_installed(options)
    server = "gatera.serve.server"
    serving = later("gatera.serve.service", "Options")(
        sure=options.sure, batch_size=options.batch_size, max_wait=options.max_wait, body_limit=options.body_limit,
        log=options.log, log_inputs=options.log_inputs, reload=options.reload, trusted=options.trusted,
    )  # fmt: skip
    place = later(server, "Place")(
        host=options.host, port=options.port, token_file=options.token_file, open=options.open,
        host_names=options.host_name, origins=options.allow_origin, prefix=options.prefix, drain=options.drain,
    )  # fmt: skip
    finished = later(server, "serve")(options.programs, serving, place, show_line, options.pixel_limit)
    return 0 if finished else INTERRUPTED
