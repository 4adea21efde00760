"""Content digests (image-spec descriptor.md, "Digests")."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.errors import InvalidImage

if TYPE_CHECKING:
    from hashlib import _Hash

_HEX_LENGTH = {"sha256": 64, "sha384": 96, "sha512": 128}
_FORM = re.compile(r"(sha256|sha384|sha512):([0-9a-f]+)", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """An algorithm and its lower-case hex. Made only from text that was checked, so it is safe in a path or URL."""

    algorithm: str
    hex: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"

    @classmethod
    def parse(cls, text: object, what: str = "digest") -> Digest:
        """Read ``sha256:…``; anything else raises InvalidImage naming ``what``."""
        if isinstance(text, str) and (match := _FORM.fullmatch(text)):
            algorithm, hexadecimal = match.groups()
            if len(hexadecimal) == _HEX_LENGTH[algorithm]:
                return cls(algorithm, hexadecimal)
        shown = repr(text) if len(repr(text)) <= 160 else repr(text)[:157] + "..."
        raise InvalidImage(
            f"{what} is not a digest: {shown}",
            hint="a digest is sha256:, sha384: or sha512: followed by exactly 64, 96 or 128 lower-case hex digits",
        )

    @classmethod
    def of(cls, data: bytes, algorithm: str = "sha256") -> Digest:
        """The digest of ``data``."""
        return cls(algorithm, hashlib.new(algorithm, data).hexdigest())

    def hasher(self) -> _Hash:
        """A fresh hash object of this digest's algorithm."""
        return hashlib.new(self.algorithm)


EMPTY_LAYER_DIFF_ID = Digest("sha256", "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef")
"""DiffID of a tar of two zero blocks and nothing else: the layer some builders write for an empty step."""


def chain_ids(diff_ids: list[Digest]) -> list[Digest]:
    """ChainIDs of a stack of DiffIDs, bottom first (image-spec config.md, "Layer ChainID")."""
    chain: list[Digest] = []
    for diff_id in diff_ids:
        chain.append(Digest.of(f"{chain[-1]} {diff_id}".encode()) if chain else diff_id)
    return chain
