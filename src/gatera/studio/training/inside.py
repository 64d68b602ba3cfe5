"""Pictures of the inside of the trained network: where it looks in a photo, and what its units respond to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gatera.core.checks import check_choice
from gatera.core.errors import DataError
from gatera.evaluate.html_report import figure_png
from gatera.interpret.layers import Stage, stages
from gatera.interpret.occlusion_of_photos import Squares, occluded
from gatera.interpret.subject import Subject
from gatera.interpret.units.units import Photos, Way, units_of
from gatera.learn.arithmetic import Arithmetic
from gatera.studio.trained import Trained
from gatera.studio.training.pictures import Pictures

#: Items that units are shown, channels of a layer, layers, squares along a photo, dots per inch, and photos at once.
ITEMS, CHANNELS, LAYERS, PARTS, DPI, BATCH = 48, 4, 3, 5, 80, 16


class Inside:
    """The network of a training, for pictures.

    Args:
        trained: the training; its items are pictures.
        check: called before each pass of the network; what it raises ends the picture.

    Raises:
        DataError: if they are not.
    """

    def __init__(self, trained: Trained, check: Callable[[], None]) -> None:
        if trained.pictures is None:
            raise DataError("only networks for photos and recordings are shown")
        self._pictures: Pictures = trained.pictures
        model = trained.pictures.with_head(torch.from_numpy(trained.weight), torch.from_numpy(trained.bias))
        model.register_forward_pre_hook(lambda *_: check())
        self._subject = Subject(
            model,
            self._pictures.encode,
            _pixels,
            lambda x: x.softmax(1),
            trained.guesses.classes,
            "classification",
        )

    @cached_property
    def _stages(self) -> dict[str, Stage]:
        found = stages(self._subject.model)
        places = sorted({len(found) * k // (LAYERS + 1) for k in range(1, LAYERS + 1)})
        return {found[place].name: found[place] for place in places}

    @property
    def layers(self) -> list[str]:
        """The names of the layers whose units are shown."""
        return [*self._stages]

    def occlusion(self, path: Path) -> bytes:
        """Return a picture of what in an item its guess depends on, PNG.

        Raises:
            DataError: if it cannot be read.
        """
        x = self._pictures.encode(path)
        size = max(1, max(x.shape[2:]) // PARTS)
        return figure_png(
            occluded(self._subject, x, None, Squares(size, max(1, size // 2)), quiet=True).plot(), DPI
        )

    def units(self, layer: str, paths: list[Path]) -> bytes:
        """Return a picture of what units of a layer respond to among some items, PNG.

        Raises:
            ArgumentError: if there is no such layer.
            DataError: if none of the items can be read.
        """
        check_choice("layer", layer, self._stages)
        encoded = []
        for path in paths[:: -(-len(paths) // ITEMS)]:
            try:
                encoded.append(self._pictures.encode(path))
            except DataError:
                continue
        if not encoded:
            raise DataError("none of the items can be read")

        def batches() -> Iterator[tuple[Tensor]]:
            for start in range(0, len(encoded), BATCH):
                yield (torch.cat(encoded[start : start + BATCH]),)

        arithmetic = Arithmetic(torch.device("cpu"), "float32", fast_kernels=False)
        way = Way(self._stages[layer].last, None, True, arithmetic, notes=False)
        shown = units_of(
            self._subject, Photos(batches, lambda item: encoded[item], len(encoded)), way, CHANNELS
        )
        return figure_png(shown.plot(), DPI)


def _pixels(x: Tensor) -> np.ndarray:
    return x[0].clamp(0, 1).mul(255).round().to(torch.uint8).permute(1, 2, 0).numpy()
