"""The commands that measure programs: `gatera test`, `gatera report`, `gatera seal`."""

from __future__ import annotations

from gatera.cli.commands.predicting import PREDICT
from gatera.cli.commands.reading import LABEL_FROM, READING
from gatera.cli.options import DEBUG, HELP, PROGRAM, Command, Option, number, one_of

#: Parts of a split data set that `gatera test` measures.
SIDES = ("test", "valid", "train", "all")

TEST = Command(
    "test",
    "Measure programs on new labelled items.",
    (
        PROGRAM._replace(help="The program, for example cats.gatera; several are compared.", many=True),
        Option(
            "source", "A folder laid out as for training (a folder per class, labels.csv, photos and masks), a CSV file with a column of labels, or DATA@COMMIT.",
            group="Arguments", metavar="SOURCE", optional=True, files=True, shown="needed without --sealed",
        ),
        Option(
            "sealed", "Measure on a test set that gatera seal has locked, and record that it was opened.", ("--sealed",), "Data",
            "FILE", files=True,
        ),
        Option(
            "target", "The label column, or several separated by commas.", ("--target",), "Data", "COLUMN",
            shown="the one used in training, or the only one that the program does not read",
        ),
        LABEL_FROM,
        Option(
            "side", "Which part to measure if SOURCE is split.", ("--side",), "Data", "SIDE",
            shown="test, else valid, else all", convert=one_of(SIDES), choices=SIDES,
        ),
        Option(
            "trained_on", "The data that the program was trained on: copies of its items, and groups that are in both, are named.", ("--trained-on",), "Data",
            "SOURCE", files=True,
        ),
        *READING,
        Option("json", "Print one JSON object.", ("--json",), "Output"),
        Option("csv", "Print a CSV line for each item: name, label, answer, whether it is wrong.", ("--csv",), "Output"),
        Option(
            "report", "Also write an HTML page with pictures and all wrong predictions.", ("--report",), "Output", "FILE",
            files=True,
        ),
        Option(
            "max_error", "Exit with status 1 if the error is above this: the share of wrong items or pixels, the RMSE, or the "
            "distance in pixels.",
            ("--max-error",), "Output", "NUMBER", convert=number(0),
        ),
        Option("force", "Overwrite an existing page.", ("-f", "--force"), "Output"),
        *(option for option in PREDICT.options if option.name in ("engine", "batch_size", "trusted")),
        HELP, DEBUG,
    ),
    "gatera.cli.test:test",
    about=(
        "Prints the figures that training prints, with 95 % intervals, and the time per item. Labels that the program does "
        "not know are named. The exit status is 1 if some items could not be read.",
    ),
    examples=(
        "gatera test cats.gatera new-photos/",
        "gatera test cats.gatera new-photos/ --report test.html",
        "gatera test income.gatera people.csv --target salary --json",
        "gatera test cats.gatera new-photos/ --max-error 0.05",
        "gatera test cats.gatera new-photos/ --trained-on photos/",
        "gatera test cats.gatera other.gatera new-photos/",
        "gatera test cats.gatera other.gatera --sealed june.sealed",
    ),
)  # fmt: skip

REPORT = Command(
    "report",
    "Write one page about a program: figures, errors, how sure it is, suspicious labels, copies, and a look inside.",
    (
        PROGRAM,
        Option(
            "data", "Labelled items that the program has not seen, as for gatera test.", ("--data",), "Data", "SOURCE", files=True,
            shown="must be given",
        ),
        Option("out", "The page to write.", ("-o", "--out"), "Output", "FILE", "report.html", files=True),
        *(option for option in TEST.options if option.name in ("target", "label_from", "side", "trained_on")),
        *READING,
        Option(
            "check_leaks", "Look for copies: of items in the training set, where SOURCE has one, else among the items.",
            ("--check-leaks",), "Data", default=True, negative=True,
        ),
        Option(
            "inside", "Look into the network, which takes most of the time.", ("--inside",), "Output", default=True, negative=True,
        ),
        Option("json", "Print one JSON object.", ("--json",), "Output"),
        Option("force", "Overwrite an existing page.", ("-f", "--force"), "Output"),
        *(option for option in PREDICT.options if option.name in ("engine", "trusted")),
        HELP, DEBUG,
    ),
    "gatera.cli.measuring.report:report",
    goes_on=True,
    about=(
        "The page is one self-contained file. If SOURCE also has a training set, items that are in both are looked for. gatera train --report writes the same page.",
    ),
    examples=(
        "gatera report cats.gatera --data new-photos/ --out cats.html",
        "gatera report income.gatera --data people.csv --target salary --json",
    ),
    extra="train",
)  # fmt: skip

SEAL = Command(
    "seal",
    "Lock a test set: record the hash of every file beside the folder.",
    (
        Option("folder", "The folder, with labels as for training.", group="Arguments", metavar="FOLDER", files=True),
        Option(
            "out", "The file to write, beside the folder.", ("-o", "--out"), "Output", "FILE", shown="FOLDER.sealed", files=True,
        ),
        Option("json", "Print one JSON object.", ("--json",), "Output"),
        Option("force", "Overwrite an existing file, and with it the record of openings.", ("-f", "--force"), "Output"),
        HELP, DEBUG,
    ),
    "gatera.cli.measuring.seal:seal",
    about=(
        "gatera test PROGRAM... --sealed FILE then measures on it. Every opening is recorded with its date and programs; once a "
        "file has changed, the test set is refused.",
    ),
    examples=("gatera seal june/", "gatera seal june/ --out june-2026.sealed"),
)  # fmt: skip

COMMANDS = (TEST, REPORT, SEAL)
