"""Maps on a report page: each says itself what it does not show, and nothing is printed beside the page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gatera.evaluate.items import Example
from gatera.evaluate.outcomes import Outcome
from gatera.interpret.subject import Subject
from gatera.recipes.page.inside import _where


class Net(nn.Module):
    """Answers by the mean of the picture, or always alike."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, x: Any) -> torch.Tensor:
        mean = self.weight * x.mean((1, 2, 3))
        return torch.stack([mean, -mean], 1)


@pytest.mark.parametrize(("weight", "flat"), [(0.0, True), (5.0, False)])
def test_a_flat_map_is_told_in_its_caption(weight, flat, capsys):
    photo = torch.rand(1, 3, 16, 16)
    subject = Subject(
        Net(weight), lambda raw: photo, lambda x: np.zeros((16, 16, 3), np.uint8), lambda x: x.softmax(1), ["cat", "dog"], "classification"
    )  # fmt: skip
    outcome = Outcome(Example("cat/3.jpg", "cat/3.jpg", "cat"), "cat", "dog", True, 0.5, "probability 0.50")
    [picture] = _where(subject, [outcome])
    assert (
        picture.title == "cat/3.jpg"
        and ("The map is flat: the answer is the same" in picture.caption) is flat
    )
    assert capsys.readouterr().err == ""
