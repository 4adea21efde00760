"""``registries.conf``: locations and mirrors as Podman, Buildah, Skopeo and CRI-O know them.

containers-registries.conf(5), version 2. Unqualified search and short-name aliases are left alone: layerscope reads
names as Docker does, and a search over several registries lets a stranger's image stand in for the one meant.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from layerscope.errors import InvalidReference, UsageError
from layerscope.oci.reference import Reference
from layerscope.sources.registry.route import Route
from layerscope.sources.registry.settingsfile import flag, parse_toml, read_settings, tables, text, wrong

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

log = logging.getLogger(__name__)


class Blocked(UsageError):
    """A file of settings forbids the image."""


_ALL, _DIGEST_ONLY, _TAG_ONLY = "all", "digest-only", "tag-only"


def read_registries_files(files: Iterable[Path], reference: Reference) -> list[Route]:
    """Every place to ask for the image, the registry itself last; nothing where no file speaks of it.

    A table of a later file replaces that of the same prefix. UsageError where a file is broken, or blocks the image.
    """
    known: dict[str, tuple[Path, dict[str, Any]]] = {}
    for file in files:
        data = read_settings(file)
        if data is None:
            continue
        for table in tables(parse_toml(data, file).get("registry"), file, "'registry'"):
            prefix = _place(text(table, "prefix", file) or text(table, "location", file), file)
            known[prefix] = file, table
    name = str(reference)
    matching = [(_matched(name, reference, prefix), prefix) for prefix in known]
    length, prefix = max(matching, default=(0, ""), key=lambda item: item[0])
    if not length:
        return []
    file, table = known[prefix]
    return list(_routes(table, file, reference, prefix, name[:length]))


def _routes(table: dict[str, Any], file: Path, reference: Reference, prefix: str, matched: str) -> Iterable[Route]:
    if flag(table, "blocked", file):
        raise Blocked(
            f"{reference} may not be pulled here: {file} blocks {prefix}",
            hint="the administrator of this machine decided so; --mirror-config none disregards the file",
        )
    by_digest_only = flag(table, "mirror-by-digest-only", file)
    for mirror in tables(table.get("mirror"), file, "'mirror'"):
        when = text(mirror, "pull-from-mirror", file) or (_DIGEST_ONLY if by_digest_only else _ALL)
        if when not in {_ALL, _DIGEST_ONLY, _TAG_ONLY}:
            raise wrong(file, f"{when!r} is nothing that 'pull-from-mirror' knows")
        if when == (_TAG_ONLY if reference.digest else _DIGEST_ONLY):
            continue
        location = _place(text(mirror, "location", file), file)
        there = _moved(reference, matched, location, file)
        yield Route(there, file, mirror=True, insecure=flag(mirror, "insecure", file))
    location = text(table, "location", file)
    there = _moved(reference, matched, _place(location, file), file) if location else reference
    yield Route(there, file, mirror=there.registry != reference.registry, insecure=flag(table, "insecure", file))


def _place(location: str, file: Path) -> str:
    trimmed = location.rstrip("/")
    if not trimmed:
        raise wrong(file, "a registry or a mirror has no location")
    if "://" in trimmed:
        raise wrong(file, f"{location!r} has a URL scheme; a location is host[:port][/path]")
    return trimmed


def _matched(name: str, reference: Reference, prefix: str) -> int:
    """How many characters of the image's name a prefix covers; 0 where it does not match."""
    if prefix.startswith("*."):
        host = reference.registry.rpartition(":")[0] or reference.registry
        return len(reference.registry) if host.endswith(prefix[1:]) else 0
    if name == prefix:
        return len(prefix)
    if not name.startswith(prefix) or name[len(prefix)] not in "/:@":
        return 0
    # "host" is no prefix of "host:5000/x": that colon begins a port, not a tag
    return len(prefix) if "/" in prefix or name[len(prefix)] == "/" else 0


def _moved(reference: Reference, matched: str, location: str, file: Path) -> Reference:
    """The image's name with ``location`` in place of what matched."""
    moved = location + str(reference).removeprefix(matched)
    try:
        return Reference.parse(moved)
    except InvalidReference as error:
        raise wrong(file, f"the location {location!r} makes no image name: {error.message}") from None
