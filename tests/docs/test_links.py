from __future__ import annotations

import pytest
from pages import LINK, ROOT, anchors, pages, prose, read


@pytest.mark.parametrize("page", pages())
def test_every_link_leads_somewhere(page):
    lost = []
    for target in LINK.findall(prose(read(page))):
        if "://" in target:
            continue
        path, _, place = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        if not file.exists() or (place and place not in anchors(file.read_text(encoding="utf-8"))):
            lost.append(target)
    assert not lost


def test_every_page_can_be_reached_from_the_readme():
    waiting, seen = [ROOT / "README.md"], set()
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix not in (".md", ".ipynb"):
            continue
        seen.add(page)
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        waiting += [(page.parent / target.partition("#")[0]).resolve() for target in LINK.findall(text)]
    assert {path.resolve() for path in (ROOT / "docs").iterdir() if path.suffix in (".md", ".ipynb")} <= seen


def test_there_is_a_changelog_with_this_version():
    import gatera

    assert f"## {gatera.__version__}" in read("CHANGELOG.md")


def test_no_page_names_a_folder_of_somebodys_machine():
    named = [
        page
        for page in pages()
        if any(word in read(page) for word in ("/home/", "/root/", "/tmp/", "C:\\Users"))
    ]
    assert not named
