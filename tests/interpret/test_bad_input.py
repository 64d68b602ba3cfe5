"""Arguments, labels and names that people really pass to what looks inside a network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from gatera.cli.explaining.photos import check_label
from gatera.core.errors import ArgumentError
from gatera.core.figures import named_legend
from gatera.interpret.attributions.integrated_gradients import integrated_gradients
from gatera.interpret.attributions.texts import TextAttribution
from gatera.interpret.occlusion_of_photos import Squares, shown_classes
from gatera.interpret.plots import plot_confusion
from gatera.interpret.subject import Subject
from gatera.interpret.units.evolution import FeatureEvolution


class Pair(torch.nn.Sequential):
    """Returns its outputs and its inputs."""

    def forward(self, x):
        return super().forward(x), x


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda learn: learn.occlusion(0, patch=8.0), "patch must be a whole number of at least 1. Got: 8.0"),
        (lambda learn: learn.occlusion(0, patch=8, stride=2.5), "stride must be a whole number of at least"),
        (
            lambda learn: learn.attribution(0, "integrated_gradients", steps=2.5),
            "steps must be a whole number of at least",
        ),
        (lambda learn: learn.units("3", k=2.5), "k must be a whole number of at least"),
        (lambda learn: learn.units("3", channels=2.5), "channels must be a whole number of at least"),
        (
            lambda learn: learn.units("3", channels="3"),
            "channels must be a whole number of at least 1. Got: '3'",
        ),
        (lambda learn: learn.units("3", channels=[1.5, "a"]), r"3 has no such channel. Got: \[1.5, 'a'\]"),
        (lambda learn: learn.which_layer_knows(most=2.5), "most must be a whole number of at least"),
        (lambda learn: learn.which_layer_knows(seed=-1), "seed must be at least 0"),
        (lambda learn: learn.ablate(seed=1.5), "seed must be a whole number of at least"),
        (lambda learn: learn.correspondence([], 5), "Got: '0 photos, 0 boxes'"),
        (lambda learn: FeatureEvolution(learn.dls, "3", channels=[-1]), "channels must be at least 0"),
        (lambda learn: FeatureEvolution(learn.dls, "3", channels=0), "channels must be at least 1"),
        (lambda learn: FeatureEvolution(learn.dls, "3", epochs=[]), "epochs must be a list of numbers"),
        (lambda learn: FeatureEvolution(learn.dls, "3", epochs=3), "epochs must be a list of numbers"),
        (lambda learn: FeatureEvolution(learn.dls, "3", n_photos=0), "n_photos must be at least 1"),
    ],
)
def test_numbers_that_do_not_fit_are_refused_in_a_sentence(photo_learner, ask, said):
    with pytest.raises(ArgumentError, match=said):
        ask(photo_learner)


@pytest.mark.parametrize("box", [("a", 1, 2, 3), None, (float("nan"), 1, 20, 20), (1, 2, 3)])
def test_boxes_that_are_none_are_refused(photo_learner, box):
    photos = photo_learner.dls.valid_ds.inputs[:2]
    with pytest.raises(ArgumentError, match="the box of item 0 is not inside its photo"):
        photo_learner.correspondence(photos, [box, box])


def test_a_model_that_returns_two_tensors_is_refused_where_all_items_are_predicted(photo_learner):
    model = photo_learner.model
    photo_learner.model = Pair(model)
    try:
        with pytest.raises(ArgumentError, match=r"need a model that returns one tensor. Got: 'tuple'"):
            photo_learner.ablate()
    finally:
        photo_learner.model = model


def test_one_group_may_be_named_without_a_list(photo_learner):
    assert [one.group for one in photo_learner.ablate("3", how="randomised").ablations] == ["nothing", "3"]


def test_a_message_names_the_layer_that_was_asked_for(photo_learner):
    with pytest.raises(ArgumentError, match="the layer 6 gives no maps"):  # not "3", the stage that it ends
        photo_learner.units("6")


# -- labels and items -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vocab", "label", "place"),
    [
        ([3, 7], "7", 1),
        ([3, 7], np.int64(7), 1),
        ([3, 7], torch.tensor(7), 1),
        (["1", 1], 1, 1),
        (["1", 1], "1", 0),
        (["the\u0301", "caf\u00e9"], "cafe\u0301", 1),
        (["the\u0301", "caf\u00e9"], "th\u00e9", 0),
    ],
)
def test_labels_are_found_by_value_and_by_spelling(vocab, label, place):
    subject = Subject(torch.nn.Identity(), None, None, None, vocab, "classification")
    assert subject.output_of(label, torch.tensor([[0.4, 0.6]])) == place
    check_label(subject, str(int(label) if isinstance(label, torch.Tensor) else label))


@pytest.mark.parametrize("label", [True, [1], np.array([1, 2]), "2"])
def test_what_is_no_label_is_refused(label):
    subject = Subject(torch.nn.Identity(), None, None, None, [0, 1], "classification")
    with pytest.raises(ArgumentError, match="does not know this label"):
        subject.output_of(label, torch.tensor([[0.4, 0.6]]))


def test_each_of_several_numbers_can_be_explained():
    """Only the first could: its name, and its place, were "not known", or "for models with classes"."""
    subject = Subject(torch.nn.Identity(), None, None, None, None, "regression")
    answers = torch.tensor([[356.4, 0.37]])
    assert [subject.output_of(label, answers) for label in (None, 0, 1, "output 1")] == [0, 0, 1, 1]
    check_label(subject, "output 1")
    with pytest.raises(
        ArgumentError, match=r"does not know this label\. Got: 2\. Available: output 0, output 1"
    ):
        subject.output_of(2, answers)
    with pytest.raises(ArgumentError, match="label= is for models with classes or several numbers"):
        subject.output_of(0, answers[:, :1])
    with pytest.raises(ArgumentError, match="does not know this label"):
        check_label(replace(subject, number="price"), "output 1")


def test_numbers_of_items_may_be_tensors(photo_learner):
    expected = photo_learner.attribution(1).heat
    for number in (np.array(1), torch.tensor(1)):
        np.testing.assert_array_equal(photo_learner.attribution(number).heat, expected)


def test_gradients_are_there_where_the_caller_forbids_them_and_where_the_model_is_frozen(photo_learner):
    methods = ("gradcam", "integrated_gradients")
    expected = [photo_learner.attribution(0, method).heat for method in methods]
    units = photo_learner.units("3", channels=[1], k=2).projections
    with torch.inference_mode():
        found = [photo_learner.attribution(0, method).heat for method in methods]
        np.testing.assert_array_equal(photo_learner.units("3", channels=[1], k=2).projections, units)
    photo_learner.model.requires_grad_(False)
    try:
        frozen = [photo_learner.attribution(0, method).heat for method in methods]
        assert not any(parameter.requires_grad for parameter in photo_learner.model.parameters())
    finally:
        photo_learner.model.requires_grad_(True)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(frozen, expected, atol=1e-6)


# -- what is shown --------------------------------------------------------------------------------------------------------


def test_names_with_dollars_and_underscores_are_drawn_as_they_are(tmp_path):
    names = ["a$\\frac$", "_b$"]
    plot_confusion(np.eye(2, dtype=int), names, title="$\\bad$").savefig(tmp_path / "confusion.png", dpi=30)
    figure = Figure()
    legend = named_legend(figure.subplots(), [Patch(), Patch()], names)
    assert [text.get_text() for text in legend.get_texts()] == names
    figure.savefig(tmp_path / "legend.png", dpi=30)


def test_a_share_cannot_have_fewer_than_no_decimals():
    with pytest.raises(ArgumentError, match="norm_dec must be at least 0"):
        plot_confusion(np.eye(2, dtype=int), ["a", "b"], share_decimals=-1)


def test_of_more_classes_than_colours_the_rarest_are_one():
    predicted = np.array([*range(10), *range(7)]).reshape(1, -1)  # 7, 8 and 9 occur once
    names, place = shown_classes(predicted, [f"class {n}" for n in range(10)])
    assert names == [*(f"class {n}" for n in range(7)), "other classes"]
    assert place[0, :10].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 7, 7]
    assert shown_classes(np.array([[1, 1, 0]]), ["a", "b"])[0] == ["b", "a"]


def test_controls_in_words_do_not_act_in_a_terminal():
    found = TextAttribution(["\x1b[2J", "x"], np.array([1.0, 0.0]), "pos\x1b[2J", 0.5, "occlusion")
    assert "\x1b[2J" not in found.terminal() and "\\x1b[2J" in found.terminal(colour=False)


def test_gaps_between_squares_are_said(photo_learner, capsys):
    photo_learner.occlusion(0, patch=8, stride=12)
    assert "pixels between the squares are never hidden" in capsys.readouterr().err
    assert Squares(np.int64(8)).starts(20) == [0, 12]


def test_the_best_of_all_tries_is_taken():
    """The parts are 20 % short with 100 steps, and further off with 200 and 400."""
    calls = []

    def score(x):
        calls.append(len(x))
        return (x * (0.5 if sum(calls) < 3 else 0.4 if sum(calls) < 120 else 0.1)).sum(1)

    found, check = integrated_gradients(score, torch.ones(1, 2), torch.zeros(1, 2), steps=100)
    assert check.steps == 100 and not check.holds and float(found.sum()) == pytest.approx(check.parts)
