"""Do the tests notice a broken line? Breaks lines chosen at random, one at a time, and runs the tests on each.

    python tests/mutation/mutate.py                       40 lines, spread over the rooms
    python tests/mutation/mutate.py --count 10 --seed 3   other lines
    python tests/mutation/mutate.py --room data           lines of one room

For each broken line, the tests of the same name run first, then those of its room, then all of them: most breaks are found
in seconds. The source is copied; nothing in the checkout is changed. Exit status 1 if more than one line in twenty goes
unnoticed.

A line that these pass is asked of the rules of the house (tests/architecture, part of `make test`: records are frozen), then of
mypy (part of `make check`: a function that promises an answer returns None), since no such line would get in. Each row says which
of the three noticed, and the last one counts them apart.

Passed over is what cannot change anything by a rule of Python: annotations, what only type checkers read, `repr=` of a dataclass
that has a `__repr__` of its own, and zip's own check of lengths.

All tests take minutes for each line that few notice. With a record of which test runs which line, only those that run the
broken one are asked, wherever they are, in a process forked from one that has imported the libraries already:

    pip install pytest-cov
    python -m pytest -m "not whole" --cov=src/gatera --cov-context=test --cov-report=
    python tests/mutation/mutate.py --covered .coverage
"""

from __future__ import annotations

import argparse
import ast
import atexit
import functools
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import forked

ROOT = Path(__file__).parents[2]
SOURCE, TESTS = ROOT / "src" / "gatera", ROOT / "tests"
#: What else refuses a broken line, beside the tests that run it.
RULES, MYPY = TESTS / "architecture", "mypy"
#: Seconds after which a run counts as one that noticed: a break that makes a loop endless is one that people would see.
PATIENCE = 1800

COMPARISONS = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
ARITHMETIC = {ast.Add: "-", ast.Sub: "+", ast.Mult: "+", ast.Div: "*", ast.FloorDiv: "*", ast.Mod: "*"}


@dataclass(frozen=True)
class Mutation:
    """One broken line: `start` to `end` (columns in bytes) of a line of a file, replaced by `text`."""

    path: Path
    line: int
    start: int
    end: int
    text: str

    def apply(self, source: str) -> str:
        """Return the source with the line broken."""
        lines = source.split("\n")
        line = lines[self.line - 1].encode()
        lines[self.line - 1] = (line[: self.start] + self.text.encode() + line[self.end :]).decode()
        return "\n".join(lines)

    @property
    def room(self) -> str:
        """The room that the file belongs to."""
        return self.path.relative_to(SOURCE).parts[0]


def mutations(path: Path) -> Iterator[Mutation]:
    """Yield every way in which this script can break a file, one small change each."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    quiet = _quiet_nodes(tree)
    lines = path.read_text(encoding="utf-8").split("\n")
    for node in ast.walk(tree):
        if id(node) not in quiet and getattr(node, "lineno", 0) == getattr(node, "end_lineno", 1):
            found = _broken(node, lines)
            if found is not None:
                yield Mutation(path, node.lineno, *found)


def _quiet_nodes(tree: ast.Module) -> set[int]:
    """Nodes that no test can notice: annotations, imports, error messages, and what only type checkers read."""
    quiet = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if for_types or isinstance(node, ast.Import | ast.ImportFrom | ast.Raise):
            parts = [node]
        elif isinstance(node, ast.arg | ast.AnnAssign):
            parts = [node.annotation]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            parts = [node.returns]
        elif isinstance(node, ast.ClassDef) and any(
            getattr(each, "name", "") == "__repr__" for each in node.body
        ):
            # a dataclass ignores repr= where the class has a __repr__ of its own
            parts = [
                word.value
                for each in node.decorator_list
                for word in getattr(each, "keywords", ())
                if word.arg == "repr"
            ]
        elif (
            isinstance(node, ast.keyword) and node.arg == "strict"
        ):  # zip's own check of lengths that always agree
            parts = [node.value]
        quiet |= {id(child) for part in parts if part is not None for child in ast.walk(part)}
    return quiet


def _broken(node: ast.AST, lines: list[str]) -> tuple[int, int, str] | None:
    """Return (start, end, new text) for a node that can be broken, else None."""
    line = lines[getattr(node, "lineno", 1) - 1].encode()
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _between(node.left, node.comparators[0], COMPARISONS.get(type(node.ops[0])), line)
    if isinstance(node, ast.BinOp):
        return _between(node.left, node.right, ARITHMETIC.get(type(node.op)), line)
    if isinstance(node, ast.BoolOp) and len(node.values) == 2:
        return _between(node.values[0], node.values[1], "or" if isinstance(node.op, ast.And) else "and", line)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return node.col_offset, node.col_offset + len("not "), ""
    if isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
        return node.value.col_offset, node.value.end_col_offset or 0, "None"
    if isinstance(node, ast.Constant) and type(node.value) in (int, float, bool):
        return node.col_offset, node.end_col_offset or 0, str(_another(node.value))
    return None


def _another(value: int | float | bool) -> int | float | bool:
    """Return a value that is wrong: one more, or 0 for a number beyond 2, of which one more is often a matter of taste."""
    if isinstance(value, bool):
        return not value
    return value + 1 if abs(value) <= 2 else 0


def _between(left: ast.expr, right: ast.expr, text: str | None, line: bytes) -> tuple[int, int, str] | None:
    start, end = left.end_col_offset or 0, right.col_offset
    between = line[start:end]
    if text is None or b"(" in between or b")" in between:
        return None
    return start, end, f" {text} "


def choose(count: int, seed: int, room: str | None) -> list[Mutation]:
    """Choose lines at random, as many from each room as its share of breakable lines, at least one from each."""
    by_room = _mutations_by_room()
    rooms = [room] if room else sorted(by_room)
    chance = random.Random(seed)
    chosen = [chance.choice(by_room[name]) for name in rooms][:count]
    rest = [mutation for name in rooms for mutation in by_room[name] if mutation not in chosen]
    return chosen + chance.sample(rest, min(len(rest), count - len(chosen)))


@functools.cache
def _mutations_by_room() -> dict[str, list[Mutation]]:
    by_room: dict[str, list[Mutation]] = defaultdict(list)
    for path in sorted(SOURCE.rglob("*.py")):
        if path.name not in ("all.py", "__init__.py", "__main__.py") and "samples" not in path.parts:
            for mutation in mutations(path):
                by_room[mutation.room].append(mutation)
    return by_room


def tests_of(mutation: Mutation, covered: Path) -> tuple[list[str], list[str]]:
    """Return the tests that run a line, and those that run any of its file, by a record of coverage with a context for each test.

    A line that runs at import has none of the first kind.
    """
    from coverage import CoverageData

    data = CoverageData(str(covered))
    data.read()
    ending = mutation.path.relative_to(ROOT).as_posix()
    by_line = [
        data.contexts_by_lineno(path)
        for path in data.measured_files()
        if Path(path).as_posix().endswith(ending)
    ]
    of_line = [found.get(mutation.line, []) for found in by_line]
    of_file = [contexts for found in by_line for contexts in found.values()]
    return _names(of_line), _names(of_file)


def _names(contexts: Iterable[list[str]]) -> list[str]:
    """Return the tests in contexts; what ran at import has an empty one."""
    return sorted({name.rpartition("|")[0] for each in contexts for name in each} - {""})


def steps(mutation: Mutation, last: str, covered: Path | None) -> Iterator[list[str]]:
    """Yield the pytest arguments to try, cheapest first."""
    inner = mutation.path.relative_to(SOURCE)
    same = TESTS / inner.parent / f"test_{inner.name}"
    if same.exists():
        yield [str(same), "-n", "0"]
    if covered is not None:
        of_line, of_file = tests_of(mutation, covered)
        if of_line:
            yield of_line
            return
        if of_file:  # of a line that runs at import: these first, since any test may be the one
            yield of_file
    if last != "file" and (TESTS / mutation.room).exists():
        yield [str(TESTS / mutation.room)]
    if last == "all":
        yield [str(TESTS)]


def noticed_by(mutation: Mutation, last: str, covered: Path | None = None) -> str | None:
    """Break the line in a copy of the source, run the tests and the checks, and return what noticed; None if nothing did."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "src"
        shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"))
        broken = copy / mutation.path.relative_to(ROOT / "src")
        broken.write_text(mutation.apply(broken.read_text(encoding="utf-8")), encoding="utf-8")
        run = _run_forked if covered is not None and hasattr(os, "fork") else _run_anew
        for arguments in [*steps(mutation, last, covered), [str(RULES), "-n", "0"]]:
            status = run(arguments, copy, Path(folder) / "log")
            if status is None:
                return f"{PATIENCE} s without an end"
            if status not in (0, 5):  # 5: no test was there to run
                first = Path(arguments[0])
                return str(first.relative_to(ROOT) if first.is_absolute() else first)
        return None if _types_agree(copy.parent) else MYPY


@functools.cache
def _known_types() -> Path:
    """Return a folder of what mypy found in the source as it is: then it reads only what a broken line can have changed."""
    folder = Path(tempfile.mkdtemp(prefix="mutation-mypy-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if not _types_agree(ROOT, folder):
        raise RuntimeError(f"{MYPY} has complaints before any line is broken. Run make check")
    return folder


def _types_agree(folder: Path, known: Path | None = None) -> bool:
    """Return whether mypy has nothing against the package in `folder / "src"`."""
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    command += ["--cache-dir", str(known or _known_types())]
    status = subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode
    if status not in (0, 1):
        raise RuntimeError(f"{MYPY} ended with status {status}")
    return status == 0


def _run_forked(arguments: list[str], source: Path, log: Path) -> int | None:
    forked.warm_up()
    return forked.run_tests(arguments, source, ROOT, log, PATIENCE)


def _run_anew(arguments: list[str], source: Path, log: Path) -> int | None:
    """Run pytest in a new process, in as many as the machine has cores; return its status, None after `PATIENCE`."""
    environment = os.environ | {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *arguments]
    with log.open("wb") as stream:
        try:
            return subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                stdout=stream,
                stderr=stream,
                timeout=PATIENCE,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            return None


def main(arguments: list[str] | None = None) -> int:
    """Break lines, print what noticed each, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=40, help="lines to break (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="which lines (default: %(default)s)")
    parser.add_argument("--room", help="only lines of this room")
    parser.add_argument(
        "--last", choices=("file", "room", "all"), default="all",
        help="how far to look before a line counts as unnoticed (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--covered",
        type=Path,
        metavar="FILE",
        help="a record of coverage: ask only the tests that run the line",
    )
    options = parser.parse_args(arguments)
    chosen = choose(options.count, options.seed, options.room)
    counts: Counter[str] = Counter()
    for mutation in chosen:
        began = time.monotonic()
        found = noticed_by(mutation, options.last, options.covered)
        counts[_kind(found)] += 1
        where = f"{mutation.path.relative_to(ROOT)}:{mutation.line}"
        source = mutation.path.read_text(encoding="utf-8")
        line = mutation.apply(source).split("\n")[mutation.line - 1].strip()
        print(f"{found or 'NOT NOTICED'} ({time.monotonic() - began:.0f} s)  {where}  {line}", flush=True)
    missed = counts["nothing"]
    print(f"{len(chosen) - missed} of {len(chosen)} broken lines were noticed: {_counted(counts)}")
    return int(missed > len(chosen) / 20)


def _kind(found: str | None) -> str:
    """Return which of the checks noticed."""
    if found is None or found == MYPY:
        return found or "nothing"
    return "rules of the house" if found == str(RULES.relative_to(ROOT)) else "tests"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[kind]} by {kind}" for kind in ("tests", "rules of the house", MYPY))


if __name__ == "__main__":
    sys.exit(main())
