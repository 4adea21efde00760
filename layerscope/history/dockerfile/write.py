r"""One step of a history as it would stand in a Dockerfile, and what of it the history has lost.

Nothing is invented. What the builder recorded is written so that a build records it again: values that it expanded are
quoted, commands keep every character, and where a command cannot stand in the shell form (line breaks, a backslash at
its end, characters that nobody sees) it is written in the exec form, with the shell as its first words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.history.builders import BUILDAH, KANIKO
from layerscope.history.dockerfile.assignments import split_assignments, split_declarations
from layerscope.history.dockerfile.parse import exec_words, parse_statement
from layerscope.history.dockerfile.quoting import escaped, exec_form, is_plain, quoted_value
from layerscope.history.dockerfile.run import WORDS_AT_BLANKS, write_exec, write_run
from layerscope.history.dockerfile.words import expand, split_words
from layerscope.history.forms import Form, Shape, json_words
from layerscope.history.goprint import as_dockerfile, healthcheck_at_blanks, words_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from layerscope.history.instruction import HistoryStep
    from layerscope.oci.config import Healthcheck, RunConfig

_SUM = r"(?:file:|dir:|multi:)?[0-9a-f]{64}"
_GLUED = r"--chown=\S*?(?=(?:file|dir|multi):)"
"""The classic builder puts no blank behind --chown."""
_CHECKSUM = re.compile(rf"((?:--\S+ +)*?)({_GLUED})?({_SUM}) in (.*)", re.DOTALL)
_IN = re.compile(r"((?:--\S+ +)*)(.*) in (.*)", re.DOTALL)
_BARE = (
    "a RUN in the exec form, its words taken apart at each blank; or docker commit of a container that ran it: the "
    "record is the same"
)


@dataclass(frozen=True, slots=True)
class Written:
    """A step in a Dockerfile's words."""

    text: str
    """One line or several; empty where no instruction can say it."""
    lost: tuple[str, ...] = ()
    """What the history does not tell of it, a sentence each."""


@dataclass(frozen=True, slots=True)
class Known:
    """What helps to read a record that has lost its quotes."""

    run: RunConfig
    """The image's config: the last word on every value."""
    last: frozenset[int]
    """Steps that are the last of their kind: what the config has is theirs."""
    bare: frozenset[int]
    """Steps amid those of the classic builder, whose RUN in the exec form is a command alone."""
    arguments: Collection[str]
    """Names of build arguments that some RUN step saw."""


def write_step(step: HistoryStep, form: Form, shell: tuple[str, ...], known: Known) -> Written:
    """The instruction of one step. ``shell`` are the words of the shell that SHELL has put in force."""
    written = _write(step, form, shell, known)
    if not written.text or parse_statement(written.text) is not None:
        return written
    return Written("", (f"not recorded as an instruction that a Dockerfile may hold: {written.text[:1000]}",))


def _write(step: HistoryStep, form: Form, shell: tuple[str, ...], known: Known) -> Written:
    instruction = step.instruction
    kind = instruction.kind
    if kind == "unknown" and step.layer is not None and step.index in known.bare and form.text:
        return Written(write_exec(form.text)[0], (_BARE,))
    if not kind.isupper():
        return Written("", (_no_instruction(kind),))
    if kind == "RUN" and form.shape is not Shape.OTHER:
        return Written(*write_run(form, instruction.builder, shell))
    if form.shape is Shape.OTHER:  # what BuildKit made up for a layer that it found without history
        return Written(instruction.text)
    text = _arguments(step, form, shell, known)
    return text if isinstance(text, Written) else Written(f"{kind} {text}".rstrip())


def _no_instruction(kind: str) -> str:
    return {
        "import": "imported from a tar archive: no instruction made it",
        "commit": "docker commit of a container: what was done in it is not recorded",
        "squash": "a squash of the steps before: it holds what they left over",
        "layer": "made by a tool without a Dockerfile",
    }.get(kind, "what made it is not recorded")


def _arguments(step: HistoryStep, form: Form, shell: tuple[str, ...], known: Known) -> str | Written:
    kind, builder = step.instruction.kind, step.instruction.builder
    text = form.arguments
    as_written = builder in (BUILDAH, KANIKO)  # they copy the Dockerfile's line
    match kind:
        case "ADD" | "COPY":
            return _copy(kind, form, as_written=as_written)
        case "ENV" | "LABEL":
            values = dict(each.partition("=")[::2] for each in known.run.env) if kind == "ENV" else known.run.labels
            return _assignments(kind, text, values, as_written=as_written)
        case "ARG":
            return text if as_written else _declarations(text, known)
        case "CMD" | "ENTRYPOINT":
            words = words_of(text)
            return text if words is None else command_form(words, shell)
        case "SHELL":
            return _shell(text, step.index in known.last, known.run.shell)
        case "VOLUME":
            return _volumes(text, known, as_written=as_written)
        case "HEALTHCHECK":
            return _healthcheck(text, step.index in known.last, known)
        case "EXPOSE":
            return as_dockerfile(kind, text)
        case "WORKDIR" | "USER" | "STOPSIGNAL" | "MAINTAINER":
            return text if as_written or kind == "MAINTAINER" else escaped(text)
    return text


def _copy(kind: str, form: Form, *, as_written: bool) -> Written:
    text = form.arguments.removesuffix('",')  # a slip of buildah
    match = _CHECKSUM.fullmatch(text)
    if form.shape is Shape.NOP and match:
        flags = " ".join(filter(None, ((match[1] or "").strip(), match[2])))
        destination = match[4].strip()
        target = (destination if as_written else escaped(destination)) or "/"
        words = exec_form([match[3], target]) if " " in target else f"{match[3]} {target}"
        written = " ".join(filter(None, (kind, flags, words)))
        return Written(written, ("the name of the source is not recorded, only its checksum",))
    if form.shape is Shape.NOP and (match := _IN.fullmatch(text)) and as_written:
        sources = match[2].strip()
        written = " ".join(filter(None, (kind, match[1].strip(), sources, match[3].strip())))
        return Written(written)
    if as_written:
        return Written(f"{kind} {text}")
    return _recorded_copy(kind, text)


def _recorded_copy(kind: str, text: str) -> Written:
    """BuildKit's record: flags, sources and destination, expanded, joined by blanks."""
    words = text.split(" ")
    flags = []
    while words and words[0].startswith("--"):
        flags.append(words.pop(0))
    words = [word for word in words if word]
    lost: list[str] = []
    for number, word in enumerate(words[:-1]):
        if word.startswith("<<"):
            words[number] = word[2:]
            lost.append(f"{word[2:]} was a here-document: its text is not in the history, it is in the layer")
    head = " ".join((kind, *flags))
    if len(words) > 2 and not words[-1].endswith(("/", "\\", ".")):
        # Several sources need a directory: so the blanks belong to a name. Which, the destination's slash suggests.
        lost.append("a path with a blank: where the source ends is not recorded")
        start = next((n for n, word in enumerate(words) if n and word.startswith("/")), len(words) - 1)
        names = [" ".join(words[:start]), " ".join(words[start:])]
        return Written(f"{head} {exec_form(names)}", tuple(lost))
    if words and words[0].startswith("["):
        return Written(f"{head} {exec_form(words)}", tuple(lost))
    return Written(" ".join((head, *map(escaped, words))), tuple(lost))


def _assignments(kind: str, text: str, values: dict[str, str], *, as_written: bool) -> str | Written:
    quoted = parse_statement(f"{kind} {text}")
    if as_written and quoted is not None:
        return text
    pairs = split_assignments(text, values)
    if quoted is not None and '"' in text and (pairs is None or any(values.get(key) != value for key, value in pairs)):
        # Neither builder is certain: with quotes that make the config's own values, it is buildah's copy.
        words = [expand(word, {}).partition("=") for word in split_words(text)]
        if words and all(values.get(key) == value for key, _, value in words):
            return text
    if pairs is None:
        return Written(f"{kind} {text}")
    if any("\n" in key + value for key, value in pairs):
        return Written("", (f"{kind} with a line break in a value, which no Dockerfile can write: {text!r}",))
    return " ".join(f"{quoted_value(key)}={quoted_value(value)}" for key, value in pairs)


def _declarations(text: str, known: Known) -> str:
    found = split_declarations(text, known.arguments)
    return " ".join(name if value is None else f"{name}={quoted_value(value)}" for name, value in found)


def _shell(text: str, is_last: bool, last: tuple[str, ...]) -> str | Written:
    words = json_words(text)
    if words is None and is_last and last and text == f"[{' '.join(last)}]":
        words = last
    if words is not None:
        return exec_form(words)
    words = tuple(text.removeprefix("[").removesuffix("]").split(" "))
    return Written(f"SHELL {exec_form(words)}", ("where one word of the shell ends is not recorded: at each blank",))


def _volumes(text: str, known: Known, *, as_written: bool) -> str | Written:
    if as_written or not (text.startswith("[") and text.endswith("]")) or exec_words(text) is not None:
        return text
    inner = text[1:-1]
    written = as_dockerfile("VOLUME", text)
    if written != text and "//" not in inner:
        return " ".join(map(escaped, written.split(" ")))
    # Paths with blanks: those that the config knows, longest first.
    rest, paths = inner, []
    for path in sorted(known.run.volumes, key=len, reverse=True):
        if rest == path or rest.startswith(path + " ") or rest.endswith(" " + path) or f" {path} " in rest:
            paths.append((inner.find(path), path))
            rest = rest.replace(path, "", 1)
    if rest.strip(" ") == "" and paths:
        return exec_form(tuple(path for _, path in sorted(paths)))
    lost = "where one path ends and the next begins is not recorded: at each blank"
    return Written(f"VOLUME {exec_form(tuple(inner.split(' ')))}", (lost,))


def _healthcheck(text: str, is_last: bool, known: Known) -> str | Written:
    written = as_dockerfile("HEALTHCHECK", text)
    if not written.startswith(("&{", "{")):
        return written
    check = known.run.healthcheck
    if is_last and check is not None and check.test:
        return healthcheck_form(check)
    if guessed := healthcheck_at_blanks(text):
        return Written(f"HEALTHCHECK {guessed}", (WORDS_AT_BLANKS,))
    return Written("", (f"HEALTHCHECK whose words cannot be told apart: {text[:1000]}",))


def healthcheck_form(check: Healthcheck) -> str:
    """The arguments of a HEALTHCHECK, as the config has it."""
    if check.test[0] == "NONE":
        return "NONE"
    durations = {
        "interval": check.interval,
        "timeout": check.timeout,
        "start-period": check.start_period,
        "start-interval": check.start_interval,
    }
    flags = [f"--{flag}={_duration(value)}" for flag, value in durations.items() if value]
    if check.retries:
        flags.append(f"--retries={check.retries}")
    kind, *words = check.test
    if kind == "CMD-SHELL" and len(words) == 1 and is_plain(words[0]):
        return " ".join((*flags, "CMD", words[0]))
    return " ".join((*flags, "CMD", exec_form(words)))


def _duration(nanoseconds: int) -> str:
    """As Go reads it; whole seconds where they are."""
    return f"{nanoseconds // 10**9}s" if nanoseconds % 10**9 == 0 else f"{nanoseconds}ns"


def command_form(words: Sequence[str], shell: Sequence[str]) -> str:
    """The arguments of CMD or ENTRYPOINT: in the shell form where the shell in force stands before one command."""
    if len(words) == len(shell) + 1 and tuple(words[:-1]) == tuple(shell) and is_plain(words[-1]):
        return words[-1]
    return exec_form(words)
