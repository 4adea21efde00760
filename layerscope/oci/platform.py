"""Platforms and which manifest of an index serves one (image-spec image-index.md; containerd platforms)."""

from __future__ import annotations

import platform as host
import re
from dataclasses import dataclass
from typing import Any

from layerscope.errors import InvalidImage, UsageError

_ARCHITECTURES = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "aarch64": "arm64",
    "armhf": "arm",
    "armel": "arm",
    "i386": "386",
    "i686": "386",
    "ppc64el": "ppc64le",
}
_IMPLIED_VARIANT = {"armhf": "v7", "armel": "v6"}
_PART = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Platform:
    """An operating system, an architecture and, where there are several, a variant of it."""

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.os_version})" if self.os_version else self.name

    @property
    def name(self) -> str:
        """``os/arch[/variant]``, as ``--platform`` takes it."""
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    @property
    def is_unknown(self) -> bool:
        """True for the ``unknown/unknown`` that attestations carry; never an image to run."""
        return self.os == "unknown" or self.architecture == "unknown"

    @classmethod
    def parse(cls, text: str) -> Platform:
        """Read what ``--platform`` takes: ``os/arch[/variant]`` or an architecture alone (linux is meant)."""
        parts = text.split("/")
        if not 1 <= len(parts) <= 3 or not all(_PART.fullmatch(part) for part in parts):
            raise UsageError(
                f"not a platform: {text!r}", hint="a platform is OS/ARCHITECTURE[/VARIANT], such as linux/arm64"
            )
        if len(parts) == 1:
            parts = ["linux", parts[0]]
        return cls(*parts).normalised()

    @classmethod
    def from_json(cls, value: Any, what: str) -> Platform | None:
        """Read a descriptor's or config's platform fields; None where there are none."""
        if value is None:
            return None
        if not isinstance(value, dict):
            raise InvalidImage(f"{what}: platform is not an object")
        fields = [value.get(key) or "" for key in ("os", "architecture", "variant", "os.version")]
        if not all(isinstance(field, str) for field in fields):
            raise InvalidImage(f"{what}: platform has a field that is not a string")
        return cls(*fields) if fields[0] or fields[1] else None

    @classmethod
    def of_host(cls) -> Platform:
        """The platform images run on here: linux, and this machine's architecture."""
        return cls("linux", host.machine().lower() or "amd64").normalised()

    def normalised(self) -> Platform:
        """One spelling of the same thing, as containerd normalises (``x86_64`` is amd64, arm64/v8 is arm64)."""
        architecture = self.architecture.lower()
        variant = self.variant.lower() or _IMPLIED_VARIANT.get(architecture, "")
        architecture = _ARCHITECTURES.get(architecture, architecture)
        if architecture == "arm" and not variant:
            variant = "v7"
        elif architecture == "arm" and variant in {"5", "6", "7", "8"}:
            variant = f"v{variant}"
        elif (architecture, variant) in {("arm64", "v8"), ("arm64", "8"), ("arm64", "v8.0"), ("amd64", "v1")}:
            variant = ""
        return Platform(self.os.lower(), architecture, variant, self.os_version)

    def acceptable(self) -> list[tuple[str, str]]:
        """(architecture, variant) pairs that run on this platform, best first (containerd platforms/compare.go)."""
        this = self.normalised()
        architecture, variant = this.architecture, this.variant
        pairs = [(architecture, variant)]
        if architecture == "amd64":
            if re.fullmatch(r"v[2-9]", variant):
                pairs += [("amd64", f"v{level}") for level in range(int(variant[1]) - 1, 1, -1)]
                pairs.append(("amd64", ""))
            pairs.append(("386", ""))
        elif architecture == "arm" and re.fullmatch(r"v[5-8]", variant):
            pairs += [("arm", f"v{level}") for level in range(int(variant[1]) - 1, 4, -1)]
        elif architecture == "arm64":
            if match := re.fullmatch(r"v([89])(?:\.(\d))?", variant):
                major, minor = int(match[1]), int(match[2] or 0)
                pairs += [("arm64", _arm64_variant(major, lower)) for lower in range(minor - 1, -1, -1)]
                if major == 9:  # v9.N implements v8.(N+5)
                    pairs += [("arm64", _arm64_variant(8, lower)) for lower in range(min(minor + 5, 9), -1, -1)]
            pairs += [("arm", f"v{level}") for level in (8, 7, 6, 5)]
        return pairs


def _arm64_variant(major: int, minor: int) -> str:
    if minor == 0:
        return "" if major == 8 else f"v{major}"
    return f"v{major}.{minor}"


def choose(offered: list[Platform | None], wanted: Platform) -> int | None:
    """Index of the best of ``offered`` for ``wanted``, None if none runs there.

    Among equals the first wins (image-index.md). An offer without a platform is taken only when it is the sole one.
    An exact operating system is needed; for Windows ``os.version`` must agree on the build where one was asked for.
    """
    if offered == [None]:
        return 0
    normal = [None if item is None or item.is_unknown else item.normalised() for item in offered]
    for architecture, variant in wanted.acceptable():
        for position, item in enumerate(normal):
            if item is None or item.os != wanted.os.lower():
                continue
            if wanted.os_version and item.os_version.split(".")[:3] != wanted.os_version.split(".")[:3]:
                continue
            if (item.architecture, item.variant) == (architecture, variant):
                return position
    # A variant nobody listed ("linux/arm64/v7x") falls to the entry that names none, as containers/image does.
    for position, item in enumerate(normal):
        if item and (item.os, item.architecture, item.variant) == (wanted.os, wanted.normalised().architecture, ""):
            return position
    return None
