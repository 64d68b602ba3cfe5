"""Copies of this process do the work of many files, in order, and none of them stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from gatera.core.errors import DataError, GateraError
from gatera.store.datasets.work import processes, tree
from gatera.store.datasets.work.processes import can_fork, side_by_side

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="copies are made on Linux only")


@pytest.fixture(autouse=True)
def two_processors(monkeypatch):
    monkeypatch.setattr(processes, "usable_processors", lambda: 2)


def has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_results_come_in_order_from_several_processes():
    found = list(side_by_side(lambda n: (time.sleep(0.001 * (n < 3)), n * n, os.getpid())[1:], range(1000)))
    assert [square for square, _ in found] == [n * n for n in range(1000)]
    pids = {pid for _, pid in found}
    assert os.getpid() not in pids and all(map(has_ended, pids))
    assert 1 <= len(pids) <= 2  # on a busy machine one may have done it all before the other began


def test_results_come_in_order_from_threads_where_copies_cannot_be_made(monkeypatch):
    """On Windows, say; more than are asked for ahead."""
    monkeypatch.setattr(tree, "can_fork", lambda: False)
    names = [str(n) for n in range(2000)]
    found = tree.hashed(Path("/there"), dict.fromkeys(names), lambda path: path)
    assert list(found) == [(name, f"/there/{name}") for name in names]


def test_nothing_to_do_and_less_than_a_group():
    assert list(side_by_side(str, [])) == [] and list(side_by_side(str, [1, 2])) == ["1", "2"]


def test_large_results_and_errors_as_values_arrive_whole():
    error = DataError("row 3 is odd", got=3, remedy="Mend it.")
    found = list(side_by_side(lambda n: error if n == 3 else "x" * 100_000, range(70)))
    assert str(found[3]) == str(error) and found[3].remedy == "Mend it." and found[3].parts == error.parts
    assert {len(each) for n, each in enumerate(found) if n != 3} == {100_000}


def test_what_the_work_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(side_by_side(lambda n: 1 // (n - 40), range(500)))


def test_a_copy_that_is_killed_is_told():
    with pytest.raises(GateraError, match=r"ended from outside \(code -9\).*memory"):
        list(side_by_side(lambda n: os.kill(os.getpid(), signal.SIGKILL) if n == 40 else n, range(500)))


def test_copies_stop_when_the_results_are_dropped(tmp_path):
    def slowly(n: int) -> int:
        time.sleep(0.01)
        (tmp_path / str(n)).touch()
        return os.getpid()

    results = side_by_side(slowly, range(5000))
    pid = next(results)
    results.close()
    done = len(list(tmp_path.iterdir()))
    time.sleep(0.05)
    assert has_ended(pid) and len(list(tmp_path.iterdir())) == done < 500


def test_copies_end_with_a_parent_that_is_killed(tmp_path):
    code = (
        "import os, sys, time; from gatera.store.datasets.work import processes; processes.usable_processors = lambda: 2\n"
        "def work(n):\n    open(f'{sys.argv[1]}/{os.getpid()}', 'w').close(); time.sleep(0.01)\n"
        "for _ in processes.side_by_side(work, range(100_000)): pass\n"
    )
    with subprocess.Popen((sys.executable, "-c", code, str(tmp_path))) as parent:
        until = time.monotonic() + 20
        while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        parent.kill()
    pids = [int(path.name) for path in tmp_path.iterdir()]
    while not all(map(has_ended, pids)) and time.monotonic() < until:
        time.sleep(0.01)
    assert len(pids) == 2 and all(map(has_ended, pids))


def test_a_process_with_threads_is_not_copied():
    code = "from gatera.store.datasets.work.processes import can_fork; import threading, time; from gatera.store.datasets.work import processes\nprocesses.usable_processors = lambda: 2\n"
    code += "print(can_fork()); threading.Thread(target=time.sleep, args=(1,), daemon=True).start(); print(can_fork())"
    said = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True).stdout
    assert said.split() == ["True", "False"]


def test_one_processor_is_not_shared(monkeypatch):
    monkeypatch.setattr(processes, "usable_processors", lambda: 1)
    assert not can_fork()


def test_no_copy_can_be_made(monkeypatch):
    def full():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", full)
    before = _open_files()
    with pytest.raises(BlockingIOError):
        side_by_side(str, range(1000))
    assert _open_files() <= before  # files of earlier tests may be closed meanwhile


def _open_files() -> set[tuple[int, int]]:
    """Device and inode of what this process holds open: a descriptor's number is given again, these are not."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the folder itself, which was read through a descriptor
            stat = path.stat()
            found.add((stat.st_dev, stat.st_ino))
    return found
