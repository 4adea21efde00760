"""An image as any source delivers it: metadata read and verified, layers ready to be read."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from layerscope.errors import InvalidImage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from layerscope.layers.blob import LayerBlob
    from layerscope.oci.config import ImageConfig
    from layerscope.oci.digest import Digest
    from layerscope.oci.manifest import Manifest
    from layerscope.oci.platform import Platform


@dataclass(slots=True)
class Image:
    """One image of one platform. Close it (or use ``with``) when its layers have been read."""

    reference: str
    """What it is called where it came from: a normalised reference, or a path with a tag."""
    source: str
    """``registry``, ``docker``, ``podman``, ``docker-archive``, ``oci-archive`` or ``oci-dir``."""
    config: ImageConfig
    layers: tuple[LayerBlob, ...]
    """Bottom first."""
    manifest: Manifest | None = None
    """None where the source has none (docker-archive)."""
    index_digest: Digest | None = None
    """Digest of the index the manifest was chosen from; None where there was no choice to make."""
    platforms: tuple[Platform, ...] = ()
    """What the index offers; the image's own platform where there is no index."""
    annotations: dict[str, str] = field(default_factory=dict)
    """Annotations of the manifest."""
    endpoint: str = ""
    """Where a registry's image was really read: ``https://host:port`` of the registry, or of a mirror of it."""
    mirror: bool = False
    """Whether ``endpoint`` is another place than the registry that the reference names."""
    notes: tuple[str, ...] = ()
    """What is odd but legal about how the source holds the image."""
    history_from_engine: bool = False
    """Whether the config's history is an engine's account of it, which does not say which steps made a layer."""
    engine_bytes: tuple[int, ...] = ()
    """The engine's own size of each history entry's layer, where an engine was asked for its history. What is measured
    differs between engines; it is none of our sizes."""
    statements: Callable[[], Iterable[bytes]] = tuple
    """Reads the provenance statements that an index hangs beside the manifest, verified, while the image is open."""
    resources: ExitStack = field(default_factory=ExitStack)
    """Open files and connections that reading layers needs."""

    def __enter__(self) -> Image:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of files and connections. Layers that were read stay valid."""
        self.resources.close()


def require_same_count(layers: int, diff_ids: int, what: str) -> None:
    """A manifest's layers and its config's DiffIDs are the same stack (image-spec config.md, ``rootfs``)."""
    if layers != diff_ids:
        raise InvalidImage(
            f"{what}: the manifest has {layers} layers, the config {diff_ids} DiffIDs",
            hint="manifest and config belong to different images; push or export the image again",
        )
