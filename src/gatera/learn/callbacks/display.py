"""The table of epochs: live with a progress bar on a terminal, growing in a notebook, one plain line each in a log."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from gatera.core.progress import console, in_notebook, is_live
from gatera.learn.callback import Callback
from gatera.learn.callbacks.recorder import Recorder
from gatera.learn.loop import LoopState

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds, 'mm:ss', with hours in front where there are any."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def cells(row: dict[str, float]) -> list[str]:
    """Return a row of the table of epochs as text."""
    shown = {"epoch": lambda v: str(int(v)), "time": clock}
    return [shown.get(name, lambda v: f"{v:.6f}")(value) for name, value in row.items()]


class ProgressDisplay(Callback):
    """Print the table of epochs as it grows.

    Args:
        recorder: whose rows are shown.
    """

    order = 90  # after the recorder has written the row
    reads_only = True

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.bar_on, self.table_on = True, True
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._handle: Any = None
        self._console = console()
        self._rows: list[list[str]] = []

    def before_fit(self, state: LoopState) -> None:
        """Print the header, and open the bar where lines can be redrawn."""
        self._console, self._rows = console(), []
        if in_notebook():
            self._open_notebook()
        else:
            self._print(self.recorder.metric_names)
            if self.bar_on and is_live(self._console):
                self._open_bar()

    def before_epoch(self, state: LoopState) -> None:
        """Start the bar anew."""
        if self._bar and self._task is not None:
            self._bar.reset(self._task, description=f"epoch {state.epoch}", total=len(state.train))

    def before_validate(self, state: LoopState) -> None:
        """Say that this pass is the validation."""
        if self._bar and self._task is not None and state.valid is not None:
            self._bar.reset(
                self._task, description=f"epoch {state.epoch}, validating", total=len(state.valid)
            )

    def after_batch(self, state: LoopState) -> None:
        """Move the bar on."""
        if self._bar and self._task is not None:
            self._bar.advance(self._task)

    def after_epoch(self, state: LoopState) -> None:
        """Add the epoch's row."""
        row = cells(self.recorder.rows[-1])
        self._rows.append(row)
        if self._handle is not None:
            self._show_notebook()
        else:
            self._print(row)

    def after_fit(self, state: LoopState) -> None:
        """Take the bar away; the table stays."""
        if self._bar:
            self._bar.stop()
            self._bar = self._task = None
        self._handle = None

    def _print(self, row: list[str]) -> None:
        if not self.table_on:
            return
        widths = [max(len(name), 8) for name in self.recorder.metric_names]
        text = "  ".join(f"{value:<{width}}" for value, width in zip(row, widths, strict=True)).rstrip()
        header = row == self.recorder.metric_names
        (self._bar.console if self._bar else self._console).print(
            text, style="bold" if header else None, soft_wrap=True
        )

    def _open_bar(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=self._console, transient=True)
        self._task = self._bar.add_task("")
        self._bar.start()

    def _open_notebook(self) -> None:
        from IPython.display import display

        if self.table_on:
            self._handle = display(_Html(self._table()), display_id=True)

    def _show_notebook(self) -> None:
        self._handle.update(_Html(self._table()))

    def _table(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.recorder.metric_names)
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in self._rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


class _Html:
    """HTML for a notebook, with nothing imported from IPython."""

    def __init__(self, text: str) -> None:
        self.text = text

    def _repr_html_(self) -> str:
        return self.text
