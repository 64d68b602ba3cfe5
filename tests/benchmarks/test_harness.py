from __future__ import annotations

import ast
import json
import os
import sys
from pathlib import Path
from types import ModuleType

import page
import pytest
import run as bench
from harness import cli, machine, results
from harness.models import NotTheSame
from harness.process import SideFailed, run_process
from harness.question import Line, Question, counted, judged, median_ratio, verdict
from harness.session import Session

MACHINE = {
    "processor": "A processor", "cores": 2, "memory_gb": 24, "system": "Linux x86_64", "gpu": None, "bf16": True,
    "threads": 2, "versions": {"python": "3.11.7", "torch": "2.14.1", "openvino": None}, "settings": {},
}  # fmt: skip
PROVENANCE = {
    "commit": "0123456789ab", "date": "2026-11-23 22:00 UTC", "machine": MACHINE, "busy_cores_before": 0.05, "seed": 42,
    "repeats": 3, "seconds": 12.3,
}  # fmt: skip


def question(name="speed", number=1, better="higher", measure=lambda session: [], **other):
    asked = {
        "title": f"the {name}",
        "how": f"How {name} is measured.",
        "unit": "x",
        "must": 4,
        "aim": 8,
        **other,
    }
    return Question(name=name, number=number, better=better, repeats=3, measure=measure, **asked)


def line(value=6.0, **other):
    samples = {"fastai": [30.0, 36.0, 33.0], "gatera": [5.0, 6.0, 5.5]}
    return Line("photos", value, samples, "s", **other)


def row(asked=None, found=None, device="cpu"):
    return results.make_row(asked or question(), device, PROVENANCE, found or [line()])


# -- numbers ------------------------------------------------------------------------------------------------------------


def test_a_ratio_is_of_medians_so_that_one_slow_repeat_changes_nothing():
    assert median_ratio({"a": [10, 1000, 12], "b": [2, 3, 0]}, "a", "b") == 6


def test_the_size_of_the_data_is_said_in_words():
    assert counted({"n_train": 1584, "n_held_out": 396, "seconds": 1.0}) == "1,584 to train on, 396 held out"


@pytest.mark.parametrize(
    ("value", "better", "said"),
    [
        (8, "higher", "aim reached"), (7.99, "higher", "must reached"), (3.99, "higher", "not reached"),
        (4, "lower", "aim reached"), (8, "lower", "must reached"), (8.01, "lower", "not reached"),
    ],
)  # fmt: skip
def test_a_verdict_tells_what_was_reached(value, better, said):
    must, aim = (4, 8) if better == "higher" else (8, 4)
    assert verdict(value, better, must, aim) == said


def test_what_nobody_asked_for_gets_no_verdict():
    assert verdict(100, "higher", None, None) == "not judged"
    assert judged(question(), line(judged=False), "cpu")["verdict"] == "not judged"
    assert judged(question(), line(), "cuda")["verdict"] == "not judged"


def test_a_worse_error_counts_as_not_reached_however_fast():
    found = judged(question(), line(value=100, fault="its error is worse"), "cpu")
    assert (found["verdict"], found["fault"]) == ("not reached", "its error is worse")


def test_a_line_keeps_every_repeat_and_the_medians():
    found = judged(question(), line(), "cpu")
    assert found["samples"] == {"fastai": [30.0, 36.0, 33.0], "gatera": [5.0, 6.0, 5.5]}
    assert found["medians"] == {"fastai": 33.0, "gatera": 5.5}


# -- results ------------------------------------------------------------------------------------------------------------


def test_a_new_row_takes_the_place_of_the_old_one_and_leaves_the_others_alone():
    before = {"format": 1, "rows": [row(question("b", 2)), row(question("a", 1))]}
    after = results.with_row(before, row(question("b", 2), [line(value=9.0)]))
    assert [(r["name"], r["lines"][0]["value"]) for r in after["rows"]] == [("a", 6.0), ("b", 9.0)]


def test_rows_of_a_gpu_stand_behind_those_of_the_processor():
    both = results.with_row({"format": 1, "rows": [row(device="cuda")]}, row(question("z", 9)))
    assert [r["name"] for r in both["rows"]] == ["z", "speed.cuda"]


def test_results_are_read_as_they_were_written(tmp_path):
    path = tmp_path / "results.json"
    assert results.read(path) == {"format": 1, "rows": []}
    kept = results.with_row(results.read(path), row())
    results.write(path, kept)
    assert results.read(path) == kept
    assert list(tmp_path.iterdir()) == [path]


def test_results_of_another_layout_are_not_added_to(tmp_path):
    path = tmp_path / "results.json"
    path.write_text('{"format": 7}')
    with pytest.raises(ValueError) as err:
        results.read(path)
    assert str(err.value) == f"{path} has format 7, not 1: move it away to start again"


# -- the page -----------------------------------------------------------------------------------------------------------


def test_the_page_shows_must_aim_result_and_verdict():
    text = page.render({"format": 1, "rows": [row()]})
    assert "| the speed | 4 x | 8 x | 6 x | must reached |" in text
    assert "- photos: **6 x** (fastai 33 s, 30 to 36; gatera 5.5 s, 5 to 6), must reached" in text
    assert "*`--only speed`: 3 repeats, seed 42, 12 s, 2026-11-23 22:00 UTC.*" in text


def test_the_page_shows_a_failure_as_a_failure():
    text = page.render({"format": 1, "rows": [row(found="exit status 1: KeyError: 'x'")]})
    assert "| the speed | 4 x | 8 x | none | **failed**: exit status 1: KeyError: 'x' |" in text


def test_the_page_says_why_a_good_number_is_not_reached():
    text = page.render({"format": 1, "rows": [row(found=[line(fault="its error is worse")])]})
    assert "| 6 x | **not reached** (its error is worse) |" in text


def test_the_overview_has_a_line_for_each_engine():
    found = [line(), Line("photos elsewhere", 9.0, {"a": [1.0]}, "s"), line(judged=False)]
    overview = page.render({"format": 1, "rows": [row(found=found)]}).split("###")[0]
    assert "| the speed: photos |" in overview
    assert "| the speed: photos elsewhere |" in overview
    assert "not judged" not in overview


def test_the_page_gives_facts_units_and_the_gpu():
    memory = question("memory", unit=" MB", better="lower", must=200, aim=120)
    told = Line("one photo", 142.4, {"gatera": [142.4]}, "MB", facts={"photos": "1"})
    on_gpu = row(device="cuda") | {"machine": MACHINE | {"gpu": "A GPU"}}
    text = page.render({"format": 1, "rows": [row(memory, [told]), on_gpu]})
    assert "| the memory | 200 MB | 120 MB | 142 MB | must reached |" in text
    assert "  - photos: 1" in text
    assert "## On a GPU (no targets)" in text


def test_the_page_names_commit_and_machine_once_and_again_where_a_row_differs():
    newer = row(question("b", 2)) | {"commit": "fedcba987654"}
    elsewhere = row(question("c", 3)) | {
        "machine": MACHINE | {"processor": "Another", "settings": {"OMP_NUM_THREADS": "1"}}
    }
    text = page.render({"format": 1, "rows": [row(), row(question("d", 4)), newer, elsewhere]})
    assert (
        text.count("Measured on A processor, 2 cores, 24 GB, bf16, Linux x86_64; python 3.11.7, torch 2.14.1")
        == 1
    )
    assert text.count("commit `0123456789ab`") == 1
    assert text.count("2026-11-23 22:00 UTC; commit `fedcba987654`.*") == 1
    assert text.count("2026-11-23 22:00 UTC; Another, 2 cores,") == 1
    assert text.count("torch 2.14.1, OMP_NUM_THREADS=1") == 1


def test_the_page_in_the_documentation_is_what_its_results_make():
    assert (page.DOCS / "benchmarks.md").read_text() == page.render(
        results.read(page.DOCS / "benchmarks.json")
    )


# -- running ------------------------------------------------------------------------------------------------------------


def session(tmp_path, repeats=3):
    photos = tmp_path / "data" / "pets" / "cats_dogs"
    for number in range(4):
        folder = photos / ("train" if number % 2 else "valid") / "cats"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.jpg").write_bytes(b"x")
    return Session(tmp_path / "data", tmp_path / "out", repeats)


def test_sides_take_turns_after_an_uncounted_round(tmp_path, capsys):
    order = []

    def side(name):
        return lambda number: order.append((name, number)) or len(order)

    found = session(tmp_path, repeats=2).interleave({"a": side("a"), "b": side("b")}, str)
    assert order == [("a", 0), ("b", 0), ("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert found == {"a": [3, 5], "b": [4, 6]}
    assert [text.split("   (")[0] for text in capsys.readouterr().out.splitlines()] == [
        "  1/2  a 3   b 4",
        "  2/2  a 5   b 6",
    ]


def test_the_photos_to_predict_are_the_same_in_every_run(tmp_path):
    some = session(tmp_path)
    assert [Path(photo).name for photo in some.some_photos()] == ["0.jpg", "2.jpg"]
    assert [Path(photo).name for photo in some.some_photos(1)] == ["0.jpg"]


@pytest.mark.slow
def test_a_process_is_timed_and_weighed(tmp_path):
    code = "import os; print(os.environ['GATERA_TEST']); x = bytearray(50_000_000)"
    done = run_process([sys.executable, "-c", code], {"GATERA_TEST": "yes"}, tmp_path / "logs" / "log.txt")
    assert done.output == "yes\n"
    assert 0 < done.seconds < 60
    assert done.peak_bytes > 50_000_000


@pytest.mark.slow
def test_a_side_that_fails_says_why(tmp_path):
    with pytest.raises(SideFailed) as err:
        run_process([sys.executable, "-c", "raise KeyError('x')"], {}, tmp_path / "log.txt")
    assert str(err.value) == "exit status 1: KeyError: 'x'"


@pytest.mark.slow
def test_a_side_that_hangs_is_ended(tmp_path):
    with pytest.raises(SideFailed) as err:
        run_process(
            [sys.executable, "-c", "import time; time.sleep(60)"], {}, tmp_path / "log.txt", limit_seconds=0.2
        )
    assert str(err.value) == "ended by signal 9: it printed no error"


@pytest.mark.slow
def test_a_job_gives_back_what_its_script_returned(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.session.SIDES", tmp_path)
    (tmp_path / "side.py").write_text(
        "import json, os, sys\n"
        "name, arguments, result = sys.argv[1:]\n"
        "home = os.path.exists(os.environ['GATERA_HOME'])\n"
        "open(result, 'w').write(json.dumps({'job': name, 'home': home, **json.loads(arguments)}))\n"
    )
    found = session(tmp_path).job("side.py", "walk", photos=Path("a"), bs=8)
    assert found.pop("process_seconds") > 0
    assert found == {"job": "walk", "home": False, "photos": "a", "bs": 8}


@pytest.mark.parametrize("error", [SideFailed, NotTheSame, FileNotFoundError])
def test_a_question_that_fails_is_answered_by_its_failure(tmp_path, monkeypatch, error):
    monkeypatch.setattr(machine, "busy_cores", lambda: None)

    def fails(_):
        raise error(f"{sys.prefix}/lib and {machine.ROOT}/src are missing")

    found = cli.answer(question(measure=fails), session(tmp_path), MACHINE)
    assert (found["failure"], found["lines"]) == ("ENVIRONMENT/lib and ./src are missing", [])


def test_an_answer_carries_commit_date_seed_and_repeats(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(machine, "busy_cores", lambda: 1.9)
    found = cli.answer(question(measure=lambda _: [line()]), session(tmp_path), MACHINE)
    assert found["lines"][0]["verdict"] == "must reached"
    assert (found["seed"], found["repeats"], found["failure"]) == (42, 3, None)
    assert found["date"].endswith(" UTC")
    assert json.dumps(found)
    assert "other processes keep 1.9 cores busy: do not trust these numbers" in capsys.readouterr().out


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="only Linux tells what others do")
def test_busy_cores_are_counted_while_we_wait():
    busy = machine.busy_cores(0.1)
    assert 0 <= busy <= (os.cpu_count() or 1) + 1


def test_the_page_warns_of_a_busy_machine():
    text = page.render({"format": 1, "rows": [row() | {"busy_cores_before": 1.5}]})
    assert "2026-11-23 22:00 UTC; **other processes kept 1.5 cores busy before it began**.*" in text


def test_every_question_of_the_issue_is_asked():
    asked = {q.name: (q.must, q.aim, q.better) for q in bench.QUESTIONS}
    assert asked == {
        "fine_tune": (4, 8, "higher"), "saved_predict": (3, 5, "higher"), "learner_predict": (1.5, 2, "higher"),
        "cold_start": (10, 20, "higher"), "program_overhead": (1.15, 1.05, "lower"), "step_overhead": (1.05, 1.02, "lower"),
        "import_time": (1.25, 1.1, "lower"), "help_time": (0.3, 0.15, "lower"), "predict_memory": (200, 120, "lower"),
        "loader_speed": (None, None, "higher"), "fine_tune_tuned": (None, None, "higher"),
        "training_kernels": (None, None, "higher"), "tabular": (0.845, 0.85, "higher"), "recommend": (0.7, 0.676, "lower"),
        "segmentation": (0.75, 0.72, "lower"), "reviews": (0.87, 0.9, "higher"), "digits": (0.97, 0.97, "higher"),
        "heads": (0.1, 0.1, "lower"), "things": (None, None, "higher"), "folder_predict": (0.95, 1.0, "higher"),
        "folder_memory": (250, 180, "lower"), "train_memory": (2000, 1200, "lower"),
        "units": (60, 25, "lower"), "occlusion": (10, 4, "lower"), "few_photos": (4, 2, "lower"), "digits_command": (0.975, 0.99, "higher"),
    }  # fmt: skip


def test_the_runner_stays_small():
    # The peak memory of a child counts from that of the process that starts it.
    folder = Path(bench.__file__).parent
    asking = [
        Path(m.__file__)
        for m in vars(bench).values()
        if isinstance(m, ModuleType) and (hasattr(m, "QUESTION") or hasattr(m, "QUESTIONS"))
    ]
    assert len(asking) == 17
    for source in [*folder.glob("harness/*.py"), *asking]:
        tree = ast.parse(source.read_text())
        modules = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        modules += [
            name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
        ]
        ours = {"harness", "page", *(path.stem for path in folder.glob("*.py"))}
        assert {module.split(".")[0] for module in modules} <= sys.stdlib_module_names | ours, source
