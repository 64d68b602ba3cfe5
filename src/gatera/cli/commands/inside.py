"""The command `gatera explain`."""

from __future__ import annotations

from gatera.cli.options import DEBUG, HELP, PROGRAM, TRUSTED, Command, Option, one_of, whole_number

#: What `gatera explain` draws. A test compares them.
EXPLAINED = ("both", "occlusion", "gradcam", "integrated_gradients")

EXPLAIN = Command(
    "explain",
    "Show where in photos or recordings a program's answers come from.",
    (
        PROGRAM,
        Option(
            "inputs", "Photos (or recordings, for a program of these): files, folders and quoted patterns.",
            group="Arguments", metavar="PHOTO", many=True, files=True,
        ),
        Option(
            "out", "The folder for the pictures; it is made, or must be empty.", ("-o", "--out"), "Output", "FOLDER",
            "explained", files=True,
        ),
        Option(
            "method", "What to draw: occlusion hides one square after the other, gradcam and integrated_gradients go back from the "
            "answer; both draws the first two.",
            ("--method",), "Output", "NAME", "both", convert=one_of(EXPLAINED), choices=EXPLAINED,
        ),
        Option("label", "The label to explain.", ("--label",), "Output", "LABEL", shown="the one that is predicted"),
        Option(
            "units", "Also draw what units of this layer answer to, over all the photos, e.g. blocks.3.", ("--units",), "Output",
            "LAYER",
        ),
        Option("json", "Print one JSON object per photo.", ("--json",), "Output"),
        Option("force", "Write into a folder that is not empty.", ("-f", "--force"), "Output"),
        Option(
            "patch", "Side of the square that hides, in pixels as the network sees them.", ("--patch",), "Method", "N", 32,
            convert=whole_number(1),
        ),
        Option(
            "stride", "Distance between neighbouring squares (pixels).", ("--stride",), "Method", "N", 16,
            convert=whole_number(1),
        ),
        Option(
            "layer", "The layer of gradcam.", ("--layer",), "Method", "LAYER", shown="the last one with maps",
        ),
        TRUSTED,
        HELP, DEBUG,
    ),
    "gatera.cli.explain:explain",
    goes_on=True,
    about=(
        "The network is built again from the program's weights. A program without them (--slim), or with a head of one's own, "
        "cannot be explained this way.",
    ),
    examples=(
        "gatera explain cats.gatera photo.jpg --out why/",
        "gatera explain cats.gatera photos/ --out why/ --method occlusion --label cat --json",
        "gatera explain cats.gatera photos/ --out why/ --units blocks.3",
    ),
    extra="train",
)  # fmt: skip

COMMANDS = (EXPLAIN,)
