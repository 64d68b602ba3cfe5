"""Measure a program on labelled items, and show what it gets wrong on a page.

`measure_source` (in `measure_source`) finds labelled items, runs the program on them, and returns a `Measurement`: what
`gatera test` prints. `html_report.write_html_report` makes a page of it, for training too; `html_page` has its elements.
PyTorch is needed only to read masks, so what reads them is imported at its first use.
"""

from typing import TYPE_CHECKING

from gatera.core.lazy import lazy_exports

if TYPE_CHECKING:
    from gatera.evaluate.find_masked import find_masks

__all__ = ["find_masks"]

__getattr__, __dir__ = lazy_exports(__name__, {"find_masks": "gatera.evaluate.find_masked"})
