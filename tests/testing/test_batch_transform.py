from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import torch
import torchvision.transforms.v2 as torchvision_v2
from public_pieces import subclasses_of

from gatera.core.errors import ArgumentError, ExportError
from gatera.core.random import rng
from gatera.data.transforms.base import BatchStep, BatchTransform
from gatera.data.transforms.geometry import Flip, Geometry
from gatera.data.transforms.normalize import Normalize, imagenet_stats
from gatera.data.transforms.presets import RandomCropResize, aug_transforms
from gatera.testing import ContractError, check_transform, example_photos
from gatera.testing.contract import described

TRANSFORMS = subclasses_of(BatchTransform) | {"RandomCropResize": RandomCropResize}

#: What each is made with, besides nothing at all.
MADE = {
    "Flip": [{"size": 16}, {"p": 1.0, "pad_mode": "zeros"}],
    "Rotate": [{"max_deg": 90, "p": 1.0, "mode": "nearest"}, {"batch": True, "p": 1.0}],
    "Zoom": [{"size": (10, 30), "p": 1.0, "align_corners": False}],
    "Warp": [{"magnitude": 0.5, "p": 1.0, "mode": "bicubic", "pad_mode": "border"}],
    "RandomCropResize": [{"size": (10, 14), "min_scale": 0.3}],
    "RandomErasing": [{"p": 1.0, "max_count": 3}],
    "Hue": [{"max_hue": 0.5, "p": 1.0}],
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_built_in_batch_transforms_keep_the_contract(name):
    for arguments in [{}, *MADE.get(name, [])]:
        check_transform(TRANSFORMS[name](**arguments))


@pytest.mark.parametrize(
    "transform", aug_transforms(flip_vert=True, size=16, min_scale=0.5), ids=lambda t: type(t).__name__
)
def test_the_usual_transforms_keep_the_contract(transform):
    check_transform(transform)


def test_normalisation_keeps_the_contract():
    check_transform(Normalize())
    check_transform(Normalize([0.5], [0.25]))
    check_transform(Normalize.from_stats(*imagenet_stats), example_photos([(8, 6)] * 3))


@pytest.mark.parametrize(
    "transform",
    [
        torchvision_v2.RandomHorizontalFlip(),
        torchvision_v2.ColorJitter(0.3, 0.3),
        torchvision_v2.Resize((16, 16)),
        torchvision_v2.CenterCrop(16),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_torchvisions_transforms_keep_the_contract(transform):
    check_transform(transform, where="batch_tfms")


def test_a_function_keeps_the_contract():
    check_transform(lambda x: x.flip(-1), where="batch_tfms")


# -- broken ones -----------------------------------------------------------------------------------------------------


class Fade(BatchStep):
    """A right one, for the others to break: each photo a little darker, while training."""

    def __call__(self, x, index, key):
        return x if key is None else x * self.factors(x, index, key)

    def factors(self, x, index, key):
        drawn = [rng(*key, int(position), 99).random() for position in index]
        return torch.tensor(drawn, dtype=torch.float32)[:, None, None, None]


def test_a_batch_transform_written_by_the_base_class_alone_keeps_the_contract():
    check_transform(Fade())


class OnlyColour(Fade):
    def __call__(self, x, index, key):
        if x.shape[1] != 3:
            raise ValueError("no colours")
        return super().__call__(x, index, key)


class EightBits(Fade):
    def __call__(self, x, index, key):
        return (super().__call__(x, index, key) * 255).to(torch.uint8)


class DropsPhotos(Fade):
    def __call__(self, x, index, key):
        return x if key is None else x[1:]


class MakesNaN(Fade):
    def __call__(self, x, index, key):
        return x if key is None else (x - x) / (x - x)


class TooBright(Fade):
    def __call__(self, x, index, key):
        return x if key is None else x + self.factors(x, index, key)


class UsesGlobalNumbers(Fade):
    def factors(self, x, index, key):
        return torch.rand(len(x), 1, 1, 1)


class DrawsFromItsOwn(Fade):
    def __init__(self):
        self.own = np.random.default_rng(0)

    def factors(self, x, index, key):
        return torch.tensor(self.own.random((len(x), 1, 1, 1)), dtype=torch.float32)


class DrawsAtValidation(DrawsFromItsOwn):
    def __call__(self, x, index, key):
        return x * self.factors(x, index, key)


class OneDrawForAll(Fade):
    def factors(self, x, index, key):
        return torch.tensor(rng(*key, int(index[0]), 99).random(), dtype=torch.float32)


class MeanOfTheBatch(Fade):
    def __call__(self, x, index, key):
        return x if key is None else (x + x.mean(0)) / 2


class SortsIndex(Fade):
    def __call__(self, x, index, key):
        index.sort()
        return super().__call__(x, index, key)


class ActsAtValidation(Fade):
    def __call__(self, x, index, key):
        return super().__call__(x, index, key) / 2


class NotSaidToBeRandom(Fade):
    random = False


class NotAsItSays(Fade):
    random = False

    def __call__(self, x, index, key):
        return x / 2


class UnknownOperation(NotAsItSays):
    def config(self):
        return [{"op": "fade"}]


class Smaller(NotAsItSays):
    def __call__(self, x, index, key):
        return x[..., ::2, ::2]


class MixesUpThreads(Geometry):
    """Geometry whose draws get lost where two threads meet."""

    def matrices(self, u, in_size, out_size):
        object.__setattr__(self, "u", u)
        if threading.current_thread() is not threading.main_thread():
            time.sleep(0.001)
        m = np.tile(np.eye(3), (len(u), 1, 1))
        m[:, 0, 2] = self.u[:, 0]
        return m


class ForgetsItsSize(Flip):
    def config(self):
        return []


BROKEN = {
    OnlyColour: (
        "OnlyColour breaks a rule of batch transforms: it takes float32 photos [N,C,H,W], C being 1 or 3. Seen: "
        "validation with photos uint8 [5, 1, 20, 24] raised ValueError: no colours. Use x.shape and do not rely on "
        "three channels; or pass photos= of your own kind."
    ),
    EightBits: (
        "EightBits breaks a rule of batch transforms: it returns float32 photos [N,C,H,W] with the same N and C. "
        "Seen: uint8 [5, 3, 20, 24] for uint8 [5, 3, 20, 24] in validation. Compute in float32, and keep the first two axes."
    ),
    DropsPhotos: (
        "DropsPhotos breaks a rule of batch transforms: it returns float32 photos [N,C,H,W] with the same N and C. "
        "Seen: float32 [4, 3, 20, 24] for uint8 [5, 3, 20, 24] in training. Compute in float32, and keep the first "
        "two axes."
    ),
    MakesNaN: (
        "MakesNaN breaks a rule of batch transforms: photos are finite and in 0..1. Seen: numbers that are not "
        "finite in training. Clip values that may leave that range: x.clamp(0, 1). (Normalize, which leaves it on "
        "purpose, is a special case.)"
    ),
    TooBright: (
        "TooBright breaks a rule of batch transforms: photos are finite and in 0..1. Seen: values from 0.45 to 1.68 "
        "in training. Clip values that may leave that range: x.clamp(0, 1). (Normalize, which leaves it on purpose, "
        "is a special case.)"
    ),
    UsesGlobalNumbers: (
        "UsesGlobalNumbers breaks a rule of batch transforms: it does not use the global random generators. "
        "Seen: the state of torch changed in training. Draw from rng(*key, index), or from a torch.Generator "
        "seeded with seed_from(*key, index)."
    ),
    DrawsFromItsOwn: (
        "DrawsFromItsOwn breaks a rule of batch transforms: the same (seed, epoch, index) gives the same photo, "
        "independent of what ran before. Seen: another result the second time. Draw every number from rng(*key, "
        "index), and keep nothing on self between calls."
    ),
    DrawsAtValidation: (
        "DrawsAtValidation breaks a rule of batch transforms: without a key (validation, prediction) the same"
        " photos give the same result. Seen: another result the second time. Draw only if key is given."
    ),
    OneDrawForAll: (
        "OneDrawForAll breaks a rule of batch transforms: the result for a photo does not depend on the other photos "
        "in the batch. Seen: pixels that differ by 0.026 among 5 photos and among 2. Draw for each item from "
        "rng(*key, index) with its own index, and do not compute along the first axis."
    ),
    MeanOfTheBatch: (
        "MeanOfTheBatch breaks a rule of batch transforms: the result for a photo does not depend on the other "
        "photos in the batch. Seen: pixels that differ by 0.034 among 5 photos and among 2. Draw for each item from "
        "rng(*key, index) with its own index, and do not compute along the first axis."
    ),
    SortsIndex: (
        "SortsIndex breaks a rule of batch transforms: it does not change index. Seen: index changed. Work on"
        " index.copy()."
    ),
    ActsAtValidation: (
        "ActsAtValidation breaks a rule of batch transforms: a transform that is `random` does nothing without a "
        "key, except what config() lists. Seen: photos changed. Begin with `if key is None: return x`."
    ),
    NotSaidToBeRandom: (
        "NotSaidToBeRandom breaks a rule of batch transforms: a transform that is not `random` does the same in "
        "training as at validation. Seen: a result with a key that differs from that without. Set random = True in "
        "the class."
    ),
    NotAsItSays: (
        "NotAsItSays breaks a rule of batch transforms: config() lists operations of gatera.program.preprocess, as "
        "JSON data, with the same result as the transform at validation. Seen: pixels that differ by 0.26 on "
        "average. Return those operations ([] if it acts only while training), or raise ExportError if there are "
        "none."
    ),
    UnknownOperation: (
        "UnknownOperation breaks a rule of batch transforms: config() lists operations of gatera.program.preprocess, "
        "as JSON data, with the same result as the transform at validation. Seen: running [{{'op': 'read_photo', "
        "'mode': 'RGB'}}, {{'op': 'fade'}}] raised ProgramFileError: preprocessing step 2 is unknown: 'fade'. Return "
        "those operations ([] if it acts only while training), or raise ExportError if there are none."
    ),
    Smaller: (
        "Smaller breaks a rule of batch transforms: photos have the same size at validation as in training. "
        "Seen: [20, 24] at validation, [10, 12] in training (height, width). Let config() end with a resize "
        "or center_crop to that size."
    ),
    MixesUpThreads: (
        "MixesUpThreads breaks a rule of batch transforms: several threads at the same time give the same result as "
        "one. Seen: pixels from 4 threads that differ from those of the whole batch. Keep nothing on self between "
        "calls."
    ),
    ForgetsItsSize: (
        "ForgetsItsSize breaks a rule of batch transforms: photos have the same size at validation as in "
        "training. Seen: [20, 24] at validation, [16, 16] in training (height, width). Let config() end with "
        "a resize or center_crop to that size."
    ),
}


def run_broken(transform: type) -> None:
    check_transform(transform(size=16) if transform is ForgetsItsSize else transform())


@pytest.mark.parametrize("broken", BROKEN, ids=lambda transform: transform.__name__)
def test_broken_batch_transforms_are_told_which_rule_they_break(broken):
    with pytest.raises(ContractError) as err:
        run_broken(broken)
    assert str(err.value) == BROKEN[broken].format(torch_says=described(err.value.__cause__))


def test_a_transform_that_says_it_cannot_be_exported_is_fine():
    class Unexportable(NotAsItSays):
        def config(self):
            raise ExportError("Unexportable is Python code")

    check_transform(Unexportable())


def test_photos_of_several_sizes_make_no_batch():
    with pytest.raises(ArgumentError) as err:
        check_transform(Fade(), example_photos([(4, 3), (5, 4)]))
    assert str(err.value) == "photos for a batch differ in size or mode. Got: ['4x3 RGB', '5x4 RGB']."
