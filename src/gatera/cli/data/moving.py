"""`gatera data commit`, `checkout`, `revert`, `merge`, `resolve`, `merge-file`, `verify` and `prune`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gatera.cli.data.looking import show_table
from gatera.cli.data.opened import PAGES, check_page, full, opened
from gatera.cli.output import FAILED, print_json, print_line, print_text, show_line
from gatera.cli.parser import UsageError
from gatera.cli.terminal.text import escaped
from gatera.core.checks import counted, listed
from gatera.core.escape import shell_quote
from gatera.core.files import human_bytes
from gatera.core.lazy import later
from gatera.store.datasets.merging import MergeConflictError, MergeResult
from gatera.store.datasets.repository import DataRepository
from gatera.store.datasets.with_git.driver import IN_CONFLICT, merge_files
from gatera.store.datasets.with_git.unfinished import how_to_finish

#: The command that settles what git itself found.
RESOLVE = "gatera data resolve"

#: Conflicts that are shown.
SHOWN = 20


def commit(options: argparse.Namespace) -> int:
    """Commit; returns the exit status: 0, or 1 if there was nothing to commit."""
    if options.message is None:
        raise UsageError(
            'missing option: -m TEXT, a message that says what changed. See "gatera data commit --help".'
        )
    data = opened(options, "commit")
    made = data.commit(options.message)
    if made is None:
        show_line("Nothing to commit: the labels are the same as in the last commit.")
        return FAILED
    if options.json:
        print_json({"commit": made[0], "labels": made[1].sentence()})
    else:
        print_line(escaped(f"{made[0][:8]}  {made[1].sentence()}"))
    return 0


def checkout(options: argparse.Namespace) -> int:
    """Go elsewhere, or write files again; returns the exit status, 0."""
    if (options.name is None) == (options.file is None) or (options.branch and options.file):
        raise UsageError('missing argument: COMMIT, or --file PATH. See "gatera data checkout --help".')
    data = opened(options, "checkout")
    if options.file is not None:
        count = data.restore(*full(options, [options.file]))
        print_line(f"{counted(count, 'file')} written.")
        return 0
    at = data.checkout(options.name, options.branch)
    print_line(escaped(f"On {options.name}, {f'commit {at[:8]}' if at else 'no commit yet'}."))
    return 0


def merge(options: argparse.Namespace) -> int:
    """Merge; returns the exit status: 0, or 1 if there are conflicts to settle."""
    return _with_conflicts(
        options, "merge", lambda data, how: data.merge(options.name, message=options.message, **how)
    )


def revert(options: argparse.Namespace) -> int:
    """Undo a commit; returns the exit status: 0, or 1 if there are conflicts to settle."""
    return _with_conflicts(options, "revert", lambda data, how: data.revert(options.commit, **how))


def resolve(options: argparse.Namespace) -> int:
    """Settle conflicts that git found; returns the exit status: 0, or 1 if some are left."""
    page = check_page(options)
    how = _how(options)
    data = opened(options, "resolve")
    try:
        done = data.resolve(**how)
    except MergeConflictError as err:
        return _conflicts(options, data, err, page, "resolve", RESOLVE)
    if options.json:
        print_json({**done._asdict(), "summary": done.summary.sentence()})
        return 0
    print_line(escaped(f"{counted(done.settled, 'conflict')} settled; {done.summary.sentence()}."))
    if done.left:
        print_line(escaped(f"Still in conflict: {listed(done.left, 5)}."))
    if done.begun is not None:
        print_line(f"Next: {how_to_finish(done.begun)}")
    return 0


def merge_file(options: argparse.Namespace) -> int:
    """Merge three files; returns the exit status: 0, or 3 if items are in conflict."""
    name = options.path or options.mine
    conflicts = merge_files(Path(options.mine), Path(options.base), Path(options.theirs), name)
    if not conflicts:
        return 0
    first = conflicts[0]
    show_line(
        escaped(
            f"{name}: {counted(len(conflicts), 'item was', 'items were')} changed differently on both sides, e.g. {first.file} ({first.words()}). "
            "Settle them: gatera data resolve; or edit the lines between the marks, and git add."
        )
    )
    return IN_CONFLICT


def _conflicts(
    options: argparse.Namespace,
    data: DataRepository,
    err: MergeConflictError,
    page: Path | None,
    command: str,
    again: str,
) -> int:
    """Show conflicts, also on a page where one is asked for; returns the exit status, 1."""
    if page is not None:
        later(PAGES, "write_conflict_page")(
            page, data, err.conflicts, f"{command} in {data.root.name}", options.force
        )
    return show_conflicts(err, options.json, again, options.take, " --person" if options.person else "")


def _with_conflicts(options: argparse.Namespace, command: str, do: Any) -> int:
    page = check_page(options)
    how = _how(options)
    data = opened(options, command)
    try:
        done: MergeResult = do(data, how)
    except MergeConflictError as err:
        again = f"gatera data {command} {shell_quote(options.name if command == 'merge' else options.commit)}"
        return _conflicts(options, data, err, page, command, again)
    if options.json:
        print_json({"commit": done.commit, "labels": done.summary.sentence(), "settled": done.settled})
        return 0
    if done.commit is None:
        print_line("Nothing to do: the labels have all of it already.")
        return 0
    settled = f"; {done.settled:,} settled" if done.settled else ""
    forward = " (only forward)" if done.forward else ""
    print_line(escaped(f"{done.commit[:8]}{forward}  {done.summary.sentence()}{settled}"))
    return 0


def _how(options: argparse.Namespace) -> dict[str, Any]:
    rules = [name for name in ("mine", "theirs", "newest", "person") if getattr(options, name)]
    if len(rules) > 1:
        raise UsageError(f"--{rules[0]} and --{rules[1]} cannot be used together.")
    if options.take is not None and options.answers is not None:
        raise UsageError("--take and --answers cannot be used together.")
    answers: Any = options.answers
    if options.take is not None:
        pairs = [entry.rpartition("=") for entry in options.take]
        answers = {name.strip(): answer for name, _, answer in pairs}
    return {"rule": rules[0] if rules else None, "answers": answers}


def show_conflicts(
    err: MergeConflictError, as_json: bool, again: str, taken: Sequence[str] | None = None, rule: str = ""
) -> int:
    """Print conflicts and how they are settled.

    Args:
        err: the conflicts.
        as_json: print JSON.
        again: the command that settles them, to which answers are added.
        taken: answers that were given already; nothing keeps them.
        rule: the option of the rule that left these, which still settles the others.

    Returns:
        The exit status, 1.
    """
    if as_json:
        print_json(
            {
                "conflicts": [{"file": each.file, "what": each.words()} for each in err.conflicts],
                "table": str(err.table),
            }
        )
        return FAILED
    count = len(err.conflicts)
    done = "settled" if again == RESOLVE else "undone" if " revert " in again else "merged"
    print_text(
        f"{counted(count, 'item was', 'items were')} changed differently on both sides. Nothing was {done} yet:"
    )
    show_table(("item", "what"), [(each.file, each.words()) for each in err.conflicts[:SHOWN]])
    if count > SHOWN:
        print_line(f"and {count - SHOWN:,} more.")
    print_line("")
    before = "".join(f"{answer}," for answer in taken or ())
    print_line(
        escaped(f"Settle them by a rule: {again} --mine | --theirs | --newest{'' if rule else ' | --person'}")
    )
    print_line(
        escaped(
            f"or one by one:         {again}{rule} --take {before}{err.conflicts[0].file}={'LABEL' if 'label' in err.conflicts[0].columns else 'mine'}"
        )
    )
    print_line(
        escaped(
            f"or in a table:         fill in the column 'answer' of {err.table}, then: {again}{rule} --answers {err.table}"
        )
    )
    return FAILED


def verify(options: argparse.Namespace) -> int:
    """Check the repository; returns the exit status: 0, or 1 if something is wrong."""
    found = opened(options, "verify").verify(options.history, options.repair)
    if options.json:
        print_json(
            {
                "objects": found.objects,
                "problems": found.problems,
                "repaired": found.repaired,
                "unused": found.unused,
                "remedy": found.remedy,
            }
        )
        return FAILED if found.problems else 0
    for problem in found.problems:
        print_line(escaped(problem))
    repaired = f", {len(found.repaired):,} made whole" if found.repaired else ""
    unused = f"; {found.unused:,} that no commit names" if found.unused else ""
    what = counted(len(found.problems), "problem") if found.problems else "no problems found"
    print_line(f"{counted(found.objects, 'file')} verified{repaired}{unused}: {what}.")
    if found.remedy:
        print_line(escaped(found.remedy))
    return FAILED if found.problems else 0


def prune(options: argparse.Namespace) -> int:
    """Count or remove objects that nothing names; returns the exit status, 0."""
    found = opened(options, "prune").prune(options.remove)
    if options.json:
        print_json({"objects": found.objects, "bytes": found.size_bytes, "removed": found.removed})
        return 0
    what = f"{counted(found.objects, 'stored file')} ({human_bytes(found.size_bytes)})"
    if not found.objects:
        print_line("Nothing to remove: every stored file is named by a commit or by the labels here.")
    elif found.removed:
        print_line(f"Removed {what}.")
    else:
        names = (
            "is named by no commit and no label"
            if found.objects == 1
            else "are named by no commit and no label"
        )
        print_line(
            f"{what} {names}. To remove {'it' if found.objects == 1 else 'them'}: gatera data prune --remove"
        )
    return 0
