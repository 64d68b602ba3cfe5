"""Attributions of photos, sounds and masks: a map over the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.core.figures import Pictured, drawn_name
from gatera.core.progress import note
from gatera.interpret.attributions.gradcam import gradcam
from gatera.interpret.attributions.integrated_gradients import Completeness, integrated_gradients
from gatera.interpret.layers import chosen_layer, name_of_layer
from gatera.interpret.maps import overlaid
from gatera.interpret.occlusion_of_photos import Squares, occluded, say_what_is_not_seen
from gatera.interpret.subject import Subject, as_input
from gatera.kernels.fast_prediction import folded_copy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What a baseline of integrated gradients may be.
BASELINES = {"black": 0.0, "grey": 0.5, "white": 1.0}

#: The map of integrated gradients is smoothed over this share of the picture's side: single pixels are noise to the eye.
SMOOTHED = 0.02


@dataclass(frozen=True, repr=False)
class PhotoAttribution(Pictured):
    """How much each pixel speaks for an answer.

    Attributes:
        photo: as the model sees it, uint8 [H,W,C].
        heat: float32 [H,W]; above 0 speaks for the answer, below against it.
        label: the class (or output).
        answer: its probability, or the value; of a mask the mean over the pixels.
        method: "gradcam", "integrated_gradients" or "occlusion".
        layer: the layer of Grad-CAM, or None.
        completeness: of integrated gradients, else None.
    """

    photo: np.ndarray
    heat: np.ndarray
    label: str
    answer: float
    method: str
    layer: str | None = None
    completeness: Completeness | None = None

    def __repr__(self) -> str:
        if not self.heat.any():
            return f"PhotoAttribution({self.method}, {self.label}: {self.answer:.3f}, 0 everywhere)"
        if self.heat.max() <= 0:
            return f"PhotoAttribution({self.method}, {self.label}: {self.answer:.3f}, nothing speaks for it)"
        row, column = np.unravel_index(int(self.heat.argmax()), self.heat.shape)
        return (
            f"PhotoAttribution({self.method}, {self.label}: {self.answer:.3f}, strongest at row {row}, column {column} of "
            f"{self.heat.shape[0]} x {self.heat.shape[1]})"
        )

    def plot(self) -> Figure:
        """Draw the photo, and beside it the map over it."""
        return overlaid(
            self.photo, self.heat, f"{drawn_name(self.label, 32)}: {self.answer:.2f} ({self.method})"
        )


def score_of(subject: Subject, output: int, x: Tensor) -> Any:
    """Return the function from inputs to the number that is explained: a logit, or for masks its mean over the class's pixels.

    Args:
        subject: the model.
        output: the class or number.
        x: the item's input; of masks the pixels that are predicted as the class are taken, or all where there are none.
    """
    with torch.no_grad():
        first = subject.model(x)
    if first.ndim <= 2:
        return lambda inputs: subject.model(inputs).reshape(len(inputs), -1)[:, output]
    own = (first.argmax(1) == output).float()  # [1,H,W]
    weights = own / own.sum() if own.any() else torch.ones_like(own) / own.numel()
    return lambda inputs: (subject.model(inputs)[:, output] * weights).sum((1, 2))


def photo_attribution(
    subject: Subject, item: Any, method: str, label: Any, layer: str | nn.Module | None = None, steps: int = 50,
    baseline: str = "grey", squares: Squares | None = None,
) -> PhotoAttribution:  # fmt: skip
    """Return a map of how much each pixel speaks for an answer.

    Args:
        subject: the model, in evaluation mode.
        item: a raw item, or the model's input.
        method: "gradcam", "integrated_gradients" or "occlusion".
        label: the class; None for the predicted one.
        layer: the layer of Grad-CAM; None for the last one with feature maps.
        steps: steps of integrated gradients.
        baseline: what integrated gradients start from: "black", "grey" or "white".
        squares: the squares of "occlusion".
    """
    assert subject.pixels is not None
    if method == "occlusion":
        hidden = say_what_is_not_seen(occluded(subject, item, label, squares or Squares(), layer))
        return PhotoAttribution(hidden.photo, hidden.heat(), hidden.label, hidden.whole, method)
    x = as_input(subject, item)
    with torch.no_grad():
        answers = subject.answers(subject.model(x))
    output = subject.output_of(label, answers)
    score, name, check = score_of(subject, output, x), None, None
    if method == "gradcam":
        module = chosen_layer(subject.model, layer, x)
        heat, name = gradcam(subject.model, score, module, x), name_of_layer(subject.model, module)
    else:
        start = torch.ones_like(x) * subject.grey(x, BASELINES[baseline])
        faster = replace(subject, model=folded_copy(subject.model, x))
        found, check = integrated_gradients(score_of(faster, output, x), x, start, steps)
        heat = smoothed(found.sum(1, keepdim=True))
    picture = heat[0, 0].cpu().numpy().astype(np.float32)
    if not picture.any():
        note(
            f"The map is flat: 0 everywhere, so {method} sees nothing in the picture that this answer depends on."
        )
    elif picture.max() <= 0:
        note(f"By {method} nothing in the picture speaks for this answer: the map is 0 or below everywhere.")
    return PhotoAttribution(
        subject.pixels(x), picture, subject.name(output), float(answers[0, output]), method, name, check
    )


def smoothed(heat: Tensor) -> Tensor:
    """Return a map [1,1,H,W] averaged over small squares, for the eye; its sum stays as it is but at the edges."""
    side = 2 * round(SMOOTHED * min(heat.shape[-2:]) / 2) + 1
    return F.avg_pool2d(heat, side, stride=1, padding=side // 2, count_include_pad=False)
