"""The command `gatera serve`."""

from __future__ import annotations

import re

from gatera.cli.options import DEBUG, HELP, TRUSTED, Command, Invalid, Option, number, whole_number

#: Sizes in bytes that a text may end with.
UNITS = {"kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000}


def size_in_bytes(text: str) -> int:
    """Return a size in bytes: "32MB", "500 kB", "1000000".

    Raises:
        Invalid: if it is none.

    Example:
        >>> size_in_bytes("32MB"), size_in_bytes("1000")
        (32000000, 1000)
    """
    written = text.strip().lower()
    unit = UNITS.get(written[-2:], 1)
    digits = written[:-2].strip() if unit > 1 else written
    if not (digits.isascii() and digits.isdecimal()) or not 0 < int(digits[:15]) * unit <= 10_000_000_000:
        raise Invalid(f"must be a size such as 32MB, got {text!r}")
    return int(digits) * unit


def path_prefix(text: str) -> str:
    """Return the prefix of a path, "/cats".

    Raises:
        Invalid: if it is none.
    """
    prefix = text.rstrip("/")
    if not prefix.startswith("/") or any(character in prefix for character in "?# ") or not prefix.isascii():
        raise Invalid(f"must be a path such as /cats, got {text!r}")
    return prefix


def port_number(text: str) -> int:
    """Return a port; raise Invalid if it is none."""
    if not (text.isascii() and text.isdecimal()) or int(text[:9]) > 65_535:
        raise Invalid(f"must be a port from 0 to 65535, got {text!r}")
    return int(text)


def several(text: str) -> list[str]:
    """Return names that are separated by commas."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise Invalid(f"must be names, separated by commas; got {text!r}")
    return names


_ORIGIN = re.compile(r"(https?|[a-z-]+-extension)://[^/?#@\s]+")


def origins(text: str) -> list[str]:
    """Return sites as browsers name them, "https://example.org".

    Raises:
        Invalid: if one is not a site: it would never match.

    Example:
        >>> origins("https://Example.org/, http://127.0.0.1:5173")
        ['https://example.org', 'http://127.0.0.1:5173']
    """
    found = [name.rstrip("/").lower() for name in several(text)]
    wrong = [name for name in found if name != "*" and not _ORIGIN.fullmatch(name)]
    if wrong:
        raise Invalid(f"must be sites such as https://example.org, got {wrong[0]!r}")
    return found


def host_names(text: str) -> list[str]:
    """Return names of hosts.

    Raises:
        Invalid: if one is an address or a pattern: it would never match.
    """
    found = several(text)
    wrong = [name for name in found if "/" in name or "*" in name]
    if wrong:
        raise Invalid(f"must be names such as cats.example.org, got {wrong[0]!r}")
    return found


SERVE = Command(
    "serve",
    "Serve programs over HTTP: a page to try them, predictions for other software, health and metrics.",
    (
        Option(
            "programs", "Program files, or versions in the registry such as cats@production; NAME=FILE gives one another name.",
            group="Arguments", metavar="PROGRAM", many=True, files=True,
        ),
        Option("host", "The address to listen on; 0.0.0.0 for every network of this machine.", ("--host",), "Address", "HOST", "127.0.0.1"),
        Option(
            "port", "The port; 0 for any free one.", ("-p", "--port"), "Address", "PORT", shown="8000, or the next free one",
            convert=port_number,
        ),
        Option("prefix", "The path prefix under which a proxy serves it, for example /cats; the proxy may keep or strip it.", ("--prefix",), "Address", "PATH", "", convert=path_prefix, shown="none"),
        Option(
            "token_file", "A file with the token that every request must send. Without it, the environment variable GATERA_TOKEN is read.",
            ("--token-file",), "Safety", "FILE", files=True,
        ),
        Option("open", "Accept connections from other machines without a token.", ("--open",), "Safety"),
        Option(
            "host_name", "More host names, separated by commas, that requests may use for this server, such as a proxy's.",
            ("--host-name",), "Safety", "NAMES", (), convert=host_names, shown="this machine's; any with --host",
        ),
        Option(
            "allow_origin", "Other sites, separated by commas, whose pages may use it, for example https://example.org.",
            ("--allow-origin",), "Safety", "ORIGINS", (), convert=origins, shown="none",
        ),
        TRUSTED,
        Option("body_limit", "The largest request body.", ("--body-limit",), "Limits", "SIZE", 32_000_000, "32MB", size_in_bytes),
        Option(
            "pixel_limit", "Photos with more pixels are not decoded.", ("--pixel-limit",), "Limits", "N", 80_000_000, convert=whole_number(1),
        ),
        Option(
            "max_wait", "A request that would wait longer than this is refused with status 429 (try again).", ("--max-wait",), "Limits", "SECONDS", 2.0,
            "2", number(0.001),
        ),
        Option(
            "drain", "After SIGTERM, keep answering for this many seconds, reported as not ready, before stopping.", ("--drain",), "Limits", "SECONDS", 5.0,
            "5", number(0, 3600),
        ),
        Option(
            "batch_size", "Inputs computed at once.", ("--batch-size",), "Speed", "N", shown="the fastest, measured at the start",
            convert=whole_number(1),
        ),
        Option(
            "sure", "Answer only if the program is sure at this level, 0 to 1, unless a request asks for another.", ("--sure",), "Answers",
            "LEVEL", convert=number(0, 1),
        ),
        Option("log", "Log every prediction in this folder, and the labels that people give on the page.", ("--log",), "Answers", "FOLDER", files=True),
        Option("log_inputs", "Also store the inputs there.", ("--log-inputs",), "Answers"),
        Option(
            "reload", "Switch to a changed file or a moved tag once it has answered an example.", ("--reload",), "Answers",
            default=True, negative=True,
        ),
        HELP, DEBUG,
    ),
    "gatera.cli.serving.run:run",
    goes_on=True,
    about=(
        "POST /predict takes a photo or recording, a text, or rows as JSON; GET / is a page to try it; /docs describes every endpoint.",
        "SIGTERM and Ctrl-C stop the server once every open request is answered.",
    ),
    examples=(
        "gatera serve cats.gatera",
        "gatera serve cats@production --port 8080 --log answers",
        "gatera serve cats.gatera reviews.gatera",
        "gatera serve cats.gatera --host 0.0.0.0 --token-file token",
    ),
)  # fmt: skip

COMMANDS = (SERVE,)
