"""The card inside a program: what it is, how good it is, where it came from, and what nobody has tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gatera.core.checks import listed
from gatera.measure.reports.classes import ErrorReport, percent
from gatera.program.tasks import task_kind

ALWAYS_A_LABEL = "It always answers with one of its labels, also for an input that is none of them."

#: What was not tested, unless the maker of the program says more.
LIMITS = (
    "It was measured on items from the same source as those it was trained on. On others (another camera, place, time, "
    "or kind of subject) the error may be larger, and nobody has measured how much.",
    ALWAYS_A_LABEL,
)

#: More labels than this are counted and not all listed.
MOST_LABELS = 60


@dataclass(frozen=True)
class CardFacts:
    """Everything a card says.

    Attributes:
        title: the program's name.
        task: "classification", "multilabel", "regression", "segmentation" or "points".
        labels: what it can answer; empty for numbers.
        data: where the examples came from, in words.
        n_train: how many items it was trained on.
        n_valid: how many items it was measured on.
        split: how items were divided, in words.
        report: the error with interval and baseline; None where it is no classifier.
        metrics: other measured numbers by name.
        architecture: the network's name.
        weights: where its initial weights came from.
        licences: one line for each licence that applies, of data and weights.
        versions: name -> version of what made it.
        created: when, as text.
        limits: what it was not tested on; `LIMITS` by default.
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
    licences: Sequence[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    limits: Sequence[str] = LIMITS


def model_card(facts: CardFacts) -> str:
    """Return the card as Markdown. Names of classes and files stand in code spans, so none of them becomes markup.

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
        "What it was made from": _made_from(facts),
        "What it was not tested on": [f"- {limit}" for limit in _limits(facts)],
        "Licences": [f"- {_one_line(licence)}" for licence in facts.licences]
        or ["Not stated. The program inherits what the licences of its photos and initial weights ask for."],
        "Made with": _made_with(facts),
    }
    blocks = [f"# {code(facts.title)}"]
    blocks += [f"## {heading}\n\n" + "\n".join(lines) for heading, lines in sections.items() if lines]
    return "\n\n".join(blocks) + "\n"


def code(text: object) -> str:
    """Return text as a Markdown code span on one line, whatever it contains.

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
    has_labels = kind is None or kind.needs_vocab
    return [limit for limit in facts.limits if has_labels or limit != ALWAYS_A_LABEL]


def _how_good(facts: CardFacts) -> list[str]:
    lines = []
    if facts.report is not None:
        report = facts.report
        low, high = (percent(end, report.n) for end in report.interval)
        lines += [
            f"- error: **{percent(report.error, report.n)}** ({report.errors} of {report.n} items it was not trained on)",
            f"- 95 % interval of the error: {low} to {high}",
        ]
        if report.baseline is not None:
            error = percent(report.baseline.error, report.n)
            lines.append(f"- baseline: {error}, by always predicting {code(report.baseline_label)}")
            if not report.beats_baseline:
                lines.append("- **it is not clearly better than the baseline**")
        mistakes = [
            f"{code(pair.actual)} predicted as {code(pair.predicted)} ({pair.n})" for pair in report.confused
        ]
        lines += [f"- most confused: {listed(mistakes, 5)}"] if mistakes else []
    lines += [f"- {_one_line(name)}: {value:.6g}" for name, value in facts.metrics.items()]
    return lines or ["Not measured."]


def _made_from(facts: CardFacts) -> list[str]:
    return [
        f"- data: {code(facts.data)}",
        f"- items: {facts.n_train} to train on, {facts.n_valid} to measure with, split {_one_line(facts.split)}",
        f"- architecture: {code(facts.architecture)}",
        f"- initial weights: {_one_line(facts.weights)}",
    ]


def _made_with(facts: CardFacts) -> list[str]:
    lines = [f"- {_one_line(name)} {_one_line(version)}" for name, version in facts.versions.items()]
    return lines + ([f"- on {_one_line(facts.created)}"] if facts.created else [])


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
