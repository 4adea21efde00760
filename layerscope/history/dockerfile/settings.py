"""What a Dockerfile's instructions leave in the image's config; and what the config has that none of them explains.

Builders that record no metadata (kaniko), ONBUILD that BuildKit keeps out of the history, ``docker build --label``,
``docker commit --change``: the config has it all the same, so it can be written, though not where it stood.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.history.builders import BUILDAH, KANIKO
from layerscope.history.dockerfile.meaning import ports_of
from layerscope.history.dockerfile.quoting import escaped, exec_form, quoted_value
from layerscope.history.dockerfile.words import expand, split_words
from layerscope.history.dockerfile.write import command_form, healthcheck_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from layerscope.history.dockerfile.parse import Statement
    from layerscope.oci.config import RunConfig

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_OF_BUILDAH = "io.buildah.version"


def unexplained(statements: Iterable[Statement], run: RunConfig, builders: frozenset[str | None]) -> Iterator[str]:
    """Instructions for what the config has and ``statements``, from the very first, do not set."""
    told = _Told()
    for statement in statements:
        told.apply(statement)
    yield from _pairs("ENV", _env(run, builders), told.env)
    labels = {name: value for name, value in run.labels.items() if BUILDAH not in builders or name != _OF_BUILDAH}
    yield from _pairs("LABEL", labels, told.labels)
    for port in run.exposed_ports:
        if not ports_of([port]) <= told.ports:
            yield f"EXPOSE {escaped(port)}"
    volumes = [path for path in run.volumes if path not in told.volumes]
    if volumes:
        yield f"VOLUME {exec_form(volumes)}"
    if run.shell and "SHELL" not in told.seen:
        yield f"SHELL {exec_form(run.shell)}"
    shell = run.shell or ("/bin/sh", "-c")
    if run.working_dir not in ("", "/") and "WORKDIR" not in told.seen:
        yield f"WORKDIR {escaped(run.working_dir)}"
    if run.user and "USER" not in told.seen:
        yield f"USER {escaped(run.user)}"
    if run.stop_signal and "STOPSIGNAL" not in told.seen:
        yield f"STOPSIGNAL {escaped(run.stop_signal)}"
    if run.healthcheck and run.healthcheck.test and "HEALTHCHECK" not in told.seen:
        yield f"HEALTHCHECK {healthcheck_form(run.healthcheck)}"
    if run.entrypoint and "ENTRYPOINT" not in told.seen:
        yield f"ENTRYPOINT {command_form(run.entrypoint, shell)}"
    if run.cmd and "CMD" not in told.seen:
        yield f"CMD {command_form(run.cmd, shell)}"
    for trigger in run.on_build:
        if " ".join(trigger.split()) not in told.triggers:
            yield f"ONBUILD {trigger}"


def _env(run: RunConfig, builders: frozenset[str | None]) -> dict[str, str]:
    values = dict(each.partition("=")[::2] for each in run.env)
    if KANIKO not in builders and values.get("PATH") == DEFAULT_PATH:
        del values["PATH"]  # builders set it where no base does
    return values


def _pairs(keyword: str, values: dict[str, str], told: set[str]) -> Iterator[str]:
    for name, value in values.items():
        if name not in told and "\n" not in name + value:
            yield f"{keyword} {quoted_value(name)}={quoted_value(value)}"


class _Told:
    """What the instructions set, by name: their last value is the config's."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.env: set[str] = set()
        self.labels: set[str] = set()
        self.ports: set[str] = set()
        self.volumes: set[str] = set()
        self.triggers: set[str] = set()

    def apply(self, statement: Statement) -> None:
        """Take one instruction in."""
        keyword = statement.keyword
        self.seen.add(keyword)
        words = split_words(statement.arguments)
        match keyword:
            case "ENV" | "LABEL":
                names = {expand(word.partition("=")[0], {}) for word in words if "=" in words[0]}
                (self.env if keyword == "ENV" else self.labels).update(names or {words[0]})
            case "EXPOSE":
                self.ports.update(ports_of(words))
            case "VOLUME":
                found = statement.words if statement.words is not None else map(_plain, words)
                self.volumes.update(found)
            case "ONBUILD":
                self.triggers.add(" ".join(statement.arguments.split()))


def _plain(word: str) -> str:
    return expand(word, {})
