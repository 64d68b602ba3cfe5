"""`gatera train` and `gatera predict` on tables, ratings, masks and recordings: small real data."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from PIL import Image

from gatera.data.download.datasets import untar_data
from gatera.data.download.urls import URLs
from gatera.program.program import load_program


def ratings(folder, n_users=30, n_items=20):
    """Write ratings that depend on user and item."""
    draw = np.random.default_rng(0)
    users, items = draw.normal(0, 1, n_users), draw.normal(0, 1, n_items)
    rows = [
        f"{u},film {i},{np.clip(np.round(3 + users[u] + items[i]), 1, 5):.0f}"
        for u in range(n_users)
        for i in range(n_items)
    ]
    table = folder / "ratings.csv"
    table.write_text("user,film,rating\n" + "\n".join(rows) + "\n")
    return table


def streets(folder, n):
    """Write photos whose lower half is bright, and masks that say so."""
    draw = np.random.default_rng(0)
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for number in range(n):
        horizon = draw.integers(12, 36)
        mask = (np.arange(48)[:, None] >= horizon).astype(np.uint8).repeat(64, 1)
        photo = 40 + 160 * mask[..., None] + draw.integers(-20, 20, (48, 64, 3))
        Image.fromarray(photo.astype(np.uint8)).save(folder / "images" / f"{number}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{number}_P.png")
    (folder / "codes.txt").write_text("sky\nroad\n")


def test_an_option_of_another_task_is_refused(gatera, tmp_path):
    ran = gatera(
        "train",
        ratings(tmp_path),
        "--task",
        "recommend",
        "--target",
        "rating",
        "--out",
        tmp_path / "a.gatera",
    )
    assert ran.status == 1
    assert ran.err == (
        "Error: --target can only be used with --task table, photos, sound or text, not with --task recommend.\n"
    )


# -- whole runs


@pytest.mark.whole
def test_a_table_of_classes_from_csv_to_answers(gatera, tmp_path):
    table = untar_data(URLs.ADULT_TINY) / "adult.csv"
    out = tmp_path / "income.gatera"
    ran = gatera("train", table, "--target", "salary", "--out", out, "--device", "cpu")
    assert ran.status == 0, ran.err
    assert "1,000 rows, salary from 9 categories and 5 numbers" in ran.out
    assert "Gradient-boosted trees would give" in ran.out and "95 % interval" in ran.out
    answers = gatera("predict", out, table, "--json")
    rows = [json.loads(line) for line in answers.out.splitlines()]
    assert answers.status == 0 and len(rows) == 1000
    assert {row["label"] for row in rows} == set(load_program(out).vocab)
    assert "mean squared error" not in gatera("info", out).out


@pytest.mark.whole
def test_photos_with_masks_from_folder_to_answers(gatera, tmp_path):
    streets(tmp_path, 15)
    (tmp_path / "images" / "broken.png").write_bytes(b"")
    out = tmp_path / "streets.gatera"
    ran = gatera("train", tmp_path, "--out", out, "--device", "cpu", "--epochs", 6, "--bs", 4)
    assert ran.status == 0, ran.err
    assert "15 photos with masks of 2 classes (folders of photos and masks): sky, road" in ran.out
    assert "Training set: 12  Validation set: 3" in ran.out
    assert f"{tmp_path / 'images' / 'broken.png'} has no mask in" in ran.out
    wrong = float(re.search(r"([\d.]+) % of the pixels are wrong", ran.out)[1])
    always = float(re.search(r"the most frequent class, would give ([\d.]+) %", ran.out)[1])
    assert wrong < always / 2
    answers = gatera("predict", out, tmp_path / "images" / "0.png", "--json")
    answer = json.loads(answers.out)
    assert set(answer["shares"]) == {"sky", "road"}
    card = gatera("info", out).out
    assert "mean intersection over union" in card and "split 20 % at random, seed 42" in card


@pytest.mark.slow
def test_a_table_of_numbers_is_compared_with_mean_and_trees(gatera, tmp_path):
    table = untar_data(URLs.ADULT_TINY) / "adult.csv"
    ran = gatera(
        "train", table, "--target", "age", "--out", tmp_path / "age.gatera", "--json", "--device", "cpu",
        "--model", "network", "--epochs", 2,
    )  # fmt: skip
    result = json.loads(ran.out.splitlines()[-1])
    assert result["event"] == "result"
    assert set(result["valid"]["baselines"]) == {"gradient-boosted trees", "a linear model", "the mean"}


@pytest.mark.slow
def test_a_linear_model_of_a_table_is_compared_with_other_models(gatera, tmp_path):
    table, out = untar_data(URLs.ADULT_TINY) / "adult.csv", tmp_path / "age.gatera"
    ran = gatera("train", table, "--target", "age", "--out", out, "--json", "--model", "linear")
    events = [json.loads(line) for line in ran.out.splitlines()]
    assert set(events[-1]["valid"]["baselines"]) == {"gradient-boosted trees", "the mean"}
    card = gatera("info", out).out
    assert "LinearTable" in card and "no pretrained weights" in card and "random weights" not in card
    assert gatera("predict", out, table, "--json").status == 0
    other = tmp_path / "b.gatera"
    again = gatera("train", table, "--target", "age", "--out", other, "--model", "linear", "--resume", out)
    assert again.status == 1 and "--model linear has no checkpoints" in again.err


@pytest.mark.slow
def test_a_misspelt_target_offers_the_nearest(gatera, tmp_path):
    table = untar_data(URLs.ADULT_TINY) / "adult.csv"
    ran = gatera("train", table, "--target", "salry", "--out", tmp_path / "a.gatera")
    assert ran.status == 1
    assert ran.err.endswith("Did you mean 'salary'?\n")


@pytest.mark.slow
def test_ratings_from_csv_to_answers(gatera, tmp_path):
    table, out = ratings(tmp_path), tmp_path / "films.gatera"
    ran = gatera("train", table, "--task", "recommend", "--out", out, "--device", "cpu", "--epochs", 10)
    assert ran.status == 0, ran.err
    assert "600 ratings (rating) of 20 items (film) by 30 users (user)" in ran.out
    assert "User and item means would give" in ran.out
    error = float(re.search(r"MSE ([\d.]+\d)", ran.out)[1])
    overall = float(re.search(r"The overall mean would give ([\d.]+\d)", ran.out)[1])
    assert error < 0.5 * overall
    answer = gatera("predict", out, '{"user": "3", "film": "a film nobody knows"}')
    assert answer.status == 0
    assert "Note: Unseen category a film nobody knows in column 'film'" in answer.err.replace(
        "'a film nobody knows'", "a film nobody knows"
    )


@pytest.mark.whole
def test_recordings_with_a_speaker_held_out(gatera, tmp_path):
    folder, out = untar_data(URLs.SPOKEN_DIGITS_TINY) / "recordings", tmp_path / "digits.gatera"
    ran = gatera(
        "train", folder, "--label-from", r"^(\d)_", "--group-by", r"^\d_([a-z]+)", "--out", out, "--device", "cpu",
        "--epochs", 1, "--freeze-epochs", 0, "--slim",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert "120 recordings of 10 classes (labels from file names): " in ran.out
    assert re.search(r"split by whole groups \(\w+ held out\)", gatera("info", out).out)
    recording = next(folder.glob("*.wav"))
    assert gatera("predict", out, recording).out.startswith(f"{recording}  ")
