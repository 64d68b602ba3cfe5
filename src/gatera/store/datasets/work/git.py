"""Calling the program git. It is faster than its rewrites in Python on many files, and its habits are those that users have."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from gatera.core.errors import ArgumentError, DataError, GateraError
from gatera.core.escape import shell_quote
from gatera.store.datasets.work.lock import for_children, handed_down

#: The oldest git with all that is called here (`merge-tree --write-tree`).
OLDEST = (2, 38)


#: What users may have set otherwise, and what our reading of git's answers depends on: the first commit would show no files, and so on.
_SETTINGS = tuple(
    part
    for setting in (
        "core.quotePath=false",
        "core.safecrlf=false",
        "log.showRoot=true",
        "log.showSignature=false",
    )
    for part in ("-c", setting)
)

#: What git sets for its hooks: the repository that it is at work in. It would be taken for ours, whatever the folder is.
_OF_ANOTHER = frozenset(
    f"GIT_{name}"
    for name in (
        "DIR", "WORK_TREE", "INDEX_FILE", "COMMON_DIR", "PREFIX", "NAMESPACE", "OBJECT_DIRECTORY", "ALTERNATE_OBJECT_DIRECTORIES",
        "SHALLOW_FILE", "GRAFT_FILE", "IMPLICIT_WORK_TREE", "LITERAL_PATHSPECS", "GLOB_PATHSPECS", "NOGLOB_PATHSPECS", "ICASE_PATHSPECS",
    )
)  # fmt: skip


def _surroundings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}


class GitError(DataError):
    """Git refused or failed; the message is git's own."""


class Commit(NamedTuple):
    """A commit.

    Attributes:
        id: its name, 40 or 64 hexadecimal digits.
        parents: the commits it follows.
        author: who made it.
        at: when, ISO 8601.
        subject: the first line of its message.
    """

    id: str
    parents: tuple[str, ...]
    author: str
    at: str
    subject: str


class Git:
    """Git in one folder. Every path is from that folder, which may stand below the root of git's repository.

    Args:
        folder: the folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._program = shutil.which("git")
        #: The lock of the repository, which child processes keep open too, so that it outlives a killed parent; None where nobody holds it.
        self.lock: int | None = None
        self._own: Path | None = None
        self._reader: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str, given: bytes | None = None, env: dict[str, str] | None = None) -> bytes:
        """Run git and return what it prints.

        Raises:
            GitError: if it fails.
            DataError: if git is not installed.
        """
        done = self._run(arguments, given, env)
        if done.returncode:
            raise _error(arguments, done.stderr.decode(errors="replace").strip())
        return done.stdout

    def ask(self, *arguments: str) -> str | None:
        """Run git and return the line it prints; None if it fails."""
        done = self._run(arguments, None, None)
        return None if done.returncode else done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def _run(
        self, arguments: Sequence[str], given: bytes | None, env: dict[str, str] | None
    ) -> subprocess.CompletedProcess[bytes]:
        if self._program is None:
            raise DataError(
                "git is not installed, and data repositories are kept by it",
                remedy="Install it: apt install git, brew install git, or https://git-scm.com.",
            )
        command = [self._program, "-C", str(self.folder), *_SETTINGS, *arguments]
        environment = {**_surroundings(), "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
        environment |= handed_down(self.lock) | (env or {})
        try:
            return subprocess.run(
                command, input=given, stdin=None if given is not None else subprocess.DEVNULL, capture_output=True,
                env=environment, pass_fds=for_children(self.lock), check=False,
            )  # fmt: skip
        except OSError as err:
            raise DataError(f"git cannot be run ({err.strerror})", remedy="Install git again.") from err

    def check_trusted(self) -> None:
        """Raise DataError if git is not there, or does not trust the folder: it would then look like one without commits."""
        done = self._run(("rev-parse", "--git-dir"), None, None)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            if "not a git repository" in said and (self.folder / ".git").exists():
                raise DataError(
                    f"git cannot read {self.folder / '.git'}: it is damaged, or somebody else's",
                    remedy="The labels stay. Ask its owner for read access, or restore it from a copy.",
                )
            if "not a git repository" in said:
                raise DataError(
                    f"{self.folder} has labels, but no git repository that keeps them",
                    remedy=f"The labels stay. Make one: gatera data init {shell_quote(str(self.folder))}",
                )
            raise _error(("rev-parse",), said)

    def top(self) -> Path | None:
        """Return the root of the repository that the folder is in; None if it is in none.

        Raises:
            GitError: if git does not trust that repository.
        """
        done = self._run(("rev-parse", "--show-toplevel"), None, None)
        if b"dubious ownership" in done.stderr:
            raise _error(("rev-parse",), done.stderr.decode(errors="replace").strip())
        return None if done.returncode else Path(done.stdout.decode("utf-8", "surrogateescape").rstrip("\n"))

    def own_folder(self) -> Path | None:
        """Return the folder where git keeps its own files, for this working folder; None outside of a repository."""
        if self._own is None:
            found = self.ask("rev-parse", "--absolute-git-dir")
            self._own = None if found is None else Path(found)
        return self._own

    def commit_of(self, name: str) -> str:
        """Return the full name of a commit by a branch, a tag, a short name, HEAD~2.

        Raises:
            ArgumentError: if there is no such commit.
        """
        found = (
            None
            if name.startswith("-")
            else self.ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        )
        if found is None:
            branches = (
                self.ask(
                    "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"
                )
                or ""
            ).split("\n")
            raise ArgumentError(
                f"there is no commit {name!r} in {self.folder}", available=", ".join(filter(None, branches[:12])) or None,
                remedy='"gatera data log" lists the commits.',
            )  # fmt: skip
        return found

    def head(self) -> str | None:
        """Return the current commit; None before the first one.

        Raises:
            DataError: if there is no repository any more, which is not the same.
        """
        found = self.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        if found is None:
            self.check_trusted()
        return found

    def branch(self) -> str | None:
        """Return the current branch; None on a commit that is checked out by itself."""
        return self.ask("symbolic-ref", "--quiet", "--short", "HEAD")

    def blobs(self, commit: str, *paths: str) -> dict[str, str]:
        """Return the files of a commit at these paths: path -> name of its content."""
        listing = self.run("ls-tree", "-r", "-z", commit, "--", *paths)
        found = {}
        for entry in listing.decode("utf-8", "surrogateescape").split("\0"):
            if entry:
                facts, _, path = entry.partition("\t")
                found[path] = facts.split(" ")[2]
        return found

    def read(self, blobs: Iterable[str]) -> Iterator[bytes]:
        """Yield the contents of blobs, in their order."""
        names = list(blobs)
        if not names:
            return
        if self._reader is not None:
            for name in names:
                yield self._read_one(self._reader, name)
            return
        if len(names) == 1:
            yield self.run("cat-file", "blob", names[0])
            return
        for start in range(0, len(names), 32):  # a few at a time: they may be large
            some = names[start : start + 32]
            output = self.run("cat-file", "--batch", given="\n".join([*some, ""]).encode())
            place = 0
            for name in some:
                end = output.index(b"\n", place)
                facts = output[place:end].split(b" ")
                if facts[-1] == b"missing":
                    raise _missing(name)
                size = int(facts[2])
                yield output[end + 1 : end + 1 + size]
                place = end + 2 + size

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let one process of git read every blob of the block: labels in parts take hundreds, each many times."""
        if self._program is None or self._reader is not None:
            yield
            return
        command = [self._program, "-C", str(self.folder), "cat-file", "--batch"]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_surroundings(),
            pass_fds=for_children(self.lock),
        ) as self._reader:
            try:
                yield
            finally:
                reader, self._reader = self._reader, None
                assert reader.stdin is not None
                reader.stdin.close()
                reader.terminate()

    def _read_one(self, reader: subprocess.Popen[bytes], name: str) -> bytes:
        assert reader.stdin is not None and reader.stdout is not None
        reader.stdin.write(f"{name}\n".encode())
        reader.stdin.flush()
        facts = reader.stdout.readline().split()
        if len(facts) != 3:
            raise _missing(name)
        return reader.stdout.read(int(facts[2]) + 1)[:-1]

    def history(self, commit: str, *, most: int | None = None, paths: Sequence[str] = ()) -> list[Commit]:
        """Return the commits that lead to a commit, newest first.

        Args:
            commit: the last one.
            most: how many at most.
            paths: only those that change one of these; None for all.
        """
        limit = [] if most is None or most >= 2**31 else [f"-{most}"]  # git takes no larger number
        shown = self.run(
            "log", "-z", "--topo-order", "--format=%H%n%P%n%an%n%aI%n%s", *limit, commit, *(["--", *paths] if paths else [])
        )  # fmt: skip
        found = []
        for entry in shown.decode("utf-8", "replace").split("\0"):
            if entry:
                name, parents, author, at, subject = entry.split("\n", 4)
                found.append(Commit(name, tuple(parents.split()), author, at, subject))
        return found

    def cut_off(self) -> frozenset[str]:
        """Return the commits whose parents were not fetched: those where a shallow clone ends."""
        path = self.ask("rev-parse", "--git-path", "shallow")
        file = None if path is None else self.folder / path
        return (
            frozenset(file.read_text("ascii").split()) if file is not None and file.is_file() else frozenset()
        )

    def user(self) -> str:
        """Return the name of the user, as git knows it.

        Raises:
            DataError: if git does not know it.
        """
        name = os.environ.get("GIT_AUTHOR_NAME") or self.ask("config", "user.name")
        if not name:
            raise no_user()
        return name


def _missing(name: str) -> GitError:
    return GitError(f"the object {name} is missing from the git repository", remedy="See: git fsck")


def no_user() -> DataError:
    """Return the error for a user that git does not know."""
    return DataError(
        "git does not know who you are, and a label records who gave it",
        remedy='Tell it once: git config --global user.name "Your Name"; git config --global user.email you@example.org',
    )


def _error(arguments: Sequence[str], said: str) -> GateraError:
    if "tell me who you are" in said or "empty ident name" in said or "no email was given" in said:
        return no_user()
    if "dubious ownership" in said:
        return GitError(
            "git does not trust this folder, which belongs to another user",
            remedy=said.splitlines()[-1].strip(),
        )
    if ".lock': File exists" in said:
        return GitError(
            "another git process is at work in this repository, or one was killed there",
            remedy=f"Wait for it; if there is none, delete {_lock_in(said)}.",
        )
    if (
        "No space left on device" in said
        or "Out of diskspace" in said
        or ("unable to write" in said and "space" in said)
    ):
        return GitError(
            f"the disk is full: git {arguments[0]} could not write",
            remedy="Free some space and run it again; nothing is lost.",
        )
    if cannot := re.search(
        r"(?:couldn't|could not|unable to|failed to) write[^\n]*", said
    ):  # it does not always say why
        return GitError(
            f"git {arguments[0]} could not write ({cannot[0].rstrip('.')})",
            remedy="Free some disk space, or make it writable, and run it again; nothing is lost.",
        )
    lines = [
        re.sub(r"^(fatal|error): ", "", line)
        for line in said.splitlines()
        if line.strip() and not line.startswith("hint:")
    ]
    return GitError(f"git {arguments[0]} failed: {'; '.join(lines[:4]) or 'no message'}")


def _lock_in(said: str) -> str:
    found = re.search(r"'([^']*\.lock)'", said)
    return found[1] if found else "the lock file that git names"
