"""What a server answered about items: the log that `gatera serve --log` writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from gatera.core.errors import DataError
from gatera.studio.guesses import Guess
from gatera.studio.places.place import Place


def served_items(place: Place, log: Path) -> dict[str, Guess]:
    """Return what was last answered about items, by their names.

    An item is found by the hash of its file, which a data repository knows and which is its name in the log's own folder of inputs;
    else by the name that the client called it.

    Args:
        place: the items.
        log: the folder of the log.

    Raises:
        DataError: if it is not the log of a server.
    """
    by_hash = {PurePosixPath(name).stem: name for name in place.names if len(PurePosixPath(name).stem) == 64}
    by_hash |= place.hashes()
    by_name = {PurePosixPath(name).name: name for name in place.names}
    found = {}
    for line in _lines(log):
        answer, probability = line.get("answer"), line.get("probability")
        called = PurePosixPath(str(line.get("name", "")).replace("\\", "/")).name
        name = by_hash.get(str(line.get("input"))) or by_name.get(called)
        if name is None or not isinstance(answer, str):
            continue
        program = str(line.get("program", "program"))
        p = float(probability) if isinstance(probability, int | float) else 0.0
        found[name] = Guess(answer, p, program, f"program:{program}")
    return found


def _lines(log: Path) -> Iterator[dict[str, Any]]:
    """Yield the answers, oldest first; a line that a crash cut off is passed over."""
    answers = log / "answers"
    if not answers.is_dir():
        raise DataError(
            f"{log} is not the log of a server", expected="a folder that gatera serve --log wrote"
        )
    for path in sorted(answers.glob("*.jsonl")):
        for line in path.read_bytes().split(b"\n"):
            if line.startswith(b"{") and line.endswith(b"}"):
                try:
                    yield json.loads(line)
                except ValueError:
                    continue
