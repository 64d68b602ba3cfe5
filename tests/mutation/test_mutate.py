"""The script that breaks lines breaks them as it says."""

from __future__ import annotations

import ast
from pathlib import Path

import mutate
import pytest
from mutate import SOURCE, TESTS, Mutation, choose, mutations, steps


@pytest.mark.parametrize(
    ("line", "broken"),
    [
        ("x = a < b", {"x = a <= b"}),
        ("x = a is None", {"x = a is not None"}),
        ("x = a + b", {"x = a - b"}),
        ("x = a and b", {"x = a or b"}),
        ("x = not a", {"x = a"}),
        ("x = not (a or b)", {"x = (a or b)", "x = not (a and b)"}),
        ("x = 2", {"x = 3"}),
        ("x = 0.5", {"x = 1.5"}),
        ("x = 600", {"x = 0"}),
        ("x = True", {"x = False"}),
        ("x: int = 3", {"x: int = 0"}),
        ("raise ValueError(1)", set()),
        ("import a", set()),
        ("x = 'é' + b", {"x = 'é' - b"}),
        ("async def f() -> Literal[1]: pass", set()),
        ("@dataclass(repr=False)\nclass A: pass", {"@dataclass(repr=True)\nclass A: pass"}),
        ("@dataclass(repr=False)\nclass A:\n    def __repr__(self): pass", set()),
    ],
)
def test_a_line_is_broken_in_one_place(tmp_path: Path, line: str, broken: set[str]):
    path = tmp_path / "a.py"
    path.write_text(line, encoding="utf-8")
    assert {mutation.apply(line) for mutation in mutations(path)} == broken


@pytest.mark.whole
def test_lines_are_chosen_from_every_room_the_same_each_time_and_stay_python():
    chosen = choose(40, seed=1, room=None)
    assert chosen == choose(40, seed=1, room=None) != choose(40, seed=2, room=None)
    assert len(set(chosen)) == 40
    assert {"core", "program", "data", "models", "learn", "cli"} <= {mutation.room for mutation in chosen}
    for mutation in chosen:
        source = mutation.path.read_text(encoding="utf-8")
        assert mutation.path.is_relative_to(SOURCE)
        assert ast.dump(ast.parse(mutation.apply(source))) != ast.dump(ast.parse(source))


def test_the_tests_of_a_line_are_asked_alone_and_those_of_its_file_first(monkeypatch):
    line = Mutation(SOURCE / "core" / "no_such_file.py", 1, 0, 1, "")
    record = SOURCE / ".coverage"
    monkeypatch.setattr(mutate, "tests_of", lambda *_: (["a"], ["a", "b"]))
    assert list(steps(line, "all", record)) == [["a"]]
    monkeypatch.setattr(mutate, "tests_of", lambda *_: ([], ["b"]))
    everything = [[str(TESTS / "core")], [str(TESTS)]]
    assert list(steps(line, "all", record)) == [["b"], *everything]


@pytest.mark.parametrize(
    ("passing", "types", "found"),
    [
        (set(), True, str(Path("tests", "core", "test_files.py"))),
        ({"core"}, True, str(Path("tests", "architecture"))),
        ({"core", "architecture"}, False, "mypy"),
        ({"core", "architecture"}, True, None),
    ],
)
def test_a_line_that_the_tests_pass_is_asked_of_the_rules_of_the_house_and_of_the_types(
    monkeypatch, passing, types, found
):
    line = next(mutations(SOURCE / "core" / "files.py"))
    monkeypatch.setattr(mutate.shutil, "copytree", lambda _, copy, **__: _copied(line.path, copy))
    monkeypatch.setattr(
        mutate,
        "_run_anew",
        lambda arguments, *_: int(not passing & {Path(arguments[0]).parent.name, Path(arguments[0]).name}),
    )
    monkeypatch.setattr(mutate, "_types_agree", lambda _: types)
    assert mutate.noticed_by(line, "file") == found


def _copied(path: Path, copy: Path) -> None:
    place = copy / path.relative_to(SOURCE.parent)
    place.parent.mkdir(parents=True)
    place.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
