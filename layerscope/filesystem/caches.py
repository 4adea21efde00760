"""Where package managers keep what they fetched, which an image that is built has no more use for."""

from __future__ import annotations

CACHES: dict[str, tuple[bytes, ...]] = {
    "apt": (b"var/lib/apt/lists", b"var/cache/apt"),
    "apk": (b"var/cache/apk", b"etc/apk/cache"),
    "dnf": (b"var/cache/dnf", b"var/cache/libdnf5"),
    "yum": (b"var/cache/yum",),
    "zypper": (b"var/cache/zypp",),
    "pacman": (b"var/cache/pacman/pkg",),
    "yarn": (b"usr/local/share/.cache/yarn",),
    "conda": (b"opt/conda/pkgs",),
}
"""By tool, relative to the root."""

PRIVATE_CACHES: dict[str, tuple[bytes, ...]] = {
    "pip": (b".cache/pip",),
    "uv": (b".cache/uv",),
    "poetry": (b".cache/pypoetry",),
    "npm": (b".npm/_cacache",),
    "yarn": (b".cache/yarn",),
    "composer": (b".cache/composer", b".composer/cache"),
    "go": (b".cache/go-build",),
}
"""By tool, relative to a home directory: /root, or a directory in /home."""


def cache_of(path: bytes) -> tuple[str, bytes] | None:
    """(tool, its cache directory) that a path of an image lies below; None where it lies below none."""
    if not path.startswith(_MAY_BE):
        return None
    if path.startswith(b"root/"):
        home = b"root/"
    elif path.startswith(b"home/"):
        end = path.find(b"/", 5)
        home = path[: end + 1] if end > 0 else path
    else:
        return _below(path, b"", CACHES)
    return _below(path, home, PRIVATE_CACHES)


def _below(path: bytes, home: bytes, caches: dict[str, tuple[bytes, ...]]) -> tuple[str, bytes] | None:
    for tool, places in caches.items():
        for place in places:
            if path.startswith(home + place + b"/"):
                return tool, home + place
    return None


_MAY_BE = (*(place + b"/" for places in CACHES.values() for place in places), b"root/", b"home/")
"""How a path in a cache begins, which few do."""
