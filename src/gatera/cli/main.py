"""The command `gatera`: a table of verbs, of which only the one that is asked for is imported."""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import gatera
from gatera.cli.output import FAILED, INTERRUPTED, MISUSED, print_any_name, show_error
from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import ArgumentError, GateraError, MissingExtraError


class Verb(NamedTuple):
    """One verb: its module (whose function bears the verb's name), what it does, and what it needs.

    A `light` verb's function takes the list of its arguments and returns the exit status. Any other is a typer command.
    """

    module: str
    summary: str
    extra: str | None = None
    light: bool = False


#: Every verb. A test compares each summary with the first line of the function's docstring.
VERBS = {
    "train": Verb(
        "gatera.cli.train",
        "Train on photos, sounds, texts or a table; write a program.",
        extra="train",
    ),
    "predict": Verb("gatera.cli.predict", "Say what photos, recordings, texts or rows are.", light=True),
    "info": Verb("gatera.cli.info", "Show what a program is and how it was trained.", light=True),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run `gatera`; this is the console script.

    Exit status: 0; 1 where something failed; 2 for misuse; 130 after Ctrl-C. `--debug`, anywhere, or GATERA_DEBUG=1
    shows the traceback of an error.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments or os.environ.get("GATERA_DEBUG", "0") not in ("", "0")
    arguments = [argument for argument in arguments if argument != "--debug"]
    print_any_name()
    try:
        status = _run(arguments)
        sys.stdout.flush()  # a closed pipe shows here rather than when Python shuts down
    except GateraError as err:
        if debug:
            raise
        show_error(err)
        status = FAILED
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        status = INTERRUPTED
    except BrokenPipeError:
        # `gatera predict ... | head -1` has read enough. What is still buffered must not fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = FAILED
    raise SystemExit(status)


def _run(arguments: list[str]) -> int:
    name = arguments[0] if arguments and not arguments[0].startswith("-") else None
    if name is not None and name not in VERBS:
        hint = did_you_mean(name, VERBS, 'See them all with "gatera --help".')
        show_error(ArgumentError("there is no such verb", got=name, expected=listed(VERBS), remedy=hint))
        return MISUSED
    try:
        if name is not None and VERBS[name].light:
            return load_verb(name)(arguments[1:])
        return _run_typer(name, arguments)
    except ModuleNotFoundError as err:
        extra = VERBS[name].extra if name is not None else None
        if extra is None or (err.name or "").partition(".")[0] in ("", "gatera"):
            raise
        raise MissingExtraError(
            f"gatera {name} needs {err.name}, which is not installed",
            remedy=f'Install it with: pip install "gatera[{extra}]"',
        ) from err


def load_verb(name: str) -> Callable[..., Any]:
    """Import the function behind a verb."""
    return getattr(importlib.import_module(VERBS[name].module), name)


def _run_typer(name: str | None, arguments: list[str]) -> int:
    """Run a verb that typer parses; without one, answer --help and --version."""
    import typer

    app = typer.Typer(
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
        # Boxes are for terminals; drawing them costs 50 ms.
        rich_markup_mode="rich" if sys.stdout.isatty() else None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip

    @app.callback()
    def _gatera(
        version: bool = typer.Option(
            False, "--version", help="Show the version.", callback=_version, is_eager=True
        ),
        debug: bool = typer.Option(
            False, "--debug", help="Show the traceback of an error (anywhere in the line)."
        ),
    ) -> None:
        """From a folder of examples to a program that other software can trust."""

    for verb, about in VERBS.items():
        if verb == name:
            app.command(verb, short_help=about.summary)(_stoppable(load_verb(verb)))
        else:
            app.command(verb, short_help=about.summary)(_not_loaded)
    try:
        app(args=arguments, prog_name="gatera")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    return 0


def _version(wanted: bool) -> None:
    if wanted:
        print(f"gatera {gatera.__version__}")
        raise SystemExit(0)


def _stoppable(verb: Callable[..., None]) -> Callable[..., None]:
    """Let Ctrl-C through as its exit status; versions of typer differ in what they make of it."""

    @functools.wraps(verb)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            verb(*arguments, **options)
        except KeyboardInterrupt:
            print("Stopped.", file=sys.stderr)
            raise SystemExit(INTERRUPTED) from None

    return run


def _not_loaded() -> None:
    """Stand for a verb in the list that --help shows; its module is imported only when it is asked for."""


if __name__ == "__main__":
    main()
