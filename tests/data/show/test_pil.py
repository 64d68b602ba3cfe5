from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gatera.core.errors import ArgumentError, PhotoError
from gatera.data.show.pil import PILImage, PILImageBW, image2tensor, resize_images, show_image
from gatera.data.sources.items import get_image_files

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)  # [H,W,C]


@pytest.fixture
def png(tmp_path: Path) -> Path:
    Image.fromarray(PIXELS).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


SOURCES: dict[str, Any] = {
    "path": lambda png: png,
    "text": str,
    "bytes": lambda png: png.read_bytes(),
    "file": lambda png: io.BytesIO(png.read_bytes()),
    "image": lambda png: Image.fromarray(PIXELS),
    "photo": PILImage.create,
    "array": lambda png: PIXELS,
    "float array": lambda png: PIXELS / 255,
    "tensor [H,W,C]": lambda png: torch.from_numpy(PIXELS),
    "tensor [C,H,W]": lambda png: torch.from_numpy(PIXELS.transpose(2, 0, 1).copy()),
    "float tensor": lambda png: torch.from_numpy(PIXELS.transpose(2, 0, 1) / 255).float().requires_grad_(),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_photo_is_created_from_whatever_it_comes_as(png: Path, kind: str) -> None:
    photo = PILImage.create(SOURCES[kind](png))
    assert type(photo) is PILImage
    assert isinstance(photo, Image.Image)
    assert photo.mode == "RGB"
    assert photo.shape == (20, 30)
    assert photo.size == (30, 20)
    np.testing.assert_array_equal(np.asarray(photo), PIXELS)


def test_a_tensor_of_half_precision_is_read_too(png: Path) -> None:
    photo = PILImage.create(torch.full((3, 4, 6), 0.5, dtype=torch.bfloat16))
    assert photo.shape == (4, 6)
    assert photo.getpixel((0, 0)) == (128, 128, 128)


def test_a_greyscale_photo_has_one_channel(png: Path) -> None:
    photo = PILImageBW.create(png)
    assert type(photo) is PILImageBW
    assert photo.mode == "L"
    assert PILImageBW.create(torch.zeros(1, 4, 6)).shape == (4, 6)
    assert PILImage.create(torch.zeros(4, 6, dtype=torch.uint8)).mode == "RGB"


def test_a_photo_shares_no_pixels_with_the_image_it_came_from() -> None:
    image = Image.new("RGB", (4, 4))
    photo = PILImage.create(image)
    photo.putpixel((0, 0), (255, 0, 0))
    assert image.getpixel((0, 0)) == (0, 0, 0)


def test_a_photo_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20)).save(tmp_path / "turned.jpg", exif=exif)
    assert PILImage.create(tmp_path / "turned.jpg").shape == (30, 20)


def test_a_bad_photo_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").touch()
    with pytest.raises(PhotoError) as err:
        PILImage.create(tmp_path / "bad.jpg")
    assert str(err.value) == f"{tmp_path / 'bad.jpg'} is empty (0 bytes). Download it again, or remove it."


def test_a_photo_works_like_any_pillow_image(png: Path, tmp_path: Path) -> None:
    photo = PILImage.create(png)
    photo.resize((10, 10)).rotate(90).save(tmp_path / "out.jpg")
    photo.save(tmp_path / "same.png")
    np.testing.assert_array_equal(np.asarray(PILImage.create(tmp_path / "same.png")), PIXELS)
    assert photo._repr_png_() is not None
    with PILImage.create(tmp_path / "out.jpg") as opened:
        assert opened.copy().getbbox() == (0, 0, 10, 10)
    pickled = pickle.loads(pickle.dumps(photo))
    assert type(pickled) is PILImage
    np.testing.assert_array_equal(np.asarray(pickled), PIXELS)


def test_a_thumbnail_fits_keeps_its_aspect_and_leaves_the_photo_alone(png: Path) -> None:
    photo = PILImage.create(png)
    assert photo.to_thumb(15).size == (15, 10)
    assert photo.to_thumb(10, 30).shape == (10, 15)
    assert photo.to_thumb(192).shape == (20, 30)
    assert type(photo.to_thumb(15)) is PILImage
    assert photo.shape == (20, 30)


def test_a_photo_becomes_a_tensor(png: Path) -> None:
    tensor = image2tensor(PILImage.create(png))
    assert tensor.dtype == torch.uint8
    assert tensor.shape == (3, 20, 30)
    assert tensor.is_contiguous()
    np.testing.assert_array_equal(tensor.numpy().transpose(1, 2, 0), PIXELS)
    assert image2tensor(PILImageBW.create(png)).shape == (1, 20, 30)


@pytest.mark.parametrize(
    ("shown", "shape"),
    [
        (Image.fromarray(PIXELS), (20, 30, 3)),
        (PIXELS[..., 0], (20, 30)),
        (PIXELS[..., :1], (20, 30)),
        (torch.rand(3, 20, 30), (20, 30, 3)),
        (torch.rand(1, 20, 30), (20, 30)),
        (torch.rand(20, 30), (20, 30)),
    ],
    ids=["image", "grey array", "one channel", "tensor", "grey tensor", "flat tensor"],
)
def test_a_photo_is_drawn_without_axes(
    shown: Any, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    from matplotlib import pyplot

    ax = show_image(shown, title="cat", figsize=(2, 1))
    assert ax.images[0].get_array().shape == shape
    assert ax.get_title() == "cat"
    assert not ax.axison
    assert ax.figure.get_size_inches().tolist() == [2, 1]
    if len(shape) == 2:
        assert ax.images[0].get_cmap().name == "gray"
    again = show_image(shown, ctx=ax, cmap="viridis")
    assert again is ax
    pyplot.close(ax.figure)


def photos(folder: Path, **sizes: tuple[int, int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, size in sizes.items():
        Image.new("RGB", size, "red").save(folder / f"{name}.jpg")


def shapes(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        file.relative_to(folder).as_posix(): PILImage.create(file).shape for file in get_image_files(folder)
    }


def test_photos_are_shrunk_in_place_and_small_ones_left_alone(tmp_path: Path) -> None:
    photos(tmp_path, wide=(800, 400), tall=(300, 1200), small=(40, 30))
    before = (tmp_path / "small.jpg").read_bytes()
    assert resize_images(tmp_path, max_size=400, dest=tmp_path) == []
    assert shapes(tmp_path) == {"small.jpg": (30, 40), "tall.jpg": (400, 100), "wide.jpg": (200, 400)}
    assert (tmp_path / "small.jpg").read_bytes() == before


def test_photos_are_shrunk_into_another_folder(tmp_path: Path) -> None:
    photos(tmp_path / "in", a=(800, 400), b=(40, 30))
    photos(tmp_path / "in/deep", c=(800, 400))
    Image.new("RGBA", (900, 900)).save(tmp_path / "in/d.PNG")
    resize_images(tmp_path / "in", max_size=200, dest=tmp_path / "flat", max_workers=1)
    assert shapes(tmp_path / "flat") == {"a.jpg": (100, 200), "b.jpg": (30, 40), "d.PNG": (200, 200)}
    resize_images(tmp_path / "in", max_size=200, dest=tmp_path / "all", recurse=True)
    assert shapes(tmp_path / "all") == {**shapes(tmp_path / "flat"), "deep/c.jpg": (100, 200)}
    resize_images(tmp_path / "in", dest=tmp_path / "copy")
    assert (tmp_path / "copy/a.jpg").read_bytes() == (tmp_path / "in/a.jpg").read_bytes()
    assert shapes(tmp_path / "in")["a.jpg"] == (400, 800)


def test_photos_that_cannot_be_read_are_told_and_left(tmp_path: Path) -> None:
    photos(tmp_path, good=(800, 400))
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    (bad,) = resize_images(tmp_path, max_size=100, dest=tmp_path)
    assert bad.path == tmp_path / "bad.jpg"
    assert bad.reason.startswith(f"{tmp_path / 'bad.jpg'} is not an image")
    assert (tmp_path / "bad.jpg").read_bytes() == b"no photo"


def test_a_size_below_one_pixel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError) as err:
        resize_images(tmp_path, max_size=0)
    assert str(err.value) == "max_size must be at least 1. Got: 0."


def test_a_notebook_gets_one_picture_of_a_photo_and_none_larger_than_a_cell():
    from IPython.core.formatters import DisplayFormatter

    def shown(image: PILImage) -> dict[str, Any]:
        return DisplayFormatter().format(image)[0]

    small, large = (PILImage.create(Image.new("RGB", size)) for size in ((300, 200), (3000, 2000)))
    assert sorted(shown(small)) == ["image/png", "text/plain"]
    assert sorted(shown(large)) == ["image/jpeg", "text/plain"] and "3000x2000" in shown(large)["text/plain"]
    assert Image.open(io.BytesIO(large._repr_jpeg_())).size == (1024, 683) and large.size == (3000, 2000)
