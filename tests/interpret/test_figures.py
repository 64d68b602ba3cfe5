"""What every figure has: its words, its marks, and words that can be read, inside the figure and beside each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from gatera.interpret.attributions.integrated_gradients import Completeness
from gatera.interpret.attributions.ratings import RatingAttribution
from gatera.interpret.attributions.rows import RowAttribution
from gatera.interpret.attributions.texts import TextAttribution
from gatera.interpret.certainty import plot_certainty
from gatera.interpret.knowledge.ablation import Ablation, Ablations
from gatera.interpret.knowledge.correspondence import Correspondence
from gatera.interpret.knowledge.probes import Probe, Probes
from gatera.interpret.maps import overlaid
from gatera.interpret.occlusion_of_photos import OcclusionMap, Squares
from gatera.interpret.picture import BOXES, LearnerPicture
from gatera.interpret.plots import plot_confusion
from gatera.learn.callbacks.lr_finder import SuggestedLRs
from gatera.learn.callbacks.recorder import Recorder
from gatera.measure.intervals import Interval
from gatera.measure.reports.certainty import CalibrationReport

PHOTO = np.full((64, 64, 3), 128, np.uint8)


def certainty() -> Figure:
    probability = np.linspace(0.5, 1, 200)
    right = np.arange(200) % 5 > 0
    return plot_certainty(
        CalibrationReport(200, 1.4, 0.06, 0.02, 0.95, 0.95, 1.2, 0.4, 0.05, probability, right)
    )


def words() -> Figure:
    weights = np.array([0.4, -0.3, 0.1], np.float32)
    return TextAttribution(["good", "not", "film"], weights, "positive", 0.81, "occlusion").plot()


def columns() -> Figure:
    weights = np.array([0.2, -0.1], np.float32)
    return RowAttribution(
        ["age", "town"], ["33", "Bern"], weights, "yes", 0.6, 0.5, Completeness(0.1, 0.1, 0)
    ).plot()


def rating() -> Figure:
    parts = {"user bias": 0.1, "item bias": -0.2, "match": 0.4}
    items = [f"film {place}" for place in range(40)]
    return RatingAttribution(
        "ann", "film 3", parts, 3.4, items, np.linspace(1, -1, 40, dtype=np.float32)
    ).plot()


def ablations() -> Figure:
    whole = Ablation("nothing", "whole", 900, (0, 0), 0.9, Interval(0.85, 0.93))
    groups = [
        replace(whole, group=f"blocks.{place}", how=how, score=0.5 + place / 10, interval=Interval(0.4, 0.8))
        for place in range(3)
        for how in ("removed", "randomised")
    ]
    return Ablations("accuracy", [whole, *groups], 120).plot()


def probes() -> Figure:
    return Probes(
        [Probe(f"blocks.{place}", 8, 25 + 4 * place, 50, 0.9) for place in range(6)], 0.5, 0.94, 200
    ).plot()


def correspondence() -> Figure:
    return Correspondence("blocks.2", np.array([0.2, 0.3]), np.linspace(0.3, 0.5, 9)).plot()


def occlusion() -> Figure:
    squares = Squares(32, 16)
    maps = np.linspace(0, 1, 9, dtype=np.float32).reshape(3, 3)
    return OcclusionMap(
        PHOTO, "cat", 0.9, maps, maps, 5, "blocks.4", np.arange(9).reshape(3, 3) % 2, ["cat", "dog"],
        [0, 16, 32], [0, 16, 32], squares,
    ).plot()  # fmt: skip


def recorder() -> Recorder:
    kept = Recorder()
    kept.load_state_dict(
        {
            "rows": [{"epoch": e, "train_loss": 1 / (e + 1), "valid_loss": 1.2 / (e + 1), "accuracy": 0.8 + e / 20} for e in range(3)],
            "iters": [20, 40, 60], "lrs": list(np.linspace(1e-3, 1e-2, 60)), "moms": list(np.linspace(0.95, 0.85, 60)),
            "losses": list(np.linspace(2, 0.3, 60)), "average": 0.3, "batches": 60,
        }
    )  # fmt: skip
    return kept


def losses() -> Figure:
    return recorder().plot_loss()


def schedule() -> Figure:
    return recorder().plot_sched()


def heat() -> Figure:
    return overlaid(PHOTO, np.linspace(-1, 1, 64 * 64).reshape(64, 64), "cat: 0.90")


def confusion() -> Figure:
    return plot_confusion(np.array([[346, 4], [0, 350]]), ["cat", "dog"])


def learning_rates() -> Figure:
    lrs = np.geomspace(1e-7, 10, 100)
    return SuggestedLRs({"valley": 1e-3, "steep": 1e-2}, lrs, 1 + (np.log10(lrs) + 2) ** 2).plot()


def loop() -> Figure:
    return LearnerPicture({name: [f"{name} of this learner", "12 training items"] for name in BOXES}).plot()


# What each has: title, words below and to the left of the axes; their lines, bars and frames, pictures, texts ----------------

Axis = tuple[tuple[str, str, str], tuple[int, int, int, int]]
BAR: Axis = (("", "", ""), (0, 0, 0, 0))
FIGURES: dict[Callable[[], Figure], tuple[list[Axis], list[str]]] = {
    certainty: (
        [
            (("Calibration error 0.020", "probability of the answer", "share that are right"), (2, 0, 0, 0)),
            (("Error among the most confident answers", "% answered, most confident first", "% of these wrong"), (3, 0, 0, 0)),
        ],
        ["as claimed", "held-out items", "all answered", "asked to be 95 % sure"],
    ),
    words: ([(("positive: 0.81 (occlusion)", "weight: against the answer (left), for it (right)", ""), (1, 3, 0, 0))], []),
    columns: ([(("yes: 0.6; usually 0.5", "what each column adds to that", ""), (1, 2, 0, 0))], []),
    rating: (
        [
            (("ann, film 3: 3.40", "adds to the rating, before it is put into its range", ""), (1, 3, 0, 0)),
            (("items by their bias", "bias: liked less (left) or more (right) than others", ""), (1, 16, 0, 0)),
        ],
        [],
    ),
    ablations: ([(("", "accuracy on the validation set", ""), (13, 6, 0, 0))], ["whole network: 0.9"]),
    probes: (
        [(("What a linear probe reads from each stage", "", "accuracy on the validation set"), (5, 0, 0, 0))],
        ["the network: 94.0 %", "guessing: 50.0 %"],
    ),
    correspondence: (
        [(("", "mean Hamming distance of signs at blocks.2 (lower: more alike)", ""), (2, 0, 0, 0))],
        ["random places of the same size", "the part"],
    ),
    occlusion: (
        [
            (("cat: 0.90", "", ""), (0, 2, 1, 0)),
            (("strongest map of blocks.4\n(number 5)", "", ""), (0, 0, 1, 0)),
            (("probability of cat\nwith the square there hidden", "", ""), (0, 0, 1, 0)),
            (("most probable class\nwith the square there hidden", "", ""), (0, 0, 1, 0)),
            BAR,
            BAR,
        ],
        ["cat", "dog"],
    ),
    losses: ([(("Loss", "batch", "loss"), (2, 0, 0, 0))], ["training (smoothed)", "validation"]),
    schedule: (
        [(("Learning rate", "batch", "learning rate"), (1, 0, 0, 0)), (("Momentum", "batch", "momentum"), (1, 0, 0, 0))],
        [],
    ),
    learning_rates: (
        [(("Learning-rate finder", "learning rate", "loss (smoothed)"), (3, 0, 0, 0))],
        ["valley: 0.001", "steep: 0.01"],
    ),
    loop: ([(("", "", ""), (0, 7, 0, 21))], []),
    heat: ([(("cat: 0.90", "", ""), (0, 0, 1, 0)), (("", "", ""), (0, 0, 2, 0)), (("", "", "against the answer (blue), for it (red)"), (0, 0, 0, 0))], []),
    confusion: ([(("Confusion matrix", "Predicted", "Actual"), (0, 0, 1, 4))], []),
}  # fmt: skip


def words_of(axes: Axes) -> list[Text]:
    """The words of axes that are seen, but for their legend's."""
    seen = [axes.title, *axes.texts]
    if axes.axison:
        seen += [axes.xaxis.label, axes.yaxis.label]
        for axis, (low, high) in (
            (axes.xaxis, sorted(axes.get_xlim())),
            (axes.yaxis, sorted(axes.get_ylim())),
        ):
            places = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
            seen += [label for place, label in places if low <= place <= high]
    return [text for text in seen if text.get_text().strip()]


@pytest.mark.parametrize("drawn", FIGURES, ids=lambda drawn: drawn.__name__)
def test_a_figure_has_its_words_and_marks_and_all_can_be_read(drawn: Callable[[], Figure]):
    figure, (axes, named) = drawn(), FIGURES[drawn]
    figure.draw_without_rendering()
    assert [
        (
            (each.get_title(), each.get_xlabel(), each.get_ylabel()),
            (len(each.lines), len(each.patches), len(each.images), len(each.texts)),
        )
        for each in figure.axes
    ] == axes
    legends = [*(found for each in figure.axes if (found := each.get_legend())), *figure.legends]
    keys = [text for legend in legends for text in legend.get_texts()]
    assert [text.get_text() for text in keys] == named
    texts = [*keys, *(text for each in figure.axes for text in words_of(each))]
    assert all(5 <= text.get_fontsize() <= 12 for text in texts), {text.get_fontsize() for text in texts}
    places = [(text.get_text(), text.get_window_extent()) for text in texts]
    wide, high = figure.get_size_inches()
    assert 4 <= wide <= 14 and 1.3 <= high <= 5
    width, height = figure.bbox.size
    assert [
        text for text, box in places
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ] == []  # fmt: skip
    # of text that is slanted or in lines the box is larger than the letters
    straight = [
        (text.get_text(), box) for text, (_, box) in zip(texts, places) if text.get_rotation() % 90 == 0
    ]
    assert [
        (a, b)
        for (a, one), (b, other) in combinations(straight, 2)
        if one.padded(-1).overlaps(other.padded(-1))
    ] == []
    for line in (line for each in figure.axes for line in each.lines):
        marks = line.get_marker() not in ("None", "", None) and line.get_markersize() >= 2
        assert marks or (line.get_linestyle() != "None" and 0.5 <= line.get_linewidth() <= 2), line
