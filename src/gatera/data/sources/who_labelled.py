"""Labels that a model's own answers caused: each label can say where it came from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gatera.core.checks import is_missing

#: Columns of a table that say where its labels came from.
COLUMNS = ("label_source", "source_of_label", "labelled_by", "labeled_by", "annotator")

#: Columns that Label Studio exports beside a label, known by these two: who gave it, when, and how long that took.
_LABEL_STUDIO, _KNOWN_BY = ("annotation_id", "lead_time", "created_at", "updated_at"), 2

#: Columns that `gatera label` and `gatera studio` write beside `label` in the copy of a table: who gave it, when, how. Where the
#: table has one of that name, all are called "label_source", "label_by" and so on.
ABOUT = ("source", "by", "at", "note", "seconds", "flag")
PREFIXES = ("", "label_")

#: What stands in the first of them.
_WRITTEN = re.compile(r"|person|(function|program):.+")

#: Words with which the source of a label that a model gave begins: "model", "model:cats 3".
MODELS = ("model", "prediction", "predicted", "auto", "machine", "program")

#: From this share on, training on such labels is a loop rather than a help.
MANY = 0.02


@dataclass(frozen=True)
class LabelSources:
    """Where labels came from.

    Attributes:
        counts: number of labels by source: "person", "rule", "model:cats.gatera".
    """

    counts: Mapping[str, int]

    @property
    def from_models(self) -> dict[str, int]:
        """The sources that are models, with their numbers."""
        return {source: count for source, count in self.counts.items() if is_model(source)}

    @property
    def from_functions(self) -> dict[str, int]:
        """The sources that are labelling functions, with their numbers."""
        return {source: count for source, count in self.counts.items() if source.startswith("function:")}

    def warning(self) -> str | None:
        """Return what to say before training on labels that models or functions gave; None where there are hardly any."""
        said = (
            self._of(self.from_models, "a model", "A program that learns from its own answers, or from what they caused, confirms itself: "
                     "measure it on labels of people, and keep a share of cases that it does not decide."),
            self._of(self.from_functions, "labelling functions", "An error on such labels says how often the program disagrees with them, "
                     "and not how often it is wrong: measure it on labels of people."),
        )  # fmt: skip
        return " ".join(filter(None, said)) or None

    def _of(self, found: Mapping[str, int], what: str, so: str) -> str:
        total, many = sum(self.counts.values()), sum(found.values())
        if not many or many < MANY * total:
            return ""
        named = ", ".join(
            f"{source} {count:,}" for source, count in sorted(found.items(), key=lambda each: -each[1])[:3]
        )
        return f"{many:,} of {total:,} labels were given by {what} ({named}). {so}"


def label_sources(sources: Sequence[Any]) -> LabelSources:
    """Count where labels came from; empty cells count as "unknown".

    Example:
        >>> label_sources(["person", "model:v1", "model:v1", None]).from_models
        {'model:v1': 2}
    """
    words = [
        "unknown" if is_missing(source) or not str(source).strip() else str(source).strip()
        for source in sources
    ]
    return LabelSources(dict(Counter(words)))


def is_model(source: str) -> bool:
    """Whether a source of labels is a model.

    Example:
        >>> is_model("model:cats 3"), is_model("Prediction"), is_model("person"), is_model("modelling team")
        (True, True, False, False)
    """
    word = source.lower().replace(":", " ").replace("_", " ").replace("-", " ").split()
    return bool(word) and word[0] in MODELS


def source_columns(columns: Sequence[Any]) -> list[str]:
    """Return the columns of a table that say where its labels came from."""
    return [str(name) for name in columns if str(name).strip().lower() in COLUMNS]


def facts_of_labels(frame: Any) -> list[str]:
    """Return the columns of a pandas DataFrame that say who labelled its rows, how and when, the source first."""
    columns = [name for name in frame.columns if isinstance(name, str)]
    written = about_labels(columns, lambda name: frame[name].tolist())
    exported = [name for name in _LABEL_STUDIO if name in columns]
    if exported[:_KNOWN_BY] != [*_LABEL_STUDIO[:_KNOWN_BY]]:
        exported = []
    return list(dict.fromkeys([*written, *source_columns(columns), *exported]))


def about_labels(columns: Sequence[str], cells_of: Callable[[str], Sequence[Any]]) -> list[str]:
    """Return the columns of a table that say who labelled its rows, as our own tools write them, the source first; none where its columns
    of such names are its own.

    Args:
        columns: names of columns.
        cells_of: returns the cells of a column.

    Example:
        >>> table = {"text": ["Fine."], "label": ["good"], "source": ["function:praises@3f1c09ab"], "note": ["p=0.9"]}
        >>> about_labels([*table], table.__getitem__)
        ['source', 'note']
        >>> about_labels([*table], lambda name: ["twitter"])
        []
    """
    for prefix in PREFIXES if "label" in columns else ():
        found = [prefix + name for name in ABOUT if prefix + name in columns]
        if len(found) > 1 and found[0] == f"{prefix}source":
            cells = cells_of(found[0])
            if all(is_missing(cell) or _WRITTEN.fullmatch(str(cell).strip()) for cell in cells):
                return found
    return []
