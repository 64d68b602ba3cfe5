"""Where in a photo an answer comes from: hide one square after the other, and see how far the probability of its label falls.

Source: Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks" (arXiv 1311.2901), section 4.2. `gatera explain` does the same,
finer, and more; this needs no PyTorch, and any program of photos that answers with a label allows it.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from gatera.core.errors import DataError
from gatera.program.prediction import Prediction
from gatera.serve.loaded import PHOTOS, Answered, Loaded
from gatera.web.errors import Refused

#: Squares along a side, and the side of each as a share of the photo's: neighbours overlap by half.
ACROSS, SHARE = 7, 0.25

#: The grey that hides.
GREY = 128


def check_allowed(loaded: Loaded) -> None:
    """Refuse programs whose answers do not come from a place in a photo.

    Raises:
        Refused: 400.
    """
    if loaded.things != PHOTOS or loaded.program.task != "classification":
        raise Refused(
            400, f"where a prediction comes from is shown for labels of photos, and {loaded.name} is for {loaded.program.task} of {loaded.things}"
        )  # fmt: skip


def hidden_copies(photo: np.ndarray) -> list[np.ndarray]:
    """Return a photo as the program sees it, uint8 [H,W,C], and copies with one square hidden each, row by row.

    Example:
        >>> copies = hidden_copies(np.zeros((16, 16, 3), np.uint8))
        >>> len(copies), copies[1][0, 0].tolist(), copies[1][15, 15].tolist()
        (50, [128, 128, 128], [0, 0, 0])
    """
    copies = [photo]
    height, width = photo.shape[:2]
    tall, wide = max(1, round(height * SHARE)), max(1, round(width * SHARE))
    for row in range(ACROSS):
        for column in range(ACROSS):
            top = round(row * (height - tall) / (ACROSS - 1))
            left = round(column * (width - wide) / (ACROSS - 1))
            copy = photo.copy()
            copy[top : top + tall, left : left + wide] = GREY
            copies.append(copy)
    return copies


def as_map(photo: np.ndarray, answers: Sequence[Answered]) -> dict[str, Any]:
    """Return the label, its probability, and how far that falls with each square hidden, [rows][columns], as JSON values.

    Args:
        photo: as the program sees it, uint8 [H,W,C].
        answers: those for `hidden_copies`.

    Raises:
        DataError: if one has no answer.
    """
    found = [each.found for each in answers]
    error = next((each for each in found if isinstance(each, DataError)), None)
    if error is not None:
        raise error
    predictions = [each for each in found if isinstance(each, Prediction)]
    whole, *hidden = predictions
    place = int(np.asarray(whole.probabilities).argmax())
    of_label = float(whole.probabilities[place])
    falls = np.array([of_label - float(each.probabilities[place]) for each in hidden], np.float64)
    file = io.BytesIO()
    Image.fromarray(photo[:, :, 0] if photo.shape[2] == 1 else photo).save(file, "JPEG", quality=85)
    return {
        "label": whole.vocab[place], "probability": of_label, "falls": falls.reshape(ACROSS, ACROSS).round(6).tolist(),
        "square": SHARE, "photo": "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode(),
    }  # fmt: skip
