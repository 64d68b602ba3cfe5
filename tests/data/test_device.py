from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from gatera.core.errors import ArgumentError
from gatera.data.device import as_device, autocast_dtype, cpu_has_fast_bf16, default_device

CPU = torch.device("cpu")


def test_auto_is_the_default_device():
    assert as_device("auto") == as_device(None) == default_device()
    assert as_device("cpu") == CPU


@pytest.mark.parametrize("name", ["gpu", "meta9"])
def test_a_device_that_is_not_there_is_refused(name):
    with pytest.raises(ArgumentError) as err:
        as_device(name)
    assert str(err.value) == (
        f"device is not usable on this machine. Got: {name!r}. Expected: auto, cpu, cuda, cuda:N, mps where "
        f"present. Leave it out to use {default_device()}."
    )


def test_precisions_have_their_dtypes():
    assert autocast_dtype("float32", CPU) is None
    assert autocast_dtype("bf16", CPU) is torch.bfloat16
    assert autocast_dtype("fp16", torch.device("cuda")) is torch.float16


@pytest.mark.parametrize("precision", ["auto", "fp16"])
@pytest.mark.parametrize(("fast", "dtype"), [(True, torch.bfloat16), (False, None)])
def test_a_processor_computes_in_bf16_only_where_it_has_it(monkeypatch, precision, fast, dtype):
    monkeypatch.setattr("gatera.data.device.cpu_has_fast_bf16", lambda: fast)
    assert autocast_dtype(precision, CPU) is dtype


@pytest.mark.parametrize("fast", [True, False])
def test_pytorch_2_9_cannot_list_capabilities_but_says_what_is_asked(monkeypatch, fast):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: fast)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    assert cpu_has_fast_bf16() is (fast and torch.ops.mkldnn._is_mkldnn_bf16_supported())


@pytest.mark.slow
def test_bf16_is_not_taken_where_onednn_may_not_use_it():
    environment = os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2"}
    code = "from gatera.data.device import cpu_has_fast_bf16; print(cpu_has_fast_bf16())"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_an_unknown_precision_is_refused():
    with pytest.raises(ArgumentError) as err:
        autocast_dtype("float16", CPU)
    assert str(err.value) == (
        "precision must be one of auto, float32, bf16, fp16. Got: 'float16'. Did you mean 'float32'?"
    )
