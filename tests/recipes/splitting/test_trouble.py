"""What a training run says at its end, where something looks wrong."""

from __future__ import annotations

import numpy as np
import pytest

import gatera


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
