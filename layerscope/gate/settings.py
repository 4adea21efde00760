"""Rules on what the image says of itself: its config, labels, annotations, origin, age and platforms."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from layerscope.errors import InvalidReference
from layerscope.gate.check import matches
from layerscope.gate.subject import Finding, budget, unknown
from layerscope.gate.verdict import Offender
from layerscope.oci.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from layerscope.gate.check import Check
    from layerscope.gate.subject import Subject
    from layerscope.oci.config import RunConfig

    Names = Callable[[RunConfig], Iterable[str]]

_FRACTION = re.compile(r"\.\d+")
_PLACEHOLDERS = 1980
"""Builders that want the same bytes each time write the epoch, or the year 1, where the time of the build belongs."""
BASE_NAME = "org.opencontainers.image.base.name"


def ports(run: RunConfig) -> Iterable[str]:
    """Exposed ports, as ``8080/tcp``."""
    return run.exposed_ports


def volumes(run: RunConfig) -> Iterable[str]:
    """Declared VOLUMEs."""
    return run.volumes


def env_names(run: RunConfig) -> Iterable[str]:
    """Names of environment variables; never their values."""
    return [variable.partition("=")[0] for variable in run.env]


def none_of(names: Names, unit: str) -> Callable[[Subject, Check], Finding]:
    """A rule by which nothing may match the patterns."""

    def measure(subject: Subject, check: Check) -> Finding:
        found = [name for name in names(subject.inspection.image.config.run) if matches(check.patterns, name)]
        return Finding(bool(found), len(found), unit, tuple(Offender(name) for name in found))

    return measure


def each_of(names: Names, unit: str) -> Callable[[Subject, Check], Finding]:
    """A rule by which something must match each of the patterns."""

    def measure(subject: Subject, check: Check) -> Finding:
        there = list(names(subject.inspection.image.config.run))
        return _missing(check, lambda pattern: any(matches((pattern,), name) for name in there), unit)

    return measure


def required_labels(subject: Subject, check: Check) -> Finding:
    """Labels that must be there, with a value where one is demanded."""
    return _required_pairs(subject.inspection.image.config.run.labels, check, "labels")


def required_annotations(subject: Subject, check: Check) -> Finding:
    """Annotations that the manifest must have."""
    image = subject.inspection.image
    if image.media_type is None:
        return unknown(f"annotations are not known: what comes from {image.source} has no manifest", "annotations")
    return _required_pairs(image.annotations, check, "annotations")


def required_user(subject: Subject, check: Check) -> Finding:
    """The user must match."""
    user = _user(subject)
    right = any(matches(check.patterns, spelling) for spelling in _user_spellings(user))
    return Finding(not right, user, "", () if right else (Offender(user, detail=_whose(subject)),))


def forbidden_user(subject: Subject, check: Check) -> Finding:
    """The user must not match, however it is spelt: none, ``0`` and ``0:0`` are root."""
    user = _user(subject)
    wrong = any(matches(check.patterns, spelling) for spelling in _user_spellings(user))
    return Finding(wrong, user, "", (Offender(user, detail=_whose(subject)),) if wrong else ())


def required_entrypoint(subject: Subject, check: Check) -> Finding:
    """The entrypoint, its words joined with blanks, must match."""
    words = _entrypoint(subject)
    right = matches(check.patterns, words)
    return Finding(not right, words, "", () if right else (Offender(words or "no entrypoint"),))


def forbidden_entrypoint(subject: Subject, check: Check) -> Finding:
    """The entrypoint must not match; an empty one matches nothing but ``*``."""
    words = _entrypoint(subject)
    wrong = matches(check.patterns, words)
    return Finding(wrong, words, "", (Offender(words or "no entrypoint"),) if wrong else ())


def allowed_registry(subject: Subject, check: Check) -> Finding:
    """The registry the image's name belongs to."""
    image = subject.inspection.image
    try:
        name = Reference.parse(image.reference).registry if image.source in ("registry", "docker", "podman") else ""
    except InvalidReference:
        name = ""
    if not name:
        return unknown(f"an image from {image.source} does not tell which registry it belongs to")
    right = matches(check.patterns, name)
    return Finding(not right, name, "", () if right else (Offender(name),))


def allowed_base(subject: Subject, check: Check) -> Finding:
    """The base image's name, as far as anybody tells it."""
    base = subject.inspection.base
    if base is None:
        return unknown(f"nobody tells the base image: there is no annotation or label {BASE_NAME}")
    name = base.name
    try:
        spellings = (name, str(Reference.parse(name)))
    except InvalidReference:
        spellings = (name, name)
    right = any(matches(check.patterns, spelling) for spelling in spellings)
    return Finding(not right, name, "", () if right else (Offender(name),))


def age(subject: Subject, check: Check) -> Finding:
    """Seconds since the image was created."""
    created = subject.inspection.image.config.created
    moment = _moment(created)
    if moment is None:
        return unknown("the image does not tell when it was created", "seconds")
    if moment.year < _PLACEHOLDERS:
        return unknown(f"the image was created {moment.date()}, which a builder puts where it wants no time", "seconds")
    return budget(check, int((subject.now - moment).total_seconds()), detail=f"created {moment.date()}")


def required_platforms(subject: Subject, check: Check) -> Finding:
    """Platforms that the index must offer, or a single image must have."""
    offered = [platform.name for platform in subject.inspection.image.platforms]
    return _missing(check, lambda pattern: any(matches((pattern,), name) for name in offered), "platforms")


def _required_pairs(found: Mapping[str, str], check: Check, unit: str) -> Finding:
    def is_there(pattern: str) -> bool:
        key, equals, value = pattern.partition("=")
        return any(
            matches((key,), name) and (not equals or matches((value,), text)) for name, text in sorted(found.items())
        )

    return _missing(check, is_there, unit)


def _missing(check: Check, is_there: Callable[[str], bool], unit: str) -> Finding:
    missing = tuple(Offender(pattern, detail="missing") for pattern in check.patterns if not is_there(pattern))
    return Finding(bool(missing), len(missing), unit, missing)


def _user(subject: Subject) -> str:
    return subject.inspection.image.config.run.user


def _user_spellings(user: str) -> tuple[str, ...]:
    """As it stands, and without its group; root under each of its names."""
    name = user.partition(":")[0]
    root = ("root", "0", "") if name in ("", "0", "root") else ()
    return tuple(dict.fromkeys((user, name, *root)))


def _whose(subject: Subject) -> str:
    return "" if _user(subject) else "none is set: root"


def _entrypoint(subject: Subject) -> str:
    return " ".join(subject.inspection.image.config.run.entrypoint or ())


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(_FRACTION.sub("", text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
