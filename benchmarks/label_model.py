"""The label model on synthetic votes of known truth, beside Snorkel's and crowd-kit's, and its time for a million items.

    python benchmarks/label_model.py [--peers PYTHON] [--seeds 5] [--only NAME ...] [--kept FOLDER] [--million]

PYTHON has snorkel and crowd-kit installed; it runs this same file on the same votes. Accuracy counts the items that have a vote.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

Made = tuple[np.ndarray, np.ndarray, int]
Draw = np.random.Generator

#: More votes than this take crowd-kit's GLAD minutes.
LARGE = 20_000

#: A difference in the mean over the seeds that does not count: two items in a thousand.
TIE = 0.002


def coins(rng: Draw, y: np.ndarray, k: int, accuracies: np.ndarray, coverage: float) -> np.ndarray:
    """Votes of functions that are right with one probability, int64 [n,m]; errors are spread evenly."""
    right = rng.random((len(y), len(accuracies))) < accuracies
    other = (y[:, None] + rng.integers(1, k, right.shape)) % k
    return np.where(rng.random(right.shape) < coverage, np.where(right, y[:, None], other), -1)


def confused(rng: Draw, y: np.ndarray, k: int, m: int, coverage: float, sharpness: float) -> np.ndarray:
    """Votes of functions each with a confusion matrix of its own."""
    votes = np.full((len(y), m), -1)
    for j in range(m):
        table = rng.dirichlet(np.full(k, 0.5), k) * (1 - sharpness) + np.eye(k) * sharpness
        cumulative = table.cumsum(axis=1)[y]
        votes[:, j] = np.minimum((rng.random((len(y), 1)) > cumulative).sum(axis=1), k - 1)
    return np.where(rng.random(votes.shape) < coverage, votes, -1)


def two_classes(rng: Draw) -> Made:
    y = rng.integers(0, 2, 2000)
    return coins(rng, y, 2, rng.uniform(0.55, 0.9, 10), 0.5), y, 2


def unbalanced(rng: Draw) -> Made:
    y = (rng.random(3000) < 0.2).astype(int)
    votes = np.full((len(y), 10), -1)
    for j in range(10):
        sensitivity, specificity = rng.uniform(0.5, 0.9), rng.uniform(0.7, 0.95)
        said = np.where(y == 1, rng.random(len(y)) < sensitivity, rng.random(len(y)) > specificity)
        votes[:, j] = np.where(rng.random(len(y)) < 0.6, said, -1)
    return votes, y, 2


def correlated(rng: Draw) -> Made:
    y = rng.integers(0, 2, 3000)
    votes = coins(rng, y, 2, np.concatenate([[0.6], rng.uniform(0.65, 0.85, 7)]), 0.7)
    copies = np.repeat(votes[:, :1], 4, axis=1)
    slips = rng.random(copies.shape) < 0.1
    return np.hstack([votes, np.where(slips & (copies >= 0), 1 - copies, copies)]), y, 2


def adversarial(rng: Draw) -> Made:
    y = rng.integers(0, 2, 2000)
    return coins(rng, y, 2, np.concatenate([rng.uniform(0.6, 0.85, 8), rng.uniform(0.15, 0.4, 4)]), 0.5), y, 2


def sparse(rng: Draw) -> Made:
    y = (rng.random(5000) < 0.4).astype(int)
    return coins(rng, y, 2, rng.uniform(0.55, 0.95, 30), 0.07), y, 2


def five_confused(rng: Draw) -> Made:
    y = rng.choice(5, 3000, p=[0.35, 0.25, 0.2, 0.12, 0.08])
    return confused(rng, y, 5, 10, 0.6, 0.45), y, 5


def ten_keywords(rng: Draw) -> Made:
    """Functions that know one class only: they vote for it, more often where it is true, or abstain."""
    y = rng.integers(0, 10, 4000)
    votes = np.full((len(y), 30), -1)
    for j in range(30):
        hit, false = rng.uniform(0.2, 0.6), rng.uniform(0.005, 0.05)
        votes[:, j] = np.where(rng.random(len(y)) < np.where(y == j % 10, hit, false), j % 10, -1)
    return votes, y, 10


def seldom(rng: Draw) -> Made:
    """Functions that know one class only and speak so seldom that few items have two votes, as keywords in short texts do."""
    y = rng.integers(0, 2, 10_000)
    votes = np.full((len(y), 16), -1)
    for j in range(16):
        right = rng.uniform(0.6, 0.95)
        speaks = rng.random(len(y)) < 0.04 * np.where(y == j % 2, right, 1 - right)
        votes[speaks, j] = j % 2
    return votes, y, 2


def seldom_both(rng: Draw) -> Made:
    """Functions that know both classes, one of them rare, and seldom speak."""
    y = (rng.random(10_000) < 0.2).astype(int)
    return coins(rng, y, 2, rng.uniform(0.6, 0.95, 10), 0.03), y, 2


def twenty_classes(rng: Draw) -> Made:
    """Twenty classes, some functions copied and some worse than chance."""
    y = rng.choice(20, 4000, p=rng.dirichlet(np.full(20, 5.0)))
    accuracies = np.concatenate([rng.uniform(0.3, 0.8, 12), [0.02, 0.02]])
    votes = coins(rng, y, 20, accuracies, 0.3)
    copies = np.repeat(coins(rng, y, 20, np.array([0.35]), 0.3), 3, axis=1)
    slips = (rng.random(copies.shape) < 0.1) & (copies >= 0)
    return np.hstack([votes, np.where(slips, rng.integers(0, 20, copies.shape), copies)]), y, 20


SETTINGS: dict[str, Callable[[Draw], Made]] = {
    "2 classes, independent": two_classes,
    "2 classes, unbalanced, errors by class": unbalanced,
    "2 classes, four copies of a weak function": correlated,
    "2 classes, a third adversarial": adversarial,
    "2 classes, sparse": sparse,
    "5 classes, confusions, unbalanced": five_confused,
    "10 classes, functions of one class": ten_keywords,
    "20 classes, sparse, copies, adversarial": twenty_classes,
    "2 classes, functions of one class that seldom meet": seldom,
    "2 classes, one rare, functions that seldom meet": seldom_both,
}


def accuracy(predicted: np.ndarray, votes: np.ndarray, truth: np.ndarray) -> float:
    """The share of right answers among items with a vote."""
    covered = (votes >= 0).any(axis=1)
    return float((predicted == truth)[covered].mean())


def ours(votes: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """What Gatera answers."""
    from gatera.labeling import LabelModel, MajorityLabeler

    return {
        "LabelModel": LabelModel().fit(votes, k).predict(votes),
        "MajorityLabeler": MajorityLabeler().fit(votes, k).predict(votes),
    }


def theirs(votes: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """What the peers answer, with their usual settings."""
    import pandas as pd
    from crowdkit.aggregation import GLAD, DawidSkene, OneCoinDawidSkene
    from snorkel.labeling.model import LabelModel as SnorkelModel

    model = SnorkelModel(cardinality=k, verbose=False)
    model.fit(votes, n_epochs=500, seed=1, progress_bar=False)
    found = {"snorkel": model.predict_proba(votes).argmax(axis=1)}
    item, worker = np.nonzero(votes >= 0)
    table = pd.DataFrame({"task": item, "worker": worker, "label": votes[item, worker]})
    crowd = {
        "DawidSkene": DawidSkene(n_iter=100), "OneCoinDawidSkene": OneCoinDawidSkene(n_iter=100),
        "GLAD": GLAD(n_iter=10),
    }  # fmt: skip
    if len(votes) * votes.shape[1] > LARGE and k == 2:
        del crowd["GLAD"]  # minutes; with two classes it was never the best one
    for name, aggregator in crowd.items():
        answer = np.full(len(votes), -1)
        try:
            said = aggregator.fit_predict(table)
        except Exception as err:  # noqa: BLE001 - crowd-kit 1.4 does not go with every scikit-learn
            print(f"    crowd-kit {name} failed: {err}"[:120], file=sys.stderr)
            continue
        answer[said.index.to_numpy()] = said.to_numpy()
        found[f"crowd-kit {name}"] = answer
    return found


def answers_of_peers(path: Path) -> None:
    """Read votes from a file, and write the peers' answers beside it."""
    warnings.simplefilter("ignore")
    given = np.load(path)
    start = time.perf_counter()
    answers = theirs(given["votes"], int(given["k"]))
    print(f"    peers {time.perf_counter() - start:.1f} s", file=sys.stderr)
    np.savez(path.with_suffix(".out.npz"), **answers)


def compare(name: str, seeds: int, peers: str | None, kept: Path) -> bool:
    """Print the mean accuracies of one setting; returns whether ours is no worse than the best peer."""
    found: dict[str, list[float]] = {}
    for seed in range(seeds):
        votes, truth, k = SETTINGS[name](np.random.default_rng([seed, list(SETTINGS).index(name)]))
        answers = ours(votes, k)
        if peers is not None:
            path = kept / f"{name.replace(' ', '-').replace(',', '')}-{seed}.npz"
            if not path.with_suffix(".out.npz").exists():
                np.savez(path, votes=votes, k=k)
                subprocess.run([peers, __file__, "--answer", str(path)], check=True)
            answers |= dict(np.load(path.with_suffix(".out.npz")))
        for method, answer in answers.items():
            found.setdefault(method, []).append(accuracy(answer, votes, truth))
    means = {method: float(np.mean(values)) for method, values in found.items()}
    print(
        f"{name}:",
        ", ".join(
            f"{method} {mean:.4f}" for method, mean in sorted(means.items(), key=lambda pair: -pair[1])
        ),
    )
    others = [mean for method, mean in means.items() if method not in ("LabelModel", "MajorityLabeler")]
    best = max(others, default=0.0)
    if others:
        word = (
            "better"
            if means["LabelModel"] > best + TIE
            else "equal"
            if means["LabelModel"] >= best - TIE
            else "WORSE"
        )
        print(f"    {word}: {means['LabelModel'] - best:+.4f} against the best peer", flush=True)
    return means["LabelModel"] >= best - TIE


def million() -> None:
    """Print the time for 1,000,000 items and 20 functions."""
    from gatera.labeling import LabelModel

    for k in (2, 5, 20):
        rng = np.random.default_rng(0)
        y = rng.integers(0, k, 1_000_000)
        votes = coins(rng, y, k, rng.uniform(0.5, 0.9, 20), 0.5).astype(np.int32)
        start, busy = time.perf_counter(), time.process_time()
        model = LabelModel().fit(votes, k)
        fitted = time.perf_counter()
        answer = model.predict(votes)
        end = time.perf_counter()
        print(
            f"1,000,000 x 20, {k} classes: {end - start:.1f} s, of the processor {time.process_time() - busy:.1f} s (fit {fitted - start:.1f}); form {model.form}, accuracy {(answer == y).mean():.4f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", help="a Python with snorkel and crowd-kit")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=list(SETTINGS))
    parser.add_argument("--million", action="store_true")
    parser.add_argument(
        "--kept", type=Path, help="a folder for the peers' answers, so that they are computed once"
    )
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.answer is not None:
        answers_of_peers(given.answer)
        return
    if given.million:
        million()
        return
    with tempfile.TemporaryDirectory() as folder:
        kept = given.kept or Path(folder)
        kept.mkdir(exist_ok=True)
        names = [name for name in SETTINGS if any(part in name for part in given.only)]
        good = [compare(name, given.seeds, given.peers, kept) for name in names]
    print(f"no worse than the best peer in {sum(good)} of {len(good)} settings")


if __name__ == "__main__":
    main()
