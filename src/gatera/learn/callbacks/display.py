"""Show the table of epochs: with a progress bar on a terminal, as HTML in a notebook, as plain lines in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from gatera.core.progress import REDRAW_SECONDS, bar_html, console, in_notebook, is_live
from gatera.learn.callbacks.epoch_table import cells, html_table, text_line
from gatera.learn.callbacks.recorder import Recorder
from gatera.learn.state import Callback, LoopState


class ProgressDisplay(Callback):
    """Print the table of epochs while it grows.

    Attributes:
        bar_on: whether to show a progress bar.
        table_on: whether to print the table.
    """

    order = 90  # after the recorder has added the row
    reads_only = True

    def __init__(self) -> None:
        self.bar_on, self.table_on = True, True
        self._names: list[str] = []
        self._rows: list[dict[str, float]] = []
        self._console = console()
        self._bar: Any = None  # a rich.progress.Progress, or a _BarInCell
        self._task: Any = None
        self._handle: Any = None  # of the output cell in a notebook

    def __getstate__(self) -> dict[str, Any]:
        """Return what can be copied: a terminal and a notebook's cell are this process's own."""
        return vars(self) | dict.fromkeys(("_bar", "_task", "_handle", "_console"))

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _console=console())

    @contextmanager
    def without(self, part: Literal["bar_on", "table_on"]) -> Iterator[None]:
        """Leave out the bar or the table inside the block."""
        before = getattr(self, part)
        setattr(self, part, False)
        try:
            yield
        finally:
            setattr(self, part, before)

    def before_fit(self, state: LoopState) -> None:
        """Print the header, and open a progress bar if the output can redraw lines."""
        self._names = Recorder.of(state.callbacks).metric_names
        self._console, self._rows = console(), []
        if in_notebook():
            self._open_notebook()
        else:
            self._print(self._names, style="bold")
            if self.bar_on and is_live(self._console):
                self._open_bar()

    def before_epoch(self, state: LoopState) -> None:
        """Reset the bar."""
        self._reset_bar(f"epoch {state.epoch}", state.train)

    def before_validate(self, state: LoopState) -> None:
        """Reset the bar for validation."""
        if state.valid is not None:
            self._reset_bar(f"epoch {state.epoch}, validating", state.valid)

    def after_batch(self, state: LoopState) -> None:
        """Advance the bar."""
        if self._bar is not None:
            self._bar.advance(self._task)

    def after_epoch(self, state: LoopState) -> None:
        """Show the epoch's row."""
        row = Recorder.of(state.callbacks).rows[-1]
        self._rows.append(row)
        if self._handle is not None:
            self._draw()
        else:
            self._print(cells(row))

    def after_fit(self, state: LoopState) -> None:
        """Remove the bar; the table stays."""
        if self._bar is not None:
            self._bar.stop()
        self._bar = self._task = self._handle = None

    def _print(self, values: list[str], style: str | None = None) -> None:
        if self.table_on:
            shown = self._console if self._bar is None else self._bar.console
            shown.print(text_line(self._names, values), style=style, soft_wrap=True)

    def _open_bar(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=self._console, transient=True)
        self._task = self._bar.add_task("")
        self._bar.start()

    def _reset_bar(self, description: str, batches: Any) -> None:
        if self._bar is not None:
            self._bar.reset(self._task, description=description, total=len(batches))

    def _open_notebook(self) -> None:
        from IPython.display import display

        if self.table_on:
            self._handle = display(self._table(), display_id=True)
        if self._handle is not None and self.bar_on:
            self._bar = _BarInCell(self._draw)

    def _draw(self, bar: str = "") -> None:
        self._handle.update(self._table(bar))

    def _table(self, bar: str = "") -> _Table:
        text = [text_line(self._names, values) for values in (self._names, *map(cells, self._rows))]
        return _Table(html_table(self._names, self._rows) + bar, "\n".join(text))


class _BarInCell:
    """The bar of an epoch, below the table in a notebook's cell; with the methods of rich's that are used here.

    Args:
        draw: shows the table with this HTML below it.
    """

    def __init__(self, draw: Callable[[str], None]) -> None:
        self._draw, self._drawn, self._shown = draw, time.monotonic(), False
        self._text, self._total, self._done = "", 0, 0

    def reset(self, task: Any, description: str, total: int) -> None:
        """Start again, with another description and total."""
        self._text, self._total, self._done = description, total, 0

    def advance(self, task: Any) -> None:
        """Count a batch; the bar is redrawn, unless it was a moment ago."""
        self._done += 1
        if time.monotonic() - self._drawn >= REDRAW_SECONDS:
            self._drawn, self._shown = time.monotonic(), True
            self._draw(bar_html(self._text, self._done, self._total))

    def stop(self) -> None:
        """Remove the bar."""
        if self._shown:
            self._draw("")


class _Table:
    """The table of epochs for a notebook, without importing IPython: HTML, and text for what shows or keeps none."""

    def __init__(self, html: str, text: str) -> None:
        self._html, self._text = html, text

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        return self._html
