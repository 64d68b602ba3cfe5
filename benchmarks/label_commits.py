"""How fast are commits of labels? Prints a row for each question of data repositories, with DVC and Oxen beside where they are installed.

    python benchmarks/label_commits.py --peers /path/to/venv --photos 20000 --items 100000

Every figure is the wall time of one command in a new process, the best of `--repeats`, but for `add` (one run, files in the page cache).
Memory is the peak of the largest process. The files are random bytes of the sizes that photos have. Each contender has a copy of its own,
and nothing is deleted before the end: after 20,000 deletions ext4 makes new files several times as slowly for minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ann"), ("EMAIL", "ann@example.org"))
}
GATERA = (sys.executable, "-m", "gatera", "data")

#: Bytes of a photo, on average, and how they vary.
BYTES, SPREAD = 60_000, (0.5, 1.5)


def environment() -> dict[str, str]:
    """The environment of a command: somebody's name, and compiled modules, as an installed package has them."""
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}, **WHO}


def run(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Run a command; return its seconds and the peak memory (MB) of the process and its children."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment()
    )
    _, said = process.communicate()
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {said.decode()[-500:]}")
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000


def write_photos(folder: Path, count: int, size: int) -> None:
    """Write files of random bytes in two classes, a thousand to a folder."""
    draw = random.Random(0)
    stock = draw.randbytes(2 * size + 2000)
    for number in range(count):
        path = folder / ("cat", "dog")[number % 2] / f"{number // 1000:03d}" / f"{number}.jpg"
        if number % 1000 < 2:
            path.parent.mkdir(parents=True, exist_ok=True)
        length = int(size * draw.uniform(*SPREAD))
        path.write_bytes(number.to_bytes(8, "little") + stock[number % 1000 : number % 1000 + length])


def said(question: str, value: float, unit: str, must: str, aim: str) -> None:
    """Print a row, and the same as JSON."""
    print(f"{question:58} {value:10,.2f} {unit:9} must {must}, aim {aim}", flush=True)
    print(
        json.dumps(
            {"question": question, "value": round(value, 4), "unit": unit, "load": os.getloadavg()[0]}
        ),
        flush=True,
    )


def add_and_commit(folder: Path, count: int, peers: Path | None) -> None:
    """Time add + commit of photos, and the same with the peers."""
    photos = folder / "photos"
    write_photos(photos, count, BYTES)
    print(f"{count:,} photos of {BYTES / 1000:.0f} kB")
    seconds: dict[str, float] = {}

    def ours(name: str, *more: str) -> float:
        work = folder / name
        shutil.copytree(photos, work)
        run((*GATERA, "init"), work)
        return run((*GATERA, "add", ".", *more), work)[0] + run((*GATERA, "commit", "-m", "All"), work)[0]

    seconds["gatera"] = ours("gatera")
    seconds["dvc"] = _dvc(photos, peers) if peers and (peers / "bin/dvc").exists() else 0.0
    seconds["oxen"] = _oxen(photos, peers) if peers and (peers / "bin/python").exists() else 0.0
    for name, took in seconds.items():
        if took:
            said(
                f"add + commit, {name}", count / took, "photos/s", "2,000 and 5 x DVC", "4,000, ahead of Oxen"
            )
    said("add + commit, gatera --link", count / ours("linked", "--link"), "photos/s", "", "")


def _dvc(photos: Path, peers: Path) -> float:
    work = photos.parent / "dvc"
    work.mkdir()
    shutil.copytree(photos, work / "photos")
    dvc = str(peers / "bin/dvc")
    run(("git", "init", "-q"), work)
    run((dvc, "init", "-q"), work)
    took = run((dvc, "add", "-q", "photos"), work)[0]
    return took + run(("git", "add", "-A"), work)[0] + run(("git", "commit", "-qm", "All"), work)[0]


_OXEN = """
import time
import oxen
from oxen.user import config_user
config_user("Ann", "ann@example.org")
repo = oxen.init("oxen")
start = time.perf_counter()
repo.add("oxen/photos")
repo.commit("All")
print(time.perf_counter() - start)
"""


def _oxen(photos: Path, peers: Path) -> float:
    work = photos.parent
    shutil.copytree(photos, work / "oxen" / "photos")
    env = {**environment(), "HOME": str(work)}
    done = subprocess.run(
        (str(peers / "bin/python"), "-c", _OXEN),
        cwd=work,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print("oxen did not run:", done.stderr.strip().splitlines()[-1:])
        return 0.0
    return float(done.stdout.split()[-1])


def best(repeats: int, do: Callable[[], tuple[float, float]]) -> tuple[float, float]:
    """Return the least seconds and the most memory of several runs."""
    found = [do() for _ in range(repeats)]
    return min(each[0] for each in found), max(each[1] for each in found)


def many_items(folder: Path, count: int, repeats: int) -> None:
    """Time status, diff, commit, blame and merge of many items."""
    photos = folder / "items"
    write_photos(photos, count, 40)
    run((*GATERA, "init"), photos)
    run((*GATERA, "add", "."), photos)
    memory = run((*GATERA, "commit", "-m", "All"), photos)[1]
    print(f"{count:,} items of 40 bytes; memory of adding and committing them {memory:,.0f} MB")
    said("status", best(repeats, lambda: run((*GATERA, "status"), photos))[0], "s", "1", "0.3")
    draw = random.Random(1)
    names = [f"{('cat', 'dog')[n % 2]}/{n // 1000:03d}/{n}.jpg" for n in range(count)]
    commits, diffs = [], []
    for turn in range(repeats):
        run((*GATERA, "label", f"fox{turn}", *draw.sample(names, 10)), photos)
        diffs.append(run((*GATERA, "diff"), photos)[0])
        commits.append(run((*GATERA, "commit", "-m", "Ten"), photos)[0])
    said("diff of 10 relabelled", min(diffs), "s", "0.5", "0.2")
    said("commit of 10 relabelled", min(commits), "s", "0.5", "0.2")
    _history(photos, names, draw, 200 - repeats)
    run((*GATERA, "log", "--most", "1"), photos)
    said(
        "blame over 200 commits",
        best(repeats, lambda: run((*GATERA, "blame", names[5]), photos))[0],
        "s",
        "0.2",
        "0.1",
    )
    _two_branches(photos, names, draw)
    if shutil.which("gatera"):  # which git calls
        took, _ = run(("git", "merge", "--quiet", "--no-edit", "ben"), photos)
        said("merge of 2 x 1,000 edits by git merge", took, "s", "", "")
        run(("git", "reset", "--quiet", "--hard", "HEAD~1"), photos)
    took, memory = run((*GATERA, "merge", "ben"), photos)
    said("merge of 2 x 1,000 edits", took, "s", "2", "1")
    said("memory of any of these", memory, "MB", "1,000 at 1,000,000 rows", "500")


def _history(photos: Path, names: Sequence[str], draw: random.Random, count: int) -> None:
    code = (
        "import sys, json\nfrom gatera.store import DataRepository\nd = DataRepository(sys.argv[1], on_note=lambda text: None)\n"
        "for turn, some in enumerate(json.load(sys.stdin)):\n    d.label(f'wolf{turn}', *some)\n    d.commit(f'Commit {turn}')\n"
    )
    some = json.dumps([draw.sample(names, 5) + [names[5]] * (turn % 50 == 0) for turn in range(count)])
    subprocess.run(
        (sys.executable, "-c", code, str(photos)),
        input=some,
        text=True,
        check=True,
        env={**os.environ, **WHO},
    )


def _two_branches(photos: Path, names: Sequence[str], draw: random.Random) -> None:
    chosen = draw.sample(names, 2000)
    run((*GATERA, "checkout", "-b", "ben"), photos)
    run((*GATERA, "label", "wolf", *chosen[:1000]), photos)
    run((*GATERA, "commit", "-m", "Ben"), photos)
    run((*GATERA, "checkout", "main"), photos)
    run((*GATERA, "label", "lynx", *chosen[1000:]), photos)
    run((*GATERA, "commit", "-m", "Ann"), photos)


def many_rows(folder: Path, count: int) -> None:
    """Measure the memory of the commands with very many rows, which are no files: labels in parts."""
    rows = folder / "rows"
    code = (
        "import sys\nfrom gatera.store import DataRepository\nfrom gatera.store.datasets.labels.rows import Row\n"
        "d = DataRepository.init(sys.argv[1], on_note=lambda text: None)\n"
        "def row(n):\n    label = ('cat', 'dog')[n % 2]\n"
        "    return Row(f'{label}/{n:07d}.jpg', f'{n:064x}', label, by='Ann', at='2026-11-29T00:00:00Z')\n"
        "d.put_rows(map(row, range(int(sys.argv[2]))))\n"
    )
    _, memory = run((sys.executable, "-c", code, str(rows), str(count)), folder)
    said(f"memory of writing {count:,} rows", memory, "MB", "1,000", "500")
    draw = random.Random(2)
    names = [f"{('cat', 'dog')[n % 2]}/{n:07d}.jpg" for n in range(count)]
    for words in (
        ("commit", "-m", "All"), ("label", "fox", *draw.sample(names, 10)), ("diff",), ("commit", "-m", "Ten"), ("status",), ("blame", names[5]),
    ):  # fmt: skip
        took, memory = run((*GATERA, *words), rows)
        said(f"{words[0]}, {count:,} rows: memory", memory, "MB", "1,000", "500")
        said(f"{words[0]}, {count:,} rows", took, "s", "", "")
    _two_branches(rows, names, draw)
    if shutil.which("gatera"):
        took, _ = run(("git", "merge", "--quiet", "--no-edit", "ben"), rows)
        said(f"merge of 2 x 1,000 edits by git merge, {count:,} rows", took, "s", "", "")
        run(("git", "reset", "--quiet", "--hard", "HEAD~1"), rows)
    took, memory = run((*GATERA, "merge", "ben"), rows)
    said(f"merge of 2 x 1,000 edits, {count:,} rows: memory", memory, "MB", "1,000", "500")
    said(f"merge of 2 x 1,000 edits, {count:,} rows", took, "s", "", "")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=20_000, help="0 to leave the question out")
    parser.add_argument("--items", type=int, default=100_000, help="0 to leave the questions out")
    parser.add_argument("--rows", type=int, default=0, help="measure memory with so many rows")
    parser.add_argument("--peers", type=Path, help="a virtual environment with dvc and oxenai")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="label-commits-") as folder:
        if options.photos:
            add_and_commit(Path(folder), options.photos, options.peers)
        if options.rows:
            many_rows(Path(folder), options.rows)
        if options.items:
            many_items(Path(folder), options.items, options.repeats)


if __name__ == "__main__":
    main()
