"""`gatera data agree`: how far people agree who labelled the same items on branches of their own."""

from __future__ import annotations

import argparse
import math
from itertools import islice

from gatera.cli.data.looking import show_table
from gatera.cli.data.opened import opened
from gatera.cli.output import print_json, print_line, print_text
from gatera.core.checks import counted
from gatera.core.errors import ArgumentError
from gatera.measure.agreement import FEWEST, Agreement, Pair, agreement


def agree(options: argparse.Namespace) -> int:
    """Compare the labels of branches.

    Returns:
        The exit status, 0.

    Raises:
        GateraError: if there is no such branch, or no item has two labels.
    """
    data = opened(options, "agree")
    branches = list(dict.fromkeys([data.branch or "HEAD", *options.branches]))
    if len(branches) < 2:
        raise ArgumentError(
            f"{branches[0]} is the current branch", expected="another, which it is compared with"
        )
    found = agreement(data.labels_apart(*branches))
    if options.json:
        print_json(_as_json(found))
        return 0
    for pair in found.pairs:
        print_text(_sentence(pair))
    if len(branches) > 2 and not math.isnan(found.alpha):
        print_line(
            f"Krippendorff's alpha of {len(branches)} people, {counted(found.n, 'item')}: {found.alpha:.2f}."
        )
    confusions = [(*pair.people, *map(str, each)) for pair in found.pairs for each in pair.confusions]
    if confusions:
        print_line("")
        show_table(
            ("of", "and", "label", "other label", "items"),
            confusions[: options.most or None],
        )
    _show_disputed(found, branches, options.most)
    return 0


def _sentence(pair: Pair) -> str:
    first, second = pair.people
    if math.isnan(pair.kappa):
        kappa = "with a single label, agreement beyond chance cannot be measured"
    else:
        low, high = pair.interval
        if not math.isnan(low):
            about = f"95 % interval {low:.2f} to {high:.2f}"
        elif pair.n < FEWEST:
            about = "too few for an interval"
        else:
            about = "one of the two used a single label, which makes it 0 regardless of the other"
        kappa = f"Cohen's kappa {pair.kappa:.2f} ({about})"
    return f"{first} and {second} both labelled {counted(pair.n, 'item')}, {pair.alike:,} alike ({100 * pair.alike / pair.n:.1f} %); {kappa}."


def _show_disputed(found: Agreement, branches: list[str], most: int) -> None:
    if not found.disputed:
        return
    print_line("")
    print_line("To discuss:")
    shown = list(islice(found.disputed.items(), most or None))
    show_table(
        ("item", *branches), [(item, *(labels.get(name, "") for name in branches)) for item, labels in shown]
    )
    if len(found.disputed) > len(shown):
        print_line(f"and {len(found.disputed) - len(shown):,} more (--most 0 shows all).")


def _as_json(found: Agreement) -> dict[str, object]:
    def known(value: float) -> float | None:
        return None if math.isnan(value) else value

    return {
        "items": found.n,
        "alpha": known(found.alpha),
        "pairs": [
            {
                "branches": list(pair.people), "items": pair.n, "alike": pair.alike, "kappa": known(pair.kappa),
                "interval95": [known(end) for end in pair.interval],
                "confusions": [list(each) for each in pair.confusions],
            }
            for pair in found.pairs
        ],
        "disputed": {item: dict(labels) for item, labels in found.disputed.items()},
    }  # fmt: skip
