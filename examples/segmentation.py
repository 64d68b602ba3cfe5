"""Segment pets: a U-Net separates them from the background, and the program writes the mask of any photo.

python examples/segmentation.py                          on the bundled sample: 150 photos
python examples/segmentation.py --data oxford-iiit-pet   on a folder with images/ and annotations/trimaps/

Whole breeds are held out, so the figures are for breeds that are not in the training set.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from gatera.vision.all import *

#: The numbers in a trimap. The border, an ambiguous strip a few pixels wide, is excluded from the figures.
CODES = {1: "pet", 2: "background", 3: "border"}

#: Code that uses the program: it does not need PyTorch.
ANSWER = """
import sys
from PIL import Image
from gatera import load_program
mask, _, probabilities = answer = load_program(sys.argv[1]).predict(sys.argv[2])
Image.fromarray(mask * 120).save(sys.argv[3])
print(f"{sys.argv[2]}: {mask.shape[1]} x {mask.shape[0]} pixels, of which {answer.to_dict()['shares']['pet']:.0%} are the pet")
print("PyTorch was", "imported" if "torch" in sys.modules else "never imported")
"""


def breed(file: Path) -> str:
    return file.stem.rsplit("_", 1)[0]


def main(
    data: Path | None = None, out: Path = Path("segmentation-output"), quick: bool = False
) -> dict[str, float]:
    """Train, evaluate, plot, export, predict; returns pixel accuracy and mean IoU without the border, and the baseline."""
    out.mkdir(parents=True, exist_ok=True)
    path = data or untar_data(URLs.PETS_SAMPLE)
    masks = path / "annotations" / "trimaps" if data else path / "trimaps"
    recipe = DataBlock(
        (ImageBlock, MaskBlock(CODES)), get_items=get_image_files, splitter=GroupSplitter(breed, valid_pct=0.2, seed=1),
        get_y=lambda photo: masks / f"{photo.stem}.png", item_tfms=Resize(64 if quick else 160, "squish"),
        batch_tfms=aug_transforms(max_warp=0),
    )  # fmt: skip
    dls = recipe.dataloaders(path / "images", bs=8, seed=1)
    border = dls.vocab.o2i["border"]
    dls.show_batch(max_n=6).savefig(out / "batch.png")

    learn = unet_learner(
        dls, efficientnet_lite0, metrics=[PixelAccuracy(ignore=border), JaccardCoeffMulti(ignore=border)]
    )
    learn.fine_tune(1 if quick else 6)
    learn.show_results(max_n=4).savefig(out / "results.png")

    _, right, overlap = learn.validate()
    pet, background, _ = np.bincount(np.concatenate([y.ravel() for _, y in dls.valid]), minlength=3)
    always = max(pet, background) / (pet + background)
    print(f"pixel accuracy: {right:.1%} (always the more frequent class: {always:.1%}); mean IoU {overlap:.3f}; "
          f"{dls.valid.n} photos of breeds it has never seen")  # fmt: skip
    program = learn.export(out / "pets.gatera", force=True)
    photo = dls.valid_ds.inputs[0]
    subprocess.run(
        [sys.executable, "-c", ANSWER, str(program), str(photo), str(out / "mask.png")], check=True
    )
    return {"right": right, "overlap": overlap, "always": float(always)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder with images/ and annotations/trimaps/")
    parser.add_argument("--out", type=Path, default=Path("segmentation-output"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    main(options.data, options.out, options.quick)
