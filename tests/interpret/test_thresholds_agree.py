"""One threshold decides in every place that shows labels: the interpretation, `show_results`, `predict` and the program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gatera.data.blocks.category import MultiCategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.datablock import DataBlock
from gatera.data.sources.items import get_image_files
from gatera.data.sources.labels import parent_label
from gatera.data.splits.by_position import RandomSplitter
from gatera.data.transforms.item import Resize
from gatera.interpret.predictions import Interpretation
from gatera.learn.learner import Learner
from gatera.measure.losses.standard import BCEWithLogitsLossFlat
from gatera.program.program import load_program


def make_learner(photos: Path, thresh: float | list[float]) -> Learner:
    block = DataBlock(
        blocks=(ImageBlock, MultiCategoryBlock),
        get_items=get_image_files,
        get_y=lambda file: ["pet", parent_label(file)],
        splitter=RandomSplitter(0.25, seed=0),
        item_tfms=Resize(16),
    )
    dls = block.dataloaders(photos, bs=4, device="cpu")
    torch.manual_seed(0)
    model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 3))
    return Learner(dls, model, loss_func=BCEWithLogitsLossFlat(thresh=thresh))


@pytest.mark.slow
@pytest.mark.parametrize("thresh", [0.25, 0.999, [0.05, 0.9, 0.5]])
def test_all_places_show_the_same_labels(
    photo_folder: Path, tmp_path: Path, thresh: float | list[float]
) -> None:
    learn = make_learner(photo_folder, thresh)
    files = learn.dls.valid.dataset.items
    probabilities = learn.get_preds()[0].numpy()
    expected = [
        [label for label, applies in zip(learn.dls.vocab, row > np.asarray(thresh)) if applies]
        for row in probabilities
    ]
    interp = Interpretation.from_learner(learn)
    assert [interp._predicted(i) for i in range(len(files))] == expected
    titles = [axes.get_title() for axes in interp.plot_top_losses(len(files)).axes if axes.get_title()]
    order = interp.top_losses()[1]
    assert [title.split(" / ")[0] for title in titles] == [";".join(expected[i]) or "(none)" for i in order]
    shown = [
        axes.get_title().split("\n")[0].lstrip("✗✓ ") for axes in learn.show_results(max_n=len(files)).axes
    ]
    assert [title for title in shown if title] == ["; ".join(labels) or "(none)" for labels in expected]
    assert [learn.predict(file).label for file in files] == expected
    program = load_program(learn.export(tmp_path / "a.gatera"), engine="onnxruntime")
    assert [program.predict(file).label for file in files] == expected


@pytest.mark.slow
def test_the_thresholds_of_this_test_give_different_labels(photo_folder: Path) -> None:
    found = [
        [Interpretation.from_learner(make_learner(photo_folder, thresh))._predicted(i) for i in range(3)]
        for thresh in (0.25, 0.999)
    ]
    assert found[0] != found[1]
