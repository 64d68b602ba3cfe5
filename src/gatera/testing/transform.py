"""The contract of transforms: `check_transform`, and the rules of item transforms."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
from PIL import Image

from gatera.core.checks import check_choice
from gatera.core.errors import ArgumentError
from gatera.core.random import rng
from gatera.data.transforms.base import BatchTransform
from gatera.data.transforms.item import ItemTransform
from gatera.data.transforms.normalize import Normalize
from gatera.data.transforms.torchvision import batch_transforms, item_transforms
from gatera.program.raw.photo import photo_array
from gatera.testing.batch_transform import check_batch_transform
from gatera.testing.config_as_program import exported, program
from gatera.testing.contract import Contract, Rule, piece_name, same, shaped
from gatera.testing.examples import example_photos
from gatera.testing.generators import globally_seeded, moved, states

Place = Literal["item_tfms", "batch_tfms"]

RUNS = Rule(
    "it accepts photos of any size, in RGB or grey",
    "Check image.size and image.mode: a photo may be one pixel wide; or pass photos= of your own kind.",
)
PHOTO = Rule(
    "it returns a photo of the same mode", "Return a Pillow image, with .convert(image.mode) if necessary."
)
UNCHANGED = Rule("it does not change its input", "Draw and paste on image.copy().")
DRAW = Rule(
    "the same (seed, epoch, index) gives the same photo, independent of what ran before and of the thread",
    "Draw every number from the rng passed to __call__, and keep nothing on self between calls.",
)
GLOBAL = Rule(
    "it does not use the global random generators",
    "Draw from the rng passed to __call__, not from random or np.random.",
)
STEADY = Rule(
    "without an rng (validation, prediction) the same photo gives the same result",
    "Draw only if rng is not None.",
)
HONEST = Rule(
    "a transform that is not `random` does the same in training as at prediction",
    "Set random = True in the class.",
)
CONFIG = Rule(
    "config() lists operations of gatera.program.preprocess, as JSON data, with the same result as the transform at prediction",
    "Return those operations ([] if it acts only while training), or raise ExportError if there are none.",
)
SIZED = Rule(
    "photos get one size in training if and only if they do at prediction",
    "Resize in both: a transform that acts only in training must be followed by one that resizes to that size.",
)

#: Keys (seed, epoch, index) to test.
KEYS = [(7, epoch, index) for epoch in (0, 1) for index in (0, 1, 2, 5)]

#: Number of threads that run a transform at the same time.
THREADS = 4


def check_transform(
    transform: Any, photos: Sequence[Image.Image] | None = None, *, where: Place | None = None
) -> None:
    """Check an item transform or a batch transform against its contract.

    It accepts photos of any size and mode, and does not change its input; the same (seed, epoch, index) gives the same result,
    independent of earlier calls, other items and threads; it does not use the global generators; it draws nothing at validation;
    and `config`, if there is one, does the same in a program as the transform at validation.

    Args:
        transform: an item or batch transform, or anything accepted in its place: a torchvision transform, a function.
        photos: photos to use instead of synthetic ones (which have several sizes, one of them 1 x 1). Those for a batch transform
            must have one size.
        where: the argument that it is for, "item_tfms" or "batch_tfms". Only needed if `transform` is not a Gatera class.

    Raises:
        ContractError: if it breaks a rule; the message names the rule, what was seen, and the remedy.
        ArgumentError: if it is not a transform, or `where` is needed.

    Example:
        >>> from gatera.data.transforms.crops import RandomResizedCrop
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
        given = [*example_photos(), *example_photos(mode="L")] if photos is None else list(photos)
        # several, if it is composed; each gets the result of the previous one
        for on_photos in item_transforms(transform):
            given = _check_item(Contract(name, "item transforms"), on_photos, given)


def _place(transform: Any) -> Place:
    if isinstance(transform, ItemTransform):
        return "item_tfms"
    if isinstance(transform, BatchTransform | Normalize):
        return "batch_tfms"
    raise ArgumentError(
        "check_transform cannot tell whether this is for photos or for batches", got=transform,
        remedy='Pass where="item_tfms" or where="batch_tfms".',
    )  # fmt: skip


def _check_item(
    contract: Contract, transform: ItemTransform, photos: Sequence[Image.Image]
) -> list[Image.Image]:
    """Check one transform; return its results at prediction."""
    plain = [_check_evaluation(contract, transform, photo) for photo in photos]
    sizes = set()
    for photo, expected in zip(photos, plain, strict=True):
        drawn = _check_draws(contract, transform, photo)
        if not transform.random:
            alike = all(same(expected, made) for made in drawn)
            contract.require(alike, HONEST, "a photo with an rng that differs from that without")
        sizes |= {made.size for made in drawn}
    _check_sizes(contract, sizes, {made.size for made in plain})
    _check_config(contract, transform, photos, plain)
    return plain


def _check_sizes(contract: Contract, training: set[Any], prediction: set[Any]) -> None:
    """Check that the transforms give photos one size both in training and at prediction, or in neither."""
    if len(training) == 1 or len(prediction) == 1:
        words = (
            f"{sorted(sizes)[0]}{' and others' if len(sizes) > 1 else ''}" for sizes in (training, prediction)
        )
        seen = "(width, height) {} in training, {} at prediction".format(*words)
        contract.require(training == prediction, SIZED, seen)


def _check_evaluation(contract: Contract, transform: ItemTransform, photo: Image.Image) -> Image.Image:
    """Return a transform's result for a photo at prediction."""
    words = f"a photo of {photo.width} x {photo.height} pixels in mode {photo.mode}"
    before, generators = photo.copy(), states()
    with contract.running(RUNS, words):
        made = transform(photo)
    contract.require(isinstance(made, Image.Image), PHOTO, f"{shaped(made)} for {words}")
    contract.require(made.mode == photo.mode, PHOTO, f"mode {made.mode} for {words}")
    contract.require(same(before, photo), UNCHANGED, "its pixels changed")
    touched = moved(generators)
    contract.require(not touched, GLOBAL, f"the state of {' and '.join(touched)} changed at prediction")
    with globally_seeded(1):
        again = transform(photo)
    contract.require(same(made, again), STEADY, "another photo the second time")
    return made


def _check_draws(contract: Contract, transform: ItemTransform, photo: Image.Image) -> list[Image.Image]:
    """Return a transform's results for a photo with each of `KEYS`."""

    def run(key: tuple[int, ...]) -> Image.Image:
        return transform(photo, rng(*key))

    before, generators = photo.copy(), states()
    with contract.running(RUNS, "a training pass"):
        first = [run(key) for key in KEYS]
    for made in first:
        mode = f"mode {made.mode}" if isinstance(made, Image.Image) else shaped(made)
        fits = isinstance(made, Image.Image) and made.mode == photo.mode
        contract.require(fits, PHOTO, f"{mode} for mode {photo.mode} in training")
    contract.require(same(before, photo), UNCHANGED, "its pixels changed in training")
    touched = moved(generators)
    contract.require(not touched, GLOBAL, f"the state of {' and '.join(touched)} changed in training")
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
    ops = exported(contract, CONFIG, transform)
    if ops is None:
        return
    for photo, made in zip(photos, plain, strict=True):
        prepare = program(contract, CONFIG, [{"op": "read_photo", "mode": photo.mode}, *ops])
        found = prepare(np.array(photo))
        words = f"other pixels than {ops} gives for a photo of {photo.width} x {photo.height} pixels"
        contract.require(same(photo_array(made), found), CONFIG, words)
