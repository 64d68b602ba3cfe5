"""Train without labels: rules vote, a model learns what each rule is worth, a learner trains on the probabilities.

python examples/weak_supervision.py                      on short synthetic reviews
python examples/weak_supervision.py --data aclImdb       on a folder with train/ and test/, in each pos/ and neg/
python examples/weak_supervision.py --photos             on the bundled photos of cats and dogs

The labels that the data have are used only to say, in the end, how good the result is.
"""

from __future__ import annotations

import argparse
import random
import re
from pathlib import Path

import numpy as np
import pandas as pd

from gatera.labeling import (
    ABSTAIN,
    LabelModel,
    MajorityLabeler,
    Votes,
    apply,
    errors_caused,
    labeling_function,
    labeling_report,
    next_to_label,
    soft_labels,
)
from gatera.samples import sample_path
from gatera.text.all import TextDataLoaders, text_classifier_learner
from gatera.vision.all import *

# -- rules about reviews


def mentions(text: str, pattern: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


@labeling_function
def praises(text):
    words = r"\b(excellent|superb|wonderful|amazing|perfect|brilliant|great|beautiful|joy|fresh)\b"
    return "pos" if mentions(text, words) else ABSTAIN


@labeling_function
def loves(text):
    return (
        "pos"
        if mentions(text, r"\b(loved?|enjoy(ed)?|favou?rite|moved me|laugh)\b|must[- ]see|recommend")
        else ABSTAIN
    )


@labeling_function
def scorns(text):
    words = r"\b(awful|terrible|horrible|worst|waste|boring|dull|stupid|poor|bad|lame|stale)\b"
    return "neg" if mentions(text, words) else ABSTAIN


@labeling_function
def regrets(text):
    return (
        "neg" if mentions(text, r"disappoint|supposed to be|at least|\bfails?\b|yawn|sleep|exit") else ABSTAIN
    )


@labeling_function
def compares(text):
    if mentions(text, r"hardly be better|\b([89]|10)/10\b"):
        return "pos"
    return "neg" if mentions(text, r"hardly be worse|\b[1-4]/10\b") else ABSTAIN


SAID = {
    "pos": ("is a joy from start to end", "moved me to tears", "could hardly be better", "stays with you for days",
            "made the whole row laugh", "is as fresh as on the first day"),
    "neg": ("sent me to sleep", "is a waste of everybody's time", "could hardly be worse", "made the whole row yawn",
            "is as stale as old bread", "made me look for the exit"),
}  # fmt: skip
THINGS = ["acting", "camera", "cast", "dialogue", "ending", "music", "plot", "script"]


def written_reviews(n: int) -> list[tuple[str, str]]:
    """Return n reviews as (text, class); one sentence in eight says the opposite."""
    draw = random.Random(0)
    reviews = []
    for number in range(n):
        label, other = ("pos", "neg") if number % 2 else ("neg", "pos")
        said = [draw.choice(SAID[other if draw.random() < 1 / 8 else label]) for _ in range(3)]
        reviews.append((" ".join(f"The {draw.choice(THINGS)} {words}." for words in said), label))
    return reviews


def read_reviews(folder: Path) -> list[tuple[str, str]]:
    """Return the reviews of a side as (text, class)."""
    return [
        (file.read_text(), name) for name in ("neg", "pos") for file in sorted((folder / name).glob("*.txt"))
    ]


# -- rules about photos


@labeling_function
def cat_by_name(path):
    return "cat" if path.name.startswith(("Abyssinian", "Siamese", "Persian")) else ABSTAIN


@labeling_function
def dog_by_name(path):
    return "dog" if mentions(path.name, "bulldog|terrier|spaniel|hound") else ABSTAIN


def nearest_to(shown: np.ndarray, labels: list[str]):
    """Return a rule: the class of the nearest of a few photos that were labelled by hand."""

    @labeling_function
    def looks_like(embedding):
        return labels[int(np.argmin(((shown - embedding) ** 2).sum(axis=1)))]

    @labeling_function
    def looks_like_most(embedding):
        means = {name: shown[[label == name for label in labels]].mean(axis=0) for name in set(labels)}
        return min(means, key=lambda name: float(((means[name] - embedding) ** 2).sum()))

    return [looks_like, looks_like_most]


def embeddings_of(files: list[Path]) -> np.ndarray:
    """Return what a pretrained network makes of photos, float32 [n,D] of length 1."""
    dls = ImageDataLoaders.from_lists(
        files[0].parent,
        files,
        ["a", "b"] * (len(files) // 2),
        item_tfms=Resize(128),
        valid_pct=0.5,
        seed=0,
        num_workers=0,
        bs=16,
    )
    body = vision_learner(dls, efficientnet_lite0).model[0].eval()
    with torch.no_grad():
        rows = [body(batch[0]).mean(dim=(2, 3)) for batch in dls.test_dl(files)]
    found = torch.cat(rows).numpy()
    return found / np.linalg.norm(found, axis=1, keepdims=True)


# -- the same steps for both


def report(votes: Votes, model: LabelModel, truth: list[str]) -> tuple[float, float]:
    """Print what the functions are worth; returns how often the majority and the label model are right where there is a vote."""
    known = [label if number % 10 == 0 else None for number, label in enumerate(truth)]
    print(labeling_report(votes, model, known, errors_caused(votes, model, gold=truth)))
    print("\nTo label by hand next:")
    for each in next_to_label(votes, model, 3, known):
        print(f"  {each.name}: {each.why}")
    places = votes.class_numbers(truth)
    covered = votes.covered
    majority = MajorityLabeler().fit(votes).predict(votes)
    rates = [float((said == places)[covered].mean()) for said in (majority, model.predict(votes))]
    print(f"\nlabels: majority vote {rates[0]:.3f} right, label model {rates[1]:.3f}\n")
    return rates[0], rates[1]


def reviews(data: Path | None = None, quick: bool = False) -> dict[str, float]:
    """Label reviews by rules and train on the probabilities; returns accuracies."""
    made = written_reviews(160 if quick else 400)
    train = read_reviews(data / "train") if data else made[: len(made) * 3 // 4]
    test = read_reviews(data / "test") if data else made[len(made) * 3 // 4 :]
    texts, truth = [text for text, _ in train], [label for _, label in train]
    votes = apply([praises, loves, scorns, regrets, compares], texts, classes=["neg", "pos"])
    model = LabelModel().fit(votes)
    majority, labels = report(votes, model, truth)

    soft = soft_labels(model.predict_proba(votes), votes)
    rows = [(texts[i], label, False) for i, label in zip(soft.positions, soft.labels)]
    table = pd.DataFrame(
        [*rows, *((text, label, True) for text, label in test)], columns=["text", "label", "held"]
    )
    dls = TextDataLoaders.from_df(
        table, valid_col="held", y_block=SoftCategoryBlock(["neg", "pos"]), seed=1, bs=32 if data else 8
    )
    learn = text_classifier_learner(dls, metrics=accuracy, max_len=256 if data else None)
    learn.fit_one_cycle(4 if data else 2, 1e-2)
    right = learn.validate()[1]
    print(f"trained without labels: {right:.3f} of {len(test):,} held-out reviews right")
    return {"majority": majority, "labels": labels, "trained": right}


def photos(quick: bool = False) -> dict[str, float]:
    """Label photos by names, and by likeness to eight that were labelled by hand; returns accuracies."""
    images = sample_path() / "images"
    files = {"cat": sorted((images / "cats").glob("*.jpg")), "dog": sorted((images / "dogs").glob("*.jpg"))}
    kept = [(file, name) for name, found in files.items() for file in (found[::2] if quick else found)]
    random.Random(1).shuffle(kept)
    kept = kept[: len(kept) // 2 * 2]
    paths, truth = [file for file, _ in kept], [name for _, name in kept]
    vectors = embeddings_of(paths)
    by_hand = [i for name in files for i in [j for j, label in enumerate(truth) if label == name][:4]]
    rules = [cat_by_name, dog_by_name, *nearest_to(vectors[by_hand], [truth[i] for i in by_hand])]
    votes = apply(rules, paths, classes=["cat", "dog"], embeddings=vectors)
    model = LabelModel().fit(votes)
    majority, labels = report(votes, model, truth)

    held = len(paths) * 3 // 4
    soft = soft_labels(model.predict_proba(votes), votes)
    table = [(paths[i], label) for i, label in zip(soft.positions, soft.labels) if i < held] + list(
        zip(paths, truth)
    )[held:]
    n_train = sum(i < held for i in soft.positions)
    block = DataBlock(
        (ImageBlock, SoftCategoryBlock(["cat", "dog"])), get_x=ItemGetter(0), get_y=ItemGetter(1), item_tfms=Resize(128),
        splitter=IndexSplitter(range(n_train, len(table))),
    )  # fmt: skip
    learn = vision_learner(
        block.dataloaders(table, bs=8, seed=1, num_workers=0), efficientnet_lite0, metrics=accuracy
    )
    learn.fit_one_cycle(1 if quick else 4, 1e-3)
    right = learn.validate()[1]
    print(
        f"trained on eight labels by hand and rules: {right:.3f} of {len(table) - n_train} held-out photos right"
    )
    return {"majority": majority, "labels": labels, "trained": right}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder like aclImdb")
    parser.add_argument("--photos", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if options.photos:
        photos(options.quick)
    else:
        reviews(options.data, options.quick)
