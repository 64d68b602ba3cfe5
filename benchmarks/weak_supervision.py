"""Film reviews labelled by rules only: the trained model beside the vote of the rules and beside full supervision.

    python benchmarks/weak_supervision.py --data aclImdb_4k [--network] [--without-full]

DATA holds train/ and test/, in each a folder per class (neg, pos). The model is a linear one of words; with --network
what gatera train makes of texts: words and MiniLM, two epochs of its last layers. Labels of the training set are used for full
supervision and the report only.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.soft import SoftCategoryBlock
from gatera.labeling import (
    ABSTAIN,
    LabelModel,
    MajorityLabeler,
    apply,
    labeling_function,
    labeling_report,
    soft_labels,
)
from gatera.text.all import MiniLM, TextDataLoaders, accuracy, text_classifier_learner
from gatera.text.joined.train import TextTraining, train_texts
from gatera.text.task_defaults import ENCODER, TEXTS

CLASSES = ["neg", "pos"]

#: Written down once, from what people say about films; not tuned on the labels.
RULES = {
    "superlatives": ("pos", r"\b(excellent|superb|outstanding|brilliant(ly)?|magnificent|masterpiece|flawless|perfect(ly)?|phenomenal)\b"),
    "warm_words": ("pos", r"\b(wonderful(ly)?|amazing|fantastic|incredible|beautiful(ly)?|delightful|charming|touching|moving|heartwarming)\b"),
    "loves_it": ("pos", r"\b(i|we) (really |absolutely |just |truly )?(loved?|enjoyed|adored?)\b|\bfavou?rites?\b"),
    "recommends": ("pos", r"highly recommend|must[- ]see|(well|definitely) worth|don'?t miss|recommend(ed)? (it|this|to)|worth (watching|seeing|a look)"),
    "great": ("pos", r"\bgreat\b|\bterrific\b|\bsplendid\b"),
    "high_mark": ("pos", r"\b([89]|10)\s*(/|out of)\s*10\b|\b(4|5|four|five) stars\b"),
    "praises_acting": ("pos", r"\b(great|excellent|fine|superb|brilliant|wonderful|outstanding) (acting|performances?|cast|job|film|movie)\b|well (acted|done|made|written)"),
    "worst": ("neg", r"\bworst\b|\bwasted?\b"),
    "awful_words": ("neg", r"\b(awful|terribl[ey]|horribl[ey]|dreadful|atrocious|abysmal|pathetic|garbage|trash|crap(py)?|rubbish|unwatchable|laughable)\b"),
    "bored": ("neg", r"\b(boring|bored|dull|tedious|yawn|uninteresting|snooze|lifeless)\b|fell asleep|fall asleep"),
    "poor_work": ("neg", r"\b(poor(ly)?|lame|cheap|weak|badly|mediocre|amateurish|cheesy|clich[eé]d?|predictable|contrived)\b"),
    "stupid": ("neg", r"\b(stupid|ridiculous|idiotic|pointless|mess|nonsense|unfunny|annoying|dumb|silly)\b"),
    "bad": ("neg", r"\bbad\b"),
    "let_down": ("neg", r"disappoint|don'?t (bother|waste)|save your|avoid|not worth|\b(fails?|failed)\b|\bunfortunately\b|supposed to be"),
    "low_mark": ("neg", r"\b[1-4]\s*(/|out of)\s*10\b|\b(one|1) star\b|zero stars"),
    "only_good": ("neg", r"\b(oh well|at least|only (good|redeeming)|could have been|should have been|the only)\b"),
}  # fmt: skip


def rule(name: str, label: str, pattern: str) -> Any:
    """A function that votes where a pattern occurs."""
    compiled = re.compile(pattern, re.IGNORECASE)
    return labeling_function(name=name)(lambda text: label if compiled.search(text) else ABSTAIN)


def read(folder: Path) -> tuple[list[str], np.ndarray]:
    """The texts of a side and their classes, int64 [n]."""
    files = [
        (file, number)
        for number, name in enumerate(CLASSES)
        for file in sorted((folder / name).glob("*.txt"))
    ]
    return [file.read_text() for file, _ in files], np.array([number for _, number in files])


def right(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The share of right answers; an item without one, or with a tie, counts one half."""
    difference = probabilities[:, 1] - probabilities[:, 0]
    return float(np.where(np.abs(difference) < 1e-9, 0.5, (difference > 0) == truth).mean())


def trained(
    texts: list[str], labels: list[Any], test: tuple[list[str], np.ndarray], given: argparse.Namespace
) -> dict[str, float]:
    """Train on texts with labels (classes or probabilities); returns accuracies on the test set."""
    names = [CLASSES[number] for number in test[1]]
    table = pd.DataFrame(
        {
            "text": [*texts, *test[0]],
            "label": [*labels, *names],
            "held": [False] * len(texts) + [True] * len(names),
        }
    )
    block = SoftCategoryBlock(CLASSES) if isinstance(labels[0], dict) else CategoryBlock(vocab=CLASSES)
    dls = TextDataLoaders.from_df(
        table, text_col="text", label_col="label", valid_col="held", y_block=block, seed=1
    )
    start = time.perf_counter()
    learn = text_classifier_learner(dls, MiniLM, config=ENCODER, metrics=accuracy)
    how = TextTraining(
        "both" if given.network else "words", TEXTS.epochs, TEXTS.freeze_epochs, float(TEXTS.lr or 0), 1
    )
    done = train_texts(learn, how, lambda line: print(f"    {line}"))
    found = {"words": 1 - (done.valid_words or 0) / len(names)}
    if given.network:
        found["both"] = float(learn.validate()[1])
    print(f"    {time.perf_counter() - start:.0f} s", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--network", action="store_true")
    parser.add_argument("--without-full", action="store_true", help="do not train on the true labels")
    given = parser.parse_args()
    texts, truth = read(given.data / "train")
    test = read(given.data / "test")
    functions = [rule(name, label, pattern) for name, (label, pattern) in RULES.items()]
    votes = apply(functions, texts, classes=CLASSES, quiet=True)
    model, majority = LabelModel().fit(votes), MajorityLabeler().fit(votes)
    print(labeling_report(votes, model, [CLASSES[number] for number in truth]), "\n")
    on_test = apply(functions, test[0], classes=CLASSES, quiet=True)
    vote = right(majority.predict_proba(on_test), test[1])
    print(
        f"the rules alone, on the test set: majority vote {vote:.3f}, label model {right(model.predict_proba(on_test), test[1]):.3f}"
    )
    soft = soft_labels(model.predict_proba(votes), votes)
    weak = trained([texts[i] for i in soft.positions], soft.labels, test, given)
    for name, accuracy_of in weak.items():
        print(
            f"{name}: trained on rules {accuracy_of:.3f}, {100 * (accuracy_of - vote):+.1f} points over the vote",
            flush=True,
        )
    if not given.without_full:
        full = trained(texts, [CLASSES[number] for number in truth], test, given)
        for name, accuracy_of in full.items():
            print(
                f"{name}: trained on all labels {accuracy_of:.3f}, {100 * (accuracy_of - weak[name]):.1f} points more"
            )


if __name__ == "__main__":
    main()
