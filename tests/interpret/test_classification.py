from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import classification_report

from gatera.core.errors import ArgumentError, DataError
from gatera.interpret.classification import ClassificationInterpretation
from gatera.interpret.predictions import Interpretation
from gatera.measure.losses.standard import CrossEntropyLossFlat

PREDICTIONS = np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4], [0.0, 0.8, 0.2]])
TARGETS = np.array([0, 1, 2, 2, 2])
LOSSES = np.array([0.1, 0.4, 1.2, 0.9, 1.6])
VOCAB = ["cat", "dog", "fox"]


class Photos:
    """A data set that counts how often it is read."""

    def __init__(self) -> None:
        self.read: list[int] = []

    def __getitem__(self, index: int) -> tuple[Image.Image, int]:
        self.read.append(index)
        return Image.new("RGB", (6, 4), "teal"), int(TARGETS[index])


class StandInLearner:
    """The part of a learner that interpretation uses."""

    def __init__(self, labelled: bool = True) -> None:
        self.dls, self.loss_func = SimpleNamespace(vocab=VOCAB), CrossEntropyLossFlat()
        self.labelled = labelled

    def loader(self, ds_idx: int, dl: object) -> object:
        return f"loader {ds_idx}" if dl is None else dl

    def get_preds(self, dl: object, with_loss: bool) -> tuple[torch.Tensor | None, ...]:
        self.asked = dl
        if not self.labelled:
            return torch.tensor(PREDICTIONS), None, None
        return torch.tensor(PREDICTIONS), torch.tensor(TARGETS), torch.tensor(LOSSES)


def interpretation(dataset: object = None) -> ClassificationInterpretation:
    return ClassificationInterpretation(PREDICTIONS, TARGETS, LOSSES, VOCAB, dataset)


def test_confusion_and_its_largest_entries() -> None:
    interp = interpretation()
    assert interp.predicted.tolist() == [0, 1, 1, 2, 1]
    assert interp.confusion_matrix().tolist() == [[1, 0, 0], [0, 1, 0], [0, 2, 1]]
    assert interp.most_confused() == [("fox", "dog", 2)]
    assert interp.most_confused(min_val=3) == []
    assert repr(interp) == "ClassificationInterpretation(5 items, mean loss 0.8400)"


def test_top_losses_come_largest_first_or_smallest_first() -> None:
    interp = interpretation()
    losses, indices = interp.top_losses(2)
    assert indices.tolist() == [4, 2] and losses.tolist() == pytest.approx([1.6, 1.2])
    assert interp.top_losses(2, largest=False)[1].tolist() == [0, 1]
    assert interp.top_losses()[1].tolist() == [4, 2, 3, 1, 0]
    assert len(interp.top_losses(99)[1]) == len(interp) == 5


def test_equal_losses_keep_their_order_and_nan_comes_first() -> None:
    losses = [1.0, np.nan, 1.0, 2.0, 1.0]
    interp = ClassificationInterpretation(PREDICTIONS, TARGETS, losses)
    assert interp.top_losses()[1].tolist() == [1, 3, 0, 2, 4]
    assert interp.vocab == [0, 1, 2]


def test_only_the_photos_that_are_shown_are_read() -> None:
    photos = Photos()
    figure = interpretation(photos).plot_top_losses(2, nrows=1)
    assert photos.read == [4, 2]
    assert [axes.get_title() for axes in figure.axes] == ["dog / fox\n1.60 / 0.80", "dog / fox\n1.20 / 0.60"]
    assert figure.get_suptitle() == "Prediction / Actual / Loss / Probability"
    assert (
        interpretation(photos).plot_top_losses(1, largest=False).axes[0].get_title()
        == "cat / cat\n0.10 / 0.90"
    )


def test_plots_of_counts_and_of_shares() -> None:
    counts = interpretation().plot_confusion_matrix(title="Pets", figsize=(4, 4), dpi=60)
    assert counts.axes[0].get_title() == "Pets" and counts.axes[0].texts[7].get_text() == "2"
    shares = interpretation().plot_confusion_matrix(normalize=True, norm_dec=1)
    assert shares.axes[0].texts[7].get_text() == "0.7"


def test_the_report_is_scikit_learns(capsys: pytest.CaptureFixture[str]) -> None:
    report = interpretation().classification_report()
    assert report == classification_report(TARGETS, PREDICTIONS.argmax(1), target_names=VOCAB)
    interpretation().print_classification_report()
    assert capsys.readouterr().out == report + "\n"


def test_from_learner_asks_for_the_validation_data_once() -> None:
    learn = StandInLearner()
    interp = ClassificationInterpretation.from_learner(learn)
    assert learn.asked == "loader 1"
    assert interp.most_confused() == [("fox", "dog", 2)] and interp.dataset is None
    np.testing.assert_allclose(interp.losses, LOSSES, rtol=1e-6)
    ClassificationInterpretation.from_learner(learn, ds_idx=0)
    assert learn.asked == "loader 0"
    batches = [("x", "y")]
    ClassificationInterpretation.from_learner(learn, dl=batches)
    assert learn.asked is batches


def test_several_labels_and_numbers_have_top_losses_too() -> None:
    masks = np.array([[1, 1, 0], [0, 0, 0]])
    labels = Interpretation(PREDICTIONS[:2], masks, [0.5, 0.25], VOCAB, Photos())
    assert [axes.get_title() for axes in labels.plot_top_losses(2, nrows=1).axes] == [
        "cat / cat;dog\n0.50 / 0.90", "dog / (none)\n0.25 / 0.70",
    ]  # fmt: skip
    own = Interpretation(PREDICTIONS[:2], masks, [0.5, 0.25], VOCAB, Photos(), threshold=(0.95, 0.05, 0.05))
    assert [axes.get_title() for axes in own.plot_top_losses(2, nrows=1).axes] == [
        "dog / cat;dog\n0.50 / 0.90", "dog;fox / (none)\n0.25 / 0.70",
    ]  # fmt: skip
    numbers = Interpretation([[1.5, 2.25]], [[1.0, 2.0]], [0.1], dataset=Photos())
    assert numbers.plot_top_losses(1).axes[0].get_title() == "1.5, 2.25 / 1, 2\n0.10"


# Messages -------------------------------------------------------------------------------------------------------


def test_message_for_photos_that_are_not_known() -> None:
    with pytest.raises(ArgumentError) as err:
        interpretation().plot_top_losses(1)
    assert str(err.value) == (
        "there are no photos to show: this interpretation has no data set. Use from_learner on the learner's own data, "
        "or pass dataset=."
    )


def test_message_for_items_without_labels() -> None:
    with pytest.raises(DataError) as err:
        ClassificationInterpretation.from_learner(StandInLearner(labelled=False))
    assert str(err.value) == (
        "the items have no labels to compare the predictions with. Use learn.dls.test_dl(items, with_labels=True)."
    )


@pytest.mark.parametrize("n", [0, 3])
def test_message_for_arrays_of_different_items(n: int) -> None:
    with pytest.raises(ArgumentError) as err:
        ClassificationInterpretation(PREDICTIONS[:n], TARGETS[:n], LOSSES[: n - 1 if n else 0], VOCAB)
    assert str(err.value) == (
        "predictions, targets and losses must have the same length. "
        f"Got: '{n} predictions, {n} targets, {max(n - 1, 0)} losses'. Expected: the same number of each, at least 1."
    )


@pytest.mark.parametrize(
    ("targets", "shown"),
    [(np.eye(5, 3), "float64 targets [5, 3]"), (np.zeros(5, np.float32), "float32 targets [5]")],
)
def test_message_for_other_tasks_than_one_class_per_item(targets: np.ndarray, shown: str) -> None:
    with pytest.raises(ArgumentError) as err:
        ClassificationInterpretation(PREDICTIONS, targets, LOSSES, VOCAB)
    assert str(err.value) == (
        "predictions and targets must be those of a classifier with one class per item. "
        f"Got: 'predictions [5, 3], {shown}'. Expected: predictions [N,K] and integer targets [N]. "
        "For other tasks, use Interpretation."
    )


@pytest.mark.parametrize(
    ("targets", "vocab", "shown"),
    [
        (TARGETS, ["cat", "dog"], "2 classes, targets 0 to 2, 3 probabilities per item"),
        (TARGETS + 1, VOCAB, "3 classes, targets 1 to 3, 3 probabilities per item"),
        (TARGETS - 1, VOCAB, "3 classes, targets -1 to 1, 3 probabilities per item"),
    ],
)
def test_message_for_another_number_of_classes(targets: np.ndarray, vocab: list[str], shown: str) -> None:
    with pytest.raises(ArgumentError) as err:
        ClassificationInterpretation(PREDICTIONS, targets, LOSSES, vocab)
    assert str(err.value) == (
        f"vocab, targets and predictions disagree on the number of classes. Got: '{shown}'."
    )


@pytest.mark.parametrize(("call", "name"), [("top_losses", "k"), ("most_confused", "min_val")])
def test_messages_for_counts_below_one(call: str, name: str) -> None:
    with pytest.raises(ArgumentError) as err:
        getattr(interpretation(), call)(0)
    assert str(err.value) == f"{name} must be at least 1. Got: 0."
