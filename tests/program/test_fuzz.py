"""A sample of benchmarks/fuzz.py: changed programs of six kinds are answered or refused, in seconds, without control characters."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def hostile():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        from hostile import checking, mutations, seeds

        yield checking, mutations, seeds
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def programs(hostile, tmp_path_factory):
    return hostile[2].make_seeds(tmp_path_factory.mktemp("seeds"))


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("as_json", [False, True])
def test_the_programs_themselves_are_answered(engine, as_json, hostile, programs):
    for program in programs:
        wrong, said = hostile[0].faults(program.path, program.question, engine, False, as_json)
        assert not wrong and "Error" not in said, program.name


@pytest.mark.parametrize("part", range(4))
def test_changed_programs_are_answered_or_refused(part, hostile, programs, tmp_path):
    checking, mutations, _ = hostile
    questions = {program.path: program.question for program in programs}
    refused = 0
    for number in range(part * 75, part * 75 + 75):
        path, content, what = mutations.case(7, number, list(questions))
        changed = tmp_path / "changed.gatera"
        changed.write_bytes(content)
        engine = ("onnxruntime", "openvino")[number // 6 % 2]
        wrong, said = checking.faults(changed, questions[path], engine, number % 2 == 0, number % 3 == 0)
        assert not wrong, (number, what, said)
        refused += "Error:" in said[:20]
    assert refused > 30  # the changes are felt


def test_a_fault_is_seen(hostile, programs, monkeypatch, capsys):
    def main(words: list[str]) -> None:
        print("cat\x1b[2J", float("nan"))
        raise RuntimeError("no")

    monkeypatch.setattr(hostile[0], "main", main)
    wrong, _ = hostile[0].faults(programs[0].path, programs[0].question, "onnxruntime", False, True)
    assert wrong[:2] == ["info: RuntimeError: no", "info: prints '\\x1b'"]
    assert any("JSON that is none" in fault for fault in wrong)
