"""Build a small data home in the layout of the book's data sets, from the bundled samples and synthetic data."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
from many_labels import drawn_shapes
from PIL import Image, ImageDraw

from gatera.samples import sample_path

#: Words of the reviews; two of three words in a review match its sentiment.
KIND_WORDS = {
    "pos": ["wonderful", "moving", "clever", "superb", "charming", "brilliant", "gripping", "delightful"],
    "neg": ["dull", "tedious", "awful", "clumsy", "boring", "dreadful", "pointless", "lifeless"],
}
OTHER_WORDS = [
    "the",
    "film",
    "story",
    "cast",
    "plot",
    "ending",
    "camera",
    "music",
    "scene",
    "was",
    "is",
    "with",
    "and",
]

#: Colour of each class of the synthetic streets, in the order of their codes.
STREET = {"sky": (120, 170, 230), "road": (90, 90, 95), "car": (200, 40, 40), "tree": (30, 120, 40)}


def small_home(folder: Path, quick: bool) -> Path:
    """Create `folder/data` and return `folder`; `quick` makes less of everything."""
    data = folder / "data"
    _pets(data / "oxford-iiit-pet", 84 if quick else None)
    _streets(data / "camvid_tiny", 16 if quick else 60)
    _reviews(data / "imdb", 80 if quick else 200)
    shutil.copytree(sample_path("adult_tiny"), data / "adult_sample")
    _ratings(data / "movie_lens_sample", 40 if quick else 100)
    _things(data / "coco_tiny", 60 if quick else 200)
    sounds = sample_path("spoken_digits_tiny") / "recordings"
    shutil.copytree(sounds, data / "fsdd" / "recordings")
    return folder


def _pets(folder: Path, n: int | None) -> None:
    photos = sorted((sample_path("pets_sample") / "images").rglob("*.jpg"))
    (folder / "images").mkdir(parents=True)
    chosen = photos if n is None else np.random.default_rng(0).choice(photos, n, replace=False)
    for photo in chosen:
        shutil.copy(photo, folder / "images" / photo.name)
    (folder / "annotations" / "xmls").mkdir(parents=True)
    with (sample_path("pets_sample") / "heads.csv").open() as file:
        for row in csv.DictReader(file):
            photo = folder / "images" / row["file"]
            if photo.exists():
                names = {"xmin": "left", "ymin": "top", "xmax": "right", "ymax": "bottom"}
                sides = "".join(f"<{name}>{row[column]}</{name}>" for name, column in names.items())
                text = f"<annotation><object><bndbox>{sides}</bndbox></object></annotation>"
                (folder / "annotations" / "xmls" / f"{photo.stem}.xml").write_text(text)


def _streets(folder: Path, n: int) -> None:
    """Draw streets with a car and a tree, and their masks, in CamVid's layout."""
    draw, colours = np.random.default_rng(0), list(STREET.values())
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    for number in range(n):
        horizon, x, left = draw.integers(30, 60), draw.integers(5, 90), draw.integers(10, 100)
        mask = Image.new("L", (128, 96), 0)
        pen = ImageDraw.Draw(mask)
        pen.rectangle((0, int(horizon), 128, 96), 1)
        pen.ellipse((int(left), int(horizon) - 25, int(left) + 24, int(horizon) + 4), 3)
        pen.rectangle((int(x), int(horizon) + 8, int(x) + 30, int(horizon) + 24), 2)
        codes = np.asarray(mask)
        photo = np.array(colours)[codes] + draw.normal(0, 12, (96, 128, 3))
        Image.fromarray(photo.clip(0, 255).astype(np.uint8)).save(folder / "images" / f"street_{number}.png")
        mask.save(folder / "labels" / f"street_{number}_P.png")
    (folder / "codes.txt").write_text("\n".join(STREET) + "\n")


def _reviews(folder: Path, n: int) -> None:
    draw = np.random.default_rng(0)
    for side, count in (("train", n), ("test", n // 3)):
        for kind, own in KIND_WORDS.items():
            (folder / side / kind).mkdir(parents=True)
            strange = next(words for other, words in KIND_WORDS.items() if other != kind)
            for number in range(count // 2):
                words = [
                    draw.choice(
                        OTHER_WORDS if draw.random() < 0.6 else own if draw.random() < 0.7 else strange
                    )
                    for _ in range(30)
                ]
                (folder / side / kind / f"{number}.txt").write_text(" ".join(words) + ".")


def _things(folder: Path, n: int) -> None:
    """Draw shapes, and list the shapes in each picture in COCO's format."""
    (folder / "train").mkdir(parents=True)
    labels = drawn_shapes(folder / "train", n)
    names = sorted({name for present in labels.values() for name in present})
    listed = {
        "categories": [{"id": number, "name": name} for number, name in enumerate(names)],
        "images": [{"id": number, "file_name": file.name} for number, file in enumerate(labels)],
        "annotations": [
            {"image_id": number, "category_id": names.index(name)}
            for number, present in enumerate(labels.values())
            for name in present
        ],
    }
    (folder / "train.json").write_text(json.dumps(listed))


def _ratings(folder: Path, n: int) -> None:
    draw = np.random.default_rng(0)
    tastes, films = draw.normal(0, 1, (n, 2)), draw.normal(0, 1, (n, 2))
    folder.mkdir(parents=True)
    with (folder / "ratings.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["userId", "movieId", "rating", "timestamp"])
        for user, film in np.argwhere(draw.random((n, n)) < 0.6).tolist():
            score = 3.2 + 0.6 * float(tastes[user] @ films[film]) + draw.normal(0, 0.4)
            table.writerow([user + 1, film + 1, float(np.clip(np.round(2 * score) / 2, 0.5, 5)), 0])
