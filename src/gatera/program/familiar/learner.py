"""What a loaded learner of fastai offered and code written for one asks of a program, without PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import numpy as np

from gatera.program.familiar.figures import figures
from gatera.program.familiar.inputs import each_input


class InputsToPredict(list[Any]):
    """Inputs to predict, made by `program.dls.test_dl`."""


class ProgramData(NamedTuple):
    """What a program knows of the data it was trained on.

    Attributes:
        vocab: the labels.
    """

    vocab: list[Any]

    def test_dl(self, items: Iterable[Any], **keywords: Any) -> InputsToPredict:
        """Return inputs for `get_preds(dl=...)`. Keywords of fastai's, such as `bs`, change nothing."""
        return InputsToPredict(list(each_input(items)))


class LikeALearner:
    """The names by which code for a loaded learner of fastai asks a program."""

    vocab: list[Any]

    predict_batch: Callable[..., Any]

    @property
    def dls(self) -> ProgramData:
        """What the program knows of its data: `dls.vocab`, `dls.test_dl(items)`."""
        return ProgramData(self.vocab)

    def get_preds(
        self, dl: Iterable[Any], with_decoded: bool = False, *, reorder: bool = True, inner: bool = False
    ) -> tuple[Any, ...]:  # fmt: skip
        """Predict all inputs of `dls.test_dl(items)`, or of any list.

        Args:
            dl: the inputs.
            with_decoded: also return the positions of the labels.
            reorder: accepted for fastai's signature: predictions are always in the order of the inputs.
            inner: accepted for fastai's signature.

        Returns:
            (probabilities [N,K], None) or (probabilities, None, positions [N]): there are no targets.
        """
        found = self.predict_batch(list(dl))
        stacked = figures([np.asarray(answer.probabilities) for answer in found])
        return (
            (stacked, None, figures([answer.index for answer in found])) if with_decoded else (stacked, None)
        )

    def no_bar(self) -> AbstractContextManager[None]:
        """Return a context without a progress bar; a program has none."""
        return nullcontext()

    def no_logging(self) -> AbstractContextManager[None]:
        """Return a context without a table of epochs; a program has none."""
        return nullcontext()

    def remove_cb(self, callback: Any) -> Any:
        """Return the program, which has no callbacks."""
        return self

    def eval(self) -> Any:
        """Return the program, which never trains."""
        return self
