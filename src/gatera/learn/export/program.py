"""Write a trained model as a program: one file with the network, its weights and the preprocessing of raw input."""

from __future__ import annotations

import copy
import datetime
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import gatera
from gatera.core.checks import require
from gatera.core.errors import ExportError
from gatera.core.escape import as_utf8
from gatera.core.files import check_free_to_write
from gatera.data.blocks.base import InputBlock
from gatera.data.blocks.image import ImageInput
from gatera.learn.certainty.fit import Fitted
from gatera.learn.certainty.projection import Projection
from gatera.learn.certainty.rows import RowProjection
from gatera.learn.certainty.tap import caught, find_tap
from gatera.learn.export.card import CardFacts, model_card
from gatera.learn.export.onnx import (
    OPSET,
    ArrayGraph,
    PhotoGraph,
    check_embedding,
    check_parity,
    noise_like,
    to_onnx,
    warn_if_not_allowed,
)
from gatera.learn.export.trees import mixture_to_onnx
from gatera.measure.losses.base import Loss
from gatera.models.layers import Normalization
from gatera.models.text.model import TextBody
from gatera.models.text.word_scores import TextMixture
from gatera.models.trees import TableMixture
from gatera.models.vision.body import Body
from gatera.program.embedding.read import EMBEDDING
from gatera.program.package import FORMAT, write_package
from gatera.program.preprocess import Preprocessing, stack_arrays

#: Number of training inputs on which an exported network is compared with the learner's, if they are not photos.
N_EXAMPLES = 8


@dataclass(frozen=True)
class ExportOptions:
    """What to write into a program besides the network.

    Attributes:
        slim: do not write `weights.safetensors`, which is needed to continue training; halves the file.
        card: the model card in Markdown; by default it is made from what the learner knows.
        training: facts for `program.json`, e.g. metrics and data version; the last epoch's row is always there.
        certainty: whether the program knows how sure it is: calibrated probabilities, sets and intervals, novelty. They are
            found on the validation set, which is predicted once more.
        embeddings: whether the program also gives what the network makes of an input before its last layers, `Program.embed`: for
            search by similarity, copies, heads for few items. The file grows by nothing.
    """

    slim: bool = False
    card: str | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    certainty: bool = True
    embeddings: bool = False


@dataclass(frozen=True)
class Trained:
    """A trained model with everything that a program of it needs. `Learner.trained` returns one.

    Attributes:
        model: the network.
        block: the input's kind; stacks arrays for the model and has its own entries in the file.
        preprocessing: raw input -> array.
        inputs: raw training inputs, for a comparison of the exported network with `model`.
        normalize: the loaders' `Normalize`, which the program must then do itself; None if the model normalises.
        loss_func: knows activation and threshold.
        task: "classification", "multilabel", "regression", "segmentation" or "points".
        vocab: the labels, or None for numbers.
        last_epoch: the last row of the table of epochs, or None.
        data: where the data came from.
        n_train, n_valid: number of items in the training and the validation set.
        fitted: how sure the model may be; None if that is not to be known.
    """

    model: nn.Module
    block: InputBlock
    preprocessing: Preprocessing
    inputs: Sequence[Any]
    normalize: Any
    loss_func: Loss
    task: str | None
    vocab: Sequence[Any] | None
    last_epoch: Mapping[str, float] | None
    data: str
    n_train: int
    n_valid: int
    fitted: Fitted | None = None

    @property
    def projection(self) -> Projection | RowProjection | None:
        """What makes the model's features short; None where a program does not compute them."""
        return None if self.fitted is None else self.fitted.projection


def export_program(trained: Trained, path: Path, force: bool, options: ExportOptions) -> Path:
    """Write a trained model as a program file.

    Raises:
        OutputExistsError: if the file exists and `force` is not set.
        ExportError: if the network cannot be translated to ONNX.
    """
    check_free_to_write(path, force)
    if options.embeddings and not has_features(trained):
        raise ExportError(
            f"{architecture_name(trained.model)} has no features, so its program cannot give embeddings",
            remedy="A network has: train one, or export without embeddings.",
        )
    graph, pad = _graph(trained), trained.preprocessing.pad
    n_examples = min(N_EXAMPLES, len(trained.inputs))
    with warnings.catch_warnings():  # these inputs were looked at when they were learned from
        warnings.simplefilter("ignore")
        examples = [np.array(trained.preprocessing(trained.inputs[i])) for i in range(n_examples)]
    projection = trained.projection
    model = _onnx(graph, stack_arrays([examples[0]] * 2), pad is not None, projection, options.embeddings)
    photos = examples[0].dtype == np.uint8
    batch = noise_like(examples[0]) if photos else stack_arrays(examples, pad)
    check_parity(graph, model, batch, projection)
    width = check_embedding(graph, model, batch) if options.embeddings else None
    warn_if_not_allowed(model, path)
    entries: dict[str, bytes] = {"model.onnx": model, **trained.block.entries()}
    entries["card.md"] = as_utf8(options.card or model_card(card_facts(trained, path.stem))).encode()
    if not options.slim:
        entries["weights.safetensors"] = weights(trained.model)
    last_epoch = None if trained.last_epoch is None else dict(trained.last_epoch)
    training = finite({"last_epoch": last_epoch, **options.training})
    described = program_json(trained, graph, examples[0], training)
    if width is not None:
        described["embedding"] = {"tensor": EMBEDDING, "width": width}
    write_package(path, described, entries, force=force)
    return path


def has_features(trained: Trained) -> bool:
    """Whether a model computes features that a program can give as embeddings: trees do not, nor do networks for masks."""
    graph = _graph(trained)
    tap = find_tap(graph)
    if tap is None:
        return False
    example = np.array(trained.preprocessing(trained.inputs[0]))
    with torch.no_grad(), caught(tap) as seen:
        graph(torch.from_numpy(stack_arrays([example] * 2, trained.preprocessing.pad)))
    return bool(seen)


def finite(value: Any) -> Any:
    """Return facts as JSON has them: None for what is NaN or infinite, as what was not measured; texts in UTF-8.

    Example:
        >>> finite({"valid_loss": float("nan"), "errors": [0.5, float("inf")]})
        {'valid_loss': None, 'errors': [0.5, None]}
    """
    if isinstance(value, Mapping):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    if isinstance(value, str):
        return as_utf8(value)  # the name of a file may be anything
    return None if isinstance(value, float) and not math.isfinite(value) else value


def program_json(
    trained: Trained, graph: nn.Module, example: np.ndarray, training: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the content of `program.json`.

    Args:
        trained: the model.
        graph: the model as the program calls it.
        example: one preprocessed input.
        training: facts about the training.
    """
    with torch.no_grad():
        output_shape = graph(torch.from_numpy(example)[None]).shape[1:]
    shape = example.shape if trained.preprocessing.pad is None else ("T", *example.shape[1:])
    loss, fitted = trained.loss_func, trained.fitted
    sureness = {} if fitted is None or fitted.certainty is None else {"certainty": dict(fitted.certainty)}
    temperature = 1.0 if fitted is None else fitted.temperature
    training = {**started_from(trained.model), **training}
    if fitted is not None and fitted.report.n:
        training = {**training, "calibration": fitted.report.to_dict()}
    return {
        "format": FORMAT,
        "gatera": gatera.__version__,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "task": trained.task,
        "preprocess": trained.preprocessing.config,
        "model": {
            "input": {"name": "input", "dtype": str(example.dtype), "shape": ["N", *shape]},
            "output": {"name": "output", "shape": ["N", *output_shape]},
            "opset": OPSET,
            "architecture": architecture_name(trained.model),
            "normalize": _normalization(graph),
        },
        "decode": {
            "activation": loss.activation_name,
            "vocab": None if trained.vocab is None else list(trained.vocab),
            "threshold": _threshold(loss, temperature),
            "temperature": temperature,
        },
        **sureness,
        "training": dict(training),
        "versions": {"torch": torch.__version__, "numpy": np.__version__},
    }


def started_from(model: nn.Module) -> dict[str, Any]:
    """Return the initial weights of a model, as `training` in program.json has them: {"weights": {"source": ...}}."""
    body = find_body(model)
    if body is None:
        return {}
    return {"weights": {"source": body.source, **(body.started_from if isinstance(body, Body) else {})}}


def card_facts(trained: Trained, title: str) -> CardFacts:
    """Return what is known about a trained model for its program's card; nothing is measured again."""
    row, body = trained.last_epoch or {}, find_body(trained.model)
    return CardFacts(
        title=title,
        task=trained.task or "",
        labels=list(trained.vocab or []),
        data=trained.data,
        n_train=trained.n_train,
        n_valid=trained.n_valid,
        split="by the data's splitter",
        architecture=architecture_name(trained.model),
        weights="random" if body is None else body.source,
        metrics={name: value for name, value in row.items() if name not in ("epoch", "time")},
        certainty=[] if trained.fitted is None else trained.fitted.report.lines(),
        novelty=trained.projection is not None,
        versions={"gatera": gatera.__version__, "torch": torch.__version__},
    )


def _graph(trained: Trained) -> nn.Module:
    model, normalize = copy.deepcopy(trained.model).cpu().float(), trained.normalize
    if not isinstance(trained.block, ImageInput):
        return ArrayGraph(model, trained.block).eval()
    layer = nn.Identity() if normalize is None else Normalization(normalize.mean, normalize.std)
    return PhotoGraph(model, layer).eval()


def _threshold(loss: Loss, temperature: float) -> Any:
    """Return the threshold of scaled probabilities, at which the same labels apply as before."""
    if temperature == 1 or loss.threshold is None:
        return loss.threshold
    before = np.asarray(loss.threshold, np.float64)
    with np.errstate(divide="ignore"):  # 0 and 1 stay what they are
        scaled = 1 / (1 + np.exp(-np.log(before / (1 - before)) / temperature))
    return scaled.tolist()


def _onnx(
    graph: nn.Module,
    batch: np.ndarray,
    ragged: bool,
    projection: Projection | RowProjection | None,
    embedding: bool,
) -> bytes:
    if isinstance(graph, ArrayGraph) and isinstance(graph.model, TableMixture):
        return mixture_to_onnx(graph.model, graph.block, batch, projection)
    return to_onnx(graph, batch, ragged, projection, embedding)


def weights(model: nn.Module) -> bytes:
    """Return a model's parameters and buffers as safetensors, with the names of its state_dict."""
    save = require("safetensors.torch", "train", "to keep the weights in a program").save
    return bytes(
        save({name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()})
    )


def architecture_name(model: nn.Module) -> str:
    """Return the name of a model's architecture, or of its class if it has no body of this library."""
    if isinstance(model, TableMixture):
        return model.name
    if isinstance(model, TextMixture):
        network = None if model.network is None else architecture_name(model.network)
        return "a linear model of words" if network is None else f"{network} and a linear model of words"
    body = find_body(model)
    return type(model).__name__ if body is None else str(body.architecture)


def find_body(model: nn.Module) -> Body | TextBody | None:
    """Return the body of a model for photos or texts, or None for other models."""
    return next((module for module in model.modules() if isinstance(module, Body | TextBody)), None)


def _normalization(graph: nn.Module) -> dict[str, list[float]] | None:
    layer = next((module for module in graph.modules() if isinstance(module, Normalization)), None)
    if layer is None:
        return None
    return {"mean": layer.mean.flatten().tolist(), "std": layer.std.flatten().tolist()}
