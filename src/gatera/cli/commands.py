"""Every command of `gatera`, as data. Nothing here imports what a command needs to run."""

from __future__ import annotations

from gatera.cli.options import DEBUG, HELP, PROGRAM, TRUSTED, Command, Option, number, one_of, whole_number
from gatera.cli.training.options import train_options

#: Engines and precisions of `gatera.load_program`. A test compares them: importing them from there would load numpy.
ENGINES, PRECISIONS = ("auto", "onnxruntime", "openvino"), ("float32", "fast")

#: Parts of a split data set that `gatera test` measures, and what `gatera predict --save` writes.
SIDES = ("test", "valid", "train", "all")
SAVED = ("auto", "labels", "drawn", "masks")

#: What `gatera explain` draws. A test compares them.
EXPLAINED = ("both", "occlusion", "gradcam", "integrated_gradients")

SHELLS = ("bash", "zsh", "fish")

TRAIN = Command(
    "train",
    "Train on photos, recordings, texts or a table, and write a program.",
    (
        *train_options(),
        Option(
            "config", "Take options from a TOML file, by their names; the command line wins.", ("--config",), "Output", "FILE",
            files=True,
        ),
        Option(
            "like", "Repeat the settings of a program that gatera train made; the command line and --config win.", ("--like",),
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
        "gatera train adult.csv --target salary",
        "gatera train ratings.csv --task recommend",
        "gatera train photos/ --config run.toml",
        "gatera train more-photos/ --like photos.gatera",
    ),
    extra="train",
    first="gatera.cli.training.first:complete",
)  # fmt: skip

PREDICT = Command(
    "predict",
    "Run a program on photos, recordings, texts or CSV rows.",
    (
        PROGRAM,
        Option(
            "inputs",
            "What the program takes: files, folders, quoted patterns and http addresses; texts in quotes; CSV files, or a row "
            "as a JSON object; or - for standard input: the bytes of a file, or a text per line.",
            group="Arguments", metavar="INPUT", many=True, optional=True, files=True, shown="needed without --user, --names and -0",
        ),
        Option(
            "user", "Recommend items to this user, for a program of ratings: those rated highest, without those that the user "
            "has rated already.",
            ("--user",), "Output", "USER",
        ),
        *(option._replace(help=option.help.replace(", or of labels.csv", ""))
          for option in TRAIN.options if option.name in ("delimiter", "encoding", "header", "sheet")),
        Option("names", "Read the names of the inputs from standard input, one per line.", ("--names",), "Arguments"),
        Option("null", "The same, where names end with NUL, as find -print0 writes them.", ("-0", "--null"), "Arguments"),
        Option("json", "Print one JSON object per input, with all probabilities.", ("--json",), "Output"),
        Option("csv", "Print CSV: the file or the row's columns, the answer, all probabilities.", ("--csv",), "Output"),
        Option(
            "save", "Also write the answers into this new folder. Nothing that exists is changed.", ("--save",), "Output",
            "FOLDER", files=True,
        ),
        Option(
            "save_as", "What --save writes: copies of the files in a folder for each label, photos with their answers drawn, or "
            "masks as PNG.",
            ("--save-as",), "Output", "WAY", "auto", "masks for masks, drawn for points and numbers, else labels",
            one_of(SAVED), SAVED,
        ),
        Option(
            "top", "Show the K most likely classes, or with --user the K best items.", ("--top",), "Output", "K",
            shown="the predicted class; 10 items", convert=whole_number(1),
        ),
        Option(
            "sure", "Answer only where the program is sure at this level, 0 to 1: for example 0.95. Elsewhere the label is (not sure), and the "
            "reason follows. For numbers, the level of the interval.",
            ("--sure",), "Output", "LEVEL", convert=number(0, 1),
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
        "gatera predict cats.gatera photos/ --sure 0.95",
        'gatera predict reviews.gatera "I really liked that movie!"',
        "gatera predict income.gatera people.csv",
        """gatera predict films.gatera '{"userId": 7, "movieId": 50}'""",
        "gatera predict films.gatera --user 7 --top 5",
        "gatera predict cats.gatera - < photo.jpg",
        "gatera predict cats.gatera --names --csv < names.txt",
        "gatera predict cats.gatera photos/ --save sorted/",
        "gatera predict cats.gatera https://example.org/cat.jpg",
    ),
)  # fmt: skip

TEST = Command(
    "test",
    "Measure programs on new items with labels.",
    (
        PROGRAM._replace(help="The program, for example cats.gatera; several are compared.", many=True),
        Option(
            "source", "A folder laid out as for training (a folder per class, labels.csv, photos and masks), or a CSV file "
            "with the column of the labels.",
            group="Arguments", metavar="SOURCE", optional=True, files=True, shown="needed without --sealed",
        ),
        Option(
            "sealed", "Measure on a test set that gatera seal has locked, and record that it was opened.", ("--sealed",), "Data",
            "FILE", files=True,
        ),
        Option(
            "target", "The column of the labels; several are separated by commas.", ("--target",), "Data", "COLUMN",
            shown="that of training, or the only one that the program does not read",
        ),
        *(option for option in TRAIN.options if option.name == "label_from"),
        Option(
            "side", "Which part to measure, where SOURCE is split.", ("--side",), "Data", "SIDE",
            shown="test, else valid, else all", convert=one_of(SIDES), choices=SIDES,
        ),
        *(option for option in PREDICT.options if option.name in ("delimiter", "encoding", "header", "sheet")),
        Option("json", "Print one JSON object.", ("--json",), "Output"),
        Option("csv", "Print a line of CSV for each item: name, label, answer, whether it is wrong.", ("--csv",), "Output"),
        Option(
            "report", "Also write an HTML page with pictures and everything that is wrong.", ("--report",), "Output", "FILE",
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
        "gatera test cats.gatera other.gatera new-photos/",
        "gatera test cats.gatera other.gatera --sealed june.sealed",
    ),
)  # fmt: skip

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
        *(option for option in TEST.options if option.name in ("target", "label_from", "side")),
        *(option for option in PREDICT.options if option.name in ("delimiter", "encoding", "header", "sheet")),
        Option(
            "inside", "Look into the network, which takes the most time.", ("--inside",), "Output", default=True, negative=True,
        ),
        Option("json", "Print one JSON object.", ("--json",), "Output"),
        Option("force", "Overwrite an existing page.", ("-f", "--force"), "Output"),
        *(option for option in PREDICT.options if option.name in ("engine", "trusted")),
        HELP, DEBUG,
    ),
    "gatera.cli.measuring.report:report",
    about=(
        "The page is one file that loads nothing. Where SOURCE has a training set beside the measured one, copies on both sides are "
        "looked for. gatera train --report writes the same page.",
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

INFO = Command(
    "info",
    "Show what a program does, how good it is and how it was made.",
    (
        PROGRAM,
        Option("json", "Print everything as one JSON object.", ("--json",), "Output"),
        Option("onnx", "Take the network out: write it as an ONNX file.", ("--onnx",), "Output", "FILE", files=True),
        Option("force", "Overwrite an existing ONNX file.", ("-f", "--force"), "Output"),
        TRUSTED,
        HELP, DEBUG,
    ),
    "gatera.cli.info:info",
    examples=("gatera info cats.gatera", "gatera info cats.gatera --json", "gatera info cats.gatera --onnx cats.onnx"),
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
            "topic", "The command, of one or two words; without it, all commands are listed.", group="Arguments",
            metavar="COMMAND", optional=True, many=True,
        ),
        HELP, DEBUG,
    ),
    "gatera.cli.help:help_command",
    examples=("gatera help train",),
)  # fmt: skip

#: Every command by name, in the order in which help lists them. A name of two words is one of a group.
COMMANDS = {
    command.name: command
    for command in (TRAIN, PREDICT, TEST, REPORT, EXPLAIN, SEAL, INFO, COMPLETION, HELP_COMMAND)
}

#: What each group of commands is for, by its name: the first word of theirs.
GROUPS: dict[str, str] = {}


def commands_of(group: str) -> dict[str, Command]:
    """Return the commands of a group by their second word."""
    return {
        second: command
        for name, command in COMMANDS.items()
        for first, _, second in [name.partition(" ")]
        if second and first == group
    }


def first_words() -> dict[str, str]:
    """Return what may stand after `gatera`, commands and groups, each with its summary."""
    firsts = dict.fromkeys(name.partition(" ")[0] for name in COMMANDS)
    return {first: GROUPS[first] if first in GROUPS else COMMANDS[first].summary for first in firsts}
