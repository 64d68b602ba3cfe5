"""`gatera report`: one page about a program, measured on labelled items, with a look into its network."""

from __future__ import annotations

import argparse
from dataclasses import replace

from gatera.cli.given.program import load_program
from gatera.cli.language import for_command
from gatera.cli.measuring.seal import say_if_sealed
from gatera.cli.output import FAILED, notes, print_json, print_line, print_text, write
from gatera.cli.parser import UsageError
from gatera.cli.terminal.style import paint
from gatera.cli.terminal.text import escaped
from gatera.cli.test import asked_of, name_unmeasured
from gatera.core.progress import status, track
from gatera.recipes.page.program import prepared_report


def report(options: argparse.Namespace) -> int:
    """Write a page about a program.

    Returns:
        The exit status: 0, or 1 if some items could not be read.

    Raises:
        GateraError: if the program or the items are not usable, or the page exists.
    """
    if options.data is None:
        raise UsageError('missing option: --data SOURCE. See "gatera report --help".')
    say_if_sealed(options.data)
    with notes("report"):
        program = load_program(options.program, engine=options.engine, trusted=options.trusted)
        asked = replace(asked_of(options, "report"), check_leaks=options.check_leaks)
        made, write_page = prepared_report(
            program, options.data, options.out, asked=asked, inside=options.inside, force=options.force,
            progress=lambda answers: track(answers, "Measuring"), status=status,
        )  # fmt: skip
    if options.json:
        print_json({"program": options.program, "source": options.data, **made.to_dict()})
    else:
        name_unmeasured(made.measured)
        for heading, lines in made.lines().items():
            print_line(paint(escaped(f"{heading}:"), "heading"))
            for line in lines:
                # what is said of answers: "With --sure 0.9, ..."
                print_text(for_command(for_command(line, "report"), "predict"), "  ")
        print_line("")
    write("")  # what was measured is printed first: the disk may be full
    write_page()
    if not options.json:
        print_line(f"Saved the report {escaped(made.path)}.")
    return FAILED if made.measured.failed else 0
