"""What a server answered about items: the log that `gatera serve --log` writes."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from gatera.core.errors import DataError
from gatera.core.files import sha256_file
from gatera.core.lazy import later
from gatera.studio.guesses import Guess
from gatera.studio.places.place import Place

#: What reads the log; imported only where there is one.
READ = ("gatera.serve.log.answers", "read_answers")


def served_items(place: Place, log: Path) -> dict[str, Guess]:
    """Return what was last answered about items, by their names; the label is "" where the server did not know.

    An item is found by the hash of its file, which a data repository knows and which is its name in the log's own folder of inputs;
    else among the files of the name that the client called it, whose hashes are looked at: names occur more than once.

    Args:
        place: the items.
        log: the folder of the log.

    Raises:
        DataError: if it is not the log of a server.
    """
    by_hash = {PurePosixPath(name).stem: name for name in place.names if len(PurePosixPath(name).stem) == 64}
    by_hash |= place.hashes()
    by_name: dict[str, list[str]] = {}
    for name in place.names:
        by_name.setdefault(PurePosixPath(name).name, []).append(name)
    found = {}
    for entry in later(*READ)(log):
        called = PurePosixPath(str(entry.name or "").replace("\\", "/")).name
        for each in by_name.pop(called, ()):  # each is read once
            by_hash[_hash_of(place, each)] = each
        item = by_hash.get(entry.input)
        if item is not None and isinstance(entry.answer, str | None):
            found[item] = Guess(
                entry.answer or "", float(entry.probability or 0.0), entry.program, f"program:{entry.program}", str(entry.time or "")
            )  # fmt: skip
    return found


def _hash_of(place: Place, name: str) -> str:
    try:
        return sha256_file(place.path(place.places[name]))
    except (OSError, DataError):
        return ""
