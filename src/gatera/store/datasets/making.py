"""Make a data repository of a folder, and find the one that a folder is in."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from pathlib import Path, PurePosixPath

from gatera.core.errors import ArgumentError, DataError, RemoteError
from gatera.core.escape import is_utf8, shell_quote
from gatera.core.files import atomic_write
from gatera.store.datasets.labels.rows import header_of
from gatera.store.datasets.labels.sheets import FOLDER, TABLE
from gatera.store.datasets.with_git.driver import NAME, set_up
from gatera.store.datasets.work.git import OLDEST, Git
from gatera.store.datasets.work.workspace import HIDDEN
from gatera.store.remotes.open import folder_of

#: What a folder is that git keeps.
_BY_GIT = "a git repository"

#: The format that this version writes, and the newest that it reads.
FORMAT = 1

#: The first line of `.gitattributes`, which tells the format.
_MARK = "# gatera data, format {}"
_MARKED = re.compile(r"^# gatera data, format (\d+)$", re.MULTILINE)

#: Lines of labels are ours to write: git changes no line ends, and merges them item by item where the driver is set up.
#: Of .gitignore it takes the lines of both sides. A project that gives its tables to git-lfs does not mean the labels: git must read them.
_ATTRIBUTES = (
    f"{TABLE} -text -filter diff merge={NAME}",
    f"{FOLDER}/*.csv -text -filter diff merge={NAME}",
    "/.gitignore merge=union",
)


def make(folder: Path, say: Callable[[str], None]) -> Path:
    """Make a data repository of a folder; what is in it stays. Returns its root.

    In a copy that `git clone` made, it only lets git merge labels item by item: such settings do not travel.

    Raises:
        DataError: if it is one already with all that belongs to it, git is missing or too old, or the folder cannot be written to.
    """
    folder = folder.absolute()
    outer = next((each for each in folder.parents if is_repository(each)), None)
    if outer is not None and not is_repository(folder):
        raise DataError(
            f"{folder} is inside the data repository {outer}",
            remedy=f"Add it there: gatera data add {shell_quote(str(folder))}",
        )
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is not a folder, and a data repository is one", remedy="Name a folder.")
    folder.mkdir(parents=True, exist_ok=True)
    git = Git(folder)
    check_git(git)
    if git.ask("rev-parse", "--is-inside-git-dir") == "true":
        raise DataError(
            f"{folder} is a place where git keeps its own files (a bare repository, or .git)",
            remedy="Name a folder of files, such as a clone of it.",
        )
    if is_repository(folder) and git.top() is not None:
        new = add_lines(folder / ".gitattributes", [*_ATTRIBUTES])
        if not set_up(git) and not new:
            raise DataError(
                f"{folder} is already a data repository", remedy='"gatera data status" shows how it is.'
            )
        (folder / HIDDEN).mkdir(exist_ok=True)
        say(
            f"{folder} is already a data repository. From now on git merges its labels item by item in this copy."
        )
        return folder
    top = git.top()
    if top is None:
        default = git.ask("config", "init.defaultBranch")
        git.run("init", "--quiet", *([] if default else ["--initial-branch=main"]))
    else:
        say(f"The git repository {top} keeps the labels, as {folder} is in it.")
    set_up(git)
    (folder / HIDDEN).mkdir(exist_ok=True)
    add_lines(folder / ".gitignore", [f"/{HIDDEN}/"])
    add_lines(folder / ".gitattributes", [_MARK.format(FORMAT), *_ATTRIBUTES])
    table = folder / TABLE
    if not table.exists() and not (folder / FOLDER / "00.csv").exists():
        with atomic_write(table) as partial:
            partial.write_text(header_of(()) + "\n", encoding="utf-8", newline="\n")
    elif table.exists():
        say(f'{TABLE} already exists and stays; "gatera data add ." adds its files, with the labels in it.')
    return folder


def free_of_filters(root: Path, git: Git) -> str | None:
    """Let no filter of git touch the labels; returns which one would have, None where none does.

    A repository that an older version made may be in a project that gives its tables to git-lfs: of labels, only a pointer would be kept.

    Raises:
        DataError: if one still would.
    """
    found = _filter_of(git)
    if found is not None:
        add_lines(root / ".gitattributes", [*_ATTRIBUTES])
        if _filter_of(git) is not None:
            raise DataError(
                f"git gives the labels to its filter {found!r}, and would keep something else in their place",
                remedy=f"Take the line about {TABLE} or *.csv out of .git/info/attributes.",
            )
    return found


def _filter_of(git: Git) -> str | None:
    said = (git.ask("check-attr", "-z", "filter", "--", TABLE, f"{FOLDER}/00.csv") or "").split("\0")
    return next((each for each in said[2::3] if each not in ("unspecified", "unset")), None)


def check_git(git: Git) -> None:
    """Raise DataError if git is missing or too old."""
    said = git.run("--version").decode()
    found = re.search(r"(\d+)\.(\d+)", said)
    if found and (int(found[1]), int(found[2])) < OLDEST:
        raise DataError(
            "git is too old for data repositories",
            got=said.strip(),
            expected=f"{OLDEST[0]}.{OLDEST[1]} or newer",
        )


def is_repository(folder: Path) -> bool:
    """Whether a folder is the root of a data repository.

    Raises:
        DataError: if it is one of a later format.
    """
    attributes = folder / ".gitattributes"
    try:
        found = _MARKED.search(attributes.read_text(encoding="utf-8", errors="replace"))
    except (FileNotFoundError, NotADirectoryError):
        return False
    if found and int(found[1]) > FORMAT:
        raise DataError(
            f"{folder} is a data repository of format {found[1]}, and this version reads up to {FORMAT}",
            remedy="Install a newer Gatera.",
        )
    return found is not None


def repositories_in(root: Path, folders: Iterable[str]) -> list[str]:
    """Return which folders of a repository are data repositories of their own."""
    found = []
    for folder in folders:
        try:
            if is_repository(root / folder):
                found.append(folder)
        except DataError:  # of a later format
            found.append(folder)
    return found


def find(folder: Path) -> Path:
    """Return the root of the data repository that a folder is in.

    Raises:
        DataError: if it is in none.
    """
    start = folder.absolute()
    if start.is_file():
        raise DataError(f"{start} is a file, and a data repository is a folder", remedy="Name the folder.")
    if not start.is_dir():
        raise DataError(
            f"There is no folder {start}", remedy=f"Make one: gatera data init {shell_quote(str(folder))}"
        )
    for each in (start, *start.parents):
        if is_repository(each):
            return each
    raise DataError(
        f"{start} is not in a data repository",
        remedy=f"Make one: gatera data init {shell_quote(str(folder))}",
    )


def check_first_push(address: str, root: Path, git: Git, say: Callable[[str], None]) -> None:
    """Check before the first push that an address is no folder that people work in, or that git keeps; say what else is sent where the
    repository is a folder of a project.

    Raises:
        ArgumentError: if it is.
    """
    folder = folder_of(address)
    if (what := None if folder is None else _what_is(folder)) is not None:
        raise ArgumentError(
            f"{address} is {what}, whose files the remote's would join", expected="a folder beside it, or an address such as s3://bucket/path",
            remedy="Others fetch from there: gatera data pull FOLDER. Between copies of their own, git push and git pull bring the labels.",
        )  # fmt: skip
    top = git.top()
    if top is not None and top.resolve() != root.resolve():
        say(
            f"The commits of {top} are sent whole, with the other files that git keeps in them, because {root.name} is a folder of it."
        )


def check_is_no_project(root: Path, git: Git, address: str) -> None:
    """Raise DataError if what was cloned is a git project in which the data repository is a folder: its files are not at the root."""
    if is_repository(root):
        return
    marks = git.run("ls-files", "-z", "--", "*.gitattributes").decode("utf-8", "surrogateescape").split("\0")
    folders = repositories_in(root, sorted({str(PurePosixPath(name).parent) for name in marks if name}))
    raise DataError(
        f"{address} holds the commits of a git project, and its data repository is a folder in it",
        available=", ".join(folders) or None,
        remedy="Clone the project with git, then fetch the files: gatera data init FOLDER; gatera data pull -C FOLDER REMOTE",
    )


def nothing_at(address: str, shown: str, remedy: str) -> RemoteError:
    """Return the error that there is nothing to fetch at an address: it may be a folder that people work in, or that git keeps.

    Args:
        address: the address.
        shown: as it is shown.
        remedy: how to fetch what git keeps.
    """
    folder = folder_of(address)
    if (what := None if folder is None else _what_is(folder)) is None:
        return RemoteError(f"{shown} holds no data repository yet", remedy="Send one: gatera data push")
    by_git = f"{remedy}; the files come with: gatera data pull REMOTE"
    return RemoteError(
        f"{address} is {what}, not what gatera data push makes",
        remedy=by_git if what == _BY_GIT else "Send it first, there, to a folder of its own: gatera data push FOLDER",
    )  # fmt: skip


def _what_is(folder: Path) -> str | None:
    if any((folder / name).exists() for name in (".git", "HEAD")):
        return _BY_GIT
    folder = folder.absolute()
    root = next((each for each in (folder, *folder.parents) if is_repository(each)), None)
    if root is None:
        return None
    return (
        "a data repository that somebody works in" if root == folder else f"inside the data repository {root}"
    )


def add_lines(path: Path, lines: list[str]) -> bool:
    """Add lines to a text file, those that it does not have; returns whether there were any."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    new = [line for line in dict.fromkeys(lines) if line not in text.splitlines()]
    if not new:
        return False
    if text and not text.endswith("\n"):
        text += "\n"
    with atomic_write(path) as partial:
        partial.write_text(text + "\n".join([*new, ""]), encoding="utf-8", newline="\n")
    return True


def ignore_items(root: Path, names: Collection[str]) -> bool:
    """Tell git to ignore what the object store keeps: the folders at the top, and files there by their endings; returns whether that is new."""
    tops = {name.partition("/")[0] if "/" in name else "" for name in names} - {""}
    lines = [f"/{_pattern(top)}/" for top in sorted(tops)]
    for name in names:
        if "/" not in name:
            ending = PurePosixPath(name).suffix
            lines.append(
                f"/*{_pattern(ending)}"
                if ending and ending not in (".csv", ".md", ".py", ".toml")
                else f"/{_pattern(name)}"
            )
    new = [line for line in dict.fromkeys(lines) if "\n" not in line and is_utf8(line)]
    return add_lines(root / ".gitignore", new)


def _pattern(name: str) -> str:
    return re.sub(r"([\\*?\[\]!# ])", r"\\\1", name)
