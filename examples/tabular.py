"""Predict who earns over 50,000 dollars from census data, compare with gradient-boosted trees, and export a program.

python examples/tabular.py                          on the bundled sample: 1,000 rows
python examples/tabular.py --data adult.csv         on the whole table of 32,561 rows
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from gatera.tabular.all import *

#: Code that uses the program: it needs neither PyTorch nor pandas.
ANSWER = """
import sys
from itertools import islice
from gatera import load_program
from gatera.program.raw.read_csv import csv_rows
program = load_program(sys.argv[1])
for row, answer in zip(csv_rows(sys.argv[2]), program.predict_batch(islice(csv_rows(sys.argv[2]), 3))):
    print(f"{row['age']}, {row['education']}, {row['occupation'] or '?'}: {answer.label} ({answer.probability:.0%})")
print("PyTorch and pandas were", "imported" if {"torch", "pandas"} & set(sys.modules) else "never imported")
"""


def main(
    data: Path | None = None, out: Path = Path("tabular-output"), quick: bool = False
) -> dict[str, float]:
    """Train, evaluate, export, predict; returns the accuracy of the network and that of the trees."""
    out.mkdir(parents=True, exist_ok=True)
    csv = data or untar_data(URLs.ADULT_TINY) / "adult.csv"
    dls = TabularDataLoaders.from_csv(
        csv, path=csv.parent, y_names="salary", seed=1,
        cat_names=["workclass", "education", "marital-status", "occupation", "relationship", "race"],
        cont_names=["age", "fnlwgt", "education-num"], procs=[Categorify, FillMissing, Normalize],
    )  # fmt: skip
    print(dls.show_batch(max_n=3).T, "\n")
    learn = tabular_learner(dls, metrics=accuracy)
    if data:
        learn.fit_one_cycle(3)  # as in the book
    else:
        learn.fit_one_cycle(1 if quick else 5, 1e-2)  # few rows mean few updates, which must be larger
    print(learn.show_results(max_n=3).T, "\n")

    right = learn.validate()[1]
    low, high = wilson_interval(round((1 - right) * dls.valid.n), dls.valid.n)
    print(
        f"network: accuracy {right:.4f} on {dls.valid.n:,} rows (95 % interval {1 - high:.4f} to {1 - low:.4f})"
    )
    trees = boosted_trees(dls)
    print(f"{trees}\n")

    row, index, probabilities = learn.predict(dls.valid_ds.inputs[0])
    print(row.show().T, f"\n{dls.vocab[index]}: {probabilities[index]:.0%}\n")
    program = learn.export(out / "salary.gatera", force=True)
    subprocess.run([sys.executable, "-c", ANSWER, str(program), str(csv)], check=True)
    return {"network": right, "trees": trees.value}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="the whole adult.csv")
    parser.add_argument("--out", type=Path, default=Path("tabular-output"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    main(options.data, options.out, options.quick)
