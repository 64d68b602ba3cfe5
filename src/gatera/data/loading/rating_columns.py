"""Find users, items and ratings in a table: by the names of columns, then by what is left, then by what they hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError
from gatera.data.loading.row_tables import check_columns, value_column_of
from gatera.program.tables.columns import Kind
from gatera.program.tables.notes import Note

#: What the three columns of a table of ratings hold, in the order in which they are expected.
ROLES = ("user_name", "item_name", "rating_name")

#: The options that name them, and what messages call them.
_OPTIONS = ("user", "item", "rating")
_WORDS = tuple(f"{option}s" for option in _OPTIONS)

#: What the columns of these roles are usually called, in lower case, without "id" and "s" at their end.
USUAL_NAMES = (
    frozenset((
        "user", "customer", "reader", "member", "reviewer", "person", "client", "visitor", "listener", "buyer", "account",
        "uid", "username",
    )),
    frozenset((
        "item", "movie", "film", "book", "product", "song", "track", "artist", "game", "title", "anime", "isbn", "iid", "asin",
        "restaurant", "place", "business", "article", "joke", "hotel", "recipe", "beer", "video", "course",
    )),
    frozenset((
        "rating", "score", "star", "vote", "bookrating", "userrating", "overall", "overallrating", "moviescore", "reviewscore",
    )),
)  # fmt: skip

#: Columns that say when somebody rated, or number the rows.
_OTHER = re.compile(
    r"unnamed: \d+|index|(unix)?(review)?(time)?stamp|(unix|review)?time|date|ts", re.IGNORECASE
)

#: What stands behind the name of a thing: "movie title", "user name".
_OF_A_THING = re.compile(r"(?<=.)(name|title|number|code|key)$")

#: What columns are called that name something else than users and items: an order, a session, an invoice.
_NAMES_SOMETHING = re.compile(
    r".*(?:[ _.-](?i:id|no|nr|number|code|key|uuid|guid)|[a-z](?:Id|ID|No|Nr|Number|Code|Key)|(?i:id))",
    re.DOTALL,
)

#: This many columns of which any could hold the items are probably the items themselves.
_WIDE = 6

#: Ratings have few different values, fewer than half as many as users and items.
_MOST_GRADES = 11


def column_names(
    ratings: Any, given: Sequence[str | None], roles: Sequence[str] = ROLES
) -> tuple[list[str], Note | None]:
    """Return the columns of users, items and ratings, and what was decided where their names do not tell.

    Those that are not given are found by their usual names ("userId", "movie", "stars"). If these tell some, the others are
    what is left; if they tell none, the first, second and third column, unless another one alone holds few different numbers.

    Args:
        ratings: a pandas DataFrame.
        given: three names, None for those to find.
        roles: the arguments that give them, for messages.

    Raises:
        ArgumentError: if a column has two roles.
        DataError: if there are too few columns, one is not there, or several could have a role.
    """
    names = list(ratings.columns)
    if len(names) < len(ROLES):
        raise DataError(
            f"The table has {len(names)} columns",
            got=names,
            expected="one of users, one of items, one of ratings",
        )
    for role, name in zip(roles, given, strict=True):
        if name is not None:
            check_columns(ratings, role, [name])
    usual = [
        name or _usual([n for n in names if n not in given], words) or _usual(names, words)
        for name, words in zip(given, USUAL_NAMES, strict=True)
    ]
    _check_different(usual, roles)
    if None not in usual:
        return [str(name) for name in usual], None
    chosen = _filled(ratings, usual, roles)
    said = listed(f"{word} in {name!r}" for word, name in zip(_WORDS, chosen, strict=True))
    first = usual.index(None)  # the first that was guessed
    return chosen, Note(f"Names do not tell which columns are which: {said}", _OPTIONS[first], chosen[first])


def usual_columns(names: Sequence[str]) -> list[str | None]:
    """Return the columns whose names say that they are users, items and ratings; None for those that are not there."""
    return [_usual(names, words) for words in USUAL_NAMES]


def may_be_ratings(column: Any) -> bool:
    """Whether a column whose name does not say what it is may hold ratings: few words, or numbers that do not name something.

    Args:
        column: a pandas Series.
    """
    kind = value_column_of(column).kind
    if kind in (Kind.EMPTY, Kind.DATE):
        return False
    few = bool(column.nunique() <= _MOST_GRADES)
    return few or (kind is not Kind.TEXT and not _NAMES_SOMETHING.fullmatch(str(column.name).strip()))


def _usual(names: Sequence[str], words: frozenset[str]) -> str | None:
    """Return the column whose name, without "id" at its end, is among `words`: of several the one with "id", else the first."""
    found = [name for name in names if _plain(name) & words]
    return next((name for name in found if name.lower().strip().endswith("id")), found[0] if found else None)


def _plain(name: str) -> set[str]:
    """Return a name in lower case without signs, as it is and without "id", "name" or "s" at its end."""
    bare = re.sub(r"[\W_]", "", name.lower())
    return {
        bare,
        _OF_A_THING.sub("", bare),
        bare.removesuffix("s"),
        bare.removesuffix("id"),
        bare.removesuffix("id").removesuffix("s"),
        bare.removesuffix("ids"),
    }


def _filled(ratings: Any, usual: Sequence[str | None], roles: Sequence[str]) -> list[str]:
    """Return the three columns, where names told some of them, or none."""
    left = [name for name in ratings.columns if name not in usual and not _OTHER.fullmatch(name.strip())]
    chosen = list(usual)
    if chosen[2] is None:
        likely = [name for name in left if any(usual) and may_be_ratings(ratings[name])] or left
        chosen[2] = _grades(ratings, likely, len(likely) - 1 if any(usual) else 2)
        left = [name for name in left if name != chosen[2]]
    missing = [place for place in (0, 1) if chosen[place] is None]
    if len(left) < len(missing) or (len(left) > len(missing) == 1):
        word = _WORDS[missing[0]]
        if len(left) >= _WIDE:
            raise DataError(
                f"The table looks as if it had a row for each user and a column for each item: {len(left)} columns could hold the {word}",
                available=listed(left, 4), expected="a row for each rating: user, item, rating",
                remedy=f"Reshape it (pandas: df.melt), or name all three: {listed(f'{role}=' for role in roles)}.",
            )  # fmt: skip
        raise DataError(
            f"{'Several columns' if left else 'No column'} could hold the {word}", available=listed(left) or None,
            remedy=f"Name all three: {listed(f'{role}=' for role in roles)}.",
        )  # fmt: skip
    for place, name in zip(missing, left, strict=False):
        chosen[place] = name
    return [str(name) for name in chosen]


def _grades(ratings: Any, names: Sequence[str], otherwise: int) -> str | None:
    """Return the column of ratings among columns whose names tell nothing."""
    if not names:
        return None
    usual = names[min(otherwise, len(names) - 1)]
    counts = {
        name: int(ratings[name].nunique()) for name in names
        if value_column_of(ratings[name]).kind in (Kind.WHOLE, Kind.NUMBER)
    }  # fmt: skip
    if not counts or value_column_of(ratings[usual]).kind is Kind.NUMBER:
        return usual
    fewest = min(counts, key=lambda name: counts[name])
    others = [count for name, count in counts.items() if name != fewest]
    plain = counts[fewest] <= _MOST_GRADES and all(2 * counts[fewest] < count for count in others)
    return fewest if plain or usual not in counts else usual


def _check_different(chosen: Sequence[str | None], roles: Sequence[str]) -> None:
    known = [name for name in chosen if name is not None]
    if len(set(known)) < len(known):
        raise ArgumentError(
            "{}, {} and {} are not three columns".format(*roles), got=list(chosen),
            remedy="Name all three: those not named are found by their names.",
        )  # fmt: skip
