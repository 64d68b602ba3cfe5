"""How sure programs are: calibration, conformal sets, novelty, drift, and what they cost in `program.predict`.

    python benchmarks/certainty.py --data DATA --work FOLDER [--mapie PYTHON] [--only coverage ...]

DATA holds the folders that benchmarks/README names (pets/cats_dogs, audio/fsdd, imdb/aclImdb_4k, adult, mnist, camvid, coco_tiny). The
programs are trained once and kept in FOLDER. MAPIE is run by another Python, which has it installed.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import gatera
from gatera.core.random import rng
from gatera.measure.calibration import answers_of, expected_calibration_error
from gatera.program.certain.certainty import Certainty
from gatera.program.certain.conformal import Answers, Scores
from gatera.program.certain.novelty import Novelty, distances
from gatera.program.engines import make_engine
from gatera.program.network.bounded import BoundedEngine
from gatera.program.package import read_package
from gatera.program.program import Program
from gatera.recipes.events import Events

RESPLITS, LEVEL = 200, 0.90
BATCHES, SIZES = 500, (32, 128, 1_000)


# -- the programs, and items that they have not seen


def linked(folder: Path, files: Sequence[tuple[str, Path]]) -> Path:
    """Make a folder of links, one folder per label; return it."""
    for label, file in files:
        (folder / label).mkdir(parents=True, exist_ok=True)
        link = folder / label / file.name
        if not link.is_symlink():
            link.symlink_to(file.resolve())
    return folder


def program_of(out: Path, source: Path, **settings: Any) -> Program:
    if not out.exists():
        start = time.perf_counter()
        trained = gatera.train(source, out=out, events=Events(), slim=True, **settings)
        print(f"  {out.name}: trained in {time.perf_counter() - start:.0f} s", flush=True)
        print("\n".join(f"    {line}" for line in trained.certainty.lines()))
    return gatera.load_program(out)


def photos(data: Path, work: Path) -> tuple[Program, list[Any], list[str]]:
    folder = data / "pets" / "cats_dogs"
    found = sorted((folder / "valid").rglob("*.jpg"))
    return program_of(work / "photos.gatera", folder / "train"), found, [f.parent.name for f in found]


def sounds(data: Path, work: Path) -> tuple[Program, list[Any], list[str]]:
    files = sorted((data / "audio" / "fsdd" / "recordings").glob("*.wav"))
    random.Random(0).shuffle(files)
    half = len(files) // 2
    source = linked(work / "digits", [(file.name[0], file) for file in files[:half]])
    # at random, as the half that is kept back here: by speakers, as `auto` would, a voice is held out that nobody else has
    program = program_of(work / "sounds.gatera", source, split="random")
    return program, files[half:], [file.name[0] for file in files[half:]]


def texts(data: Path, work: Path) -> tuple[Program, list[Any], list[str]]:
    folder = data / "imdb" / "aclImdb_4k"
    found = sorted((folder / "test").rglob("*.txt"))
    program = program_of(work / "texts.gatera", folder / "train", task="text")
    return program, [file.read_text() for file in found], [file.parent.name for file in found]


def rows(data: Path, work: Path) -> tuple[Program, list[Any], list[str]]:
    with (data / "adult" / "adult.csv").open() as file:
        every = list(csv.DictReader(file))
    random.Random(0).shuffle(every)
    train, test = every[:8_000], every[8_000:12_000]
    table = work / "adult.csv"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(every[0]))
        writer.writeheader()
        writer.writerows(train)
    program = program_of(work / "rows.gatera", table, target="salary")
    return program, test, [row["salary"] for row in test]


APPLICATIONS: dict[str, Callable[[Path, Path], tuple[Program, list[Any], list[str]]]] = {
    "photos": photos, "sounds": sounds, "texts": texts, "rows": rows,
}  # fmt: skip


def answered(
    name: str, data: Path, work: Path, calibrated: bool = True
) -> tuple[Program, np.ndarray, np.ndarray, np.ndarray | None]:
    """Return the program, and probabilities [N,K], classes [N] and features [N,D] of items it has not seen."""
    program, items, labels = APPLICATIONS[name](data, work)
    kept = work / f"{name}.npz"
    if not kept.exists():
        found = program.predict_batch(items)
        classes = [list(map(str, program.vocab)).index(label) for label in labels]
        features = [] if found[0].features is None else [answer.features for answer in found]
        np.savez(
            kept, p=np.array([a.probabilities for a in found]), y=np.array(classes), f=np.array(features)
        )
    stored = np.load(kept)
    probabilities = stored["p"]
    if not calibrated:
        raised = np.power(probabilities.astype(np.float64), program._decode.temperature)
        probabilities = (raised / raised.sum(1, keepdims=True)).astype(np.float32)
    return program, probabilities, stored["y"], stored["f"] if len(stored["f"]) else None


# -- the questions


def coverage(data: Path, work: Path, mapie: str | None) -> None:
    print(
        f"coverage of sets at {LEVEL}, mean of {RESPLITS} random halves (must: within 0.01, aim: 0.005, no larger)"
    )
    for name in ("photos", "sounds"):
        _, p, y, _ = answered(name, data, work)
        found: dict[str, list[float]] = {"exact": [], "size": [], "served": [], "served size": []}
        for seed in range(RESPLITS):
            first, second = np.array_split(np.random.default_rng(seed).permutation(len(y)), 2)
            scores = np.sort((1 - p[first, y[first]].astype(np.float64)).astype(np.float32))
            certainty = Certainty(len(first), Scores(scores, len(first)))
            exact = np.array([certainty.in_set(row, LEVEL) for row in p[second]])
            served = exact.copy()
            served[np.arange(len(second)), p[second].argmax(1)] = True
            for kind, sets in (("exact", exact), ("served", served)):
                found[kind].append(float(sets[np.arange(len(second)), y[second]].mean()))
                found["size" if kind == "exact" else "served size"].append(float(sets.sum(1).mean()))
        mean = {kind: statistics.mean(values) for kind, values in found.items()}
        print(
            f"  {name}: {mean['exact']:.4f}, {mean['size']:.3f} labels; as served, never empty: {mean['served']:.4f}, "
            f"{mean['served size']:.3f} labels"
        )
        if mapie:
            np.savez(work / "for_mapie.npz", probabilities=p, targets=y)
            script = Path(__file__).parent / "sides" / "mapie_sets.py"
            command = [mapie, str(script), str(work / "for_mapie.npz"), str(LEVEL), str(RESPLITS)]
            said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            print(
                f"    mapie: {statistics.mean(said['coverage']):.4f}, {statistics.mean(said['size']):.3f} labels"
            )


def calibration(data: Path, work: Path, mapie: str | None) -> None:
    print("calibration error, 15 bins, before -> after (must: halved where above 0.03; aim: < 0.015)")
    for name in APPLICATIONS:
        program, after, y, _ = answered(name, data, work)
        before = answered(name, data, work, calibrated=False)[1]
        errors = [expected_calibration_error(*answers_of(p, y)) for p in (before, after)]
        wide = [equal_width(*answers_of(p, y)) for p in (before, after)]
        same = bool((before.argmax(1) == after.argmax(1)).all())
        perfect = expected_by_chance(answers_of(after, y)[0])
        print(
            f"  {name}: {errors[0]:.4f} -> {errors[1]:.4f} (bins of equal width {wide[0]:.4f} -> {wide[1]:.4f}; perfect "
            f"probabilities would show {perfect:.4f}); temperature {program._decode.temperature:g}, {len(y):,} items, "
            f"{(after.argmax(1) != y).mean():.1%} wrong, labels the same: {same}"
        )


def equal_width(probability: np.ndarray, right: np.ndarray, bins: int = 15) -> float:
    place = np.minimum((probability * bins).astype(int), bins - 1)
    return float(sum(abs((probability - right)[place == each].sum()) for each in range(bins)) / len(right))


def expected_by_chance(probability: np.ndarray) -> float:
    generator = np.random.default_rng(0)
    draws = (generator.random(len(probability)) < probability for _ in range(50))
    return float(np.mean([expected_calibration_error(probability, drawn) for drawn in draws]))


def odd_inputs(data: Path, work: Path) -> dict[str, list[Any]]:
    digits = sorted((data / "mnist" / "mnist_10x200").rglob("*.png"))[::10]
    sound, _, _ = sounds(data, work)
    recordings = sorted((data / "audio" / "fsdd" / "recordings").glob("*.wav"))[::10]
    streets = sorted((data / "camvid" / "camvid_tiny" / "images").glob("*.*"))
    streets += sorted((data / "camvid" / "segnet_360x480" / "train").glob("*.*"))
    noise = [rng(7, n).integers(0, 256, (224, 224, 3)).astype(np.uint8) for n in range(200)]
    return {
        "digits": list(digits), "spectrograms": [sound.preprocess(file) for file in recordings], "noise": noise,
        "street photos": list(streets),
    }  # fmt: skip


def novelty(data: Path, work: Path, mapie: str | None) -> None:
    print("novelty of the dogs-vs-cats program (must: 95 % found at 5 % false alarms; aim: 99 %)")
    program, _, _, features = answered("photos", data, work)
    known = program.certainty.novelty
    assert known is not None and features is not None
    own = np.array([known.of(row) for row in features])
    line = float(np.quantile(known.distances(features), 0.95))  # 5 % of new photos of cats and dogs
    print(
        f"  photos of cats and dogs: {(own > 0.95).mean():.1%} above 0.95, {(own > known.alarm).mean():.1%} flagged"
    )
    for name, items in odd_inputs(data, work).items():
        found = program.predict_batch(items)
        far = known.distances(np.array([a.features for a in found]))
        flagged = np.mean([a.novel for a in found])
        print(
            f"  {name}: {(far > line).mean():.1%} found at 5 % false alarms, {np.mean([a.novelty > 0.95 for a in found]):.1%} "
            f"above 0.95, {flagged:.1%} flagged, {len(found)} items"
        )


def brighter(photo: Path, factor: float) -> Image.Image:
    return Image.open(photo).convert("RGB").point(lambda value: min(255, round(value * factor)))


def noisy(photo: Path, deviation: float, n: int) -> np.ndarray:
    small = Image.open(photo).convert("RGB")
    small.thumbnail((400, 400))
    array = np.asarray(small).astype(np.float32)
    return np.clip(array + rng(3, n).normal(0, deviation, array.shape), 0, 255).astype(np.uint8)


def drift(data: Path, work: Path, mapie: str | None) -> None:
    print(
        f"drift: false alarms over {BATCHES} same-source batches (must 1 %, aim 0.5 %); found at n = 128 (must 90 %, aim 98 %)"
    )
    program, p, y, features = answered("photos", data, work)
    known, items = program.certainty.novelty, photos(data, work)[1]
    assert known is not None and features is not None
    sure = p.max(1)
    certain = resplit(program, features, p, y)
    for size in SIZES:
        alarms = 0
        for number in range(BATCHES):
            held, rest = certain(number)
            pick = np.random.default_rng(number).choice(rest, size, replace=size > len(rest))
            alarms += held.shift(features[pick], sure[pick], 100).drifted
        print(f"  same source, n = {size}: {alarms / BATCHES:.1%} alarms; a rule that always alarms: 100 %")
    step = items[::3]
    streets = odd_inputs(data, work)["street photos"]
    coco = sorted((data / "coco_tiny" / "train").glob("*.jpg"))
    drifted = {
        "brightness x 0.5": [brighter(file, 0.5) for file in step],
        "brightness x 1.6": [brighter(file, 1.6) for file in step],
        "noise of 30 of 255": [noisy(file, 30, n) for n, file in enumerate(step)],
        "a new class (street photos)": streets,
        "a new class (photos of things)": list(coco),
    }
    usual = np.arange(len(items))
    for name, batch in drifted.items():
        found = program.predict_batch(batch)
        odd, odd_sure = (
            np.array([a.features for a in found]),
            np.array([a.probabilities.max() for a in found]),
        )
        for share in (1.0, 0.5, 0.25) if "class" in name else (1.0,):
            alarms = 0
            for number in range(100):
                generator = np.random.default_rng(number)
                n_odd = round(128 * share)
                picked = generator.choice(len(found), n_odd, replace=n_odd > len(found))
                same = generator.choice(usual, 128 - n_odd, replace=False)
                both = np.concatenate([odd[picked], features[same]])
                alarms += program.certainty.shift(
                    both, np.concatenate([odd_sure[picked], sure[same]]), 100
                ).drifted
            print(f"  {name}, {share:.0%} of the batch: found in {alarms / 100:.0%}")


def resplit(program: Program, features: np.ndarray, p: np.ndarray, y: np.ndarray) -> Callable[[int], Any]:
    """Return what gives another set of held-out items each time, as many as the program has, and the rest."""
    known = program.certainty.novelty
    assert known is not None

    def certainty(number: int) -> tuple[Certainty, np.ndarray]:
        order = np.random.default_rng(1_000 + number).permutation(len(y))
        held, rest = order[: program.certainty.held_out], order[program.certainty.held_out :]
        scores = np.sort(distances(features[held], known.reference))
        right = p[held].argmax(1) == y[held]
        answers = Answers(np.sort(p[held].max(1)[right]), np.sort(p[held].max(1)[~right]))
        return Certainty(
            len(held), answers=answers, novelty=Novelty(known.reference, features[held], scores)
        ), rest

    return certainty


def cost(data: Path, work: Path, mapie: str | None) -> None:
    print(
        "cost in program.predict, processor time on one thread: temperature, features, set, novelty (must 5 %, aim 1 %)"
    )
    for name in ("photos", "rows"):
        items = APPLICATIONS[name](data, work)[1]
        program, bare = (gatera.load_program(work / f"{name}.gatera", threads=1) for _ in range(2))
        bare.certainty = Certainty()
        bare.engine = BoundedEngine(
            _without_features(work / f"{name}.gatera"),
            program.engine._network,
            bare.info["path"],  # type: ignore[attr-defined]
        )
        times: dict[str, list[float]] = {"bare": [], "known": [], "read": []}
        some = items[:40] if name == "photos" else items[:400]
        for item in [*some[:5], *some, *some]:
            for kind in np.random.default_rng(len(times["bare"])).permutation(list(times)):
                each = bare if kind == "bare" else program
                start = time.process_time()
                answer = each.predict(item)
                if kind == "read":
                    _ = answer.set, answer.novelty
                times[kind].append(time.process_time() - start)
        middle = {kind: statistics.median(values[5:]) * 1e3 for kind, values in times.items()}
        paired = {
            kind: statistics.median(np.array(times[kind][5:]) / np.array(times["bare"][5:])) - 1
            for kind in ("known", "read")
        }
        print(
            f"  {name}: {middle['bare']:.3f} ms bare, {middle['known']:.3f} ms ({paired['known']:+.1%}); set and novelty read as "
            f"well: {middle['read']:.3f} ms ({paired['read']:+.1%})",
            flush=True,
        )


def _without_features(path: Path) -> Any:
    return make_engine(read_package(path).read("model.onnx"), threads=1)


QUESTIONS = {
    "coverage": coverage, "calibration": calibration, "novelty": novelty, "drift": drift, "cost": cost,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--mapie")
    parser.add_argument("--only", nargs="*", choices=list(QUESTIONS), default=list(QUESTIONS))
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for name in options.only:
        QUESTIONS[name](options.data, options.work.resolve(), options.mapie)


if __name__ == "__main__":
    main()
