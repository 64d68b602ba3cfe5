"""`gatera data status`, `diff`, `log` and `blame`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from gatera.cli.data.opened import PAGES, check_page, full, opened
from gatera.cli.output import print_json, print_line, print_text, write
from gatera.cli.terminal.style import paint
from gatera.cli.terminal.table import plain_table
from gatera.cli.terminal.text import escaped
from gatera.core.checks import counted
from gatera.core.lazy import later
from gatera.store.datasets.labels.changes import Change, summarise, with_moves
from gatera.store.datasets.labels.masks import photo_of
from gatera.store.datasets.looking import Status
from gatera.store.datasets.with_git.unfinished import how_to_finish

#: Files that status names of each kind.
NAMED = 5


def status(options: argparse.Namespace) -> int:
    """Show how the repository is; returns the exit status, 0."""
    found = opened(options, "status").status()
    if options.json:
        print_json(
            {
                "branch": found.branch, "commit": found.commit, "items": found.items, "unlabelled": found.unlabelled, "clean": found.is_clean,
                "labels": found.summary.sentence(), "changed": found.changed, "missing": found.missing, "unreadable": found.unreadable, "new": found.new, "git_merges_items": found.git_merges_items,
                "begun": found.begun,
            }
        )  # fmt: skip
        return 0
    at = f"commit {found.commit[:8]}" if found.commit else "no commit yet"
    print_text(
        f"On {found.branch or 'no branch'}, {at}: {counted(found.items, 'item')}, {found.unlabelled:,} without a label."
    )
    for line in _lines(found):
        print_text(line)
    return 0


def _lines(found: Status) -> Iterable[str]:
    if found.begun:
        yield f"Git is in the middle of a {found.begun}, and files are brought along once it is finished: gatera data resolve where labels are in conflict, then {how_to_finish(found.begun)}."
    if found.summary.total:
        yield f"Labels: {found.summary.sentence()} (not committed{'' if found.begun else ': gatera data commit -m TEXT'})."
    for names, what, remedy in (
        (found.new, "not in the repository", "gatera data add"), (found.changed, "changed", "gatera data add; to write them as the labels have them: gatera data checkout --file FILE"),
        (found.missing, "missing", "gatera data checkout --file .; gatera data pull, if they were never fetched; or gatera data add --removed"),
    ):  # fmt: skip
        if names:
            more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
            yield f"Files {what}: {', '.join(names[:NAMED])}{more} ({f'wait for the {found.begun}' if found.begun else remedy})."
    for name, why in found.unreadable.items():
        yield f"{name or 'The folder'} was not compared: {why}."
    if not found.git_merges_items:
        yield "In this clone, git does not merge labels item by item yet, because clones do not copy that setting (to change: gatera data init .)."
    if found.is_clean:
        yield "Nothing differs from the commit." if found.commit else "Nothing to commit."


def diff(options: argparse.Namespace) -> int:
    """Show what changed; returns the exit status, 0."""
    page = check_page(options)
    data = opened(options, "diff")
    changes = with_moves(list(data.diff(options.before, options.after)))
    if options.json:
        for change in changes:
            print_json(as_json(change))
        return 0
    sentence = summarise(changes).sentence()
    print_line(paint(escaped(sentence[0].upper() + sentence[1:] + "."), "bold"))
    show_changes(changes, options.most)
    if page is not None:
        later(PAGES, "write_changes")(
            page, data, changes, sentence, (options.before or "HEAD", options.after or "now"), options.force
        )
        print_line(escaped(f"Saved {page}."))
    return 0


def as_json(change: Change) -> dict[str, Any]:
    """Return a change as plain values."""
    columns = {
        name: dict(zip(("before", "after"), change.cell(name), strict=True)) for name in change.columns
    }
    return {
        "file": change.file,
        "kind": change.kind,
        "label": change.cell("label")[1],
        "by": change.giver,
        "columns": columns,
    }


def show_changes(changes: Sequence[Change], most: int) -> None:
    """Print a table of changes."""
    shown = list(islice(changes, most or None))
    rows = [
        (change.file, _words(change), change.giver, "" if change.after is None else change.after.at)
        for change in shown
    ]
    show_table(("item", "change", "by", "at"), rows)
    if len(changes) > len(shown):
        print_line(f"and {len(changes) - len(shown):,} more (--most 0 shows all).")


def _words(change: Change) -> str:
    label = change.cell("label")[1]
    return f"added as {label}" if change.kind == "added" and label else change.words


def show_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows below titles."""
    for line in plain_table(titles, rows):
        write(line + "\n")


def log(options: argparse.Namespace) -> int:
    """List commits; returns the exit status, 0."""
    entries = opened(options, "log").log(options.commit, options.most or None)
    if options.json:
        for commit, sentence in entries:
            print_json({"commit": commit.id, "parents": commit.parents, "author": commit.author, "at": commit.at, "message": commit.subject, "labels": sentence})  # fmt: skip
        return 0
    if not entries:
        print_line("There are no commits yet.")
    for commit, sentence in entries:
        print_line(
            f"{paint(commit.id[:8], 'name')}  {commit.at[:16].replace('T', ' ')}  {escaped(commit.author)}  {paint(escaped(commit.subject), 'bold')}"
        )
        print_text(sentence, " " * 10)
    return 0


def blame(options: argparse.Namespace) -> int:
    """Show the history of an item; returns the exit status, 0."""
    steps = opened(options, "blame").blame(full(options, [options.path])[0], options.commit)
    if options.json:
        for commit, change in steps:
            print_json(
                {
                    "commit": commit.id,
                    "author": commit.author,
                    "at": commit.at,
                    "message": commit.subject,
                    **as_json(change),
                }
            )
        return 0
    now = steps[0].change.after
    if now is None:
        print_line(escaped(f"{options.path} was removed."))
    else:
        given = f" by {now.giver}" if now.giver else ""
        photo = photo_of(now, steps[0].change.extra)
        label = now.label or (f"mask of {photo}" if photo else "no label")
        print_line(escaped(f"{now.file}: {label}{given}{f', {now.at}' if now.at else ''}"))
    rows = [
        (commit.id[:8], commit.at[:10], _words(change), change.giver or commit.author, commit.subject)
        for commit, change in steps
    ]
    show_table(("commit", "on", "change", "by", "message"), rows)
    return 0
