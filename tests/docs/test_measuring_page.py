from __future__ import annotations

from pages import blocks, read


def test_the_page_runs():
    scope: dict[str, object] = {}
    for block in blocks(read("docs/measuring.md"), "python"):
        exec(compile(block.text, "docs/measuring.md", "exec"), scope)
    assert "first" in scope
