"""What a program came from, as a tree and as a picture."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from gatera.core.errors import RegistryError
from gatera.store.models.lineage import lineage
from gatera.store.models.picture import lineage_svg, save_lineage


@pytest.fixture
def family(registry, make_program):
    first = registry.add(make_program(run=1, source="photos"), "animals", note="a <b> & c")
    registry.add(
        make_program(
            run=2,
            data={
                "name": "cats",
                "commit": "abcdef0123456789",
                "committed": "yes",
                "empty": "",
                "labels": {"Ann": 120, "has_whiskers@a1b2c3d4": 1},
            },
            weights={"source": "animals.gatera", "sha256": first.sha256},
        ),
        "cats",
    )
    return registry


def test_it_goes_down_to_the_labels(family):
    lines = lineage(family, "cats@latest").lines()
    assert lines[0].startswith("cats@v1  classification  error 0.05  by Ann, 2")
    assert lines[1:4] == [
        "├── data: cats  commit abcdef012345",
        "│   ├── labels: Ann  120 items",
        "│   └── labels: has_whiskers@a1b2c3d4  1 item",
    ]
    assert lines[4].startswith("├── code: gatera ")
    assert lines[5].startswith("└── animals@v1  classification  error 0.05  by Ann")
    assert lines[6] == "    ├── data: photos"
    assert lineage(family, "cats").to_dict()["parents"][0]["parents"][1]["title"] == "has_whiskers@a1b2c3d4"


def test_a_program_that_is_not_here_is_named(registry, make_program):
    registry.add(make_program(weights={"source": "big.gatera", "sha256": "ab" * 32}), "cats")
    assert (
        lineage(registry, "cats").lines()[-1]
        == "└── weights: big.gatera  sha256 abababab, not in this registry"
    )
    with pytest.raises(RegistryError, match="no model 'dogs'"):
        lineage(registry, "dogs")


def test_the_picture_is_an_svg_with_all_names(family, tmp_path):
    path = save_lineage(lineage(family, "cats"), tmp_path / "cats.svg")
    tree = ET.fromstring(path.read_text())
    texts = [element.text for element in tree.iter("{http://www.w3.org/2000/svg}text")]
    for word in ("cats@v1", "animals@v1", "Ann", "120 items", "photos", "“a <b> & c”"):
        assert word in texts
    boxes = list(tree.iter("{http://www.w3.org/2000/svg}g"))
    assert len(boxes) == 8 and len(list(tree.iter("{http://www.w3.org/2000/svg}path"))) == 7
    assert "<script" not in lineage_svg(lineage(family, "animals"))


def test_a_program_that_claims_to_be_its_own_parent(registry, make_program):
    first = registry.add(make_program(), "cats")
    document = registry.folder / "models/cats/versions/000001.json"
    document.write_text(
        document.read_text().replace('"weights": {}', f'"weights": {{"sha256": "{first.sha256}"}}')
    )
    assert lineage(registry, "cats").lines()[-1] == "└── cats@v1  (see above)"


def test_the_picture_is_as_large_as_what_is_in_it(family):
    svg = lineage_svg(lineage(family, "cats"))
    box = re.search(r'viewBox="-10 -10 (\d+) (\d+)" width="(\d+)" height="(\d+)"', svg)
    assert box is not None
    width, height = int(box[1]), int(box[2])
    assert (int(box[3]), int(box[4])) == (width, height)
    places = re.findall(r'translate\((\S+) (\S+)\)">.*?<rect width="(\d+)" height="(\d+)"', svg, re.DOTALL)
    assert width == max(float(x) + int(wide) for x, _, wide, _ in places) + 20
    assert height == pytest.approx(max(float(y) + int(high) for _, y, _, high in places) + 20, abs=1)
