"""What a history entry says in a person's words: the kind of step, and its text.

The text is the instruction as it would stand in a Dockerfile, where the entry makes that certain: the shell that a
RUN goes through anyway is taken off, values that Go printed are written out again. Of a COPY the classic builder and
buildah record a checksum instead of the sources; that stays, no source is invented. Everything else is the entry as it
stands. Nothing here fails, whatever the entry holds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from layerscope.history.builders import (
    APKO,
    BAZEL,
    BUILDAH,
    BUILDKIT,
    BUILDPACKS,
    IMPORT,
    JIB,
    KANIKO,
    KO,
    NIX,
    is_padding,
    is_squash,
)
from layerscope.history.forms import Form, Shape, read_form
from layerscope.history.goprint import as_dockerfile
from layerscope.history.instruction import Instruction
from layerscope.history.shells import DEFAULT_SHELLS, UNIX_SHELL, is_bare_shell

if TYPE_CHECKING:
    from layerscope.oci.config import HistoryEntry

# Tools that build layers without a Dockerfile, and whether it is the comment that says what the layer holds.
_COMMENT_TELLS = {JIB: True, KO: True, NIX: True, APKO: True, BAZEL: False, BUILDPACKS: False}

# The same, of tools that have no name among the builders: base images of Debian, SUSE, Fedora and Windows, and umoci.
_TOOLS = re.compile(
    r"# debian\.sh --arch |KIWI [0-9]|Created by Image Factory|Apply image [0-9]|Install update [0-9]|"
    r"umoci (?:config|insert|repack|raw)"
)
_BUILD_STEP = re.compile(r"\[(?:[^\]\n]{1,200} )?[0-9]{1,4}/[0-9]{1,4}\] ")
_GLUED_CHOWN = re.compile(r"\A(--chown=\S*?)((?:file|dir|multi):[0-9a-f]{64} in )")
_CHECKSUM = re.compile(r"[0-9a-f]{64}")


def instruction_of(entry: HistoryEntry, form: Form, builder: str | None, index: int) -> Instruction:
    """The instruction behind one history entry, its form read and its builder decided."""
    kind, text = _kind_and_text(entry, form, builder)
    return Instruction(kind, text, entry.created_by, index, builder)


def no_instruction() -> Instruction:
    """What a layer has to which no history entry belongs."""
    return Instruction("unknown", "", "", None, None)


def _kind_and_text(entry: HistoryEntry, form: Form, builder: str | None) -> tuple[str, str]:
    if is_squash(entry):
        return "squash", entry.comment
    if is_padding(entry):
        return _padding(entry)
    if builder == IMPORT:
        return "import", entry.comment
    if builder in _COMMENT_TELLS:
        return "layer", _either(entry, comment_first=_COMMENT_TELLS[builder])
    if is_bare_shell(entry.created_by):
        return "commit", entry.created_by
    if form.shape is Shape.RUN:
        return "RUN", _run(form, builder)
    if form.shape is Shape.NOP or (form.shape is Shape.WRITTEN and (form.is_shouted or builder in (BUILDKIT, KANIKO))):
        return form.keyword, _instruction(form, builder)
    if _TOOLS.match(entry.created_by):
        return "layer", entry.created_by
    return "unknown", _either(entry)


def _either(entry: HistoryEntry, *, comment_first: bool = False) -> str:
    first, second = (entry.comment, entry.created_by) if comment_first else (entry.created_by, entry.comment)
    return first or second


def _padding(entry: HistoryEntry) -> tuple[str, str]:
    """Jib says nothing of such a layer; BuildKit its step's title, ``[stage-1 3/3] COPY a b``, or what it executed."""
    if not entry.created_by:
        return "unknown", entry.comment
    title = _BUILD_STEP.match(entry.created_by)
    form = read_form(entry.created_by[title.end() :]) if title else None
    if form is None or form.shape is not Shape.WRITTEN:
        return "layer", entry.created_by
    return form.keyword, form.text


def _instruction(form: Form, builder: str | None) -> str:
    if form.keyword == "RUN" and form.shape is Shape.WRITTEN:
        # Others than BuildKit write RUN as it stands in the Dockerfile; a shell there is part of it.
        return _run(form, builder) if builder == BUILDKIT else form.text.rstrip()
    arguments = as_dockerfile(form.keyword, form.arguments)
    if form.shape is Shape.NOP and form.keyword in ("ADD", "COPY"):
        # Two slips of the builders: no space behind --chown (classic), quote and comma left over (buildah).
        arguments = _GLUED_CHOWN.sub(r"\1 \2", arguments).removesuffix('",')
    name = form.text[: len(form.keyword)]
    return f"{name} {arguments}" if arguments else name


def _run(form: Form, builder: str | None) -> str:
    command = form.command
    if command is None:
        return form.text.rstrip()
    text = command.text.rstrip()
    if builder == BUILDAH and "--mount=" in text:
        text = without_mount_checksums(text)
    shells = (UNIX_SHELL,) if builder == BUILDAH else (form.shell_in_force,) if form.shell_in_force else DEFAULT_SHELLS
    # Another shell than the one in force stood in the Dockerfile, in the exec form.
    return f"RUN {text}" if command.shell in ("", *shells) else f"RUN {command.shell} {text}"


def without_mount_checksums(text: str) -> str:
    """The command without the ``:checksum`` that buildah appends for each bind mount."""
    end = len(text)
    while (start := text.rfind(":", 0, end)) >= 0 and _CHECKSUM.fullmatch(text, start + 1, end):
        end = start - len(":sha256") if text.endswith(":sha256", 0, start) else start
    return text[:end]
