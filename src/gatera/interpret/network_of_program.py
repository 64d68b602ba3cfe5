"""Look into a program file: its network is built again, gets the program's weights, and must answer as the program does.

Explanations that need answers only, and no gradients, use the program's own engine: `answers_of_program`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gatera.core.checks import require
from gatera.core.errors import GateraError, ProgramFileError, is_library_error
from gatera.interpret.subject import Subject, answers_of, number_of
from gatera.models.layers import Normalization
from gatera.models.target_scale import TargetScale
from gatera.models.vision.body import Body, create_body
from gatera.models.vision.heads import create_head
from gatera.models.vision.linear_head import create_linear_head
from gatera.models.vision.unet import DynamicUnet
from gatera.models.weights.files import PROGRAM_ENTRY
from gatera.program.archive import MODEL
from gatera.program.description import facts_in, read_description
from gatera.program.network.bounded import check_model
from gatera.program.package import Package, read_package
from gatera.program.program import Program

#: The network's outputs may differ from the program's by this (of the largest output).
TOLERANCE = 1e-3

#: The first steps of programs whose inputs are images.
IMAGE_STEPS = ("read_photo", "read_sound")

#: The end of the name of the values that give a head's outputs their unit.
SCALE = "target_scale"


def subject_of_program(path: str | Path, trusted: bool = False) -> Subject:
    """Build the network of a program for photos or sounds again, in evaluation mode, on the CPU.

    Args:
        path: the program.
        trusted: also take a program whose model is not checked; see `load_program`.

    Raises:
        ProgramFileError: if the file lacks its weights or the name of its architecture, its inputs are not images, or its
            network is not one that can be built from that.
    """
    package = read_package(path)
    preprocessing, decoder = read_description(package)
    if not trusted:
        check_model(package.read(MODEL), package.path)
    first = preprocessing.config[0]
    if first["op"] not in IMAGE_STEPS:
        by_parts = {
            "read_text": "explained_text(program, text)",
            "read_row": "explained_row(program, row, other_rows)",
        }
        name = by_parts.get(first["op"])
        raise ProgramFileError(
            f"{path} does not take photos or sounds, and no map can be drawn of its inputs",
            remedy=f"Use {name} of gatera.interpret.answers_of_program."
            if name
            else "In Python, learn.attribution((user, item)) has the parts of a rating.",
        )
    if decoder.task == "points":
        raise ProgramFileError(
            f"{path} answers with points, and only labels, numbers and masks are explained from a program file",
            remedy="In Python, learn.occlusion(photo) explains any network.",
        )
    weights = _weights(package)
    model = _network(package, weights, 1 if first["op"] == "read_sound" or first.get("mode") == "L" else 3)

    def encode(raw: Any) -> Tensor:
        array = np.array(preprocessing(raw))
        return torch.from_numpy(array)[None].permute(0, 3, 1, 2).float() / 255  # [H,W,C] -> [1,C,H,W]

    def pixels(x: Tensor) -> np.ndarray:
        return x[0].clamp(0, 1).mul(255).round().to(torch.uint8).permute(1, 2, 0).numpy()

    answers, number = answers_of(decoder), number_of(package.program)
    return Subject(model, encode, pixels, answers, decoder.vocab or None, decoder.task, number=number)


def check_same(subject: Subject, program: Program, raw: Any, path: str | Path) -> None:
    """Check that a network answers as the program does, to one input.

    Raises:
        ProgramFileError: if it does not: it was built with settings that the file does not hold.
    """
    with torch.no_grad():
        found = subject.model(subject.encode(raw))[0].numpy()
    expected = program.engine.run(np.array(program.preprocess(raw))[None])[0]
    same = found.shape == expected.shape and np.abs(found - expected).max() <= TOLERANCE * max(
        1.0, np.abs(expected).max()
    )
    if not same:
        raise _unknown(path, "built again from its name and weights, it gives other answers than the program")


def _weights(package: Package) -> dict[str, Tensor]:
    if PROGRAM_ENTRY not in package.names:
        raise ProgramFileError(
            f"{package.path} does not hold its weights, without which its network cannot be looked into",
            remedy="Train it without slim, or export it again from its learner.",
        )
    load = require("safetensors.torch", "train", "to read weights").load
    try:
        return dict(load(package.read(PROGRAM_ENTRY)))
    except BaseException as err:  # the library is written in Rust, and may panic
        if not is_library_error(err):
            raise
        raise ProgramFileError(f"the weights in {package.path} are damaged ({err})") from err


def _network(package: Package, weights: Mapping[str, Tensor], n_in: int) -> nn.Module:
    """Return the network with its weights.

    Raises:
        ProgramFileError: if it cannot be built from the file.
    """
    about, path = facts_in(package.program, "model"), package.path
    name, shape = about.get("architecture"), facts_in(package.program, "model", "output").get("shape")
    if (
        not isinstance(name, str)
        or not isinstance(shape, list)
        or len(shape) < 2
        or not isinstance(shape[1], int)
    ):
        raise _unknown(path, "the file does not say which architecture it has")
    try:
        # its size is not known before its shapes are compared with those in the file
        with torch.device("meta"):
            planned = _built(name, n_in, shape[1], weights)
    except GateraError as err:
        raise _unknown(path, f"its architecture {name!r} is not one that is known by name") from err
    if {key: value.shape for key, value in planned.state_dict().items()} != {
        k: v.shape for k, v in weights.items()
    }:
        raise _unknown(path, f"its weights are not those of {name} with a usual head")
    model = _built(name, n_in, shape[1], weights)
    model.load_state_dict(dict(weights))
    statistics = facts_in(about, "normalize")
    if statistics:
        body = next(module for module in model.modules() if isinstance(module, Body))
        body.normalization = Normalization(statistics["mean"], statistics["std"])
    return model.eval().requires_grad_(False)


def _built(name: str, n_in: int, n_out: int, weights: Mapping[str, Tensor]) -> nn.Module:
    """Build a network of this architecture with the head that the weights' names belong to; random values."""
    body = create_body(name, n_in, pretrained=False, normalize=False)
    if any(key.startswith("decoder.") for key in weights):
        return DynamicUnet(body, n_out)
    in_order = sorted(weights, key=lambda key: (len(key), key))  # the file has them in any order
    own = {key: weights[key] for key in in_order if key.startswith("1.")}
    layers = [value for key, value in own.items() if not key.endswith(SCALE)]
    if len(layers) == 2:
        head: nn.Sequential = create_linear_head(body.num_features, n_out, pool=body.spatial)
    else:
        hidden = [
            value.shape[0] for key, value in own.items() if value.ndim == 2 and not key.endswith(SCALE)
        ][:-1]
        head = create_head(body.num_features, n_out, hidden, pool=body.spatial)
    if any(key.endswith(SCALE) for key in own):
        head.append(TargetScale([0.0] * n_out, [1.0] * n_out))
    return nn.Sequential(body, head)


def _unknown(path: str | Path, reason: str) -> ProgramFileError:
    return ProgramFileError(
        f"{path} cannot be explained: {reason}", expected="a program of vision_learner, unet_learner or gatera train, with a "
        "head that they make by themselves",
        remedy="In Python, learn.occlusion(photo) and learn.attribution(photo) explain any network.",
    )  # fmt: skip
