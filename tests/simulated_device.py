"""A GPU that is not there: tensors on the CPU that say they are elsewhere, and refuse what a GPU refuses.

Values are real, so that models train. Which storage is on the device is kept in a list; a dispatch mode watches every operation and
raises, as PyTorch does, where tensors of two devices meet, where a tensor of the device becomes an array, and on "mps" where a number
would have 64 bits.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import torch
import torch._dynamo  # its import looks at the functions that are replaced here
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

CPU = torch.device("cpu")

#: Operations that take tensors of several devices; those on "index" only positions on the CPU.
BETWEEN_DEVICES = ("copy_", "_to_copy", "set_", "_has_compatible_shallow_copy_type")

_REAL_DEVICE = torch._C.TensorBase.device
_REAL_TO, _REAL_NUMPY, _REAL_ARRAY = Tensor.to, Tensor.numpy, Tensor.__array__
_REAL_COPY, _REAL_TENSOR, _REAL_AS_TENSOR = Tensor.__deepcopy__, torch.tensor, torch.as_tensor
_REAL_LOAD, _REAL_ONE_HOT, _REAL_RUN = torch.load, nn.functional.one_hot, threading.Thread.run
_REAL_AUTOCAST = torch.autocast.__init__

_there: dict[int, tuple[StorageWeakRef, torch.device]] = {}
_asked = (
    threading.local()
)  # whether `Tensor.to` of Python asks: PyTorch's own calls name the CPU where they mean "as before"


def device_of(tensor: Tensor) -> torch.device:
    """Return where a tensor says it is."""
    real = _REAL_DEVICE.__get__(tensor)
    if real != CPU:
        return real
    reference, device = _there.get(tensor.untyped_storage()._cdata, (None, CPU))
    return CPU if reference is None or reference.expired() else device


def _put(tensor: Tensor, device: torch.device) -> None:
    storage = tensor.untyped_storage()
    if device == CPU:
        _there.pop(storage._cdata, None)
    elif tensor.dtype == torch.float64 and device.type == "mps":
        raise TypeError(
            "Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64."
        )
    else:
        _there[storage._cdata] = (StorageWeakRef(storage), device)


class Watching(TorchDispatchMode):
    """Raises where devices mix, and says where results are."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.there = torch.device(kind, 0)

    def known(self, device: Any) -> torch.device:
        """Return a device with its number."""
        device = torch.device(device)
        return self.there if device.type == self.there.type else device

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs, tensors = (
            dict(kwargs or {}),
            [x for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor)],
        )
        result_on = self._common(func.overloadpacket.__name__, tensors)
        wanted = kwargs.get("device")
        if wanted is not None:
            kwargs["device"] = CPU if self.known(wanted) == self.there else wanted
            if self.known(wanted) != CPU or not tensors or getattr(_asked, "now", False):
                result_on = self.known(wanted)
        if kwargs.get("dtype") == torch.float64 and "mps" in {device_of(tensor).type for tensor in tensors}:
            raise TypeError(
                "Cannot convert a float64 Tensor to MPS as the MPS framework doesn't support float64."
            )
        kwargs.pop("pin_memory", None)
        before = {
            tensor.untyped_storage()._cdata for tensor in tensors if _REAL_DEVICE.__get__(tensor) == CPU
        }
        result = func(*args, **kwargs)
        for tensor in tree_leaves(result):
            new = isinstance(tensor, Tensor) and _REAL_DEVICE.__get__(tensor) == CPU
            if new and tensor.untyped_storage()._cdata not in before:
                _put(tensor, result_on)
        return result

    def _common(self, name: str, tensors: list[Tensor]) -> torch.device:
        devices = [device_of(tensor) for tensor in tensors]
        if name in BETWEEN_DEVICES or "index" in name:
            if "index" in name and devices[0] == CPU and self.there in devices:
                raise RuntimeError(
                    "indices should be either on cpu or on the same device as the indexed tensor (cpu)"
                )
            return devices[0] if devices else CPU
        joins = name in ("cat", "stack")  # which take no number from the CPU, as others do
        met = {
            device
            for tensor, device in zip(tensors, devices, strict=True)
            if tensor.ndim or joins or device != CPU
        }
        if len(met) > 1:
            raise RuntimeError(f"Expected all tensors to be on the same device, but found {met} in {name}")
        return met.pop() if met else CPU


@contextmanager
def simulated(kind: str) -> Iterator[None]:
    """Pretend that there is a device, "cuda" (a card without bf16) or "mps"."""
    mode = Watching(kind)

    def to(self: Tensor, *args: Any, copy: bool = False, **kwargs: Any) -> Tensor:
        if args and isinstance(args[0], Tensor):
            args = (device_of(args[0]), args[0].dtype, *args[1:])
        device, dtype, _, order = torch._C._nn._parse_to(*args, **kwargs)
        there = device_of(self) if device is None else mode.known(device)
        form = {} if order is None else {"memory_format": order}
        if there == device_of(self):
            return _REAL_TO(self, dtype or self.dtype, copy=copy, **form)
        _asked.now = True
        try:
            return torch.ops.aten._to_copy(self, dtype=dtype, device=there, **form)
        finally:
            _asked.now = False

    def numpy(self: Tensor, *, force: bool = False) -> Any:
        if device_of(self) != CPU and not force:
            raise TypeError(f"can't convert {device_of(self)} device type tensor to numpy.")
        return _REAL_NUMPY(self, force=force)

    def array(self: Tensor, dtype: Any = None, copy: Any = None) -> Any:
        if device_of(self) != CPU:
            raise TypeError(f"can't convert {device_of(self)} device type tensor to numpy.")
        return _REAL_ARRAY(self, dtype)

    def deepcopied(self: Tensor, memo: dict[int, Any]) -> Tensor:
        if device_of(self) == CPU or id(self) in memo or not self.is_leaf:
            return _REAL_COPY(self, memo)
        memo[id(self)] = self.detach().clone().requires_grad_(self.requires_grad)
        return memo[id(self)]

    def tensor(data: Any, *, device: Any = None, requires_grad: bool = False, **kwargs: Any) -> Tensor:
        made = _REAL_TENSOR(data, **kwargs)
        return (made if device is None else made.to(device)).requires_grad_(requires_grad)

    def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
        made = (
            data.to(dtype or data.dtype) if isinstance(data, Tensor) else _REAL_AS_TENSOR(data, dtype=dtype)
        )
        return made if device is None else made.to(device)

    def load(file: Any, map_location: Any = None, **kwargs: Any) -> Any:
        found = _REAL_LOAD(file, map_location="cpu", **kwargs)
        return tree_map(lambda x: x.to(map_location or CPU) if isinstance(x, Tensor) else x, found)

    def autocast(self: Any, device_type: str, *args: Any, **kwargs: Any) -> None:
        _REAL_AUTOCAST(self, "cpu" if device_type == kind else device_type, *args, **kwargs)

    def run(self: threading.Thread) -> None:
        with Watching(kind):
            _REAL_RUN(self)

    def yes() -> bool:
        return True

    of_tensors = {
        "device": property(device_of), "is_cuda": property(lambda self: device_of(self).type == "cuda"), "to": to,
        "cpu": lambda self: self.to(CPU), "float": lambda self: self.to(torch.float32), "numpy": numpy,
        "double": lambda self: self.to(torch.float64), "pin_memory": lambda self: self, "__array__": array,
        "new_tensor": lambda self, data, device=None: tensor(data, dtype=self.dtype, device=device or device_of(self)),
        "__deepcopy__": deepcopied,
    }  # fmt: skip
    of_torch = {"tensor": tensor, "as_tensor": as_tensor, "load": load}
    of_cuda = {
        "is_available": yes, "device_count": lambda: 1, "is_initialized": yes, "manual_seed": lambda seed: None,
        "manual_seed_all": lambda seed: None, "is_bf16_supported": lambda including_emulation: False,
        "get_rng_state": lambda device="cuda": torch.get_rng_state(), "set_rng_state": lambda state, device="cuda": None,
        "get_device_capability": lambda device=None: (7, 5),
    }  # fmt: skip
    with ExitStack() as stack:
        put = stack.enter_context
        put(mock.patch.multiple(torch, **of_torch))
        for name, value in of_tensors.items():
            put(mock.patch.object(Tensor, name, value, create=True))
        put(
            mock.patch.object(
                nn.functional, "one_hot", lambda x, k=-1: _REAL_ONE_HOT(x.cpu(), k).to(device_of(x))
            )
        )
        put(mock.patch.object(torch.autocast, "__init__", autocast))
        put(mock.patch.object(threading.Thread, "run", run))
        put(
            mock.patch.object(
                torch.optim.Optimizer,
                "_accelerator_graph_capture_health_check",
                create=True,
                new=lambda _: None,
            )
        )
        if kind == "cuda":
            put(mock.patch.multiple(torch.cuda, **of_cuda))
            put(mock.patch.object(torch.backends.cudnn, "is_acceptable", lambda tensor: False))
        else:
            put(mock.patch.object(torch.backends.mps, "is_available", yes))
            put(mock.patch.object(torch.mps, "manual_seed", lambda seed: None))
        put(mode)
        yield
