"""Openings of sealed test sets in the cards of programs. The fixtures are those of tests/program."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from gatera.evaluate.questions.card import HEADING, note_in_card, with_test
from gatera.evaluate.questions.sealed import seal_folder
from gatera.program.package import read_package, write_package


@pytest.fixture
def test_set(tmp_path):
    (tmp_path / "june").mkdir()
    (tmp_path / "june" / "1.jpg").write_text("a", encoding="utf-8")
    sealed = seal_folder(tmp_path / "june")
    sealed.open("cats.gatera")
    return sealed


def model() -> bytes:
    helper = pytest.importorskip("onnx.helper")
    value = [helper.make_tensor_value_info(name, 1, [1]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", value[:1], value[1:])
    return helper.make_model(graph).SerializeToString()


@pytest.fixture
def program(tmp_path):
    facts = {"training": {"error": 0.1, "n": 2**53 + 1}, "decode": {"vocab": ["ä", 1]}}
    entries = {"model.onnx": model(), "weights.safetensors": np.arange(40, dtype=np.float32).tobytes()}
    return write_package(
        tmp_path / "cats.gatera", facts, {**entries, "card.md": b"# `cats`\n\n## Made with\n\n- x\n"}
    )


def test_every_opening_is_written_into_the_card_and_nothing_else_changes(program, test_set):
    before = read_package(program)
    said = note_in_card(program, test_set, ["Error 3.0 % (3 of 100 wrong).", "more"])
    assert (
        said
        == "The card of cats.gatera now mentions this test (gatera info cats.gatera shows it); its network and its answers are unchanged."
    )
    test_set.open(program)
    note_in_card(program, test_set, ["Error 2.0 %."])
    after = read_package(program)
    lines = after.read("card.md").decode().split(HEADING + "\n\n")[1].splitlines()
    day = test_set.openings[0]["opened"][:10]
    assert lines == [
        f"- {day}: `june`, 1 file, seal {test_set.digest[:16]}, opened once: Error 3.0 % (3 of 100 wrong). more",
        f"- {day}: `june`, 1 file, seal {test_set.digest[:16]}, opened 2 times: Error 2.0 %.",
    ]
    for name in ("model.onnx", "weights.safetensors"):
        assert after.read(name) == before.read(name)
        assert after.program["entries"][name] == before.program["entries"][name]
    kept = [
        {key: value for key, value in each.program.items() if key != "entries"} for each in (before, after)
    ]
    assert kept[0] == kept[1]
    assert zipfile.ZipFile(program).testzip() is None and list(program.parent.glob("*.partial")) == []


def test_a_read_only_program_is_left_alone_and_that_is_said(program, test_set):
    content = program.read_bytes()
    program.chmod(0o444)
    assert note_in_card(program, test_set, ["Error 3.0 %."]) == (
        "The card of cats.gatera does not mention this test: the file could not be changed (it is read-only)."
    )
    assert program.read_bytes() == content


def test_a_link_stays_a_link_and_a_program_without_a_card_gets_one(tmp_path, test_set):
    program = write_package(tmp_path / "bare.gatera", {}, {"model.onnx": model()})
    link = tmp_path / "link.gatera"
    link.symlink_to(program)
    note_in_card(link, test_set, [])
    assert link.is_symlink() and read_package(program).read("card.md").decode().startswith(
        f"# `link`\n\n{HEADING}\n\n- 2"
    )


def test_the_section_stays_where_it_is():
    card = with_test("# a\n\nwords\n", "- one") + "\n## Mine\n\ntext\n"
    assert with_test(card, "- two") == f"# a\n\nwords\n\n{HEADING}\n\n- one\n- two\n\n## Mine\n\ntext\n"
