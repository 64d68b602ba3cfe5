"""`learn.attribution`: choose what suits the kind of input, and check what is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from gatera.core.checks import check_choice, check_keywords
from gatera.core.errors import DataError
from gatera.data.loading.loader import DataLoader
from gatera.interpret.attributions.photos import BASELINES, photo_attribution
from gatera.interpret.attributions.ratings import rating_attribution
from gatera.interpret.attributions.rows import row_attribution
from gatera.interpret.attributions.texts import text_attribution
from gatera.interpret.occlusion_of_photos import Squares
from gatera.interpret.subject import Subject, item_and_label, subject_of
from gatera.learn.arithmetic import evaluating
from gatera.models.text.word_scores import TextMixture

if TYPE_CHECKING:
    from gatera.learn.learner import Learner

#: Methods for each kind of input, the default first, and the options of each.
METHODS: dict[str, dict[str, tuple[str, ...]]] = {
    "photos": {
        "gradcam": ("layer",),
        "integrated_gradients": ("steps", "baseline"),
        "occlusion": ("patch", "stride", "fill"),
    },
    "texts": {"integrated_gradients": ("steps",), "occlusion": ()},
    "rows": {"shapley": ("background", "orders")},
    "ratings": {"biases": ()},
}


def attribution(
    learn: Learner, item: Any, method: str | None = None, label: Any = None, **options: Any
) -> Any:
    """Say which parts of an item its answer comes from; see `Learner.attribution`."""
    subject = subject_of(learn)
    raw, known = item_and_label(learn, item, label)
    kind = kind_of(learn)
    chosen = method or ("occlusion" if isinstance(learn.model, TextMixture) else next(iter(METHODS[kind])))
    check_choice("method", chosen, METHODS[kind])
    check_keywords(f"attribution(method={chosen!r})", options, METHODS[kind][chosen])
    with torch.inference_mode(False), evaluating(learn.model):
        if kind == "photos":
            return explained_photo(subject, raw, chosen, known, **options)
        block = learn.dls.train_ds.fields.x
        if kind == "texts":
            return text_attribution(subject, raw, chosen, known, block.tokens.words, block.padding, **options)
        if kind == "rows":
            training = torch.as_tensor(learn.dls.train_ds.arrays)
            return row_attribution(subject, block, training, raw, known, **options)
        return rating_attribution(subject, raw, block.classes)


def kind_of(learn: Learner) -> str:
    """Return which of `METHODS` suits a learner's inputs.

    Raises:
        DataError: if none does.
    """
    train = learn.dls.train
    block = train.dataset.fields.x if isinstance(train, DataLoader) else None
    if block is not None and train.dataset.fields.image is not None:
        return "photos"
    if hasattr(block, "tokens"):
        if getattr(block, "is_lm", False):
            raise DataError("a language model's words have no label to be explained")
        return "texts"
    if hasattr(block, "read_columns"):
        return "rows"
    if hasattr(block, "reader") and hasattr(block, "classes"):
        return "ratings"
    raise DataError(
        "there is no attribution for such inputs", got=type(block).__name__,
        expected="photos, sounds, texts, rows of a table, or users and items",
    )  # fmt: skip


def explained_photo(subject: Subject, item: Any, method: str, label: Any, **options: Any) -> Any:
    """Return the map of a photo; `patch`, `stride` and `fill` are those of the squares."""
    squares = {name: options.pop(name) for name in ("patch", "stride", "fill") if name in options}
    if "baseline" in options:
        check_choice("baseline", options["baseline"], BASELINES)
    usual = Squares()
    made = Squares(
        squares.get("patch", usual.size), squares.get("stride", usual.stride), squares.get("fill", usual.fill)
    )
    return photo_attribution(subject, item, method, label, squares=made, **options)
