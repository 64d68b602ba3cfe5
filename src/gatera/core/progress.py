"""Show progress: a live bar on a terminal and in a notebook, nothing in a log file."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from gatera.core.escape import escaped
from gatera.core.terminal_bar import LinesOfProgress, TerminalBar, clear_bar

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")

#: A bar appears only after this delay (seconds).
PATIENCE_SECONDS = 0.5

#: Shortest interval between redraws in a notebook (seconds); each one is a message to the browser.
REDRAW_SECONDS = 0.2

#: What notes begin with: see `notes_about`.
_ABOUT: ContextVar[str] = ContextVar("about", default="")


@cache
def in_notebook() -> bool:
    """Whether this process is a Jupyter kernel: also one whose shell is a kind of Jupyter's, as those of Colab and Databricks are."""
    return any(kind.__name__ == "ZMQInteractiveShell" for kind in type(ipython_shell()).__mro__)


def ipython_shell() -> Any:
    """Return the shell of IPython that this process runs in; None without one."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module else None


def console(stderr: bool = False) -> Console:
    """Return a rich console on the current stdout (or stderr): colour on a terminal, plain text elsewhere.

    It takes no brackets in texts for markup: they may be names from data.
    """
    from rich.console import Console

    # Outside a terminal rich assumes 80 columns and would truncate file names.
    stream = sys.stderr if stderr else sys.stdout
    # said, or rich takes a pipe for a terminal where FORCE_COLOR is set, as Jupyter does for what its cells start
    terminal = stream.isatty()
    width = None if in_notebook() or terminal else 200
    return Console(
        stderr=stderr, width=width, soft_wrap=width is not None, highlight=False, markup=False, emoji=False,
        force_terminal=terminal,
    )  # fmt: skip


def is_live(shown: Console) -> bool:
    """Whether `shown` can redraw lines: a real terminal or a notebook."""
    return (shown.is_terminal and not below_a_cell()) or shown.is_jupyter


def below_a_cell() -> bool:
    """Whether a cell of a notebook started this process, as "!gatera train" does.

    It runs on a terminal, whose text is shown below the cell; but what the text erases stays there.
    """
    return "JPY_PARENT_PID" in os.environ or "matplotlib_inline" in os.environ.get("MPLBACKEND", "")


@contextmanager
def notes_about(item: str) -> Iterator[None]:
    """Begin each note of the block with the name of the item that it is about."""
    before = _ABOUT.set(f"{item}: ")
    try:
        yield
    finally:
        _ABOUT.reset(before)


def note(text: str) -> None:
    """Print a message to the user on stderr (in a notebook, below the cell), without disturbing a progress bar."""
    clear_bar()
    text = _ABOUT.get() + text
    stream = sys.stdout if in_notebook() else sys.stderr
    lines = escaped(text, keep="\n\t").split("\n")
    if stream.isatty():
        width = max(20, shutil.get_terminal_size().columns)
        lines = [part for line in lines for part in _wrapped(line, width)]
    print("\n".join(lines), file=stream)


def _wrapped(line: str, width: int) -> list[str]:
    """Return a line in parts that fit a terminal, broken between words; further parts are indented."""
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line, width, subsequent_indent=f"{indent}  ", break_long_words=False, break_on_hyphens=False, tabsize=4
    ) or [line]  # fmt: skip


def track(items: Iterable[T], description: str, total: int | None = None, quiet: bool = False) -> Iterator[T]:
    """Iterate over `items` with a progress bar on stderr, if that is a terminal or a notebook.

    The bar appears after half a second, so quick work shows none, and disappears when done.
    """
    if quiet:
        yield from items
        return
    start, waiting, task = time.monotonic(), True, None
    bar: NotebookBar | TerminalBar | None = None
    total = total if total is not None else _length(items)
    try:
        for done, item in enumerate(items):
            if waiting and time.monotonic() - start > PATIENCE_SECONDS:
                waiting, bar = False, _bar()
                task = bar.add_task(description, total=total) if bar is not None else None
            if bar is not None and task is not None:
                bar.update(task, completed=done)
            yield item
    finally:
        if bar is not None:
            bar.stop()


@contextmanager
def status(text: str) -> Iterator[None]:
    """Show what is going on, "Writing cats.gatera ...", on the last line of a terminal while the block runs; else nothing.

    A progress bar inside the block takes its place.
    """
    bar = None if in_notebook() else _terminal_bar()
    if bar is not None:
        bar.show(f"{text} ...")
    try:
        yield
    finally:
        if bar is not None and TerminalBar.current in (bar, None):
            bar.stop()


class NotebookBar:
    """A progress bar in a notebook."""

    def __init__(self) -> None:
        from IPython.display import HTML, display

        self._html, self._text, self._total, self._drawn = HTML, "", 0, float("-inf")
        self._handle: Any = display(HTML(""), display_id=True)

    def add_task(self, description: str, total: int | None) -> int:
        """Set the description and the total. Returns 0, the id of the only task."""
        import html  # only notebooks need it

        self._text, self._total = html.escape(escaped(description)), total or 0
        return 0

    def update(self, task: int, completed: int) -> None:
        """Redraw the bar, unless it was redrawn a moment ago."""
        if time.monotonic() - self._drawn < REDRAW_SECONDS:
            return
        self._drawn = time.monotonic()
        self._handle.update(self._html(bar_html(self._text, completed, self._total)))

    def stop(self) -> None:
        """Remove the bar."""
        self._handle.update(self._html(""))


def bar_html(text: str, completed: int, total: int) -> str:
    """Return a bar as HTML, with a text beside it (itself HTML); without a total, the text and the count."""
    bar = f'<progress value="{completed}" max="{total}"></progress> ' if total else ""
    return f"{bar}{text}, {completed}{f' of {total}' if total else ''}"


def _bar() -> TerminalBar | NotebookBar | None:
    """Start a bar on stderr; None if stderr is neither a terminal nor a notebook."""
    return NotebookBar() if in_notebook() else _terminal_bar()


def _terminal_bar() -> TerminalBar | None:
    """Start a bar on stderr; None if that is not a terminal that can redraw a line.

    Where stdout is a pipe, whole lines are printed: its reader (`tee`, say) may write on this terminal at any moment, and
    its text would join what a bar has left on the line. So it is below a cell.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return None
    return (LinesOfProgress if _is_pipe(sys.stdout) or below_a_cell() else TerminalBar)(sys.stderr)


def _is_pipe(stream: TextIO) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError, AttributeError):  # closed, or made by a test or notebook
        return False


def _length(items: Iterable[object]) -> int | None:
    try:
        return len(items)  # type: ignore[arg-type]
    except TypeError:
        return None
