"""npm: the directories of ``node_modules`` that have a ``package.json``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from layerscope.packages.content import MAX_WORD, Content, Said, Whole
from layerscope.packages.installed import Installed, Key, Live
from layerscope.packages.record import raw, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from layerscope.layers.member import Member

_PACKAGE = re.compile(rb"(?:^|/)node_modules/(?:@[^/]+/)?[^/@][^/]*/package\.json$")
_LIMIT = 4 << 20


def reader_of(member: Member) -> tuple[str, Content] | None:
    """How to take in a package's own ``package.json``; None for any other file."""
    if member.path.endswith(b"/package.json") and _PACKAGE.search(member.path):
        return "npm-package", Whole(read_package, _LIMIT)
    return None


def read_package(content: bytes) -> Said | None:
    """[name, version]; None for a ``package.json`` that makes no package of its directory."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return Said(None, "it is no JSON")  # one of thousands, and often broken on purpose, for a test
    if not isinstance(document, dict):
        return None
    words = [word for key in ("name", "version") if isinstance(word := document.get(key), str)]
    if len(words) < 2 or not all(0 < len(word) <= MAX_WORD for word in words):
        return None
    return Said([shown(raw(word)) for word in words])


def installed(live: Iterable[Live]) -> Iterator[Installed]:
    """What the live packages say. A package owns its directory, without those of packages below it."""
    for file in live:
        if file.data is None:
            continue
        name, version = file.data
        location = file.path.rpartition(b"/")[0]
        yield Installed(Key("npm", name, version, "", location), directory=location, proof=file.real)
