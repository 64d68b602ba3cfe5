"""From a learner to a program: one file with the network, its parameters, and everything that is done to raw input."""

from __future__ import annotations

import contextlib
import copy
import datetime
import io
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

import gatera
from gatera.core.checks import require
from gatera.core.errors import ExportError
from gatera.core.files import check_free_to_write
from gatera.learn.card import CardFacts, model_card
from gatera.models.body import Body
from gatera.models.layers import Normalization
from gatera.program.engines import OnnxRuntimeEngine
from gatera.program.package import FORMAT, write_package

if TYPE_CHECKING:
    from gatera.learn.learner import Learner

#: Version of the ONNX operator set: checked with every family of our architectures on both engines.
OPSET = 18

#: A program whose float32 outputs differ by more than this from the learner's is not written.
PARITY = 1e-3


@dataclass(frozen=True)
class ExportOptions:
    """What goes into a program besides the network.

    Attributes:
        slim: leave out `weights.safetensors`, by which training can go on; halves the file.
        card: the model card, Markdown; by default one is made from what the learner knows.
        training: facts for `program.json`, e.g. metrics and data version; the last epoch's row is always there.
    """

    slim: bool = False
    card: str | None = None
    training: Mapping[str, Any] = field(default_factory=dict)


class ProgramGraph(nn.Module):
    """The learner's model with the arithmetic before it: takes preprocessed photos as they are, uint8 [N,H,W,C]."""

    def __init__(self, model: nn.Module, normalize: nn.Module) -> None:
        super().__init__()
        self.normalize, self.model = normalize, model

    def forward(self, photos: Tensor) -> Tensor:
        """Return logits, float32 [N,K]."""
        x = photos.permute(0, 3, 1, 2).to(torch.float32) / 255  # [N,H,W,C] -> [N,C,H,W], 0..255 -> 0..1
        return self.model(self.normalize(x))


def export_program(learn: Learner, path: Path, force: bool, options: ExportOptions) -> Path:
    """Write a learner as a program file.

    Raises:
        OutputExistsError: if the file exists and `force` is not set.
        ExportError: if a transform that acts at prediction is not data, or the network has no ONNX form.
    """
    check_free_to_write(path, force)
    preprocessing = learn.dls.preprocess  # refuses, by name, transforms that cannot be data
    example = np.array(preprocessing(learn.dls.train_ds.inputs[0]))  # a copy: arrays of photos are read-only
    graph = _graph(learn)
    model = to_onnx(graph, example)
    check_parity(graph, model, example)
    loss = learn.loss_func
    outputs = int(graph(torch.from_numpy(example)[None]).shape[-1])
    program = {
        "format": FORMAT,
        "gatera": gatera.__version__,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "task": learn.dls.task,
        "preprocess": preprocessing.config,
        "model": {
            "input": {"name": "input", "dtype": "uint8", "shape": ["N", *example.shape]},
            "output": {"name": "output", "shape": ["N", outputs]},
            "opset": OPSET,
            "architecture": architecture_name(learn),
            "normalize": _normalization(graph),
        },
        "decode": {
            "activation": loss.activation_name,
            "vocab": None if learn.dls.vocab is None else list(learn.dls.vocab),
            "threshold": loss.threshold,
            "temperature": 1.0,
        },
        "training": {
            "last_epoch": learn.recorder.rows[-1] if learn.recorder.rows else None,
            **options.training,
        },
        "versions": {"torch": torch.__version__, "numpy": np.__version__},
    }
    entries: dict[str, bytes] = {"model.onnx": model}
    entries["card.md"] = (options.card or model_card(card_facts(learn, path.stem))).encode()
    if not options.slim:
        entries["weights.safetensors"] = weights(learn.model)
    write_package(path, program, entries, force=force)
    return path


def card_facts(learn: Learner, title: str) -> CardFacts:
    """Return what a learner knows about itself, for its program's card: the last epoch's numbers, no new measurement."""
    row, body = learn.recorder.rows[-1] if learn.recorder.rows else {}, find_body(learn)
    return CardFacts(
        title=title,
        task=learn.dls.task or "",
        labels=list(learn.dls.vocab or []),
        data=str(learn.dls.path),
        n_train=learn.dls.train.n,
        n_valid=0 if learn.dls.valid is None else learn.dls.valid.n,
        split="by the data's splitter",
        architecture=architecture_name(learn),
        weights="random" if body is None else body.source,
        metrics={name: value for name, value in row.items() if name not in ("epoch", "time")},
        versions={"gatera": gatera.__version__, "torch": torch.__version__},
    )


def _graph(learn: Learner) -> ProgramGraph:
    normalize = learn.dls.normalize
    layer = nn.Identity() if normalize is None else Normalization(normalize.mean, normalize.std)
    return ProgramGraph(copy.deepcopy(learn.model).cpu().float(), layer).eval()


def to_onnx(graph: nn.Module, example: np.ndarray) -> bytes:
    """Translate a module into ONNX with a free batch size.

    Args:
        graph: in evaluation mode; takes one array like `example` with a batch axis before it.
        example: uint8 [H,W,C].

    Returns:
        The serialised model: weights inside, standard operators only, no traces of the machine it was made on.

    Raises:
        ExportError: if the translation fails.
    """
    onnx = require("onnx", "train", "to export a program")
    require("onnxscript", "train", "to export a program")
    # Two items, or the exporter takes a batch of one for a constant.
    batch = torch.from_numpy(np.stack([example, example]))
    try:
        with _quiet():
            exported = torch.onnx.export(
                graph, (batch,), dynamo=True, dynamic_shapes=({0: torch.export.Dim("N")},), verbose=False,
                input_names=["input"], output_names=["output"], opset_version=OPSET, external_data=False,
            )  # fmt: skip
    except torch.onnx.OnnxExporterError as err:
        raise ExportError(
            f"the network ({type(graph).__name__}) has no ONNX form: {str(err).strip().splitlines()[0]}",
            remedy="Find the operation with torch.onnx.export on your own module, and write it with standard ones.",
        ) from err
    assert exported is not None  # for the type checker: only a path argument makes it None
    model = exported.model_proto
    graph_parts = (
        model.graph.node,
        model.graph.value_info,
        model.graph.input,
        model.graph.output,
        model.graph.initializer,
    )
    for part in (model, model.graph, *(entry for parts in graph_parts for entry in parts), *model.functions):
        del part.metadata_props[:]  # the exporter writes stack traces, with paths of this machine, into them
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's progress lines and deprecation notes about its own insides off the user's screen."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def check_parity(graph: nn.Module, model: bytes, example: np.ndarray) -> float:
    """Compare an exported network with its original on noise; return the largest difference of outputs.

    Raises:
        ExportError: if they differ by more than `PARITY`.
    """
    noise = np.random.default_rng(0).integers(0, 256, (3, *example.shape)).astype(np.uint8)
    with torch.no_grad():
        expected = graph(torch.from_numpy(noise)).numpy()
    found = OnnxRuntimeEngine(model).run(noise)
    difference = float(np.abs(found - expected).max())
    if not difference <= PARITY * max(1.0, float(np.abs(expected).max())):
        raise ExportError(
            f"the exported network's outputs differ from the learner's by {difference:.2g}",
            allowed=f"{PARITY:g} of the largest output",
            remedy="Please report this with the architecture's name; no program was written.",
        )
    return difference


def weights(model: nn.Module) -> bytes:
    """Return a model's parameters and buffers as safetensors, names as in its state_dict."""
    save = require("safetensors.torch", "train", "to keep the weights in a program").save
    return bytes(
        save({name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()})
    )


def architecture_name(learn: Learner) -> str:
    """Return the name of the learner's architecture, or of its model's class."""
    body = find_body(learn)
    return type(learn.model).__name__ if body is None else body.architecture.name


def find_body(learn: Learner) -> Body | None:
    """Return the body of a vision model, or None for a model of another kind."""
    return next((module for module in learn.model.modules() if isinstance(module, Body)), None)


def _normalization(graph: ProgramGraph) -> dict[str, list[float]] | None:
    layer = next((module for module in graph.modules() if isinstance(module, Normalization)), None)
    return (
        None
        if layer is None
        else {"mean": layer.mean.flatten().tolist(), "std": layer.std.flatten().tolist()}
    )
