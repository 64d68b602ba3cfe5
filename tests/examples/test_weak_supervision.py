from __future__ import annotations

import pytest

pytestmark = pytest.mark.whole


def test_reviews_are_learned_from_rules(load_example, capfd):
    found = load_example("weak_supervision").reviews(quick=True)
    assert found["labels"] >= found["majority"] - 0.02 and found["trained"] > 0.75
    said = capfd.readouterr().out
    assert "To label by hand next:" in said and "caused" in said


def test_photos_are_learned_from_names_and_likeness(load_example, capfd):
    found = load_example("weak_supervision").photos(quick=True)
    assert found["labels"] > 0.8 and found["trained"] > 0.7
    assert "looks_like_most" in capfd.readouterr().out
