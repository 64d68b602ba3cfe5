"""Texts that stand for something: words for a missing value, and dates."""

from __future__ import annotations

import re
from functools import lru_cache

#: Words for "no value" in a column of numbers or truth values, in lower case. In every other column they are values.
#: Sources: Excel's errors; what pandas.read_csv takes for missing (pandas 2 and 3), "?" of the UCI repository, "." of SAS and Stata.
MISSING_WORDS = frozenset(
    ("", "#div/0!", "#name?", "#null!", "#num!", "#ref!", "#value!", "#n/a", "#n/a n/a", "#na", "-1.#ind", "-1.#qnan", "-nan", "1.#ind", "1.#qnan", "<na>", "n/a", "na", "nan",
     "none", "null", "?", "-", ".")
)  # fmt: skip

#: A cell with blanks around such a word may be a little longer.
_LONGEST_WORD = 40

#: A time zone behind a blank, as Rails, Shopify and BigQuery write it ("12:30:00 +0100", "12:30:00 UTC"), or by its name.
_ZONE_APART = re.compile(r"(:\d\d(?:\.\d+)?) ?(?:UTC|GMT|Z|([+-]\d\d(?::?\d\d)?))$", re.ASCII)

#: A day, perhaps with a time, as ISO 8601 has them; of its weeks the forms with hyphens.
_ISO = re.compile(
    r"\d{4}-(?:\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(?:Z|UTC|GMT|[+-]\d{2}(:?\d{2})?))?)?|W\d{2}(?:-\d)?)",
    re.ASCII,
)

_BLANKS = re.compile(" +")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY, _YEAR = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?", r"(?P<year>\d{4})"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?,? )?"
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d(?:\.\d+)?))?(?: ?(?P<half>[ap])\.?m\.?)?"
_ZONE = r"(?: ?(?:(?:UTC|GMT|Z)(?![+-])|(?:UTC|GMT)?(?P<offset>[+-]\d\d:?\d\d))(?P<zoned>)(?: \([^()]*\))?)?"

#: Dates with the English name of the month, which no country reads otherwise: as e-mail and the web write them (RFC 5322, RFC 9110),
#: people, and with the year at the end, `date` and Twitter. `gatera/browser/static/js/table/dates.js` has the same.
_IN_WORDS = tuple(
    re.compile(_WEEKDAY + form, re.IGNORECASE | re.ASCII)
    for form in (
        rf"{_DAY}[ -]{_MONTH},?[ -]{_YEAR}(?:,? (?:at )?{_CLOCK}{_ZONE})?",
        rf"{_MONTH} {_DAY},? {_YEAR}(?:,? (?:at )?{_CLOCK}{_ZONE})?",
        rf"{_MONTH} {_DAY} {_CLOCK}{_ZONE} {_YEAR}",
    )
)


def is_missing_word(text: str) -> bool:
    """Whether a text stands for "no value" in a column of numbers."""
    return len(text) <= _LONGEST_WORD and text.strip().lower() in MISSING_WORDS


def is_date_text(text: str) -> bool:
    """Whether a text is a date that a table's own values say is one: as ISO 8601 has it, or with the English name of its month.

    Example:
        >>> is_date_text("2024-02-29"), is_date_text("Thu, 29 Feb 2024 12:30:00 GMT"), is_date_text("29/02/2024")
        (True, True, False)
    """
    text = text.strip()
    return bool(_ISO.fullmatch(text)) or _in_words(text) is not None


@lru_cache(maxsize=4096)
def iso_of(text: str) -> str:
    """Return a date's text as ISO 8601 has it, the time zone right behind the time."""
    return _ZONE_APART.sub(lambda found: f"{found[1]}{found[2] or 'Z'}", _in_words(text) or text)


def _in_words(text: str) -> str | None:
    """Return a date with the English name of its month as ISO 8601 writes it; None for any other text."""
    if text[4:5] == "-":
        return None  # most dates, and quickly
    text = _BLANKS.sub(" ", text)  # `date` and ctime write "Feb  9"
    found = next((match for form in _IN_WORDS if (match := form.fullmatch(text))), None)
    if found is None:
        return None
    month = _MONTHS.index(found["month"][:3].lower()) + 1
    day = f"{found['year']}-{month:02}-{int(found['day']):02}"
    if found["hour"] is None:
        return day
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (found["half"].lower() == "p")
    zone = "" if found["zoned"] is None else found["offset"] or "Z"
    return f"{day} {hour:02}:{found['minute']}:{found['second'] or '00'}{zone}"
