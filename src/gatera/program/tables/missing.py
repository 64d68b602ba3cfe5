"""Words for a missing value: which cells of a column of numbers or truth values count as empty."""

from __future__ import annotations

#: Words for "no value" in a column of numbers or truth values, in lower case. In every other column they are values.
#: Sources: Excel's errors; what pandas.read_csv takes for missing (pandas 2 and 3), "?" of the UCI repository, "." of SAS and Stata.
MISSING_WORDS = frozenset(
    ("", "#div/0!", "#name?", "#null!", "#num!", "#ref!", "#value!", "#n/a", "#n/a n/a", "#na", "-1.#ind", "-1.#qnan", "-nan", "1.#ind", "1.#qnan", "<na>", "n/a", "na", "nan",
     "none", "null", "?", "-", ".")
)  # fmt: skip

#: A cell with blanks around such a word may be a little longer.
_LONGEST_WORD = 40


def is_missing_word(text: str) -> bool:
    """Whether a text stands for "no value" in a column of numbers."""
    return len(text) <= _LONGEST_WORD and text.strip().lower() in MISSING_WORDS
