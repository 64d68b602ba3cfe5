"""Read a number from a cell's text: signs, decimal commas, thousands separators, currencies, percent signs, units, times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gatera.core.lazy import LazyPattern

#: Whole numbers of more digits than this are identifiers: float64 cannot tell them apart.
MOST_DIGITS = 15

#: What may separate groups of three digits; "" for nothing.
THOUSANDS = ("", ",", ".", " ", "'", "\u2019", "\u00a0", "\u202f")

#: How times are written, where they stand in the place of a unit: their number is in hours.
CLOCK, CLOCK_WITH_SECONDS = "h:mm", "h:mm:ss"

#: The percent sign is a unit, too: 45% and 0.45 may be the same share.
PERCENT = "%"

#: Units have at most this many characters.
LONGEST_UNIT = 20

_TIME = LazyPattern(
    r"[+\-\u2212]?(\d{1,5}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?(?:\s*([AaPp])\.?[Mm]\.?)?", re.ASCII
)
_WORD = r"[^\s\d,;:.]*[23]?\.?"  # "m2"; a point only at the end, for "12a.jpg" is a file
_MEASURED = LazyPattern(
    rf"(.*\d)\s*([^\W\d_\u00b2\u00b3]{_WORD}(?:\s[^\W\d_]{_WORD})?|[\u00b0\"'\u2033\u2032]{_WORD})", re.DOTALL
)
_HALF_DAY = 12

_AROUND = LazyPattern(r"^([+\-\u2212]?)\s*[$€£¥₹]?\s*([+\-\u2212]?)(.*?)\s*[$€£¥₹%]?$", re.DOTALL)
_MARK = LazyPattern(r"[$€£¥₹%]")
_MINUS = ("-", "\u2212")
_ONES = str.maketrans("0123456789", "1" * 10)
_PLAIN = LazyPattern(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_CODE = LazyPattern(r"\d+E\d+|\d{2,}e\d+", re.ASCII)  # people write 1e5
_INFINITE = frozenset(("inf", "infinity"))
_GROUPED = LazyPattern(r"\d{1,3}(?:[,.' \u00a0\u202f\u2019]\d{3})+", re.ASCII)
_DOUBTFUL = LazyPattern(r"[1-9]\d{0,2}([.,])\d{3}", re.ASCII)
_INDIAN = LazyPattern(r"\d{1,2}(?:,\d{2})+,\d{3}", re.ASCII)  # lakhs and crores


class PointNumber(str):
    """A number's text such as "41.083" whose point is a decimal sign, however others are written: files with types say so.

    It is equal to the text, and read as "41.0830" would be.
    """

    __slots__ = ()


class NumberFormat(NamedTuple):
    """How the numbers of a column are written.

    Args:
        decimal: the decimal sign, "." or ",".
        thousands: what separates groups of three digits; "" where nothing does.
        unit: what stands behind every number, "kg" or "%"; for times how they are written, see `CLOCK`; "" for nothing.
    """

    decimal: str = "."
    thousands: str = ""
    unit: str = ""

    def __str__(self) -> str:
        groups = f", thousands separator {self.thousands!r}" if self.thousands else ""
        return f"decimal sign {self.decimal!r}{groups}"

    def number(self, text: str) -> float | None:
        """Return the number that a text is in this format, or None.

        A plain number ("31.5") is one in every format that does not read it otherwise, and a number without the unit, too.

        Example:
            >>> NumberFormat(",", ".").number("1.234,5"), NumberFormat(",").number("31.5"), PLAIN.number("16,000")
            (1234.5, 31.5, None)
        """
        text = _with_point(text)
        if self.unit:
            return self._measured(text)
        negative, body = _stripped(text)
        value = self._grouped(body) if self != PLAIN else None
        if value is None:
            value = _plain(body)
        return value if value is None or not negative else -value

    def fits(self, text: str) -> bool:
        """Whether a text is a number in this format and no other sign would be needed to read it."""
        text = _with_point(text)
        if is_time(self.unit):
            return hours(text, self.unit) is not None
        if self.unit:
            return self._replace(unit="").fits(without(text, self.unit))
        body = _stripped(text)[1]
        if self == PLAIN:
            return _plain(body) is not None
        return self._grouped(body) is not None or (body.isdecimal() and _plain(body) is not None)

    def _measured(self, text: str) -> float | None:
        if is_time(self.unit) and (value := hours(text, self.unit)) is not None:
            return value
        plain = self._replace(unit="")
        rest = without(text, self.unit)
        return plain_number(rest) if plain == PLAIN else plain.number(rest)

    def _grouped(self, body: str) -> float | None:
        whole, sign, fraction = body.partition(self.decimal)
        if self.thousands and self.thousands in whole:
            if whole.startswith("0" + self.thousands):  # no thousands do: "0,285" has a decimal comma
                return None
            if not (_GROUPED.fullmatch(whole) or _INDIAN.fullmatch(whole)) or set(whole) - set(
                "0123456789"
            ) != {self.thousands}:
                return None
            whole = whole.replace(self.thousands, "")
        elif not sign:
            return None
        return _plain(f"{whole}.{fraction}") if sign else _plain(whole)


PLAIN = NumberFormat()

#: Formats in the order in which they are tried: where commas separate columns, a comma in a cell groups thousands.
FORMATS = (
    PLAIN, NumberFormat(".", ","), NumberFormat(",", "."), NumberFormat(".", " "), NumberFormat(",", " "),
    NumberFormat(".", "'"), NumberFormat(".", "\u2019"), NumberFormat(",", "\u00a0"), NumberFormat(",", "\u202f"),
    NumberFormat(".", "\u00a0"), NumberFormat(".", "\u202f"),
)  # fmt: skip

#: Where semicolons separate columns, a comma in a cell is a decimal sign.
_COMMA_FIRST = (PLAIN, NumberFormat(",", "."), *(known for known in FORMATS if known not in (PLAIN, NumberFormat(",", "."))))  # fmt: skip


def find_format(
    texts: Iterable[str], comma_is_decimal: bool = False, decimal: str | None = None
) -> NumberFormat | None:
    """Return the format in which every text is a number, or None.

    Args:
        texts: the different cells of a column, without empty ones and words for "missing".
        comma_is_decimal: read "16,000" as 16 rather than as 16 thousand.
        decimal: the decimal sign, "." or ","; None to find it.

    Example:
        >>> find_format(["950", "$1,200"]), find_format(["38,8", "40"]), find_format(["a", "1"])
        (NumberFormat(decimal='.', thousands=',', unit=''), NumberFormat(decimal=',', thousands='.', unit=''), None)
    """
    formats = list(_COMMA_FIRST if comma_is_decimal or decimal == "," else FORMATS)
    formats = [known for known in formats if known == PLAIN or decimal in (None, known.decimal)]
    if decimal == ",":
        formats = [*formats[1:], PLAIN]  # "1.234" has a thousands separator
    tried: set[str] = set()
    for text in texts:
        if (shape := shape_of(text)) not in tried:
            tried.add(shape)
            formats = [known for known in formats if known.fits(text)]
            if not formats:
                return None
    return formats[0]


def parted(text: str) -> tuple[str, str] | None:
    """Return a number's text and the unit behind it; None where there is none. Whether the first is a number is not looked at.

    Example:
        >>> parted("12 kg"), parted("1,200m2"), parted("3.4k"), parted("14:35"), parted("12"), parted("kg")
        (('12', 'kg'), ('1,200', 'm2'), ('3.4', 'k'), ('', 'h:mm'), None, None)
    """
    text = text.strip()
    time = _TIME.fullmatch(text)
    if time is not None:
        return "", CLOCK if time[3] is None else CLOCK_WITH_SECONDS
    found = _MEASURED.fullmatch(text) if len(text) <= 4 * LONGEST_UNIT else None
    if found is None or len(found[2]) > LONGEST_UNIT:
        return None
    return found[1].rstrip(), found[2]


def is_time(unit: str) -> bool:
    """Whether a unit says that numbers are times."""
    return unit in (CLOCK, CLOCK_WITH_SECONDS)


def hours(text: str, unit: str) -> float | None:
    """Return a time in hours; None for one that is not written as `unit` says.

    Example:
        >>> hours("14:30", CLOCK), hours("2:30 pm", CLOCK), hours("1:30:00", CLOCK), hours("-1:30:00", CLOCK_WITH_SECONDS)
        (14.5, 14.5, None, -1.5)
    """
    found = _TIME.fullmatch(text := text.strip())
    if found is None or (found[3] is None) != (unit == CLOCK):
        return None
    hour = int(found[1])
    if found[4]:
        if not 1 <= hour <= _HALF_DAY or not text[0].isdecimal():
            return None
        hour = hour % _HALF_DAY + (_HALF_DAY if found[4] in "Pp" else 0)
    value = hour + int(found[2]) / 60 + (float(found[3]) if found[3] else 0.0) / 3600
    return -value if text.startswith(_MINUS) else value


def without(text: str, unit: str) -> str:
    """Return a text without the unit at its end, if it has it there.

    Example:
        >>> without("12 kg", "kg"), without("12", "kg")
        ('12', '12')
    """
    text = text.strip()
    return text[: -len(unit)].rstrip() if text.endswith(unit) else text


def has_unit(text: str, unit: str) -> bool:
    """Whether a text is written with a unit, or as a time."""
    return hours(text, unit) is not None if is_time(unit) else text.strip().endswith(unit)


def common_unit(texts: Sequence[str]) -> str | None:
    """Return the unit that stands behind every text; None if there is none, or another one behind some.

    Example:
        >>> common_unit(["12 kg", "3kg"]), common_unit(["12 kg", "300 g"])
        ('kg', None)
    """
    unit = None
    for text in texts:
        found = parted(text)
        if found is None or (unit is not None and found[1] != unit):
            return None
        if is_time(found[1]) and hours(text, found[1]) is None:
            return None
        unit = found[1]
    return unit


def find_measured(
    texts: Sequence[str], comma_is_decimal: bool = False, decimal: str | None = None
) -> NumberFormat | None:
    """Return the format in which every text is a number with one and the same unit behind it, or a time; None if there is none.

    Args:
        texts: the different cells of a column, without empty ones and words for "missing".
        comma_is_decimal: see `find_format`.
        decimal: see `find_format`.

    Example:
        >>> find_measured(["1,200 m2", "85 m2"]), find_measured(["14:35", "9:05"]).unit, find_measured(["1 m", "2 km"])
        (NumberFormat(decimal='.', thousands=',', unit='m2'), 'h:mm', None)
    """
    unit = common_unit(texts)
    if unit is None:
        return None
    if is_time(unit):
        return NumberFormat(unit=unit)
    rests = [without(text, unit) for text in texts]
    known = None if any(map(is_identifier, rests)) else find_format(rests, comma_is_decimal, decimal)
    return None if known is None else known._replace(unit=unit)


def plain_number(text: str) -> float | None:
    """Return the number that a text is, or None; a decimal comma is read where it cannot be anything else.

    Example:
        >>> plain_number(" -12.5e3 "), plain_number("$5"), plain_number("38,8"), plain_number("16,000")
        (-12500.0, 5.0, 38.8, None)
    """
    value = PLAIN.number(text)
    if value is None and text.count(",") == 1 and not _GROUPED.fullmatch(_stripped(text)[1]):
        value = NumberFormat(",").number(text)
    return value


def is_identifier(text: str) -> bool:
    """Whether a whole number is written as an identifier: with leading zeros, or too long for float64."""
    body = _stripped(text)[1]
    return body.isdecimal() and ((len(body) > 1 and body[0] == "0") or len(body) > MOST_DIGITS)


def is_code(text: str) -> bool:
    """Whether digits around an "E" are like a code: in powers of ten, programs write a sign or a point, and people 1e5.

    Example:
        >>> is_code("18E87"), is_code("1E5"), is_code("18e3"), is_code("1e5"), is_code("1.8E5"), is_code("1E+05")
        (True, True, True, False, False, False)
    """
    return bool(_CODE.fullmatch(text.strip()))


def leaves_range(text: str) -> bool:
    """Whether digits around an "e" make a number that float64 cannot hold, as hexadecimal names may: "50060e8007123400".

    Example:
        >>> leaves_range("50060e8007123400"), leaves_range("5e-800"), leaves_range("5e8"), leaves_range("inf")
        (True, True, False, False)
    """
    body = _stripped(text)[1]
    if not _PLAIN.fullmatch(body):
        return False
    value = float(body)
    return value == float("inf") or (value == 0 and bool(set(body.lower().partition("e")[0]) - set("0.")))


def mark_in(text: str) -> str:
    """Return the currency or percent sign of a number's text, "" for none.

    Example:
        >>> mark_in("-$5"), mark_in("12 %"), mark_in("12")
        ('$', '%', '')
    """
    found = _MARK.search(text)
    return found[0] if found else ""


def mixed_marks(marks: Mapping[str, int]) -> dict[str, int]:
    """Return the signs of a column's numbers where these do not mean the same, and how many cells have each.

    Several currencies are amounts that nobody converted; 12% and 0.12 may be the same share. One currency beside plain
    numbers is one way of writing.

    Args:
        marks: how many numbers have each sign, "" for none; zeros are not counted, as they mean the same with any.

    Returns:
        The same, the most frequent first and those without a sign last; nothing where all numbers mean the same.

    Example:
        >>> mixed_marks({"$": 2, "€": 1}), mixed_marks({"%": 1, "": 3}), mixed_marks({"$": 1, "": 1})
        ({'$': 2, '€': 1}, {'%': 1, '': 3}, {})
    """
    there = {mark: count for mark, count in marks.items() if count}
    several = len([mark for mark in there if mark]) > 1 or ("%" in there and len(there) > 1)
    order = sorted(there, key=lambda mark: (mark == "", -there[mark], mark))
    return {mark: there[mark] for mark in order} if several else {}


def doubtful_sign(text: str, unit: str = "") -> str:
    """Return the sign of a number that may be a decimal one or stand between thousands, "" where there is none.

    Example:
        >>> [doubtful_sign(text) for text in ("41.083", "$1,200", "47.022 \u20ac", "0.083", "1.041.083", "12.75")]
        ['.', ',', '.', '', '', '']
    """
    quick = not unit and "0" <= text[-1:] <= "9" and text[-4:-3] not in (".", ",")  # most cells
    if quick or isinstance(text, PointNumber):
        return ""
    found = _DOUBTFUL.fullmatch(_stripped(without(text, unit) if unit else text)[1])
    return found[1] if found else ""


def shape_of(text: str) -> str:
    """Return a text with other digits, which every format reads as it reads this one: "0,111" of "0,285"."""
    shape = _with_point(text).translate(_ONES)
    first = shape.find("1")
    return f"{shape[:first]}0{shape[first + 1 :]}" if text[first : first + 1] == "0" else shape


def _with_point(text: str) -> str:
    return f"{text}0" if isinstance(text, PointNumber) else text


def _stripped(text: str) -> tuple[bool, str]:
    """Return whether a minus stands before the number, and the number without sign, currency and percent sign."""
    text = text.strip()
    in_brackets = text.startswith("(") and text.endswith(")")  # as accountants write what is below zero
    found = _AROUND.match(text[1:-1].strip() if in_brackets else text)
    if found is None or (found[1] and (found[2] or in_brackets)):
        return False, ""
    return in_brackets or found[1] in _MINUS or found[2] in _MINUS, found[3]


def _plain(body: str) -> float | None:
    if _PLAIN.fullmatch(body):
        return float(body)
    return float("inf") if body.lower() in _INFINITE else None
