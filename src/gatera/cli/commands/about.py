"""The commands that show something: `gatera info`, `gatera completion`, `gatera help`."""

from __future__ import annotations

from gatera.cli.options import DEBUG, HELP, PROGRAM, TRUSTED, Command, Option, one_of

SHELLS = ("bash", "zsh", "fish")

INFO = Command(
    "info",
    "Show what a program does, how good it is and how it was made.",
    (
        PROGRAM,
        Option("json", "Print everything as one JSON object.", ("--json",), "Output"),
        Option("onnx", "Extract the network as an ONNX file.", ("--onnx",), "Output", "FILE", files=True),
        Option("force", "Overwrite an existing ONNX file.", ("-f", "--force"), "Output"),
        TRUSTED,
        HELP, DEBUG,
    ),
    "gatera.cli.info:info",
    examples=("gatera info cats.gatera", "gatera info cats.gatera --json", "gatera info cats.gatera --onnx cats.onnx"),
)  # fmt: skip

COMPLETION = Command(
    "completion",
    "Print the completion script for a shell.",
    (
        Option(
            "shell", "The shell.", group="Arguments", metavar="SHELL", convert=one_of(SHELLS), choices=SHELLS
        ),
        HELP, DEBUG,
    ),
    "gatera.cli.completion:completion",
    about=("Save it where your shell looks for completions, then start a new shell.",),
    examples=(
        "gatera completion bash > ~/.local/share/bash-completion/completions/gatera",
        'gatera completion zsh > "${fpath[1]}/_gatera"',
        "gatera completion fish > ~/.config/fish/completions/gatera.fish",
    ),
)  # fmt: skip

HELP_COMMAND = Command(
    "help",
    "Show the help of a command.",
    (
        Option(
            "topic", "The command, of one or two words; without it, all commands are listed.", group="Arguments",
            metavar="COMMAND", optional=True, many=True,
        ),
        HELP, DEBUG,
    ),
    "gatera.cli.help:help_command",
    examples=("gatera help train",),
)  # fmt: skip

COMMANDS = (INFO, COMPLETION, HELP_COMMAND)
