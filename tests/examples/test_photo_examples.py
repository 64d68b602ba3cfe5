from __future__ import annotations

import pytest

pytestmark = pytest.mark.whole


def test_the_example_of_several_labels_runs(load_example, tmp_path, capfd):
    scores = load_example("many_labels").main(out=tmp_path, quick=True)
    assert list(scores["label"]) == ["circle", "cross", "square", "mean"]
    mean = scores.iloc[-1]
    assert mean["average_precision"] > mean["prevalence"] + 0.1
    assert "guessing reaches" in capfd.readouterr().out
    assert {file.name for file in tmp_path.iterdir()} == {"batch.png", "labels.gatera", "results.png"}


def test_the_example_of_numbers_runs(load_example, tmp_path, capfd):
    error, always_the_median = load_example("regression").main(out=tmp_path, quick=True)
    assert 0 < error < 2 * always_the_median
    said = capfd.readouterr().out
    assert "the training median, is off by" in said
    assert "Prediction for" in said
    assert {file.name for file in tmp_path.iterdir()} == {"batch.png", "number.gatera", "results.png"}


def test_the_example_of_masks_runs(load_example, tmp_path, capfd):
    figures = load_example("segmentation").main(out=tmp_path, quick=True)
    assert figures["right"] > figures["always"] > 0.5
    assert 0 < figures["overlap"] < figures["right"]
    said = capfd.readouterr().out
    assert "PyTorch was never imported" in said
    assert {file.name for file in tmp_path.iterdir()} == {
        "batch.png", "mask.png", "pets.gatera", "results.png",
    }  # fmt: skip


def test_the_example_of_points_runs(load_example, tmp_path, capfd):
    error, always_the_mean_place = load_example("points").main(out=tmp_path, quick=True)
    assert 0 < error < always_the_mean_place
    assert "of breeds that are not in the training set" in capfd.readouterr().out
    assert {file.name for file in tmp_path.iterdir()} == {"batch.png", "heads.gatera", "results.png"}
