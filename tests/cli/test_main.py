"""The command as a whole: finding commands, statuses, errors, pipes."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

import gatera as package
from gatera.cli import main as module
from gatera.cli.commands import HOMES
from gatera.cli.options import Command
from gatera.core.errors import DataError


def test_the_version(gatera):
    assert gatera("--version") == (0, f"gatera {package.__version__}\n", "")
    assert gatera("-V") == gatera("--version")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["tran"], "unknown command 'tran'. Did you mean 'train'?"),
        (["predct", "a.gatera"], "unknown command 'predct'. Did you mean 'predict'?"),
        (["version"], "unknown command 'version'. Did you mean '--version'?"),
        (["xyzzy"], "unknown command 'xyzzy'. See \"gatera --help\"."),
        (["a.gatera", "b.jpg"], "unknown command 'a.gatera'. Did you mean 'gatera predict a.gatera'?"),
        (["--versoin"], "unknown option '--versoin'. Did you mean '--version'?"),
        (["-x"], "unknown option '-x'. See \"gatera --help\"."),
        (["help", "predikt"], "unknown command 'predikt'. Did you mean 'predict'?"),
    ],
)
def test_a_command_that_is_not_understood_is_one_line_and_status_2(gatera, arguments, sentence):
    assert gatera(*arguments) == (2, "", f"Error: {sentence}\n")


def test_a_folder_in_place_of_a_command_was_meant_for_train(gatera, tmp_path):
    assert gatera(tmp_path).err == (
        f"Error: unknown command '{tmp_path}'. Did you mean 'gatera train {tmp_path}'?\n"
    )


@pytest.fixture
def command(monkeypatch):
    """Makes a command `try` of a function."""

    def make(function, *, extra: str | None = None) -> None:
        fake = types.ModuleType("fake_command")
        fake.run = function
        monkeypatch.setitem(sys.modules, "fake_command", fake)
        fake.COMMANDS = (Command("try", "Try.", (), "fake_command:run", extra=extra),)
        monkeypatch.setitem(HOMES, "try", "fake_command")

    return make


def fails_with(error: BaseException):
    def run(options) -> int:
        raise error

    return run


CAT = DataError("the cat is out", got="cat", available="dog, mouse", remedy="Call it.")


def test_an_error_of_ours_is_one_line_in_a_pipe(gatera, command):
    command(fails_with(CAT))
    assert gatera("try") == (
        1, "", "Error: the cat is out. Got: 'cat'. Available: dog, mouse. Call it.\n"
    )  # fmt: skip


def test_an_error_of_ours_has_a_line_for_each_part_on_a_terminal(gatera, command):
    command(fails_with(CAT))
    assert gatera("try", columns=80) == (
        1, "", "Error: the cat is out.\n  Got: 'cat'.\n  Available: dog, mouse.\n  Call it.\n"
    )  # fmt: skip


def test_the_parts_of_an_error_are_wrapped(gatera, command):
    command(fails_with(DataError("the cat is out", available="dog, mouse, horse, parrot, hedgehog")))
    assert gatera("try", columns=30).err == (
        "Error: the cat is out.\n  Available: dog, mouse,\n    horse, parrot, hedgehog.\n"
    )


TRIED = DataError(
    "nothing was found. Tried:\n  the cache: no file\n  the hub: no network", remedy="Use one of:\n  a\n  b"
)


def test_a_list_in_an_error_is_one_line_in_a_pipe(gatera, command):
    command(fails_with(TRIED))
    assert gatera("try").err == (
        "Error: nothing was found. Tried: the cache: no file; the hub: no network. Use one of: a; b\n"
    )


def test_a_list_in_an_error_has_a_line_for_each_entry_on_a_terminal(gatera, command):
    command(fails_with(TRIED))
    assert gatera("try", columns=60).err.splitlines() == [
        "Error: nothing was found. Tried:", "    the cache: no file", "    the hub: no network.", "  Use one of:", "    a",
        "    b",
    ]  # fmt: skip


def test_a_line_break_in_a_name_forges_no_error(gatera, command):
    command(fails_with(DataError("a\nError: all is lost.jpg is empty")))
    assert gatera("try").err == "Error: a; Error: all is lost.jpg is empty.\n"
    assert gatera("try", columns=60).err == "Error: a\n    Error: all is lost.jpg is empty.\n"


def test_control_characters_in_an_error_are_shown_escaped(gatera, command):
    command(fails_with(DataError("'a\x1b]52;c;eA==\x07.jpg' is empty\u202e")))
    assert gatera("try").err == "Error: 'a\\x1b]52;c;eA==\\x07.jpg' is empty\\u202e.\n"


@pytest.mark.parametrize("how", ["before", "after", "environment"])
def test_debugging_shows_the_traceback(how, command, monkeypatch):
    command(fails_with(CAT))
    if how == "environment":
        monkeypatch.setenv("GATERA_DEBUG", "1")
    arguments = {"before": ["--debug", "try"], "after": ["try", "--debug"], "environment": ["try"]}[how]
    with pytest.raises(DataError):
        module.main(arguments)


def test_debug_behind_two_dashes_is_an_input():
    assert module._take_debug(["predict", "--", "--debug"]) == (["predict", "--", "--debug"], False)


def test_other_errors_are_bugs_and_keep_their_traceback(command):
    command(fails_with(ZeroDivisionError("oops")))
    with pytest.raises(ZeroDivisionError):
        module.main(["try"])


def test_ctrl_c_is_status_130(gatera, command):
    command(fails_with(KeyboardInterrupt()))
    assert gatera("try") == (130, "", "Error: interrupted.\n")


def test_a_missing_package_names_the_extra(gatera, command):
    missing = ModuleNotFoundError("No module named 'torch'", name="torch")
    command(fails_with(missing), extra="train")
    assert gatera("try") == (
        1, "", 'Error: gatera try needs torch, which is not installed. Install it with: pip install "gatera[train]"\n'
    )  # fmt: skip


def test_a_missing_module_of_ours_is_a_bug(command):
    missing = ModuleNotFoundError("No module named 'gatera.cat'", name="gatera.cat")
    command(fails_with(missing), extra="train")
    with pytest.raises(ModuleNotFoundError):
        module.main(["try"])


def test_the_status_of_a_command_is_the_status(gatera, command):
    command(lambda options: 7)
    assert gatera("try").status == 7


# ---- as a process


def process(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "gatera", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, check=False, **options)


def imported(arguments: list[str]) -> set[str]:
    """Return the names of the modules that a command has imported."""
    code = (
        "import sys\nfrom gatera.cli.main import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit: pass\n"
        "print(); print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


HEAVY = {"torch", "rich", "typer", "pydantic", "click", "pandas", "onnx", "openvino", "matplotlib"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [["--help"], ["train", "--help"], ["predict", "--top", "x"], ["completion", "zsh"]]
)
def test_help_and_misuse_import_nothing_heavy(arguments):
    assert not imported(arguments) & (HEAVY | {"numpy", "PIL", "onnxruntime", "gatera.program"})


@pytest.mark.slow
def test_predicting_imports_nothing_that_it_does_not_need(program, cat):
    assert not imported(["predict", str(program), str(cat)]) & HEAVY


@pytest.mark.slow
def test_showing_a_program_imports_no_engine(program):
    assert not imported(["info", str(program)]) & (HEAVY | {"onnxruntime"})


@pytest.mark.slow
def test_train_without_torch_names_its_extra(tmp_path):
    code = "import sys; sys.modules['torch'] = None; from gatera.cli.main import main; main(['train', sys.argv[1]])"
    run = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (
        1, "", 'Error: gatera train needs torch, which is not installed. Install it with: pip install "gatera[train]"\n'
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell with pipes")
@pytest.mark.parametrize("json", ["", "--json"])
def test_a_closed_pipe_is_quiet(json, program, photo_folder):
    photos = f"{photo_folder} " * 100  # more lines than a pipe holds
    line = f"{sys.executable} -m gatera predict {program} {photos} {json} | head -1"
    run = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    assert len(run.stdout.splitlines()) == 1
    assert run.stderr == ""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_an_error_of_one_line(program, cat):
    with Path("/dev/full").open("w") as full:
        line = [sys.executable, "-m", "gatera", "predict", program, cat]
        run = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (run.returncode, run.stderr) == (
        1, "Error: cannot write to standard output (No space left on device).\n"
    )  # fmt: skip


@pytest.mark.slow
def test_it_is_a_command_of_its_own(program, cat):
    run = process("predict", program, cat)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.split()[:2] == [str(cat), "cat"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="such names exist on Linux")
def test_a_file_name_that_no_encoding_knows_stops_nothing(program, cat, tmp_path):
    name = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    Path(os.fsdecode(name)).write_bytes(cat.read_bytes())
    run = process("predict", program, tmp_path, "--json", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert run.returncode == 0
    assert '"label": "cat"' in run.stdout and "caf\\udce9.jpg" in run.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no-such-folder"], "Folder no-such-folder does not exist"),
        (["no.csv", "--target", "y"], "There is no table no.csv"),
        ([".", "--config", "no.toml"], "no.toml cannot be read (No such file or directory)"),
    ],
)
def test_a_wrong_name_is_said_before_pytorch_is_imported(words, said):
    code = "import sys; sys.modules['torch'] = None; from gatera.cli.main import main; main(sys.argv[1:])"
    ran = subprocess.run(
        [sys.executable, "-c", code, "train", *words], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1 and said in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["train", "a", "\u2014target", "who"],
            "unexpected argument '\u2014target'. Did you mean '--target', with plain hyphens?",
        ),
        (["train", "a", "\u2013f"], "unexpected argument '\u2013f'. Did you mean '-f', with plain hyphens?"),
        (
            ["train", "a", "\u2014target=who"],
            "unexpected argument '\u2014target=who'. Did you mean '--target=who', with plain hyphens?",
        ),
        (
            ["train", "a", "\u2014nothing"],
            "unexpected argument '\u2014nothing'. See \"gatera train --help\".",
        ),
        (["train", "a", "--", "--target"], "unexpected argument '--target'. See \"gatera train --help\"."),
        (
            ["train", "a", "--out="],
            "--out needs the name of a file or folder, got ''. See \"gatera train --help\".",
        ),
        (["train", ""], "SOURCE needs the name of a file or folder, got ''. See \"gatera train --help\"."),
    ],
)
def test_words_that_were_not_meant_as_they_are(gatera, arguments, sentence):
    assert gatera(*arguments) == (2, "", f"Error: {sentence}\n")


def test_a_closed_standard_input_is_an_empty_one(gatera, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    program = Path(__file__).parents[1] / "fixtures" / "format1.gatera"
    assert gatera("predict", program, "-").err.startswith("Error: standard input is empty.")
    sys.stdin.close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "t.csv", "--drop", "age", "--drop", '"born, where",zip'], """--drop is given twice. Give all at once: --drop 'age,"born, where",zip'"""),
        (["models", "verify", "--key", "a", "--key", "b"], "--key is given twice. Give all at once: --key a b"),
    ],
)  # fmt: skip
def test_a_list_that_is_given_twice_is_refused_as_one_would_be_lost(gatera, arguments, said):
    ran = gatera(*arguments)
    assert ran.status == 2 and said in " ".join(ran.err.split())


@pytest.mark.parametrize("command", ["predict", "test"])
def test_two_formats_at_once_are_refused(gatera, command):
    """JSON was printed, and --csv ignored."""
    ran = gatera(command, "a.gatera", "b", "--csv", "--json")
    assert ran == (2, "", "Error: --json and --csv cannot be used together.\n")


def test_of_an_option_that_is_given_twice_the_last_counts_and_this_is_said(gatera):
    ran = gatera("train", "no.csv", "--bs", "8", "--batch-size", "16")
    assert (
        "Note: --batch-size is given twice: the last counts, 16, not 8." in ran.err
        and "no table no.csv" in ran.err
    )
    assert "twice" not in gatera("train", "no.csv", "--seed", "1", "--seed", "1").err


@pytest.mark.parametrize(("modules", "freezes"), [("", True), ("sys.modules['torch'] = sys; ", False)])
def test_objects_are_left_at_the_end_but_not_those_of_pytorch(modules: str, freezes: bool) -> None:
    """Bindings of triton print what is left of them, 26 lines after each training (torch 2.15)."""
    code = (
        f"import atexit, gc, sys; {modules}atexit.register(lambda: print(gc.get_freeze_count() > 0)); "
        "from gatera.cli.main import main; main(['--version'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == [str(freezes)], done.stderr


@pytest.mark.parametrize(
    ("err", "said"),
    [
        (
            RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has 9 MiB. Including non-PyTorch memory, ..."),
            "there is not enough memory (CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has 9 MiB).",
        ),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes."),
            "there is not enough memory (DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes).",
        ),
        (MemoryError(), "there is not enough memory."),
    ],
)  # fmt: skip
def test_too_little_memory_is_an_error_of_one_line(gatera, photo_folder, tmp_path, monkeypatch, err, said):
    def run(options):
        raise err

    monkeypatch.setattr("gatera.cli.train.train", run)
    ran = gatera("train", photo_folder, "--out", tmp_path / "a.gatera")
    remedy = " A smaller --batch-size or --size needs less; --device cpu uses no GPU."
    assert ran.status == 1 and " ".join(ran.err.split()) == f"Error: {said}{remedy}"


def test_other_errors_of_torch_are_not_called_lack_of_memory(photo_folder, tmp_path, monkeypatch):
    def run(options):
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr("gatera.cli.train.train", run)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        module.main(["train", str(photo_folder), "--out", str(tmp_path / "a.gatera")])
