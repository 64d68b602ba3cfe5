"""Decide which columns of a table are inputs, and whether the target is a class or a number, from the values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gatera.core.checks import listed
from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.vocab import categories_of
from gatera.data.loading.row_tables import check_columns, check_frame, named_row, value_column_of
from gatera.data.sources.tables import MOST_CATEGORIES
from gatera.program.raw.dates import date_in
from gatera.program.tables.columns import Column, Kind
from gatera.program.tables.known_texts import is_date_text
from gatera.program.tables.nearly import NEARLY_ALL
from gatera.program.tables.notes import Note

#: A target of whole numbers with at most this many different values is a class.
MOST_CLASSES = 20

#: Whole numbers are classes if each occurs at least this many times on average.
TIMES = 2

#: A text column in which more than this share of the cells differ says who a row is, not what it is like.
TELLS_ROWS_APART = 0.5

#: What columns that name the rows are called: "userid", and not "paid"; "Ticket-Nr", "invoice_no", "Bestellnummer".
_NAMES_ROWS = re.compile(
    r"id|idx|index|key|row|uuid|guid|unnamed: \d+|.*[ _.-](id|idx|index|uuid|guid|key|number|n[ro]\.?)|row[ _]?(id|num|number|names?|no)"
    r"|(?!.*(pa|cov|\bb|_b|\ba|_a|ac|liqu|flu)id).*[a-z]id|.*(nummer|[a-z]nr\.?)|(n[ro]|n[uú]mero|num[ée]ro)\.?",
    re.IGNORECASE,
)
_CAMEL_ID = re.compile(r".*[a-z](Id|ID)")

#: What columns of years are called, and years that people write. As a category, the next one would be unknown.
_YEAR_NAME = re.compile(r"year|yr|jahr|jaar|ann[ée]e|(?<![^\W_])(anno|a[nñ]o)(?![^\W_])", re.IGNORECASE)
_YEARS = (1800, 2200)

#: Dates in an order that is not the same everywhere: 01/03/2024 is in January or in March.
_OTHER_DATES = re.compile(
    r"(?:\d{4}([./-])\d{1,2}\1\d{1,2}|\d{1,2}([./-])\d{1,2}\2(?:\d{2}|\d{4}))(?:[ T].*)?"
)

#: ... and with the name of a month: "Feb 29, 2024", "29 February 2024".
_MONTH = (
    r"(?:jan(?:uar[yi]?|vier)?|enero|feb(?:ruar[yi]?|rero|braio)?|f[ée]v(?:r|rier)?|mar(?:ch|zo|s)?|märz?|apr(?:ile?)?|abr(?:il)?|avr(?:il)?"
    r"|may|mayo|mai|june?|juni|junio|juin|july?|juli|julio|juil(?:let)?|aug(?:ust(?:us)?)?|ago(?:sto)?|ao[ûu]t?|sept?(?:ember|embre|iembre)?"
    r"|o[ck]t(?:ober|obre|ubre)?|nov(?:ember|embre|iembre)?|de[cz](?:ember)?|d[ée]c(?:embre)?|dic(?:iembre)?|ene)\.?"
)
_DATES_IN_WORDS = re.compile(
    rf"(?:\w+,? )?(?:\d{{1,2}}(?:st|nd|rd|th)?[ .-]+)?{_MONTH}[ -]+(?:\d{{1,2}}(?:st|nd|rd|th)?,?[ -]+)?\d{{2,4}}(?:[ T].*)?",
    re.IGNORECASE,
)

#: Names of files that hold items themselves.
_FILE_NAME = re.compile(r".+\.(jpe?g|png|gif|bmp|tiff?|webp|heic|wav|mp3|flac|ogg|m4a)", re.IGNORECASE)

#: Why a column of them is not used.
FILE_NAMES = "names of files, which are not opened; to learn from these, pass their folder with this table in it as labels.csv"

#: Cells that show whether a column holds lists, or such dates.
_TRIED = 100

#: How messages call a column that the user leaves out.
DROPPED = "left out as asked"


@dataclass(frozen=True)
class Roles:
    """The inputs of a table.

    Attributes:
        numbers: columns of numbers.
        categories: columns of categories.
        skipped: column that is not an input -> why.
        dates: columns of dates.
        notes: decisions that may surprise.
    """

    numbers: list[str]
    categories: list[str]
    skipped: dict[str, str]
    dates: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True)
class ColumnChoices:
    """What the user says of columns; the rest is decided from their values.

    Attributes:
        classes: columns of categories, or the target if it is a class.
        numbers: columns of numbers, or the target if it is a number.
        drop: columns that are not used.
    """

    classes: Sequence[str] = ()
    numbers: Sequence[str] = ()
    drop: Sequence[str] = ()

    def check(self, df: Any, targets: Sequence[str]) -> None:
        """Raise unless they fit the table and each other.

        Raises:
            DataError: if there is no such column, or one of `numbers` holds something else.
            ArgumentError: if a column is named twice, or a target is left out.
        """
        seen: dict[str, str] = {}
        for role, names in (("classes", self.classes), ("numbers", self.numbers), ("drop", self.drop)):
            check_columns(df, f"{role}=", names)
            for name in names:
                if name in seen and seen[name] != role:
                    raise ArgumentError(
                        f"Column {name!r} is in {seen[name]}= and in {role}=", remedy="Name it in one."
                    )
                seen[name] = role
        dropped = [name for name in targets if name in self.drop]
        if dropped:
            raise ArgumentError("drop= leaves out the column to predict", got=dropped[0])
        for name in self.numbers:
            _check_numbers(df, name)


def not_used(skipped: Mapping[str, str], use: str) -> str:
    """Return the sentence that says which columns are not inputs, and why.

    Args:
        skipped: column -> why; see `Roles.skipped`.
        use: the options or arguments that make a column an input.
    """
    return f"Unused columns: {with_reasons(skipped)}. To use one, name it in {use}."


def with_reasons(skipped: Mapping[str, str]) -> str:
    """Return the columns that are not inputs, each with its reason in brackets; "" if there are none."""
    return listed(f"{name} ({reason})" for name, reason in skipped.items())


def _check_numbers(df: Any, name: str) -> None:
    kind = value_column_of(df[name]).kind
    if kind in (Kind.WHOLE, Kind.NUMBER):
        return
    for place, cell in enumerate(df[name].tolist()):
        try:
            float(cell)
        except (TypeError, ValueError):
            raise DataError(
                f"numbers= names column {name!r}, which holds {kind}", got=cell,
                expected=f"numbers, also in {named_row(df, place)}",
            ) from None  # fmt: skip


def _check_dates(df: Any, name: str) -> None:
    for place, cell in enumerate(df[name].tolist()):
        try:
            date_in(cell, name)
        except DataError as err:
            raise DataError(
                f"{err.problem}, in {named_row(df, place)}", got=err.got, expected=err.expected,
                remedy=f"Correct it, or leave the column out: drop={name!r}.",
            ) from None  # fmt: skip


def find_roles(df: Any, targets: Sequence[str], choices: ColumnChoices | None = None) -> Roles:
    """Return the inputs of a table. Columns that tell nothing are skipped: empty, constant, row numbers, identifiers.

    Args:
        df: a pandas DataFrame.
        targets: columns to predict.
        choices: what the user says of columns.

    Raises:
        DataError: if a target, or a column that the user names, is not there or holds something else.
        ArgumentError: if what the user says contradicts itself.
    """
    check_frame(df)
    check_columns(df, "targets", targets)
    asked = ColumnChoices() if choices is None else choices
    asked.check(df, targets)
    roles = Roles([], [], {})
    near: dict[str, list[str]] = {"number": [], "few": [], "year": [], "category": []}
    for name in df.columns:
        if name in targets:
            continue
        said = _asked_role(name, asked)
        kind = said or _role(df[name])
        if kind == "date":
            _check_dates(df, name)
            roles.dates.append(name)
            continue
        if kind not in ("number", "category"):
            roles.skipped[name] = kind
            continue
        (roles.numbers if kind == "number" else roles.categories).append(name)
        if not said and categories_of(df[name]) is None and value_column_of(df[name]).kind is Kind.WHOLE:
            few = kind == "number" and df[name].nunique(dropna=False) <= MOST_CATEGORIES
            near["year" if few and _is_year(df[name]) else "few" if few else kind].append(name)
    given = [name for name in df.columns if name not in targets and name not in asked.drop]
    notes = [*_notes(near), *_date_notes(df[given], roles.dates)]
    return Roles(roles.numbers, roles.categories, roles.skipped, roles.dates, notes)


def _date_notes(df: Any, dates: list[str]) -> list[Note]:
    """Say which columns are dates, and which are not because of how they are written."""
    notes = []
    if dates:
        parts = "numbers are taken from them: year, month, day of the week and so on"
        notes.append(Note(f"Dates: {listed(dates, 6)}; {parts}", "drop", dates[0]))
    for name in df.columns:
        if name not in dates and (said := _why_no_dates(df[name])) is not None:
            notes.append(Note(said, "drop", name))
    return notes


def _why_no_dates(series: Any) -> str | None:
    """Return what to say of a column of texts that are dates but for how they, or a few of them, are written; None of others."""
    head = value_column_of(series.head(_TRIED))
    cells = [str(cell) for cell in head.cells.tolist() if cell is not None]
    if not cells or head.kind not in (Kind.TEXT, Kind.DATE) or series.dtype.kind == "M":
        return None
    read = [cell for cell in cells if is_date_text(cell)]
    known = set(read)
    other = [
        cell
        for cell in cells
        if cell not in known and (_OTHER_DATES.fullmatch(cell) or _DATES_IN_WORDS.fullmatch(cell))
    ]
    if len(other) + len(read) < NEARLY_ALL * len(cells):
        return None
    if other:
        ways = f"{other[0]} and {read[0]}" if read else other[0]
        return f"{series.name} has dates such as {ways}, which are text here; written as 2024-02-29 they are read as dates"
    stray = [cell for cell in series.dropna().tolist() if not (isinstance(cell, str) and is_date_text(cell))]
    texts = [cell for cell in stray if isinstance(cell, str) and cell.strip()]
    return f"{series.name} is read as text, not as dates, because of {texts[0]!r}" if texts else None


def _asked_role(name: str, choices: ColumnChoices) -> str | None:
    if name in choices.drop:
        return DROPPED
    return "category" if name in choices.classes else "number" if name in choices.numbers else None


def _notes(near: dict[str, list[str]]) -> list[Note]:
    """Say which whole numbers are categories, and which are numbers."""
    few, many, notes = near["category"], near["number"], []
    if few:
        text = f"Whole numbers of at most {MOST_CATEGORIES} different values are categories: {listed(few, 6)}"
        notes.append(Note(text, "numbers", few[0]))
    if near["year"]:
        notes.append(Note(f"Years are numbers: {listed(near['year'], 6)}", "classes", near["year"][0]))
    if near["few"]:
        text = f"Whole numbers that mostly occur once or twice are numbers: {listed(near['few'], 6)}"
        notes.append(Note(text, "classes", near["few"][0]))
    if many:
        text = f"Whole numbers of more than {MOST_CATEGORIES} different values are numbers: {listed(many, 6)}"
        notes.append(Note(text, "classes", many[0]))
    return notes


def _role(series: Any) -> str:
    """Return "number", "category" or "date", or why a column is neither."""
    column = value_column_of(series)
    if column.kind is Kind.EMPTY:
        return "empty"
    if any(
        isinstance(cell, list | tuple | dict | set | frozenset | np.ndarray) for cell in column.cells[:_TRIED]
    ):
        return "lists or records"
    if column.is_constant and len(series) > 1:
        return "always the same"
    if len(series) > MOST_CATEGORIES and (column.counts_rows or _names_rows(str(series.name), column)):
        return "row numbers" if column.counts_rows else "names the rows"
    if is_number_input(series, MOST_CATEGORIES):
        return "number"
    if (
        column.kind is Kind.WHOLE
        and categories_of(series) is None
        and (_is_amount(series) or _is_year(series))
    ):
        return "number"
    if column.kind is Kind.DATE or series.dtype.kind == "M":
        return "date"
    if column.kind is Kind.TEXT and series.nunique() > max(MOST_CATEGORIES, TELLS_ROWS_APART * len(series)):
        return FILE_NAMES if _name_files(column) else "almost all values differ"
    return "category"


def _name_files(column: Column) -> bool:
    """Whether the cells of a column of texts are names of photos or recordings."""
    cells = [cell for cell in column.cells[:_TRIED].tolist() if cell is not None]
    return bool(cells) and all(isinstance(cell, str) and _FILE_NAME.fullmatch(cell.strip()) for cell in cells)


def _names_rows(name: str, column: Column) -> bool:
    """Whether a column is called as identifiers are, and every row has another value."""
    plain = name.strip()
    if not (_NAMES_ROWS.fullmatch(plain) or _CAMEL_ID.fullmatch(plain)) or column.kind not in (
        Kind.WHOLE,
        Kind.TEXT,
    ):
        return False
    cells = column.cells.tolist()
    return len(set(cells)) == len(cells)


def is_number_input(series: Any, MOST_CATEGORIES: int) -> bool:
    """Whether a column is a number rather than a category: with a fraction, or whole and of more than `MOST_CATEGORIES` values."""
    if categories_of(series) is not None:
        return False
    kind = value_column_of(series).kind
    return kind is Kind.NUMBER or (kind is Kind.WHOLE and series.nunique(dropna=False) > MOST_CATEGORIES)


def target_note(series: Any, choices: ColumnChoices) -> Note | None:
    """Say whether whole numbers to predict are classes or numbers; None where there is no doubt, or the user has said."""
    name = str(series.name)
    if name in (*choices.classes, *choices.numbers) or categories_of(series) is not None:
        return None
    if value_column_of(series).kind is not Kind.WHOLE:
        return None
    many = series.nunique()
    if is_class(series):
        return Note(f"{name} has {many} different whole numbers, which are classes", "numbers", name)
    return Note(f"{name} has {many:,} different whole numbers and is predicted as a number", "classes", name)


def is_class(series: Any) -> bool:
    """Whether a target is a class: text, truth values, a Categorical, or at most 20 different whole numbers.

    0 and 1 are classes however they are written: as integers, as 0.0 and 1.0, or with gaps. Whole numbers that hardly ever
    occur twice are numbers, however few they are.
    """
    if categories_of(series) is not None:
        return True
    kind = value_column_of(series).kind
    if kind is not Kind.WHOLE:
        return kind is not Kind.NUMBER
    return bool(series.nunique() <= MOST_CLASSES and not _hardly_repeats(series))


def _hardly_repeats(series: Any) -> bool:
    """Whether the values occur less than twice on average; 0 and 1 alone may."""
    many = series.nunique()
    return bool(many > 2 and TIMES * many > series.count())


def _is_amount(series: Any) -> bool:
    """Whether whole numbers hardly repeat, or most values occur once, as of sums of which many are zero: new rows will bring others."""
    counts = series.value_counts()
    once = int((counts == 1).sum())
    return _hardly_repeats(series) or (len(counts) > 2 and TIMES * once >= len(counts))


def _is_year(series: Any) -> bool:
    """Whether whole numbers are years, by the name of the column and their size."""
    return bool(_YEAR_NAME.search(str(series.name))) and bool(series.dropna().between(*_YEARS).all())


def is_class_as_asked(series: Any, choices: ColumnChoices) -> bool:
    """Whether a target is a class: as the user says, else by its values; see `is_class`."""
    name = str(series.name)
    return name in choices.classes or (name not in choices.numbers and is_class(series))
