"""Describe the machine of a run: processor, memory, versions, commit."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent

PACKAGES = (
    "gatera", "torch", "torchvision", "timm", "fastai", "numpy", "Pillow", "onnxruntime", "openvino",
)  # fmt: skip

#: Settings of the environment that change how fast numbers are computed.
SETTINGS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "OPENBLAS_CORETYPE",
    "ONEDNN_MAX_CPU_ISA",
)

#: If others keep more cores busy than this, before we begin, the numbers are not to be trusted.
QUIET_CORES = 0.2

#: What only torch knows; asked in a process of its own, so that the runner stays small.
ASK_TORCH = """
import json, torch
able = torch.cpu.get_capabilities()
gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
print(json.dumps({"gpu": gpu, "bf16": bool(able.get("avx512_bf16") or able.get("amx_bf16")),
                  "threads": torch.get_num_threads()}))
"""


def machine() -> dict[str, Any]:
    """Return what the numbers depend on: processor, cores, memory, GPU, system, versions and settings."""
    asked = subprocess.run([sys.executable, "-c", ASK_TORCH], capture_output=True, text=True, check=True)
    return {
        "processor": processor_name(),
        "cores": usable_cores(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "system": f"{platform.system()} {platform.machine()}",
        **json.loads(asked.stdout),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES},
        "settings": {name: os.environ[name] for name in SETTINGS if name in os.environ},
    }


def processor_name() -> str:
    """Return the processor's name, as far as the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return platform.processor() or "unknown processor"


def usable_cores() -> int:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def commit() -> str:
    """Return the commit of the code that is measured, with "+" behind it if files differ from it."""
    found = _git("rev-parse", "--short=12", "HEAD")
    if found is None:
        return "unknown"
    return found + ("+" if _git("status", "--porcelain", "--", "src", "benchmarks", "pyproject.toml") else "")


def today() -> str:
    """Return the date and time in UTC, to the minute."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def busy_cores(seconds: float = 1.0) -> float | None:
    """Wait, and return how many cores others kept busy meanwhile; None where the system does not tell (not Linux).

    The load average would still hold our own work of the last minute.
    """
    before = _ticks()
    time.sleep(seconds)
    after = _ticks()
    if before is None or after is None:
        return None
    return round((after - before) / os.sysconf("SC_CLK_TCK") / seconds, 2)


def _ticks() -> int | None:
    """Return the ticks that all cores have worked since the start, or None."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return None
    user, nice, system, _idle, _waiting, interrupts, soft, stolen = map(int, stat.read_text().split()[1:9])
    return user + nice + system + interrupts + soft + stolen


def _git(*arguments: str) -> str | None:
    try:
        found = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
