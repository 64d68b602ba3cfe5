from __future__ import annotations

import json
import re

from gatera.program.package import read_package


def test_card_and_facts_as_plain_text(gatera, program):
    ran = gatera("info", program)
    sha256, size = read_package(program).sha256, program.stat().st_size
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (
        "# Cats and dogs\n\nMade for the tests.\n\n"
        f"file      {program} ({size / 1000:.1f} kB)\n"
        "task      classification\n"
        "labels    2: cat, dog\n"
        "model     tiny, ONNX opset 18\n"
        "input     read the photo as RGB, upright, then resize it to 8 x 8 (crop, bilinear)\n"
        "output    softmax\n"
        "made by   gatera 0.1.0 on 2026-11-23T21:00:00Z\n"
        "versions  torch 2.9.0\n"
        "format    1\n"
        "entries   card.md 37 bytes, model.onnx 314 bytes, weights.safetensors 7 bytes\n"
        f"sha256    {sha256}\n"
    )


def test_the_card_is_set_on_a_terminal(gatera, program):
    out = gatera("info", program, columns=60).out
    assert "# Cats" not in out and "Cats and dogs" in out
    assert max(map(len, out.splitlines())) <= 60


def test_a_narrow_terminal(gatera, program):
    out = gatera("info", program, columns=40).out
    assert max(map(len, out.splitlines())) <= 40
    assert "classification" in out


def test_json_is_all_of_it(gatera, program):
    info = json.loads(gatera("info", program, "--json").out)
    assert info["path"] == str(program) and info["size"] == program.stat().st_size
    assert info["decode"]["vocab"] == ["cat", "dog"] and info["sha256"]


def test_a_program_of_few_words(gatera, make_program):
    path = make_program(
        card="", task="multilabel", model=None, versions=None,
        decode={"activation": "sigmoid", "vocab": ["warm"], "threshold": 0.25, "temperature": 1.5},
    )  # fmt: skip
    lines = gatera("info", path).out.splitlines()
    assert lines[0].startswith("file")
    assert "output    sigmoid, temperature 1.5, labels above 0.25" in lines
    assert "model     (unknown), ONNX opset (unknown)" in lines
    assert "versions  none" in lines


def test_a_regression(gatera, make_program):
    lines = gatera("info", make_program(task="regression", decode={"activation": "none"})).out.splitlines()
    assert "labels    none" in lines and "output    the model's own values" in lines


def test_a_damaged_program(gatera, make_program):
    path = make_program()
    path.write_bytes(path.read_bytes()[:500])
    assert gatera("info", path) == (
        1, "",
        f"Error: {path} is truncated, or was not written by Gatera. "
        "Copy or download it again; if that does not help, export it again.\n",
    )  # fmt: skip


def test_a_card_cannot_move_the_cursor(gatera, make_program):
    path = make_program(
        card="# Cats\x1b[2J\n\n- **bold**: `co\x9bde`\rx",
        decode={"activation": "softmax", "vocab": ["a\x07", "b"], "threshold": None, "temperature": 1.0},
    )
    for columns in (None, 60):
        out = gatera("info", path, columns=columns).out
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", out)
        assert "Cats\\x1b[2J" in out and "co\\x9bde" in out and "a\\x07" in out


def test_a_card_is_set_for_the_terminal(gatera, make_program):
    card = "# `cats`\n\n## How good it is\n\n- error: **6.7 %** (2 of 30 items it was not trained on)\n\nPlain words."
    lines = gatera("info", make_program(card=card), columns=40).out.splitlines()
    assert lines[:8] == [
        "cats", "", "How good it is", "", "  - error: 6.7 % (2 of 30 items it was", "    not trained on)", "",
        "Plain words.",
    ]  # fmt: skip


def test_the_network_that_is_taken_out_is_told_in_words(gatera, program, tmp_path):
    ran = gatera("info", program, "--onnx", tmp_path / "a.onnx")
    assert ran.status == 0 and "{" not in ran.out
    model = read_package(program).program["model"]
    for name in ("input", "output"):
        sizes = ", ".join(map(str, model[name]["shape"]))
        typed = f"{model[name]['dtype']} [{sizes}]" if "dtype" in model[name] else f"[{sizes}]"
        assert f"  {name:<6}  {model[name]['name']}, {typed}\n" in ran.out


def test_what_is_said_of_the_network_fits_a_narrow_terminal(gatera, program, tmp_path):
    out = gatera("info", program, "--onnx", tmp_path / "a.onnx", columns=40).out
    after = out.split("output", 1)[1].splitlines()[1:]
    assert len(after) > 1 and max(map(len, after)) <= 40


def test_the_card_speaks_of_options(gatera, make_program):
    card = (
        "With sure=0.95, 80 % of them are answered.\n- Asked without `sure=`, it predicts one of its labels."
    )
    ran = gatera("info", make_program(card=card))
    assert "With --sure 0.95, 80 % of them are answered." in ran.out and "sure=" not in ran.out


def test_json_stays_json_where_the_network_is_taken_out(gatera, program, tmp_path):
    ran = gatera("info", program, "--onnx", tmp_path / "a.onnx", "--json")
    assert json.loads(ran.out) == json.loads(gatera("info", program, "--json").out)
    assert (tmp_path / "a.onnx").read_bytes() == read_package(program).read("model.onnx")
