"""Change program files at random and ask each one: no crash, no hang, no gigabyte, no control character.

    python benchmarks/fuzz.py                                 20,000 mutations of six kinds of program, both engines
    python benchmarks/fuzz.py --count 500 --first 1000        some of them; --first goes on where a run ended
    python benchmarks/fuzz.py --programs a.gatera:photo.jpg   of other programs, each with what it is asked

Every mutation runs in a worker process that is started anew when it dies or takes more than 10 s. What is found is written to
the folder --out, one file for each case, with the changed program beside it. Exit status: 0 if nothing was found.
"""

from __future__ import annotations

import argparse
import collections
import importlib.util
import json
import multiprocessing
import multiprocessing.connection
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hostile.mutations import case
from hostile.seeds import make_seeds

#: Address space of a worker: a net below which the measured peak is checked.
MOST_ADDRESSES = 24 << 30
PATIENCE_SECONDS = 40  # two commands, on a machine that others use


def main() -> None:
    """Run the mutations that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--programs", nargs="*", default=[], metavar="PROGRAM:QUESTION")
    parser.add_argument("--out", type=Path, default=Path("fuzz"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        pairs = [
            (Path(program), question)
            for program, _, question in (each.partition(":") for each in options.programs)
        ]
        pairs = pairs or [(seed.path, seed.question) for seed in make_seeds(Path(scratch) / "seeds")]
        found = run(
            pairs,
            range(options.first, options.first + options.count),
            options.seed,
            options.out,
            options.workers,
        )
    print(json.dumps(found, indent=1))
    sys.exit(1 if found["faults"] else 0)


def run(pairs: list[tuple[Path, str]], numbers: range, seed: int, out: Path, workers: int) -> dict[str, Any]:
    """Ask all mutations; return how many were answered, refused and faulty."""
    waiting, seen = iter(numbers), collections.Counter[str]()
    pool = [_Worker(pairs, seed) for _ in range(workers)]
    began, done = time.monotonic(), 0
    for worker in pool:
        worker.give(next(waiting, None))
    while any(worker.number is not None for worker in pool):
        multiprocessing.connection.wait(
            [worker.pipe for worker in pool if worker.number is not None], timeout=1
        )
        for worker in pool:
            if worker.number is None:
                continue
            result = worker.result()
            if result is None:
                continue
            done += 1
            kind = "answered" if not result["wrong"] and "Error:" not in result["said"][:20] else "refused"
            seen[kind if not result["wrong"] else "faults"] += 1
            if result["wrong"]:
                _keep(out, pairs, seed, worker.number, result)
            if done % 500 == 0:
                print(
                    f"{done:,} of {len(numbers):,}: {dict(seen)}, {(time.monotonic() - began) / done * 1000:.0f} ms each",
                    flush=True,
                )
            worker.give(next(waiting, None))
    for worker in pool:
        worker.stop()
    return {"mutations": done, "faults": seen["faults"], **seen}


class _Worker:
    """A process that asks one mutation after the other."""

    def __init__(self, pairs: list[tuple[Path, str]], seed: int) -> None:
        self.pairs, self.seed = pairs, seed
        self.number: int | None = None
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, self.pairs, self.seed), daemon=True)
        self.process.start()
        theirs.close()
        self.deadline = float("inf")
        self.pipe.recv()  # it has imported everything

    def give(self, number: int | None) -> None:
        """Have one mutation asked; None for no more."""
        self.number = number
        if number is not None:
            self.pipe.send(number)
            self.deadline = time.monotonic() + PATIENCE_SECONDS

    def result(self) -> dict[str, Any] | None:
        """Return what is known of the mutation now; None while it runs."""
        try:
            if self.pipe.poll():
                return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            wrong = f"the process died with {self.process.exitcode}"
            self._start()
            return {"wrong": [wrong], "said": "", "what": ""}
        if time.monotonic() > self.deadline:
            self.stop()
            self._start()
            return {"wrong": [f"more than {PATIENCE_SECONDS} s"], "said": "", "what": ""}
        return None

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.join()


def _serve(pipe: Any, pairs: list[tuple[Path, str]], seed: int) -> None:
    from hostile.checking import faults

    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    engines = ["onnxruntime"] + (["openvino"] if importlib.util.find_spec("openvino") else [])
    questions = dict(pairs)
    with tempfile.TemporaryDirectory() as scratch:
        pipe.send("ready")
        while True:
            number = pipe.recv()
            r = random.Random(number)
            path, content, what = case(seed, number, [program for program, _ in pairs])
            changed = Path(scratch) / "changed.gatera"
            changed.write_bytes(content)
            engine, terminal, as_json = r.choice(engines), r.random() < 0.5, r.random() < 0.3
            wrong, said = faults(changed, questions[path], engine, terminal, as_json)
            pipe.send({"wrong": wrong, "said": said, "what": f"{path.name}: {what}, {engine}"})


def _keep(
    out: Path, pairs: list[tuple[Path, str]], seed: int, number: int | None, result: dict[str, Any]
) -> None:
    path, content, what = case(seed, number or 0, [program for program, _ in pairs])
    (out / f"{seed}_{number}.gatera").write_bytes(content)
    text = {"program": path.name, "what": what, **result}
    (out / f"{seed}_{number}.json").write_text(json.dumps(text, indent=1))
    print(number, text["program"], text["what"], *result["wrong"], flush=True)


if __name__ == "__main__":
    main()
