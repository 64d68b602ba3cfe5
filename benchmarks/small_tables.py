"""Small tables by `gatera train` beside scikit-learn's models with their settings as they are, on rows that neither has seen.

    python benchmarks/small_tables.py [--draws 4] [--only wine iris] [--adult adult.csv]

The tables come with scikit-learn. Of each, some rows are drawn to learn from (gatera holds a fifth of them out by itself), and all
others are asked for. With --adult, a hundred, 300 and 1,000 rows of that table are learned from, and 4,000 others asked for.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from gatera import load_program

TARGET = "target_"

#: Rows that are asked for, at most.
MOST_ASKED = 4_000


class Table(NamedTuple):
    """A table, and how many of its rows are learned from.

    Attributes:
        name: how it is called here.
        frame: its columns but the target.
        y: the target: names of classes, or float64 [n].
        n: rows to learn from.
    """

    name: str
    frame: pd.DataFrame
    y: np.ndarray
    n: int

    @property
    def classes(self) -> bool:
        """Whether the target is a class."""
        return self.y.dtype.kind != "f"

    def error(self, answers: np.ndarray, rows: np.ndarray) -> float:
        """The share of wrong answers, or the root mean squared error."""
        if self.classes:
            return float((answers != self.y[rows]).mean())
        return float(np.sqrt(np.square(answers.astype(np.float64) - self.y[rows]).mean()))


def tables(adult: Path | None) -> Iterator[Table]:
    """Yield the tables."""
    for name, load, sizes in (
        ("diabetes", datasets.load_diabetes, (60, 220)), ("cancer", datasets.load_breast_cancer, (100,)),
        ("wine", datasets.load_wine, (60,)), ("iris", datasets.load_iris, (50,)),
    ):  # fmt: skip
        found = load(as_frame=True)
        y = found.target.to_numpy(np.float64)
        if name != "diabetes":
            y = np.array([f"class {value:.0f}" for value in y], object)
        for n in sizes:
            yield Table(f"{name}, {n} rows", found.data, y, n)
    if adult is not None:
        frame = pd.read_csv(adult)
        y = frame.pop("salary").to_numpy(object)
        for n in (100, 300, 1_000):
            yield Table(f"adult, {n} rows", frame, y, n)


def by_gatera(table: Table, rows: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Train by the command, and return what the program answers."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "table.csv", Path(folder) / "table.gatera"
        table.frame.iloc[rows].assign(**{TARGET: table.y[rows]}).to_csv(source, index=False)
        command = [sys.executable, "-m", "gatera", "train", source, "--target", TARGET, "--out", out]
        subprocess.run(command, capture_output=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        answers = load_program(out).predict_batch(table.frame.iloc[asked])
    return np.array([answer.label for answer in answers])


def by_sklearn(table: Table, rows: np.ndarray, asked: np.ndarray, linear: bool) -> np.ndarray:
    """Train scikit-learn's trees or linear model, and return what they answer."""
    words = [name for name in table.frame if not pd.api.types.is_numeric_dtype(table.frame[name])]
    numbers = [name for name in table.frame if name not in words]
    model: Any
    if linear:
        codes: Any = OneHotEncoder(handle_unknown="ignore")
        model = LogisticRegression(max_iter=5_000) if table.classes else Ridge()
    else:
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        model = HistGradientBoostingClassifier() if table.classes else HistGradientBoostingRegressor()
    columns = make_column_transformer((codes, words), (StandardScaler(), numbers))
    frame = table.frame.fillna({name: table.frame[name].median() for name in numbers})
    fitted = make_pipeline(columns, model).fit(frame.iloc[rows], table.y[rows])
    answers: np.ndarray = fitted.predict(frame.iloc[asked])
    return answers


def main() -> None:
    """Print a line for each table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--only", nargs="+", help="names, or parts of them")
    parser.add_argument("--adult", type=Path)
    options = parser.parse_args()
    print(f"{'table':<18}{'gatera':>10}{'linear':>10}{'trees':>10}   (means of {options.draws} draws)")
    for table in tables(options.adult):
        if options.only and not any(part in table.name for part in options.only):
            continue
        found = []
        for draw in range(options.draws):
            order = np.random.default_rng(draw).permutation(len(table.y))
            rows, asked = order[: table.n], order[table.n : table.n + MOST_ASKED]
            answers = (
                by_gatera(table, rows, asked),
                by_sklearn(table, rows, asked, linear=True),
                by_sklearn(table, rows, asked, linear=False),
            )
            found.append([table.error(each, asked) for each in answers])
        means = np.mean(found, axis=0)
        shown = [f"{mean:.2%}" if table.classes else f"{mean:.2f}" for mean in means]
        print(f"{table.name:<18}" + "".join(f"{each:>10}" for each in shown), flush=True)


if __name__ == "__main__":
    main()
