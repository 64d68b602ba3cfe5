"""The command `gatera train`."""

from __future__ import annotations

from gatera.cli.options import DEBUG, HELP, Command, Option
from gatera.cli.training.options import train_options

TRAIN = Command(
    "train",
    "Train on photos, recordings, texts or a table, and write a program.",
    (
        *train_options(),
        Option(
            "config", "Read options from a TOML file, by their names; the command line takes precedence.", ("--config",), "Output", "FILE",
            files=True,
        ),
        Option(
            "like", "Repeat the settings of a program that gatera train made; the command line and --config take precedence.", ("--like",),
            "Output", "PROGRAM", files=True,
        ),
        Option("json", "Print one JSON object per line instead of text.", ("--json",), "Output"),
        HELP, DEBUG,
    ),
    "gatera.cli.train:train",
    about=(
        "Splits the data, trains, measures the error on the validation set and writes the program. Nothing is written into "
        "SOURCE. Ctrl-C saves a checkpoint.",
    ),
    examples=(
        "gatera train photos/",
        "gatera train photos/ --out cats.gatera --report report/",
        r"gatera train digits/ --label-from '^(\d)_' --group-by '^\d_([a-z]+)_'",
        "gatera train adult.csv --target salary --out income.gatera",
        "gatera train ratings.csv --task recommend --out films.gatera",
        "gatera train photos/ --config run.toml",
        "gatera train more-photos/ --like photos.gatera",
    ),
    extra="train",
    first="gatera.cli.training.before_torch:complete",
    goes_on=True,
)  # fmt: skip

COMMANDS = (TRAIN,)
