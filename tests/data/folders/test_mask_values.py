"""What masks hold, and what is made of it: numbers, grey levels, colours, JPEG, palettes, depths."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import ArgumentError, DataError
from gatera.data.blocks.mask import MaskBlock
from gatera.data.folders.mask_codes import parse_values, read_colours
from gatera.data.folders.mask_values import colour_levels
from gatera.data.folders.masks import MaskSet, read_mask_folder
from gatera.program.tables.notes import Note

SIZE = (40, 56)


def discs(number: int, k: int = 2) -> np.ndarray:
    """Classes [H,W] of photo `number`: k - 1 discs on a ground, class 0."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    classes = np.zeros(SIZE, np.uint8)
    for k_th in range(1, k):
        classes[(x - 10 - 14 * (k_th - 1) - number % 3) ** 2 + (y - 18 - number) ** 2 < 30] = k_th
    return classes


def fill(folder: Path, picture, ending: str = "png", k: int = 2, n: int = 6, **options) -> Path:
    """Photos, and masks that are `picture(classes)`."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(n):
        Image.new("RGB", SIZE[::-1], (90, 120, 30)).save(folder / "images" / f"{number}.jpg")
        picture(discs(number, k)).save(folder / "masks" / f"{number}.{ending}", **options)
    return folder


def levels(*numbers: int, dtype=np.uint8):
    return lambda classes: Image.fromarray(np.array(numbers, dtype)[classes])


def colours(*values: tuple[int, ...]):
    return lambda classes: Image.fromarray(np.array(values, np.uint8)[classes])


def read(folder: Path, **options) -> tuple[MaskSet, list[Note]]:
    notes: list[Note] = []
    return read_mask_folder(folder, 0.2, 1, on_note=notes.append, **options), notes


def wrong(found: MaskSet, k: int) -> float:
    """The share of pixels that are read as another class than they were made of."""
    block = found.block
    shares = []
    for mask in found.masks:
        classes = block.encode(block.read(mask))
        shares.append((classes != discs(int(mask.stem), k)).mean())
    return float(np.mean(shares))


BLACK, RED, GREEN, BLUE = (0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255)

LOSSLESS = {
    "0 and 1": (levels(0, 1), 2, ["0", "1"]),
    "0 and 255": (levels(0, 255), 2, ["background", "thing"]),
    "grey as RGB": (colours(BLACK, (255, 255, 255)), 2, ["background", "thing"]),
    "grey as RGBA": (colours((0, 0, 0, 255), (255, 255, 255, 255)), 2, ["background", "thing"]),
    "grey and alpha": (lambda c: levels(0, 255)(c).convert("LA"), 2, ["background", "thing"]),
    "in the opacity": (colours((9, 9, 9, 0), (9, 9, 9, 255)), 2, ["background", "thing"]),
    "one bit": (lambda c: Image.fromarray(c.astype(bool)), 2, ["0", "1"]),
    "16 bits": (levels(0, 65535, dtype=np.uint16), 2, ["background", "thing"]),
    "16 bits, small": (levels(0, 2, dtype=np.uint16), 2, ["0", "2"]),
    "three greys": (levels(0, 128, 255), 3, ["0", "128", "255"]),
    "four greys": (levels(0, 85, 170, 255), 4, ["0", "85", "170", "255"]),
    "colours": (colours(BLACK, RED, BLUE), 3, ["#000000", "#0000ff", "#ff0000"]),
    "colours, transparent ground": (colours((9, 9, 9, 0), (255, 0, 0, 255)), 2, ["#000000", "#ff0000"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", LOSSLESS)
def test_every_way_to_keep_classes_is_understood_and_all_are_counted(tmp_path, kind):
    picture, k, names = LOSSLESS[kind]
    found, notes = read(fill(tmp_path, picture, k=k))
    assert sorted(map(str, found.block.vocab)) == sorted(names)
    assert found.ignored_class is None and not found.skipped and len(found.photos) == 6
    order = {name: index for index, name in enumerate(map(str, found.block.vocab))}
    if kind != "colours":  # named in the order of their numbers, so that classes and positions agree
        assert wrong(found, k) == 0
    else:
        assert [order[name] for name in ("#000000", "#0000ff", "#ff0000")] == [0, 1, 2]
    assert all(note.option == "mask_values" for note in notes)
    assert bool(notes) == ("255" in names or "thing" in names or names[0].startswith("#"))


@pytest.mark.parametrize("quality", [50, 75, 95])
@pytest.mark.parametrize("kind", ["0 and 255", "three greys", "grey as RGB"])
def test_masks_kept_as_jpeg_are_snapped_to_their_levels(tmp_path, kind, quality):
    picture, k, _ = LOSSLESS[kind]
    found, notes = read(fill(tmp_path, picture, "jpg", k=k, quality=quality))
    if k == 2:
        assert found.codes == {0: "background", 255: "thing"}
    else:
        assert np.abs(np.array(list(found.codes)) - (0, 128, 255)).max() < 6
    assert found.nearest and wrong(found, k) < 0.03
    assert [note.option for note in notes] == ["mask_values"] and "JPEG" in notes[0].text


def test_colours_kept_as_jpeg(tmp_path):
    found, notes = read(fill(tmp_path, colours(BLACK, RED, GREEN), "jpg", k=3, quality=90))
    assert len(found.block.vocab) == 3 and found.nearest
    assert "nearest" in notes[0].text
    named, _ = read(tmp_path, mask_values="#000000=ground,#ff0000=car,#00ff00=tree")
    assert list(named.block.vocab) == ["ground", "car", "tree"] and wrong(named, 3) < 0.05


@pytest.mark.parametrize("numbers", [(0, 1), (0, 1, 2), (3, 9)])
def test_jpeg_masks_whose_numbers_are_near_each_other_are_refused_with_the_true_reason(tmp_path, numbers):
    with pytest.raises(DataError) as err:
        read(fill(tmp_path, levels(*numbers), "jpg", k=len(numbers)))
    text = str(err.value)
    assert text.startswith(
        "masks are kept in a format that changes numbers, as JPEG does, and their classes cannot be told apart."
    )
    assert 'Save the masks as PNG, or name the numbers: mask_values="0=background,255=thing".' in text


def test_masks_that_were_resized_with_blurred_outlines(tmp_path):
    fill(tmp_path, levels(0, 255))
    for number in range(6):
        y, x = np.mgrid[:300, :400]
        disc = (x - 150 - 9 * number) ** 2 + (y - 140) ** 2 < (60 + number) ** 2
        mask = Image.fromarray(np.where(disc, np.uint8(255), np.uint8(0))).resize(
            (171, 128), Image.Resampling.BILINEAR
        )
        mask.save(tmp_path / "masks" / f"{number}.png")
        Image.new("RGB", mask.size).save(tmp_path / "images" / f"{number}.jpg")
    found, notes = read(tmp_path)
    assert found.codes == {0: "background", 255: "thing"} and found.nearest and not found.skipped
    assert "were resized" in notes[0].text


def test_blurred_outlines_of_other_levels_are_asked_about(tmp_path):
    """Of 0 and 127, each grey between them was a class, and nothing said how to name the two."""
    fill(tmp_path, levels(0, 127))
    for number in range(6):
        y, x = np.mgrid[:300, :400]
        disc = (x - 150 - 9 * number) ** 2 + (y - 140) ** 2 < (60 + 9 * number) ** 2
        mask = Image.fromarray(np.where(disc, np.uint8(127), np.uint8(0))).resize(
            (171, 128), Image.Resampling.BILINEAR
        )
        mask.save(tmp_path / "masks" / f"{number}.png")
        Image.new("RGB", mask.size).save(tmp_path / "images" / f"{number}.jpg")
    found, notes = read(tmp_path)
    assert len(found.codes) > 40
    assert "nearly all pixels are 0 (background) and 127 (thing): are outlines blurred?" in notes[0].text
    assert (notes[0].option, notes[0].value) == ("mask_values", "0=background,127=thing")
    found, _ = read(tmp_path, mask_values=notes[0].value)
    assert found.codes == {0: "background", 127: "thing"} and found.nearest and not found.skipped


def test_many_classes_are_never_snapped(tmp_path):
    rows = np.repeat(np.arange(40, dtype=np.uint8), 56).reshape(SIZE)
    found, _ = read(fill(tmp_path, lambda c: Image.fromarray(rows)))
    assert len(found.codes) == 40 and not found.nearest


# -- 255 -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "ignored"),
    [((0, 255), None), ((0, 1, 255), "void"), ((0, 7, 255), "void"), ((0, 1, 2, 255), "void"), ((0, 127, 255), None), ((0, 128, 255), None), ((1, 255), None)],
)  # fmt: skip
def test_255_is_void_only_beside_classes_that_count_from_zero(tmp_path, numbers, ignored):
    found, notes = read(fill(tmp_path, levels(*numbers), k=len(numbers)))
    assert found.ignored_class == ignored
    assert [note.option for note in notes] == ["mask_values"]
    otherwise, _ = read(tmp_path, mask_values=notes[0].value)
    assert (otherwise.ignored_class is None) == (ignored is not None)


def test_255_that_never_stands_beside_another_class_is_a_class(tmp_path):
    def either(classes):
        return levels(0, 255 if discs(0).sum() == classes.sum() and np.array_equal(classes, discs(0)) else 1)(
            classes
        )

    found, notes = read(fill(tmp_path, either))
    assert found.ignored_class is None and list(found.codes) == [0, 1, 255]
    assert "is a class that is counted" in notes[0].text


# -- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("name", ["codes.txt", "Codes.TXT", "classes.txt"])
def test_names_in_any_encoding(tmp_path, encoding, name):
    fill(tmp_path, levels(0, 1))
    (tmp_path / name).write_bytes("fond\nété\n".encode(encoding))
    found, notes = read(tmp_path)
    assert list(found.block.vocab) == ["fond", "été"] and not notes


def test_two_names_for_0_and_255(tmp_path):
    fill(tmp_path, levels(0, 255))
    (tmp_path / "codes.txt").write_text("ground\ncat\n")
    found, notes = read(tmp_path)
    assert found.codes == {0: "ground", 255: "cat"} and wrong(found, 2) == 0
    assert str(notes[0]) == (
        "Masks hold 0, 255, which are ground, cat in this order (to change: mask_values='0=ground,255=cat')."
    )


def test_named_classes_and_a_255_that_no_name_is_for(tmp_path):
    fill(tmp_path, levels(0, 1, 255), k=3)
    (tmp_path / "codes.txt").write_text("ground\ncat\ndog\nbird\n")
    found, notes = read(tmp_path)
    assert found.ignored_class == "void" and "which no class has" in notes[0].text


def test_colours_that_a_file_names(tmp_path):
    fill(tmp_path, colours(BLACK, RED, BLUE), k=3)
    (tmp_path / "class_dict.csv").write_text("name,r,g,b\nground,0,0,0\ncar,255,0,0\nsky,0,0,255\n")
    found, notes = read(tmp_path)
    assert list(found.block.vocab) == ["ground", "car", "sky"] and wrong(found, 3) == 0 and not notes
    (tmp_path / "class_dict.csv").rename(tmp_path / "labelmap.txt")
    (tmp_path / "labelmap.txt").write_text(
        "# label:color_rgb:parts:actions\nground:0,0,0::\ncar:255,0,0::\nsky:0,0,255::\n"
    )
    assert list(read(tmp_path)[0].block.vocab) == ["ground", "car", "sky"]


def test_colours_beside_names_of_numbers_are_asked_about(tmp_path):
    fill(tmp_path, colours(BLACK, RED))
    (tmp_path / "codes.txt").write_text("ground\ncar\n")
    with pytest.raises(DataError) as err:
        read(tmp_path)
    assert str(err.value) == (
        "masks are painted in colours, and a file beside them names 2 classes by number. Say which colour is which: "
        'mask_values="#000000=ground,#ff0000=car".'
    )


def test_palettes_that_differ_from_mask_to_mask_are_read_as_colours(tmp_path):
    def adaptive(classes):
        order = [0, 1, 2] if np.argwhere(classes == 1)[0][0] % 2 else [2, 0, 1]
        palette = [0] * 768
        for colour, place in zip((BLACK, RED, BLUE), order, strict=True):
            palette[3 * place : 3 * place + 3] = colour
        return _with_palette(np.array(order, np.uint8)[classes], palette)

    fill(tmp_path, adaptive, k=3)
    found, _ = read(tmp_path, mask_values="#000000=ground,#ff0000=car,#0000ff=sky")
    assert wrong(found, 3) == 0
    guessed, notes = read(tmp_path)
    assert sorted(guessed.block.vocab) == ["#000000", "#0000ff", "#ff0000"]
    assert "painted in 3 colours" in notes[0].text


def test_the_border_of_masks_in_the_colours_of_voc_is_not_counted(tmp_path):
    voc, border = ((0, 0, 0), (128, 0, 0), (192, 128, 128)), (224, 224, 192)
    fill(tmp_path / "voc", colours(*voc, border), k=4)
    found, notes = read(tmp_path / "voc")
    assert list(found.codes.values()) == ["#000000", "#800000", "#c08080", "void"]
    assert notes[0].for_shell() == (
        "Masks are painted in 4 colours: each is a class (#000000, #800000, #c08080, #e0e0c0), but #e0e0c0, VOC's colour of borders, is "
        "not counted (void) (to change: --mask-values '#000000=background,#e0e0c0=thing')."
    )
    fill(tmp_path / "other", colours(*voc[:2], (200, 10, 10), border), k=4)
    assert "void" not in read(tmp_path / "other")[0].codes.values()


def _with_palette(numbers: np.ndarray, palette: list[int]) -> Image.Image:
    image = Image.new("P", numbers.shape[::-1])
    image.putpalette(palette)
    image.putdata(numbers.ravel().tolist())
    return image


def test_a_palette_that_all_masks_share_numbers_the_classes(tmp_path):
    palette = [0, 0, 0, 128, 0, 0, 0, 128, 0] + [0] * 759
    found, _ = read(fill(tmp_path, lambda classes: _with_palette(classes, palette), k=3))
    assert found.codes == {0: "0", 1: "1", 2: "2"}


def test_a_photo_for_a_mask_is_refused(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), dtype=np.uint8)
    with pytest.raises(DataError, match=r"masks hold [\d,]+ different colours, more than classes have"):
        read(fill(tmp_path, lambda classes: Image.fromarray(noise)))


@pytest.mark.parametrize("text", ["", "0", "0=", "a=b", "0=a,0=b,#ff0000=c", "0=a,1=a", "#ff00=a"])
def test_values_that_say_nothing_are_refused(text):
    if text == "":
        with pytest.raises(ArgumentError):
            parse_values(text)
        return
    with pytest.raises(ArgumentError, match="mask_values="):
        parse_values(text)


def test_rows_of_colours_in_several_notations(tmp_path):
    for number, text in enumerate(
        ("64 128 64\tAnimal\n192 0 128\tArchway\n", "name,r,g,b\nAnimal,64,128,64\nArchway,192,0,128\n")
    ):
        path = tmp_path / f"{number}.txt"
        path.write_text(text)
        assert read_colours(path) == {(64, 128, 64): "Animal", (192, 0, 128): "Archway"}


def test_a_value_with_two_classes_is_refused():
    with pytest.raises(ArgumentError, match="has two classes for 0: sky and car"):
        parse_values("0=sky,1=cat,0=car")
    with pytest.raises(ArgumentError, match="has two classes for #FF0000: sky and car"):
        parse_values("#ff0000=sky,#FF0000=car")
    assert parse_values("0=sky,1=cat,0=sky") == {0: "sky", 1: "cat"}


def test_the_block_takes_colours_and_the_nearest(tmp_path):
    block = MaskBlock({BLACK: "ground", RED: "car"})
    image = np.array([[BLACK, RED]], np.uint8)
    assert block.encode(block.read(image)).tolist() == [[0, 1]]
    assert np.asarray(block.decode(np.array([[1, 0]]))).tolist() == [[1, 0]]
    with pytest.raises(DataError) as err:
        block.read(np.array([[(250, 3, 0), RED]], np.uint8))
    assert str(err.value) == (
        "a mask holds the colour (250, 3, 0) in 1 of its 2 pixels, which is not one of the codes. Expected: (0, 0, 0) (ground), "
        "(255, 0, 0) (car). Give it a class in codes= or mask_values=, or correct the mask."
    )
    near = MaskBlock({BLACK: "ground", RED: "car"}, nearest=True)
    assert near.encode(near.read(np.array([[(250, 3, 0), (9, 9, 9)]], np.uint8))).tolist() == [[1, 0]]
    grey = MaskBlock({0: "a", 255: "b"}, nearest=True)
    assert grey.encode(grey.read(np.array([[3, 240]]))).tolist() == [[0, 1]]
    assert near.cache_key() != block.cache_key()
    for codes in ({(0, 0): "a", RED: "b"}, {(0, 0, 256): "a", RED: "b"}, {0: "a", RED: "b"}):
        with pytest.raises(ArgumentError, match="numbers that a mask cannot hold"):
            MaskBlock(codes)


def test_as_many_numbers_as_names_are_offered_in_order():
    with pytest.raises(DataError) as err:
        block = MaskBlock(["ground", "cat"])
        block.encode(block.read(np.array([[0, 255]])))
    assert str(err.value).endswith("If those are its numbers in order, pass codes={0: 'ground', 255: 'cat'}.")


def test_a_few_flat_areas_in_a_picture_are_not_its_classes():
    """Two colours hold a share each that makes a level, but the rest of the pixels, a tenth or half of them, are of any colour."""
    draw = np.random.default_rng(0)

    def counted(n_others: int) -> Counter[int]:
        others = draw.integers(0, 2**24, n_others).tolist()
        return Counter({0x000000: 6_000, 0xFF0000: 4_000}) + Counter(others)

    assert colour_levels(counted(1_000), exact=False) == [(0, 0, 0), (255, 0, 0)]
    assert colour_levels(counted(10_000), exact=False) is None
