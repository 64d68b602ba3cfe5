"""The settings of a training run: the arguments of `gatera.train` and the options of `gatera train`, in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, TypedDict, Unpack

from gatera.core.checks import check_at_least, check_count, check_fraction, check_positive
from gatera.core.errors import ArgumentError
from gatera.evaluate.kept.commit import commit_of_source


class Task(StrEnum):
    """What a program learns to do."""

    auto = "auto"
    photos = "photos"
    masks = "masks"
    sound = "sound"
    text = "text"
    table = "table"
    recommend = "recommend"


class ModelKind(StrEnum):
    """What answers: a network, for tables also trees or a linear model, for texts also a linear model of words, or both."""

    best = "best"
    network = "network"
    trees = "trees"
    linear = "linear"
    words = "words"
    both = "both"


class SplitKind(StrEnum):
    """How a validation set is chosen."""

    auto = "auto"
    random = "random"
    groups = "groups"
    time = "time"


#: The share of the items that are held out where nothing is said.
VALID_SHARE = 0.2

#: Settings that say how a table is read.
READING = ("delimiter", "encoding", "decimal", "header", "sheet")


#: Settings that belong to one run: they are neither kept in the program nor repeated.
OF_ONE_RUN = ("source", "out", "report", "resume", "restart", "force", "device")


class TrainArguments(TypedDict, total=False):
    """The keyword arguments of `gatera.train` that have a default in `TrainSettings`, which describes them."""

    text: str | None
    label_from: str | None
    group_by: str | None
    time_by: str | None
    split: str
    check_leaks: bool
    delimiter: str | None
    encoding: str | None
    decimal: str | None
    header: str | int | None
    sheet: str | None
    classes: str | Sequence[str] | None
    numbers: str | Sequence[str] | None
    drop: str | Sequence[str] | None
    user: str | None
    item: str | None
    rating: str | None
    model: str
    arch: str | None
    epochs: int | None
    freeze_epochs: int | None
    size: int | None
    lr: float | None
    bs: int | None
    valid_pct: float | None
    test_pct: float | None
    class_level: int | None
    mask_values: str | None
    seed: int
    augment: bool
    device: str
    weights: str | Path | None
    report: str | Path | None
    resume: str | Path | None
    restart: bool
    embeddings: bool
    slim: bool
    force: bool


class About(TypedDict, total=False):
    """How a setting is written and shown on the command line.

    Attributes:
        metavar: what stands for the value; without one, the setting is a switch.
        shown: the default in words, where the value itself does not say it.
        flags: how it is written, where that is not the name with dashes.
        low: the lowest value allowed.
        high: the highest value allowed.
        negative: whether a switch has a `--no-...`.
    """

    metavar: str
    shown: str
    flags: tuple[str, ...]
    low: float
    high: float
    negative: bool


def setting(group: str, help: str, default: Any = MISSING, **about: Unpack[About]) -> Any:
    """Return a field of `TrainSettings`, with what the command line shows of it.

    Args:
        group: the heading it stands under.
        help: what it does, in one sentence.
        default: its value where nothing is given; without one it must be given.
        **about: see `About`.
    """
    return field(default=default, metadata={"group": group, "help": help, **about})


@dataclass(frozen=True)
class TrainSettings:
    """The settings of a training run. None means: choose what suits the task.

    Raises:
        ArgumentError: if a value is not allowed.
    """

    source: Path = setting(
        "Arguments",
        "A folder of photos, recordings or texts (a folder per class, train and valid folders, or labels.csv), a folder of "
        "photos and masks, or a CSV file.",
        metavar="SOURCE",
    )
    out: Path = setting(
        "Output", "The program to write.", metavar="FILE", flags=("-o", "--out"),
        shown="SOURCE.gatera in the current folder",
    )  # fmt: skip
    task: Task = setting(
        "Data", "What to learn; auto looks at the content of SOURCE.", Task.auto, metavar="TASK"
    )
    target: str | None = setting(
        "Data", "The column to predict; in labels.csv, the column with the labels.", None, metavar="COLUMN"
    )
    text: str | None = setting(
        "Data", "Learn only from the texts in this column of a table.", None, metavar="COLUMN",
        shown="text columns are used if there is nothing else to learn from",
    )  # fmt: skip
    label_from: str | None = setting(
        "Data",
        "Take the label from the file name: the first group of a regular expression.",
        None,
        metavar="REGEX",
    )
    group_by: str | None = setting(
        "Data",
        "Keep files whose names share the first group of this regular expression (a speaker, an animal) on the same side of the split; for a table, also one of labels, items with the same value in this column.",
        None, metavar="REGEX|COLUMN",
    )  # fmt: skip
    time_by: str | None = setting(
        "Data", "Hold out the newest rows of a table, by this column of dates or numbers.", None, metavar="COLUMN"
    )  # fmt: skip
    split: SplitKind = setting(
        "Data",
        "How to choose the validation set: at random, or by groups or time found in file names and columns; auto checks whether one of these is needed, and keeps copies on the same side.",
        SplitKind.auto, metavar="HOW",
    )  # fmt: skip
    check_leaks: bool = setting(
        "Data", "Look for copies of training items in the validation and test sets.", True, negative=True
    )  # fmt: skip
    valid_pct: float | None = setting(
        "Data", "Fraction of the items for the validation set.", None, metavar="FRACTION", low=0.01, high=0.9,
        shown="0.2; 0.1 for large folders with a test set",
    )  # fmt: skip
    test_pct: float | None = setting(
        "Data", "Fraction of the items for a test set, which no choice depends on. Only for folders without one.", None,
        metavar="FRACTION", low=0.0, high=0.9, shown="half of a validation set of 400 photos or more",
    )  # fmt: skip
    class_level: int | None = setting(
        "Data",
        "Which folder in a file's path names its class: 1 is the first below SOURCE, -1 the one that holds the file.",
        None, metavar="N", shown="found from the folder names", low=-20,
    )  # fmt: skip
    mask_values: str | None = setting(
        "Data",
        'Which class each number or colour in a mask stands for: "0=background,255=thing" or "#000000=sky,#ff0000=car". Pixels of a class '
        "called void are not counted.",
        None, metavar="VALUES", shown="found in codes.txt or the masks",
    )  # fmt: skip
    seed: int = setting(
        "Data",
        "Seed of the split and the training: same seed, same result.",
        42,
        metavar="N",
        low=0,
        high=2**32 - 1,
    )
    delimiter: str | None = setting(
        "Tables", "What separates the columns of a CSV file, or of labels.csv: a character, tab, :: or blanks.", None, metavar="CHARACTER",
        shown="a comma, semicolon, tab, vertical bar, two colons or blanks, whichever fits",
    )  # fmt: skip
    encoding: str | None = setting(
        "Tables", "The encoding of the file: any that Python knows.", None, metavar="NAME",
        shown="UTF-8 or UTF-16, else the Windows encoding",
    )  # fmt: skip
    decimal: str | None = setting(
        "Tables", 'The decimal sign of numbers in the file, "." or ",".', None, metavar="SIGN", shown="found for each column",
    )  # fmt: skip
    header: str | int | None = setting(
        "Tables",
        "The row with the column names: its number, counting from 0, or none. Without names they are called column_1, column_2 and so "
        "on.",
        "auto", metavar="ROW", shown="the first, unless it looks like data",
    )  # fmt: skip
    sheet: str | None = setting(
        "Tables",
        "The sheet of an Excel workbook.",
        None,
        metavar="NAME",
        shown="the first that holds a table",
    )
    classes: str | Sequence[str] | None = setting(
        "Tables", "Treat these columns as categories even if they hold numbers; for the target, learn classes.", None,
        metavar="COLUMNS", shown="text, and whole numbers with at most 20 different values",
    )  # fmt: skip
    numbers: str | Sequence[str] | None = setting(
        "Tables", "Treat these columns as numbers even if they have few different values; for the target, learn a number.", None,
        metavar="COLUMNS", shown="all other columns of numbers",
    )  # fmt: skip
    drop: str | Sequence[str] | None = setting(
        "Tables", "Columns to leave out, separated by commas.", None, metavar="COLUMNS",
        shown="those that are empty, constant, or identify the rows",
    )  # fmt: skip
    user: str | None = setting(
        "Tables",
        "The column of the users in a table of ratings.",
        None,
        metavar="COLUMN",
        shown="found by its name",
    )
    item: str | None = setting(
        "Tables",
        "The column of the items in a table of ratings.",
        None,
        metavar="COLUMN",
        shown="found by its name",
    )
    rating: str | None = setting(
        "Tables", "The column of the ratings.", None, metavar="COLUMN", shown="found by its name"
    )
    model: ModelKind = setting(
        "Model",
        "The kind of model: the network; for tables, gradient-boosted trees or a linear model; for texts, a linear model of words; both (the network and trees or words); or the best of these on held-out training items.",
        ModelKind.best, metavar="MODEL",
    )  # fmt: skip
    arch: str | None = setting(
        "Model",
        "Architecture. Photos and recordings: a Gatera or timm name; texts: MiniLM, AWD_LSTM or a name on the "
        "Hugging Face hub.",
        None, metavar="NAME", shown="efficientnet_lite0; MiniLM for texts",
    )  # fmt: skip
    weights: str | None = setting(
        "Model", "Start from a weights file, a program, or a version of one in the registry (cats@v3); texts: from the folder of an encoder.",
        None, metavar="FILE",
        shown="pretrained weights of the architecture",
    )  # fmt: skip
    # what None means for these: `task_defaults.py` of each application
    epochs: int | None = setting(
        "Training", "Epochs that train the whole model.", None, metavar="N", low=1,
        shown="1 for photos (skipped if it would not help), 8 for masks, 2 for texts (up to 8 if there are few), as many as help for tables, else 5 (more if there are few ratings)",
    )  # fmt: skip
    freeze_epochs: int | None = setting(
        "Training", "Epochs that train only the head, before --epochs.", None, metavar="N", low=0,
        shown="1 for photos, or 10 if the body has much to learn; 0 for sound and texts, else 1",
    )  # fmt: skip
    lr: float | None = setting(
        "Training", "Maximum learning rate.", None, metavar="RATE", flags=("--lr", "--learning-rate"), low=0,
        shown="0.003 for photos, 0.002 for masks and texts, 0.01 for sound, 0.005 for tables (0.002 from 10,000 rows on) and ratings",
    )  # fmt: skip
    bs: int | None = setting(
        "Training", "Batch size.", None, metavar="N", flags=("--batch-size", "--bs"), low=1,
        shown="64; 16 for sound and texts, 8 for masks, 256 for large tables, 512 for many pairs without ratings; fewer for small data sets",
    )  # fmt: skip
    size: int | None = setting(
        "Training", "Resize photos to SIZE x SIZE pixels.", None, metavar="SIZE", low=8, high=4096,
        shown="320, or 160 if most are tiny; 256 for masks",
    )  # fmt: skip
    augment: bool = setting(
        "Training", "Flip, rotate, zoom and relight photos at random.", False, negative=True
    )
    device: str = setting("Training", "auto, cpu, cuda, cuda:1 or mps.", "auto", metavar="DEVICE")
    resume: Path | None = setting(
        "Training", "Resume from this checkpoint. Without it, an interrupted run resumes automatically.", None,
        metavar="CHECKPOINT",
    )  # fmt: skip
    restart: bool = setting("Training", "Start over, even if an earlier run could be resumed.", False)
    report: Path | None = setting(
        "Output",
        "Also write an HTML report into this folder: figures, pictures, and all wrong predictions.",
        None,
        metavar="FOLDER",
    )
    embeddings: bool = setting(
        "Output",
        "Let the program also return an item's features, to find similar items: Program.embed.",
        False,
    )
    slim: bool = setting(
        "Output", "Write a program half as large, without the weights for further training.", False
    )
    force: bool = setting("Output", "Overwrite existing files.", False, flags=("-f", "--force"))

    def __post_init__(self) -> None:
        for each in fields(self):
            value, low = getattr(self, each.name), each.metadata.get("low")
            if low is not None and value is not None and each.name != "valid_pct":
                check = check_at_least if "float" in str(each.type) else check_count
                check(each.name, value, low)
                if check is check_count and value > (high := each.metadata.get("high", value)):
                    raise ArgumentError(f"{each.name} must be at most {high}", got=value)
        if self.lr is not None:
            check_positive("lr", self.lr)  # 0 would mean the default
        if self.valid_pct is not None:
            check_fraction("valid_pct", self.valid_pct, open_low=True, open_high=True)

    @property
    def valid_share(self) -> float:
        """The share of the validation set; None in `valid_pct` also lets a folder with a test set have a smaller one."""
        return VALID_SHARE if self.valid_pct is None else self.valid_pct

    def chosen(self) -> dict[str, Any]:
        """Return the settings that were chosen, as plain values by name, for the program: what would repeat the run.

        What belongs to one run only (its files and its machine) is left out, and weights in a file are known by their name.
        """
        found = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if each.name not in OF_ONE_RUN
            and each.default is not MISSING
            and getattr(self, each.name) != each.default
        }
        if self.weights is not None:
            found["weights"] = Path(self.weights).name if Path(self.weights).exists() else self.weights
        return {name: _plain(value) for name, value in found.items()}

    @property
    def reading(self) -> dict[str, Any]:
        """How tables are read: the arguments of `gatera.program.tables.reader.open_table`."""
        return {name: getattr(self, name) for name in READING}


def without_path(text: str, source: Path) -> str:
    """Return text in which a source stands by its name, not by its whole path."""
    name = source.resolve().name
    return (
        text.replace(str(source.resolve()), name).replace(str(source), name) if str(source) != "." else name
    )


TrainSettings.__doc__ = f"{TrainSettings.__doc__}\n    Attributes:\n" + "\n".join(
    f"        {each.name}: {each.metadata['help']}" for each in fields(TrainSettings)
)

#: The default of each setting that has one.
DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(TrainSettings)[2:]}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def program_beside(source: Path) -> Path:
    """Return where a program goes by default: into the current folder, named after its source; a commit after its repository."""
    at_commit = commit_of_source(source)
    whole = (source if at_commit is None else at_commit[0]).resolve()
    return Path(f"{whole.name if whole.is_dir() else whole.stem}.gatera")
