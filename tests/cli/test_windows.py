"""Training, predicting, data and models where what Windows lacks is gone: `fixtures/windows` takes it away from our modules."""

from __future__ import annotations

import argparse
import hashlib
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

import gatera
from gatera.cli.data import remotes
from gatera.core import escape
from gatera.studio.places import folder

FIXTURES = Path(__file__).parents[1] / "fixtures" / "windows"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it simulates Windows on Linux")


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A folder to work in, and git's user with letters that cp1252 has otherwise or not at all."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{name}_NAME", raising=False)
    (tmp_path / "gitconfig").write_text(
        "[user]\nname = Zoë Ákos\nemail = zoe@example.org\n[core]\nautocrlf = true\n", "utf-8"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GATERA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(FIXTURES), str(Path(gatera.__file__).parents[1])]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def python(*words: str, folder: Path | None = None) -> str:
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, encoding="utf-8", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def command(*words: str, folder: Path | None = None) -> str:
    return python("-m", "gatera", *words, folder=folder)


def test_every_module_can_be_imported(there):
    names = [
        found.name
        for found in pkgutil.walk_packages(gatera.__path__, "gatera.")
        if not found.name.endswith("__main__")
    ]
    python("-c", f"import importlib\nfor name in {names}: importlib.import_module(name)")


def test_data_are_added_committed_sent_and_fetched(there):
    data = there / "data"
    for label in ("cat", "dog"):
        (data / label).mkdir(parents=True)
        for number in range(6):
            (data / label / f"{number}.txt").write_text(f"{label} {number // 2}", "utf-8")  # two of each
    command("data", "init", ".", folder=data)
    assert "12 added" in command("data", "add", ".", folder=data)
    command("data", "commit", "-m", "First", folder=data)
    command("data", "label", "dog", "cat/1.txt", folder=data)
    command("data", "commit", "-m", "Second", folder=data)
    (data / "cat" / "1.txt").unlink()
    command("data", "checkout", "--file", "cat/1.txt", folder=data)
    assert "no problems found" in command("data", "verify", folder=data)
    command("data", "push", str(there / "remote"), folder=data)
    command("data", "clone", str(there / "remote"), str(there / "copy"))
    assert "Nothing differs" in command("data", "status", folder=there / "copy")
    assert (data / "labels.csv").read_bytes() == (there / "copy" / "labels.csv").read_bytes()
    assert b"\r" not in (data / "labels.csv").read_bytes()
    assert "Zoë Ákos" in (data / "labels.csv").read_text("utf-8")
    next((there / "remote" / "objects").glob("*/*")).unlink()
    broken = [sys.executable, "-m", "gatera", "data", "clone", str(there / "remote"), str(there / "broken")]
    assert subprocess.run(broken, capture_output=True).returncode == 1


def test_files_that_are_read_only_are_replaced_and_removed(there):
    """Files that were added as hard links are; Windows refuses to replace and to remove them."""
    (data := there / "data").mkdir()
    (data / "1.txt").write_text("one", "utf-8")
    command("data", "init", ".", folder=data)
    command("data", "add", ".", "--link", folder=data)
    command("data", "commit", "-m", "First", folder=data)
    (data / "1.txt").unlink()
    (data / "1.txt").write_text("two", "utf-8")
    (data / "2.txt").write_text("three", "utf-8")
    command("data", "add", ".", "--link", folder=data)
    command("data", "commit", "-m", "Second", folder=data)
    assert not os.access(data / "1.txt", os.W_OK) or os.getuid() == 0
    command("data", "checkout", "HEAD~1", folder=data)
    assert [path.read_text("utf-8") for path in data.glob("*.txt")] == ["one"]


def test_a_name_that_is_none_on_windows_is_no_reason_for_distrust(there):
    said = python("-c", "from gatera.store.datasets.work.placing import unsafe; print(unsafe('what?.jpg'))")
    assert said == (
        "'what?.jpg' cannot be the name of a file on Windows. Rename it where it can be one, and send it again.\n"
    )


def test_files_that_did_not_change_are_not_read_again(there):
    (there / "data" / "a").mkdir(parents=True)
    (there / "data" / "a" / "1.txt").write_text("one", "utf-8")
    os.utime(there / "data" / "a" / "1.txt", (1_700_000_000, 1_700_000_000))
    command("data", "init", ".", folder=there / "data")
    command("data", "add", ".", folder=there / "data")
    script = """
from pathlib import Path, PureWindowsPath
from gatera.store.datasets.work.cache import Cache
from gatera.store.datasets.work.tree import is_as_seen, walk
seen = Cache(Path(".gatera/cache.sqlite")).seen()
print([is_as_seen(state, seen.get(name)) for name, state in walk(".").items() if name != "labels.csv"])
"""
    assert python("-c", script, folder=there / "data") == "[True]\n"


@pytest.mark.whole
def test_a_program_is_trained_kept_and_predicts(there):
    rows = "".join(f"{number % 7},{number % 2},{'yes' if number % 2 else 'no'}\n" for number in range(120))
    (there / "rows.csv").write_text("size,odd,answer\n" + rows, "utf-8")
    command("train", "rows.csv", "--target", "answer", "--out", "rows.gatera", "--epochs", "2")
    assert "yes" in command("predict", "rows.gatera", '{"size": 3, "odd": 1}')
    command("models", "add", "rows.gatera", "rows")
    script = "from gatera.store.who import user_name; print(user_name().encode('unicode_escape').decode())"
    assert python("-c", script) == "Zo\\xeb \\xc1kos\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def repository(there):
    data = there / "data"
    for name in ("cat/1.txt", "dog/1.txt"):
        write(data / name, name)
    command("data", "init", ".", folder=data)
    command("data", "add", ".", folder=data)
    return data


def test_two_commands_on_one_repository_wait_for_each_other(repository):
    script = """
import sys
from pathlib import Path
from gatera.store.datasets.work.lock import labels_alone
with labels_alone(Path(), print):
    print("held", flush=True)
    sys.stdin.readline()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=repository,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        label = [sys.executable, "-m", "gatera", "data", "label", "dog", "cat/1.txt"]
        with subprocess.Popen(label, cwd=repository, stderr=subprocess.PIPE, text=True) as second:
            assert f"Waiting for another process ({holder.pid})" in second.stderr.readline()
            assert "cat/1.txt" in (repository / "labels.csv").read_text("utf-8")
            assert second.poll() is None
            holder.communicate("\n")
            second.communicate()
            assert second.returncode == 0


def test_a_hook_of_git_works_under_the_lock_of_its_parent(repository):
    hook = write(
        repository / ".git" / "hooks" / "post-commit",
        f"#!/bin/sh\n'{sys.executable}' -m gatera data label dog cat/1.txt > hook.log 2>&1\n",
    )
    hook.chmod(0o755)
    command("data", "commit", "-m", "First", folder=repository)
    assert (repository / "hook.log").read_text("utf-8") == "1 item changed.\n"


def test_a_command_that_was_killed_locks_nothing(repository):
    script = """
import os
from pathlib import Path
from gatera.store.datasets.work.lock import labels_alone
with labels_alone(Path(), print):
    Path(".git/index.lock").touch()
    os._exit(0)
"""
    python("-c", script, folder=repository)
    command("data", "commit", "-m", "First", folder=repository)


def test_runs_studios_servers_seals_and_downloads_have_their_locks(there):
    """Each that is held is asked for a second time."""
    script = """
import contextlib, threading, time
from pathlib import Path
from gatera.core.errors import GateraError
from gatera.core.files import PARTIAL
from gatera.core.locks import lock
from gatera.data.download.http import locked
from gatera.evaluate.questions import sealed
from gatera.recipes.unfinished.lock import only_run
from gatera.serve.log.writer import _append
from gatera.store.remotes.partly_fetched import Partial
from gatera.studio.desk.journal import Journal

def refused(what):
    try:
        with contextlib.ExitStack() as stack:
            opened = what()
            if hasattr(opened, "__enter__"):
                stack.enter_context(opened)
    except GateraError as err:
        print(str(err).split(" (")[0].split(".")[0])

run = Path("p.lock")
with only_run(run, Path("p.gatera")):
    refused(lambda: only_run(run, Path("p.gatera")))
print(run.exists())

journal = Journal(Path("journals"), "Ann", print)
refused(lambda: Journal(Path("journals"), "Ann", print))
journal.append({"what": "label", "n": 1})
journal.close()
print(len(Journal(Path("journals"), "Ann", print).entries))

with Partial(Path("a.bin")) as first, Partial(Path("a.bin")) as second:
    print(first.path == second.path)
    first.append(b"one")
    first.append(b"two")
    print(first.sha256()[:8], first.size)
    first.append(b"three")
    first.finish()
print(Path("a.bin").read_bytes(), list(Path().glob(f".*{PARTIAL}")))

def waits(hold, work):
    thread = threading.Thread(target=work, daemon=True)
    with hold():
        thread.start()
        thread.join(0.3)
        print(thread.is_alive())
    thread.join(10)
    print(thread.is_alive())

@contextlib.contextmanager
def held(path):
    with open(path, "a+b") as file:
        assert lock(file.fileno())
        yield

def download():
    with locked(Path("d.lock")):
        pass

Path("test").mkdir()
Path("test/1.txt").write_text("one")
seal = sealed.seal_folder("test")
waits(lambda: held("day.jsonl"), lambda: _append(Path("day.jsonl"), b"{}"))
waits(lambda: locked(Path("d.lock")), download)
waits(lambda: sealed._alone(seal.folder, "1.txt"), seal.open)
print(len(seal.openings))
"""
    assert python("-c", script).splitlines() == [
        "another run",
        "False",
        "Ann is working in another studio on the same data",
        "1",
        "False",
        f"{hashlib.sha256(b'onetwo').hexdigest()[:8]} 6",
        "b'onetwothree' []",
        *["True", "False"] * 3,
        "1",
    ]


def test_a_clone_takes_the_name_of_the_folder(monkeypatch, there):
    """What is behind the last slash was the whole path there: the clone went where the remote is."""
    taken = []

    class Stop(Exception): ...

    def clone(remote, folder, *_):
        taken.append(str(folder))
        raise Stop

    monkeypatch.setattr(remotes, "folder_of", lambda _: PureWindowsPath(r"D:\team\photos"))
    monkeypatch.setattr(remotes.DataRepository, "clone", clone)
    with pytest.raises(Stop):
        remotes.clone(argparse.Namespace(folder=None, remote=r"D:\team\photos", branch=None))
    assert taken == ["photos"]


@pytest.mark.parametrize("root", [".", "D:/"])
def test_the_studio_names_items_with_slashes(monkeypatch, there, root):
    """At the root of a disk the first letter was missing; "." stayed in front."""
    names = ["cat\\1.txt", "dog\\2.txt"]
    monkeypatch.setattr(
        folder, "files_below", lambda *_, **__: iter([f"{root[:2]}\\{name}" for name in names])
    )
    monkeypatch.setattr(os, "sep", "\\")
    place = Path() if root == "." else PureWindowsPath("D:\\")
    monkeypatch.setattr(folder.FolderPlace, "read_known", lambda _: {})
    assert folder.FolderPlace(place, "texts", lambda _: None).names == ["cat/1.txt", "dog/2.txt"]


@pytest.mark.parametrize(
    "word",
    [
        r"C:\Users\me\cats.gatera",
        r"my photos\cat 1.jpg",
        "a,b",
        "",
        "a\\",
        "b c\\",
        'say "no"',
        'x\\"y',
        "100%",
        "é",
    ],
)
def test_a_recommended_command_is_in_quotes_that_cmd_knows(monkeypatch, word):
    """Single quotes were taken for parts of the name: "'photos\\cat\\1.jpg' does not exist"."""
    monkeypatch.setattr(escape, "SHELL_QUOTE", '"')
    written = escape.shell_join(["gatera", "predict", word])
    assert split_as_windows_does(written) == ["gatera", "predict", word]
    assert "'" not in written


def split_as_windows_does(line: str) -> list[str]:
    """Return the words of a command line by the rules of Microsoft's C library."""
    words = [""]
    inside, place = False, 0
    while place < len(line):
        slashes = len(line) - place - len(line[place:].lstrip("\\"))
        place += slashes
        here = line[place : place + 1]
        if here == '"':
            words[-1] += "\\" * (slashes // 2)
            if slashes % 2:
                words[-1] += '"'
            else:
                inside = not inside
        else:
            words[-1] += "\\" * slashes
            if here == " " and not inside:
                words.append("")
            else:
                words[-1] += here
        place += 1
    return words


def test_no_other_module_quotes_words_of_commands():
    root = Path(gatera.__file__).parent
    found = [
        path
        for path in root.rglob("*.py")
        if re.search("^(import|from) shlex", path.read_text("utf-8"), re.M)
    ]
    assert found == [root / "core" / "escape.py"]
