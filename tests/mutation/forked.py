"""Tests in a process forked from one that has imported the libraries: seconds for each broken line, where a new process takes a minute."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import signal
import sys
import time
import traceback
from pathlib import Path

#: What takes long to import and is not ours. What is ours is imported by each process anew, with its broken line.
LIBRARIES = (
    "numpy", "scipy.stats", "pandas", "PIL.Image", "torch", "torch.onnx", "torchvision", "timm", "sklearn.ensemble",
    "sklearn.linear_model", "onnx", "onnxruntime", "matplotlib.pyplot", "tokenizers", "safetensors", "pytest",
)  # fmt: skip
#: Some of them import a plugin of pytest before pytest does, which it warns of, and warnings are errors here.
OPTIONS = ("-W", "ignore::pytest.PytestAssertRewriteWarning", "-n", "0", "-q", "-x", "-p", "no:cacheprovider")


@functools.cache
def warm_up() -> None:
    """Import the libraries, those that are installed, once. One thread each: a process that has several must not fork."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except ImportError:
            print(f"{name} is not installed, so each process that needs it imports it anew", file=sys.stderr)
    if "gatera" in sys.modules:
        raise RuntimeError("gatera was imported before its line was broken")


def run_tests(arguments: list[str], source: Path, root: Path, log: Path, patience: float) -> int | None:
    """Run pytest with `arguments` on the package in `source`, output into `log`; return its status, None after `patience` seconds."""
    child = os.fork()
    if child == 0:
        _run_and_leave(arguments, source, root, log)
    end = time.monotonic() + patience
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            _end_group(child)
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    _end_group(child)
    os.waitpid(child, 0)
    return None


def _run_and_leave(arguments: list[str], source: Path, root: Path, log: Path) -> None:
    """Be the forked process: run pytest, and end without the clean-up of the process it was forked from."""
    status = 3
    try:
        os.setsid()
        with log.open("wb") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        os.chdir(root)
        os.environ |= {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
        sys.dont_write_bytecode = True
        sys.path[:0] = [str(source), str(root)]
        import pytest

        status = int(pytest.main([*OPTIONS, *arguments]))
    except BaseException:  # noqa: BLE001  # whatever it is, this process must not go on as its parent would
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _end_group(leader: int) -> None:
    """End what the tests started and left running."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
