"""Completion scripts of bash, zsh and fish, made of the same table as parser and help.

`python -m gatera.cli.completions.scripts` writes them beside itself; a test says when that is due.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gatera.cli.commands import GROUPS
from gatera.cli.commands.every import COMMANDS, commands_of, first_words
from gatera.cli.completion import FILES
from gatera.cli.options import DEBUG, GLOBAL, HELP, Command, Option

NOTE = "Made from the options of the command by gatera.cli.completions.scripts; changes here are lost."


def scripts() -> dict[str, str]:
    """Return the scripts by shell."""
    return {"bash": _bash(), "zsh": _zsh(), "fish": _fish()}


def _bash() -> str:
    cases = "\n".join([*map(_bash_case, COMMANDS.values()), *map(_bash_group, GROUPS)])
    return f"""# bash completion for gatera. {NOTE}

_gatera() {{
    local cur prev command word flags values
    cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} command=
    # readline makes three words of --option=value
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = ]]; then
        prev=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        [[ $word == -* ]] && continue
        [[ $word == help && ! $command ]] && continue # "gatera help data" goes on as "gatera data" does
        command=${{command:+$command }}$word
        case $command in {"|".join(GROUPS)}) ;; *) break ;; esac
    done
    flags= values=
    case $command in
{cases}
        *)
            flags="{_flags(GLOBAL)}"
            [[ $command ]] || values="{" ".join(first_words())}"
            ;;
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$flags" -- "$cur"))
    else
        COMPREPLY=($(compgen -W "$values" -- "$cur"))
    fi
}}

# without a match of its own, it completes file names
complete -o default -F _gatera gatera
"""


def _bash_case(command: Command) -> str:
    """Return what bash completes after a command: its flags, the values of the flag before, or those of its argument."""
    valued = [option for option in command.options if option.flags and option.metavar]
    free = "|".join(flag for option in valued if not option.choices for flag in option.flags)
    argument = next((_values(option) for option in command.options if not option.flags), ())
    cases = [f"{free}) ;;"] if free else []
    cases += [
        f'{"|".join(option.flags)}) values="{" ".join(option.choices)}" ;;'
        for option in valued
        if option.choices
    ]
    cases.append(f'*) values="{" ".join(argument)}" ;;')
    lines = [f"{_word(command.name)})", f'    flags="{_flags(command.options)}"', "    case $prev in"]
    lines += [f"        {case}" for case in cases] + ["    esac", "    ;;"]
    return "\n".join(f"        {line}" for line in lines)


def _bash_group(group: str) -> str:
    lines = [
        f"{group})",
        f'    flags="{_flags((HELP, DEBUG))}" values="{" ".join(commands_of(group))}"',
        "    ;;",
    ]
    return "\n".join(f"        {line}" for line in lines)


def _zsh() -> str:
    verbs = "\n".join(f"        {_quoted(f'{name}:{summary}')}" for name, summary in first_words().items())
    cases = "\n".join(
        f"        {_word(command.name)})\n            _arguments -s -S \\\n"
        + " \\\n".join(f"                {line}" for option in command.options for line in _zsh_lines(option))
        + "\n            ;;"
        for command in COMMANDS.values()
        if command.name != "help"
    )
    groups = "".join(map(_zsh_group, GROUPS))
    own = " \\\n".join(f"        {line}" for option in GLOBAL for line in _zsh_lines(option))
    return f"""#compdef gatera
# zsh completion for gatera. {NOTE}

_gatera() {{
    local curcontext=$curcontext state line
    local -a commands=(
{verbs}
    )
    _arguments -C \\
{own} \\
        '1: :->command' \\
        '*:: :->rest'
    case $state in
        command) _describe -t commands 'gatera command' commands; return ;;
        rest) ;;
        *) return ;;
    esac
    local command=$line[1]
    case $command in{groups}
        help) _gatera; return ;; # "gatera help data" goes on as "gatera data" does
    esac
    case $command in
{cases}
    esac
}}

if [[ $funcstack[1] == _gatera ]]; then
    _gatera "$@"
else
    compdef _gatera gatera
fi
"""


def _zsh_group(group: str) -> str:
    """Return what zsh does after the first word of a group: it offers the second, or has both as the command."""
    own = "\n".join(
        f"                {_quoted(f'{second}:{command.summary}')}"
        for second, command in commands_of(group).items()
    )
    return f"""
        {group})
            commands=(
{own}
            )
            _arguments -C '1: :->command' '*:: :->rest'
            case $state in
                command) _describe -t commands 'gatera {group} command' commands; return ;;
                rest) command="{group} $line[1]" ;;
                *) return ;;
            esac
            ;;"""


def _zsh_lines(option: Option) -> Iterator[str]:
    values = _values(option)
    action = f"({' '.join(values)})" if values else "_files" if option.files else ""
    value = f":{option.metavar}:{action}" if option.metavar else ""
    if not option.flags:
        yield _quoted(f"{'*' if option.many else ''}{value}")
        return
    flags = option.all_flags
    for flag in flags:
        joined = "=" if value and flag.startswith("--") else ""  # --task=table is one word
        yield _quoted(f"({' '.join(flags)}){flag}{joined}[{_plain(option.help)}]{value}")


def _fish() -> str:
    lines = [f"# fish completion for gatera. {NOTE}", "", _FISH_AT.replace("GROUPS", " ".join(GROUPS)), ""]
    lines += _fish_words("__gatera_at", first_words())
    lines += [
        f"complete -c gatera -n __gatera_at {line}" for option in GLOBAL for line in _fish_lines(option)
    ]
    for group in GROUPS:
        summaries = {second: command.summary for second, command in commands_of(group).items()}
        lines += ["", *_fish_words(f'"__gatera_at {group}"', summaries)]
    for command in COMMANDS.values():
        at = f'"__gatera_at {command.name}"'
        lines += [
            "",
            *(
                f"complete -c gatera -n {at} {line}"
                for option in command.options
                for line in _fish_lines(option)
            ),
        ]
    return "\n".join(lines) + "\n"


#: Whether a line has a command so far; without an argument, whether it has none. A file may be called as a command is.
_FISH_AT = """function __gatera_at
    set -l words (commandline -opc)
    set -e words[1]
    set -l found
    for word in $words
        string match -q -- '-*' $word; and continue
        test "$word" = help -a -z "$found"; and continue # "gatera help data" goes on as "gatera data" does
        set found $found $word
        contains -- "$found" GROUPS; or break
    end
    test "$found" = "$argv"
end"""


def _fish_words(at: str, summaries: Mapping[str, str]) -> Iterator[str]:
    for word, summary in summaries.items():
        yield f"complete -c gatera -f -n {at} -a {word} -d {_quoted(summary)}"


def _fish_lines(option: Option) -> Iterator[str]:
    values = _values(option)
    if not option.flags:
        if values:
            yield f"-f -a {_quoted(' '.join(values))}"
        return
    flags = " ".join(
        f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.all_flags
    )
    value = (
        ""
        if not option.metavar
        else " -r"
        if option.files
        else f" -x -a {_quoted(' '.join(values))}"
        if values
        else " -x"
    )
    yield f"{flags}{value} -d {_quoted(option.help)}"


def _values(option: Option) -> tuple[str, ...]:
    return tuple(first_words()) if option.name == "topic" else option.choices


def _word(name: str) -> str:
    """Return the name of a command as one word of a shell."""
    return _quoted(name) if " " in name else name


def _flags(options: Sequence[Option]) -> str:
    return " ".join(flag for option in options for flag in option.all_flags)


def _plain(text: str) -> str:
    """Return text without what ends a description in zsh."""
    return re.sub(r"([\[\]:\\])", r"\\\1", text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


if __name__ == "__main__":
    for shell, script in scripts().items():
        Path(str(FILES[shell])).write_text(script, encoding="utf-8", newline="\n")
