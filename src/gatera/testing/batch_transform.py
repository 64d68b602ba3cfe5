"""The contract of batch transforms."""

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
from gatera.testing.config_as_program import exported, program
from gatera.testing.contract import Contract, Rule, same, shaped
from gatera.testing.examples import example_photos
from gatera.testing.generators import globally_seeded, moved, states

RUNS = Rule(
    "it takes float32 photos [N,C,H,W], C being 1 or 3",
    "Use x.shape and do not rely on three channels; or pass photos= of your own kind.",
)
SHAPE = Rule(
    "it returns float32 photos [N,C,H,W] with the same N and C",
    "Compute in float32, and keep the first two axes.",
)
RANGE = Rule(
    "photos are finite and in 0..1",
    "Clip values that may leave that range: x.clamp(0, 1). (Normalize, which leaves it on purpose, is a special case.)",
)
DRAW = Rule(
    "the same (seed, epoch, index) gives the same photo, independent of what ran before",
    "Draw every number from rng(*key, index), and keep nothing on self between calls.",
)
ALONE = Rule(
    "the result for a photo does not depend on the other photos in the batch",
    "Draw for each item from rng(*key, index) with its own index, and do not compute along the first axis.",
)
THREADS_AGREE = Rule(
    "several threads at the same time give the same result as one",
    "Keep nothing on self between calls.",
)
GLOBAL = Rule(
    "it does not use the global random generators",
    "Draw from rng(*key, index), or from a torch.Generator seeded with seed_from(*key, index).",
)
INDEX = Rule("it does not change index", "Work on index.copy().")
STEADY = Rule(
    "without a key (validation, prediction) the same photos give the same result",
    "Draw only if key is given.",
)
IDLE = Rule(
    "a transform that is `random` does nothing without a key, except what config() lists",
    "Begin with `if key is None: return x`.",
)
HONEST = Rule(
    "a transform that is not `random` does the same in training as at validation",
    "Set random = True in the class.",
)
CONFIG = Rule(
    "config() lists operations of gatera.program.preprocess, as JSON data, with the same result as the transform at validation",
    "Return those operations ([] if it acts only while training), or raise ExportError if there are none.",
)
SIZED = Rule(
    "photos have the same size at validation as in training",
    "Let config() end with a resize or center_crop to that size.",
)

#: Size (width, height) and number of the photos in the batch.
PHOTO_SIZE, N_PHOTOS = (24, 20), 5

#: Dataset positions of the photos, and the key (seed, epoch).
INDEX_OF_PHOTOS = np.array([3, 11, 4, 0, 8])
KEYS: list[Key] = [(7, 0), (7, 1)]

#: Largest difference from rounding between batches of different sizes.
TOLERANCE = 1e-4

#: Largest mean difference (0..1) between pixels resized as floats by torch and in 8 bits by Pillow: one level of 255.
RESIZE_TOLERANCE = 1 / 255

#: Number of threads at the same time, and largest difference between numpy's pixels and torch's.
THREADS, THREADS_TOLERANCE = 4, 1e-3


def check_batch_transform(
    contract: Contract, transform: BatchTransform | Normalize, photos: Sequence[Image.Image] | None
) -> None:
    """Check a batch transform against its contract; see `check_transform`.

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
    """A batch transform and a batch, uint8 [N,C,H,W], run as a loader runs them."""

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
            # At validation a pipeline runs a step's `config`, if there is one; here the step itself is run.
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
            require(
                all(same(plain, one) for one in drawn),
                HONEST,
                "a result with a key that differs from that without",
            )
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
        """Check that a CPU loader's threads, photo by photo, agree with the whole batch at once."""
        if self.pipeline.fused is None:
            return
        jobs = [(key, i) for key in KEYS for i in range(len(self.x))]
        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(self._draw_one, jobs * THREADS))
        expected = torch.cat([self(key) for key in KEYS])
        difference = float((torch.stack(found) - expected.repeat(THREADS, 1, 1, 1)).abs().max())
        words = f"pixels from {THREADS} threads that differ from those of the whole batch"
        self.contract.require(difference <= THREADS_TOLERANCE, THREADS_AGREE, words)

    def _draw_one(self, job: tuple[Key, int]) -> Tensor:
        """Return one photo, float32 [C,h,w], as computed by a loader's thread."""
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
    if isinstance(transform, Normalize):  # in a program, that is part of the model
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
