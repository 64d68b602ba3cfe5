"""A run that starts from a program: what it holds out at random may be what that program was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gatera.learn.export.program import find_body
from gatera.learn.learner import Learner
from gatera.models.vision.body import Body
from gatera.program.description import facts_in
from gatera.program.package import read_package
from gatera.recipes.settings import TrainSettings
from gatera.store.models.open import program_file

#: What is said of the figures then.
SEEN = (
    "Training started from {}, which was trained on items of {} too: some of these may be among them, so the error on new items may be "
    "much larger. Hold out the same items each time, for example in a folder called test."
)


def training_of_start(learn: Learner) -> dict[str, Any]:
    """Return what a program to start from says of its training, with its name as "program"; nothing where there is none."""
    body = find_body(learn.model)
    if not isinstance(body, Body) or body.program is None:
        return {}
    package = read_package(program_file(body.program, quiet=True))
    return {**facts_in(package.program, "training"), "program": body.program}


def seen_by_start(
    then: Mapping[str, Any],
    learn: Learner,
    settings: TrainSettings,
    at_random: Sequence[str],
    facts: Mapping[str, Any],
) -> dict[str, list[str]]:
    """Return side -> what its figures are worth, of sides drawn at random from the data that the program to start from was trained on.

    Nothing is said where the split is that program's: of the same data, with the same seed, of the same sizes.

    Args:
        then: what the program says of its training.
        learn: the learner, trained.
        settings: the settings.
        at_random: the sides that were drawn at random.
        facts: what program.json will say of the training: "data" of a data repository.
    """
    data, before = facts_in(facts, "data"), facts_in(then, "data")
    source = data.get("name") or settings.source.resolve().name
    if not then or source != (before.get("name") or then.get("source")):
        return {}
    now = (settings.seed, learn.dls.train.n, learn.dls.valid.n, data.get("commit"))
    if now == (then.get("seed"), then.get("n_train"), facts_in(then, "valid").get("n"), before.get("commit")):
        return {}
    return {side: [SEEN.format(then["program"], source)] for side in at_random}
