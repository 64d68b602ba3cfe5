"""The contract of transforms: the entrance, and what holds for those that act on one photo."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
from PIL import Image

from gatera.core.checks import check_choice
from gatera.core.errors import ArgumentError, ExportError
from gatera.core.random import rng
from gatera.data.drawn import BatchTransform
from gatera.data.foreign import batch_transforms, item_transforms
from gatera.data.normalize import Normalize
from gatera.data.transforms import ItemTransform
from gatera.program.preprocess import Preprocessing, photo_array
from gatera.testing.batch_transform import check_batch_transform
from gatera.testing.contract import Contract, Rule, piece_name, same
from gatera.testing.examples import example_photos
from gatera.testing.generators import globally_seeded, moved, states

Place = Literal["item_tfms", "batch_tfms"]

RUNS = Rule(
    "it takes photos of any size, in RGB or grey",
    "Look at image.size and image.mode: a photo may be one pixel wide; or pass photos= of the kind that you have.",
)
PHOTO = Rule(
    "it gives a photo of the same mode", "Return a Pillow image, if need be with .convert(image.mode)."
)
UNCHANGED = Rule("it leaves the photo it is given as it is", "Draw and paste on image.copy().")
DRAW = Rule(
    "the same (seed, epoch, index) gives the same photo, whatever ran before and in whatever thread",
    "Draw every number from the rng that __call__ gets, and keep nothing on self between calls.",
)
GLOBAL = Rule(
    "it leaves the global random generators alone",
    "Draw from the rng that __call__ gets, not from random or np.random.",
)
STEADY = Rule(
    "without an rng (validation, prediction) the same photo gives the same result",
    "Draw only where rng is not None.",
)
HONEST = Rule(
    "a transform that is not `random` does in training what it does at prediction",
    "Set random = True in the class.",
)
CONFIG = Rule(
    "config() lists, as JSON data, operations of gatera.program.preprocess that do what it does at prediction",
    "Return those operations ([] if it acts only while training), or raise ExportError if there are none.",
)
SIZED = Rule(
    "photos have one size in training, too, where config() ends with an operation that gives them one",
    "Give photos that same size in training.",
)

#: (seed, epoch, index) that draws are made for.
KEYS = [(7, epoch, index) for epoch in (0, 1) for index in (0, 1, 2, 5)]

#: Operations after which all photos have one size.
SIZED_OPS = ("resize", "center_crop")

#: Threads that run a transform at the same time.
THREADS = 4


def check_transform(
    transform: Any, photos: Sequence[Image.Image] | None = None, *, where: Place | None = None
) -> None:
    """Hold a transform, of single photos or of batches, to its contract.

    It takes photos of any size and mode, and leaves them alone; the same (seed, epoch, index) gives the same result,
    whatever ran before, beside it, or in other threads; the global generators stay out of it; validation draws nothing; and
    `config`, where there is one, does in a program what the transform does at validation.

    Args:
        transform: an item or batch transform, or what may stand in its place: a torchvision transform, a function.
        photos: to run it on instead of made-up ones (which are of several sizes, one of them 1 x 1). Those for a batch
            transform must have one size.
        where: "item_tfms" or "batch_tfms": which argument it is for. Only asked for if `transform` is not one of ours.

    Raises:
        ContractError: if it breaks a rule; the message names the rule, what was seen, and how to mend it.
        ArgumentError: if it is no transform, or it is not clear of what.

    Example:
        >>> from gatera.data.transforms import RandomResizedCrop
        >>> check_transform(RandomResizedCrop(16))
        >>> check_transform(lambda photo: photo.rotate(90, expand=True), where="item_tfms")
    """
    if where is None:
        where = _place(transform)
    check_choice("where", where, ("item_tfms", "batch_tfms"))
    name = piece_name(transform)
    if where == "batch_tfms":
        for on_batches in batch_transforms(transform):
            check_batch_transform(Contract(name, "batch transforms"), on_batches, photos)
    else:
        for on_photos in item_transforms(transform):
            _check_item(Contract(name, "item transforms"), on_photos, photos)


def _place(transform: Any) -> Place:
    if isinstance(transform, ItemTransform):
        return "item_tfms"
    if isinstance(transform, BatchTransform | Normalize):
        return "batch_tfms"
    raise ArgumentError(
        "check_transform cannot see whether this is for photos or for batches", received=transform,
        remedy='Pass where="item_tfms" or where="batch_tfms".',
    )  # fmt: skip


def _check_item(contract: Contract, transform: ItemTransform, photos: Sequence[Image.Image] | None) -> None:
    given = [*example_photos(), *example_photos(mode="L")] if photos is None else photos
    plain = [_check_evaluation(contract, transform, photo) for photo in given]
    for photo, expected in zip(given, plain, strict=True):
        drawn = _check_draws(contract, transform, photo)
        if not transform.random:
            contract.require(
                all(same(expected, one) for one in drawn), HONEST, "another photo with an rng than without"
            )
    _check_config(contract, transform, given, plain)


def _check_evaluation(contract: Contract, transform: ItemTransform, photo: Image.Image) -> Image.Image:
    """Return what a transform makes of a photo at prediction."""
    words = f"a photo of {photo.width} x {photo.height} pixels in mode {photo.mode}"
    before, generators = photo.copy(), states()
    with contract.running(RUNS, words):
        made = transform(photo)
    contract.require(isinstance(made, Image.Image), PHOTO, f"a {type(made).__name__} for {words}")
    contract.require(made.mode == photo.mode, PHOTO, f"mode {made.mode} for {words}")
    contract.require(same(before, photo), UNCHANGED, "its pixels were changed")
    touched = moved(generators)
    contract.require(not touched, GLOBAL, f"{' and '.join(touched)} was drawn from at prediction")
    with globally_seeded(1):
        again = transform(photo)
    contract.require(same(made, again), STEADY, "another photo the second time")
    return made


def _check_draws(contract: Contract, transform: ItemTransform, photo: Image.Image) -> list[Image.Image]:
    """Return what a transform makes of a photo for each of `KEYS`."""

    def run(key: tuple[int, ...]) -> Image.Image:
        return transform(photo, rng(*key))

    before, generators = photo.copy(), states()
    with contract.running(RUNS, "a training pass"):
        first = [run(key) for key in KEYS]
    for made in first:
        fits = isinstance(made, Image.Image) and made.mode == photo.mode
        contract.require(
            fits, PHOTO, f"{getattr(made, 'mode', type(made).__name__)} for {photo.mode} in training"
        )
    contract.require(same(before, photo), UNCHANGED, "its pixels were changed in training")
    touched = moved(generators)
    contract.require(not touched, GLOBAL, f"{' and '.join(touched)} was drawn from in training")
    with globally_seeded(1):
        backwards = [run(key) for key in reversed(KEYS)][::-1]
    contract.require(same(first, backwards), DRAW, "other photos for the same keys in another order")
    if not transform.serial:
        with ThreadPoolExecutor(THREADS) as pool:
            together = list(pool.map(run, KEYS * THREADS))
        contract.require(
            same(first * THREADS, together), DRAW, f"other photos from {THREADS} threads at the same time"
        )
    return first


def _check_config(
    contract: Contract, transform: ItemTransform, photos: Sequence[Image.Image], plain: Sequence[Image.Image]
) -> None:
    try:
        ops = transform.config()
    except ExportError:
        return
    for photo, made in zip(photos, plain, strict=True):
        with contract.running(CONFIG, f"running {ops}"):
            program = Preprocessing([{"op": "read_photo", "mode": photo.mode}, *json.loads(json.dumps(ops))])
            found = program(np.array(photo))
        words = f"other pixels than {ops} gives for a photo of {photo.width} x {photo.height} pixels"
        contract.require(same(photo_array(made), found), CONFIG, words)
    if ops and ops[-1]["op"] in SIZED_OPS:
        height, width = ops[-1]["size"]
        for photo in photos:
            size = transform(photo, rng(*KEYS[0])).size
            contract.require(
                size == (width, height), SIZED, f"{size[0]} x {size[1]} pixels instead of {width} x {height}"
            )
