"""Every rule there is: the one table that policies, flags, schema, explanations and evaluation are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.errors import UsageError
from layerscope.gate import dive, growing, packaged, paths, settings, totals
from layerscope.gate.limit import Kind, nearest

if TYPE_CHECKING:
    from layerscope.gate.check import Check
    from layerscope.gate.subject import Finding, Subject

Measure = Callable[["Subject", "Check"], "Finding"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that can be demanded of an image."""

    name: str
    """Its key in a policy, and its flag with two dashes before it."""
    kind: Kind
    title: str
    """What is measured or demanded, in a few words."""
    meaning: str
    """What it is exactly, what counts, and when it is unknown."""
    example: str
    """A limit as TOML, to start from."""
    measure: Measure
    unit: str = ""
    """What is counted, where the limit is a count."""
    group: str = "Size"
    on_layers: bool = False
    """Whether it can be about some of the layers alone: ``index``, ``instruction``, ``from``."""
    on_paths: bool = False
    """Whether ``scope`` says where paths are looked for."""
    itemised: bool = False
    """Whether single things break it, which can be exempt one by one; else it is about a total."""
    alias: str = ""
    """How dive spells it."""
    whole: float | None = None
    """The percentage that cannot be passed, where the limit may be one."""


_SIZE = "A size is written in SI units (250MB, 1000 each) or IEC units (250MiB, 1024 each), or in bytes."
_NO_MANIFEST = "Unknown where the source has no manifest (docker-archive, an engine without the containerd store)."
_SKIPPED = "Unknown where a layer cannot be read, unless what is known breaks it already."
_GLOB = (
    "Patterns are globs over the whole text: * stands for anything; the last that matches decides, ! takes out again."
)
_GITIGNORE = "Patterns are those of gitignore. A directory that matches stands for everything below it."

_DIVE = "Computed as dive 0.13.1 does, bit for bit, for those who come from dive. Unknown where a layer cannot be read."

_BASELINE = (
    "Growth is measured against --baseline; without one it is unknown. A percentage is of what the baseline has. "
    "Shrinking never breaks it."
)

RULES: tuple[Rule, ...] = (
    Rule(
        "max-size",
        Kind.SIZE,
        "content of all layers, the sum of fileBytes",
        f"The content of the regular files of all layers together: the sum of fileBytes. {_SIZE} {_SKIPPED}",
        '"250MB"',
        totals.content,
        on_layers=True,
    ),
    Rule(
        "max-compressed-size",
        Kind.SIZE,
        "compressed size of all layers",
        f"What a registry stores and a pull transfers: the sum of compressedBytes. {_SIZE} {_NO_MANIFEST}",
        '"100MB"',
        totals.compressed,
        on_layers=True,
    ),
    Rule(
        "max-uncompressed-size",
        Kind.SIZE,
        "uncompressed size of all layers",
        f"The tar streams of all layers, headers and padding too: the sum of uncompressedBytes. {_SIZE} {_SKIPPED}",
        '"300MB"',
        totals.uncompressed,
        on_layers=True,
    ),
    Rule(
        "max-squashed-size",
        Kind.SIZE,
        "content of the merged filesystem",
        f"What a container sees: squashedBytes, each inode once. {_SIZE} Unknown where a layer cannot be read.",
        '"240MB"',
        totals.squashed,
    ),
    Rule(
        "max-layers",
        Kind.COUNT,
        "number of layers",
        "How many layers the image has. Never unknown.",
        "20",
        totals.layers,
        unit="layers",
        on_layers=True,
    ),
    Rule(
        "max-single-layer",
        Kind.SIZE,
        "content of the largest layer",
        "The content (fileBytes) of each layer alone: of all layers, or of those that index, instruction or from pick. "
        f"Every layer above the limit is named. {_SIZE} {_SKIPPED}",
        '"100MB"',
        totals.single_layer,
        on_layers=True,
        itemised=True,
    ),
    Rule(
        "max-single-file",
        Kind.SIZE,
        "size of the largest file",
        "The largest regular file that any layer ships, also one that a later layer hides: it is transferred all the "
        f"same. Every file above the limit is named. {_SIZE} {_SKIPPED}",
        '"50MB"',
        totals.single_file,
        itemised=True,
    ),
    Rule(
        "max-total-entries",
        Kind.COUNT,
        "number of entries of all layers",
        f"Members that tar -t lists, of all layers together. {_SKIPPED}",
        "50000",
        totals.entries,
        unit="entries",
        on_layers=True,
    ),
    Rule(
        "max-reclaimable",
        Kind.AMOUNT,
        "bytes that are shipped but hidden in the end",
        "reclaimableBytes: content that a later layer deletes, replaces, overwrites or rewrites; of some layers, what "
        f"of their content is buried. {_SIZE} A percentage is of the content. Unknown where a layer cannot be read.",
        '"5%"',
        totals.reclaimable,
        group="Waste",
        on_layers=True,
        whole=100,
    ),
    Rule(
        "max-duplicate",
        Kind.AMOUNT,
        "bytes that are there more than once",
        f"duplicateBytes: equal content of different files of the merged filesystem, beyond the first. {_SIZE} "
        "A percentage is one of the merged filesystem. Unknown where a layer cannot be read.",
        '"10MB"',
        totals.duplicate,
        group="Waste",
        whole=100,
    ),
    Rule(
        "max-growth",
        Kind.AMOUNT,
        "growth of the content",
        "How much more content (the sum of fileBytes) all layers ship than the baseline's. The report names the "
        f"packages and files that brought it, with their layer and instruction. {_BASELINE}",
        '"5%"',
        growing.content,
        group="Growth",
    ),
    Rule(
        "max-compressed-growth",
        Kind.AMOUNT,
        "growth of the compressed size",
        f"How many more compressed bytes all layers have than the baseline's. {_BASELINE} {_NO_MANIFEST}",
        '"5%"',
        growing.compressed,
        group="Growth",
    ),
    Rule(
        "max-layer-growth",
        Kind.AMOUNT,
        "growth of the layer that grew most",
        "Each layer against the one of the baseline that it takes the place of: the same instruction, else the next of "
        f"the same kind. A new layer grows by all it has. {_BASELINE}",
        '"10MB"',
        growing.layer,
        group="Growth",
        itemised=True,
    ),
    Rule(
        "max-package-growth",
        Kind.AMOUNT,
        "growth of all packages",
        f"What layers ship for all installed packages together, against the baseline's. {_BASELINE}",
        '"10MB"',
        growing.packages,
        group="Growth",
    ),
    Rule(
        "max-added-layers",
        Kind.COUNT,
        "layers more than the baseline has",
        f"The number of layers, less the baseline's. {_BASELINE}",
        "0",
        growing.added_layers,
        unit="layers",
        group="Growth",
    ),
    Rule(
        "max-added-packages",
        Kind.COUNT,
        "packages that the baseline has not",
        f"By manager and name; another version is no other package. {_BASELINE}",
        "0",
        growing.added_packages,
        unit="packages",
        group="Growth",
    ),
    Rule(
        "forbid-packages",
        Kind.PATTERNS,
        "packages that must not be installed",
        f"By name (curl), manager and name (dpkg:curl, python:pip) or name and version (openssl 1.*). {_GLOB} Unknown "
        "where a layer cannot be read.",
        '["telnet", "dpkg:gcc-*", "python:pip"]',
        packaged.forbidden,
        unit="packages",
        group="Packages",
        itemised=True,
    ),
    Rule(
        "forbid-paths",
        Kind.PATTERNS,
        "paths that must not be there",
        f"{_GITIGNORE} scope says where they are looked for: image is the merged filesystem, layers is everything that "
        "any layer ships, also what a later layer hides. Unknown where a layer cannot be read.",
        '["*.pem", ".git/", "/root/.ssh/"]',
        paths.forbidden,
        unit="paths",
        group="Paths",
        on_paths=True,
        itemised=True,
    ),
    Rule(
        "require-paths",
        Kind.PATTERNS,
        "paths that must be there",
        "Each pattern must match some path of the merged filesystem; patterns are those of gitignore. Unknown where a "
        "layer cannot be read.",
        '["/etc/ssl/certs/"]',
        paths.required,
        unit="patterns",
        group="Paths",
        itemised=True,
    ),
    Rule(
        "require-labels",
        Kind.PATTERNS,
        "labels that must be there",
        f"Each is KEY, or KEY=VALUE where the value counts too. {_GLOB}",
        '["org.opencontainers.image.source", "org.opencontainers.image.licenses=Apache-*"]',
        settings.required_labels,
        unit="labels",
        group="Config",
        itemised=True,
    ),
    Rule(
        "require-annotations",
        Kind.PATTERNS,
        "annotations that must be there",
        f"Of the manifest. Each is KEY, or KEY=VALUE where the value counts too. {_GLOB} {_NO_MANIFEST}",
        '["org.opencontainers.image.base.name"]',
        settings.required_annotations,
        unit="annotations",
        group="Config",
        itemised=True,
    ),
    Rule(
        "require-user",
        Kind.PATTERNS,
        "users of which one must be set",
        f"The config's user must match, with or without its group. {_GLOB}",
        '["10001", "app"]',
        settings.required_user,
        group="Config",
    ),
    Rule(
        "forbid-user",
        Kind.PATTERNS,
        "users that must not be set",
        f"No user at all, 0, 0:0 and root are all called root. {_GLOB}",
        '["root"]',
        settings.forbidden_user,
        group="Config",
    ),
    Rule(
        "require-ports",
        Kind.PATTERNS,
        "ports that must be exposed",
        f"As the config has them: 8080/tcp. {_GLOB}",
        '["8080/tcp"]',
        settings.each_of(settings.ports, "ports"),
        unit="ports",
        group="Config",
        itemised=True,
    ),
    Rule(
        "forbid-ports",
        Kind.PATTERNS,
        "ports that must not be exposed",
        f"As the config has them: 22/tcp. {_GLOB}",
        '["22/tcp"]',
        settings.none_of(settings.ports, "ports"),
        unit="ports",
        group="Config",
        itemised=True,
    ),
    Rule(
        "require-volumes",
        Kind.PATTERNS,
        "VOLUMEs that must be declared",
        f"Paths as the config has them. {_GLOB}",
        '["/var/lib/app"]',
        settings.each_of(settings.volumes, "volumes"),
        unit="volumes",
        group="Config",
        itemised=True,
    ),
    Rule(
        "forbid-volumes",
        Kind.PATTERNS,
        "VOLUMEs that must not be declared",
        f"Paths as the config has them. {_GLOB}",
        '["*"]',
        settings.none_of(settings.volumes, "volumes"),
        unit="volumes",
        group="Config",
        itemised=True,
    ),
    Rule(
        "require-env",
        Kind.PATTERNS,
        "environment variables that must be set",
        f"Names alone; values are never looked at. {_GLOB}",
        '["PATH"]',
        settings.each_of(settings.env_names, "variables"),
        unit="variables",
        group="Config",
        itemised=True,
    ),
    Rule(
        "forbid-env",
        Kind.PATTERNS,
        "environment variables that must not be set",
        f"Names alone; values are never looked at or shown. {_GLOB}",
        '["*PASSWORD*", "*TOKEN*"]',
        settings.none_of(settings.env_names, "variables"),
        unit="variables",
        group="Config",
        itemised=True,
    ),
    Rule(
        "require-entrypoint",
        Kind.PATTERNS,
        "entrypoints of which one must be set",
        f"The words joined with one blank. {_GLOB}",
        '["/usr/bin/tini *"]',
        settings.required_entrypoint,
        group="Config",
    ),
    Rule(
        "forbid-entrypoint",
        Kind.PATTERNS,
        "entrypoints that must not be set",
        f"The words joined with one blank. {_GLOB}",
        '["/bin/sh -c *"]',
        settings.forbidden_entrypoint,
        group="Config",
    ),
    Rule(
        "allow-base-images",
        Kind.PATTERNS,
        "base images that may be used",
        f"The base image's name, short or in full (docker.io/library/debian:12). {_GLOB} Unknown where nobody "
        f"tells it: not --base, not the history, not the annotation or label {settings.BASE_NAME}.",
        '["docker.io/library/debian:*", "gcr.io/distroless/*"]',
        settings.allowed_base,
        group="Origin",
    ),
    Rule(
        "allow-registries",
        Kind.PATTERNS,
        "registries the image may come from",
        f"The registry in the image's full name (docker.io, ghcr.io, localhost:5000). {_GLOB} Unknown for an "
        "archive or a layout.",
        '["ghcr.io", "docker.io"]',
        settings.allowed_registry,
        group="Origin",
    ),
    Rule(
        "max-age",
        Kind.AGE,
        "time since the image was created",
        "By the config's created. Unknown where there is none, or one before 1980, as builders write that leave the "
        "time out. An age is a number with h, d or w.",
        '"90d"',
        settings.age,
        unit="seconds",
        group="Origin",
    ),
    Rule(
        "require-platforms",
        Kind.PATTERNS,
        "platforms that must be there",
        f"Of an index, what it offers; of a single image its own platform. {_GLOB}",
        '["linux/amd64", "linux/arm64"]',
        settings.required_platforms,
        unit="platforms",
        group="Origin",
        itemised=True,
    ),
    Rule(
        "lowest-efficiency",
        Kind.RATIO,
        "efficiency as dive has it",
        f"dive's efficiency score must not be lower. {_DIVE}",
        "0.9",
        dive.efficiency,
        group="dive",
        alias="lowestEfficiency",
    ),
    Rule(
        "highest-wasted-bytes",
        Kind.SIZE,
        "wasted bytes as dive has them",
        f"dive's wasted bytes must not be more. {_DIVE} {_SIZE}",
        '"20MB"',
        dive.wasted_bytes,
        group="dive",
        alias="highestWastedBytes",
    ),
    Rule(
        "highest-user-wasted-percent",
        Kind.RATIO,
        "wasted share of all layers but the first, as dive has it",
        f"dive's wasted bytes over the bytes of all layers but the first must not be more. It is a ratio: 0.1 is 10 %. "
        f"{_DIVE}",
        "0.1",
        dive.user_wasted_percent,
        group="dive",
        alias="highestUserWastedPercent",
    ),
)

_BY_NAME = {rule.name: rule for rule in RULES}


def find_rule(name: str, where: str = "") -> Rule:
    """The rule of that name; else UsageError, with the nearest there is."""
    rule = _BY_NAME.get(name)
    if rule is None:
        place = f"{where}: " if where else ""
        raise UsageError(
            f"{place}there is no rule {name!r}",
            hint=f"did you mean {nearest(name, _BY_NAME)!r}? layerscope gate --explain all lists the rules",
        )
    return rule
