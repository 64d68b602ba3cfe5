from __future__ import annotations

import json
import subprocess
import sys

import pytest
from pages import DOCS, LINK, read

STORED = json.loads(read("docs/first-program.ipynb"))
CODE = [cell for cell in STORED["cells"] if cell["cell_type"] == "code"]


def text_of(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)


def outputs(cells) -> list[dict]:
    return [output for cell in cells for output in cell["outputs"]]


def test_the_stored_notebook_was_run_from_its_first_cell_to_its_last():
    assert [cell["execution_count"] for cell in CODE] == list(range(1, len(CODE) + 1))


def test_no_stored_cell_failed_or_warned():
    assert not [o for o in outputs(CODE) if o["output_type"] == "error" or o.get("name") == "stderr"]


def test_the_stored_notebook_shows_pictures_and_is_small():
    pictures = [kind for o in outputs(CODE) for kind in o.get("data", {}) if kind.startswith("image/")]
    assert len(pictures) >= 5
    assert (DOCS / "first-program.ipynb").stat().st_size < 600_000


def test_the_stored_notebook_names_no_folder_of_somebodys_machine():
    shown = json.dumps([o.get("text", o.get("data", {}).get("text/plain", "")) for o in outputs(CODE)])
    assert "/home/" not in shown
    assert "/tmp/" not in shown
    assert "site-packages" not in shown


def test_every_link_of_the_notebook_leads_somewhere():
    prose = "\n".join(text_of(c["source"]) for c in STORED["cells"] if c["cell_type"] == "markdown")
    links = [target for target in LINK.findall(prose) if "://" not in target]
    assert links and [target for target in links if not (DOCS / target).exists()] == []


def test_the_lines_of_the_notebook_are_of_a_readable_length():
    long = [line for cell in CODE for line in text_of(cell["source"]).splitlines() if len(line) > 120]
    assert not long


@pytest.mark.slow
@pytest.mark.whole
def test_the_notebook_runs(tmp_path):
    out = tmp_path / "run.ipynb"
    command = [sys.executable, str(DOCS / "run_notebook.py"), "--out", str(out)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stderr[-3000:]
    cells = [c for c in json.loads(out.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
    assert not [o for o in outputs(cells) if o["output_type"] == "error"]
    printed = "".join(text_of(o["text"]) for o in outputs(cells) if o["output_type"] == "stream")
    assert "95 % interval" in printed
    assert "PyTorch was loaded: False" in printed
