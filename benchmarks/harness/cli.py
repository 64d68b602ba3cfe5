"""The command line of the benchmarks, the same for all of them and for each alone."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from page import write_page

from harness import machine, results
from harness.models import NotTheSame
from harness.process import SideFailed
from harness.question import Question
from harness.session import CATS_DOGS, Session, say

#: The file that is kept with the code, and that the page is written from.
KEPT = machine.ROOT / "docs" / "benchmarks.json"


def main(questions: Sequence[Question]) -> None:
    """Run benchmarks, save the results, write the page; the exit status is 0 if all of them succeeded."""
    options = _parse(questions)
    signal.signal(signal.SIGTERM, _stop)
    try:
        failed = _answer_all([q for q in questions if not options.only or q.name in options.only], options)
    except KeyboardInterrupt:
        sys.exit("stopped; results so far are saved")
    if failed:
        sys.exit(f"not answered: {', '.join(failed)}")


def _answer_all(chosen: Sequence[Question], options: argparse.Namespace) -> list[str]:
    """Run one benchmark after the other, saving each result at once; return the names of those that failed."""
    shutil.rmtree(options.out / "work", ignore_errors=True)
    about = machine.machine()
    _say_where(about)
    devices = ("cpu", "cuda") if about["gpu"] else ("cpu",)
    asked = [
        (question, device) for device in devices for question in chosen if device == "cpu" or question.on_gpu
    ]
    failed = []
    for number, (question, device) in enumerate(asked, start=1):
        repeats = 1 if options.quick else options.repeats or question.repeats
        say(
            f"[{number}/{len(asked)}] {question.title}" + (f", on {about['gpu']}" if device == "cuda" else "")
        )
        row = answer(question, Session(options.data, options.out, repeats, device, options.quick), about)
        _keep(row, options.out, kept=KEPT if not options.quick else None)
        _say_row(row)
        failed += [row["name"]] if row["failure"] else []
    return failed


def answer(question: Question, session: Session, about: dict[str, Any]) -> dict[str, Any]:
    """Answer one question; what goes wrong is its answer."""
    provenance = {
        "commit": machine.commit(), "date": machine.today(), "machine": about, "busy_cores_before": machine.busy_cores(),
        "seed": session.seed, "repeats": session.repeats,
    }  # fmt: skip
    busy = provenance["busy_cores_before"]
    if busy is not None and busy > machine.QUIET_CORES:
        say(f"  other processes keep {busy} cores busy: do not trust these numbers")
    start = time.perf_counter()
    try:
        found: Any = question.measure(session)
    except (SideFailed, NotTheSame, FileNotFoundError) as err:
        # the environment first: it may lie inside the checkout
        found = str(err).replace(sys.prefix, "ENVIRONMENT").replace(str(machine.ROOT), ".")
    provenance["seconds"] = round(time.perf_counter() - start, 1)
    return results.make_row(question, session.device, provenance, found)


def _stop(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt  # as for Ctrl-C: the side that is running must end, too


def _keep(row: dict[str, Any], out: Path, kept: Path | None) -> None:
    """Put the row into this run's results and, unless it is a trial, into those that the page is written from."""
    mine = out / ("results.json" if kept else "trial.json")
    before = results.read(kept) if kept else results.read(mine)
    together = results.with_row(before, row)
    results.write(mine, together)
    if kept:
        results.write(kept, together)
    write_page(together, kept.with_suffix(".md") if kept else out / "trial.md")


def _parse(questions: Sequence[Question]) -> argparse.Namespace:
    names = [question.name for question in questions]
    parser = argparse.ArgumentParser(description="Benchmarks against fastai, in the same run.")
    parser.add_argument(
        "--data", type=Path, required=True, help=f"folder that holds {CATS_DOGS}/train and valid"
    )
    parser.add_argument(
        "--out", type=Path, default=machine.ROOT / "bench-output", help="folder for results and logs"
    )
    parser.add_argument(
        "--only", nargs="+", choices=names, metavar="NAME", help=f"only these: {', '.join(names)}"
    )
    parser.add_argument(
        "--repeats", type=int, metavar="N", help="repeats of each side (default: as each asks for)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="try the harness on a few photos; the numbers are meaningless"
    )
    options = parser.parse_args()
    options.data, options.out = options.data.resolve(), options.out.resolve()
    if not (options.data / CATS_DOGS / "train").is_dir():
        parser.error(
            f"{options.data / CATS_DOGS / 'train'} is not there; --data names the folder above {CATS_DOGS}"
        )
    if options.repeats is not None and options.repeats < 1:
        parser.error("--repeats is 1 or more")
    return options


def _say_where(about: dict[str, Any]) -> None:
    versions = about["versions"]
    say(
        f"{about['processor']}, {about['cores']} cores, {about['memory_gb']} GB"
        + (f", {about['gpu']}" * bool(about["gpu"]))
    )
    say(
        ", ".join(
            f"{name} {versions[name]}" for name in ("python", "torch", "fastai", "onnxruntime", "openvino")
        )
    )


def _say_row(row: dict[str, Any]) -> None:
    if row["failure"]:
        say(f"  NOT ANSWERED: {row['failure']}")
    for line in row["lines"]:
        fault = f" ({line['fault']})" if line["fault"] else ""
        say(f"  = {line['label']}: {line['value']:.3g}{row['unit']}, {line['verdict']}{fault}")
    say(f"  took {row['seconds']:.0f} s")
