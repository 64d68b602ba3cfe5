"""Predict several labels per photo, with a threshold for each label, and compare the scores with chance.

python examples/many_labels.py                          on synthetic shapes
python examples/many_labels.py --data coco_tiny         on a folder with train.json (boxes as in COCO) and train/*.jpg

Thresholds are chosen on the validation set, because the model has memorised the training set; the scores come from a test set,
because thresholds do better on the photos on which they were chosen.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from PIL import ImageDraw

from gatera.vision.all import *

Labelled = dict[Path, list[str]]


def coco(folder: Path) -> Labelled:
    """Return photo -> names of the objects in it, from boxes in COCO's format."""
    found = json.loads((folder / "train.json").read_text())
    names = {category["id"]: category["name"] for category in found["categories"]}
    labels: Labelled = {folder / "train" / photo["file_name"]: [] for photo in found["images"]}
    files = {photo["id"]: folder / "train" / photo["file_name"] for photo in found["images"]}
    for box in found["annotations"]:
        labels[files[box["image_id"]]].append(names[box["category_id"]])
    return {file: sorted(set(present)) for file, present in labels.items()}


def drawn_shapes(folder: Path, n: int) -> Labelled:
    """Draw pictures with some of three shapes, at random positions and in random colours."""
    draw, labels = np.random.default_rng(0), {}
    for number in range(n):
        picture = Image.new("RGB", (96, 96), tuple(draw.integers(0, 90, 3).tolist()))
        present = [name for name in ("circle", "cross", "square") if draw.random() < 0.45]
        for name in present:
            (x, y), r = draw.integers(16, 80, 2).tolist(), int(draw.integers(9, 15))
            colour, pen = tuple(draw.integers(130, 256, 3).tolist()), ImageDraw.Draw(picture)
            if name == "cross":
                pen.line((x - r, y - r, x + r, y + r), colour, 5)
                pen.line((x - r, y + r, x + r, y - r), colour, 5)
            else:
                {"circle": pen.ellipse, "square": pen.rectangle}[name](
                    (x - r, y - r, x + r, y + r), fill=colour
                )
        file = folder / f"{number}.png"
        picture.save(file)
        labels[file] = present
    return labels


def three_ways(items: list[Path]) -> Splits:
    """Split into 60 % training, 20 % validation and 20 % test."""
    order = np.random.default_rng(42).permutation(len(items))
    a, b = int(0.6 * len(items)), int(0.8 * len(items))
    return Splits(train=order[:a], valid=order[a:b], test=order[b:])


def main(
    data: Path | None = None, out: Path = Path("many-labels-output"), quick: bool = False
) -> pd.DataFrame:
    """Train, choose thresholds, evaluate, export; returns the table of scores."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as drawn:
        labels = coco(data) if data else drawn_shapes(Path(drawn), 100 if quick else 300)
        recipe = DataBlock(
            (ImageBlock, MultiCategoryBlock), splitter=three_ways, get_y=labels.__getitem__,
            item_tfms=Resize(96 if quick else 128), batch_tfms=None if quick else aug_transforms(),
        )  # fmt: skip
        dls = recipe.dataloaders(sorted(labels), bs=16, seed=0)
        dls.show_batch().savefig(out / "batch.png")
        learn = vision_learner(dls, efficientnet_lite0, metrics=[APScoreMulti, accuracy_multi])
        learn.fine_tune(1 if quick else 8, 5e-3)

        learn.loss_func = BCEWithLogitsLossFlat(thresh=best_thresholds(*learn.get_preds()))
        learn.show_results(dl=dls.test).savefig(out / "results.png")
        found, there = learn.get_preds(dl=dls.test)
        scores = label_scores(found, there, dls.vocab, learn.loss_func.threshold)
        print(f"\nOn the {len(there)} photos of the test set, with thresholds chosen on the validation set:")
        print(scores.round(3).to_string(index=False))
        mean = scores.iloc[-1]
        print(
            f"Mean average precision {mean['average_precision']:.3f}; guessing reaches {mean['prevalence']:.3f}."
        )

        program = load_program(learn.export(out / "labels.gatera", force=True))
        photo = dls.test.dataset.inputs[0]
        print(f"Prediction for {photo.name}: {', '.join(program.predict(photo).label) or '(nothing)'}")
    return scores


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder like coco_tiny")
    parser.add_argument("--out", type=Path, default=Path("many-labels-output"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    main(options.data, options.out, options.quick)
