"""How a builder writes down the command of a RUN: which shell stands before it, and which build arguments.

A builder records a RUN as the words it executed, the shell included; classic and BuildKit put the build arguments a
RUN saw in front, as ``|2 a=b c=d``. Values are not quoted, so only a shell that is known to follow ends them for sure.
Sources: moby daemon/builder/dockerfile (dispatchers.go, internals.go), moby/buildkit dockerfile2llb/convert.go,
buildah imagebuildah/stage_executor.go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

UNIX_SHELL = "/bin/sh -c"
WINDOWS_SHELL = "cmd /S /C"
DEFAULT_SHELLS = (UNIX_SHELL, WINDOWS_SHELL)

_SH = r"(?:\S*/)?(?:a|ba|da|k|mk|z)?sh"
_POWERSHELL = r"(?i:(?:\S*[\\/])?(?:powershell|pwsh)(?:\.exe)?)"
_CMD = r"(?i:(?:\S*[\\/])?cmd(?:\.exe)?)"
_SH_C = _SH + r"(?: -[A-Za-z]*o [a-z]+| -[A-Za-z]+)*? -[A-Za-z]*c"
_POWERSHELL_C = _POWERSHELL + r"(?: -\w+)*? -(?i:command|c)"
_CMD_C = _CMD + r"(?i:(?: /[a-z])*? /c)"

_RUNS_A_COMMAND = re.compile(rf"(?P<shell>{_SH_C}|{_POWERSHELL_C}|{_CMD_C})(?= |\Z)")
_STANDS_ALONE = re.compile(rf"(?:{_SH_C}|{_SH}(?: -[il]{{1,2}}| --login)?|{_POWERSHELL}|{_CMD})\Z")
# SHELL may hold settings, as in powershell -Command $ErrorActionPreference = 'Stop'; so PowerShell ends where it ends.
_SHELL = re.compile(rf"(?:{_SH_C}|{_POWERSHELL}(?: .*)?|{_CMD_C}|[^\s|]+(?: -\S+)*)\Z")
_BUILD_ARGS = re.compile(r"\|(?P<count>[0-9]{1,6}) ")


@dataclass(frozen=True, slots=True)
class Command:
    """A recorded command, taken apart."""

    shell: str
    """The shell and its options as written, such as ``/bin/bash -o pipefail -c``; empty where none is recognised."""
    text: str
    """The command itself."""
    had_args: bool
    """Build arguments stood in front of it."""
    arguments: str = ""
    """These arguments, ``a=b c=d``, as they stand."""
    count: int = 0
    """How many of them the builder says there are."""


def is_shell(text: str) -> bool:
    """Whether the text can stand where Docker writes the shell of the build, before ``#(nop)``."""
    return "\n" not in text and _SHELL.match(text) is not None


def is_bare_shell(text: str) -> bool:
    """Whether the text is a shell with nothing to do: what ``commit`` records of an interactive container."""
    return _STANDS_ALONE.match(text) is not None


def read_command(text: str, shell_in_force: str) -> Command | None:
    """Take a recorded command apart; None where it begins with neither a shell nor build arguments.

    ``shell_in_force`` is what SHELL set before; empty where it set none.
    """
    shells = tuple(dict.fromkeys(filter(None, (shell_in_force, *DEFAULT_SHELLS))))
    without_args = _after_build_args(text, shells)
    command = text if without_args is None else without_args
    shell = next((shell for shell in shells if _begins_with(command, shell)), "")
    if not shell and (match := _RUNS_A_COMMAND.match(command)):
        shell = match["shell"]
    if not shell and without_args is None:
        return None
    bare = command[len(shell) :].strip(" ") if shell else command
    if without_args is None:
        return Command(shell, bare, had_args=False)
    marked = _BUILD_ARGS.match(text)
    count, start = (int(marked["count"]), marked.end()) if marked else (0, 0)
    return Command(shell, bare, True, text[start : len(text) - len(command)].removesuffix(" "), count)


def _begins_with(command: str, shell: str) -> bool:
    return command.startswith(shell) and command[len(shell) : len(shell) + 1] == " "


def _after_build_args(text: str, shells: tuple[str, ...]) -> str | None:
    """What follows ``|N a=b …``; None where the text does not begin so, or nothing tells where the arguments end."""
    match = _BUILD_ARGS.match(text)
    if match is None:
        return None
    count, rest = int(match["count"]), text[match.end() :]
    if count == 0:
        return rest
    if "=" not in rest.split(" ", 1)[0]:
        return None
    ends = [end for shell in shells if (end := _find_shell(rest, shell, count)) is not None]
    if ends:
        return rest[min(ends) :]
    words = rest.split(" ", count)
    return words[count] if len(words) > count and all("=" in word for word in words[:count]) else None


def _find_shell(text: str, shell: str, after_words: int) -> int | None:
    """Where the shell first stands behind at least so many words."""
    words, counted, needle = 1, 0, f" {shell} "
    found = text.find(needle)
    while found >= 0:
        # Counted on from the last find: a hostile entry may repeat the shell a hundred thousand times.
        words += text.count(" ", counted, found)
        if words >= after_words:
            return found + 1
        counted = found
        found = text.find(needle, found + 1)
    return None
