"""Masks that a program proposes for photos without one: a person corrects them instead of beginning with nothing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.studio.masks.classes import MaskClasses
from gatera.studio.media.photos import stamp_of

if TYPE_CHECKING:
    from gatera.program.program import Program

#: Bytes of proposals that are kept: each is a byte for each pixel, and is asked for at every stroke.
KEPT = 100_000_000


class Proposals:
    """What a program makes of photos, computed when it is first asked for.

    Args:
        program: a program of masks.
        name: NAME@HASH8 of it.
        classes: the classes of the masks here; those of the program are found in them by name.

    Raises:
        ArgumentError: if it is no program of masks, or has a class that the masks here do not have.
    """

    def __init__(self, program: Program, name: str, classes: MaskClasses) -> None:
        if program.task != "segmentation":
            raise ArgumentError(
                "these photos have masks, and --program must predict masks", got=program.task,
                remedy="Name a program of masks, or label whole photos: --kind photos.",
            )  # fmt: skip
        places = {str(each): place for place, each in enumerate(classes.names)}
        if unknown := [str(label) for label in program.vocab if str(label) not in places]:
            raise ArgumentError(
                "--program has classes that the masks here do not have", got=", ".join(unknown),
                expected=", ".join(places), remedy="Name the classes alike in codes.txt.",
            )  # fmt: skip
        self.name = name
        self._program = program
        # what the program did not see, 255, is the ground, or the first class where there is none
        self._places = np.full(256, max(0, classes.ground), np.uint8)
        self._places[: len(program.vocab)] = [places[str(label)] for label in program.vocab]
        self._kept: OrderedDict[str, np.ndarray] = OrderedDict()
        self._lock, self._computing = threading.Lock(), threading.Lock()

    def of(self, photo: Path) -> np.ndarray:
        """Return the class of each pixel of a photo as positions in the classes, uint8 [H,W].

        Raises:
            DataError: if the photo cannot be read.
        """
        key = f"{photo} {stamp_of(photo)}"
        found = self._found(key)
        if found is not None:  # a stroke does not wait for the proposals of a grid
            return found
        with self._computing:
            found = self._found(key)
            if found is None:
                found = self._places[np.asarray(self._program.predict(photo).label)]
                self._keep(key, found)
        return found

    def _keep(self, key: str, found: np.ndarray) -> None:
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > 1 and sum(each.size for each in self._kept.values()) > KEPT:
                self._kept.popitem(last=False)

    def _found(self, key: str) -> np.ndarray | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)
