from __future__ import annotations

import inspect
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

import gatera as package
from gatera.cli import main as module
from gatera.cli.main import VERBS, Verb, load_verb
from gatera.core.errors import DataError


@pytest.mark.parametrize("name", VERBS)
def test_the_table_tells_what_each_verbs_docstring_tells(name):
    if name == "train":
        pytest.importorskip("gatera.cli.train")
    assert inspect.getdoc(load_verb(name)).splitlines()[0] == VERBS[name].summary


def test_help_lists_every_verb(gatera):
    ran = gatera("--help")
    assert ran.status == 0 and ran.err == ""
    assert ran.out.startswith(
        "Usage: gatera [OPTIONS] COMMAND [ARGS]...\n\n  From a folder of examples to a program"
    )
    for name, verb in VERBS.items():
        assert f"  {name:<8} {verb.summary}\n" in ran.out
    assert gatera("-h").out == ran.out


def test_without_a_verb_it_helps(gatera):
    ran = gatera()
    assert ran.status == 2
    assert "Usage: gatera [OPTIONS] COMMAND" in ran.out + ran.err


def test_the_version(gatera):
    assert gatera("--version") == (0, f"gatera {package.__version__}\n", "")


def test_an_unknown_verb_offers_the_nearest(gatera):
    assert gatera("predct", "a.gatera") == (
        2, "",
        "Error: there is no such verb. Got: 'predct'. Expected: train, predict, info. Did you mean 'predict'?\n",
    )  # fmt: skip


def test_an_unknown_verb_like_no_other(gatera):
    assert gatera("xyzzy").err == (
        "Error: there is no such verb. Got: 'xyzzy'. Expected: train, predict, info. "
        'See them all with "gatera --help".\n'
    )


def test_an_unknown_option(gatera):
    ran = gatera("--frobnicate")
    assert ran.status == 2 and "--frobnicate" in ran.err


def test_help_is_legible_on_a_narrow_terminal(gatera):
    ran = gatera("--help", columns=40)
    assert max(len(line) for line in ran.out.splitlines()) <= 40
    assert all(name in ran.out for name in VERBS)


@pytest.fixture
def verb(monkeypatch):
    """Makes a verb `try` of a function, as light or as a typer command."""

    def make(function, *, light: bool, extra: str | None = None) -> None:
        fake = types.ModuleType("fake_verb")
        setattr(fake, "try", function)
        monkeypatch.setitem(sys.modules, "fake_verb", fake)
        monkeypatch.setitem(VERBS, "try", Verb("fake_verb", "Try.", extra, light))

    return make


def fails_with(error: BaseException):
    def light(arguments: list[str]) -> int:
        raise error

    def heavy() -> None:
        """Try."""
        raise error

    return {True: light, False: heavy}


@pytest.mark.parametrize("light", [True, False])
def test_an_error_of_ours_is_one_line_and_status_1(light, gatera, verb):
    verb(fails_with(package_error("the cat is out"))[light], light=light)
    assert gatera("try") == (1, "", "Error: the cat is out. Call it.\n")


def package_error(problem: str) -> Exception:
    return DataError(problem, remedy="Call it.")


@pytest.mark.parametrize("light", [True, False])
@pytest.mark.parametrize("how", ["before", "after", "environment"])
def test_debugging_shows_the_traceback(how, light, verb, monkeypatch):
    error = package_error("the cat is out")
    verb(fails_with(error)[light], light=light)
    if how == "environment":
        monkeypatch.setenv("GATERA_DEBUG", "1")
    arguments = {"before": ["--debug", "try"], "after": ["try", "--debug"], "environment": ["try"]}[how]
    with pytest.raises(type(error)):
        module.main(arguments)


@pytest.mark.parametrize("light", [True, False])
def test_other_errors_are_bugs_and_keep_their_traceback(light, verb):
    verb(fails_with(ZeroDivisionError("oops"))[light], light=light)
    with pytest.raises(ZeroDivisionError):
        module.main(["try"])


@pytest.mark.parametrize("light", [True, False])
def test_ctrl_c_is_status_130(light, gatera, verb):
    verb(fails_with(KeyboardInterrupt())[light], light=light)
    assert gatera("try") == (130, "", "Stopped.\n")


@pytest.mark.parametrize("light", [True, False])
def test_a_missing_package_names_the_extra(light, gatera, verb):
    missing = ModuleNotFoundError("No module named 'torch'", name="torch")
    verb(fails_with(missing)[light], light=light, extra="train")
    assert gatera("try") == (
        1, "", 'Error: gatera try needs torch, which is not installed. Install it with: pip install "gatera[train]"\n'
    )  # fmt: skip


def test_a_missing_module_of_ours_is_a_bug(verb):
    missing = ModuleNotFoundError("No module named 'gatera.cat'", name="gatera.cat")
    verb(fails_with(missing)[True], light=True, extra="train")
    with pytest.raises(ModuleNotFoundError):
        module.main(["try"])


def test_train_without_torch_names_its_extra(gatera, monkeypatch, tmp_path):
    pytest.importorskip("gatera.cli.train")
    for name in [name for name in sys.modules if name.startswith("gatera.cli.t")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [
        n for n in sys.modules if n.startswith("gatera.") and not n.startswith(("gatera.cli", "gatera.core"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("gatera.core.random", "gatera.core.device"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    ran = gatera("train", tmp_path)
    assert ran.status == 1
    assert ran.err == (
        'Error: gatera train needs torch, which is not installed. Install it with: pip install "gatera[train]"\n'
    )


def test_the_status_of_a_verb_is_that_of_the_command(gatera, verb):
    verb(lambda arguments: 7, light=True)
    assert gatera("try").status == 7


# ---- as a process


def command(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "gatera.cli.main", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, check=False, **options)


@pytest.mark.slow
def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom gatera.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = ('numpy', 'PIL', 'onnxruntime', 'torch', 'rich', 'pydantic', 'gatera.program')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_predicting_imports_nothing_that_it_does_not_need(program, cat):
    code = (
        "import sys\nfrom gatera.cli.main import main\n"
        f"try: main(['predict', {str(program)!r}, {str(cat)!r}])\n"
        "except SystemExit: pass\n"
        "heavy = ('torch', 'rich', 'typer', 'pydantic', 'pandas', 'onnx', 'openvino')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell with pipes")
@pytest.mark.parametrize("json", ["", "--json"])
def test_a_closed_pipe_is_quiet(json, program, photo_folder):
    photos = f"{photo_folder} " * 100  # more lines than a pipe holds
    line = f"{sys.executable} -m gatera.cli.main predict {program} {photos} {json} | head -1"
    run = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    assert len(run.stdout.splitlines()) == 1
    assert run.stderr == ""


@pytest.mark.slow
def test_it_is_a_command_of_its_own(program, cat):
    run = command("predict", program, cat)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.split()[:2] == [str(cat), "cat"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="such names exist on Linux")
def test_a_file_name_that_no_encoding_knows_stops_nothing(program, cat, tmp_path):
    name = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    Path(os.fsdecode(name)).write_bytes(cat.read_bytes())
    run = command("predict", program, tmp_path, "--json", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert run.returncode == 0
    assert '"label": "cat"' in run.stdout and "caf\\udce9.jpg" in run.stdout
