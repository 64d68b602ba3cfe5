"""What a program reads from a CSV file is what training read from it, cell for cell."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from gatera.collab.data import CollabDataLoaders
from gatera.data.sources.tables import read_table
from gatera.program.preprocess import Preprocessing
from gatera.program.raw.read_csv import csv_rows
from gatera.tabular.roles import find_roles
from gatera.tabular.table import TabularPandas

N = 40


def column(random: np.random.Generator, kind: str, decimal: str) -> list[str]:
    """Return random cells as they are written."""
    words = {
        "job": ["cook", "nurse", " clerk", "None", "NA", "", "a b", 'the "boss"', "x,y", "1"],
        "code": ["007", "010", "5"],
        "flag": ["True", "False", ""],
        "few": ["1", "2", "3", ""],
        "late": ["1.0", "2.0", "NA"],
    }
    if kind in words:
        return random.choice(words[kind], N).tolist()
    if kind == "whole":
        return [str(number) for number in random.integers(-99, 9999, N)]
    if kind == "money":
        return [f"${number:,}" if decimal == "." else str(number) for number in random.integers(0, 10**6, N)]
    texts = [f"{number:.2f}".replace(".", decimal) for number in random.normal(0, 50, N)]
    gaps = {"real": ["", "NA", "?"], "full": texts}[kind]
    return [text if random.random() < 0.8 else str(random.choice(gaps)) for text in texts]


def write(path: Path, seed: int) -> None:
    """Write a random table."""
    random = np.random.default_rng(seed)
    delimiter = str(random.choice([",", ";", "\t", "|"]))
    decimal = "," if delimiter == ";" and random.random() < 0.7 else "."
    kinds = random.permutation(
        ["job", "code", "flag", "few", "late", "whole", "money", "real", "full"]
    ).tolist()
    columns = {
        f"{kind} {seed}" if random.random() < 0.3 else kind: column(random, kind, decimal) for kind in kinds
    }
    header, rows = list(columns), [list(row) for row in zip(*columns.values(), strict=True)]
    index = random.choice(["none", "named", "nameless", "trailing"])
    if index in ("named", "nameless"):
        header, rows = (
            ["", *header] if index == "named" else header,
            [[str(n), *row] for n, row in enumerate(rows)],
        )
    elif index == "trailing":
        rows = [[*row, ""] for row in rows]
    lines = [delimiter.join(quoted(cell, delimiter, random) for cell in row) for row in [header, *rows]]
    for _ in range(3):
        lines.insert(int(random.integers(1, len(lines))), random.choice(["", "  "]))
    end = str(random.choice(["\n", "\r\n"]))
    path.write_bytes(
        (end.join(lines) + end * int(random.integers(0, 3))).encode(
            str(random.choice(["utf-8", "utf-8-sig", "utf-16"]))
        )
    )


def quoted(cell: str, delimiter: str, random: np.random.Generator) -> str:
    needed = any(sign in cell for sign in (delimiter, '"', "\n"))
    return '"' + cell.replace('"', '""') + '"' if needed or random.random() < 0.1 else cell


@pytest.mark.parametrize("seed", range(60))
def test_a_programs_rows_are_trainings_rows(tmp_path, seed):
    path = tmp_path / "t.csv"
    write(path, seed)
    frame = read_table(path, on_note=lambda note: None)
    assert len(frame) == N
    roles = find_roles(frame, [])
    assert not roles.skipped or set(roles.skipped.values()) <= {"almost all values differ"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trained = TabularPandas(
            frame, None, roles.categories, roles.numbers, splits=(range(25), range(25, N))
        )
        arrays = np.asarray(trained.dataset.arrays)
        read = Preprocessing(trained.block.config())
        program = np.stack([read(row) for row in csv_rows(path)])
    assert np.array_equal(program, arrays)
    assert {"real", "full", "whole", "money"} <= {name.split()[0] for name in roles.numbers}


def test_ratings_are_read_alike_and_by_name(tmp_path):
    path = tmp_path / "ratings.csv"
    lines = [f"{n},{n % 5}.0,u{n % 7},{n % 3}" for n in range(60)]
    path.write_text("\n".join([",rating,userId,movieId", *lines]))
    with pytest.warns(UserWarning, match="only names the rows"):
        dls = CollabDataLoaders.from_csv(path, seed=1, bs=8)
    assert (list(dls.classes), dls.y_names) == (["userId", "movieId"], ["rating"])
    read = Preprocessing(dls.train_ds.fields.x.config())
    rows = list(csv_rows(path))
    expected = np.stack([read(rows[place]) for place in dls.train_ds.inputs.table.index])
    assert np.array_equal(np.asarray(dls.train_ds.arrays), expected)
