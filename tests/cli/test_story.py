"""The whole story: two people label, rules label the rest, a program is registered, a bad rule is found, undone, and lineage tells."""

from __future__ import annotations

import random
import re

import pytest

WHO = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}

#: The opinion of each kind of review, and of things that it speaks of.
SAID = {
    "pos": ["is a joy", "moved me to tears", "is fresh", "holds up", "made us laugh"],
    "neg": ["is a waste", "made us yawn", "is stale", "falls flat", "is a bore"],
}
THINGS = ["plot", "cast", "music", "ending"]

BAD = """
from gatera.labeling import ABSTAIN, labeling_function

@labeling_function
def speaks_of_the_plot(text):
    return "neg" if "plot" in text else "pos"
"""

GOOD = """
from gatera.labeling import ABSTAIN, labeling_function

@labeling_function
def praises(text):
    return "pos" if any(word in text for word in ("joy", "tears", "fresh", "holds", "laugh")) else ABSTAIN

@labeling_function
def complains(text):
    return "neg" if any(word in text for word in ("waste", "yawn", "stale", "flat", "bore")) else ABSTAIN
"""


@pytest.fixture
def person(monkeypatch):
    """Makes the one who labels and commits from now on."""
    for name, value in WHO.items():
        monkeypatch.setenv(name, value)

    def become(name: str) -> None:
        for role in ("AUTHOR", "COMMITTER"):
            monkeypatch.setenv(f"GIT_{role}_NAME", name)
            monkeypatch.setenv(f"GIT_{role}_EMAIL", f"{name.lower()}@example.org")

    return become


@pytest.fixture
def reviews(tmp_path):
    """160 reviews, every other one a good one, and a test set of 40 with labels."""
    draw = random.Random(0)
    folder = tmp_path / "reviews"
    truth = {f"{number:03d}.txt": ("neg", "pos")[number % 2] for number in range(160)}
    folder.mkdir()
    for name, label in truth.items():
        text = " ".join(f"The {thing} {draw.choice(SAID[label])}." for thing in draw.sample(THINGS, 2))
        (folder / name).write_text(text)
    later = tmp_path / "later"
    for number in range(40):
        label = ("neg", "pos")[number % 2]
        (later / label).mkdir(parents=True, exist_ok=True)
        (later / label / f"{number}.txt").write_text(f"The {draw.choice(THINGS)} {draw.choice(SAID[label])}.")
    (tmp_path / "bad.py").write_text(BAD)
    (tmp_path / "good.py").write_text(GOOD)
    return folder


@pytest.mark.whole
def test_labels_rules_programs_and_their_history(gatera, person, reviews, monkeypatch):
    def done(*words: object) -> str:
        ran = gatera(*words)
        assert ran.status == 0, ran
        return ran.out

    def errors(program: str) -> int:
        return int(re.search(r"\((\d+) of 40 wrong\)", done("test", program, "../later"))[1])

    monkeypatch.chdir(reviews)
    person("Ann")
    done("data", "init", ".")
    done("data", "add", ".")
    done("data", "commit", "-m", "Reviews")

    # two people label; one item differently
    done("data", "checkout", "-b", "ben")
    person("Ben")
    done("data", "label", "neg", "001.txt", "006.txt", "008.txt")
    done("data", "commit", "-m", "Three by Ben")
    done("data", "checkout", "main")
    person("Ann")
    done("data", "label", "pos", "001.txt", "003.txt")
    done("data", "commit", "-m", "Two by Ann")
    refused = gatera("data", "merge", "ben")
    assert refused.status == 1 and "001.txt  label: pos (by Ann) or neg (by Ben)" in refused.out
    done("data", "merge", "ben", "--take", "001.txt=pos")
    assert "001.txt: pos by Ann" in done("data", "blame", "001.txt")

    # a bad rule labels the rest; a program learns from it
    done("label", "apply", "../bad.py", ".")
    done("train", ".", "--model", "words", "--out", "../first.gatera")
    done("models", "add", "../first.gatera", "reviews")
    assert errors("reviews@v1") > 8

    # blame finds it; it is undone
    blamed = done("data", "blame", "150.txt")
    assert re.match(r"150\.txt: (pos|neg) by speaks_of_the_plot@[0-9a-f]{8}, ", blamed)
    wrong = done("data", "log").split()[0]
    assert "speaks_of_the_plot" in done("data", "log").splitlines()[0]
    done("data", "revert", wrong)
    assert "156 without a label" in done("data", "status")

    # good rules, a new program, promoted
    done("label", "apply", "../good.py", ".")
    commit = done("data", "log").split()[0]
    done("train", ".", "--model", "words", "--out", "../second.gatera")
    done("models", "add", "../second.gatera", "reviews")
    done("models", "tag", "reviews@v2", "production")
    assert errors("reviews@production") == 0
    lineage = done("models", "lineage", "reviews@production")
    assert commit[:8] in lineage and "function:praises@" in lineage and "person" in lineage
    assert "speaks_of_the_plot" not in lineage and "speaks_of_the_plot" in done(
        "models", "lineage", "reviews@v1"
    )
    assert gatera("data", "verify").status == gatera("models", "verify").status == 0
