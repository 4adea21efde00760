"""What a layer may cost before it is refused as unsafe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerscope.errors import UnsafeImage

if TYPE_CHECKING:
    from layerscope.layers.blob import ReadLayer


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one layer's bytes may turn into. Sizes are bytes."""

    max_uncompressed_bytes: int = 256 << 30
    """Length of one layer's tar stream."""
    max_ratio: int = 200
    """Uncompressed to stored bytes, judged only past ``ratio_applies_from``: small archives of zeros are harmless."""
    ratio_applies_from: int = 4 << 30
    max_entries: int = 5_000_000
    """Members of one layer."""
    max_file_bytes: int = 64 << 30
    """Logical size of one file; a sparse file's holes count."""
    max_path_bytes: int = 4096
    """One path; Linux itself allows no longer one."""
    max_header_bytes: int = 1 << 20
    """PAX records and GNU long names of one entry together (Go's archive/tar has the same bound)."""
    max_names_bytes: int = 1 << 30
    """Paths, link targets and extended attributes of one layer together: what an index must hold in memory."""


def hold_to_limits(read: ReadLayer, limits: Limits, label: str) -> None:
    """Refuse a layer from the cache that these limits would refuse in a read: warm and cold answer alike."""
    index = read.index
    over_ratio = index.uncompressed_bytes > max(limits.ratio_applies_from, read.stored_bytes * limits.max_ratio)
    for passed, what, option in (
        (index.uncompressed_bytes > limits.max_uncompressed_bytes, "unpacks to more bytes than", "--max-layer-size"),
        (len(index) > limits.max_entries, "has more entries than", "--max-entries"),
        (max(index.sizes, default=0) > limits.max_file_bytes, "has a larger file than", "--max-file-size"),
        (read.compression != "none" and over_ratio, "unpacks to more times its size than", "--max-ratio"),
    ):
        if passed:
            raise UnsafeImage(f"{label}: {what} the limit allows", hint=f"raise {option} if you trust this image")
