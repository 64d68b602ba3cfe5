"""Questions about a data set and a model together.

Which program is better (`compare`), which labels look wrong (`label_errors`), where it errs most (`worst`), what is on both sides of
the split (`leaks`). `TestSet` is a locked test set; `features` has what simple models learn from, and predictions out of fold.
"""

from typing import TYPE_CHECKING

from gatera.core.lazy import lazy_exports

if TYPE_CHECKING:
    from gatera.evaluate.leaking.of_loaders import leaks
    from gatera.evaluate.questions.errors_by_slice import worst
    from gatera.evaluate.questions.labels import label_errors
    from gatera.evaluate.questions.programs import compare
    from gatera.evaluate.questions.sealed import TestSet, seal_folder

__all__ = ["TestSet", "compare", "label_errors", "leaks", "seal_folder", "worst"]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "TestSet": "gatera.evaluate.questions.sealed", "compare": "gatera.evaluate.questions.programs",
        "label_errors": "gatera.evaluate.questions.labels", "leaks": "gatera.evaluate.leaking.of_loaders",
        "seal_folder": "gatera.evaluate.questions.sealed", "worst": "gatera.evaluate.questions.errors_by_slice",
    },
)  # fmt: skip
