"""Programs in the browser: a static page that predicts with onnxruntime-web, and runs our preprocessing in JavaScript.

In: a program file. Out: a folder that any web server can serve. Nothing here imports PyTorch. Read first: `export.py`, then `supported.py`,
which says what JavaScript can do; the page is in `static`, and `static/js/program.js` is its door.
"""

from typing import TYPE_CHECKING

from gatera.core.lazy import lazy_exports

if TYPE_CHECKING:
    from gatera.browser.export import export_web

__all__ = ["export_web"]

__getattr__, __dir__ = lazy_exports(__name__, {"export_web": "gatera.browser.export"})
