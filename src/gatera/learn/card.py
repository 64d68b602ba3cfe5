"""The card in a program: what it is, how good it was measured to be, and what it was not tested on."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatera.learn.learner import Learner


def model_card(learn: Learner, program: Mapping[str, Any]) -> str:
    """Return a Markdown card from what a learner knows about itself.

    Args:
        learn: whose data, history and parts are described.
        program: the program's description, as in `program.json`.
    """
    vocab = program["decode"]["vocab"]
    lines = [f"# {program['task'] or 'model'} program".capitalize(), ""]
    if vocab is not None:
        lines += [f"Tells apart: {', '.join(map(str, vocab))}.", ""]
    lines += ["## How good it is", ""]
    row = program["training"].get("last_epoch")
    valid = learn.dls.valid
    if row is None or valid is None:
        lines.append("Not measured: it was written before any training.")
    else:
        n = getattr(valid, "n", None)
        lines += [f"Last epoch, on {n if n is not None else 'the'} validation items:", ""]
        lines += [f"- {name}: {value:.6f}" for name, value in row.items() if name not in ("epoch", "time")]
    lines += [
        "",
        "It was measured on items chosen like those it was trained on. On others (another camera, place, time, or kind "
        "of subject) it may be worse, and nobody has measured how much.",
        "",
        "## What it is",
        "",
        f"- architecture: {program['model']['architecture']}",
        f"- initial weights: {getattr(learn.body, 'source', None) or 'random'}",
        f"- trained on {getattr(learn.dls.train, 'n', 'unknown')} items, {learn.epochs_done} epochs",
        f"- made {program['created']} by Gatera {program['gatera']}, PyTorch {program['versions']['torch']}, "
        f"Python {platform.python_version()}",
        "",
        "## Licence",
        "",
        "The program inherits what the licences of its training items and of its initial weights ask for.",
        "",
    ]
    return "\n".join(lines)
