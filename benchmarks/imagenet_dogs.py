"""Are the pretrained weights loaded right? EfficientNet-Lite0 as published, on 120 photos of ImageNet's dogs.

    python benchmarks/imagenet_dogs.py --data DIR

DIR holds `labels.csv` (columns image, imagenet_index) and `images/`. Wrong padding or wrong normalisation costs several
photos; with everything right the published weights get 105 of 120.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import torch

from gatera.models.classifier import create_classifier
from gatera.program.preprocess import Preprocessing

#: Fewer right answers than this mean that something is wrong with the weights or with what is done to the photos.
MUST_REACH = 104


def count_right(folder: Path, arch: str = "efficientnet_lite0") -> tuple[int, int]:
    """Classify every photo of the table; return how many are right at top-1, and how many there are."""
    classifier = create_classifier(arch)
    prepare = Preprocessing(classifier.preprocessing)
    with (folder / "labels.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    right = 0
    for row in rows:
        photo = torch.tensor(prepare(folder / "images" / row["image"]))
        batch = photo.permute(2, 0, 1)[None].float() / 255  # [H,W,C] uint8 -> [1,C,H,W] 0..1
        with torch.inference_mode():
            right += classifier.model(batch).argmax().item() == int(row["imagenet_index"])
    return right, len(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Classify ImageNet dogs with a pretrained classifier as published."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with labels.csv and images/")
    parser.add_argument("--arch", default="efficientnet_lite0")
    arguments = parser.parse_args()
    right, total = count_right(arguments.data, arguments.arch)
    print(f"{right}/{total}")
    if arguments.arch == "efficientnet_lite0" and right < MUST_REACH:
        sys.exit(f"at least {MUST_REACH} of 120 were expected")


if __name__ == "__main__":
    main()
