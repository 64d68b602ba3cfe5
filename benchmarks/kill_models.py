"""Kill -9 at random moments of adding, tagging, pushing and pulling programs; then the registry must be sound, and the same go on.

    python benchmarks/kill_models.py --times 500 --seed 7

Every kill has a seed of its own (printed where something is wrong), so that it can be repeated with --only SEED. Also fills a small disk,
where the machine lets a file system be mounted, and lets two processes add at once.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gatera.core.errors import GateraError
from gatera.program.package import read_package, write_package
from gatera.store.models.check import verify_registry
from gatera.store.models.registry import ModelRegistry
from gatera.store.models.sync.pull import pull_model
from gatera.store.models.sync.push import push_model
from gatera.store.remotes.open import open_remote

FIXTURE = Path(__file__).parents[1] / "tests" / "fixtures" / "format1.gatera"

#: Bytes of weights in each program: copying them takes a while.
WEIGHTS = 3_000_000


def make_program(path: Path, number: int) -> Path:
    package = read_package(FIXTURE)
    described = {name: value for name, value in package.program.items() if name not in ("format", "entries")}
    described["training"] = {"run": number}
    entries: dict[str, Any] = {name: package.read(name) for name in package.names if name != "program.json"}
    return write_package(
        path, described, {**entries, "weights.safetensors": random.Random(number).randbytes(WEIGHTS)}
    )


class World:
    """Two registries and a remote between them, as they were before each kill."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = [make_program(folder / f"p{number}.gatera", number) for number in range(4)]
        self.fresh = folder / "fresh"
        registry = ModelRegistry(self.fresh / "mine")
        for number in (0, 1):
            registry.add(self.programs[number], "cats", by="Ann", tag="production")
        push_model(registry, open_remote(self.fresh / "remote"), "cats", quiet=True)
        registry.add(self.programs[2], "cats", by="Ann", tag="production")
        pull_model(
            ModelRegistry(self.fresh / "theirs"), open_remote(self.fresh / "remote"), "cats", quiet=True
        )
        push_model(registry, open_remote(self.fresh / "ahead"), "cats", quiet=True)

    def renew(self) -> Path:
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        subprocess.run(["cp", "-r", str(self.fresh), str(work)], check=True)
        return work


def operations(world: World, work: Path) -> dict[str, tuple[Callable[[], Any], Path, Callable[[], bool]]]:
    """Return what is done, the registry that it changes, and whether it has been done."""
    mine, theirs = ModelRegistry(work / "mine"), ModelRegistry(work / "theirs")
    remote = ModelRegistry(work / "remote")
    return {
        "add": (
            lambda: mine.add(world.programs[3], "cats", by="Ann", tag="beta"), work / "mine",
            lambda: mine.find("cats@beta").number == 4,
        ),
        "tag": (lambda: mine.tag("cats@v1", "production", by="Ann"), work / "mine", lambda: mine.tags("cats")["production"] == 1),
        "rollback": (
            lambda: mine.tags("cats")["production"] == 3 and mine.rollback("cats", by="Ann"), work / "mine",
            lambda: mine.tags("cats")["production"] == 2,
        ),
        "push": (
            lambda: push_model(mine, open_remote(work / "remote"), "cats", quiet=True), work / "remote",
            lambda: remote.versions("cats") == mine.versions("cats") and remote.tags("cats") == mine.tags("cats"),
        ),
        "pull": (
            lambda: pull_model(theirs, open_remote(work / "ahead"), "cats", quiet=True), work / "theirs",
            lambda: theirs.versions("cats") == mine.versions("cats") and theirs.tags("cats") == mine.tags("cats"),
        ),
    }  # fmt: skip


def duration(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def killed(run: Callable[[], Any], after: float) -> bool:
    """Run in a child process, which is killed; return whether it was before it had ended."""
    child = os.fork()
    if child == 0:
        try:
            run()
        finally:
            os._exit(0)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def state(folder: Path) -> tuple[Any, Any]:
    registry = ModelRegistry(folder)
    return registry.versions("cats"), {tag: registry.history("cats", tag) for tag in ("production", "beta")}


def faults_after(world: World, name: str, delay: float) -> tuple[bool, list[str]]:
    """Kill one operation after some seconds, and return whether it was in time, and what was wrong afterwards."""
    work = world.renew()
    run, folder, done = operations(world, work)[name]
    versions, tags = state(folder)
    in_time = killed(run, delay)
    faults = verify_registry(ModelRegistry(folder), quiet=True)[1]
    now, moved = state(folder)
    if now[: len(versions)] != versions or any(
        moved[tag][: len(moves)] != moves for tag, moves in tags.items()
    ):
        faults.append("something that was there has gone")
    run()
    faults += verify_registry(ModelRegistry(folder), quiet=True)[1]
    if not done():
        faults.append("it could not be carried on")
    return in_time, faults


def full_disk(folder: Path, world: World) -> str:
    """Fill a disk of 8 MB by adding programs; then what is there must be sound, and the message clear."""
    disk = folder / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], capture_output=True, check=False
    ).returncode:
        return "full disk: not tried, no file system can be mounted here"
    try:
        registry = ModelRegistry(disk / "registry")
        said = ""
        for program in world.programs:
            try:
                registry.add(program, "cats", by="Ann")
            except GateraError as err:
                said = str(err)
                break
        count, faults = verify_registry(registry, quiet=True)
        assert said and count == 2 and not faults, (said, count, faults)
        remote = open_remote(folder / "for the full disk")
        push_model(ModelRegistry(world.fresh / "mine"), remote, "cats", quiet=True)
        try:
            pull_model(ModelRegistry(disk / "registry2"), remote, "cats", quiet=True)
            raise AssertionError("a full disk took it all")
        except GateraError as err:
            return f"full disk: sound; add says: {said}\n           pull says: {err}"
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def two_at_once(folder: Path, world: World) -> str:
    """Let two processes add, tag and push at the same time."""
    children = []
    for number in (0, 1):
        child = os.fork()
        if child == 0:
            registry, remote = ModelRegistry(folder / "both"), open_remote(folder / "both remote")
            status = 0
            for program in world.programs[2 * number : 2 * number + 2]:
                registry.add(program, "cats", by=str(number))
                try:
                    registry.tag("cats@latest", "production", by=str(number))
                    push_model(registry, remote, "cats", quiet=True)
                except GateraError as err:
                    assert "moved" in str(err), err
                    status = 3
            os._exit(status)
        children.append(child)
    told = sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3 for child in children)
    registry = ModelRegistry(folder / "both")
    push_model(registry, open_remote(folder / "both remote"), "cats", quiet=True)
    counts = [verify_registry(ModelRegistry(folder / each), quiet=True) for each in ("both", "both remote")]
    assert counts == [(4, []), (4, [])], counts
    return f"two processes at once: 4 versions, sound on both sides; {told} of 2 were told that the tag had been moved"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", type=int, help="repeat the kill with this seed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = World(folder)
        took = {
            each: duration(operations(world, world.renew())[each][0])
            for each in ("add", "tag", "rollback", "push", "pull")
        }
        print(
            "seconds without a kill: " + ", ".join(f"{each} {seconds:.3f}" for each, seconds in took.items())
        )
        seeds = (
            [options.only]
            if options.only is not None
            else range(options.seed * 10_000, options.seed * 10_000 + options.times)
        )
        kills, early, wrong = Counter[str](), Counter[str](), 0
        for seed in seeds:
            draw = random.Random(seed)
            operation = draw.choice(list(took))
            in_time, faults = faults_after(world, operation, draw.uniform(0, 1.1 * took[operation]))
            kills[operation] += 1
            early[operation] += in_time
            if faults:
                wrong += 1
                print(f"seed {seed}: {operation}: {'; '.join(faults)}")
        for operation, count in sorted(kills.items()):
            print(f"{operation}: {count} kills, {early[operation]} before its end")
        print(
            f"{sum(kills.values())} kills, {sum(early.values())} of them in time: {wrong} left something wrong (must be 0)"
        )
        if options.only is None:
            print(two_at_once(folder, world))
            print(full_disk(folder, world))
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
