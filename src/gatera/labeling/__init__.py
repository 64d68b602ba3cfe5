"""Label items by rules instead of by hand: labelling functions vote, a model learns what each is worth, learners train on the result.

`@labeling_function` (in `functions`) makes a rule of a function; `apply` asks all of them about all items and returns `Votes`;
`LabelModel` (in `model/`) learns their accuracies without true labels and gives probabilities [items, classes]; `soft_labels` makes
training labels of these, and `labeling_report` says what each function is worth. Read `functions` first, then `apply`. Nothing here
needs PyTorch.
"""

from typing import TYPE_CHECKING

from gatera.core.lazy import lazy_exports

if TYPE_CHECKING:
    from gatera.labeling.applying import apply
    from gatera.labeling.asking import AskedModel
    from gatera.labeling.caused import Caused, errors_caused, out_of_fold
    from gatera.labeling.functions import LabelingFunction, labeling_function
    from gatera.labeling.model.label_model import LabelModel
    from gatera.labeling.model.majority import MajorityLabeler
    from gatera.labeling.queue import next_to_label
    from gatera.labeling.report import LabelingReport, labeling_report
    from gatera.labeling.soft import SoftLabels, soft_labels
    from gatera.labeling.sources import items_in
    from gatera.labeling.votes import ABSTAIN, Not, Votes

__all__ = [
    "ABSTAIN", "AskedModel", "Caused", "LabelModel", "LabelingFunction", "LabelingReport", "MajorityLabeler", "Not", "SoftLabels",
    "Votes", "apply", "errors_caused", "items_in", "labeling_function", "labeling_report", "next_to_label", "out_of_fold", "soft_labels",
]  # fmt: skip

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "ABSTAIN": "gatera.labeling.votes",
        "Not": "gatera.labeling.votes",
        "Votes": "gatera.labeling.votes",
        "labeling_function": "gatera.labeling.functions",
        "LabelingFunction": "gatera.labeling.functions",
        "AskedModel": "gatera.labeling.asking",
        "apply": "gatera.labeling.applying",
        "LabelModel": "gatera.labeling.model.label_model",
        "Caused": "gatera.labeling.caused",
        "errors_caused": "gatera.labeling.caused",
        "out_of_fold": "gatera.labeling.caused",
        "next_to_label": "gatera.labeling.queue",
        "LabelingReport": "gatera.labeling.report",
        "labeling_report": "gatera.labeling.report",
        "SoftLabels": "gatera.labeling.soft",
        "soft_labels": "gatera.labeling.soft",
        "items_in": "gatera.labeling.sources",
        "MajorityLabeler": "gatera.labeling.model.majority",
    },
)
