"""`gatera data init`, `add` and `label`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from gatera.cli.data.opened import full, opened, reading, say_for
from gatera.cli.output import print_json, print_line
from gatera.cli.parser import UsageError
from gatera.cli.terminal.text import escaped
from gatera.core.checks import counted
from gatera.store.datasets.making import is_repository
from gatera.store.datasets.repository import DataRepository
from gatera.store.datasets.work.given_tables import READING


def init(options: argparse.Namespace) -> int:
    """Make a repository; returns the exit status, 0."""
    was_one = is_repository(Path(options.folder).absolute())
    data = DataRepository.init(options.folder, say_for("init"))
    if was_one and data.head is not None:  # it said what it did
        return 0
    print_line(escaped(f"{data.root} is now a data repository."))
    where = "" if data.root == Path.cwd() else f" (in {options.folder})"
    print_line(escaped(f'Next{where}: gatera data add .   then: gatera data commit -m "First labels"'))
    return 0


def add(options: argparse.Namespace) -> int:
    """Take files in; returns the exit status, 0."""
    _check_rows(options)
    data = opened(options, "add")
    if options.rows:
        (table,) = full(options, options.paths)
        added = data.add_rows(
            table, options.key, options.target, options.removed, options.by, **reading(options)
        )
    else:
        folders = options.label_from_folders if "label_from_folders" in options.given else None
        added = data.add(
            *full(options, options.paths or []), label=options.label, label_from_folders=folders, removed=options.removed,
            by=options.by, how="link" if options.link else "auto",
        )  # fmt: skip
    if options.json:
        print_json(
            {
                "new": added.new, "changed": added.changed, "moved": added.moved, "removed": added.removed, "missing": added.missing,
                "left_out": added.left_out,
            }
        )  # fmt: skip
    else:
        print_line(added.sentence())
    return 0


def _check_rows(options: argparse.Namespace) -> None:
    """Raise UsageError where options for tables and for files are mixed."""
    if options.rows:
        if len(options.paths or []) != 1:
            raise UsageError("--rows needs one table: gatera data add TABLE --rows")
        if wrong := [f"--{name}" for name in ("label", "link") if getattr(options, name)]:
            raise UsageError(f"{wrong[0]} cannot be used with --rows.")
    elif wrong := [f"--{name}" for name in ("key", "target", *READING) if name in options.given]:
        raise UsageError(f"{wrong[0]} is for tables: add --rows.")


def _refuse_unused(options: argparse.Namespace) -> None:
    """Refuse what a way of labelling would pass over in silence."""
    about_items = ("split", "group", "note")
    unused = (
        (*about_items, "source", "by", "replace") if options.rename is not None
        else about_items if options.from_table is not None
        else ()
    )  # fmt: skip
    if wrong := [f"--{name}" for name in unused if name in options.given]:
        why = (
            "who gave the labels stays"
            if options.rename is not None
            else "the table has it in columns of its own"
        )
        raise UsageError(f"{wrong[0]} cannot be used here: {why}.")


def label(options: argparse.Namespace) -> int:
    """Label items; returns the exit status, 0."""
    asked = [name for name in ("from_table", "rename") if getattr(options, name) is not None]
    if len(asked) + bool(options.paths) != 1 or (asked and options.label is not None):
        raise UsageError(
            'give LABEL and PATH, or --from TABLE, or --rename OLD=NEW. See "gatera data label --help".'
        )
    _refuse_unused(options)
    if options.from_table is None and (wrong := [f"--{name}" for name in READING if name in options.given]):
        raise UsageError(f"{wrong[0]} is for tables: add --from TABLE.")
    if options.label and any(os.path.isfile(path) for path in full(options, [options.label])):  # noqa: PTH113
        raise UsageError(
            f"LABEL comes before PATH, and {options.label!r} is a file. To leave the labels as they are, write - in its place."
        )
    data = opened(options, "label")
    if options.rename is not None:
        count = data.rename_label(*options.rename)
    elif options.from_table is not None:
        count = data.label_from(
            options.from_table, options.source, options.by, options.replace, **reading(options)
        )
    else:
        count = data.label(
            None if options.label == "-" else options.label, *full(options, options.paths), split=options.split, group=options.group,
            note=options.note, source=options.source, by=options.by, replace=options.replace,
        )  # fmt: skip
    print_line(f"{counted(count, 'item')} changed.")
    return 0
