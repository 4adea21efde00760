"""What a container starts with, and what is written on an image: field by field."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.oci.config import Healthcheck

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from layerscope.inspection import ImageReport
    from layerscope.oci.config import ImageConfig

Value = str | tuple[str, ...] | Healthcheck | None


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that is set to other values. None is not set at all."""

    name: str
    before: Value
    after: Value


def compare_platform(before: ImageReport, after: ImageReport) -> Setting | None:
    """The platforms of two images, as their configs name them, where they are not the same; spelling aside."""
    one, other = before.config.platform, after.config.platform
    if (one and one.normalised()) == (other and other.normalised()):
        return None
    return Setting("platform", str(one) if one else None, str(other) if other else None)


def compare_config(before: ImageConfig, after: ImageConfig, *, created: bool) -> tuple[Setting, ...]:
    """Every field that differs, under its name in JSON; environment and labels are compared apart.

    When the image was made counts with ``created``.
    """
    old, new = dict(_fields(before)), dict(_fields(after))
    if not created:
        del old["created"], new["created"]
    return tuple(Setting(name, value, new[name]) for name, value in old.items() if value != new[name])


def _fields(config: ImageConfig) -> Iterator[tuple[str, Value]]:
    run = config.run
    yield "user", run.user or None
    yield "entrypoint", run.entrypoint
    yield "cmd", run.cmd
    yield "workingDir", run.working_dir or None
    yield "exposedPorts", run.exposed_ports or None
    yield "volumes", run.volumes or None
    yield "stopSignal", run.stop_signal or None
    yield "healthcheck", run.healthcheck
    yield "shell", run.shell or None
    yield "author", config.author or None
    yield "created", config.created or None


def compare_environment(before: Iterable[str], after: Iterable[str]) -> tuple[Setting, ...]:
    """Variables by name. A name that is set twice is two variables; which of them counts is the engine's matter."""
    return _compare(dict(_variables(before)), dict(_variables(after)))


def compare_strings(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Setting, ...]:
    """Labels, or annotations, by name."""
    return _compare({(name, 0): value for name, value in before.items()}, {(name, 0): v for name, v in after.items()})


def _variables(env: Iterable[str]) -> Iterator[tuple[tuple[str, int], str]]:
    seen: Counter[str] = Counter()
    for item in env:
        name, _, value = item.partition("=")
        yield (name, seen[name]), value
        seen[name] += 1


def _compare(before: Mapping[tuple[str, int], str], after: Mapping[tuple[str, int], str]) -> tuple[Setting, ...]:
    return tuple(
        Setting(name, before.get((name, number)), after.get((name, number)))
        for name, number in sorted(before.keys() | after.keys())
        if before.get((name, number)) != after.get((name, number))
    )
