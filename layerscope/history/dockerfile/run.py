"""A recorded RUN as an instruction: the shell form, the exec form or a here-document, whichever says it exactly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from layerscope.history.builders import BUILDAH, BUILDKIT
from layerscope.history.dockerfile.parse import parse_statement
from layerscope.history.dockerfile.quoting import exec_form, is_plain
from layerscope.history.dockerfile.reflow import WIDTH, reflow
from layerscope.history.forms import Form, Shape
from layerscope.history.instructions import without_mount_checksums

if TYPE_CHECKING:
    from collections.abc import Sequence

_FLAGS = re.compile(r"(?:--[a-z]+=\S+ +)+")
_HEREDOC_NAMES = ("EOF", "END", "LAYERSCOPE")
WORDS_AT_BLANKS = "the exec form: where one word ends and the next begins is not recorded, here at each blank"
_SCRIPT = re.compile(r"/dev/pipes/[^/\s]+")
"""What BuildKit runs, and records, of a here-document that begins with #!."""
_SCRIPT_LOST = "a here-document with an interpreter of its own: its text is not in the history, so this line cannot run"
_OTHER_SHELL = "another shell than the one in force, so the exec form: where its words end is not recorded"

Text = tuple[str, tuple[str, ...]]
"""An instruction, and what is lost of it."""


def write_run(form: Form, builder: str | None, shell: Sequence[str]) -> Text:
    """The RUN of an entry. ``shell`` are the words in force, which a command in the shell form goes through."""
    command = form.command
    if form.shape is Shape.WRITTEN and builder != BUILDKIT:
        return _as_it_stands(form.text.rstrip()), ()  # kaniko writes the Dockerfile's own line
    if command is None:
        return write_exec(form.arguments)
    if builder == BUILDAH:
        return _buildahs(command.text.rstrip(" "), shell), ()
    # The record of a here-document ends in its last line break.
    text = command.text + "\n" * (len(form.text) - len(form.text.rstrip("\n")))
    if command.shell == " ".join(shell):
        if _SCRIPT.fullmatch(text):
            return f"RUN {text}", (_SCRIPT_LOST,)
        return _in_shell(text, shell, builder), ()
    if not command.shell:
        return write_exec(text)
    return "RUN " + exec_form([*command.shell.split(" "), text]), (_OTHER_SHELL,)


def _as_it_stands(text: str) -> str:
    return text if is_plain(text) or _parses(text) else "RUN " + exec_form(text.split(" ")[1:])


def _buildahs(text: str, shell: Sequence[str]) -> str:
    """Buildah copies the Dockerfile's line, flags and all, and adds checksums of what is mounted."""
    if "--mount=" in text:
        text = without_mount_checksums(text)
    flags = _FLAGS.match(text)
    head = flags[0] if flags else ""
    if "\n" not in text and (is_plain(text[len(head) :]) or text.startswith("[")):
        return _lines(f"RUN {head}", text[len(head) :])
    return f"RUN {text}" if _parses(f"RUN {text}") else "RUN " + exec_form([*shell, text])


def write_exec(text: str) -> Text:
    """A command that went through no shell."""
    words = [word for word in text.split(" ") if word]
    return "RUN " + exec_form(words), (WORDS_AT_BLANKS,) if len(words) > 1 else ()


def _in_shell(text: str, shell: Sequence[str], builder: str | None) -> str:
    written = None
    if "\n" in text:
        written = _heredoc(text) if builder == BUILDKIT else None
    elif is_plain(text):
        written = _lines("RUN ", text)
        written = written if "<<" not in text or _parses(written) else None
    return written or "RUN " + exec_form([*shell, text])


def _heredoc(text: str) -> str | None:
    """BuildKit records the text of a here-document, and the line that opened it only where that says more."""
    if not text.replace("\n", "").replace("\t", "").isprintable():
        return None
    if "<<" in text.partition("\n")[0] and (found := parse_statement(f"RUN {text}")) and found.heredocs:
        return f"RUN {text}".removesuffix("\n")
    if text.startswith("#!") or not text.endswith("\n"):
        return None
    lines = text.split("\n")
    name = next((name for name in _HEREDOC_NAMES if name not in lines), None)
    return f"RUN <<{name}\n{text}{name}" if name else None


def _lines(head: str, text: str) -> str:
    return head + "\\\n".join(reflow(text, WIDTH - len(head)))


def _parses(text: str) -> bool:
    return parse_statement(text) is not None
