from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gatera.core.errors import ArgumentError, DataError, GateraError, PhotoError
from gatera.data.blocks.base import TransformBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.blocks.mask import IGNORED, MaskBlock, PILMask
from gatera.data.datablock import DataBlock
from gatera.data.loading.loaders import DataLoaders
from gatera.data.sources.items import get_image_files
from gatera.data.splits.by_position import IndexSplitter
from gatera.data.transforms.crops import CropPad, RandomCrop, RandomResizedCrop
from gatera.data.transforms.item import FlipItem, Resize
from gatera.data.transforms.presets import aug_transforms

CODES = ["dark", "bright"]


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """Eight photos of 48 x 36 pixels, a bright disc on dark ground, and the masks of the discs beside them."""
    for number in range(8):
        y, x = np.mgrid[:36, :48]
        disc = (x - 12 - 3 * number) ** 2 + (y - 14 - number) ** 2 < 60
        for folder, pixels in (("photos", np.repeat((40 + 180 * disc)[..., None], 3, 2)), ("masks", disc)):
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / folder / f"{number}.png")
    return tmp_path


def mask_of(photo: Path) -> Path:
    return photo.parent.parent / "masks" / photo.name


def loaders(
    folder: Path, codes=CODES, workers: int = 0, get_y=mask_of, bs: int = 6, **options
) -> DataLoaders:
    block = DataBlock(
        (ImageBlock, MaskBlock(codes)),
        get_items=get_image_files,
        splitter=IndexSplitter([0, 7]),
        get_y=get_y,
        **options,
    )
    return block.dataloaders(folder / "photos", bs=bs, seed=3, num_workers=workers, device="cpu")


def agreement(x: torch.Tensor, y: torch.Tensor) -> float:
    """The share of pixels whose mask says what their brightness says."""
    known = y != IGNORED
    return ((x[:, 0] > 0.5) == (y == 1))[known].float().mean().item()


TRANSFORMS = {
    "as they are": {},
    "squish": {"item_tfms": Resize((24, 24), "squish")},
    "crop": {"item_tfms": Resize(30)},
    "pad": {"item_tfms": Resize(40, "pad", "reflection")},
    "random crop": {"item_tfms": [RandomCrop((30, 40)), FlipItem()]},
    "random part": {"item_tfms": [FlipItem(), RandomResizedCrop(32, min_scale=0.4)]},
    "augmented": {"item_tfms": Resize(36), "batch_tfms": aug_transforms(max_rotate=30, max_zoom=1.5, max_lighting=0)},
    "of another size": {"batch_tfms": aug_transforms(size=(30, 30), max_lighting=0, min_scale=0.7)},
    "both": {"item_tfms": RandomResizedCrop(40), "batch_tfms": aug_transforms(max_lighting=0, pad_mode="border")},
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_mask_goes_where_its_photo_goes(scenes, name):
    dls = loaders(scenes, **TRANSFORMS[name])
    for batch in (dls.train.one_batch(), dls.train.batch_of(np.arange(6), epoch=1), dls.valid.one_batch()):
        x, y = batch
        assert y.dtype == torch.int64
        assert y.shape == (len(x), *x.shape[2:])
        assert (y == 1).any()
        assert agreement(x, y) > 0.93  # but for pixels on the outline, which are between bright and dark


def test_draws_are_the_same_with_any_number_of_threads_and_differ_by_epoch(scenes):
    alone, many = (loaders(scenes, workers=workers, **TRANSFORMS["both"]) for workers in (0, 3))
    for first, second in zip(alone.train, many.train, strict=True):
        assert torch.equal(first[1], second[1])
    index = np.arange(6)
    again, later = alone.train.batch_of(index, epoch=0)[1], alone.train.batch_of(index, epoch=1)[1]
    assert torch.equal(again, many.train.batch_of(index, epoch=0)[1])
    assert not torch.equal(again, later)


def test_pixels_beyond_the_photo_are_no_class(scenes):
    for options in (
        {"item_tfms": Resize((60, 48), "pad", "zeros")},
        {"item_tfms": CropPad(60)},
        {
            "batch_tfms": aug_transforms(
                do_flip=False, max_rotate=40, p_affine=1, max_zoom=1, max_warp=0, pad_mode="zeros"
            )
        },
    ):
        x, y = loaders(scenes, **options).train.one_batch()
        beyond = y == IGNORED
        assert beyond.any()
        assert (x[:, 0][beyond] < 0.2).all()
        assert agreement(x, y) > 0.97


def test_fixed_masks_are_read_once_and_kept(scenes, monkeypatch):
    read: list[object] = []
    plain = MaskBlock.read
    monkeypatch.setattr(MaskBlock, "read", lambda block, raw: read.append(raw) or plain(block, raw))
    dls = loaders(scenes, item_tfms=Resize(24))
    assert read == []  # none is read before it is needed
    first = [batch[1] for batch in dls.train]
    assert len(read) == 6
    second = [batch[1] for batch in dls.train]
    assert len(read) == 6
    assert torch.equal(torch.cat(first), torch.cat(second))
    again = loaders(scenes, item_tfms=[Resize(24), FlipItem()])
    assert [batch[1].shape for batch in again.train] == [(6, 24, 24)]
    assert len(read) == 6  # what is the same before the random part is kept too


def test_a_mask_that_changed_is_read_anew(scenes):
    dls = loaders(scenes, item_tfms=Resize(24))
    assert (dls.valid.one_batch()[1] == 1).any()
    for mask in (scenes / "masks").iterdir():
        Image.new("L", (48, 36)).save(mask, compress_level=0)
    assert not (dls.valid.one_batch()[1] == 1).any()


def test_codes_may_be_other_numbers(scenes):
    for path in (scenes / "masks").iterdir():
        Image.fromarray(np.asarray(Image.open(path), np.uint8) * 200 + 5).save(path)
    dls = loaders(scenes, {5: "dark", 205: "bright"})
    assert list(dls.vocab) == CODES
    assert dls.c == 2
    assert agreement(*dls.train.one_batch()) == 1


def test_classes_are_counted_in_pixels(scenes):
    dls = loaders(scenes)
    bright = sum(int(np.asarray(Image.open(scenes / "masks" / f"{i}.png")).sum()) for i in range(1, 7))
    assert dls.class_counts.tolist() == [6 * 36 * 48 - bright, bright]


def test_items_without_masks_can_be_loaded(scenes):
    files = get_image_files(scenes / "photos")
    dls = loaders(scenes, item_tfms=Resize(24))
    assert len(dls.test_dl(files).one_batch()) == 1
    x, y = dls.test_dl(files, with_labels=True).one_batch()
    assert agreement(x, y) > 0.93


def test_photos_and_masks_may_be_arrays(scenes):
    pairs = [
        (np.asarray(Image.open(file)), np.asarray(Image.open(mask_of(file))))
        for file in get_image_files(scenes / "photos")
    ]
    block = DataBlock(
        (ImageBlock, MaskBlock(CODES)),
        splitter=IndexSplitter([0]),
        get_x=lambda pair: pair[0],
        get_y=lambda pair: pair[1],
    )
    assert agreement(*block.dataloaders(pairs, bs=4, num_workers=0, device="cpu").train.one_batch()) == 1


# -- reading a mask --------------------------------------------------------------------------------------------------


def test_the_numbers_of_a_palette_are_kept(tmp_path):
    numbers = np.arange(6, dtype=np.uint8).reshape(2, 3)
    picture = Image.fromarray(numbers).convert("P")
    picture.putpalette([255, 0, 0, 0, 255, 0] * 128)
    picture.save(tmp_path / "mask.png")
    for source in (
        tmp_path / "mask.png",
        str(tmp_path / "mask.png"),
        picture,
        numbers,
        torch.from_numpy(numbers),
    ):
        mask = PILMask.create(source)
        assert isinstance(mask, PILMask)
        assert mask.mode == "L"
        assert np.asarray(mask).tolist() == numbers.tolist() or source is picture


def test_one_bit_and_sixteen_bit_masks_are_read(tmp_path):
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "one.png")
    Image.fromarray(np.array([[3, 200]], np.uint16)).save(tmp_path / "sixteen.png")
    assert np.asarray(PILMask.create(tmp_path / "one.png")).tolist() == [[1, 0]]
    assert np.asarray(PILMask.create(tmp_path / "sixteen.png")).tolist() == [[3, 200]]
    assert np.asarray(PILMask.create(np.ones((1, 2, 3), np.int64))).shape == (2, 3)


def test_a_mask_is_decoded_to_the_codes_own_numbers():
    block = MaskBlock({7: "a", 9: "b"})
    encoded = block.encode(block.read(np.array([[9, 7, 7]])))
    assert encoded.tolist() == [[1, 0, 0]]
    assert np.asarray(block.decode(encoded)).tolist() == [[9, 7, 7]]
    assert np.asarray(block.decode(torch.tensor([[0, IGNORED]]))).tolist() == [[7, 255]]
    assert block.show(block.decode(encoded)) == "mask of 1 x 3 pixels"


# -- what cannot be used ---------------------------------------------------------------------------------------------


def says(error: type[GateraError], text: str, function, *args, **options) -> None:
    with pytest.raises(error) as err:
        function(*args, **options)
    assert str(err.value) == text


def test_messages_on_codes():
    says(
        ArgumentError,
        'MaskBlock got no codes. Name the classes: codes=["background", "pet"], or {1: "pet", 2: "background"} for other '
        "numbers.",
        MaskBlock,
    )
    says(ArgumentError, "codes has duplicate names. Got: ['a', 'b', 'a'].", MaskBlock, ["a", "b", "a"])
    says(
        ArgumentError,
        "codes has numbers that a mask cannot hold. Got: [1, 256]. Expected: whole numbers from 0 to 255, 255 classes at most.",
        MaskBlock, {1: "a", 256: "b"},
    )  # fmt: skip


def test_a_number_that_is_not_in_the_codes_is_an_error_that_names_the_file(scenes):
    path = scenes / "masks" / "3.png"
    numbers = np.asarray(Image.open(path), np.uint8).copy()
    numbers[:2, :4] = 9
    Image.fromarray(numbers).save(path)
    dls = loaders(scenes)
    says(
        DataError,
        f"{path} holds 9 in 8 of its 1,728 pixels, which is not one of the codes for item 3 ({scenes / 'photos' / '3.png'}). "
        "Expected: 0 (dark), 1 (bright). Give it a class in codes= or mask_values=, or correct the mask.",
        dls.train.one_batch,
    )


def test_a_mask_of_another_size_is_an_error_that_names_both_files(scenes):
    path = scenes / "masks" / "4.png"
    Image.new("L", (36, 48)).save(path)
    dls = loaders(scenes, item_tfms=Resize(24))
    photo = scenes / "photos" / "4.png"
    says(
        DataError,
        f"the mask {path} is 48 x 36 pixels (height x width), but its photo {photo} is 36 x 48. "
        "A mask has one class for each pixel of its photo: resize one of them.",
        dls.train.one_batch,
    )


def test_the_size_of_a_mask_is_that_of_the_numbers_read_from_it(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the orientation of a photo taken upright
    path = tmp_path / "1.png"
    Image.new("L", (36, 48)).save(path, exif=exif)
    block = MaskBlock(["a", "b"])
    block.check_fit(path, "1.jpg", block.read(path).shape)
    with pytest.raises(DataError, match=r"the mask .* is 48 x 36 pixels"):
        block.check_fit(path, "1.jpg", (36, 48))


def test_a_missing_mask_is_found_before_anything_is_read(scenes):
    (scenes / "masks" / "2.png").unlink()
    says(
        DataError,
        f"the mask {scenes / 'masks' / '2.png'} does not exist for item 2 ({scenes / 'photos' / '2.png'}). Check get_y "
        "(label_func), which returns the path of a photo's mask.",
        loaders, scenes,
    )  # fmt: skip


def test_messages_on_what_is_no_mask(tmp_path):
    Image.new("RGB", (4, 2), "red").save(tmp_path / "colours.png")
    (tmp_path / "words.png").write_text("hello")
    says(
        PhotoError,
        f"{tmp_path / 'colours.png'} is not a mask (mode RGB, shape [2, 4, 3]). Expected: one number per pixel: [H,W]. A mask "
        "holds the number of each pixel's class; name the classes of colours as codes={(255, 0, 0): \"cat\"}.",
        PILMask.create, tmp_path / "colours.png",
    )  # fmt: skip
    says(
        PhotoError,
        f"{tmp_path / 'words.png'} is not an image in a known format; it begins with b'hello'.",
        PILMask.create, tmp_path / "words.png",
    )  # fmt: skip
    says(
        PhotoError,
        "a mask holds int64 numbers from -1 to 3. Expected: whole numbers from 0 to 255.",
        PILMask.create, np.array([[-1, 3]]),
    )  # fmt: skip


def test_transforms_that_a_mask_cannot_follow_are_refused(scenes):
    remedy = "Use Resize, RandomResizedCrop, FlipItem or aug_transforms; or write an ItemTransform with a method `steps`."
    says(
        ArgumentError,
        f"Masks and points cannot follow the transform turned: it does not tell where it moves pixels. {remedy}",
        loaders, scenes, item_tfms=turned,
    )  # fmt: skip
    says(
        ArgumentError,
        "Masks and points cannot follow the batch transform brighter: it does not tell where it moves pixels. Use "
        "aug_transforms, or an item transform; or write a BatchStep with moves = False.",
        loaders, scenes, batch_tfms=brighter,
    )  # fmt: skip


def turned(photo: Image.Image) -> Image.Image:
    return photo.rotate(3)


def brighter(x: torch.Tensor) -> torch.Tensor:
    return x * 1.1


def test_torchvisions_transforms_of_colours_leave_masks_where_they_are(scenes):
    v2 = pytest.importorskip("torchvision.transforms.v2")
    dls = loaders(scenes, item_tfms=[v2.ColorJitter(0.2), FlipItem()], batch_tfms=v2.GaussianBlur(3))
    assert agreement(*dls.train.one_batch()) > 0.93
    with pytest.raises(ArgumentError, match="cannot follow the transform RandomRotation"):
        loaders(scenes, item_tfms=v2.RandomRotation(20))


def test_a_mask_needs_a_photo_to_lie_on():
    block = DataBlock(
        (TransformBlock, MaskBlock(CODES)),
        splitter=IndexSplitter([0]),
        get_y=lambda item: np.zeros((2, 2), int),
    )
    says(
        ArgumentError,
        "MaskBlock needs photos as inputs. Got: 'TransformBlock'. Expected: ImageBlock.",
        block.dataloaders, ["a", "b", "a", "b"], bs=2,
    )  # fmt: skip


def test_palettes_that_number_their_colours_differently_are_said(tmp_path, recwarn):
    black, red, blue = (0, 0, 0), (255, 0, 0), (0, 0, 255)
    paths = []
    for name, colours in (("1", (black, red)), ("2", (black, red, blue)), ("3", (red, black))):
        mask = Image.new("P", (4, 4))
        mask.putpalette([value for colour in colours for value in colour])
        paths.append(tmp_path / f"{name}.png")
        mask.save(paths[-1])
    block = MaskBlock(codes=["sky", "car"])
    assert block.fit([*paths[:2], np.zeros((4, 4), np.uint8), tmp_path / "none.png"]) is block and not recwarn
    said = f"the colour \\(255, 0, 0\\) has the number 1 in {paths[0]} and 0 in {paths[2]}"
    with pytest.warns(UserWarning, match=said):
        block.fit(paths)
    MaskBlock(codes={black: "sky", red: "car"}).fit(paths)
    assert not recwarn
