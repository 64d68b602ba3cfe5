"""The command `gatera explain`."""

from __future__ import annotations

from gatera.cli.options import (
    DEBUG,
    HELP,
    PROGRAM,
    TRUSTED,
    Command,
    Option,
    one_of,
    row_numbers,
    whole_number,
)

#: What `gatera explain` draws. A test compares them.
EXPLAINED = ("both", "occlusion", "gradcam", "integrated_gradients")

EXPLAIN = Command(
    "explain",
    "Show which parts of photos, recordings, texts or rows a program's answers come from.",
    (
        PROGRAM,
        Option(
            "inputs", "What the program takes: photos or recordings (files, folders, quoted patterns), texts, tables of rows, or DATA@COMMIT.",
            group="Arguments", metavar="INPUT", many=True, files=True,
        ),
        Option(
            "out", "The folder for the pictures, new or empty.", ("-o", "--out"), "Output", "FOLDER",
            "explained", files=True,
        ),
        Option(
            "method", "How to explain photos and recordings: occlusion hides one square at a time, gradcam and integrated_gradients follow gradients back from the answer; both draws the first two.",
            ("--method",), "Photos and recordings", "NAME", shown="both", convert=one_of(EXPLAINED), choices=EXPLAINED,
        ),
        Option("label", "The label to explain.", ("--label",), "Output", "LABEL", shown="the predicted one"),
        Option(
            "units", "Also draw what units of this layer respond to, over all the photos, e.g. blocks.3.", ("--units",),
            "Photos and recordings", "LAYER",
        ),
        Option("json", "Print one JSON object per input.", ("--json",), "Output"),
        Option("force", "Write into a folder that is not empty.", ("-f", "--force"), "Output"),
        Option(
            "patch", "Side of the hidden square, in pixels of the network's input.", ("--patch",), "Photos and recordings", "N",
            convert=whole_number(1), shown="32",
        ),
        Option(
            "stride", "Distance between neighbouring squares, in pixels.", ("--stride",), "Photos and recordings", "N",
            convert=whole_number(1), shown="16",
        ),
        Option(
            "layer", "The layer of gradcam.", ("--layer",), "Photos and recordings", "LAYER", shown="the last one with feature maps",
        ),
        Option(
            "rows", "The rows to explain, counting from 1, such as 3,17.", ("--rows",), "Rows", "N,...",
            convert=row_numbers, shown="the first 20",
        ),
        Option(
            "beside", "A table to take the replacement cells from, such as the training set.", ("--beside",), "Rows", "TABLE",
            shown="the table itself", files=True,
        ),
        TRUSTED,
        HELP, DEBUG,
    ),
    "gatera.cli.explaining.run:explain",
    goes_on=True,
    about=(
        "For photos and recordings, it draws maps; the network is rebuilt from the program's weights, which a program trained with --slim lacks. For texts, it removes one word at a time (in long texts, several); for rows, it replaces cells with those of other rows (Shapley values). Both need only the program's answers.",
    ),
    examples=(
        "gatera explain cats.gatera photo.jpg --out why/",
        "gatera explain cats.gatera photos/ --out why/ --method occlusion --label cat --json",
        "gatera explain cats.gatera photos/ --out why/ --units blocks.3",
        'gatera explain reviews.gatera "A wonderful film." --out why/',
        "gatera explain income.gatera new.csv --rows 3,17 --beside train.csv --out why/",
    ),
    extra="train",
)  # fmt: skip

COMMANDS = (EXPLAIN,)
