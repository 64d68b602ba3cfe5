"""Film reviews labelled by rules only: the trained model beside the vote of the rules and beside full supervision.

    python benchmarks/weak_supervision.py --data aclImdb_4k [--network] [--max-len 256] [--epochs 6]

DATA holds train/ and test/, in each a folder per class (neg, pos). The model is a linear one of words; with --network the mean of its
logits and those of a head on frozen MiniLM. Labels of the training set are used for the last line only.
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
from gatera.text.all import MiniLM, TextDataLoaders, text_classifier_learner
from gatera.text.joined.fit import fit_words
from gatera.text.joined.train import score

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
    learn = text_classifier_learner(dls, MiniLM, max_len=None)
    soft = learn.dls.train_ds.training_targets
    data, padding = learn.dls.train_ds, learn.dls.block.padding
    words = fit_words(
        data.arrays,
        np.asarray(data.targets),
        2,
        len(learn.dls.text_vocab),
        padding,
        1,
        None if soft is None else soft.numpy(),
    )
    said = score(words.scores, learn.dls.valid_ds.arrays, padding).numpy()
    found = {"words": float((said.argmax(1) == test[1]).mean())}
    if given.network:
        short = text_classifier_learner(dls, MiniLM, max_len=given.max_len, drop_mult=0.0)
        short.freeze()
        short.fit_one_cycle(given.epochs, 5e-3)
        network = short.get_preds()[0].numpy()
        log_odds = np.log(network[:, 1] / network[:, 0])
        found["network"] = float(((log_odds > 0) == test[1]).mean())
        both = (log_odds + said[:, 1] - said[:, 0]) / 2
        found["both"] = float(((both > 0) == test[1]).mean())
    print(f"    {time.perf_counter() - start:.0f} s", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--network", action="store_true")
    parser.add_argument("--max-len", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=6)
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
    full = trained(texts, [CLASSES[number] for number in truth], test, given)
    for name, accuracy in weak.items():
        print(
            f"{name}: trained on rules {accuracy:.3f}, on all labels {full[name]:.3f}; "
            f"{100 * (accuracy - vote):+.1f} points over the vote, {100 * (full[name] - accuracy):.1f} below full supervision"
        )


if __name__ == "__main__":
    main()
