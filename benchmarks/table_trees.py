"""Tables by `gatera train` beside scikit-learn's boosted trees, on the same split, with several seeds.

    python benchmarks/table_trees.py --data folder [--seeds 42 3] [--only titanic]

DATA holds adult/adult.csv, titanic/titanic.csv and houses/houses.csv. The trees are the baseline that each run reports:
HistGradientBoosting with its settings as they are.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

#: The tables, and what is learned from each.
TARGETS = {"adult": "salary", "titanic": "Survived", "houses": "price"}

TREES = "gradient-boosted trees"


def run(table: Path, target: str, seed: int, out: Path) -> dict[str, Any]:
    """Train once; return what the run reports of its validation set."""
    command = [
        sys.executable, "-m", "gatera", "train", table, "--target", target, "--seed", seed, "--out", out, "--json",
    ]  # fmt: skip
    ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    valid: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])["valid"]
    return valid


def figures(valid: dict[str, Any]) -> tuple[str, str]:
    """Return the error of the program and that of the trees in words: a share of wrong rows, or the RMSE."""
    trees = valid["baselines"][TREES]
    if "mse" in valid:
        return f"{valid['mse'] ** 0.5:,.0f}", f"{trees['mse'] ** 0.5:,.0f}"
    return f"{valid['error']:.2%}", f"{trees:.2%}"


def main() -> None:
    """Train with every seed, and print a line for each run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[42, 1, 2])
    parser.add_argument("--only", choices=TARGETS)
    options = parser.parse_args()
    print(f"{'table':<9}{'seed':>5}{'held out':>10}{'gatera':>12}{'trees':>12}")
    for name, target in TARGETS.items():
        for seed in options.seeds if options.only in (None, name) else ():
            with tempfile.TemporaryDirectory() as folder:
                valid = run(options.data / name / f"{name}.csv", target, seed, Path(folder) / "t.gatera")
            ours, theirs = figures(valid)
            print(f"{name:<9}{seed:>5}{valid['n']:>10,}{ours:>12}{theirs:>12}", flush=True)


if __name__ == "__main__":
    main()
