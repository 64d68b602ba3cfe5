"""Train what answers best for texts: the network, a linear model of words, or both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from torch import Tensor, nn

from gatera.learn.checkpoints.position import position_in
from gatera.learn.frozen_features import FeatureCache
from gatera.learn.learner import Learner
from gatera.models.text.word_scores import TextMixture
from gatera.program.tables.notes import Note
from gatera.text.joined.fit import FittedWords, fit_words, score
from gatera.text.joined.words_beside import LastPredictions, WordsBeside
from gatera.text.learner import TextLearner

TextModel = Literal["best", "network", "words", "both"]

#: Takes each decision.
OnNote = Callable[[Note], None]

#: Takes what words say of texts that they did not learn from: logits of each training and each validation text, float32 [n,K].
OnWords = Callable[[Tensor, Tensor], None]


@dataclass(frozen=True)
class TextTraining:
    """How the model of texts is trained.

    Attributes:
        model: "network", "words", "both", or "best": what answers held-out training texts best.
        epochs: epochs of the network's last layers and its head.
        freeze_epochs: epochs of the head alone before those.
        lr: the head's peak learning rate; pretrained layers have a tenth of it (`TransformerConfig.layer_lr`).
        seed: keys folds.
        groups: the number of each training text's group, from 0 on, int64 [n]; None for no groups.
    """

    model: TextModel
    epochs: int
    freeze_epochs: int
    lr: float
    seed: int
    groups: np.ndarray | None = None


@dataclass(frozen=True)
class TrainedTexts:
    """What became of a learner.

    Attributes:
        facts: what was decided, as plain values.
        valid_words: how many validation texts the words alone get wrong; None where they were not tried.
        valid_outputs: the new model's logits of the validation set, float32 [n,K]; None where they must be computed.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    valid_words: int | None = None
    valid_outputs: Tensor | None = None


def train_texts(
    learn: TextLearner,
    how: TextTraining,
    on_note: OnNote,
    resume: Path | None = None,
    on_words: OnWords | None = None,
) -> TrainedTexts:
    """Train a new classifier; afterwards its model is what was chosen.

    Args:
        learn: with one class per text; its encoder reads both ends of a text, its loaders have more of it.
        how: see `TextTraining`.
        on_note: takes each decision.
        resume: the checkpoint of an interrupted run.
        on_words: see `OnWords`; called before the network is trained, where words are.
    """
    train = learn.dls.train_ds
    labels = np.asarray(train.targets)
    words, model = None, how.model
    if model != "network" and len(np.unique(labels)) > 1:
        words = fit_words(
            train.arrays, labels, len(learn.dls.vocab or ()), len(learn.dls.text_vocab), learn.dls.block.padding, how.seed,
            None if train.training_targets is None else train.training_targets.numpy(), how.groups,
        )  # fmt: skip
        if model == "best" and not words.helps:
            _say_useless(words, len(labels), on_note)
            model = "network"
    if words is None or model == "network":
        kept = LastPredictions(len(learn.dls.valid_ds))
        _train_network(learn, how, [kept], resume)
        return TrainedTexts({"model": "network"}, None, _exact(learn, kept.outputs))
    said = score(words.scores, learn.dls.valid_ds.arrays, learn.dls.block.padding)
    if on_words is not None:
        on_words(words.left_out, said)
    return _train_joined(learn, how, words, said, on_note, resume)


def _train_joined(
    learn: TextLearner,
    how: TextTraining,
    words: FittedWords,
    said: Tensor,
    on_note: OnNote,
    resume: Path | None,
) -> TrainedTexts:
    valid = learn.dls.valid_ds
    wrong = int((said.argmax(1) != valid.targets).sum())
    beside = WordsBeside(words.left_out, said, how.model == "best")
    kept = LastPredictions(len(valid))
    if how.model != "words":
        _train_network(learn, how, [beside, kept], resume)
    alone = how.model == "words" or beside.words_win
    if how.model == "best":
        _tell(beside, alone, on_note)
    outputs = said if alone else _exact(learn, kept.outputs)
    learn.feature_cache = FeatureCache()  # the kept outputs may be a gigabyte
    learn.model = TextMixture(words.scores, None if alone else learn.model).to(learn.dls.device)
    shares = {"words": words.wrong / len(words.left_out)}
    if beside.n:
        shares["both"] = beside.wrong[1] / beside.n
    return TrainedTexts({"model": "words" if alone else "both", "held_out_errors": shares}, wrong, outputs)


def _train_network(learn: Learner, how: TextTraining, callbacks: list[Any], resume: Path | None) -> None:
    """Train the head, if asked to, then the last layers and the head; the head starts from zero."""
    if resume is None:
        for parameter in learn.model[-1][-1].parameters():  # type: ignore[index]
            nn.init.zeros_(parameter)
    stopped = None if resume is None else position_in(learn.load_checkpoint(resume)["position"], resume).phase
    if how.freeze_epochs and stopped != "unfrozen":
        learn.freeze()
        learn.fit_one_cycle(
            how.freeze_epochs, how.lr, pct_start=0.99, cbs=callbacks, phase="frozen", resume=resume
        )
        resume = None
    groups = learn.options.fine_tune_groups
    learn.freeze_to(0 if groups is None else -groups)
    learn.fit_one_cycle(how.epochs, how.lr, cbs=callbacks, phase="unfrozen", resume=resume)


def _exact(learn: Learner, outputs: Tensor | None) -> Tensor | None:
    """Return the outputs if the program's will be the same; None if they were rounded on the way."""
    same = learn.arithmetic.dtype is None and learn.feature_cache.exact(learn.dls.valid)
    return outputs if same else None


def _say_useless(words: FittedWords, n: int, on_note: OnNote) -> None:
    on_note(
        Note(
            f"Cross-validated on {n:,} training texts, a linear model of words gets {words.wrong:,} wrong, and the most frequent "
            f"class {words.usual_wrong:,}. The program uses the network alone", "model", "both",
        )
    )  # fmt: skip


def _tell(beside: WordsBeside, alone: bool, on_note: OnNote) -> None:
    """Say what held-out training texts said, and what follows."""
    if not beside.n:
        return
    words, both = (wrong / beside.n for wrong in beside.wrong)
    holds = "a linear model of words" if alone else "both"
    on_note(
        Note(
            f"Error on {beside.n:,} training texts, each predicted before it was learned from: a linear model of words "
            f"{100 * words:.1f} %, with the network {100 * both:.1f} %. The program uses {holds}", "model", "both" if alone else "words",
        )
    )  # fmt: skip
