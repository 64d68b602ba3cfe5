"""What a training run says at its end, where something looks wrong."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import gatera
from gatera.learn.head_start import HeadStart
from gatera.recipes.splitting import end_warnings


@pytest.mark.parametrize(("shuffled", "told"), [(False, False), (True, True)])
def test_labels_that_another_model_learns_do_not_look_shuffled(tmp_path, events, shuffled, told):
    """No line parts the two classes, so a linear model guesses; trees do not, unless the labels are shuffled."""
    draw = np.random.default_rng(3)
    a, b = draw.normal(size=(2, 160)).round(2)
    y = np.where(a * b > 0, "same", "other")
    rows = zip(a, b, draw.permutation(y) if shuffled else y, strict=True)
    path = tmp_path / "signs.csv"
    path.write_text("\n".join(["a,b,y", *(f"{one},{other},{label}" for one, other, label in rows)]))
    gatera.train(path, out=tmp_path / "signs.gatera", target="y", model="linear", events=events)
    assert any("look shuffled" in line for line in events.warnings) == told


@pytest.mark.parametrize(("split", "told"), [("auto", "does not hold for what was held out"), ("random", "")])
def test_labels_of_patients_who_were_held_out_do_not_look_shuffled(tmp_path, events, split, told):
    """Those of one patient are alike, which is why patients are held out, and nothing else tells of them."""
    draw = np.random.default_rng(5)
    of_patient = draw.integers(0, 2, 40)
    rows = [
        f"{a:.2f},{b:.2f},P{patient},{'yes' if of_patient[patient] else 'no'}"
        for patient in range(40)
        for a, b in draw.normal(size=(6, 2))
    ]
    path = tmp_path / "patients.csv"
    path.write_text("\n".join(["a,b,patient_id,y", *rows]))
    gatera.train(path, out=tmp_path / "p.gatera", target="y", model="linear", split=split, events=events)
    assert not told or not any("look shuffled" in line for line in events.warnings)
    found = [line for line in events.warnings if "does not hold for what was held out" in line]
    assert bool(found) == bool(told)
    assert all(
        "those of one patient_id together, seed 42. Look for inputs that say" in line for line in found
    )


@pytest.mark.parametrize(("missed", "asked"), [(0.69, 0), (0.16, 1), (None, 1)])
def test_labels_are_not_doubted_by_features_that_miss_most_of_them(monkeypatch, events, missed, asked):
    """40 photos of 6 classes, of which the features missed 22 of 32: 3 right labels were called clearly wrong."""
    looked: list[Any] = []

    def look(learn: Any) -> Any:
        looked.append(learn)
        return SimpleNamespace(clear=lambda: None)

    monkeypatch.setattr(end_warnings, "label_errors", look)
    side = SimpleNamespace(n=20)
    learn: Any = SimpleNamespace(head_start=HeadStart(missed), dls=SimpleNamespace(train=side, valid=side))
    assert len(end_warnings.report_suspects(learn, events)) == len(looked) == asked
