"""Kill `gatera data` at random moments and look whether anything was lost: nothing may be, and nothing may be half visible.

    python benchmarks/kill_store.py --rounds 500 --seed 7

Each round runs one command (add, add --link, label, commit, merge, checkout, revert, push, pull or prune) on a small repository, kills its whole process group
after a random time, and runs it again. Then `verify` must be clean, every commit made before must still be there, and every label as told.
The seed of a round that fails is printed; `--only SEED` repeats it.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ann"), ("EMAIL", "ann@example.org"))
}
GATERA = (sys.executable, "-m", "gatera", "data")
CLASSES = ("cat", "dog", "fox", "wolf")


#: What commands said that failed.
SAID: list[str] = []


class Lost(Exception):
    """Something is not as it was."""


def run(folder: Path, *words: str, kill_after: float | None = None) -> int | None:
    """Run a command; return its exit status, None if it was killed."""
    process = subprocess.Popen(
        (*GATERA, *words),
        cwd=folder,
        env={**os.environ, **WHO},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=kill_after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None
    if process.returncode not in (0, 1):
        raise Lost(f"gatera data {' '.join(words)}: {said}")
    if "Traceback" in said:
        raise Lost(said)
    if process.returncode:
        SAID.append(said)
    return process.returncode


def git(folder: Path, *words: str) -> str:
    return subprocess.run(
        ("git", "-C", folder, *words), capture_output=True, text=True, check=False
    ).stdout.strip()


def start(folder: Path) -> None:
    """Make the repository that every round begins with: two branches that do not conflict, and a remote that is behind."""
    data = folder / "data"
    for number in range(60):
        path = data / CLASSES[number % 2] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(number).randbytes(20_000))
    run(data, "init")
    run(data, "add")
    run(data, "commit", "-m", "First")
    run(data, "push", str(folder / "remote"))
    run(data, "checkout", "-b", "ben")
    (data / "cat/0.jpg").write_bytes(b"Ben's")
    run(data, "add")
    run(data, "label", "fox", "cat/2.jpg")
    run(data, "commit", "-m", "Ben")
    run(data, "checkout", "main")
    run(data, "label", "wolf", "dog/1.jpg")
    run(data, "commit", "-m", "Ann")
    run(folder, "clone", str(folder / "remote"), str(folder / "other"))


def one_round(folder: Path, seed: int, longest: float) -> tuple[str, bool]:
    """Run and kill one command; return its name, and whether it was killed.

    Raises:
        Lost: if something is not as it was.
    """
    draw = random.Random(seed)
    data, other = folder / "data", folder / "other"
    name = draw.choice(("add", "label", "commit", "merge", "checkout", "revert", "push", "pull", "prune"))
    where, words = data, {
        "add": ("add",), "label": ("label", "fox", "dog"), "commit": ("commit", "-m", f"Round {seed}"), "merge": ("merge", "ben"),
        "checkout": ("checkout", "ben"), "revert": ("revert", "HEAD"), "push": ("push",), "pull": ("pull",),
        "prune": ("prune", "--remove"),
    }[name]  # fmt: skip
    if name == "add":
        words += draw.choice(((), ("--link",)))
        name = " ".join(words)
        for number in range(40):
            (data / "fox").mkdir(exist_ok=True)
            (data / "fox" / f"{number}.jpg").write_bytes(draw.randbytes(50_000))
    if name == "commit":
        run(data, "label", "lynx", "dog")
    if name == "prune":
        for number in range(40):
            (data / "cat" / "0.jpg").write_bytes(draw.randbytes(50_000))
            (data / f"{number}.txt").write_bytes(draw.randbytes(50_000))
            run(data, "add") if number % 20 == 0 else None
        git(data, "checkout", "-q", "--", "labels.csv")
    if name == "pull":
        run(data, "push")
        where = other
    before, head = set(git(data, "rev-list", "--all").split()), git(where, "rev-parse", "HEAD")
    killed = run(where, *words, kill_after=draw.uniform(0.02, longest)) is None
    if draw.random() < 0.3:
        run(where, "status")  # somebody looks
    again = run(where, *words)
    _check(folder, where, name, again, before, head)
    return name, killed


def _check(folder: Path, where: Path, name: str, again: int | None, before: set[str], head: str) -> None:
    if again != 0 and not (name == "commit" and git(where, "log", "-1", "--format=%s").startswith("Round")):
        raise Lost(f"{name} failed when it was run again: {SAID[-1:]}")
    if not before <= set(git(folder / "data", "rev-list", "--all").split()):
        raise Lost("commits are gone")
    if name in ("commit", "merge", "revert", "pull") and git(where, "rev-parse", "HEAD") == head:
        raise Lost(f"{name} did nothing")
    for each in (folder / "data", folder / "other"):
        if run(each, "verify", "--all") != 0:
            raise Lost(f"verify of {each.name} is not clean")
    left = list((where / ".git").rglob("*.lock"))
    if left or (where / ".gatera/moving.json").exists():
        raise Lost(f"left behind: {left or 'moving.json'}")
    if name in ("merge", "checkout", "revert", "pull"):
        shown = subprocess.run(
            (*GATERA, "status"),
            cwd=where,
            env={**os.environ, **WHO},
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        if "Nothing differs" not in shown:
            raise Lost(f"after {name}: {shown}")


def _round_of(
    folder: Path, base: Path, seed: int, longest: float, count: Counter[str], failed: list[int]
) -> None:
    """Run a round in a copy of its own, and count it."""
    shutil.copytree(base, folder)
    git(folder / "data", "config", "gatera.remote", str(folder / "remote"))
    git(folder / "other", "config", "gatera.remote", str(folder / "remote"))
    try:
        name, killed = one_round(folder, seed, longest)
        count[f"{name}, {'killed' if killed else 'finished first'}"] += 1
    except Lost as err:
        failed.append(seed)
        print(f"seed {seed}: {err}", flush=True)
    shutil.rmtree(folder)


def main() -> None:
    """Run the rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    count: Counter[str] = Counter()
    failed = []
    with tempfile.TemporaryDirectory(prefix="kill-store-") as top:
        base = Path(top) / "base"
        base.mkdir()
        start(base)
        began = time.perf_counter()
        run(base / "data", "status")
        longest = 1.5 * (time.perf_counter() - began)  # longer, and most commands finish first
        seeds = (
            [options.only] if options.only is not None else range(options.seed, options.seed + options.rounds)
        )
        try:
            for seed in seeds:
                _round_of(Path(top) / "round", base, seed, longest, count, failed)
        except KeyboardInterrupt:
            print("interrupted")
    for what, rounds in sorted(count.items()):
        print(f"{what:28} {rounds:5}")
    print(
        f"{len(failed)} of {count.total() + len(failed)} rounds failed"
        + (f": seeds {failed}" if failed else ".")
    )
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()
