"""Every command of `gatera`, as data. Nothing here imports what a command needs to run."""

from __future__ import annotations

from gatera.cli.options import Command, Option, one_of, whole_number
from gatera.cli.training.options import train_options

#: Engines and precisions of `gatera.load_program`. A test compares them: importing them from there would load numpy.
ENGINES, PRECISIONS = ("auto", "onnxruntime", "openvino"), ("float32", "fast")

SHELLS = ("bash", "zsh", "fish")

PROGRAM = Option(
    "program", "The program, for example cats.gatera.", group="Arguments", metavar="PROGRAM", files=True
)

TRUSTED = Option(
    "trusted",
    "Take a program whose model has operators that are not on the list of known ones, or needs much memory or time: for programs "
    "of people you trust.",
    ("--trusted",), "Safety",
)  # fmt: skip

HELP = Option("help", "Show this help and exit.", ("-h", "--help"), group="Other")
DEBUG = Option(
    "debug", "Show the traceback of an error. The same as GATERA_DEBUG=1.", ("--debug",), group="Other"
)
VERSION = Option("version", "Show the version and exit.", ("-V", "--version"), group="Other")

#: Options of `gatera` itself.
GLOBAL = (HELP, VERSION, DEBUG)

TRAIN = Command(
    "train",
    "Train on photos, recordings, texts or a table, and write a program.",
    (
        *train_options(),
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
        "gatera train adult.csv --target salary",
        "gatera train ratings.csv --task recommend",
    ),
    extra="train",
)  # fmt: skip

PREDICT = Command(
    "predict",
    "Run a program on photos, recordings, texts or CSV rows.",
    (
        PROGRAM,
        Option(
            "inputs",
            "What the program takes: files, folders and quoted patterns; texts in quotes, or - for lines of standard "
            "input; CSV files, or a row as a JSON object.",
            group="Arguments", metavar="INPUT", many=True, optional=True, files=True, shown="needed without --user",
        ),
        Option(
            "user", "Recommend items to this user, for a program of ratings: those rated highest, without those that the user "
            "has rated already.",
            ("--user",), "Output", "USER",
        ),
        *(option._replace(help=option.help.replace(", or of labels.csv", ""))
          for option in TRAIN.options if option.name in ("delimiter", "encoding", "header", "sheet")),
        Option("json", "Print one JSON object per input, with all probabilities.", ("--json",), "Output"),
        Option(
            "top", "Show the K most likely classes, or with --user the K best items.", ("--top",), "Output", "K",
            shown="the predicted class; 10 items", convert=whole_number(1),
        ),
        Option(
            "engine", "What computes the predictions.", ("--engine",), "Speed", "NAME", "auto",
            "auto: onnxruntime; with --precision fast openvino, if it is installed",
            one_of(ENGINES), ENGINES,
        ),
        Option(
            "precision",
            "With fast, OpenVINO computes in bfloat16 if the processor supports it; probabilities may change by up to 0.005.",
            ("--precision",), "Speed", "NAME", "float32", convert=one_of(PRECISIONS), choices=PRECISIONS,
        ),
        Option(
            "batch_size", "Inputs computed at once. It does not change the answers, but for rounding.", ("--batch-size",), "Speed", "N",
            shown="what takes the least time, found with the first inputs", convert=whole_number(1),
        ),
        TRUSTED,
        HELP, DEBUG,
    ),
    "gatera.cli.predict:predict",
    about=(
        "Inputs that cannot be read are reported on standard error, the others are predicted, and the exit status is 1.",
    ),
    examples=(
        "gatera predict cats.gatera photo.jpg",
        "gatera predict cats.gatera photos/ --json > answers.jsonl",
        'gatera predict cats.gatera "photos/*.jpg" --top 3',
        'gatera predict reviews.gatera "I really liked that movie!"',
        "gatera predict income.gatera people.csv",
        """gatera predict films.gatera '{"userId": 7, "movieId": 50}'""",
        "gatera predict films.gatera --user 7 --top 5",
    ),
)  # fmt: skip

INFO = Command(
    "info",
    "Show what a program does, how good it is and how it was made.",
    (
        PROGRAM,
        Option("json", "Print everything as one JSON object.", ("--json",), "Output"),
        TRUSTED,
        HELP, DEBUG,
    ),
    "gatera.cli.info:info",
    examples=("gatera info cats.gatera", "gatera info cats.gatera --json"),
)  # fmt: skip

COMPLETION = Command(
    "completion",
    "Print the completion script of a shell.",
    (
        Option(
            "shell", "The shell.", group="Arguments", metavar="SHELL", convert=one_of(SHELLS), choices=SHELLS
        ),
        HELP, DEBUG,
    ),
    "gatera.cli.completion:completion",
    about=("Save it where your shell looks for completions, then start a new shell.",),
    examples=(
        "gatera completion bash > ~/.local/share/bash-completion/completions/gatera",
        'gatera completion zsh > "${fpath[1]}/_gatera"',
        "gatera completion fish > ~/.config/fish/completions/gatera.fish",
    ),
)  # fmt: skip

HELP_COMMAND = Command(
    "help",
    "Show the help of a command.",
    (
        Option(
            "topic", "The command; without it, all commands are listed.", group="Arguments", metavar="COMMAND",
            optional=True,
        ),
        HELP, DEBUG,
    ),
    "gatera.cli.help:help_command",
    examples=("gatera help train",),
)  # fmt: skip

#: Every command by name, in the order in which help lists them.
COMMANDS = {command.name: command for command in (TRAIN, PREDICT, INFO, COMPLETION, HELP_COMMAND)}
