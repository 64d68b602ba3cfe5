"""The completion scripts are those of the options, and real shells take them."""

from __future__ import annotations

import os
import pty
import select
import shlex
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from gatera.cli.commands.about import SHELLS
from gatera.cli.commands.every import first_words
from gatera.cli.completion import FILES
from gatera.cli.completions.scripts import scripts
from gatera.recipes.settings import ModelKind


def need(shell: str) -> None:
    """Skip the test where the shell is missing; CI installs all three, so there it fails."""
    if shutil.which(shell) is None:
        if os.environ.get("CI"):
            pytest.fail(f"{shell} is not installed: apt-get install {shell}")
        pytest.skip(f"{shell} is not installed")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_files_are_up_to_date(shell):
    assert FILES[shell].read_text() == scripts()[shell], "run python -m gatera.cli.completions.scripts"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_them(gatera, shell):
    assert gatera("completion", shell) == (0, FILES[shell].read_text(), "")


def test_another_shell_is_refused(gatera):
    assert (
        gatera("completion", "zhs").err
        == "Error: SHELL must be one of bash, zsh, fish; got 'zhs'. Did you mean 'zsh'?\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_the_syntax_is_the_shells(shell):
    need(shell)
    run = subprocess.run([shell, "-n", FILES[shell]], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def completed(*words: str) -> list[str]:
    """Return what bash offers for the last word; readline makes a word of the = in --option=value."""
    script = (
        f"source {shlex.quote(str(FILES['bash']))}; COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}; "
        '_gatera; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    run = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert run.stderr == ""
    return run.stdout.split()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("gatera", ""), [*first_words()]),
        (("gatera", "pr"), ["predict"]),
        (("gatera", "help", "data", "co"), ["commit"]),
        (("gatera", "--v"), ["--version"]),
        (("gatera", "train", "--ta"), ["--task", "--target"]),
        (("gatera", "train", "--task", "ma"), ["masks"]),
        (
            ("gatera", "train", "--task", "="),
            ["auto", "photos", "masks", "sound", "text", "table", "recommend"],
        ),
        (("gatera", "train", "--task", "=", "ph"), ["photos"]),
        (("gatera", "train", "--out", ""), []),
        (("gatera", "predict", "a.gatera", "--engine", "open"), ["openvino"]),
        (("gatera", "predict", "a.gatera", ""), []),
        (("gatera", "--debug", "completion", ""), [*SHELLS]),
        (("gatera", "completion", "--h"), ["--help"]),
        (("gatera", "help", "inf"), ["info"]),
        (("gatera", "data", "label", "cat.jpg", "--sp"), ["--split"]),
        (("gatera", "data", "label", "--split", "=", "t"), ["train", "test"]),
    ],
)
def test_bash_offers_what_may_come_next(words, offered):
    need("bash")
    assert completed(*words) == offered


def completed_by_fish(line: str) -> list[str]:
    """Return what fish offers for a line."""
    script = f"source {shlex.quote(str(FILES['fish']))}; complete -C {shlex.quote(line)}"
    run = subprocess.run(["fish", "-N", "-c", script], capture_output=True, text=True, check=True)
    assert run.stderr == ""
    return [offer.partition("\t")[0] for offer in run.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("gatera ", sorted(first_words())),
        ("gatera train --model=", sorted(f"--model={kind}" for kind in ModelKind)),
        ("gatera label report --", ["--debug", "--help", "--json"]),
        ("gatera help data co", ["commit"]),
        ("gatera completion ", sorted(SHELLS)),
        ("gatera data label ca", ["cat photo.jpg"]),
        ("gatera train data ca", ["cat photo.jpg"]),
    ],
)
def test_fish_offers_what_may_come_next(line, offered, tmp_path, monkeypatch):
    need("fish")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat photo.jpg").touch()
    assert completed_by_fish(line) == offered


def test_fish_asks_for_the_whole_command():
    """`label report` is neither `report` nor `data label`, and a file may be called data."""
    script = FILES["fish"].read_text()
    assert "__fish_seen_subcommand_from" not in script
    assert '-n "__gatera_at label report" -l json' in script


def test_zsh_takes_values_behind_an_equals_sign_and_goes_on_behind_help():
    script = FILES["zsh"].read_text()
    assert "'(--model)--model=[" in script
    assert "help) _gatera; return ;;" in script


#: What zsh reads when it starts: the script, and a key (Ctrl-G) that writes the line as it stands into a file, then empties it.
ZSHRC = """
unsetopt beep
autoload -Uz compinit; compinit -u -D
source {script}; compdef _gatera gatera
keep() {{ print -rn -- "$BUFFER" > part; mv part "line $((++lines))"; BUFFER= }}
zle -N keep; bindkey '^G' keep
touch "line 0"
"""


def completed_by_zsh(lines: list[str], folder: Path) -> list[str]:
    """Return what zsh makes of each line when a person presses Tab at its end, in a terminal of its own."""
    (folder / ".zshrc").write_text(ZSHRC.format(script=shlex.quote(str(FILES["zsh"]))))
    terminal, inside = pty.openpty()
    shell = subprocess.Popen(
        ["zsh", "-i", "--no-globalrcs"],
        stdin=inside, stdout=inside, stderr=inside, cwd=folder, start_new_session=True,
        env={**os.environ, "ZDOTDIR": str(folder), "TERM": "dumb"},
    )  # fmt: skip
    try:
        made = []
        for number, line in enumerate(["", *lines]):
            os.write(terminal, f"{line}\t\x07".encode() if line else b"")
            kept, end = folder / f"line {number}", time.monotonic() + 30
            while not kept.exists():
                assert time.monotonic() < end, f"zsh did not answer to {line!r}"
                if select.select([terminal], [], [], 0.05)[0]:
                    os.read(terminal, 65536)  # what the shell draws: unread, it would wait for us
            made.append(kept.read_text())
        return made[1:]
    finally:
        shell.kill()
        shell.wait()
        os.close(terminal)
        os.close(inside)


@pytest.mark.slow
def test_zsh_completes_what_is_typed(tmp_path):
    need("zsh")
    (tmp_path / "cat photo.jpg").touch()
    completed = {
        "gatera predi": "gatera predict ",
        "gatera --vers": "gatera --version ",
        "gatera train --ta": "gatera train --ta",  # --task or --target
        "gatera train --targ": "gatera train --target=",
        "gatera train --model=tr": "gatera train --model=trees ",
        "gatera train --task ma": "gatera train --task masks ",
        "gatera help data comm": "gatera help data commit ",
        "gatera completion z": "gatera completion zsh ",
        "gatera data label cat ca": r"gatera data label cat cat\ photo.jpg ",
        "gatera data label cat a.jpg --spl": "gatera data label cat a.jpg --split=",
        "gatera train --out ca": r"gatera train --out cat\ photo.jpg ",
    }
    assert dict(zip(completed, completed_by_zsh([*completed], tmp_path), strict=True)) == completed
