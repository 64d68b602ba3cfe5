"""The two trained models that the predicting questions compare: same architecture, same published weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.session import Session, say

#: timm's name of the architecture on both sides.
ARCH = "tf_efficientnet_lite0"

#: The two bodies must agree so far on a photo, or they do not hold the same weights with the same normalisation.
TOLERANCE = 1e-3


class NotTheSame(RuntimeError):
    """The two sides do not hold the same weights, so comparing them would mean nothing."""


@dataclass(frozen=True)
class Saved:
    """A model saved by each side, in the way of each side."""

    fastai: Path
    gatera: Path


def weights(session: Session) -> Path:
    """Return the published EfficientNet-Lite0 weights under timm's names, as a file that fastai (through timm) loads."""
    path = session.work / "lite0.safetensors"
    if not path.exists():
        session.job("gatera_learner.py", "weights", out=path)
    return path


def training_data(session: Session) -> dict[str, Any]:
    """Return what both sides are told about data, model and device."""
    return {"photos": session.photos(), "device": session.device, **session.size}


def fastai_data(session: Session) -> dict[str, Any]:
    """Return what the fastai side is told: the same, and where the weights are."""
    return {**training_data(session), "arch": ARCH, "weights": weights(session)}


def saved_program(session: Session) -> Path:
    """Build Gatera's learner and save it, for questions that compare it with nothing of fastai's; kept for the others."""
    path = session.work / "program.gatera"
    if not path.exists():
        say("  saving a program")
        session.job("gatera_learner.py", "export", out=path, **training_data(session))
    return path


def saved_models(session: Session) -> Saved:
    """Build both learners, check that their bodies agree, and save each; kept for the other questions of this run.

    The heads are fresh: what a model has learned makes no difference to how long it computes.

    Raises:
        NotTheSame: if the bodies give other features for the same photo.
    """
    saved = Saved(session.work / "export.pkl", session.work / "model.gatera")
    if saved.fastai.exists() and saved.gatera.exists():
        return saved
    say("  saving a model on each side")
    theirs = session.job("fastai_side.py", "export", out=saved.fastai, **fastai_data(session))
    ours = session.job("gatera_learner.py", "export", out=saved.gatera, **training_data(session))
    apart = max(abs(a - b) for a, b in zip(theirs["features"], ours["features"], strict=True))
    if apart > TOLERANCE:
        saved.fastai.unlink()
        saved.gatera.unlink()
        raise NotTheSame(f"the two bodies differ by {apart:.3g} on one photo")
    return saved
