"""Model cards: what a program does, how good it is, how it was made, and what was not tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gatera.core.checks import listed
from gatera.measure.reports.certainty import in_plain_words
from gatera.measure.reports.classes import ErrorReport, percent
from gatera.program.tasks import task_kind

ALWAYS_A_LABEL = "It always predicts one of its labels, even for an input that belongs to none of them."

#: In place of `ALWAYS_A_LABEL` for a program that compares inputs with its training set.
KNOWS_NOVELTY = (
    "Unless it is asked to be sure, it predicts one of its labels even for an input that belongs to none of them; beside the answer it "
    "says whether the input looks unlike anything in the training set."
)

#: What was not tested, unless the author of the program says more.
LIMITS = (
    "It was measured on items from the same source as the training set. On other items (another camera, place, time, or "
    "kind of subject) the error may be larger; this was not measured.",
    ALWAYS_A_LABEL,
)

#: At most this many labels are listed; the rest are counted.
MOST_LABELS = 60


@dataclass(frozen=True)
class CardFacts:
    """The content of a model card.

    Attributes:
        title: the program's name.
        task: "classification", "multilabel", "regression", "segmentation" or "points".
        labels: the labels it can predict; empty for numbers.
        data: source of the data, in words.
        n_train: number of items in the training set.
        n_valid: number of items in the validation set.
        split: how the items were split, in words.
        report: the error with interval and baseline; None if it is not a classifier.
        metrics: other measured numbers by name.
        remarks: what these figures are worth; a sentence each.
        architecture: the network's name.
        weights: source of its initial weights.
        licences: one line for each licence of data and weights.
        versions: name -> version of the software used.
        created: date, as text.
        limits: what it was not tested on; `LIMITS` by default.
        certainty: how sure it is, and whether it is right to be; a sentence each.
        novelty: whether it compares inputs with its training set.
        baselines: the errors (0..1) of simpler classifiers on the items of the report, by name.
    """

    title: str
    task: str
    labels: Sequence[object]
    data: str
    n_train: int
    n_valid: int
    split: str
    architecture: str
    weights: str
    report: ErrorReport | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    remarks: Sequence[str] = ()
    licences: Sequence[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    limits: Sequence[str] = LIMITS
    certainty: Sequence[str] = ()
    novelty: bool = False
    baselines: Mapping[str, float] = field(default_factory=dict)


def model_card(facts: CardFacts) -> str:
    """Return the card as Markdown. Names of classes and files are put into code spans, so none of them becomes markup.

    Example:
        >>> facts = CardFacts(
        ...     title="cats", task="classification", labels=["cat", "dog"], data="photos/", n_train=80, n_valid=20,
        ...     split="at random, seed 42", architecture="efficientnet_lite0", weights="ImageNet",
        ... )
        >>> print(model_card(facts).splitlines()[0])
        # `cats`
    """
    sections = {
        "What it does": _what(facts),
        "How good it is": _how_good(facts),
        "How sure it is": [f"- {in_plain_words(_one_line(line))}" for line in facts.certainty],
        "What it was made from": _made_from(facts),
        "What it was not tested on": [f"- {limit}" for limit in _limits(facts)],
        "Licences": [f"- {_one_line(licence)}" for licence in facts.licences]
        or ["Not stated. The licences of the training data and the initial weights apply to the program."],
        "Made with": _made_with(facts),
    }
    blocks = [f"# {code(facts.title)}"]
    blocks += [f"## {heading}\n\n" + "\n".join(lines) for heading, lines in sections.items() if lines]
    return "\n\n".join(blocks) + "\n"


def code(text: object) -> str:
    """Return any text as a Markdown code span on one line.

    Example:
        >>> print(code("a `b`"))
        `` a `b` ``
    """
    line = _one_line(text)
    if "`" not in line:
        return f"`{line}`"
    fence = "`" * (1 + max(len(run) for run in "".join(c if c == "`" else " " for c in line).split()))
    return f"{fence} {line} {fence}"


def _what(facts: CardFacts) -> list[str]:
    kind = task_kind(facts.task)
    if kind is None or (kind.needs_vocab and not facts.labels):
        return [f"Task: {facts.task}."]
    names = listed((code(label) for label in facts.labels), MOST_LABELS)
    return [kind.card_sentence.format(n=len(facts.labels), labels=names)]


def _limits(facts: CardFacts) -> list[str]:
    kind = task_kind(facts.task)
    # a program that gives any number of labels may give none
    has_labels = kind is None or (kind.needs_vocab and kind.labels_per_item != "any")
    instead = {ALWAYS_A_LABEL: KNOWS_NOVELTY} if facts.novelty else {}
    return [instead.get(limit, limit) for limit in facts.limits if has_labels or limit != ALWAYS_A_LABEL]


def _how_good(facts: CardFacts) -> list[str]:
    lines = []
    if facts.report is not None:
        report = facts.report
        said = report.interval_words.replace("interval ", "interval of the error: ", 1)
        lines += [
            f"- error: **{percent(report.error, report.n)}** ({report.errors} of {report.n} items not used for training)",
            f"- {_one_line(said)}",
        ]
        if report.baseline is not None:
            error = percent(report.baseline.error, report.n)
            lines.append(f"- baseline: {error}, by always predicting {code(report.baseline_label)}")
            if report.verdict:
                lines.append(f"- **{report.verdict[:-1].removeprefix('The model is ')} than this baseline**")
        for name, simpler in facts.baselines.items():
            worse = "; **clearly worse than this**" if report.clearly_worse_than(simpler) else ""
            lines.append(f"- baseline: {percent(simpler, report.n)}, by {_one_line(name)}{worse}")
        mistakes = [
            f"{code(pair.actual)} predicted as {code(pair.predicted)} ({pair.n})" for pair in report.confused
        ]
        lines += [f"- most confused: {listed(mistakes, 5)}"] if mistakes else []
    lines += [f"- {_one_line(name)}: {value:.6g}" for name, value in facts.metrics.items()]
    lines += [f"- {_one_line(remark)}" for remark in facts.remarks]
    return lines or ["Not measured."]


def _made_from(facts: CardFacts) -> list[str]:
    return [
        f"- data: {code(facts.data)}",
        f"- training set: {facts.n_train} items; validation set: {facts.n_valid}; split {_one_line(facts.split)}",
        f"- architecture: {code(facts.architecture)}",
        f"- initial weights: {_one_line(facts.weights)}",
    ]


def _made_with(facts: CardFacts) -> list[str]:
    lines = [f"- {_one_line(name)} {_one_line(version)}" for name, version in facts.versions.items()]
    return lines + ([f"- on {_one_line(facts.created)}"] if facts.created else [])


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
