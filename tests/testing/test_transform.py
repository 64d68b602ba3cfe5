from __future__ import annotations

import random
import threading
import time

import numpy as np
import pytest
import torchvision.transforms.v2 as torchvision_v2
from PIL import Image, ImageDraw
from public_pieces import subclasses_of

from gatera.core.errors import ArgumentError
from gatera.data.transforms.item import ItemTransform, Resize, ResizeShorter
from gatera.testing import ContractError, check_transform, example_photos
from gatera.testing.contract import described

TRANSFORMS = subclasses_of(ItemTransform) | {"ResizeShorter": ResizeShorter}

#: What each is made with.
MADE = {
    "Resize": [
        {"size": 16, "method": "crop"}, {"size": (12, 20), "method": "pad"}, {"size": 16, "method": "squish"},
        {"size": 40, "method": "pad", "pad_mode": "zeros", "resample": "nearest"},
    ],
    "ResizeShorter": [{"size": 16}, {"size": 40, "resample": "bicubic"}],
    "CropPad": [{"size": 16}, {"size": (20, 60), "pad_mode": "reflection"}],
    "RandomCrop": [{"size": 16}, {"size": (50, 20)}],
    "RandomResizedCrop": [{"size": 16}, {"size": (12, 20), "min_scale": 0.5, "val_xtra": 0}],
    "FlipItem": [{}, {"p": 1.0}],
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSFORMS)
def test_built_in_item_transforms_keep_the_contract(name):
    for arguments in MADE[name]:
        check_transform(TRANSFORMS[name](**arguments))


@pytest.mark.parametrize(
    "transform",
    [
        torchvision_v2.RandomHorizontalFlip(),
        torchvision_v2.ColorJitter(0.3, 0.3),
        torchvision_v2.RandomRotation(20),
        torchvision_v2.Resize((16, 16)),
        torchvision_v2.Resize(16),
        torchvision_v2.CenterCrop(16),
        torchvision_v2.RandomResizedCrop(16),
        torchvision_v2.RandomCrop(16, pad_if_needed=True),
        torchvision_v2.Compose([torchvision_v2.Resize((20, 20)), torchvision_v2.RandomHorizontalFlip()]),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_torchvisions_transforms_keep_the_contract(transform):
    check_transform(transform, where="item_tfms")


@pytest.mark.parametrize("where", ["item_tfms", "batch_tfms"])
def test_torchvisions_random_resized_crop_keeps_the_contract_in_both_places(where):
    check_transform(torchvision_v2.RandomResizedCrop(16), where=where)


@pytest.mark.parametrize("where", ["item_tfms", "batch_tfms"])
def test_a_resize_of_torchvisions_that_leaves_validation_alone_is_caught(where):
    only_in_training = torchvision_v2.RandomApply([torchvision_v2.Resize((16, 16))], p=1.0)
    with pytest.raises(ContractError) as err:
        check_transform(only_in_training, where=where)
    assert "in training" in err.value.seen


def test_a_function_keeps_the_contract():
    check_transform(lambda photo: photo.rotate(90, expand=True), where="item_tfms")


def test_photos_of_the_users_own_are_used():
    with pytest.raises(ContractError):
        check_transform(
            torchvision_v2.Grayscale(3), where="item_tfms"
        )  # turns grey photos into coloured ones
    check_transform(torchvision_v2.Grayscale(3), example_photos(), where="item_tfms")


# -- broken ones -----------------------------------------------------------------------------------------------------


class Dots(ItemTransform):
    """A right one, for the others to break: draws a dot at a random place while training."""

    random = True

    def __call__(self, image, rng=None):
        if rng is None:
            return image
        x, y = rng.random(2)
        return self.dot(image.copy(), x, y)

    def dot(self, image, x, y):
        ImageDraw.Draw(image).point((int(x * image.width), int(y * image.height)), fill=255)
        return image

    def config(self):
        return []


def test_an_item_transform_written_by_the_base_class_alone_keeps_the_contract():
    check_transform(Dots())


class NeedsTwoPixels(Dots):
    def __call__(self, image, rng=None):
        if image.width < 2:
            raise ValueError("too narrow")
        return super().__call__(image, rng)


class FailsInTraining(Dots):
    def __call__(self, image, rng=None):
        if rng is not None and image.mode == "L":
            raise ValueError("no colours")
        return image


class GivesArrays(Dots):
    def __call__(self, image, rng=None):
        return np.array(super().__call__(image, rng))


class AlwaysInColour(Dots):
    def __call__(self, image, rng=None):
        return super().__call__(image, rng).convert("RGB")


class InColourInTraining(Dots):
    def __call__(self, image, rng=None):
        return image if rng is None else image.convert("RGB")


class DrawsOnTheOriginal(Dots):
    def __call__(self, image, rng=None):
        return image if rng is None else self.dot(image, *rng.random(2))


class ChangesTheOriginal(Dots):
    def __call__(self, image, rng=None):
        return self.dot(image, 0.5, 0.5)


class UsesGlobalNumbers(Dots):
    def __call__(self, image, rng=None):
        return image if rng is None else self.dot(image.copy(), *np.random.rand(2))


class SeedsAtPrediction(Dots):
    def __call__(self, image, rng=None):
        if rng is None:
            random.seed(0)
        return super().__call__(image, rng)


class DrawsAtPrediction(Dots):
    def __init__(self):
        self.own = np.random.default_rng(0)

    def __call__(self, image, rng=None):
        return self.dot(image.copy(), *self.own.random(2))


class DrawsFromItsOwn(DrawsAtPrediction):
    def __call__(self, image, rng=None):
        return image if rng is None else super().__call__(image, rng)


class KeepsTheRng(Dots):
    """Mixes up its draws where two threads meet."""

    def __call__(self, image, rng=None):
        self.rng = rng
        if rng is None:
            return image
        if threading.current_thread() is not threading.main_thread():
            time.sleep(0.001)
        return super().__call__(image, self.rng)


class NotSaidToBeRandom(Dots):
    random = False


class MoreThanItSays(Dots):
    random = False

    def __call__(self, image, rng=None):
        return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


class UnknownOperation(Dots):
    def config(self):
        return [{"op": "dot"}]


class NotJson(Dots):
    def config(self):
        return [{"op": "resize", "size": np.array([4, 4])}]


class FailsToSay(Dots):
    def config(self):
        raise NotImplementedError


class OtherSizeInTraining(Resize):
    random = True

    def __call__(self, image, rng=None):
        return super().__call__(image) if rng is None else image.resize((9, 9))


BROKEN = {
    NeedsTwoPixels: (
        "NeedsTwoPixels breaks a rule of item transforms: it accepts photos of any size, in RGB or grey. Seen: a "
        "photo of 1 x 1 pixels in mode RGB raised ValueError: too narrow. Check image.size and image.mode: a photo "
        "may be one pixel wide; or pass photos= of your own kind."
    ),
    FailsInTraining: (
        "FailsInTraining breaks a rule of item transforms: it accepts photos of any size, in RGB or grey. Seen: a "
        "training pass raised ValueError: no colours. Check image.size and image.mode: a photo may be one pixel "
        "wide; or pass photos= of your own kind."
    ),
    GivesArrays: (
        "GivesArrays breaks a rule of item transforms: it returns a photo of the same mode. Seen: uint8 [32, "
        "40, 3] for a photo of 40 x 32 pixels in mode RGB. Return a Pillow image, with .convert(image.mode) if necessary."
    ),
    AlwaysInColour: (
        "AlwaysInColour breaks a rule of item transforms: it returns a photo of the same mode. Seen: mode RGB "
        "for a photo of 40 x 32 pixels in mode L. Return a Pillow image, with .convert(image.mode) if necessary."
    ),
    InColourInTraining: (
        "InColourInTraining breaks a rule of item transforms: it returns a photo of the same mode. Seen: mode "
        "RGB for mode L in training. Return a Pillow image, with .convert(image.mode) if necessary."
    ),
    DrawsOnTheOriginal: (
        "DrawsOnTheOriginal breaks a rule of item transforms: it does not change its input. Seen:"
        " its pixels changed in training. Draw and paste on image.copy()."
    ),
    ChangesTheOriginal: (
        "ChangesTheOriginal breaks a rule of item transforms: it does not change its input. Seen:"
        " its pixels changed. Draw and paste on image.copy()."
    ),
    UsesGlobalNumbers: (
        "UsesGlobalNumbers breaks a rule of item transforms: it does not use the global random generators. Seen: the "
        "state of numpy.random changed in training. Draw from the rng passed to __call__, not from random or "
        "np.random."
    ),
    SeedsAtPrediction: (
        "SeedsAtPrediction breaks a rule of item transforms: it does not use the global random generators. Seen: the "
        "state of random changed at prediction. Draw from the rng passed to __call__, not from random or np.random."
    ),
    DrawsAtPrediction: (
        "DrawsAtPrediction breaks a rule of item transforms: without an rng (validation, prediction) the same"
        " photo gives the same result. Seen: another photo the second time. Draw only if rng is not None."
    ),
    DrawsFromItsOwn: (
        "DrawsFromItsOwn breaks a rule of item transforms: the same (seed, epoch, index) gives the same photo, "
        "independent of what ran before and of the thread. Seen: other photos for the same keys in another "
        "order. Draw every number from the rng passed to __call__, and keep nothing on self between calls."
    ),
    KeepsTheRng: (
        "KeepsTheRng breaks a rule of item transforms: the same (seed, epoch, index) gives the same photo, "
        "independent of what ran before and of the thread. Seen: other photos from 4 threads at the same time. "
        "Draw every number from the rng passed to __call__, and keep nothing on self between calls."
    ),
    NotSaidToBeRandom: (
        "NotSaidToBeRandom breaks a rule of item transforms: a transform that is not `random` does the same in "
        "training as at prediction. Seen: a photo with an rng that differs from that without. Set random = True in "
        "the class."
    ),
    MoreThanItSays: (
        "MoreThanItSays breaks a rule of item transforms: config() lists operations of gatera.program.preprocess, as "
        "JSON data, with the same result as the transform at prediction. Seen: other pixels than [] gives for a "
        "photo of 40 x 32 pixels. Return those operations ([] if it acts only while training), or raise ExportError "
        "if there are none."
    ),
    UnknownOperation: (
        "UnknownOperation breaks a rule of item transforms: config() lists operations of gatera.program.preprocess, "
        "as JSON data, with the same result as the transform at prediction. Seen: running [{{'op': 'read_photo', "
        "'mode': 'RGB'}}, {{'op': 'dot'}}] raised ProgramFileError: preprocessing step 2 is unknown: 'dot'. Return "
        "those operations ([] if it acts only while training), or raise ExportError if there are none."
    ),
    NotJson: (
        "NotJson breaks a rule of item transforms: config() lists operations of gatera.program.preprocess, as JSON "
        "data, with the same result as the transform at prediction. Seen: config() = [{{'op': 'resize', 'size': "
        "array([4, 4])}}] raised TypeError: Object of type ndarray is not JSON serializable. Return those operations "
        "([] if it acts only while training), or raise ExportError if there are none."
    ),
    FailsToSay: (
        "FailsToSay breaks a rule of item transforms: config() lists operations of gatera.program.preprocess, as "
        "JSON data, with the same result as the transform at prediction. Seen: config() raised NotImplementedError. "
        "Return those operations ([] if it acts only while training), or raise ExportError if there are none."
    ),
    OtherSizeInTraining: (
        "OtherSizeInTraining breaks a rule of item transforms: photos get one size in training if and only if they "
        "do at prediction. Seen: (width, height) (9, 9) in training, (8, 8) at prediction. Resize in both: a "
        "transform that acts only in training must be followed by one that resizes to that size."
    ),
}


def run_broken(transform: type) -> None:
    check_transform(transform(8) if issubclass(transform, Resize) else transform())


@pytest.mark.parametrize("broken", BROKEN, ids=lambda transform: transform.__name__)
def test_broken_item_transforms_are_told_which_rule_they_break(broken):
    with pytest.raises(ContractError) as err:
        run_broken(broken)
    assert str(err.value) == BROKEN[broken].format(torch_says=described(err.value.__cause__))


def test_a_function_without_a_place_is_asked_for_it():
    with pytest.raises(ArgumentError) as err:
        check_transform(len)
    assert str(err.value) == (
        "check_transform cannot tell whether this is for photos or for batches. Got: <built-in function len>. "
        'Pass where="item_tfms" or where="batch_tfms".'
    )


def test_an_unknown_place_is_refused():
    with pytest.raises(ArgumentError) as err:
        check_transform(len, where="items")
    assert (
        str(err.value)
        == "where must be one of item_tfms, batch_tfms. Got: 'items'. Did you mean 'item_tfms'?"
    )
