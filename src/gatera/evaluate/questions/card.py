"""Write tests on sealed sets into the cards of the programs that were measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gatera.core.checks import counted
from gatera.core.errors import GateraError
from gatera.core.escape import shell_quote
from gatera.evaluate.questions.sealed import TestSet
from gatera.program.archive import CARD
from gatera.program.package import change_card, read_package

#: The section of a card that tests on sealed sets are written into.
HEADING = "## Tests on sealed sets"


def note_in_card(program: str | Path, test_set: TestSet, result: Sequence[str]) -> str:
    """Append a test to the card in a program file; nothing else of the program changes.

    Args:
        program: the program file.
        test_set: the set, already opened.
        result: what was measured, in words, a sentence each.

    Returns:
        What was done, in words: also that the file could not be changed, and why.
    """
    path = Path(program)
    try:
        package = read_package(path)
        card = package.read(CARD).decode("utf-8", errors="replace") if CARD in package.names else ""
        change_card(path, with_test(card or f"# {_name(path.stem)}\n", line_of(test_set, result)))
    except (OSError, GateraError) as err:
        why = err.strerror if isinstance(err, OSError) else str(err)
        return f"The card of {path.name} does not mention this test: the file could not be changed ({why})."
    return f"The card of {path.name} now mentions this test (gatera info {shell_quote(path.name)} shows it); its network and its answers are unchanged."


def line_of(test_set: TestSet, result: Sequence[str]) -> str:
    """Return the line of a card about the latest opening of a test set."""
    openings = test_set.openings
    times = "opened once" if len(openings) == 1 else f"opened {len(openings):,} times"
    said = " ".join(" ".join(result).split()) or "not measured."
    day = str(openings[-1]["opened"])[:10]
    return f"- {day}: {_name(test_set.folder.name)}, {counted(test_set.count, 'file')}, seal {test_set.digest[:16]}, {times}: {said}"


def _name(text: str) -> str:
    """Return a name as a Markdown code span on one line."""
    return "`" + " ".join(text.replace("`", "'").split()) + "`"


def with_test(card: str, line: str) -> str:
    """Return a card with one more line in its section of tests, which is made at the end if there is none.

    Example:
        >>> with_test(with_test("# a\\n", "- one"), "- two")
        '# a\\n\\n## Tests on sealed sets\\n\\n- one\\n- two\\n'
    """
    lines = card.rstrip().split("\n")
    if HEADING not in lines:
        return "\n".join([*lines, "", HEADING, "", line]) + "\n"
    start = lines.index(HEADING) + 1
    end = next((place for place in range(start, len(lines)) if lines[place].startswith("#")), len(lines))
    while not lines[end - 1].strip():
        end -= 1
    return "\n".join([*lines[:end], line, *lines[end:]]) + "\n"
