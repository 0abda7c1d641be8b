"""The command line as others read it: completion for bash and zsh, and the manual page.

All of it is made from the parser itself, so it can't fall behind.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """An option, or an argument where it has no names."""

    names: tuple[str, ...]
    value: str
    """What stands for its value; "" where it takes none."""
    choices: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its place: () is `sotto` itself, ("policy", "check") one below another."""

    place: tuple[str, ...]
    text: str
    options: tuple[Option, ...]
    below: tuple[tuple[str, str], ...]
    """Name and meaning of the commands below it."""


def commands(
    parser: argparse.ArgumentParser, place: tuple[str, ...] = (), text: str = ""
) -> Iterator[Command]:
    """Every command, those below others too, in order."""
    options: list[Option] = []
    branches: dict[str, argparse.ArgumentParser] = {}
    texts: dict[str, str] = {}
    for action in parser._actions:  # argparse has no other way to be read
        if action.help == argparse.SUPPRESS:
            continue
        if isinstance(action, argparse._SubParsersAction):
            branches |= action.choices
            texts |= {one.dest: one.help or "" for one in action._choices_actions}
        else:
            options.append(_option(action))
    below = tuple((name, texts.get(name, "")) for name in branches)
    yield Command(place, text or parser.description or "", tuple(options), below)
    for name, branch in branches.items():
        yield from commands(branch, (*place, name), texts.get(name, ""))


def _option(action: argparse.Action) -> Option:
    choices = tuple(str(choice) for choice in action.choices or ())
    value = ""
    if action.nargs != 0:
        plain = action.metavar if isinstance(action.metavar, str) else None
        value = plain or ("|".join(choices) if choices else action.dest.upper())
    text = (action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%")
    return Option(tuple(action.option_strings), value, choices, text)


BASH = """\
# Completion of `sotto` for bash, made by `sotto help --bash`.
_sotto() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} place="" words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$place ${{COMP_WORDS[i]}}" in
      {places}) place="$place ${{COMP_WORDS[i]}}" ;;
    esac
  done
  case "$place:$before" in
{values}
  esac
  case "$place" in
{words}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}}
complete -o default -F _sotto sotto
"""

ZSH = """\
#compdef sotto
# Completion of `sotto` for zsh, made by `sotto help --zsh`.
_sotto() {{
  local place="" word
  local -a found
  for word in ${{words[2,CURRENT-1]}}; do
    case "$place $word" in
      ({places}) place="$place $word" ;;
    esac
  done
  case "$place:${{words[CURRENT-1]}}" in
{values}
  esac
  case "$place" in
{words}
  esac
  _describe sotto found || _files
}}
_sotto "$@"
"""


def bash(parser: argparse.ArgumentParser) -> str:
    """A completion for bash."""
    tree = list(commands(parser))
    return BASH.format(
        places=_places(tree),
        values="\n".join(
            f'    {pattern}) mapfile -t COMPREPLY < <(compgen -W "{" ".join(choices)}" -- "$word")'
            "; return ;;"
            if choices
            else f"    {pattern}) return ;;"
            for pattern, choices in _values(tree)
        ),
        words="\n".join(
            f'    "{_joined(one)}") words="{" ".join(word for word, _ in _words(one))}" ;;'
            for one in tree
        ),
    )


def zsh(parser: argparse.ArgumentParser) -> str:
    """A completion for zsh, with what each word means."""
    tree = list(commands(parser))
    return ZSH.format(
        places=_places(tree),
        values="\n".join(
            f"    ({pattern}) {'compadd ' + ' '.join(choices) if choices else '_files'}; return ;;"
            for pattern, choices in _values(tree)
        ),
        words="\n".join(
            f'    ("{_joined(one)}") found=('
            + " ".join(_quoted(f"{word}:{text}") for word, text in _words(one))
            + ") ;;"
            for one in tree
        ),
    )


def _joined(command: Command) -> str:
    return "".join(f" {name}" for name in command.place)


def _places(tree: list[Command]) -> str:
    return "|".join(f'"{_joined(one)}"' for one in tree if one.place)


def _words(command: Command) -> list[tuple[str, str]]:
    """What may be typed there, and what it means."""
    options = [(name, one.text) for one in command.options for name in one.names]
    chosen = [(word, one.text) for one in command.options if not one.names for word in one.choices]
    return [*command.below, *chosen, *options]


def _values(tree: list[Command]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A shell's pattern for each option that takes a value, and the values where they are few."""
    for one in tree:
        for option in one.options:
            if option.names and option.value:
                place = _joined(one)
                yield "|".join(f'"{place}:{name}"' for name in option.names), option.choices


def _quoted(text: str) -> str:
    inside = text.replace("'", "'\\''")
    return f"'{inside}'"


HEAD = """\
.TH SOTTO 1 "" "sotto {version}" "Sotto"
.SH NAME
sotto \\- a voice assistant that keeps what is said at home
.SH SYNOPSIS
.B sotto
.RI [ options ]
.I command
.RI [ "options of the command" ]
.SH DESCRIPTION
Sotto hears a wake word, understands a command and acts on it, on this machine. What leaves it is a
redacted intent that a policy released to a named destination, and nothing where no policy says so.
"""
FOOT = """\
.SH EXIT STATUS
.TP
0
done
.TP
1
failed; a line on stderr says why
.TP
2
wrong use, or settings, keys or a state directory that can't be used
.TP
130
interrupted
.SH FILES
.TP
.I /etc/sotto/settings.yaml
the settings of the services; before it,
.I ~/.config/sotto/settings.yaml
.TP
.I /etc/sotto/policies/
the policies that the example settings name
.TP
.I /var/lib/sotto
what the service keeps
.TP
.I /etc/credstore.encrypted/sotto\\-master
the master key, where it is a credential
.SH ENVIRONMENT
.TP
.B SOTTO_CONFIG
the settings file
.TP
.B SOTTO_PASSPHRASE_FILE
a file with the passphrase that opens what is kept
.SH SEE ALSO
.BR "sotto help" ,
.BR systemctl (1),
.BR systemd\\-creds (1)
"""


def man(parser: argparse.ArgumentParser, version: str) -> str:
    """The manual page, in roff."""
    first, *others = commands(parser)
    parts = [HEAD.format(version=_roff(version)), ".SH OPTIONS"]
    parts += [_described(option) for option in first.options]
    parts.append(".SH COMMANDS")
    common = {option.names for option in first.options}
    for one in others:
        parts += [f".SS sotto {_roff(' '.join(one.place))}", _roff(one.text)]
        parts += [_described(option) for option in one.options if option.names not in common]
    return "\n".join(parts) + "\n" + FOOT


def _described(option: Option) -> str:
    names = ", ".join(rf"\fB{_roff(name)}\fR" for name in option.names)
    value = rf"\fI{_roff(option.value)}\fR" if option.value else ""
    return f".TP\n{f'{names} {value}'.strip()}\n{_roff(option.text) or '.PP'}"


def _roff(text: str) -> str:
    """Text that roff takes for nothing else."""
    safe = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe
