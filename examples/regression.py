"""Predict a number from a photo: RegressionBlock, outputs in a given range, and the error beside a constant baseline.

python examples/regression.py                          on synthetic pictures: how wide is the disc?
python examples/regression.py --data houses            on a folder with houses.csv (image, price) and images/*.jpg
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from PIL import ImageDraw

from gatera.vision.all import *


def drawn_discs(folder: Path, n: int) -> pd.DataFrame:
    """Draw discs of random width, position and colour; returns a table of files and widths in pixels."""
    draw, rows = np.random.default_rng(0), []
    for number in range(n):
        picture = Image.new("RGB", (96, 96), tuple(draw.integers(0, 100, 3).tolist()))
        x, y, r = draw.integers(30, 66), draw.integers(30, 66), draw.uniform(4, 28)
        ImageDraw.Draw(picture).ellipse(
            (x - r, y - r, x + r, y + r), tuple(draw.integers(120, 256, 3).tolist())
        )
        picture.save(folder / f"{number}.png")
        rows.append((f"{number}.png", 2 * r))
    return pd.DataFrame(rows, columns=["image", "width"])


def main(
    data: Path | None = None, out: Path = Path("regression-output"), quick: bool = False
) -> tuple[float, float]:
    """Train, evaluate, export; returns the mean absolute error and that of the training median."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as drawn:
        folder = data / "images" if data else Path(drawn)
        table = pd.read_csv(data / "houses.csv") if data else drawn_discs(folder, 80 if quick else 400)
        what = "price" if data else "width"
        dls = ImageDataLoaders.from_df(
            table, folder, seed=42, fn_col="image", label_col=what, y_block=RegressionBlock, bs=16,
            item_tfms=Resize(224 if data else 96, ResizeMethod.Squish),
        )  # fmt: skip
        dls.show_batch().savefig(out / "batch.png")
        y_range = (0, 1.2 * table[what].max())
        learn = vision_learner(dls, efficientnet_lite0, metrics=mae, y_range=y_range)
        learn.fine_tune(1 if quick else 8, 5e-3)
        learn.show_results().savefig(out / "results.png")

        found, true = learn.get_preds()
        always = dls.train_ds.targets.median()
        ours, theirs = (found - true).abs(), (always - true).abs()
        low, high = bootstrap_interval(ours.numpy())
        print(f"\nThe {what} of {len(true)} held-out photos is off by {ours.mean():,.4g} on average "
              f"(95 % interval {low:,.4g} to {high:,.4g}).")  # fmt: skip
        print(f"Always predicting {always:,.4g}, the training median, is off by {theirs.mean():,.4g}.")

        program = load_program(learn.export(out / "number.gatera", force=True))
        photo = dls.valid_ds.inputs[0]
        print(f"Prediction for {Path(photo).name}: {program.predict(photo).label:,.4g}")
    return float(ours.mean()), float(theirs.mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder like houses")
    parser.add_argument("--out", type=Path, default=Path("regression-output"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    main(options.data, options.out, options.quick)
