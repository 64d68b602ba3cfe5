"""`gatera train`: the options are the arguments of `gatera.train`, and what it reports is printed."""

from __future__ import annotations

import argparse

from gatera.cli.output import notes, show_note, stopped_status
from gatera.cli.training.printer import Printer
from gatera.core.errors import ArgumentError
from gatera.recipes.run import train as train_program
from gatera.recipes.settings import DEFAULTS


def train(options: argparse.Namespace) -> int:
    """Train as the options say, once `gatera.cli.training.before_torch` has completed them.

    Raises:
        GateraError: if the data, an option or the disk is not usable.
        KeyboardInterrupt: after Ctrl-C, SIGTERM or SIGHUP before training has begun.
    """
    printer = Printer(options.json)
    settings = {name: getattr(options, name) for name in DEFAULTS}
    try:
        with notes("train"):
            trained = train_program(options.source, out=options.out, events=printer, **settings)
    except ArgumentError:
        if options.like is not None:  # the setting may be one that nobody typed
            show_note(f"Some settings come from {options.like}: use --like only for data of the same kind.")
        raise
    except KeyboardInterrupt as stop:
        if not printer.said_how_to_resume:
            raise
        return stopped_status(stop)
    printer.result(trained)
    return 0
