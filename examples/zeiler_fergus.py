"""What Zeiler and Fergus showed in 2013, on a folder of photos: what units answer to, what transfers, and why 11 x 11 is too coarse.

python examples/zeiler_fergus.py                       on the bundled sample: 150 cats and dogs
python examples/zeiler_fergus.py --data FOLDER         on a folder with a folder of photos for each class

Figures, written to --out:
    units-LAYER.png       early layers answer to edges and colours, later ones to parts and whole animals (figure 2)
    occlusion.png         the answer falls where the animal's head is hidden (figure 6)
    layers.png            a linear probe on each stage: accuracy grows with depth (table 7)
    without.png           accuracy without each stage, and with its weights shuffled (table 3)
    parts.png             heads of cats change a layer in the same way wherever they are hidden (table 1); always of the sample
    transfer.png          pretrained against from-scratch at 5, 15 and 30 photos per class (tables 4 to 6)
    filters.png           first layers of 11 x 11 every 4 pixels and 7 x 7 every 2, with what they alias (figure 5)
    evolution.png         units of a network trained from scratch, epoch by epoch (figure 4)

Source: Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks" (arXiv 1311.2901).
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

from matplotlib.figure import Figure

from gatera.samples import sample_path
from gatera.vision.all import *

#: An early, a middle and a late layer of EfficientNet-Lite0.
LAYERS = ("conv_stem", "blocks.2", "blocks.5")
FEW = (5, 15, 30)


def label_of(file: Path) -> str:
    return file.parent.name


def loaders(files: list[Path], train: list[int], valid: list[int], size: int) -> DataLoaders:
    """Return loaders of some files for training and others for validation."""
    chosen = [files[i] for i in (*train, *valid)]
    block = DataBlock(
        (ImageBlock, CategoryBlock), get_y=label_of, splitter=IndexSplitter(range(len(train), len(chosen))),
        item_tfms=Resize(size),
    )  # fmt: skip
    return block.dataloaders(chosen, bs=min(16, len(train)), seed=0)


def split(files: list[Path], per_class: int, held_out: int, seed: int = 0) -> tuple[list[int], list[int]]:
    """Return the numbers of `per_class` files of each class, and of `held_out` others altogether."""
    by_class: dict[str, list[int]] = defaultdict(list)
    for number in np.random.default_rng(seed).permutation(len(files)).tolist():
        by_class[label_of(files[number])].append(number)
    train = [number for numbers in by_class.values() for number in numbers[:per_class]]
    rest = [number for numbers in by_class.values() for number in numbers[per_class:]]
    return train, sorted(rest)[:: max(1, len(rest) // held_out)]


def quietly(learn: Learner, epochs: int, rate: float | None = None) -> None:
    with learn.no_bar(), learn.no_logging():
        learn.fit_one_cycle(epochs, rate)


def inside(files: list[Path], out: Path, size: int, held_out: int) -> dict[str, float]:
    """Train a head on the pretrained network, and draw what is inside."""
    train, valid = split(files, per_class=max(FEW), held_out=held_out)
    learn = vision_learner(loaders(files, train, valid, size), efficientnet_lite0, metrics=accuracy)
    quietly(learn, 1)
    for layer in LAYERS:
        learn.units(layer).save(out / f"units-{layer}.png")
    learn.occlusion(0, patch=size // 7, stride=size // 14).save(out / "occlusion.png")
    probes = learn.which_layer_knows()
    print(probes)
    probes.save(out / "layers.png")
    without = learn.ablate()
    print(without)
    without.save(out / "without.png")
    parts(learn, out)
    return {probe.stage: probe.accuracy for probe in probes.probes}


def parts(learn: Learner, out: Path) -> dict[str, list[float]]:
    """Hide the heads of the sample's cats, places where another cat has its head, and random places, and compare what layers make of it."""
    folder = sample_path("pets_sample")
    with (folder / "heads.csv").open(newline="") as table:
        heads = {row.pop("file"): [float(side) for side in row.values()] for row in csv.DictReader(table)}
    cats = [file for file in sorted((folder / "images" / "cats").iterdir()) if file.name in heads]
    boxes = [heads[file.name] for file in cats]
    sizes = [PILImage.create(file).size for file in cats]
    elsewhere = [
        moved(box, was, now)
        for box, was, now in zip(boxes[1:] + boxes[:1], sizes[1:] + sizes[:1], sizes, strict=True)
    ]
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes, distances = figure.subplots(), {}
    for row, layer in enumerate(LAYERS):
        with learn.no_bar():
            found, other = (learn.correspondence(cats, some, layer) for some in (boxes, elsewhere))
        distances[layer] = [float(each.mean()) for each in (found.part, other.part, found.random)]
        print(
            f"{layer}: signs differ by {distances[layer][0]:.3f} for heads, {distances[layer][1]:.3f} where others have theirs, {distances[layer][2]:.3f} elsewhere"
        )
        named = row == 0
        axes.plot(
            found.random,
            [row] * len(found.random),
            "o",
            color="#999999",
            label="random places of the same size" if named else None,
        )
        axes.plot(
            distances[layer][1],
            row,
            "s",
            color="#0072b2",
            markersize=8,
            label="where another cat has its head" if named else None,
        )
        axes.plot(
            distances[layer][0], row, "D", color="#d55e00", markersize=9, label="its head" if named else None
        )
    axes.set_yticks(range(len(LAYERS)), LAYERS)
    axes.set_ylim(len(LAYERS) - 0.5, -0.5)
    axes.set_xlabel("share of signs that differ between two photos (lower: more alike)")
    axes.set_title(f"What {len(cats)} photos of cats lose in a layer when a place is hidden", fontsize=10)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    figure.savefig(out / "parts.png", dpi=110)
    return distances


def moved(box: list[float], was: tuple[int, int], now: tuple[int, int]) -> list[float]:
    """Return a box at the same place in a photo of another size."""
    return [side * now[axis % 2] / was[axis % 2] for axis, side in enumerate(box)]


def transfer(files: list[Path], out: Path, size: int, held_out: int, epochs: int) -> dict[str, list[float]]:
    """Compare the error of a pretrained network and one from scratch, for a few photos per class."""
    errors: dict[str, list[float]] = {"pretrained": [], "from scratch": []}
    valid = split(files, max(FEW), held_out)[
        1
    ]  # the same photos for all: none of them is in a smaller training set
    for n in FEW:
        dls = loaders(files, split(files, n, held_out)[0], valid, size)
        for name, found in errors.items():
            learn = vision_learner(
                dls, efficientnet_lite0, pretrained=name == "pretrained", metrics=error_rate
            )
            quietly(learn, 1 if name == "pretrained" else epochs, None if name == "pretrained" else 3e-3)
            found.append(learn.validate()[1])
        print(
            f"{n:>3} photos per class: "
            + ", ".join(f"{name} {found[-1]:.1%} wrong" for name, found in errors.items())
        )
    figure = Figure(figsize=(5.4, 3.8), layout="constrained")
    axes = figure.subplots()
    for (name, found), colour in zip(errors.items(), ("#0072b2", "#d55e00"), strict=True):
        axes.plot(FEW, np.array(found) * 100, "o-", color=colour, label=name)
    axes.set_xticks(FEW)
    axes.set_ylim(0)
    axes.set_xlabel("photos per class")
    axes.set_ylabel(f"% wrong of {dls.valid.n} others")
    axes.set_title("What the pretrained layers bring", fontsize=10)
    axes.legend()
    figure.savefig(out / "transfer.png", dpi=110)
    return errors


def aliased(filters: torch.Tensor, stride: int) -> float:
    """Return the share of filters' power at frequencies that are too high for their stride, 0..1.

    A map that is computed every `stride` pixels can tell frequencies up to 1 / (2 stride) per pixel apart. A filter that answers to
    higher ones answers to something that looks like a low frequency in its map: aliasing. Filters without any order, as random ones
    are, have 1 - 1 / stride^2 of their power there: with stride 4 a filter must be very smooth not to alias, with stride 2 less so.
    A dozen epochs on a few hundred photos leave filters near their random start, so the figures here are close to that.
    """
    power = (
        torch.fft.fft2(filters - filters.mean((2, 3), keepdim=True), s=(64, 64)).abs().square().sum((0, 1))
    )
    frequency = torch.fft.fftfreq(64).abs()
    too_high = (frequency[:, None] > 1 / (2 * stride)) | (frequency[None] > 1 / (2 * stride))
    return float(power[too_high].sum() / power.sum())


def first_layers(files: list[Path], out: Path, size: int, held_out: int, epochs: int) -> dict[str, float]:
    """Train AlexNet and ZFNet from scratch, a quarter as wide, and compare their first layers."""
    order, found = np.random.default_rng(0).permutation(len(files)).tolist(), {}
    dls = loaders(files, order[held_out:], order[:held_out], size)
    figure = Figure(figsize=(9, 4.9), layout="constrained")
    for place, (name, make) in enumerate({"alexnet": alexnet, "zfnet": zfnet}.items()):
        set_seed(0)
        follow = FeatureEvolution(dls, "conv2", channels=6, epochs=[1, max(2, epochs // 2), epochs])
        learn = Learner(dls, make(dls.c, width=0.25, dropout=0), metrics=accuracy, cbs=follow)
        quietly(learn, epochs, 1e-3)
        filters, stride = learn.model.conv1.weight.detach(), learn.model.conv1.stride[0]
        found[name] = aliased(filters, stride)
        if name == "zfnet":
            follow.save(out / "evolution.png")
            learn.units("pool2").save(
                out / "units-zfnet-pool2.png"
            )  # by the deconvnet: it gets smaller by max pooling
        _draw_filters(figure, place, filters, f"{name}: {filters.shape[2]} x {filters.shape[2]} every {stride} pixels\n"
                      f"{found[name]:.0%} of the filters' power is aliased")  # fmt: skip
    figure.savefig(out / "filters.png", dpi=110)
    print(
        "Power of the first layer's filters that is aliased: "
        + ", ".join(f"{k} {v:.0%}" for k, v in found.items())
    )
    return found


def _draw_filters(figure: Figure, place: int, filters: torch.Tensor, title: str) -> None:
    axes = figure.add_subplot(1, 2, place + 1)
    side = filters.shape[2] + 1
    whole = np.ones((4 * side - 1, 6 * side - 1, 3))
    for number, one in enumerate(filters[:24]):
        top, left = number // 6 * side, number % 6 * side
        shown = 0.5 + one / (2 * one.abs().max())
        whole[top : top + side - 1, left : left + side - 1] = shown.permute(1, 2, 0)
    axes.imshow(whole)
    axes.set_title(title, fontsize=10)
    axes.set_axis_off()


def main(data: Path | None = None, out: Path = Path("zeiler-fergus"), quick: bool = False) -> dict[str, dict]:
    """Draw everything; returns accuracies by stage, errors by photos, and what first layers alias."""
    files = sorted(get_image_files(data or sample_path("pets_sample") / "images"))
    out.mkdir(parents=True, exist_ok=True)
    size, held_out, epochs = (64, 24, 2) if quick else (224, min(400, len(files) // 3), 12)
    return {
        "probes": inside(files, out, size, held_out),
        "transfer": transfer(files, out, size if quick else 160, held_out, epochs),
        "aliased": first_layers(files, out, 96 if quick else 128, held_out, epochs),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder with a folder of photos for each class")
    parser.add_argument("--out", type=Path, default=Path("zeiler-fergus"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    main(options.data, options.out, options.quick)
