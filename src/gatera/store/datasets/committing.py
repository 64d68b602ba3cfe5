"""Make commits of labels."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from gatera.core.checks import counted, listed
from gatera.core.errors import ArgumentError
from gatera.store.datasets.labelling import unstamped
from gatera.store.datasets.labels.changes import Change, Summary, summarise
from gatera.store.datasets.labels.rows import Row, line_of
from gatera.store.datasets.labels.script_arguments import check_text
from gatera.store.datasets.labels.sheets import PARTS, TABLE
from gatera.store.datasets.making import free_of_filters
from gatera.store.datasets.with_git.following import bring_staged, follow
from gatera.store.datasets.with_git.unfinished import begun, check_finished
from gatera.store.datasets.work.cache import BULK, Seen
from gatera.store.datasets.work.keeping import keep_one
from gatera.store.datasets.work.renames import forget_renames, renamed, renames_of
from gatera.store.datasets.work.tree import hashed
from gatera.store.datasets.work.workspace import Version, Workspace, changes
from gatera.store.who import now

#: Bytes of a file that git needs noticeable time to compress.
_LARGE = 1 << 20


def commit(work: Workspace, message: str) -> tuple[str, Summary] | None:
    """Commit the labels as they lie in the folder. The lock must be held.

    Returns:
        The commit and what it changes; None if nothing changed.

    Raises:
        ArgumentError: if the message is empty.
        DataError: if the labels cannot be read, or git refuses.
    """
    check_message(message)
    head = work.git.head()
    what = begun(work.git)
    if what not in (None, "merge"):
        check_finished(work.git)
    base = work.at(head)
    version = work.now(base)
    with ThreadPoolExecutor(1) as aside:
        if version.names.get("") != base.names.get("") and _is_large(work.path_of("")):
            # git takes as long to keep a large file as we take to compare it; "git add" then finds it there
            aside.submit(work.git.ask, "hash-object", "-w", "--", TABLE)
        changed = list(changes(base, version))
    if not changed and head is not None and not what and not _others_changed(work):
        return None
    if what is None and any(len(set(change.cell("sha256"))) > 1 for change in changed):
        bring_staged(work, base, version)
    changed = _completed(work, version, changed)
    record(work, [message])
    made = work.git.head()
    assert made is not None
    forget_renames(work)
    if what == "merge":
        follow(work)  # what git merged and nobody brought along yet
    elif work.files_at in (None, head):
        work.note_files_at(made)
    summary = summarise(changed)
    remember(work, made, changed, summary.sentence())
    return made, summary


def _is_large(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > _LARGE


def check_message(message: str) -> None:
    """Raise ArgumentError if a message says nothing, or is not text."""
    check_text(message=message)
    if not message.strip():
        raise ArgumentError("the message is empty", remedy="Say what changed: -m TEXT.")


def tracked_paths(work: Workspace) -> list[str]:
    """Return the paths that commits of labels are about: those that are there or were."""
    names = [TABLE, ".gitignore", ".gitattributes"]
    known = set((work.git.ask("ls-files", "-z", "--", *names, PARTS) or "").split("\0"))
    found = [name for name in names if name in known or (work.root / name).exists()]
    return [*found, PARTS] if known - {"", *names} or work.in_parts else found


def record(work: Workspace, messages: Sequence[str]) -> None:
    """Let git commit the labels, and nothing else that may be staged; but a merge that git has begun is committed whole."""
    if (found := free_of_filters(work.root, work.git)) is not None:
        work.say(
            f"git gave the labels to its filter {found!r}; .gitattributes takes them out of it from now on."
        )
    paths = tracked_paths(work)
    work.git.run("add", "--all", "--force", "--", *paths)
    only = [] if begun(work.git) == "merge" else ["--only", "--", *paths]
    work.git.run("commit", "--quiet", *(part for text in messages for part in ("-m", text)), *only)


def remember(work: Workspace, made: str, changed: Sequence[Change], sentence: str) -> None:
    """Keep what a commit changed, so that `blame` need not look."""
    extra = changed[0].extra if changed else ()
    lines = None
    if len(changed) <= BULK:
        lines = {change.file: None if change.after is None else line_of(change.after) for change in changed}
    work.cache.know(made, lines, extra, sentence)


def _others_changed(work: Workspace) -> bool:
    return bool(work.git.run("status", "--porcelain", "--", ".gitignore", ".gitattributes"))


def _with_stamp(row: Row) -> tuple[str, ...]:
    """Return the bytes and the label of a row, with who gave it and when: where files change names, these go together."""
    return row.sha256, row.label, row.source, row.by, row.at


def _completed(work: Workspace, version: Version, changed: list[Change]) -> list[Change]:
    """Write what an editor of tables leaves out: hashes of new files, who labelled and when; also the file in our way of writing it.

    Returns the changes with it.
    """
    renames = renames_of(work)  # of these, who gave the label stays
    had = {_with_stamp(c.before) for c in changed if c.before is not None}
    edited = (
        (c.before, c.after)
        for c in changed
        if c.after is not None
        and (c.before is None or renamed(c.before.label, renames) != c.after.label)
        and not (c.before and c.before.sha256 != c.after.sha256 and _with_stamp(c.after) in had)  # a swap
    )
    rows = unstamped(edited, work.git.user(), now())
    if rows:
        work.say(
            f"{counted(len(rows), 'label')} {'was' if len(rows) == 1 else 'were'} edited in the table; recorded as given by {work.git.user()}, now."
        )
    files = {
        c.file: c.after
        for c in changed
        if c.after is not None and not c.after.sha256 and (work.root / c.file).is_file()
    }
    kept: dict[str, Seen] = {}
    for name, result in hashed(work.root, files, partial(keep_one, work.objects, "auto")):
        if isinstance(result, Seen):
            kept[name] = result
            row = rows.get(name) or files[name]
            assert row is not None
            rows[name] = row._replace(sha256=result.sha256)
    if kept:
        work.say(
            f"{counted(len(kept), 'file')} that the table names {'was' if len(kept) == 1 else 'were'} added: {listed(kept, 3)}."
        )
        work.cache.see(kept)
    per_part: dict[str, list[str]] = {}
    for change in changed:
        per_part.setdefault(version.part_of(change.file), []).append(change.file)
    for part, names in per_part.items():  # one by one: together they may fill the memory
        if part in version.as_written and not any(name in rows for name in names):
            continue
        sheet = version.sheet(part)
        sheet.put(rows[name] for name in names if name in rows)
        work.write({part: sheet})
    return [Change(c.before, rows.get(c.file, c.after), c.extra) if c.file in rows else c for c in changed]
