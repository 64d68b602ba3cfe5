from __future__ import annotations

import pytest

from gatera.core.errors import DataError
from gatera.recipes.settings import TrainSettings
from gatera.recipes.tables import read


def settings(folder, text, target):
    path = folder / "people.csv"
    path.write_text(text)
    return TrainSettings(path, folder / "a.gatera", target=target)


def test_what_the_columns_are(tmp_path, events):
    rows = "".join(f"{n},person {n},{'ab'[n % 2]},{'yes' if n % 3 else ''}\n" for n in range(90))
    table = read(settings(tmp_path, "age,name,kind,answer\n" + rows, "answer"), events)
    assert (table.categories, table.numbers, table.ignored) == (
        ["kind"],
        ["age"],
        {"name": "almost all values differ"},
    )
    assert table.classes and table.n_skipped == 30 and len(table.frame) == 60


def test_whole_numbers_are_classes_while_they_are_few(tmp_path, events):
    few = read(settings(tmp_path, "a,b\n" + "".join(f"{n},{n % 5}\n" for n in range(60)), "b"), events)
    many = read(settings(tmp_path, "a,b\n" + "".join(f"{n},{n % 30}\n" for n in range(60)), "b"), events)
    assert few.classes and not many.classes


def test_a_misspelt_target_offers_the_nearest(tmp_path, events):
    asked = settings(tmp_path, "age,salary\n1,2\n", "salry")
    with pytest.raises(DataError) as err:
        read(asked, events)
    assert str(err.value) == (
        f"target=: no column 'salry' in {asked.source}. Available: age, salary. Did you mean 'salary'?"
    )
