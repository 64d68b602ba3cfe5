"""The contract of transforms that act on batches of photos."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gatera.core.errors import ArgumentError
from gatera.data.transforms.base import BatchStep, BatchTransform, Key, RandomBatchTransform
from gatera.data.transforms.batch import BatchPipeline
from gatera.data.transforms.normalize import Normalize
from gatera.program.raw.photo import photo_array
from gatera.testing.contract import Contract, Rule, same, shaped
from gatera.testing.examples import example_photos
from gatera.testing.exported import exported, program
from gatera.testing.generators import globally_seeded, moved, states

RUNS = Rule(
    "it takes float32 photos [N,C,H,W], C being 1 or 3",
    "Use x.shape and do not count on three channels; or pass photos= of the kind that you have.",
)
SHAPE = Rule(
    "it gives float32 photos [N,C,H,W], N and C as before",
    "Compute in float32, and leave the first two axes alone.",
)
RANGE = Rule(
    "photos are finite and in 0..1",
    "Clip what may leave that range: x.clamp(0, 1). (Normalize, which leaves it on purpose, is a class of its own.)",
)
DRAW = Rule(
    "the same (seed, epoch, index) gives the same photo, whatever ran before",
    "Draw every number from rng(*key, index), and keep nothing on self between calls.",
)
ALONE = Rule(
    "what becomes of a photo does not depend on the photos beside it",
    "Draw for each item from rng(*key, index) with its own index, and compute along other axes than the first.",
)
THREADS_AGREE = Rule(
    "drawing in several threads at the same time gives what drawing in one gives",
    "Keep nothing on self between calls.",
)
GLOBAL = Rule(
    "it leaves the global random generators alone",
    "Draw from rng(*key, index), or from a torch.Generator seeded with seed_from(*key, index).",
)
INDEX = Rule("it leaves index as it is", "Work on index.copy().")
STEADY = Rule(
    "without a key (validation, prediction) the same photos give the same result",
    "Draw only if key is given.",
)
IDLE = Rule(
    "a transform that is `random` does nothing without a key, but for what config() lists",
    "Begin with `if key is None: return x`.",
)
HONEST = Rule(
    "a transform that is not `random` does in training what it does at validation",
    "Set random = True in the class.",
)
CONFIG = Rule(
    "config() lists, as JSON data, operations of gatera.program.preprocess that do what it does at validation",
    "Return those operations ([] if it acts only while training), or raise ExportError if there are none.",
)
SIZED = Rule(
    "photos have the same size at validation as in training",
    "Let config() end with a resize or center_crop to that size.",
)

#: Size (width, height) and number of the photos in the batch.
PHOTO_SIZE, N_PHOTOS = (24, 20), 5

#: Dataset positions of the photos, and (seed, epoch) of the draws.
INDEX_OF_PHOTOS = np.array([3, 11, 4, 0, 8])
KEYS: list[Key] = [(7, 0), (7, 1)]

#: Rounding may differ by so much between batches of different sizes.
TOLERANCE = 1e-4

#: Mean difference, in 0..1, of pixels resized as floats by torch and in 8 bits by Pillow: one level of 255.
RESIZE_TOLERANCE = 1 / 255

#: Threads that draw at the same time, and how much numpy's pixels may differ from torch's.
THREADS, THREADS_TOLERANCE = 4, 1e-3


def check_batch_transform(
    contract: Contract, transform: BatchTransform | Normalize, photos: Sequence[Image.Image] | None
) -> None:
    """Hold a batch transform to its contract; see `check_transform`.

    Raises:
        ContractError: if it breaks a rule.
        ArgumentError: if `photos` differ in size.
    """
    given = (
        [example_photos([PHOTO_SIZE] * N_PHOTOS, mode) for mode in ("RGB", "L")]
        if photos is None
        else [list(photos)]
    )
    for some in given:
        _Run(contract, transform, _stacked(some)).check()
    _check_config(contract, transform, given[0])


def _stacked(photos: Sequence[Image.Image]) -> Tensor:
    if len({(photo.size, photo.mode) for photo in photos}) != 1:
        raise ArgumentError(
            "photos for a batch differ in size or mode",
            got=[f"{p.width}x{p.height} {p.mode}" for p in photos],
        )
    return torch.from_numpy(np.stack([photo_array(photo) for photo in photos])).permute(
        0, 3, 1, 2
    )  # [N,C,H,W]


class _Run:
    """One batch transform and one batch, uint8 [N,C,H,W], run as a loader runs them."""

    def __init__(self, contract: Contract, transform: BatchTransform | Normalize, x: Tensor) -> None:
        self.contract, self.transform, self.x = contract, transform, x
        pipeline = BatchPipeline([transform])
        self.pipeline = pipeline.fitted(lambda: [x.float() / 255])
        self.index = np.resize(INDEX_OF_PHOTOS, len(x)) + 100 * (np.arange(len(x)) // len(INDEX_OF_PHOTOS))
        self.random = self.pipeline.random

    def __call__(self, key: Key | None, chosen: Sequence[int] | None = None) -> Tensor:
        rows = list(range(len(self.x))) if chosen is None else list(chosen)
        index = self.index[rows]
        with self.contract.unchanged(INDEX, index=index):
            # At validation a pipeline leaves a step to its `config`, where there is one; here it is run itself.
            if isinstance(self.transform, BatchStep):
                return self.transform(self.x[rows].float() / 255, index, key)
            return self.pipeline(self.x[rows], index, key)

    def check(self) -> None:
        """Check everything but `config`."""
        require = self.contract.require
        plain = self._checked(None)
        with globally_seeded(1):
            require(same(self(None), plain), STEADY, "another result the second time")
        drawn = [self._checked(key) for key in KEYS]
        with globally_seeded(1):
            again = [self(key) for key in reversed(KEYS)][::-1]
        require(same(drawn, again), DRAW, "another result the second time")
        if not self.random:
            require(all(same(plain, one) for one in drawn), HONEST, "another result with a key than without")
        elif isinstance(self.transform, BatchStep) and not exported(self.contract, CONFIG, self.transform):
            require(same(plain, self.x.float() / 255), IDLE, "photos changed")
        if not (isinstance(self.transform, RandomBatchTransform) and self.transform.batch):
            self._check_alone(drawn)
        self._check_threads()

    def _checked(self, key: Key | None) -> Tensor:
        words = "validation" if key is None else "training"
        generators = states()
        with self.contract.running(RUNS, f"{words} with photos {shaped(self.x)}"):
            made = self(key)
        touched = moved(generators)
        self.contract.require(not touched, GLOBAL, f"the state of {' and '.join(touched)} changed in {words}")
        fits = isinstance(made, Tensor) and made.dtype == torch.float32 and made.shape[:2] == self.x.shape[:2]
        fits = fits and made.ndim == 4
        self.contract.require(fits, SHAPE, f"{shaped(made)} for {shaped(self.x)} in {words}")
        self.contract.require(bool(made.isfinite().all()), RANGE, f"numbers that are not finite in {words}")
        low, high = float(made.min()), float(made.max())
        inside = isinstance(self.transform, Normalize) or (low >= -1e-6 and high <= 1 + 1e-6)
        self.contract.require(inside, RANGE, f"values from {low:.3g} to {high:.3g} in {words}")
        return made

    def _check_alone(self, drawn: Sequence[Tensor]) -> None:
        for chosen in ([len(self.x) - 1, 1], [1]):
            for key, whole in zip(KEYS, drawn, strict=True):
                found = self(key, chosen)
                difference = float((found - whole[chosen]).abs().max())
                among = f"among {len(self.x)} photos and among {len(chosen)}"
                self.contract.require(
                    difference <= TOLERANCE, ALONE, f"pixels that differ by {difference:.2g} {among}"
                )

    def _check_threads(self) -> None:
        """On a CPU a loader's threads draw, photo by photo; that must agree with the whole batch at once."""
        if self.pipeline.fused is None:
            return
        jobs = [(key, i) for key in KEYS for i in range(len(self.x))]
        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(self._draw_one, jobs * THREADS))
        expected = torch.cat([self(key) for key in KEYS])
        difference = float((torch.stack(found) - expected.repeat(THREADS, 1, 1, 1)).abs().max())
        words = f"other pixels from {THREADS} threads than from the whole batch"
        self.contract.require(difference <= THREADS_TOLERANCE, THREADS_AGREE, words)

    def _draw_one(self, job: tuple[Key, int]) -> Tensor:
        """Return one photo, float32 [C,h,w], as a loader's thread computes it."""
        key, i = job
        photo = self.x[i].permute(1, 2, 0).contiguous().numpy()  # [C,H,W] -> [H,W,C]
        sampled = self.pipeline.sample(self.index[i : i + 1], key, int(self.index[0]), photo.shape[:2])
        if sampled is None:
            return self.x[i].float() / 255
        out = np.empty((*sampled.output_size(*photo.shape[:2]), photo.shape[2]), np.float32)
        sampled.photo(0, photo, out, sampled.tone_tables(1))
        return torch.from_numpy(out).permute(2, 0, 1)


def _check_config(
    contract: Contract, transform: BatchTransform | Normalize, photos: Sequence[Image.Image]
) -> None:
    if isinstance(transform, Normalize):  # the model's part of a program does that
        return
    ops = exported(contract, CONFIG, transform)
    if ops is None:
        return
    run = _Run(contract, transform, _stacked(photos))
    training = run(KEYS[0])
    prepare = program(contract, CONFIG, [{"op": "read_photo", "mode": photos[0].mode}, *ops])
    found = (
        torch.from_numpy(np.stack([prepare(np.array(photo)) for photo in photos])).permute(0, 3, 1, 2) / 255
    )
    words = f"{list(found.shape[2:])} at validation, {list(training.shape[2:])} in training (height, width)"
    contract.require(found.shape == training.shape, SIZED, words)
    if isinstance(transform, BatchStep) and (ops or not transform.random):
        difference = float((found - run(None)).abs().mean())
        words = f"pixels that differ by {difference:.2g} on average"
        contract.require(difference <= RESIZE_TOLERANCE, CONFIG, words)
