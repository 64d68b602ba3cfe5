"""Runs docs/first-program.ipynb from its first cell to its last and stores what the cells print and show.

python docs/run_notebook.py               run it and store the result in its place
python docs/run_notebook.py --out FILE    store the result elsewhere

Needs the extra `dev`. The notebook runs in a temporary folder, which is deleted afterwards.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).with_name("first-program.ipynb")

#: Seconds that one cell may take.
PATIENCE_SECONDS = 600

METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}


def run(out: Path) -> None:
    """Execute the notebook and write it to `out`.

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell fails; it shows the cell and the error.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(
            notebook,
            timeout=PATIENCE_SECONDS,
            kernel_name="python3",
            record_timing=False,
            resources=resources,
        ).execute()
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata.clear()
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if worth_keeping(output)]
    nbformat.write(notebook, out)


def worth_keeping(output: Any) -> bool:
    """Whether an output is of the notebook, and not a warning about this machine or a progress bar that is gone."""
    return output.get("name") != "stderr" and output.get("data", {}).get("text/html") != ""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=NOTEBOOK)
    run(parser.parse_args().out)
