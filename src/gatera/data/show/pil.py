"""`PILImage`, `show_image` and the book's other helpers for single photos."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from PIL import Image

from gatera.core.checks import check_count
from gatera.core.errors import PhotoError
from gatera.core.files import atomic_write
from gatera.core.progress import track
from gatera.core.threads import thread_pool
from gatera.data.sources.items import BadFile, get_image_files
from gatera.program.raw.photo import photo_array, read_photo

if TYPE_CHECKING:
    import torch
    from matplotlib.axes import Axes

#: What `PILImage.create` opens: a path, a file's bytes, an open file, an array, a tensor, another image.
Source = Any

#: Size of one picture shown by `show_image` without `figsize`, in inches.
SHOWN_INCHES = 3.0

#: Greatest width and height at which a notebook shows a photo, in pixels: its file holds the pictures of all cells.
SHOWN_PIXELS = 1024

#: JPEG quality of shrunk photos: no loss the eye can see, at a third of the size of quality 100.
JPEG_QUALITY = 90


class PILImage(Image.Image):
    """An RGB photo: an ordinary Pillow image with the book's `create`, `to_thumb` and `shape`."""

    read_mode: ClassVar[Literal["RGB", "L"]] = "RGB"

    @classmethod
    def create(cls, source: Source) -> Self:
        """Open a photo, upright (EXIF rotation applied) and in this class's mode.

        Args:
            source: path, bytes, open binary file, Pillow image, numpy array uint8 or float 0..1 [H,W] or
                [H,W,C], or torch tensor of the same, [C,H,W] too.

        Raises:
            PhotoError: if it cannot be read; the message names the file.
        """
        photo = read_photo(_without_torch(source), mode=cls.read_mode)
        # pixels are never shared with the caller's image
        return cls._from(photo.copy() if photo is source else photo)

    @classmethod
    def _from(cls, image: Image.Image) -> Self:
        # A Pillow image is its attributes: taking them over gives our class without a copy of the pixels.
        photo = cls()
        photo.__dict__.update(image.__dict__)
        return photo

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels (Pillow's `size` is width and height)."""
        return self.height, self.width

    def to_thumb(self, h: int, w: int | None = None) -> Self:
        """Return a copy that fits into `h` x `w` pixels, its aspect kept; never larger than the original.

        Args:
            h: greatest height, in pixels.
            w: greatest width; None for the same as `h`.
        """
        thumb = type(self)._from(self.copy())
        thumb.thumbnail((h if w is None else w, h))
        return thumb

    def _repr_png_(self) -> bytes | None:
        """Return a photo no larger than a cell as PNG, for notebooks; a larger one has a JPEG only."""
        return super()._repr_png_() if max(self.size) <= SHOWN_PIXELS else None

    def _repr_jpeg_(self) -> bytes | None:
        """Return a photo larger than a cell as JPEG, shrunk; a smaller one has a PNG only."""
        return Image.Image._repr_jpeg_(self.to_thumb(SHOWN_PIXELS)) if max(self.size) > SHOWN_PIXELS else None


class PILImageBW(PILImage):
    """A greyscale photo."""

    read_mode: ClassVar[Literal["RGB", "L"]] = "L"


def image2tensor(image: Image.Image) -> torch.Tensor:
    """Return a photo as a tensor, uint8 [C,H,W] (C = 1 for a greyscale one)."""
    import torch

    return torch.from_numpy(photo_array(image).transpose(2, 0, 1).copy())  # [H,W,C] -> [C,H,W]


def show_image(
    im: Source,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    title: str | None = None,
    ctx: Axes | None = None,
    cmap: str | None = None,
) -> Axes:
    """Draw a photo, array or tensor without axes around it.

    Args:
        im: Pillow image; array or tensor [H,W], [H,W,C] or [C,H,W], uint8 or float 0..1. One channel is grey.
        ax: matplotlib axes to draw on; None makes a figure.
        figsize: width and height of that figure in inches.
        title: written above it.
        ctx: another name for `ax`, as the book has it.
        cmap: matplotlib colour map for one channel.

    Returns:
        The axes; their figure is `.figure`.
    """
    from matplotlib import pyplot

    ax = ax if ax is not None else ctx
    if ax is None:
        _, ax = pyplot.subplots(figsize=figsize or (SHOWN_INCHES, SHOWN_INCHES))
    pixels = np.asarray(_without_torch(im))
    if pixels.ndim == 3 and pixels.shape[2] not in (3, 4):
        pixels = pixels.squeeze()  # [H,W,1] -> [H,W]
    grey = cmap or ("gray" if pixels.ndim == 2 else None)
    ax.imshow(pixels, cmap=grey)
    if title is not None:
        ax.set_title(title)
    ax.axis("off")
    return ax


def resize_images(
    path: str | Path,
    max_workers: int | None = None,
    max_size: int | None = None,
    recurse: bool = False,
    dest: str | Path = ".",
) -> list[BadFile]:
    """Write the photos of a folder to `dest`, shrunk so that no side is longer than `max_size`.

    A photo that is small enough is copied unchanged. With `dest` equal to `path` files are replaced one by
    one, each at once and whole, so an interrupted run can simply be started again.

    Args:
        path: folder of photos.
        max_workers: threads; None for one per processor, at most 8.
        max_size: greatest height and width in pixels; None copies.
        recurse: take subfolders too, and keep them under `dest`.
        dest: folder to write to.

    Returns:
        The files that could not be read; nothing is written for them.
    """
    if max_size is not None:
        check_count("max_size", max_size, 1)
    path, dest = Path(path), Path(dest)
    files = get_image_files(path, recurse=recurse)

    def one(file: Path) -> BadFile | None:
        return _shrink(file, dest / file.relative_to(path), max_size)

    with thread_pool(max_workers) as pool:
        done = track(pool.map(one, files), "Resizing photos", total=len(files))
        return [bad for bad in done if bad]


def _shrink(source: Path, target: Path, max_size: int | None) -> BadFile | None:
    try:
        photo = read_photo(source, at_least=None if max_size is None else (max_size, max_size))
    except PhotoError as err:
        return BadFile(source, str(err))
    if max_size is not None and max(photo.size) > max_size:
        photo.thumbnail((max_size, max_size))
        with atomic_write(target) as partial:
            photo.save(
                partial, format=Image.registered_extensions()[source.suffix.lower()], quality=JPEG_QUALITY
            )
    elif target.resolve() != source.resolve():
        with atomic_write(target) as partial:
            shutil.copyfile(source, partial)
    return None


def _without_torch(source: Source) -> Source:
    """Return a tensor [C,H,W], [H,W,C] or [H,W] as an array [H,W,C] or [H,W]; anything else unchanged."""
    torch = sys.modules.get("torch")  # where torch was never imported, nothing can be a tensor
    if torch is None or not isinstance(source, torch.Tensor):
        return source
    pixels = source.detach().cpu()
    pixels = pixels.float() if pixels.is_floating_point() else pixels  # numpy knows no bfloat16
    if pixels.ndim == 3 and pixels.shape[0] in (1, 3, 4):
        pixels = pixels.permute(1, 2, 0)  # [C,H,W] -> [H,W,C]
    return pixels.numpy()
