"""The command `gatera export`."""

from __future__ import annotations

from gatera.cli.options import DEBUG, HELP, PROGRAM, TRUSTED, Command, Option

EXPORT = Command(
    "export",
    "Write a page that predicts in the browser.",
    (
        PROGRAM,
        Option(
            "web", "Write the page into this folder, which must be new or empty.", ("--web",), "Output", "FOLDER", files=True,
            shown="must be given",
        ),
        Option("title", "The heading of the page.", ("--title",), "Output", "TEXT", shown="the program's name"),
        Option("force", "Replace an earlier page in the folder.", ("-f", "--force"), "Output"),
        Option(
            "runtime", "A folder with onnxruntime-web, or its npm package as .tgz, for machines without network access.",
            ("--runtime",), "Options", "PLACE", files=True, shown="$GATERA_ONNXRUNTIME_WEB, else fetched from npm once",
        ),
        TRUSTED,
        HELP, DEBUG,
    ),
    "gatera.cli.export:export",
    goes_on=True,
    about=(
        "The page works from any web server and any path, and sends nothing anywhere. It answers as gatera predict does, for every kind of "
        "program; if JavaScript cannot do what a program does, the command says so and writes nothing.",
    ),
    examples=(
        "gatera export cats.gatera --web page/",
        "gatera export cats@production --web page/ --title Cats --force",
    ),
)  # fmt: skip

COMMANDS = (EXPORT,)
