"""Choose the device and the floating-point precision to compute in."""

from __future__ import annotations

from typing import Literal

import torch

from gatera.core.checks import check_choice
from gatera.core.errors import ArgumentError

Precision = Literal["auto", "float32", "bf16", "fp16"]
PRECISIONS = ("auto", "float32", "bf16", "fp16")


def default_device() -> torch.device:
    """Return the best available device: CUDA, then Apple's MPS, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps") if torch.backends.mps.is_available() else torch.device("cpu")


def as_device(device: str | torch.device | None) -> torch.device:
    """Convert a name ("cpu", "cuda", "cuda:1", "mps", "auto" or None) to a device, and check that it is present.

    Raises:
        ArgumentError: if the name is unknown or this machine has no such device.
    """
    if device is None or device == "auto":
        return default_device()
    try:
        found = torch.device(device)
        torch.empty(1, device=found)
    except (RuntimeError, AssertionError) as err:
        raise ArgumentError(
            "device is not usable on this machine", got=str(device),
            expected="auto, cpu, cuda, cuda:N, mps where present",
            remedy=f"Leave it out to use {default_device()}.",
        ) from err  # fmt: skip
    return found


def cpu_has_fast_bf16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware (AVX-512 BF16 or AMX), and oneDNN may use it.

    `ONEDNN_MAX_CPU_ISA` keeps oneDNN from it, on any processor: bf16 would then be slower than float32.
    """
    if hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        in_hardware = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
    else:  # PyTorch 2.9
        in_hardware = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return bool(in_hardware and torch.ops.mkldnn._is_mkldnn_bf16_supported())


def autocast_dtype(precision: Precision, device: torch.device) -> torch.dtype | None:
    """Return the dtype for `torch.autocast` on `device`, or None for plain float32.

    "auto" uses bfloat16 where the hardware supports it (fp16 on older GPUs) and float32 elsewhere. On a CPU "fp16" is treated
    as "auto", because CPUs compute fp16 slowly (a training step took 20 times as long as in float32).
    """
    check_choice("precision", precision, PRECISIONS)
    if precision == "auto" or (precision == "fp16" and device.type == "cpu"):
        if device.type == "cuda":
            return (
                torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
            )
        return torch.bfloat16 if device.type == "cpu" and cpu_has_fast_bf16() else None
    return {"float32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
