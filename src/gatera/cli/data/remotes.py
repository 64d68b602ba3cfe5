"""`gatera data push`, `pull`, `clone` and `shard`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from gatera.cli.data.moving import show_conflicts
from gatera.cli.data.opened import opened, say_for
from gatera.cli.output import FAILED, print_json, print_line
from gatera.cli.terminal.text import escaped
from gatera.core.checks import counted
from gatera.core.errors import ArgumentError
from gatera.core.escape import shell_quote
from gatera.core.files import human_bytes
from gatera.store.datasets.merging import MergeConflictError
from gatera.store.datasets.repository import DataRepository
from gatera.store.remotes.open import folder_of


def push(options: argparse.Namespace) -> int:
    """Send; returns the exit status, 0."""
    sent = opened(options, "push").push(options.remote, again=options.again)
    if options.json:
        print_json(sent._asdict())
    elif not sent.commits and (sent.objects or options.again):
        print_line(f"Sent {counted(sent.objects, 'file')} again ({human_bytes(sent.size_bytes)}).")
    elif not sent.commits and sent.moved:
        print_line(f"The branch is at {sent.commit[:8]} there now; its commits and files were there already.")
    elif not sent.commits:
        print_line("Nothing to send: the remote has it already.")
    else:
        print_line(
            f"Sent {counted(sent.commits, 'commit')} and {counted(sent.objects, 'file')} ({human_bytes(sent.size_bytes)}); it is at {sent.commit[:8]} now."
        )
    return 0


def pull(options: argparse.Namespace) -> int:
    """Fetch and merge; returns the exit status: 0, or 1 if there are conflicts to settle or the remote lacks files."""
    data = opened(options, "pull")
    try:
        found = data.pull(options.remote, options.branch)
    except MergeConflictError as err:
        branch = options.branch or data.branch or "main"
        return show_conflicts(err, options.json, f"gatera data merge {shell_quote(f'gatera/{branch}')}")
    if options.json:
        print_json(
            {
                "commit": found.result.commit, "labels": found.result.summary.sentence(), "files": found.objects,
                "lacking": found.lacking,
            }
        )  # fmt: skip
        return FAILED if found.lacking else 0
    files = f"; {counted(found.objects, 'file')} ({human_bytes(found.size_bytes)})" if found.objects else ""
    if found.result.commit is None:
        print_line(f"Nothing new{files}.")
    else:
        print_line(escaped(f"{found.result.commit[:8]}  {found.result.summary.sentence()}{files}"))
    return FAILED if found.lacking else 0


def clone(options: argparse.Namespace) -> int:
    """Fetch into a new folder; returns the exit status: 0, or 1 if the remote lacks files."""
    there = folder_of(options.remote)  # which has backslashes on Windows
    name = options.folder or (options.remote.rstrip("/").rpartition("/")[2] if there is None else there.name)
    if not name:
        raise ArgumentError("the folder needs a name", remedy="Add it: gatera data clone REMOTE FOLDER")
    data = DataRepository.clone(options.remote, Path(name), options.branch, say_for("clone"))
    count = missing = 0
    for row in data.rows():
        count += 1
        missing += bool(row.sha256) and not os.path.lexists(f"{data.root}/{row.file}")
    without = (
        f", {counted(missing, 'file')} of which {'is' if missing == 1 else 'are'} missing" if missing else ""
    )
    print_line(escaped(f"{data.root}: {count:,} items at commit {(data.head or '')[:8]}{without}."))
    return FAILED if missing else 0


def shard(options: argparse.Namespace) -> int:
    """Write a commit for other tools; returns the exit status, 0."""
    made = opened(options, "shard").shard(options.folder, options.at, options.layout, options.shard_mb)
    if options.json:
        print_json({**made._asdict(), "folder": str(made.folder)})
        return 0
    counts = ", ".join(f"{n:,} {split}" for split, n in made.items.items())
    files = f"; {counted(len(made.files), 'tar file')}" if options.layout == "tar" else ""
    print_line(
        escaped(f"{made.folder}: commit {made.commit[:8]}, {counts} ({human_bytes(made.size_bytes)}){files}.")
    )
    return 0
