"""The command `gatera studio`."""

from __future__ import annotations

from gatera.cli.commands.serving import port_number
from gatera.cli.options import DEBUG, HELP, Command, Invalid, Option, one_of

#: What files of a folder can be. A test compares them with the library's.
KINDS = ("photos", "texts", "recordings", "masks")


def labels(text: str) -> list[str]:
    """Return labels that are separated by commas."""
    found = [label.strip() for label in text.split(",") if label.strip()]
    if not found:
        raise Invalid(f"must be labels, separated by commas; got {text!r}")
    return found


STUDIO = Command(
    "studio",
    "Label, review and correct a data set in the browser.",
    (
        Option("data", "A folder of photos, with or without masks, of texts or recordings, a data repository, or a table whose rows are items.", group="Arguments", metavar="DATA", files=True),
        Option("by", "The name recorded with your labels.", ("--by",), "Labels", "NAME", shown="git's user.name, else the login"),
        Option("labels", "Labels to choose from, separated by commas, besides those that items have.", ("--labels",), "Labels", "LABELS", (), convert=labels, shown="none"),
        Option("finish", "Write the decisions that are not written yet (as one commit, or into labels.csv), and exit.", ("--finish",), "Labels"),
        Option("kind", "Which files of the folder are shown; masks come with their photos.", ("--kind",), "Data", "KIND", shown="masks if gatera train would learn from them, else the most frequent kind", convert=one_of(KINDS), choices=KINDS),
        Option("text", "The column of a table that holds the text.", ("--text",), "Data", "COLUMN", shown="one with a name such as text or review, else the one with the longest cells"),
        Option("program", "A program (a file or a version in the registry) that suggests labels or masks; needs no PyTorch.", ("--program",), "Guesses", "PROGRAM", files=True),
        Option("log", "The log of gatera serve: inputs that the server was unsure of become a queue.", ("--log",), "Guesses", "FOLDER", files=True),
        Option("host", "The address to listen on; 0.0.0.0 for every network of this machine.", ("--host",), "Address", "HOST", "127.0.0.1"),
        Option("port", "The port; 0 for any free one.", ("-p", "--port"), "Address", "PORT", shown="8765, or the next free one", convert=port_number),
        Option("browser", "Open the page in the browser.", ("--browser",), "Address"),
        Option(
            "token_file", "A file with the token that a browser must send. Without it, the environment variable GATERA_TOKEN is read.",
            ("--token-file",), "Safety", "FILE", files=True, shown="a token for this user, created once",
        ),
        Option("open", "Accept connections from other machines without a token.", ("--open",), "Safety"),
        HELP, DEBUG,
    ),
    "gatera.cli.studio.run:run",
    goes_on=True,
    about=(
        "Every key press is saved before the next item appears, so a session survives a reload, a crash or a restart. Finish, on the page or with --finish, writes it as one commit of a data repository, or into a folder's labels.csv.",
        "Masks are corrected with brush and fill, and saved as PNG with the values that they had; what was replaced is kept.",
        "Everything has a key, and keys can be changed: ? lists them. Only training again needs PyTorch.",
    ),
    examples=(
        "gatera studio photos/ --labels cat,dog",
        "gatera studio photos/ --by Ann --program cats.gatera",
        "gatera studio answers/ --log answers/",
        "gatera studio reviews.csv --text review",
        "gatera studio streets/ --kind masks",
    ),
)  # fmt: skip

COMMANDS = (STUDIO,)
