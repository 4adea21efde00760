"""The form of a history entry: the shapes ``created_by`` takes, before anyone asks which builder wrote it.

Three shapes carry a Dockerfile instruction:

- *nop*: ``/bin/sh -c #(nop)  CMD ["bash"]``, a shell that does nothing, with the instruction as its comment
  (classic builder, buildah);
- *run*: ``/bin/sh -c apt-get update``, the words that were executed (the same two; ``docker commit`` leaves the same
  trace of a container that ran them);
- *written*: ``RUN /bin/sh -c apt-get update # buildkit``, the instruction itself (BuildKit, kaniko).

Everything else is *other*. Sources: as in ``shells``, and GoogleContainerTools/kaniko pkg/executor.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from layerscope.history.shells import UNIX_SHELL, Command, is_shell, read_command

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layerscope.oci.config import HistoryEntry

# fmt: off
INSTRUCTIONS = frozenset((
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
))
# fmt: on

_NOP = " #(nop) "
_BUILDKIT_SUFFIX = " # buildkit"
_BUILDAH_MARK = re.compile(
    r"\|(?:inheritLabels|inheritAnnotations|unsetLabel|unsetAnnotation|force-mtime|clamp-mtime)=[^|\s]* *"
)
_LONGEST_SHELL = 4096
_KEYWORD = re.compile(r"[A-Za-z]+(?!\S)")


class Shape(Enum):
    """How the entry carries its instruction."""

    NOP = auto()
    RUN = auto()
    WRITTEN = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Form:
    """A ``created_by``, taken apart without a guess at its builder."""

    shape: Shape
    text: str
    """NOP and WRITTEN: the instruction; else ``created_by``; without the builder's own suffix."""
    keyword: str = ""
    """NOP, RUN, WRITTEN: the name of the instruction, upper-case."""
    shell: str = ""
    """NOP: the shell before ``#(nop)``."""
    gap: int = 0
    """NOP: spaces between ``#(nop)`` and the instruction."""
    command: Command | None = None
    """RUN: what was executed. WRITTEN: likewise, where its instruction is RUN and a shell or build arguments tell."""
    shell_in_force: str = ""
    """What SHELL had set before this entry; empty where it had set none."""
    buildkit_suffix: bool = False
    buildah_suffix: bool = False

    @property
    def arguments(self) -> str:
        """NOP and WRITTEN: what stands behind the instruction's name."""
        return self.text[len(self.keyword) :].strip()

    @property
    def is_shouted(self) -> bool:
        """NOP and WRITTEN: the name is spelled in capitals."""
        return self.text.startswith(self.keyword)


def read_forms(history: Iterable[HistoryEntry]) -> tuple[Form, ...]:
    """The form of each entry. A SHELL counts for all entries after it: images built on the image inherit it."""
    forms: list[Form] = []
    shell = ""
    for entry in history:
        form = read_form(entry.created_by, shell)
        forms.append(form)
        shell = _shell_after(form, shell)
    return tuple(forms)


def read_form(created_by: str, shell_in_force: str = "") -> Form:
    """The form of one ``created_by``, any string whatever."""
    text = created_by.removesuffix(_BUILDKIT_SUFFIX)
    buildkit = len(text) < len(created_by)
    end = _end_before_buildah_marks(text) if text.startswith((f"{UNIX_SHELL} ", "|")) else len(text)
    form = _nop(text[:end]) or _run_or_written(text[:end], shell_in_force)
    if form is None:
        return Form(Shape.OTHER, text, shell_in_force=shell_in_force, buildkit_suffix=buildkit)
    return replace(form, shell_in_force=shell_in_force, buildkit_suffix=buildkit, buildah_suffix=end < len(text))


def json_words(text: str) -> tuple[str, ...] | None:
    """The words of a JSON array of strings, the exec form of a Dockerfile; None for anything else."""
    if not text.startswith("["):
        return None
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return tuple(words) if isinstance(words, list) and all(isinstance(word, str) for word in words) else None


def _nop(text: str) -> Form | None:
    shell, found, rest = text.partition(_NOP)
    instruction = rest.lstrip(" ")
    keyword = _keyword(instruction)
    if not found or not keyword or not is_shell(shell):
        return None
    return Form(Shape.NOP, instruction, keyword, shell, gap=1 + len(rest) - len(instruction))


def _run_or_written(text: str, shell_in_force: str) -> Form | None:
    written = _written(text, shell_in_force)
    if written and written.is_shouted:
        return written
    # Not in capitals it may be a command all the same: Windows' shell is called cmd.
    return _run(text, shell_in_force) or written


def _written(text: str, shell_in_force: str) -> Form | None:
    keyword = _keyword(text)
    if not keyword:
        return None
    form = Form(Shape.WRITTEN, text, keyword)
    return replace(form, command=read_command(form.arguments, shell_in_force)) if keyword == "RUN" else form


def _run(text: str, shell_in_force: str) -> Form | None:
    command = read_command(text, shell_in_force)
    return Form(Shape.RUN, text, "RUN", command=command) if command and command.text else None


def _keyword(text: str) -> str:
    match = _KEYWORD.match(text)
    keyword = match[0].upper() if match else ""
    return keyword if keyword in INSTRUCTIONS else ""


def _end_before_buildah_marks(text: str) -> int:
    """Where buildah's notes on its own flags begin (stage_executor.go, buildMetadata); else the end of the text."""
    # From the end, and only as far as they reach: what else stands there could be text that someone wants hidden.
    end = len(text)
    while (start := text.rfind("|", 0, end)) >= 0 and _BUILDAH_MARK.fullmatch(text, start, end):
        end = start
    return end


def _shell_after(form: Form, shell: str) -> str:
    if form.keyword == "SHELL" and (form.shape is Shape.NOP or form.is_shouted):
        words = json_words(form.arguments)
        new = " ".join(words) if words is not None else form.arguments.removeprefix("[").removesuffix("]")
        # Every later entry is held against it: a hostile one of megabytes is no shell.
        return new if len(new) <= _LONGEST_SHELL else ""
    # buildah writes /bin/sh before every #(nop), whatever SHELL says; with one space it could be buildah's.
    if form.shape is Shape.NOP and (form.shell != UNIX_SHELL or form.gap > 1):
        return form.shell if len(form.shell) <= _LONGEST_SHELL else shell
    return shell
