"""The commands that label items by functions: `gatera label apply`, `gatera label report`, `gatera label next`."""

from __future__ import annotations

from gatera.cli.options import DEBUG, HELP, Command, Option, number, one_of, whole_number

#: What to do when a function fails. A test compares them with the library's.
ON_FAULT = ("count", "raise")

DATA = Option(
    "data",
    "A folder of photos, texts or recordings, a data repository, or a table whose rows are items.",
    group="Arguments",
    metavar="DATA",
    files=True,
)

APPLY = Command(
    "label apply",
    "Label the items of a folder or table with functions.",
    (
        Option(
            "functions", "A Python file with labelling functions. It is run, so it must be your own.", group="Arguments",
            metavar="FUNCTIONS", files=True,
        ),
        DATA,
        Option(
            "text", "The column of a table that holds the text.", ("--text",), "Data", "COLUMN",
            shown="one with a name such as text or review, else the one with the longest cells",
        ),
        Option("majority", "Count votes instead of learning how accurate each function is.", ("--majority",), "Labels"),
        Option(
            "at_least", "Only write labels that are at least this probable, 0 to 1.", ("--at-least",), "Labels", "P", 0.0,
            convert=number(0, 1),
        ),
        Option(
            "on_fault", "What to do when a function fails: count it as an abstention, or raise the error and stop.", ("--on-fault",),
            "Running", "WAY", "count", convert=one_of(ON_FAULT), choices=ON_FAULT,
        ),
        Option(
            "workers", "Number of threads; more than one per processor helps if functions call a model over the network.",
            ("--workers",), "Running", "N", shown="one per processor", convert=whole_number(1),
        ),
        Option("again", "Call the functions again, even where their votes are stored.", ("--again",), "Running"),
        Option("json", "Print one JSON object.", ("--json",), "Output"),
        HELP, DEBUG,
    ),
    "gatera.cli.label.apply:apply_functions",
    goes_on=True,
    about=(
        "Writes labels.csv into the folder, or NAME-labelled.csv beside a table: each label with the function and version that it "
        "comes from. Labels by people are never changed. Votes are kept in DATA/.gatera, so that an interrupted run resumes, and a changed function changes only the labels of items on which it votes or voted.",
    ),
    examples=(
        "gatera label apply functions.py photos/",
        "gatera label apply functions.py reviews.csv --text review",
        "gatera label apply functions.py photos/ --at-least 0.8",
    ),
)  # fmt: skip

REPORT = Command(
    "label report",
    "Show how good each labelling function is.",
    (DATA, Option("json", "Print one JSON object.", ("--json",), "Output"), HELP, DEBUG),
    "gatera.cli.label.report:report",
    about=(
        "Coverage, overlap, conflict, the accuracy learned without true labels with its 95 % interval, and the accuracy on labels given by people. Uses the votes of the last gatera label apply, and runs no functions.",
    ),
    examples=("gatera label report photos/", "gatera label report reviews.csv --json"),
)  # fmt: skip

NEXT = Command(
    "label next",
    "List the items that are most worth labelling by hand.",
    (
        DATA,
        Option("number", "How many.", ("-n", "--number"), "Output", "N", 20, convert=whole_number(1)),
        Option("json", "Print one JSON object per item.", ("--json",), "Output"),
        HELP, DEBUG,
    ),
    "gatera.cli.label.next:next_items",
    about=(
        "Best first: uncertain items on which functions disagree, whose votes many items share, and that are unlike each other. Uses the votes "
        "of the last gatera label apply, and runs no functions.",
    ),
    examples=("gatera label next photos/", "gatera label next reviews.csv -n 50 --json"),
)  # fmt: skip

COMMANDS = (APPLY, REPORT, NEXT)
