"""Measure what tells honest figures from flattering ones: copies, label errors, slices.

    python benchmarks/honest.py --data FOLDER [--only copies|crops|labels|slices] [--cleanlab PYTHON]

FOLDER has pets/cats_dogs. Every question prints one line with the figure and what it must be. `--cleanlab` names a Python that has
cleanlab installed; it then ranks the same predictions.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from gatera.data.loading.loaders import DataLoaders
from gatera.data.sources.items import get_image_files
from gatera.data.sources.looks import look_at_photo
from gatera.evaluate.leaking.contents import copies_among_photos, thumbnails
from gatera.evaluate.questions.errors_by_slice import attributes_of
from gatera.evaluate.questions.features import frozen_features, out_of_fold
from gatera.measure.duplicates.aligned import align
from gatera.measure.duplicates.pictures import Thumbnails, near_pictures
from gatera.measure.duplicates.proposed import LEAST_PARTS, LEAST_WHOLE, proposed_pictures
from gatera.measure.questions.label_errors import suspects
from gatera.measure.questions.slices import worst_slices
from gatera.vision.all import ImageDataLoaders, Resize, error_rate, vision_learner

#: Photos that copies are made of, and the share of labels that is flipped.
COPIED, FLIPPED = 300, 0.05

CLEANLAB = """
import json, sys, numpy as np
from cleanlab.rank import get_label_quality_scores
from cleanlab.filter import find_label_issues
given = json.load(open(sys.argv[1]))
p, y = np.array(given["p"]), np.array(given["y"])
print(json.dumps(np.argsort(get_label_quality_scores(y, p, method="normalized_margin")).tolist()))
"""


def changed(photo: Image.Image, draw: np.random.Generator) -> dict[str, Image.Image]:
    """Return copies of a photo, by what was done."""
    wide, high = photo.size
    left, upper = (draw.random(2) * 0.1 * (wide, high)).astype(int).tolist()
    light = ImageEnhance.Brightness(photo).enhance(float(draw.choice([0.7, 1.35])))
    return {
        "re-encoded": encoded(photo, 30),
        "resized": encoded(photo.resize((max(8, wide // 2), max(8, high // 2))), 80),
        "mirrored": encoded(ImageOps.mirror(photo), 85),
        "cropped": encoded(photo.crop((left, upper, left + int(0.9 * wide), upper + int(0.9 * high))), 85),
        "recoloured": encoded(ImageEnhance.Color(light).enhance(float(draw.choice([0.3, 1.7]))), 85),
    }


def encoded(photo: Image.Image, quality: int) -> Image.Image:
    """Return a photo as a JPEG keeps it."""
    buffer = io.BytesIO()
    photo.convert("RGB").save(buffer, "JPEG", quality=quality)
    return Image.open(buffer)


def copies(folder: Path) -> None:
    """Print how many copies are found, how many others are taken for copies, and how long 10,000 photos take."""
    files = get_image_files(folder)
    looks = [look_at_photo(file) for file in files]
    draw, found, n = np.random.default_rng(0), {}, 0
    for place in draw.permutation(len(files))[:COPIED].tolist():
        for name, copy in changed(Image.open(files[place]).convert("RGB"), draw).items():
            pairs = near_pictures(thumbnails([look_at_photo(copy)]), thumbnails(looks))
            found.setdefault(name, []).append(any(pair.second == place for pair in pairs))
        n += 1
    for name, hits in found.items():
        print(f"copies {name}: {100 * np.mean(hits):.1f} % of {n} found (must 95 %, aim 99 %)")
    all_hits = np.concatenate(list(found.values()))
    print(f"copies of all kinds: {100 * all_hits.mean():.1f} % found")
    false = copies_among_photos(looks)
    total = len(files) * (len(files) - 1) / 2
    print(
        f"pairs of other photos taken for copies: {len(false)} of {total:,.0f}, {1e4 * len(false) / total:.4f} per 10,000 (must < 1, aim 0)"
    )
    for pair in false[:5]:
        print(f"   {files[pair.first]} {files[pair.second]} {pair.likeness:.3f}")
    print(
        f"10,000 photos compared among each other: {seconds_for_many(thumbnails(looks)):.1f} s (must 60 s, aim 20 s, beyond reading them)"
    )


def turned(photo: Image.Image, degrees: float) -> Image.Image:
    """Return a photo turned, without the corners that come from nowhere."""
    wide, high = photo.size
    angle = math.radians(abs(degrees))
    across, along = math.cos(angle), math.sin(angle)
    share = min(wide / (wide * across + high * along), high / (wide * along + high * across))
    left, upper = (1 - share) * wide / 2, (1 - share) * high / 2
    return photo.rotate(degrees, Image.Resampling.BICUBIC).crop((left, upper, wide - left, high - upper))


def cut(photo: Image.Image, share: float, draw: np.random.Generator) -> Image.Image:
    """Return a part of a photo, a share of both sides cut off somewhere."""
    wide, high = photo.size
    left, upper = (draw.random(2) * share * (wide, high)).astype(int).tolist()
    return photo.crop((left, upper, left + int((1 - share) * wide), upper + int((1 - share) * high)))


#: Copies that only a network's features propose.
CROPS: dict[str, Callable[[Image.Image, np.random.Generator], Image.Image]] = {
    "cropped by 25 %": lambda photo, draw: cut(photo, 0.25, draw),
    "cropped by 40 %": lambda photo, draw: cut(photo, 0.4, draw),
    "mirrored and cropped by 15 %": lambda photo, draw: ImageOps.mirror(cut(photo, 0.15, draw)),
    "turned by 10 degrees": lambda photo, draw: turned(photo, float(draw.choice([-10, 10]))),
    "turned by 10 degrees, black corners": lambda photo, draw: photo.rotate(10, Image.Resampling.BICUBIC),
    "cropped and stretched": lambda photo, draw: cut(photo, 0.2, draw).resize((240, 300)),
}


def crops(folder: Path) -> None:
    """Print how many larger crops and turned photos are found by features, how many others, and what that costs."""
    files = [file for file in get_image_files(folder) if file.suffix == ".jpg"]  # not the masks beside them
    draw, found = np.random.default_rng(0), {name: [] for name in CROPS}
    with tempfile.TemporaryDirectory() as made:
        copies_of, kinds = [], []
        for place in draw.permutation(len(files))[:COPIED].tolist():
            photo = Image.open(files[place]).convert("RGB")
            for name, change in CROPS.items():
                to = Path(made) / f"{len(kinds)}.jpg"
                encoded(change(photo, draw), 85).save(to)
                copies_of.append(place)
                kinds.append(name)
        every = [*files, *(Path(made) / f"{i}.jpg" for i in range(len(kinds)))]
        learn, dls = learner(every, ["a", "b"] * (len(every) // 2) + ["a"] * (len(every) % 2))
        rows = {}
        for loader in (dls.train, dls.valid):
            rows |= zip(map(str, loader.dataset.inputs), frozen_features(learn, loader).numpy(), strict=True)
        features = np.stack([rows[str(file)] for file in every])
        looks = [look_at_photo(file) for file in every]
    photos, copied = thumbnails(looks[: len(files)]), thumbnails(looks[len(files) :])
    ours, theirs = features[len(files) :], features[: len(files)]
    pairs = {pair.first: pair.second for pair in proposed_pictures(copied, photos, ours, theirs)}
    for place, (origin, name) in enumerate(zip(copies_of, kinds, strict=True)):
        found[name].append(pairs.get(place) == origin)
    for name, hits in found.items():
        print(f"copies {name}: {100 * np.mean(hits):.1f} % of {len(hits)} found by features and pixels")
    others = sum(copies_of[place] != second for place, second in pairs.items())
    print(f"copies taken for those of others: {others} of {len(pairs)}")
    started = time.process_time()
    alone = near_photos(theirs)
    whole, parts = align(photos.grey[alone[:, 0]], photos.grey[alone[:, 1]])
    seconds = time.process_time() - started
    kept = alone[(whole >= LEAST_WHOLE) & (parts >= LEAST_PARTS)]
    print(
        f"pairs of nearest photos taken for copies: {len(kept)} of {len(alone):,} (aim 0); {1000 * seconds / len(alone):.1f} ms each"
    )
    for one, other in kept[:10].tolist():
        print(f"   {files[one]} {files[other]}")


def near_photos(features: np.ndarray, most: int = 10) -> np.ndarray:
    """Return the pairs of each photo and those that its features are most like, int64 [P,2], each once."""
    unit = features - features.mean(0)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    alike = unit @ unit.T
    np.fill_diagonal(alike, -1)
    near = np.argpartition(-alike, most, axis=1)[:, :most]
    pairs = np.stack([np.repeat(np.arange(len(near)), most), near.ravel()], 1)
    return np.unique(np.sort(pairs, axis=1), axis=0)


def seconds_for_many(some: Thumbnails, n: int = 10_000) -> float:
    """Return how long n photos take: crops of real ones, of different places and sizes, so that few are copies."""
    draw = np.random.default_rng(1)
    grey = np.empty((n, *some.grey.shape[1:]), np.uint8)
    for place in range(n):
        left, upper = draw.integers(0, 24, 2)
        wide, high = draw.integers(16, 25, 2)
        part = some.grey[draw.integers(len(some)), upper : upper + high, left : left + wide]
        grey[place] = np.asarray(Image.fromarray(part).resize(grey.shape[2:0:-1], Image.Resampling.BICUBIC))
    started = time.perf_counter()
    near_pictures(Thumbnails(grey, np.zeros((n, 3), np.float32)))
    return time.perf_counter() - started


def learner(files: list[Path], labels: list[str]) -> tuple[object, DataLoaders]:
    """Return a learner of pretrained features, and its loaders."""
    dls = ImageDataLoaders.from_lists(
        ".", files, labels, valid_pct=0.5, seed=42, item_tfms=Resize(224, "squish"), bs=32
    )
    return vision_learner(dls, "efficientnet_lite0", metrics=error_rate), dls


def label_errors(folder: Path, cleanlab: str | None) -> None:
    """Flip labels, and print which share of the first suspects was flipped."""
    files = sorted(get_image_files(folder))
    truth = np.array([file.parent.name for file in files])
    names = sorted(set(truth))
    draw = np.random.default_rng(0)
    flipped = draw.choice(len(files), round(FLIPPED * len(files)), replace=False)
    labels = truth.copy()
    labels[flipped] = [names[1 - names.index(label)] for label in truth[flipped]]
    learn, dls = learner(files, labels.tolist())
    started = time.perf_counter()
    p, y = out_of_fold(learn, [dls.train, dls.valid])
    inputs = [*dls.train_ds.inputs, *dls.valid_ds.inputs]
    planted = {str(files[i]) for i in flipped}
    k = len(planted)
    rank = [suspect.place for suspect in suspects(p, y)][:k]
    ours = sum(str(inputs[i]) in planted for i in rank) / k
    print(
        f"planted label errors ({k} of {len(files)}): precision at {k} {ours:.3f} (must 0.9), {time.perf_counter() - started:.1f} s"
    )
    if cleanlab:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as given:
            json.dump({"p": p.astype(float).tolist(), "y": y.tolist()}, given)
            given.flush()
            out = subprocess.run(
                [cleanlab, "-c", CLEANLAB, given.name], capture_output=True, text=True, check=True
            )
        theirs = sum(str(inputs[i]) in planted for i in json.loads(out.stdout)[:k]) / k
        print(f"cleanlab on the same predictions: {theirs:.3f} (ours must be within 0.02)")


def slices(folder: Path) -> None:
    """Darken photos, mislabel a breed, and print at which rank the slices are found."""
    files = sorted(get_image_files(folder))
    labels = [file.parent.name for file in files]
    learn, dls = learner(files, labels)
    p, y = out_of_fold(learn, [dls.valid])
    misses = (p.argmax(1) != y).astype(float)
    about = attributes_of(dls.valid_ds)
    draw = np.random.default_rng(0)
    breed = [f"breed {number}" for number in draw.integers(0, 12, len(y))]  # the data do not name them
    dark = np.array(about["brightness"]) < np.quantile(about["brightness"], 0.15)
    for name, planted, wanted in (
        ("dark photos", dark & (draw.random(len(y)) < 0.5), "brightness below"),
        ("one breed mislabelled", np.array(breed) == max(set(breed), key=breed.count), "breed: "),
    ):
        found = worst_slices(
            np.maximum(misses, planted), {**about, "breed": breed, "noise": draw.normal(size=len(y)).tolist()}
        )
        rank = next((i + 1 for i, part in enumerate(found) if part.name.startswith(wanted)), None)
        print(
            f"planted slice, {name}: rank {rank} (must 1 to 3, aim 1): {found[0].name}, {found[0].error:.2f} of {found[0].n}"
        )


def main() -> None:
    """Run the questions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", choices=("copies", "crops", "labels", "slices"))
    parser.add_argument("--cleanlab")
    options = parser.parse_args()
    folder = options.data / "pets" / "cats_dogs"
    questions: dict[str, Callable[[], None]] = {
        "copies": lambda: copies(folder),
        "crops": lambda: crops(options.data / "pets"),
        "labels": lambda: label_errors(folder, options.cleanlab),
        "slices": lambda: slices(folder),
    }
    for name, ask in questions.items():
        if options.only in (None, name):
            ask()


if __name__ == "__main__":
    main()
