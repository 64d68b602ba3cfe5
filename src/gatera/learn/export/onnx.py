"""Translate a network to ONNX, and check that it computes the same."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gatera.core.checks import require
from gatera.core.errors import ExportError, ProgramFileError
from gatera.data.blocks.base import InputBlock
from gatera.kernels.fast_prediction import folded_copy
from gatera.learn.certainty.fit import TENSOR
from gatera.learn.certainty.projection import Projection
from gatera.learn.certainty.rows import RowProjection
from gatera.learn.certainty.tap import caught, find_tap, pooled
from gatera.program.embedding.read import EMBEDDING
from gatera.program.engines import OnnxRuntimeEngine
from gatera.program.network.bounded import check_model

#: Version of the ONNX operator set: tested with every family of our architectures on both engines.
OPSET = 18

#: A program is not written if its float32 outputs differ from the learner's by more than this.
PARITY = 1e-3


class ArrayGraph(nn.Module):
    """The model as a program calls it: takes stacked arrays as the preprocessing returns them, [N, ...]."""

    def __init__(self, model: nn.Module, block: InputBlock) -> None:
        super().__init__()
        self.model, self.block = model, block

    def forward(self, arrays: Tensor) -> Tensor:
        """Return logits, float32 [N,K]."""
        return self.model(self.block.as_batch(arrays))


class PhotoGraph(nn.Module):
    """The model with normalisation in front of it: takes preprocessed photos, uint8 [N,H,W,C]."""

    def __init__(self, model: nn.Module, normalize: nn.Module) -> None:
        super().__init__()
        self.normalize, self.model = normalize, model

    def forward(self, photos: Tensor) -> Tensor:
        """Return logits, float32 [N,K]."""
        x = photos.permute(0, 3, 1, 2).to(torch.float32) / 255  # [N,H,W,C] -> [N,C,H,W], 0..255 -> 0..1
        return self.model(self.normalize(x))


class WithTensor(nn.Module):
    """Computes a graph's logits and, beside them, what is named in `names`: float32 [N,K] and [N,D] each.

    Args:
        graph: the graph.
        projection: makes the features short, for novelty; None for none.
        embedding: also give the features as they are.
    """

    def __init__(
        self, graph: nn.Module, projection: Projection | RowProjection | None, embedding: bool = False
    ) -> None:
        super().__init__()
        self.network, self.embedding = graph, embedding  # torch.export has a `graph` of its own
        self.of_inputs = isinstance(projection, RowProjection)
        self.project = None if projection is None else projection.module()
        self.names = [
            "output",
            *([TENSOR] if projection is not None else []),
            *([EMBEDDING] if embedding else []),
        ]

    def forward(self, arrays: Tensor) -> tuple[Tensor, ...]:
        """Compute."""
        project = self.project
        if self.of_inputs and project is not None and not self.embedding:
            return self.network(arrays), project(arrays)
        tap = find_tap(self.network)
        assert tap is not None  # for the type checker
        with caught(tap) as seen:
            logits = self.network(arrays)
        features = pooled(seen[-1])
        short = [] if project is None else [project(arrays if self.of_inputs else features)]
        return (logits, *short, *([features] if self.embedding else []))


def to_onnx(
    graph: nn.Module,
    batch: np.ndarray,
    ragged: bool = False,
    projection: Projection | RowProjection | None = None,
    embedding: bool = False,
) -> bytes:
    """Translate a module into ONNX with a variable batch size.

    Args:
        graph: in evaluation mode; takes one array like `batch`; it is not changed.
        batch: at least two stacked inputs: the exporter would treat a batch size of one as a constant.
        ragged: make the second axis variable, too.
        projection: also compute short features, as the tensor `TENSOR`. It is not an output of the model, so that readers that
            do not know of it see a model with one output; those that do make it one.
        embedding: also compute the features as they are, as the tensor `EMBEDDING`, in the same way.

    Returns:
        The serialised model: with its weights, standard operators only, and no stack traces or paths of this machine.

    Raises:
        ExportError: if the translation fails.
    """
    onnx = require("onnx", "train", "to export a program")
    require("onnxscript", "train", "to export a program")
    # From 2 on, as the exporter sees it (PyTorch 2.9 insists); what it writes computes one item of one token, too.
    axes = {axis: torch.export.Dim(name, min=2) for axis, name in enumerate("NT" if ragged else "N")}
    try:
        # The exporter folds batch norms itself, in the end; folded before, they are not translated: 7 s instead of 12 for Lite0.
        folded = folded_copy(graph, torch.from_numpy(batch))
        names = ["output"]
        if projection is not None or embedding:
            folded = WithTensor(folded, projection, embedding).eval()
            names = folded.names
        with _quiet(), _in_standard_operations(folded):
            exported = torch.onnx.export(
                folded, (torch.from_numpy(batch),), dynamo=True, dynamic_shapes=(axes,), verbose=False,
                input_names=["input"], output_names=names, opset_version=OPSET, external_data=False,
            )  # fmt: skip
    except torch.onnx.OnnxExporterError as err:
        if _began_with_ctrl_c(err):
            raise KeyboardInterrupt from err
        raise ExportError(
            f"cannot translate the network ({type(graph).__name__}) to ONNX: {_first_cause(err)}",
            remedy="Replace the operation by standard ones; torch.onnx.export of your own module says more.",
        ) from err
    assert exported is not None  # for the type checker: only a path argument makes it None
    model = exported.model_proto
    del model.graph.output[1:]
    parts = (
        model.graph.node, model.graph.value_info, model.graph.input, model.graph.output, model.graph.initializer,
    )  # fmt: skip
    for part in (model, model.graph, *(entry for entries in parts for entry in entries), *model.functions):
        del part.metadata_props[:]  # the exporter puts stack traces with local paths there
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hide the exporter's progress lines and its warnings about its own code (PyTorch 2.9 logs those of torchvision's operators)."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _began_with_ctrl_c(err: BaseException | None) -> bool:
    """Say if an error hides a Ctrl-C: the exporter imports modules late, and takes an interrupted import for a fault of its own."""
    while err is not None and not isinstance(err, KeyboardInterrupt):
        err = err.__cause__ or err.__context__
    return err is not None


def _first_cause(err: BaseException) -> str:
    """Return the first line of what began an error, without the colours of a terminal: it names the operation; the last only the step."""
    while err.__cause__ is not None:
        err = err.__cause__
    return re.sub(r"\x1b\[[0-9;]*m", "", str(err).strip()).partition("\n")[0]


@contextlib.contextmanager
def _in_standard_operations(graph: nn.Module) -> Iterator[None]:
    """Compute ReLU6 by `clamp`, which ONNX has (decomposing `hardtanh` takes a quarter of an export's time), and adaptive maxima by slices."""
    found: list[Any] = [module for module in graph.modules() if type(module) in OTHERWISE]
    for module in found:
        module.forward = partial(OTHERWISE[type(module)], module)
    try:
        yield
    finally:
        for module in found:
            del module.forward


def _clamp(module: Any, x: Tensor) -> Tensor:
    return torch.clamp(x, min=module.min_val, max=module.max_val)


def _adaptive_max(module: Any, x: Tensor) -> Tensor:
    """Return the maxima of [..., H, W] in as many windows as a module says, each from floor(i H / n) to ceil((i + 1) H / n)."""
    size = module.output_size
    for axis, wanted in zip((-2, -1), size if isinstance(size, tuple) else (size, size), strict=True):
        have = x.shape[axis]
        n = have if wanted is None else wanted
        ends = [(i * have // n, -(-(i + 1) * have // n)) for i in range(n)]
        x = torch.cat([x.narrow(axis, low, high - low).amax(axis, keepdim=True) for low, high in ends], axis)
    return x


#: Modules that are computed otherwise while they are translated, and how.
OTHERWISE: dict[type, Callable[[Any, Tensor], Tensor]] = {
    nn.ReLU6: _clamp, nn.Hardtanh: _clamp, nn.AdaptiveMaxPool2d: _adaptive_max,
}  # fmt: skip


def noise_like(photo: np.ndarray) -> np.ndarray:
    """Return three photos of random noise, uint8 [3,H,W,C], with the size of `photo`."""
    return np.random.default_rng(0).integers(0, 256, (3, *photo.shape)).astype(np.uint8)


def warn_if_not_allowed(model: bytes, path: object) -> None:
    """Warn if `load_program` will refuse a model unless it is told to trust it."""
    try:
        check_model(model, path)
    except ProgramFileError as err:
        warnings.warn(
            f"{err.problem}. The program is written; to use it, pass trusted=True to load_program, or --trusted to gatera predict.",
            stacklevel=3,
        )  # fmt: skip


def check_embedding(graph: nn.Module, model: bytes, batch: np.ndarray) -> int:
    """Compare the features that an exported network gives with the original's; return their number D.

    Raises:
        ExportError: if they differ by more than `PARITY`, or are not finite.
    """
    with torch.no_grad():
        expected = WithTensor(graph, None, embedding=True)(torch.from_numpy(batch))[1].numpy()
    found = OnnxRuntimeEngine(model, features=EMBEDDING).run_with_features(batch)[1]
    assert found is not None  # for the type checker
    difference = float(np.abs(found - expected).max())
    if found.shape != expected.shape or not difference <= PARITY * max(1.0, float(np.abs(expected).max())):
        raise ExportError(f"the exported network's embeddings differ from the learner's by {difference:.2g}")
    return int(found.shape[1])


def check_parity(
    graph: nn.Module, model: bytes, batch: np.ndarray, projection: Projection | RowProjection | None = None
) -> float:
    """Compare an exported network with its original on a batch of inputs; return the largest difference of outputs.

    Raises:
        ExportError: if they differ by more than `PARITY`, or are not finite.
    """
    with torch.no_grad():
        expected = graph(torch.from_numpy(batch)).numpy()
    if not np.isfinite(expected).all():
        raise ExportError(
            "the model's outputs are not finite (NaN or infinite), so no program was written",
            remedy="Its training has diverged. Train it again with a lower learning rate.",
        )
    # with the features, as a program will be loaded
    found = OnnxRuntimeEngine(model, features=None if projection is None else TENSOR).run(batch)
    difference = float(np.abs(found - expected).max())
    if not difference <= PARITY * max(1.0, float(np.abs(expected).max())):
        raise ExportError(
            f"the exported network's outputs differ from the learner's by {difference:.2g}",
            expected=f"at most {PARITY:g} of the largest output",
            remedy="No program was written. Please report this with the name of the architecture.",
        )
    return difference
