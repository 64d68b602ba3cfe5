"""Predict a point: the middle of a pet's head, for breeds that are not in the training set.

python examples/points.py                          on the bundled sample: heads of 150 photos
python examples/points.py --data oxford-iiit-pet   on a folder with images/ and annotations/xmls/
"""

from __future__ import annotations

import argparse
import xml.etree.ElementTree as ET
from pathlib import Path

from gatera.vision.all import *

Place = tuple[float, float]


def sample_middles(sample: Path) -> dict[Path, Place]:
    """Return photo -> middle of the head, in pixels, for the bundled sample."""
    photos = {photo.name: photo for photo in get_image_files(sample / "images")}
    heads = pd.read_csv(sample / "heads.csv")
    x, y = (heads["left"] + heads["right"]) / 2, (heads["top"] + heads["bottom"]) / 2
    middles = dict(zip(heads["file"], zip(x, y, strict=True), strict=True))
    return {photos[name]: middle for name, middle in middles.items() if name in photos}


def annotated_middles(folder: Path) -> dict[Path, Place]:
    """Return photo -> middle of the head, in pixels, for the whole data set."""
    middles = {}
    for file in get_files(folder / "annotations" / "xmls", ".xml"):
        box = ET.parse(file).find("object/bndbox")
        left, top, right, bottom = (float(box.findtext(side)) for side in ("xmin", "ymin", "xmax", "ymax"))
        middles[folder / "images" / f"{file.stem}.jpg"] = ((left + right) / 2, (top + bottom) / 2)
    return middles


def breed(photo: Path) -> str:
    return photo.stem.rsplit("_", 1)[0]


def main(
    data: Path | None = None, out: Path = Path("points-output"), quick: bool = False
) -> tuple[float, float]:
    """Train, evaluate, export; returns the median error as a share of the photo's width, and that of the mean position."""
    out.mkdir(parents=True, exist_ok=True)
    middles = annotated_middles(data) if data else sample_middles(untar_data(URLs.PETS_SAMPLE))
    recipe = DataBlock(
        (ImageBlock, PointBlock), splitter=GroupSplitter(breed, valid_pct=0.2, seed=1), get_y=middles.__getitem__,
        item_tfms=Resize(128 if quick else 224, "squish"),
    )  # fmt: skip
    dls = recipe.dataloaders(sorted(middles), bs=16, seed=1)
    dls.show_batch(max_n=6).savefig(out / "batch.png")

    learn = vision_learner(dls, efficientnet_lite0, y_range=(-1, 1))
    learn.fine_tune(3 if quick else 8, 5e-3)
    learn.show_results(max_n=6).savefig(out / "results.png")

    program = load_program(learn.export(out / "heads.gatera", force=True))
    sizes = {photo: np.array(PILImage.create(photo).size) for photo in middles}
    mean_place = np.mean([middles[photo] / sizes[photo] for photo in dls.train_ds.items], axis=0)
    found, always = [], []
    for photo, answer in zip(dls.valid_ds.items, program.predict_batch(dls.valid_ds.items), strict=True):
        width = sizes[photo][0]
        found.append(np.hypot(*(np.ravel(answer.label) - middles[photo])) / width)
        always.append(np.hypot(*(mean_place * sizes[photo] - middles[photo])) / width)
    low, high = bootstrap_interval(np.array(found), statistic=np.median)
    print(f"Median error of the middle of the head: {np.median(found):.1%} of the photo's width (95 % interval {low:.1%} "
          f"to {high:.1%}), on {len(found)} photos of breeds that are not in the training set.")  # fmt: skip
    print(f"Baseline, the mean position in the training set: {np.median(always):.1%}.")
    return float(np.median(found)), float(np.median(always))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder with images/ and annotations/xmls/")
    parser.add_argument("--out", type=Path, default=Path("points-output"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    main(options.data, options.out, options.quick)
