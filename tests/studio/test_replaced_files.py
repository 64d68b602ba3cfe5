"""What was decided of a file is not shown, learned or written as a label of another file that came in its place."""

from __future__ import annotations

import os

import pytest

from gatera.core.errors import DataError
from gatera.studio.app.spanish import in_spanish
from gatera.studio.jobs import Job
from gatera.studio.leaving import leave
from gatera.studio.page_requests import Asked
from gatera.studio.training.again import train_again
from gatera.studio.views import REPLACED, item_view


def seen(studio, position: int) -> str | None:
    return item_view(studio, studio.people.desk("Ann"), "Ann", position).get("said")


def test_a_replaced_photo_is_said_where_it_is_shown(photos, studio_of):
    studio = studio_of(photos)
    studio.act("Ann", Asked("label", {0: "cat", 1: "cat"}))
    os.utime(photos / "1.jpg")  # touched, and the same
    assert seen(studio, 0) is None
    (photos / "5.jpg").replace(photos / "0.jpg")
    assert (seen(studio, 0), seen(studio, 1)) == (REPLACED, None)
    assert in_spanish(REPLACED) != REPLACED
    studio.act("Ann", Asked("label", {0: "dog"}))
    assert seen(studio, 0) is None


@pytest.mark.parametrize(
    "about", [Asked("flag", {0: True}), Asked("note", {0: "new"}), Asked("skip", {0: True})]
)
def test_another_file_does_not_get_the_label_because_it_was_flagged(photos, studio_of, about):
    studio = studio_of(photos)
    studio.act("Ann", Asked("label", {0: "cat"}))
    (photos / "5.jpg").replace(photos / "0.jpg")
    studio.act("Ann", about)
    assert "1 item whose files were replaced since, 0.jpg for one" in leave(studio, "Ann").sentence
    assert not (photos / "labels.csv").exists()


def test_a_decision_about_a_file_that_is_gone_does_not_go_to_the_next_one(photos, studio_of):
    studio = studio_of(photos)
    data = (photos / "0.jpg").read_bytes()
    (photos / "0.jpg").unlink()
    studio.act("Ann", Asked("label", {0: "cat"}))
    assert "No longer there: 1 item" in leave(studio, "Ann").sentence
    (photos / "0.jpg").write_bytes(data)
    assert "Look again, and decide again." in leave(studio, "Ann").sentence
    assert not (photos / "labels.csv").exists()


def test_training_again_leaves_out_what_was_said_of_another_file(texts, studio_of):
    studio = studio_of(texts)
    studio.act("Ann", Asked("label", {0: "good", 1: "bad", 2: "good", 3: "bad"}))
    assert train_again(studio, "Ann", Job()).n == 4
    (texts / "3.txt").write_text("Quick and lovely.")
    with pytest.raises(DataError, match="there are too few labels to train on"):
        train_again(studio, "Ann", Job())
