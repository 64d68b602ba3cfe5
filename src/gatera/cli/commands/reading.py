"""How tables are read, in the words of `gatera train`; a test compares them, for importing those takes longer than a prediction."""

from __future__ import annotations

from gatera.cli.options import Option, column_delimiter, header_row

READING = (
    Option(
        "delimiter", "What separates the columns of a CSV file: a character, tab, :: or blanks.", ("--delimiter",), "Tables",
        "CHARACTER", shown="a comma, semicolon, tab, vertical bar, two colons or blanks, whichever fits", convert=column_delimiter,
    ),
    Option(
        "encoding", "The encoding of the file: any that Python knows.", ("--encoding",), "Tables", "NAME",
        shown="UTF-8 or UTF-16, else the Windows encoding",
    ),
    Option(
        "header", "The row with the column names: its number, counting from 0, or none. Without names they are called column_1, column_2 "
        "and so on.",
        ("--header",), "Tables", "ROW", "auto", "the first, unless it looks like data", header_row,
    ),
    Option(
        "sheet", "The sheet of an Excel workbook.", ("--sheet",), "Tables", "NAME", shown="the first that holds a table",
    ),
)  # fmt: skip

LABEL_FROM = Option(
    "label_from", "Take the label from the file name: the first group of a regular expression.", ("--label-from",), "Data", "REGEX",
)  # fmt: skip
