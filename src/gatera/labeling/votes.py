"""What labelling functions say: one class, several, "not this class", or nothing; and the matrix of all their votes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final

import numpy as np

from gatera.core.checks import did_you_mean, is_missing, listed
from gatera.core.errors import ArgumentError, DataError

#: The number of an abstention in a matrix of votes.
NO_VOTE = -1


class Abstain:
    """The type of `ABSTAIN`: a function has nothing to say about an item."""

    def __repr__(self) -> str:
        return "ABSTAIN"


#: Texts that are not a class unless `classes` says so: ABSTAIN in quotes, Snorkel's number for it, and what `str` makes of a missing cell.
NOT_CLASSES = ("abstain", "-1", "nan", "<na>", "nat")

#: What a labelling function returns where it has nothing to say.
ABSTAIN: Final = Abstain()


class Not:
    """A vote that an item is none of these classes.

    Args:
        labels: the classes that are ruled out.

    Example:
        >>> Not("cat")
        Not('cat')
    """

    def __init__(self, *labels: Hashable) -> None:
        if not labels:
            raise ArgumentError("Not() names no class", remedy='For example Not("cat").')
        self.labels = labels

    def __repr__(self) -> str:
        return f"Not({', '.join(map(repr, self.labels))})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Not) and set(other.labels) == set(self.labels)

    def __hash__(self) -> int:
        return hash(frozenset(self.labels))


@dataclass(frozen=True)
class Said:
    """A vote in plain values, as it is kept on disk.

    Attributes:
        labels: the classes that it names; empty for an abstention.
        negated: whether it rules these out.
    """

    labels: tuple[Any, ...] = ()
    negated: bool = False

    @classmethod
    def of(cls, vote: Any) -> Said:
        """Return what a function returned.

        Raises:
            DataError: if that is not a vote.
        """
        if vote is ABSTAIN or vote is None:
            return cls()
        if isinstance(vote, Not):
            return cls(tuple(_label(label) for label in vote.labels), negated=True)
        if isinstance(vote, np.ndarray) and not vote.ndim:
            vote = vote.item()
        if isinstance(vote, set | frozenset | list | tuple | np.ndarray):
            labels = {_label(label): None for label in vote}
            return cls(tuple(sorted(labels, key=str)))
        return cls((_label(vote),))


def _label(value: Any) -> Any:
    label = plain_label(value)
    if not isinstance(label, str | bool | int):
        raise DataError(
            "a vote is not a class", got=value,
            expected='a class (text, bool or int), several in a list or set, Not("class"), or ABSTAIN',
        )  # fmt: skip
    if isinstance(label, str) and not label.strip():  # of an empty cell, say: in labels.csv it is no label
        raise DataError("a vote is an empty text", got=label, expected="a class, or ABSTAIN for none")
    return label


def plain_label(value: Any) -> Any:
    """Return a label without numpy's or an enumeration's type: `str` of a member that is text is its name in the code, not the text.

    Example:
        >>> import enum
        >>> Kind = enum.Enum("Kind", {"CAT": "cat"}, type=str)
        >>> str(Kind.CAT), plain_label(Kind.CAT)
        ('Kind.CAT', 'cat')
    """
    if isinstance(value, np.generic):
        return value.item()
    return value.value if isinstance(value, Enum) and isinstance(value, str | int) else value


@dataclass(frozen=True)
class Faults:
    """How often a function failed, and how it did first.

    Attributes:
        count: number of items on which it failed; these count as abstentions.
        first: the first message, with the item's name.
    """

    count: int = 0
    first: str = ""


@dataclass(frozen=True)
class Votes:
    """The votes of m functions on n items.

    Attributes:
        matrix: for each item and function the number of what was said, int32 [n,m]; -1 where it abstained. A number below K is
            that class; larger ones stand for several classes and are looked up in `allowed`.
        classes: the K classes.
        allowed: for each number which classes it leaves possible, bool [numbers,K]; the first K rows are single classes.
        functions: the functions' names [m].
        versions: the versions of the functions [m]: 8 hexadecimal digits of the hash of their source, or "".
        items: what messages call the items [n]; empty for their positions.
        faults: how often each function failed [m].
        kept: votes that were there from an earlier run.
    """

    matrix: np.ndarray
    classes: tuple[Any, ...]
    allowed: np.ndarray
    functions: tuple[str, ...]
    versions: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    faults: tuple[Faults, ...] = ()
    kept: int = field(default=0, compare=False)

    @classmethod
    def from_matrix(
        cls,
        matrix: Any,
        classes: Sequence[Any] | int | None = None,
        functions: Sequence[str] | None = None,
    ) -> Votes:
        """Take a matrix of class numbers, as Snorkel has it.

        Args:
            matrix: whole numbers [n,m]: -1 for an abstention, else the number of a class.
            classes: the classes, or how many there are; None for 0 to the largest number.
            functions: the functions' names.

        Raises:
            ArgumentError: if the matrix is not of this form.

        Example:
            >>> Votes.from_matrix([[0, -1], [1, 1]], ["cat", "dog"]).voted.tolist()
            [[True, False], [True, True]]
        """
        numbers = np.asarray(matrix)
        whole = numbers.ndim == 2 and numbers.dtype.kind in "iu"
        if not whole or not numbers.size or int(numbers.min()) < NO_VOTE:
            raise ArgumentError(
                "votes are not a matrix of class numbers",
                got=f"{numbers.dtype} {list(numbers.shape)}" if not whole or not numbers.size else int(numbers.min()),
                expected="whole numbers [items, functions], -1 for an abstention",
            )  # fmt: skip
        largest = int(numbers.max())
        names = tuple(range(max(2, largest + 1))) if classes is None else _names(classes)
        if largest >= len(names) or len(names) < 2:
            raise ArgumentError(
                "votes hold a class that is not in classes" if len(names) > 1 else "there is only one class",
                got=largest, expected=f"numbers below {max(2, len(names))}", remedy="Pass all classes.",
            )  # fmt: skip
        m = numbers.shape[1]
        named = tuple(f"function {j + 1}" for j in range(m)) if functions is None else tuple(functions)
        if len(named) != m:
            raise ArgumentError(
                "functions must name every column of the votes", got=len(named), expected=f"{m} names"
            )
        return cls(numbers.astype(np.int32), names, np.eye(len(names), dtype=bool), named)

    @property
    def voted(self) -> np.ndarray:
        """Whether a function said something, bool [n,m]."""
        return self.matrix != NO_VOTE

    @property
    def covered(self) -> np.ndarray:
        """Whether at least one function said something, bool [n]."""
        return np.asarray(self.voted.any(axis=1))

    def __len__(self) -> int:
        return len(self.matrix)

    def __repr__(self) -> str:
        n, m = self.matrix.shape
        share = float(self.covered.mean()) if n else 0.0
        return f"<Votes: {n:,} items, {m} functions, {len(self.classes)} classes: {listed(self.classes, 5)}; {100 * share:.0f} % of the items have a vote>"

    def name(self, position: int) -> str:
        """Return what messages call an item."""
        return self.items[position] if self.items else f"item {position + 1}"

    def subset(self, positions: Any) -> Votes:
        """Return the votes on some of the items."""
        chosen = np.asarray(positions)
        kept = tuple(self.items[i] for i in np.arange(len(self))[chosen]) if self.items else ()
        return replace(self, matrix=self.matrix[chosen], items=kept)

    def class_numbers(self, labels: Sequence[Any], argument: str = "gold") -> np.ndarray:
        """Return the numbers of labels [n], int64; -1 for None, an empty text, NaN or pandas' NA.

        Raises:
            ArgumentError: if there are not n of them, or one is not a class.
        """
        if len(labels) != len(self):
            raise ArgumentError(
                f"{argument} must have one label per item",
                got=len(labels),
                expected=f"{len(self)}, None where unknown",
            )
        numbers = {label: number for number, label in enumerate(self.classes)}
        found = np.full(len(self), NO_VOTE, dtype=np.int64)
        for place, raw in enumerate(labels):
            label = plain_label(raw)
            if is_missing(label):
                continue
            if label not in numbers:
                raise ArgumentError(
                    f"{argument}: {self.name(place)} has a label that is not a class", got=label, available=listed(self.classes),
                    remedy=did_you_mean(label, [known for known in self.classes if isinstance(known, str)]),
                )  # fmt: skip
            found[place] = numbers[label]
        return found


def _names(classes: Sequence[Any] | int) -> tuple[Any, ...]:
    names = (
        tuple(range(classes)) if isinstance(classes, int) else tuple(plain_label(name) for name in classes)
    )
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ArgumentError("classes name one more than once", got=twice[0], expected="each class once")
    return names


def classes_in(said: Iterable[Said], failed: str = "") -> tuple[Any, ...]:
    """Return the classes that votes name, sorted.

    Args:
        said: the votes.
        failed: how functions failed, in words; "" where none did.

    Raises:
        DataError: if there are fewer than two, they are of several types, or one means that there is no vote: -1, "abstain", "nan".
    """
    found = {label: None for vote in said for label in vote.labels}
    kinds = {type(label).__name__ for label in found}
    if len(kinds) > 1:
        raise DataError(
            f"Functions vote with classes of different types: {listed(sorted(kinds))}", got=list(found)[:8],
            remedy="Return text everywhere.",
        )  # fmt: skip
    if NO_VOTE in found:
        raise DataError(
            "Functions vote for -1, which means an abstention in Snorkel and is a class here", got=list(found)[:8],
            remedy='Return ABSTAIN (or None) where a function has nothing to say; if -1 is a class, pass all of them: classes=[-1, 1], or return text ("-1").',
        )  # fmt: skip
    odd = [label for label in found if isinstance(label, str) and label.casefold() in NOT_CLASSES]
    if odd:
        raise DataError(
            f"Functions vote for the text {listed(map(repr, odd))}, which means that there is no vote", got=list(found)[:8],
            remedy="Return ABSTAIN (from gatera.labeling, without quotes) or None where a function has nothing to say; if it is a class, give it another name, or pass all of them: classes=[...].",
        )  # fmt: skip
    if len(found) < 2:
        raise DataError(
            f"The functions name fewer than two classes{f', and {failed}' if failed else ''}", got=list(found),
            remedy="Fix the function." if failed else 'Write a function for another class, or pass all of them: classes=["cat", "dog"].',
        )  # fmt: skip
    return tuple(sorted(found))


def encode(columns: Sequence[Sequence[Said]], classes: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the matrix of votes, int32 [n,m], and what its numbers allow, bool [numbers,K].

    Args:
        columns: for each function its votes, [m][n]. Their labels are known to be classes.
        classes: the K classes.
    """
    place = {label: number for number, label in enumerate(classes)}
    allowed = [tuple(number == k for k in range(len(classes))) for number in range(len(classes))]
    numbers: dict[tuple[bool, ...], int] = {row: number for number, row in enumerate(allowed)}
    known: dict[Said, int] = {}

    def number_of(vote: Said) -> int:
        marks = np.full(len(classes), vote.negated)
        marks[[place[label] for label in vote.labels]] = not vote.negated
        if marks.all() or not marks.any():  # it says nothing
            return NO_VOTE
        return numbers.setdefault(tuple(marks.tolist()), len(numbers))

    matrix = np.full((len(columns[0]) if columns else 0, len(columns)), NO_VOTE, dtype=np.int32)
    for j, column in enumerate(columns):
        for i, vote in enumerate(column):
            if vote.labels:
                if vote not in known:
                    known[vote] = number_of(vote)
                matrix[i, j] = known[vote]
    return matrix, np.array(list(numbers), dtype=bool)


def check_labels(vote: Said, classes: Mapping[Any, int]) -> None:
    """Raise DataError if a vote names what is not a class."""
    for label in vote.labels:
        if label not in classes:
            raise DataError(
                "a vote names an unknown class", got=label, available=listed(classes),
                remedy=did_you_mean(label, [known for known in classes if isinstance(known, str)]),
            )  # fmt: skip
