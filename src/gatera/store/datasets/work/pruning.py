"""Objects that nothing names any more: what was added and never committed, and files of commits that git itself has forgotten."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from gatera.core.errors import DataError
from gatera.core.files import PARTIAL
from gatera.store.datasets.labels.sheets import FOLDER, TABLE
from gatera.store.datasets.work.git import Git
from gatera.store.datasets.work.workspace import JOURNAL, Workspace

#: Files of labels, wherever the repository was in git's folder: names are looked for that are too many rather than too few.
_ANYWHERE = (f":(top,glob)**/{TABLE}", f":(top,glob)**/{FOLDER}/*.csv")

#: A hash, in whatever a line of labels looks like.
_HASH = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")

#: Where git notes commits that no branch has, while something is unfinished or may be undone.
_NOTED = (
    "HEAD",
    "ORIG_HEAD",
    "FETCH_HEAD",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "REBASE_HEAD",
    "MERGE_AUTOSTASH",
)

#: Files of git with more of them: what a stopped rebase put aside is only there, and a fetch or a merge of several has a line for each.
_NOTED_IN = ("*HEAD", "rebase-merge/*", "rebase-apply/*", "sequencer/*")

#: The name of a commit, of either kind.
_COMMIT = re.compile(rb"(?<![0-9a-f])(?:[0-9a-f]{40}|[0-9a-f]{64})(?![0-9a-f])")

#: What lies beside the objects where others keep theirs among them, and what it makes of the folder.
_OTHERS = {"registry.json": "a registry of programs", "data": "a remote that data were sent to"}


@dataclass(frozen=True)
class Pruned:
    """Objects that nothing names.

    Attributes:
        objects: how many there are, or were.
        size_bytes: their size.
        removed: whether they were removed.
    """

    objects: int
    size_bytes: int
    removed: bool


def prune(work: Workspace, remove: bool) -> Pruned:
    """Count the objects that nothing names, and remove them if asked to. What names them: every commit that git still knows, its
    index and stashes, and the labels of each working folder, which share one object store.

    Raises:
        DataError: if a working folder cannot be read, or others may keep files in the object store: what is needed is not known then.
    """
    _check_is_own(work)
    with ExitStack() as locks:
        gits, folders = _folders(work)
        for each in folders:
            locks.enter_context(
                each.locked()
            )  # an add keeps files before it writes the labels that name them
        if stopped := [each.root for each in folders if (each.hidden / JOURNAL).exists()]:
            raise DataError(
                f"{stopped[0]} is on its way from one commit to another",
                remedy="Finish that there: gatera data status",
            )
        named = _named_by_commits(work.git, [name for git in gits for name in _noted(git)])
        named = named.union(*map(_staged, gits), *map(_named_here, folders))
        unnamed = [sha256 for sha256 in work.objects if sha256 not in named]
        partly = [
            path
            for path in work.objects.folder.glob(f"??/.*{PARTIAL}")
            if (sha256 := path.parent.name + path.name[1:63]) not in named or work.objects.has(sha256)
        ]  # of fetches that were stopped, and that no pull goes on with
        size = sum(path.stat().st_size for path in (*map(work.objects.path, unnamed), *partly))
        if remove:
            for sha256 in unnamed:
                work.objects.remove(sha256)
            for path in partly:
                path.unlink(missing_ok=True)
            work.objects.sweep()
    return Pruned(len(unnamed) + len(partly), size, remove)


def _check_is_own(work: Workspace) -> None:
    """Raise DataError where programs, or other repositories, may have files among the objects."""
    folder = work.objects.folder
    linked = next((each for each in (folder, folder.parent) if each.is_symlink()), None)
    if linked is not None:
        raise DataError(
            f"{linked} is a link to {linked.resolve()}, where other repositories may keep their files too",
            remedy="Nothing is removed. For a store of its own, put a copy of that folder in the place of the link.",
        )
    for name, what in _OTHERS.items():
        if (folder.parent / name).exists():
            raise DataError(
                f"{folder.parent} is {what} too, whose files no label names",
                remedy="Nothing is removed. Move the data repository, or the other, to a folder of its own.",
            )


def _folders(work: Workspace) -> tuple[list[Git], list[Workspace]]:
    """Return git in every working folder of the repository, for `git worktree add` makes more, and those that have labels now."""
    top = work.git.top()
    if top is None:
        raise DataError("git does not know this folder", remedy="Run it in a data repository.")
    inside = work.root.resolve().relative_to(top.resolve())
    listing = work.git.run("worktree", "list", "--porcelain").decode("utf-8", "surrogateescape")
    tops = [Path(line[len("worktree ") :]) for line in listing.split("\n") if line.startswith("worktree ")]
    if gone := [each for each in tops if not each.is_dir()]:
        raise DataError(
            f"the working folder {gone[0]}, which shares the object store, is not there, and its labels may need any object",
            remedy="Mount its disk; if it is gone for good: git worktree prune",
        )
    # a bare repository is listed too, and has no working folder
    others = [each for each in tops if (each / ".git").exists() and not each.samefile(top)]
    found = [
        Workspace(each / inside, work.say)
        for each in others
        if (each / inside / TABLE).is_file() or (each / inside / FOLDER).is_dir()
    ]
    return [work.git, *map(Git, others)], sorted([work, *found], key=lambda each: str(each.root))


def _noted(git: Git) -> list[str]:
    """Return the commits that git notes in a working folder beside its branches and its log."""
    own = git.own_folder()
    named = [git.ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") for name in _NOTED]
    files = [] if own is None else [path for where in _NOTED_IN for path in own.glob(where) if path.is_file()]
    found = {name for path in files for name in _COMMIT.findall(path.read_bytes())}
    kinds = git.run("cat-file", "--batch-check", given=b"".join(b"%s\n" % name for name in sorted(found)))
    commits = [line.split()[0] for line in kinds.decode().splitlines() if line.split()[1] == "commit"]
    return [*filter(None, named), *commits]


def _named_by_commits(git: Git, noted: list[str]) -> set[str]:
    """Return the hashes in the labels of all commits that git can still reach, also by its own log, and of those that it notes."""
    shown = git.run(
        "log", "--all", "--reflog", *noted, "--full-history", "--format=", "-p", "-U0", "--no-color", "--no-ext-diff", "--no-textconv",
        "--no-renames", "--diff-merges=first-parent", "--text", "--", *_ANYWHERE,
    )  # fmt: skip
    return _hashes(shown)


def _staged(git: Git) -> set[str]:
    """Return the hashes in labels that are in git's index of a working folder, conflicts among them."""
    staged = git.run("ls-files", "--stage", "-z", "--", *_ANYWHERE).split(b"\0")
    return set().union(*map(_hashes, git.read([entry.split()[1].decode() for entry in staged if entry])))


def _named_here(work: Workspace) -> set[str]:
    """Return the hashes in the labels of a working folder as they are, readable or not."""
    files = [path for path in (work.root / TABLE, *(work.root / FOLDER).glob("*.csv")) if path.is_file()]
    found = {row.sha256 for sheet in work.now().sheets() for row in sheet.rows()}
    return found.union(*(_hashes(path.read_bytes()) for path in files))


def _hashes(data: bytes) -> set[str]:
    """Return what looks like a hash; two bytes a character, as spreadsheets write, are seen through."""
    return {found.decode() for found in _HASH.findall(data.replace(b"\0", b"").lower())}
