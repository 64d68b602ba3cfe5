"""What a server answered about items: the log that `gatera serve --log` writes."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from gatera.core.lazy import later
from gatera.studio.guesses import Guess
from gatera.studio.places.place import Place

#: What reads the log; imported only where there is one.
READ = ("gatera.serve.log.answers", "read_answers")


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
    for entry in later(*READ)(log):
        called = PurePosixPath(str(entry.name or "").replace("\\", "/")).name
        name = by_hash.get(entry.input) or by_name.get(called)
        if name is not None and isinstance(entry.answer, str):
            found[name] = Guess(
                entry.answer, float(entry.probability or 0.0), entry.program, f"program:{entry.program}"
            )
    return found
