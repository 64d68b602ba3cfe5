from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision.transforms as v1
from PIL import Image
from torchvision.transforms import v2

from gatera.core.errors import ArgumentError, ExportError
from gatera.data.transforms.batch import BatchPipeline
from gatera.data.transforms.crops import CropPad, RandomResizedCrop
from gatera.data.transforms.item import FlipItem, FunctionTransform, Resize, ResizeShorter
from gatera.data.transforms.normalize import Normalize
from gatera.data.transforms.presets import Flip, RandomErasing
from gatera.data.transforms.torchvision import as_list, batch_transforms, item_transforms, torchvision_name
from gatera.vision.data import ImageDataLoaders

KEY, INDEX = (1, 0), np.arange(6)


def photo() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8))


def batch() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (6, 3, 8, 8), dtype=np.uint8))


def message(call) -> str:
    with pytest.raises((ArgumentError, ExportError)) as err:
        call()
    return str(err.value)


# -- on items


def test_one_transform_or_a_list_or_nothing():
    assert item_transforms(None) == ()
    assert item_transforms(Resize(8)) == (Resize(8),)
    assert item_transforms([Resize(8), FlipItem()]) == (Resize(8), FlipItem())
    assert as_list((1, 2)) == [1, 2]


def test_torchvisions_fixed_transforms_become_ours():
    made = item_transforms(v2.Compose([v2.Resize(16), v2.Resize((10, 12)), v2.CenterCrop(8), v2.ToImage()]))
    assert made == (ResizeShorter(16), Resize((10, 12), "squish"), CropPad((8, 8)))
    assert item_transforms(v1.Resize(16)) == (ResizeShorter(16),)


def test_conversions_are_left_to_the_loader():
    given = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.PILToTensor(), v1.ToTensor()]
    assert item_transforms(given) == ()
    assert batch_transforms(v2.ToDtype(torch.float32, scale=True)) == ()


def test_ours_resize_as_torchvision_does():
    ours = np.asarray(ResizeShorter(16)(photo()), dtype=int)
    theirs = np.asarray(v2.Resize(16)(photo()), dtype=int)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1


def test_a_random_transform_of_torchvision_follows_our_numbers():
    (tfm,) = item_transforms(v2.RandomPerspective(p=1))
    assert tfm.random
    assert tfm.serial
    first = np.asarray(tfm(photo(), np.random.default_rng(1)))
    np.testing.assert_array_equal(np.asarray(tfm(photo(), np.random.default_rng(1))), first)
    assert (np.asarray(tfm(photo(), np.random.default_rng(2))) != first).any()
    assert tfm(photo()).size == (40, 30)  # at validation it does nothing
    assert tfm.config() == []


@pytest.mark.parametrize("versions", [v1, v2])
def test_a_random_crop_cuts_out_the_centre_at_validation(versions):
    (scaled,) = item_transforms(
        versions.RandomResizedCrop((8, 12), interpolation=v2.InterpolationMode.BICUBIC)
    )
    ours = RandomResizedCrop((8, 12), resample="bicubic")
    np.testing.assert_array_equal(np.asarray(scaled(photo())), np.asarray(ours(photo())))
    assert scaled.config() == ours.config()
    (cut,) = item_transforms(versions.RandomCrop((8, 12), padding=4))
    np.testing.assert_array_equal(np.asarray(cut(photo())), np.asarray(CropPad((8, 12))(photo())))
    assert cut.config() == CropPad((8, 12)).config()
    for tfm in (scaled, cut):
        assert tfm(photo(), np.random.default_rng(1)).size == (12, 8)


def test_photos_to_learn_from_and_to_check_with_have_the_size_of_torchvisions_random_crop(photo_folder):
    dls = ImageDataLoaders.from_folder(
        photo_folder, valid_pct=0.25, seed=1, item_tfms=v2.RandomResizedCrop(24), bs=4, device="cpu"
    )
    assert dls.train.one_batch()[0].shape == dls.valid.one_batch()[0].shape == (4, 3, 24, 24)
    assert [op["op"] for op in dls.preprocess.config] == ["read_photo", "resize", "center_crop"]


def test_torchs_generator_stays_as_it_was():
    state = torch.get_rng_state()
    item_transforms(v2.RandomHorizontalFlip())[0](photo(), np.random.default_rng(1))
    BatchPipeline(batch_transforms(v2.RandomHorizontalFlip()))(batch(), INDEX, KEY)
    assert torch.equal(torch.get_rng_state(), state)


def test_other_fixed_transforms_act_always_and_cannot_be_exported():
    (tfm,) = item_transforms(v2.Grayscale(3))
    assert isinstance(tfm, FunctionTransform)
    pixels = np.asarray(tfm(photo()))
    np.testing.assert_array_equal(pixels[..., 0], pixels[..., 1])
    assert message(tfm.config) == (
        "The item transform Grayscale acts at prediction and is Python code, which cannot be written into a program. "
        "Do it once on the files beforehand, or use Resize, CropPad or another item transform of Gatera."
    )


def test_functions_are_taken_as_transforms():
    def upside_down(image):
        return image.rotate(180)

    assert item_transforms(upside_down) == (FunctionTransform(upside_down),)


# -- on batches


def test_random_transforms_draw_for_each_item_of_a_batch():
    pipeline = BatchPipeline(batch_transforms(v2.RandomHorizontalFlip()))
    assert pipeline.random
    x = batch()
    out = pipeline(x, INDEX, KEY)
    same = [torch.equal(a, b.float() / 255) for a, b in zip(out, x, strict=True)]
    assert 0 < sum(same) < 6
    assert torch.equal(out[2:4], pipeline(x[2:4], INDEX[2:4], KEY))
    assert torch.equal(pipeline(x, INDEX, None), x.float() / 255)
    assert pipeline.at_prediction == []


def test_resizing_a_batch_is_data_at_prediction():
    pipeline = BatchPipeline(batch_transforms([Flip(), v2.Resize((4, 4)), v2.CenterCrop(2)]))
    assert pipeline(batch(), INDEX, KEY).shape == (6, 3, 2, 2)
    assert pipeline.at_prediction == [
        {
            "op": "resize",
            "size": [4, 4],
            "method": "squish",
            "pad_mode": "reflection",
            "resample": "bilinear",
        },
        {"op": "center_crop", "size": [2, 2], "pad_mode": "zeros"},
    ]
    assert pipeline.remaining == ()
    assert pipeline(batch(), INDEX, None).shape == (6, 3, 8, 8)  # it has been done to each photo already
    pipeline.check_exportable()


@pytest.mark.parametrize("crop", [v2.RandomResizedCrop((32, 24)), v2.RandomCrop((32, 24))])
def test_a_random_crop_of_a_batch_is_one_of_each_photos_centre_at_prediction(crop):
    (item,) = item_transforms(crop)
    pipeline = BatchPipeline(batch_transforms(crop))
    rows, columns = np.mgrid[:48, :64].astype(np.uint8)
    ramps = np.stack([rows, columns, rows + columns])  # [C,H,W]
    x = torch.from_numpy(ramps)[None]
    assert pipeline(x, INDEX[:1], KEY).shape == (1, 3, 32, 24)
    assert pipeline.at_prediction == item.config()
    assert pipeline.remaining == ()
    after_a_function = BatchPipeline(batch_transforms([lambda x: x, crop]))  # which needs whole batches
    found = after_a_function(x, INDEX[:1], None)[0].permute(1, 2, 0).numpy() * 255
    expected = np.asarray(item(Image.fromarray(ramps.transpose(1, 2, 0))))
    assert np.abs(found - expected).max() <= 1.01


def test_a_function_on_batches_acts_always_and_cannot_be_exported():
    def invert(x):
        return 1 - x

    pipeline = BatchPipeline(batch_transforms([v2.Resize((4, 4)), invert, v2.CenterCrop(2)]))
    assert len(pipeline.at_prediction) == 1
    out = pipeline(batch()[..., :4, :4], INDEX, None)
    assert out.shape == (6, 3, 2, 2)  # what follows a function is done on batches too
    torch.testing.assert_close(out, 1 - batch()[..., 1:3, 1:3].float() / 255)
    assert message(pipeline.check_exportable) == (
        "The batch transform test_a_function_on_batches_acts_always_and_cannot_be_exported.<locals>.invert acts at "
        "prediction and is Python code, which cannot be written into a program. Do it once on the files beforehand, or make "
        "it the first layer of the model."
    )


def test_torchvisions_normalize_is_ours():
    (normalize,) = batch_transforms(v2.Normalize([0.5] * 3, [0.25] * 3))
    assert normalize == Normalize([0.5] * 3, [0.25] * 3)


# -- refusals


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("MixUp", "Use the callback: cbs=MixUp()."),
        ("CutMix", "Use the callback: cbs=CutMix()."),
    ],
)
def test_transforms_that_mix_photos_are_callbacks(name, remedy):
    transform = getattr(v2, name)(num_classes=2)
    assert (
        message(lambda: batch_transforms(transform))
        == f"batch_tfms cannot hold torchvision's {name}. {remedy}"
    )


def test_a_photo_stays_one_photo():
    assert message(lambda: item_transforms(v2.FiveCrop(8))) == (
        "item_tfms cannot hold torchvision's FiveCrop. A photo must stay one photo."
    )


def test_a_class_is_not_a_transform():
    assert message(lambda: item_transforms(Resize)) == (
        "item_tfms holds something that is not a transform. Got: <class 'gatera.data.transforms.item.Resize'>. "
        "Write Resize(...)."
    )
    assert message(lambda: batch_transforms(3)) == (
        "batch_tfms holds something that is not a transform. Got: 3."
    )


def test_transforms_in_the_wrong_list_are_sent_to_the_other():
    assert message(lambda: batch_transforms(FlipItem())) == (
        "batch_tfms holds an item transform. Got: FlipItem(). Move it to item_tfms."
    )
    erasing = RandomErasing()
    assert message(lambda: item_transforms(erasing)) == (
        f"item_tfms holds a batch transform. Got: {erasing!r}. Move it to batch_tfms."
    )
    for normalize in (Normalize(), v2.Normalize([0.5], [0.5])):
        assert message(lambda given=normalize: item_transforms(given)) == (
            f"item_tfms holds a batch transform. Got: {normalize!r}. Move it to batch_tfms."
        )


def test_colours_are_scaled():
    transform = v2.ToDtype(torch.float32)
    assert message(lambda: item_transforms(transform)) == (
        f"ToDtype leaves colours in 0..255. Got: {transform!r}. Pass scale=True, or remove it."
    )


def test_torchvision_is_known_by_where_it_comes_from():
    assert torchvision_name(v2.Resize(8)) == "Resize"
    assert torchvision_name(Resize(8)) is None
