"""What a notebook is, and how it shows figures: each case in a process of its own, with a shell as Jupyter's kernel has it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import json, sys
from ipykernel.zmqshell import ZMQInteractiveShell

class Shell(ZMQInteractiveShell):  # as google.colab has it
    pass

shell = (Shell if sys.argv[1] == "colab" else ZMQInteractiveShell).instance()
if len(sys.argv) > 2:
    shell.run_cell(sys.argv[2])
from gatera.core.figures import new_figure
from gatera.core.progress import in_notebook

figure = new_figure((1, 1))
figure.subplots()
data, _ = shell.display_formatter.format(figure)
import matplotlib.pyplot as plt
print(json.dumps([in_notebook(), sorted(data), plt.get_fignums()]))
"""


def shown(shell: str, backend: str, *cell: str) -> list[object]:
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, shell, *cell],
        env=os.environ | {"MPLBACKEND": backend}, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.parametrize("shell", ["jupyter", "colab"])
@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "agg"])
def test_a_figure_is_a_picture_in_a_notebook_that_said_nothing_of_matplotlib(shell, backend):
    assert shown(shell, backend) == [True, ["image/png", "text/plain"], []]


def test_a_figure_is_one_picture_in_the_format_that_a_notebook_asks_for():
    cell = "%config InlineBackend.figure_formats = ['svg']\n%matplotlib inline"
    assert shown("jupyter", "agg", cell) == [True, ["image/svg+xml", "text/plain"], []]
