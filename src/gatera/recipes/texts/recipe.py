"""The recipe for texts: which class each of them is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from torch import Tensor

from gatera.core.errors import ArgumentError, shorten
from gatera.data.folders.labelled import Kind
from gatera.data.sources.looks import look_at_text
from gatera.evaluate.questions.labels import HeldOut, LabelErrors
from gatera.measure.metrics.standard import error_rate
from gatera.program.raw.text import read_text
from gatera.recipes.evaluation import Evaluation, evaluate_classes
from gatera.recipes.events import Events
from gatera.recipes.job import Job, fine_tuning, options_for
from gatera.recipes.labelled_files import file_loaders, find_files
from gatera.recipes.settings import ModelKind, TrainSettings
from gatera.recipes.splitting.end_warnings import report_suspects_by_answers
from gatera.recipes.splitting.files import facts_of_files, file_leaks, groups_of_files
from gatera.recipes.splitting.rows import groups_of_rows
from gatera.recipes.texts.rows import TableOfTexts, refuse_settings
from gatera.text.baseline import tfidf_baseline
from gatera.text.block import TextBlock
from gatera.text.classifier_parts import is_awd_lstm
from gatera.text.data import get_text_files
from gatera.text.joined.train import TextModel, TextTraining, TrainedTexts, train_texts
from gatera.text.learner import TextLearner, text_classifier_learner
from gatera.text.loaders import TextLoaders
from gatera.text.task_defaults import AWD_TEXTS, ENCODER, TEXTS, epochs_for

#: Settings that only tables have.
OF_TABLES = ("text", "classes", "drop", "time_by")

#: Characters of a text that is shown as an example.
EXAMPLE_CHARACTERS = 60

KIND = Kind(get_text_files, "text", ".txt", read_text, look_at_text)


def text_job(settings: TrainSettings, events: Events) -> Job:
    """Prepare training on texts: files in a folder, or a column of a table.

    Raises:
        DataError: if something is wrong with the folder or the table.
        ArgumentError: if a setting does not go with it.
    """
    if not settings.source.is_dir():
        return _table_job(settings, events)
    refuse_settings(settings, OF_TABLES, "tables", "a folder")
    found = find_files(settings, events, KIND)
    block = TextBlock()
    bs = settings.bs or block.batch_rule.size(len(found.indices("train")))
    dls = cast(TextLoaders, file_loaders(found, block, replace(settings, bs=bs), events))
    groups = groups_of_files(lambda: found, settings)
    return job_of_texts(
        dls, settings, events, data=f"{settings.source} ({found.layout})", split_by=found.split_by, at_random=found.at_random,
        example=[str(found.files[found.indices("valid")[0]])], skipped=found.skipped, facts=facts_of_files(found), leaks=file_leaks(found, settings, events),
        groups=groups, train_groups=groups("train")[0],
    )  # fmt: skip


def _table_job(settings: TrainSettings, events: Events) -> Job:
    table = TableOfTexts(settings, events)
    block = TextBlock(column=table.text)
    split = table.split(events)
    splits = split.splits
    bs = settings.bs or block.batch_rule.size(len(splits.train))
    dls = cast(TextLoaders, table.loaders(block, splits, bs))
    return job_of_texts(
        dls, settings, events, data=f"{settings.source} (column {table.text})",
        split_by=split.words, at_random=split.at_random, leaks=split.leaks,
        example=[shorten(table.texts[int(splits.valid[0])], EXAMPLE_CHARACTERS)],
        facts={"text": table.text, "rows_skipped": table.n_skipped}, rows=table.rows,
        groups=groups_of_rows(split), train_groups=[split.groups[place] for place in splits.train.tolist()] if split.groups else (),
    )  # fmt: skip


def job_of_texts(
    dls: TextLoaders,
    settings: TrainSettings,
    events: Events,
    train_groups: Sequence[Hashable] = (),
    **about: Any,
) -> Job:
    """Prepare training on loaders of texts with one class each.

    Args:
        dls: the texts.
        settings: how they are trained on.
        events: where to report.
        train_groups: the group of each training text, in their order, where those of one are kept together.
        **about: what else `Job` is told.
    """
    arch = settings.arch or str(TEXTS.arch)
    lstm = is_awd_lstm(arch)
    if lstm and settings.model not in (ModelKind.best, ModelKind.network):
        raise ArgumentError(
            f"model={settings.model} needs another architecture: AWD_LSTM can only be used alone",
            remedy="Omit model= or arch=.",
        )
    defaults = AWD_TEXTS if lstm else TEXTS
    learn = text_classifier_learner(
        dls, arch, config=None if lstm else ENCODER, pretrained=settings.weights or True, metrics=error_rate,
        path=settings.out.parent, options=options_for(settings, defaults),
    )  # fmt: skip
    facts, suspects = dict(about.pop("facts", {})), _Suspects(learn, events, about.get("rows"))
    if lstm:
        fit, done = fine_tuning(learn, settings, defaults), [TrainedTexts()]
    else:
        if settings.model is ModelKind.words:
            about["opening"] = (
                f"Training a linear model of words, up to {ENCODER.max_len:,} tokens of a text."
            )
        else:
            events.on_line(
                f"The network reads the first and last {cast(int, ENCODER.window) // 2} tokens of a text, a linear model of words up "
                f"to {ENCODER.max_len:,}."
            )
        fit, done = _joined(learn, _how(learn, settings, train_groups), events, facts, suspects)

    def evaluate(side: str) -> Evaluation:
        return _evaluate(learn, side, done[-1])

    return Job(
        learn, fit, evaluate, weights=f"the weights of {arch}", facts=facts, suspects=suspects.found, **about
    )


def _how(learn: TextLearner, settings: TrainSettings, train_groups: Sequence[Hashable]) -> TextTraining:
    """Return how network and words are trained."""
    number: dict[Hashable, int] = {}
    groups = [number.setdefault(group, len(number)) for group in train_groups]
    return TextTraining(
        cast(TextModel, settings.model.value), settings.epochs or epochs_for(len(learn.dls.train)),
        settings.freeze_epochs or TEXTS.freeze_epochs, settings.lr or cast(float, TEXTS.lr), settings.seed,
        np.array(groups, np.int64) if groups else None,
    )  # fmt: skip


def _joined(
    learn: TextLearner, how: TextTraining, events: Events, facts: dict[str, Any], suspects: _Suspects
) -> tuple[Callable[[Path | None], None], list[TrainedTexts]]:
    """Return a function that trains network and words, and a list that then holds what became of them."""
    done: list[TrainedTexts] = []

    def fit(resume: Path | None) -> None:
        on_words = suspects.look if resume is None else None
        done.append(train_texts(learn, how, events.on_note, resume, on_words))
        facts.update(done[-1].facts)

    return fit, done


class _Suspects:
    """Looks for labels that look wrong, by what words say of texts that they did not learn from.

    Args:
        learn: the learner.
        events: where to report.
        rows: the row in the table of each text, from 0; None for files.

    Attributes:
        found: what was found; empty before.
    """

    def __init__(self, learn: TextLearner, events: Events, rows: np.ndarray | None) -> None:
        self.learn, self.events, self.rows = learn, events, rows
        self.found: list[LabelErrors] = []

    def look(self, train: Tensor, valid: Tensor) -> None:
        """Take the logits of the training and the validation texts, float32 [n,K]."""
        parts = [
            HeldOut(side, np.arange(len(scores)), scores.numpy())
            for side, scores in (("train", train), ("valid", valid))
        ]
        row_of = int if self.rows is None else self.rows.item
        self.found.extend(report_suspects_by_answers(self.learn, parts, self.events, row_of))


def _evaluate(learn: TextLearner, side: str, trained: TrainedTexts) -> Evaluation:
    outputs = trained.valid_outputs if side == "valid" else None
    if side == "valid" and trained.valid_words is not None:
        error = trained.valid_words / len(learn.dls.valid_ds)
    else:
        error = 1 - tfidf_baseline(cast(TextLoaders, learn.dls), 1 if side == "valid" else 2).accuracy
    return evaluate_classes(learn, side, {"TF-IDF with logistic regression": error}, outputs)
