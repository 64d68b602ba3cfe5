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
from gatera.data.blocks.base import InputBlock
from gatera.learn.export.card import CardFacts, model_card
from gatera.models.layers import Normalization
from gatera.models.text.model import TextBody
from gatera.models.vision.body import Body
from gatera.program.engines import OnnxRuntimeEngine
from gatera.program.package import FORMAT, write_package
from gatera.program.preprocess import stack_arrays

if TYPE_CHECKING:
    from gatera.learn.learner import Learner

#: Version of the ONNX operator set: checked with every family of our architectures on both engines.
OPSET = 18

#: Training inputs on which an exported network that takes no photos is compared with the learner's.
N_EXAMPLES = 8

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


class ArrayGraph(nn.Module):
    """The learner's model as a program calls it, with arrays stacked as the preprocessing gives them, [N, ...]."""

    def __init__(self, model: nn.Module, block: InputBlock) -> None:
        super().__init__()
        self.model, self.block = model, block

    def forward(self, arrays: Tensor) -> Tensor:
        """Return logits, float32 [N,K]."""
        return self.model(self.block.as_batch(arrays))


class PhotoGraph(nn.Module):
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
    inputs, pad = learn.dls.train_ds.inputs, preprocessing.pad
    examples = [np.array(preprocessing(inputs[i])) for i in range(min(N_EXAMPLES, len(inputs)))]
    example, graph = examples[0], _graph(learn)
    model = to_onnx(graph, stack_arrays([example, example]), ragged=pad is not None)
    check_parity(
        graph, model, noise_like(example) if example.dtype == np.uint8 else stack_arrays(examples, pad)
    )
    loss = learn.loss_func
    with torch.no_grad():
        output_shape = graph(torch.from_numpy(example)[None]).shape[1:]
    program = {
        "format": FORMAT,
        "gatera": gatera.__version__,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "task": learn.dls.task,
        "preprocess": preprocessing.config,
        "model": {
            "input": {
                "name": "input",
                "dtype": str(example.dtype),
                "shape": ["N", *(example.shape if pad is None else ("T", *example.shape[1:]))],
            },
            "output": {"name": "output", "shape": ["N", *output_shape]},
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
    entries: dict[str, bytes] = {"model.onnx": model, **learn.dls.train_ds.fields.x.entries()}
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


def _graph(learn: Learner) -> nn.Module:
    model, fields = copy.deepcopy(learn.model).cpu().float(), learn.dls.train_ds.fields
    if fields.image is None:
        return ArrayGraph(model, fields.x).eval()
    normalize = learn.dls.normalize
    layer = nn.Identity() if normalize is None else Normalization(normalize.mean, normalize.std)
    return PhotoGraph(model, layer).eval()


def to_onnx(graph: nn.Module, batch: np.ndarray, ragged: bool = False) -> bytes:
    """Translate a module into ONNX with a free batch size.

    Args:
        graph: in evaluation mode; takes one array like `batch`.
        batch: at least two inputs, stacked: the exporter takes a batch of one for a constant.
        ragged: let the second axis be of any length, too.

    Returns:
        The serialised model: weights inside, standard operators only, no traces of the machine it was made on.

    Raises:
        ExportError: if the translation fails.
    """
    onnx = require("onnx", "train", "to export a program")
    require("onnxscript", "train", "to export a program")
    axes = {0: torch.export.Dim("N"), 1: torch.export.Dim("T")} if ragged else {0: torch.export.Dim("N")}
    try:
        with _quiet():
            exported = torch.onnx.export(
                graph, (torch.from_numpy(batch),), dynamo=True, dynamic_shapes=(axes,), verbose=False,
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


def noise_like(photo: np.ndarray) -> np.ndarray:
    """Return three photos of noise, uint8 [3,H,W,C], of the size of one."""
    return np.random.default_rng(0).integers(0, 256, (3, *photo.shape)).astype(np.uint8)


def check_parity(graph: nn.Module, model: bytes, batch: np.ndarray) -> float:
    """Compare an exported network with its original on a batch of inputs; return the largest difference of outputs.

    Raises:
        ExportError: if they differ by more than `PARITY`.
    """
    with torch.no_grad():
        expected = graph(torch.from_numpy(batch)).numpy()
    found = OnnxRuntimeEngine(model).run(batch)
    difference = float(np.abs(found - expected).max())
    if not difference <= PARITY * max(1.0, float(np.abs(expected).max())):
        raise ExportError(
            f"the exported network's outputs differ from the learner's by {difference:.2g}",
            expected=f"{PARITY:g} of the largest output",
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
    return type(learn.model).__name__ if body is None else str(body.architecture)


def find_body(learn: Learner) -> Body | TextBody | None:
    """Return the body of a model for photos or texts, or None for a model of another kind."""
    return next((module for module in learn.model.modules() if isinstance(module, Body | TextBody)), None)


def _normalization(graph: nn.Module) -> dict[str, list[float]] | None:
    layer = next((module for module in graph.modules() if isinstance(module, Normalization)), None)
    return (
        None
        if layer is None
        else {"mean": layer.mean.flatten().tolist(), "std": layer.std.flatten().tolist()}
    )
