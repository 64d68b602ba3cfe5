"""Messages of the library in the words of the command line: `--weights`, where a script says `weights=`."""

from __future__ import annotations

import re
from functools import cache

from gatera.cli.commands import commands_of_first
from gatera.core.escape import shell_quote

#: By command: what a script calls an option that the command line calls otherwise. All others have the names of their values.
OTHER_NAMES = {
    "train": {
        "y_names": "--target", "dep_var": "--target", "pat": "--label-from", "n_epoch": "--epochs",
        "base_lr": "--lr", "lr_max": "--lr", "batch_size": "--batch-size", "val_bs": "--batch-size",
    },
    "label apply": {"keep": "--again"},
}  # fmt: skip

QUOTES = "\"'"

#: Advice for Python scripts, as regular expressions, and its replacement on the command line.
PHRASES = (
    (r"\blearn\.export writes program files", "gatera train writes program files"),
    (r"\bTrain it without slim, or export it again from its learner", "Train it without --slim"),
    (r"\bpass trusted=True", "pass --trusted"),
    (r"\bpass keep=None", "pass --again"),
    (r' \(in Python, rule="deconvnet" shows the deconvnet\)', ""),
    (r"; channels=\[numbers\] shows any", ""),
    (r"A Path is a file; pass the text itself as a str", "Check its name"),
    (
        r"; if -1 is a class, pass all of them: classes=\[-1, 1\], or return text",
        "; if -1 is a class, return text",
    ),
    (r", or pass all of them: classes=\[[^\]]*\]", ""),
    (r"item_tfms=Resize\((\d+)[^)]*\)(?:, or Resize\([^)]*\) to avoid cropping)?", r"--size \1"),
    (r"\(learn\.lr_find\(\) suggests one\)", "with --lr"),
    (r"Try a tenth of it; learn\.lr_find\(\) suggests one\.", "Try a tenth of it (--lr)."),
    (r" \(dls\.show_batch\(\)\)", ""),
    (r", clip gradients with cbs=GradientClip\([^)]*\), train with precision='float32',", ""),
    (
        r"(?<=[Rr]un the same )again",
        "command again",
    ),
    (
        r"create the learner the same way and call the same method with (?=resume=)",
        "run the same command with ",
    ),
    (r" ?Pass on_error=\"skip\" to skip such inputs\.", ""),
    (
        r"\blearn\.save\(name\) writes one\.",
        "Check its name: a training that was stopped with Ctrl-C says where its checkpoint is.",
    ),
    (r"\ba file written by learn\.save\b", "the checkpoint of a training that was stopped"),
    (
        r"\bwas written by learn\.save, not by an interrupted fit",
        "is not the checkpoint of a training that was stopped",
    ),
    (r"\bUse learn\.load for it\.", "Start from its weights instead: --weights."),
    (r"\btimm\.list_models\(\) lists all names", "https://huggingface.co/timm lists all names"),
    (r"\bcodes= or (?=mask_values=)", ""),
    (r", which has a comma in it\?", """? In a list, put it in quotes: '"A, B"'"""),
    (r" AudioBlock\(rate=\) sets another rate\.", ""),
    (r" AudioBlock\(seconds=\) uses more\.", ""),
)


#: Advice that only the commands with an option for it give: the argument, the advice as a regular expression, and what the
#: others say instead.
ONLY_WITH = (
    ("class_level", r", or say which folder names the class: class_level=", ""),
    (
        "class_level",
        r"If folders above those name the classes, choose them with class_level=\.",
        "If folders above those name the classes, pass a folder in which these are the class folders.",
    ),
    (
        "delimiter",
        r": say what separates the columns with delimiter=\.",
        ": another sign separates the columns.",
    ),
    ("mask_values", r"Give it a class in (?:codes= or )?mask_values=, or correct", "Correct"),
)


@cache
def keywords_of(command: str) -> dict[str, str]:
    """Return the words of a script, and the options of a command for them; none where there is no such command."""
    found = commands_of_first(command.partition(" ")[0]).get(command)
    options = () if found is None else found.options
    own_names = {
        option.name: next(flag for flag in option.flags if flag.startswith("--"))
        for option in options
        if option.flags and option.name not in ("help", "debug")
    }
    return own_names | OTHER_NAMES.get(command, {})


#: How a decision says which argument changes it.
CHANGE = re.compile(r" \(to change: (\w+)=(?:[^()]|\([^()]*\))*\)")


def for_command(message: str, command: str | None) -> str:
    """Return a message of the library as a command says it.

    Args:
        message: a sentence or several.
        command: the name of the command.

    Example:
        >>> for_command("Pass bs=64, or weights='my.pth'. bs is too small.", "train")
        'Pass --batch-size 64, or --weights my.pth. bs is too small.'
    """
    keywords = keywords_of(command or "")
    for pattern, words in PHRASES:
        message = re.sub(pattern, words, message)
    for argument, pattern, words in ONLY_WITH:
        if command is not None and argument not in keywords:
            message = re.sub(pattern, words, message)
    if command is not None:
        message = CHANGE.sub(lambda found: found[0] if found[1] in keywords else "", message)
    if not keywords:
        return message
    names = "|".join(sorted(keywords, key=len, reverse=True))
    # at the beginning of a sentence, the name of an argument stands for itself: "bs must be at least 1"
    message = re.sub(
        rf"^({names})(?= (?:is|are|must|has|have|names|needs|cannot|does)\b)",
        lambda found: keywords[found[1]],
        message,
    )
    message = re.sub(rf"^({names})(?==?: no column )=?", lambda found: keywords[found[1]], message)
    message = re.sub(rf"^({names})=(?=[\s:])", lambda found: keywords[found[1]], message)
    message = re.sub(
        rf"^({names})=([\w.]*\w)(?= (?:can|cannot|needs|finds|does)\b)",
        lambda found: _option(keywords[found[1]], found[2]),
        message,
    )
    return re.sub(
        rf"""(?<=\s)({names})=(True|False|"[^"]*"|'[^']*'|[\w./~-]*[\w/]|)""",
        lambda found: _option(keywords[found[1]], found[2]),
        message,
    )


def _option(flag: str, value: str) -> str:
    """Return an option with its value: a switch has none, and a value has quotes where a shell needs them."""
    return flag if value in ("True", "") else f"{flag} {shell_quote(value.strip(QUOTES))}"
