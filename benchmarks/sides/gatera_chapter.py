"""One cell of `examples/chapter1.py`, and the figures that it reports."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from job import run_job

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))

import chapter1


def cell(only: str, home: str | None, out: str) -> dict[str, Any]:
    """Run a cell over a data home, or over its small beginning of the bundled samples where there is none."""
    start = time.perf_counter()
    figures = chapter1.main(None if home is None else Path(home), Path(out), quick=home is None, only=[only])
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "figures": [_told(figure) for figure in figures]}


def _told(figure: chapter1.Figure) -> dict[str, Any]:
    """Return a figure as data, with the way of splitting (which stands before the colon) behind its name."""
    split = figure.what.partition(":")[0].partition(", ")[2]
    return {
        "what": figure.what,
        "value": float(figure.value),
        "beside": figure.beside,
        "n_train": figure.n_train,
        "n_held_out": figure.n_held_out,
        "split": f", {split}" if split else "",
    }


if __name__ == "__main__":
    run_job({"cell": cell})
