"""Copies on a report page: where a training set is there, the program's own features find cropped and turned photos, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gatera.evaluate.findings.copies import HEADING, LookCloser
from gatera.evaluate.items import Example
from gatera.evaluate.leaking.by_features import leaks_by_features
from gatera.evaluate.leaking.find import Side
from gatera.evaluate.leaking.found import Leaks
from gatera.evaluate.measure_source import Measurement, as_rows
from gatera.evaluate.section import Section
from gatera.program.prediction import Prediction
from gatera.program.program import Program

#: What a page says where the user does not want it.
NOBODY = Section(HEADING, ["Copies were not looked for, as requested."])


def closer(program: Program, measured: Measurement) -> LookCloser:
    """Return what finds more copies by a program's features; it runs the program on the training set.

    Args:
        program: the program.
        measured: the items that it was measured on.
    """

    def look(sides: Mapping[str, Side], known: Leaks, training: Sequence[Example]) -> Leaks | None:
        ours = measured.features
        theirs = None if ours is None else as_rows(
            [
                answer.features if isinstance(answer, Prediction) else None
                for answer in program.predict_stream([each.raw for each in training], on_error="return")
            ]
        )  # fmt: skip
        # a program without features, or of photos that can no longer be read
        if ours is None or theirs is None:
            return None
        (name,) = sides.keys() - {"train"}
        # the program weighs what lies beside its components more than each of them
        spread = np.maximum(theirs.std(axis=0), 1e-6)
        return leaks_by_features(sides, {"train": theirs / spread, name: ours / spread}, known)

    return look
