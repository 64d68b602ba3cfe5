"""Say what looks like an accident in the words of a table: categories that are probably one, cells that are lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gatera.core.checks import counted, listed
from gatera.core.escape import plain_name, told_apart
from gatera.data.loading.row_tables import value_column_of
from gatera.data.sources.tables import MOST_CATEGORIES
from gatera.program.tables.columns import Kind
from gatera.program.tables.notes import Note

#: What separates the words of lists in a cell.
_LIST_MARKS = (";", "|", ",", "/")

#: Words for yes and no, without blanks and in lower case.
_TRUTHS = {
    **dict.fromkeys(("yes", "y", "true", "t", "1"), True),
    **dict.fromkeys(("no", "n", "false", "f", "0"), False),
}


def alike_labels(labels: Iterable[Any]) -> tuple[list[list[str]], str]:
    """Return groups of labels that are probably one, and why; no groups where all differ.

    Labels that differ only in case, blanks, invisible characters or the notation of accents are alike; where all are words for
    yes and no, those that say the same, too: not letters alone, which are often codes.

    Example:
        >>> alike_labels(["no", "Yes ", "yes", "maybe"]), alike_labels(["Y", "n", "yes"])
        (([['Yes ', 'yes']], 'differ only in case or spaces'), ([['Y', 'yes']], 'say the same'))
    """
    texts = [label for label in labels if isinstance(label, str)]
    plain = [plain_name(text) for text in texts]
    truths = all(word in _TRUTHS for word in plain) and not all(
        len(word) == 1 and word.isalpha() for word in plain
    )
    alike: dict[str | bool, list[str]] = {}
    for text, word in zip(texts, plain, strict=True):
        alike.setdefault(_TRUTHS[word] if truths else word, []).append(text)
    groups = [names for names in alike.values() if len(names) > 1]
    if len(set(plain)) > len(alike):
        return groups, "say the same"
    seen = all(len({"".join(text.split()).casefold() for text in names}) == 1 for names in groups)
    return groups, "differ only in case or spaces" if seen else "look nearly the same"


def alike_categories(frame: Any, names: Sequence[str]) -> Iterator[Note]:
    """Yield a note for each column of categories in which some are probably one; see `alike_labels`.

    Args:
        frame: a pandas DataFrame.
        names: its columns of categories.
    """
    for name in names:
        if value_column_of(frame[name]).kind is not Kind.TEXT:
            continue
        groups, why = alike_labels(sorted(set(frame[name].dropna().tolist()), key=str))
        if groups:
            said = listed((" and ".join(map(told_apart, group)) for group in groups), 4)
            yield Note(
                f"In {name} {said} {why}, and are treated as different; write them the same way if they are the same"
            )


def single_classes(frame: Any, target: str) -> Note | None:
    """Return a note if most rows have a class of their own, as where numbers are written in a way that is not read: "2_500", '="12"'.

    Args:
        frame: a pandas DataFrame without rows that have no target.
        target: the column to predict, of classes.
    """
    counts = frame[target].value_counts()
    single = counts.index[counts == 1]
    if len(counts) <= MOST_CATEGORIES or 2 * len(single) <= len(frame):
        return None
    first = next(cell for cell in frame[target].tolist() if cell in single)
    said = f"{target} has {len(counts):,} different values in {len(frame):,} rows, and each is a class, e.g. {str(first)!r}"
    if not any(character.isdecimal() for character in str(first)):
        return Note(said)
    return Note(f"{said}; if they are numbers, write them as 1234.5")


def lists_in_cells(frame: Any, names: Sequence[str], target: str) -> Iterator[Note]:
    """Yield a note for each column of categories whose cells are lists of the same few words: "red;blue" beside "red".

    Args:
        frame: a pandas DataFrame.
        names: its columns of categories.
        target: the column to predict.
    """
    for name in names:
        if frame[name].dtype.kind in "biufcM":
            continue
        labels = [label for label in frame[name].unique().tolist() if isinstance(label, str)]
        for mark in _LIST_MARKS:
            lists = [label for label in labels if mark in label]
            split = [[part.strip() for part in label.split(mark)] for label in labels]
            parts = {part for words in split for part in words}
            if len(lists) > 1 and len(parts) < len(labels) and not _are_fields(split):
                what = "class" if name == target else "category"
                said = f"{name} has lists such as {lists[0]!r}; each list is one {what} of {len(labels)}"
                yield Note(
                    f"{said}, though they hold the same {counted(len(parts), 'word')}; to learn from the words, give each its own yes/no column"
                )
                break


def _are_fields(split: Sequence[Sequence[str]]) -> bool:
    """Whether parts of texts are fields, each with a meaning of its own: "Salem, OR" and "120/80", but not "red;blue"."""
    if len(set(map(len, split))) > 1:
        return False
    fields = [set(field) for field in zip(*split, strict=True)]
    numbers = [all(part[:1].isdecimal() for part in field) for field in fields]
    return any(numbers) or sum(map(len, fields)) == len(set().union(*fields))
