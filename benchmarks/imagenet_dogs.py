"""Are the pretrained weights loaded right? EfficientNet-Lite0 as published, on 120 photos of ImageNet's dogs.

    python benchmarks/imagenet_dogs.py --data DIR

DIR holds `labels.csv` (columns image, imagenet_index) and `images/`. Wrong padding or wrong normalisation costs several
photos; with everything right the published weights get 105 of 120.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import timm
import torch
from torch import nn

from gatera.models.backbones.architectures import get_architecture
from gatera.models.backbones.timm_backbone import backbone_facts, build_classifier
from gatera.models.layers import Normalization
from gatera.models.weights.find import find_weights
from gatera.models.weights.fit import fit_weights
from gatera.program.preprocess import Preprocessing
from gatera.program.raw.read_csv import csv_rows

#: Fewer correct predictions than this mean that the weights or the preprocessing are wrong.
MUST_REACH = 104
BATCH = 20


def published(arch: str) -> tuple[nn.Module, Preprocessing]:
    """Return an architecture with its own classifier and pretrained weights, and what it expects of a photo: a resize, then a crop."""
    architecture = get_architecture(arch)
    facts, network = backbone_facts(architecture), build_classifier(architecture)
    weights, source = find_weights(architecture, True)
    fit_weights(network, weights, architecture, facts, source)
    original = timm.models.get_pretrained_cfg(architecture.timm_name)
    prepare = [
        {"op": "read_photo", "mode": "RGB"},
        {
            "op": "resize_shorter",
            "size": int(min(facts.input_size) / original.crop_pct),
            "resample": original.interpolation,
        },
        {"op": "center_crop", "size": list(facts.input_size)},
    ]
    return nn.Sequential(Normalization(facts.mean, facts.std), network).eval(), Preprocessing(prepare)


def count_right(folder: Path, arch: str = "efficientnet_lite0") -> tuple[int, int]:
    """Classify every photo of the table; return how many are right at top-1, and how many there are."""
    model, prepare = published(arch)
    rows = list(csv_rows(folder / "labels.csv"))
    photos = torch.stack([torch.tensor(prepare(folder / "images" / row["image"])) for row in rows])
    wanted = torch.tensor([int(row["imagenet_index"]) for row in rows])
    with torch.inference_mode():
        # uint8 [n,H,W,C] -> float32 [n,C,H,W] in 0..1 -> logits [n,1000]
        logits = [model(batch.permute(0, 3, 1, 2).float() / 255) for batch in photos.split(BATCH)]
    return int((torch.cat(logits).argmax(dim=1) == wanted).sum()), len(rows)


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
