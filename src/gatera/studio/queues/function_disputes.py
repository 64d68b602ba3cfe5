"""Items on which labelling functions disagree, with each other or with a person."""

from __future__ import annotations

import numpy as np

from gatera.core.errors import DataError
from gatera.labeling.kept_votes import KEPT
from gatera.labeling.labelled import recall_source
from gatera.labeling.report import conflicts
from gatera.studio.places.place import Place


def disputed_by_rules(place: Place) -> list[tuple[int, str]]:
    """Return positions and reasons: functions that say what cannot be true together, or another label than a person gave.

    Uses the votes of the last `gatera label apply`; no function is run.
    """
    if not (place.home / KEPT).exists():
        return []
    try:
        found = recall_source(place.root, lambda line: None)
    except DataError:  # functions were asked about another table in this folder, or never
        return []
    votes = found.votes
    clash = conflicts(votes)
    best = found.probabilities.argmax(axis=1)
    disputed = []
    for row, name in enumerate(found.items.names):
        position = place.places.get(name)
        if position is None:
            continue
        known = place.known.get(name)
        said = [votes.functions[j] for j in np.flatnonzero(clash[row])]
        if said and not (known and known.by_person):
            disputed.append((position, f"{' and '.join(said[:3])} disagree"))
        elif (
            votes.covered[row] and known and known.by_person and known.label != str(votes.classes[best[row]])
        ):
            disputed.append((position, f"functions say {votes.classes[best[row]]}"))
    return disputed
