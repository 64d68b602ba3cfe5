"""The command `gatera predict`."""

from __future__ import annotations

from gatera.cli.commands.reading import READING
from gatera.cli.options import DEBUG, HELP, PROGRAM, TRUSTED, Command, Option, number, one_of, whole_number

#: Engines and precisions of `gatera.load_program`. A test compares them: importing them from there would load numpy.
ENGINES, PRECISIONS = ("auto", "onnxruntime", "openvino"), ("float32", "fast")

#: What `gatera predict --save` writes. A test compares them.
SAVED = ("auto", "labels", "drawn", "masks")

PREDICT = Command(
    "predict",
    "Run a program on photos, recordings, texts or CSV rows.",
    (
        PROGRAM,
        Option(
            "inputs",
            "What the program takes: files, folders, DATA@COMMIT, quoted patterns and http addresses; texts in quotes; CSV files, or a row "
            "as a JSON object; or - for standard input: the bytes of a file, or a text per line.",
            group="Arguments", metavar="INPUT", many=True, optional=True, files=True, shown="needed without --user, --names and -0",
        ),
        Option(
            "user", "For a program trained on ratings: recommend to this user the items with the highest predicted ratings, except those that the user has rated.",
            ("--user",), "Output", "USER",
        ),
        *READING,
        Option("names", "Read the names of the inputs from standard input, one per line.", ("--names",), "Arguments"),
        Option("null", "The same, for names that end with NUL, as find -print0 writes them.", ("-0", "--null"), "Arguments"),
        Option("json", "Print one JSON object per input, with all probabilities.", ("--json",), "Output"),
        Option("csv", "Print CSV: the file or the row's columns, the prediction, all probabilities.", ("--csv",), "Output"),
        Option(
            "save", "Also write the answers into this new folder. Existing files are not changed.", ("--save",), "Output",
            "FOLDER", files=True,
        ),
        Option(
            "save_as", "What --save writes: the files copied into a folder per label, photos with their answers drawn on them, or masks as PNG.",
            ("--save-as",), "Output", "WAY", "auto", "masks for masks, drawn for points and numbers, else labels",
            one_of(SAVED), SAVED,
        ),
        Option(
            "top", "Show the K most likely classes, or with --user the K best items.", ("--top",), "Output", "K",
            shown="the predicted class; 10 items", convert=whole_number(1),
        ),
        Option(
            "sure", "Answer only if the program is sure at this level, 0 to 1, for example 0.95. Otherwise the label is (not sure), followed by the reason. For numbers, the level of the interval.",
            ("--sure",), "Output", "LEVEL", convert=number(0, 1),
        ),
        Option(
            "engine", "The engine that computes the predictions.", ("--engine",), "Speed", "NAME", "auto",
            "auto: onnxruntime; with --precision fast openvino, if it is installed",
            one_of(ENGINES), ENGINES,
        ),
        Option(
            "precision",
            "With fast, OpenVINO computes in bfloat16 if the processor supports it; probabilities may change by up to 0.005.",
            ("--precision",), "Speed", "NAME", "float32", convert=one_of(PRECISIONS), choices=PRECISIONS,
        ),
        Option(
            "batch_size", "Inputs computed at once. Changes the answers only by rounding.", ("--batch-size",), "Speed", "N",
            shown="the fastest, found with the first inputs", convert=whole_number(1),
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
        'gatera predict cats.gatera "photos/**/*.jpg" --top 3',
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

COMMANDS = (PREDICT,)
