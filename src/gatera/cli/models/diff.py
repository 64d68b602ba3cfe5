"""`gatera models diff`: what differs between two versions, and which is better on the same items."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatera.cli.measuring.seal import say_if_sealed
from gatera.cli.output import notes, print_json, print_line, print_text, show_decision, show_line
from gatera.evaluate.items import Asked
from gatera.evaluate.measure_source import Measurement, find_items, measure
from gatera.evaluate.questions.programs import check_same_kind, compare_measurements
from gatera.program.program import Program, load_program
from gatera.store.models.changes import changes, facts_of
from gatera.store.models.open import program_file
from gatera.store.models.registry import ModelRegistry


def diff(options: argparse.Namespace) -> int:
    """Compare two versions.

    Raises:
        GateraError: if there is no such version, or the items are not usable.
    """
    registry = ModelRegistry(options.registry)
    names = (options.first, options.second)
    paths = [
        program_file(name if "@" in name or Path(name).exists() else f"{name}@latest", registry)
        for name in names
    ]
    found = changes(*(facts_of(path) for path in paths))
    same = paths[0].read_bytes() == paths[1].read_bytes()
    result: dict[str, Any] = {
        "programs": list(names),
        "same": same,
        "changes": [each.to_dict() for each in found],
    }
    if not options.json:
        if same:
            print_text(f"{names[0]} and {names[1]} are the same program.")
        elif not found:
            print_text(f"Nothing that is known of {names[0]} and {names[1]} differs.")
        for each in found:
            print_text(str(each))
    if options.on is not None:
        comparison = _compared(paths, names, options)
        result["comparison"] = comparison.to_dict()
        if not options.json:
            print_line("")
            for line in comparison.lines():
                print_text(line)
    elif not same and not options.json:
        show_line("To see which is better, measure both on the same labelled items: --on SOURCE")
    if options.json:
        print_json(result)
    return 0


def _compared(paths: list[Path], names: tuple[str, str], options: argparse.Namespace) -> Any:
    say_if_sealed(options.on)
    with notes("models diff"):
        programs = [load_program(path) for path in paths]
        check_same_kind(programs)
        asked = Asked(target=options.target, on_note=lambda note: show_decision(note, "models diff"))
        # what is decided about the items is the same for both, and is said once
        measured = [
            _measured(program, Path(options.on), each)
            for program, each in zip(programs, (asked, replace(asked, on_note=None)), strict=True)
        ]
        return compare_measurements(measured[0], measured[1], names)


def _measured(program: Program, source: Path, asked: Asked) -> Measurement:
    return measure(program, find_items(program, source, asked))
