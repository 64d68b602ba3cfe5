"""What `gatera train` does before PyTorch is imported, which takes seconds: settings from files, and a look at SOURCE."""

from __future__ import annotations

import argparse
from pathlib import Path

from gatera.cli.commands.training import TRAIN
from gatera.cli.training.settings_from_files import apply_chosen
from gatera.data.sources.items import get_files
from gatera.evaluate.kept.commit import commit_of_source
from gatera.program.tables.packed import is_table_name
from gatera.program.tables.reader import open_table


def complete(options: argparse.Namespace) -> None:
    """Set the options that `--config` and `--like` give, and say at once if there is no SOURCE.

    Raises:
        GateraError: if a file of settings is not usable, or SOURCE does not exist.
    """
    apply_chosen(options, TRAIN.options)
    source = Path(options.source)
    if source.exists() or commit_of_source(source) is not None:
        return
    if is_table_name(source) or options.target is not None:
        open_table(source)  # says which tables are there
    else:
        get_files(source)  # says which folders are there
