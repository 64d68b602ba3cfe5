"""`gatera serve`: programs behind HTTP until a signal."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import Any

from gatera.cli.output import INTERRUPTED, show_line
from gatera.core.checks import require
from gatera.core.lazy import later


def check_installed(options: argparse.Namespace) -> None:
    """Say which extra is missing, before anything is loaded."""
    for module in ("starlette", "uvicorn", "httptools", "prometheus_client", "python_multipart"):
        if module in sys.modules or find_spec(module) is None:  # found, and not imported yet: that takes time
            require(module, "serve", "for gatera serve")


def run(options: argparse.Namespace) -> int:
    """Serve; return the exit status: 0, or 130 if a second Ctrl-C cut something off.

    Raises:
        GateraError: if it cannot start.
    """
    check_installed(options)
    watch = "gatera.serve.watch"
    sources = later(watch, "named_sources")(options.programs)
    # the programs are loaded while the server's own modules are imported
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(later(watch, "load_all"), sources, options.trusted, options.pixel_limit)
        try:
            return 0 if _serve(options, sources, loading.result) else INTERRUPTED
        finally:
            loading.cancel()


def _serve(options: argparse.Namespace, sources: Any, loading: Any) -> bool:
    server = "gatera.serve.server"
    serving = later("gatera.serve.service", "Options")(
        sure=options.sure, batch_size=options.batch_size, max_wait=options.max_wait, body_limit=options.body_limit,
        log=options.log, log_inputs=options.log_inputs, reload=options.reload, trusted=options.trusted,
    )  # fmt: skip
    place = later(server, "Place")(
        host=options.host, port=options.port, token_file=options.token_file, open=options.open,
        host_names=options.host_name, origins=options.allow_origin, prefix=options.prefix, drain=options.drain,
    )  # fmt: skip
    finished: bool = later(server, "serve")(sources, loading, serving, place, show_line)
    return finished
